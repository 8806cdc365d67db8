"""Whoever looks a second time learns nothing of the first look before their own is in, although it was approved and stands in the ledger."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.roles import Role
from households import ledger as books
from households.models import Household
from households.services import correct_year, register_household
from surveys.models import Survey, SurveyPhoto
from surveys.services import save_draft, submit_survey
from surveys.services.review import approve_survey
from surveys.services.verification import assign, pick_by_hand
from tests.factories import PhotoFactory, SurveyFormFactory, survey_body
from tests.factories.households import YEAR
from tests.surveys.test_on_record import send_photo

pytestmark = pytest.mark.django_db
# What the first survey found; none of it stands anywhere else in these tests.
SECRETS = ("92.37", "48765", "48,765", "想学电焊", "199****6789", "19900006789", "柏树湾九号", "自来水")


@pytest.fixture
def home(village, official):
    found = register_household(
        village=village, by=official, householder={"name": "王建国", "sex": "1"}, facts={"phone": "19900001111"}
    )
    correct_year(
        household=found, year=YEAR - 1, by=official, facts={"dwelling_area": Decimal("61.5"), "water_source": "well"}
    )
    return Household.objects.get(pk=found.pk)


@pytest.fixture
def first(home, clerk, officer):
    """Sent with a photo, approved: written into the ledger of the year."""
    form, photo = SurveyFormFactory(), str(uuid.uuid4())
    head = home.members.get()
    body = survey_body(
        home, form, photos=[photo], members={head.uid: {"name": "王建国", "relation": "01"}},
        values={"dwelling_area": "92.37", "water_source": "tap", "crop": "48765", "wish": "想学电焊", "phone": "19900006789", "address": "柏树湾九号",
                "house_photo": [photo]},
        base={"phone": home.phone_masked},
    )  # fmt: skip
    survey = submit_survey(body=body, by=clerk)
    send_photo(body["uid"], photo, clerk)
    return survey


@pytest.fixture
def blind(first, post, village, home, official, officer):
    """Sent to look, and the first survey approved after that. They may edit ledgers and read histories: a township officer too."""
    second = post(Role.VILLAGE_CLERK, village)
    draw = pick_by_hand(households=[home], year=YEAR, reason="群众反映面积不对", by=official)
    task = draw.tasks.get()
    assign(task=task, assignee=second, by=official)
    approve_survey(survey=Survey.objects.get(pk=first.pk), by=officer)
    assert Household.objects.get(pk=home.pk).years.get(year=YEAR).dwelling_area == Decimal("92.37")
    return second


def doors(home, first):
    """Addresses behind which the first answers would stand for somebody else."""
    photo = SurveyPhoto.objects.get()
    here = reverse("households:household_detail", args=[home.pk])
    return [
        here, f"{here}?year={YEAR}", f"{here}?year={YEAR - 1}",
        reverse("households:household_history", args=[home.pk]),
        reverse("households:year_edit", args=[home.pk, YEAR, "dwelling"]),
        reverse("households:income_edit", args=[home.pk, YEAR]),
        reverse("households:member_year_edit", args=[home.pk, home.members.get().pk, YEAR]),
        reverse("surveys:household_surveys", args=[home.pk]),
        reverse("surveys:survey_detail", args=[first.pk]),
        reverse("surveys:survey_photo", args=[first.pk, photo.uid]),
        reverse("surveys:survey_list") + "?state=any&purpose=any",
        reverse("surveys:task_list"), reverse("surveys:task_detail", args=[home.verification_tasks.get().pk]),
        reverse("collect:home"), reverse("surveys:start", args=[home.pk]), reverse("collect:api_draft", args=[first.uid]),
        reverse("api:household-detail", args=[home.uid]), "/api/v1/surveys/",
    ]  # fmt: skip


# What belongs to no year: the register holds it today, and whoever goes there has to find the house.
REGISTER = ("199****6789", "柏树湾九号")


def test_no_page_says_what_the_first_found(home, first, blind, client_as, clerk):
    client, other = client_as(blind), client_as(clerk)
    seen_by_others = ""
    for door in doors(home, first):
        response = client.get(door)
        said = response.content.decode(errors="replace")
        if response.status_code == 200:
            for secret in SECRETS:
                assert secret in REGISTER or secret not in said, (door, secret)
        seen_by_others += other.get(door).content.decode(errors="replace")
    for secret in ("92.37", "48,765", "想学电焊", "自来水"):
        assert secret in seen_by_others, f"the doors lead nowhere: {secret}"
    page = client.get(home.get_absolute_url()).content.decode()
    assert "这一户由您复核" in page
    assert "61.5" in page  # last year's is nobody's secret


def test_no_pack_no_paper_no_print(home, first, blind, client_as):
    client = client_as(blind)
    packs = client.post(reverse("collect:api_pack"), {"household": str(home.uid)}, content_type="application/json")
    (entry,) = packs.json()["households"]
    assert (entry["purpose"], entry["now"], entry["last"], entry["seals"], entry["survey"]) == (
        "verification",
        {},
        {},
        {},
        None,
    )
    printed = books.load_many([Household.objects.get(pk=home.pk)], blind, YEAR)[0]
    model = json.dumps(printed.as_dict(), ensure_ascii=False, default=str)
    for secret in ("92.37", "48765", "想学电焊"):
        assert secret not in json.dumps(entry, ensure_ascii=False)
        assert secret not in model
    assert printed.hidden == YEAR


def test_photos_of_the_hidden_year_stay_hidden_and_earlier_ones_are_shown(home, first, blind, client_as):
    old, new = PhotoFactory(household=home), PhotoFactory(household=home)
    for photo, year in ((old, YEAR - 1), (new, YEAR)):
        at = dt.datetime(year, 7, 1, tzinfo=dt.UTC)
        type(photo)._base_manager.filter(pk=photo.pk).update(uploaded_at=at)
    page = client_as(blind).get(home.get_absolute_url()).content.decode()
    assert f"/photos/{old.pk}/" in page
    assert f"/photos/{new.pk}/" not in page


def test_the_curtain_falls_when_the_second_is_in(home, first, blind, client_as):
    form = SurveyFormFactory()
    head = home.members.get()
    body = survey_body(
        home,
        form,
        values={"dwelling_area": "90"},
        members={head.uid: {"name": "王建国", "relation": "01"}},
        purpose="verification",
    )
    save_draft(body=body, by=blind)
    assert "92.37" not in client_as(blind).get(home.get_absolute_url()).content.decode()
    submit_survey(body=body, by=blind)
    page = client_as(blind).get(home.get_absolute_url()).content.decode()
    assert "92.37" in page
    assert "这一户由您复核" not in page
    assert client_as(blind).get(reverse("households:year_edit", args=[home.pk, YEAR, "dwelling"])).status_code == 200


def test_nobody_else_and_no_other_household_is_behind_it(home, first, blind, client_as, clerk, officer, village):
    for user in (clerk, officer):
        assert "92.37" in client_as(user).get(home.get_absolute_url()).content.decode()
    other = register_household(village=village, by=officer, householder={"name": "李芳", "sex": "2"}, facts={})
    correct_year(household=other, year=YEAR, by=officer, facts={"dwelling_area": Decimal("71.5")})
    assert "71.5" in client_as(blind).get(other.get_absolute_url()).content.decode()


def test_the_hidden_year_cannot_be_written_either(home, first, blind, client_as):
    address = reverse("households:year_edit", args=[home.pk, YEAR, "dwelling"])
    assert client_as(blind).post(address, {"dwelling_area": "1"}).status_code == 403
    assert (
        client_as(blind).get(reverse("households:year_edit", args=[home.pk, YEAR - 1, "dwelling"])).status_code == 200
    )
