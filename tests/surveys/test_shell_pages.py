"""The blank form as the server draws it, the way to it from a ledger, and finding the household of a paper sheet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from common.models import AuditEvent
from surveys import shell
from surveys.definitions import Definition
from surveys.models import Survey, SurveyForm
from surveys.standard import ensure_standard_forms
from surveys.views.shell import words
from tests.factories import HouseholdFactory, MemberFactory, SurveyFactory, SurveyFormFactory, survey_body

pytestmark = pytest.mark.django_db
UI = Path(settings.BASE_DIR) / "ui" / "src"


@pytest.fixture
def standard():
    ensure_standard_forms()
    return SurveyForm.objects.get()


def page_of(client, form):
    return client.get(reverse("collect:form", args=[form.code, form.version]))


def test_a_shell_has_every_field_once_and_nobody_in_it(client_as, clerk, household, standard):
    html = page_of(client_as(clerk), standard).content.decode()
    form = Definition.of(standard.definition)
    for step in form.steps:
        part = html.partition(f'data-step="{step.id}"')[2].partition("</section>")[0]
        assert [f.id for f in step.fields] == re.findall(r'data-f="(\w+)"', part)
        assert ("<template>" in part) is step.repeat
    assert len(re.findall(r"<section[^>]*sv-step", html)) == len(form.steps) + 1
    for secret in (household.householder_name, household.number, str(household.uid), clerk.name, "csrfmiddlewaretoken"):
        assert secret not in html
    data = json.loads(re.search(r'<script id="definition"[^>]*>(.*?)</script>', html, re.S)[1])
    assert data == form.expanded()
    assert "<style" not in html
    assert not re.search(r"\sstyle=|\son\w+=", html)


def test_ids_are_given_once_and_what_they_name_is_there(client_as, clerk, standard):
    html = page_of(client_as(clerk), standard).content.decode()
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    named = re.findall(r'(?:aria-describedby|aria-labelledby|for)="([^"]+)"', html)
    assert {one for names in named for one in names.split()} <= set(ids)


def test_a_shell_is_the_same_for_everybody(client_as, clerk, helper, standard):
    assert page_of(client_as(clerk), standard).content == page_of(client_as(helper), standard).content


def test_a_draft_of_a_form_is_nobodys_and_a_retired_one_is_still_shown(client_as, clerk):
    draft = SurveyFormFactory(state="draft", published_at=None, published_by="")
    retired = SurveyFormFactory(state="retired")
    assert page_of(client_as(clerk), draft).status_code == 404
    assert page_of(client_as(clerk), retired).status_code == 200


def test_every_sentence_that_the_script_asks_for_is_there():
    text = "\n".join(path.read_text() for path in [*(UI / "survey").glob("*.js"), *UI.glob("survey*.js")])
    asked = set(re.findall(r'\bword\("(\w+)"', text)) | set(re.findall(r"\bwords\.([a-z_]+)\b", text))
    of_the_phone = {"locked", "lost", "home"}  # phone.js has its own, in _phone.html
    assert asked - set(words()) <= of_the_phone
    codes = {
        "list",
        "limit",
        "date",
        "phone",
        "relation",
        "same_id",
        "required",
        "type",
        "id_length",
        "id_chars",
        "id_day",
        "id_digit",
    }
    assert codes <= set(words())


def test_a_choice_has_the_number_that_is_typed_for_it():
    numbered = shell.numbered([("01", "小学"), ("99", "其他")])
    assert [(one.number, one.keys) for one in numbered] == [("1", "xx"), ("99", "qt")]
    assert [one.number for one in shell.numbered([("tap", "自来水"), ("well", "井水")])] == ["1", "2"]


def test_the_ledger_leads_to_the_form_of_its_county(client_as, clerk, household, standard, county):
    client = client_as(clerk)
    ledger = client.get(household.get_absolute_url()).content.decode()
    start = reverse("surveys:start", args=[household.pk])
    assert start in ledger
    expected = f"/collect/forms/household/{standard.version}/#household={household.uid}"
    assert client.get(start)["Location"] == expected
    own = SurveyFormFactory(region=county)
    assert client.get(start)["Location"] == f"/collect/forms/small/{own.version}/#household={household.uid}"


def test_what_cannot_be_surveyed_says_why(client_as, clerk, household, village):
    SurveyForm.objects.update(state="retired")
    answer = client_as(clerk).get(reverse("surveys:start", args=[household.pk]))
    assert "没有在用的调查表" in answer.content.decode()
    closed = HouseholdFactory(village=village, closed=True)
    answer = client_as(clerk).get(reverse("surveys:start", args=[closed.pk]))
    assert "已销户" in answer.content.decode()


def test_whoever_may_not_survey_there_starts_nothing(
    client_as, clerk, officer, auditor, admin, land, household, standard
):
    """An auditor may see it and not fill it; a household elsewhere is not there at all."""
    start = reverse("surveys:start", args=[household.pk])
    assert client_as(auditor).get(start).status_code == 403
    assert client_as(admin).get(start).status_code in (403, 404)
    elsewhere = HouseholdFactory(village=land.far_village)
    for user in (clerk, officer):
        assert client_as(user).get(reverse("surveys:start", args=[elsewhere.pk])).status_code == 404
    assert client_as(clerk).get(reverse("surveys:start", args=[10**9])).status_code == 404
    assert client_as(clerk).post(start).status_code == 405
    assert Client().get(start)["Location"].startswith("/accounts/login/")


def test_started_twice_it_is_one_survey(client_as, clerk, resident, household, standard):
    """Starting writes nothing; a draft that is there is the one that opens, and for its surveyor alone."""
    client, start = client_as(clerk), reverse("surveys:start", args=[household.pk])
    assert client.get(start)["Location"] == client.get(start)["Location"]
    assert not Survey.objects.exists()
    assert not AuditEvent.objects.exists()
    body = survey_body(household, standard)
    for _n in range(2):
        address = reverse("collect:api_draft", args=[body["uid"]])
        assert client.put(address, body, content_type="application/json").status_code == 200
    assert Survey.objects.count() == 1

    def opened(user):
        asked = {"household": str(household.uid)}
        answer = client_as(user).post(reverse("collect:api_pack"), asked, content_type="application/json")
        return answer.json()["households"][0]["survey"]

    assert opened(clerk) == {"uid": body["uid"], "state": "draft", "revision": 0}
    assert opened(resident) is None


def test_a_retired_form_begins_nothing_and_ends_what_was_begun(client_as, clerk, county, household, standard):
    own = SurveyFormFactory(region=county)
    client, start = client_as(clerk), reverse("surveys:start", args=[household.pk])
    begun = client.get(start)["Location"]
    assert f"/small/{own.version}/" in begun
    SurveyForm.objects.filter(pk=own.pk).update(state="retired")
    assert f"/household/{standard.version}/" in client.get(start)["Location"]
    assert client.get(begun.partition("#")[0]).status_code == 200  # who has a draft in it goes on
    body = survey_body(household, own)
    address = reverse("collect:api_draft", args=[body["uid"]])
    assert client.put(address, body, content_type="application/json").status_code == 200
    answer = key_in(client, household.number)
    assert f"/household/{standard.version}/" in answer["Location"]


# -- paper ---------------------------------------------------------------------------------------------------------------------------


def key_in(client, text):
    return client.post(reverse("surveys:key_in"), {"q": text})


@pytest.mark.parametrize("written", ["number", "uid", "qr"])
def test_a_sheet_is_found_by_its_number_and_by_its_code(client_as, clerk, household, standard, written):
    text = {
        "number": household.number,
        "uid": str(household.uid),
        "qr": f"https://ledger.example/collect/forms/household/{standard.version}/#household={household.uid}",
    }[written]
    answer = key_in(client_as(clerk), text)
    assert answer["Location"] == f"/collect/forms/household/{standard.version}/#household={household.uid}&channel=paper"


def test_of_several_one_is_chosen(client_as, clerk, village, standard):
    for name in ("王建国", "王建军"):
        MemberFactory(household=HouseholdFactory(village=village, householder_name=name), householder=True, name=name)
    html = key_in(client_as(clerk), "王建").content.decode()
    assert html.count("channel=paper") == 2


def test_a_household_elsewhere_is_not_found(client_as, clerk, land, standard):
    other = HouseholdFactory(village=land.far_village)
    for text in (other.number, str(other.uid), "没有这个人", "q"):
        answer = key_in(client_as(clerk), text)
        assert answer.status_code == 422
        assert "channel=paper" not in answer.content.decode()


def test_whoever_fills_nothing_keys_nothing_in(client_as, auditor, admin, household, standard):
    for user in (auditor, admin):
        assert client_as(user).get(reverse("surveys:key_in")).status_code == 403
        assert key_in(client_as(user), household.number).status_code == 403
    answer = key_in(Client(), household.number)
    assert answer["Location"].startswith("/accounts/login/")
    assert household.number not in answer["Location"]


def test_a_closed_household_is_keyed_in_no_more(client_as, clerk, village, standard):
    closed = HouseholdFactory(village=village, closed=True)
    for text in (closed.number, str(closed.uid)):
        answer = key_in(client_as(clerk), text)
        assert answer.status_code == 422
        assert "没有找到这一户" in answer.content.decode()


@pytest.mark.parametrize("names", [["王建国"], ["王建国", "王建军"]])
def test_where_no_form_is_in_use_it_says_so(client_as, clerk, village, names):
    """However many households the text may mean."""
    for name in names:
        MemberFactory(household=HouseholdFactory(village=village, householder_name=name), householder=True, name=name)
    SurveyForm.objects.update(state="retired")
    answer = key_in(client_as(clerk), "王建")
    assert answer.status_code == 422
    assert "没有在用的调查表" in answer.content.decode()


def test_an_address_finds_nothing(client_as, clerk, household, standard):
    page = client_as(clerk).get(reverse("surveys:key_in") + f"?q={household.number}")
    assert page.status_code == 200
    assert "channel=paper" not in page.content.decode()  # a search is posted: no name and no number in an address


def test_after_a_sheet_the_page_says_whose_it_was(client_as, clerk, post, village, household, standard):
    survey = SurveyFactory(household=household, form=standard, surveyor=clerk, channel="paper")
    address = reverse("surveys:key_in") + f"?done={survey.uid}"
    assert "王建国户的调查已录入" in client_as(clerk).get(address).content.decode()
    stranger = post(Role.VILLAGE_CLERK, HouseholdFactory().village)
    assert "已录入" not in client_as(stranger).get(address).content.decode()
    assert client_as(clerk).get(reverse("surveys:key_in") + "?done=1' or 1").status_code == 200
