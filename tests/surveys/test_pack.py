"""The pack: own households, nothing whole that is secret, nothing that a second look must not see."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from common.models import AuditEvent
from households.models import Household
from surveys.models import Survey, SurveyForm
from surveys.pack import MOST, pack_for, pack_of_one
from surveys.prefill import seal_of
from tests.factories import (
    CadreFactory,
    DeviceFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    IncomeLineFactory,
    MemberFactory,
    MemberYearFactory,
    PairingFactory,
    RoundFactory,
    SurveyFactory,
    SurveyFormFactory,
    VerificationTaskFactory,
)

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


@pytest.fixture(autouse=True)
def form():
    return SurveyFormFactory()


def house(village, **more):
    return HouseholdFactory(village=village, with_householder=True, **more)


def paired(user, *households):
    cadre = CadreFactory(user=user)
    for household in households:
        PairingFactory(household=household, cadre=cadre)


def uids(pack):
    return {entry["uid"] for entry in pack["households"]}


def of(*households):
    return {str(household.uid) for household in households}


def fresh(user):
    """The user as the next request finds them: what is read once a request has not been read yet."""
    return type(user).objects.get(pk=user.pk)


# -- whose ----------------------------------------------------------------------------------------------------------------------------


class TestOwn:
    def test_a_helper_has_the_paired_ones(self, land, stranger):
        mine, closed = house(land.village), house(land.village, closed=True)
        house(land.village)
        ended = house(land.village)
        paired(stranger, mine, closed)
        PairingFactory(household=ended, cadre=stranger.cadre, ended=True)
        assert uids(pack_for(fresh(stranger))) == of(mine)

    @pytest.mark.parametrize("role", [Role.VILLAGE_CLERK, Role.RESIDENT_TEAM])
    def test_who_is_posted_in_a_village_has_what_a_round_asks_for(self, land, post, role):
        user = post(role, land.village)
        asked = house(land.village)
        house(land.near_village)
        house(land.village, status="ordinary")
        house(land.village, status="struck_off")
        house(land.village, closed=True)
        assert uids(pack_for(user)) == set(), "no round, no work"
        RoundFactory(region=land.county)
        assert uids(pack_for(fresh(user))) == of(asked)

    def test_a_round_of_all_households(self, land, clerk):
        ordinary, other = house(land.village, status="ordinary"), house(land.village)
        RoundFactory(region=land.village, audience="all")
        assert uids(pack_for(clerk)) == of(ordinary, other)

    def test_rounds_that_do_not_run_or_ask_elsewhere(self, land, clerk):
        house(land.village)
        RoundFactory(region=land.village, closed=True)
        RoundFactory(region=land.village, starts_on=timezone.localdate() + dt.timedelta(days=1))
        RoundFactory(region=land.near_village)
        assert uids(pack_for(clerk)) == set()

    @pytest.mark.parametrize("state", ["submitted", "approved", "returned"])
    def test_what_somebody_has_surveyed_is_done(self, land, clerk, state):
        done, todo = house(land.village), house(land.village)
        RoundFactory(region=land.county, year=YEAR)
        SurveyFactory(household=done, year=YEAR, **({state: True} if state != "submitted" else {}))
        SurveyFactory(household=todo, year=YEAR - 1)
        SurveyFactory(household=todo, year=YEAR, draft=True)
        SurveyFactory(household=todo, year=YEAR, state="withdrawn")
        SurveyFactory(household=todo, year=YEAR, purpose="verification")
        assert uids(pack_for(clerk)) == of(todo)

    def test_a_township_has_no_pack_of_its_own(self, land, officer):
        house(land.village)
        RoundFactory(region=land.county)
        assert uids(pack_for(officer)) == set()

    def test_paired_ones_are_there_whether_surveyed_or_not(self, land, stranger):
        mine = house(land.village)
        paired(stranger, mine)
        survey = SurveyFactory(household=mine, year=YEAR)
        (entry,) = pack_for(fresh(stranger))["households"]
        assert entry["survey"] == {"uid": str(survey.uid), "state": "submitted", "revision": 1}
        assert entry["returned"] is None

    def test_no_more_than_a_phone_carries(self, land, clerk):
        HouseholdFactory.create_batch(MOST + 2, village=land.village)
        RoundFactory(region=land.county)
        assert len(pack_for(clerk)["households"]) == MOST

    def test_one_household_for_a_page(self, land, officer):
        asked = house(land.village)
        (entry,) = pack_of_one(officer, asked)["households"]
        assert (entry["uid"], entry["purpose"], entry["survey"]) == (str(asked.uid), "survey", None)


# -- what ---------------------------------------------------------------------------------------------------------------------------


class TestEntry:
    def test_everything_a_phone_needs(self, land, clerk, form):
        asked = house(land.village, hamlet="三组", address="三组7号", phone_number="19900001111")
        head = asked.members.get()
        now, last = (
            HouseholdYearFactory(household=asked, year=y, dwelling_area=a) for y, a in ((YEAR, 92), (YEAR - 1, 80))
        )
        IncomeLineFactory(household_year=last, item="wage.other", amount=1200)
        MemberYearFactory(member=head, year=YEAR - 1, education="03")
        due = RoundFactory(region=land.county, year=YEAR).due_on
        pack = pack_for(clerk, device := uuid.uuid4())
        assert (pack["year"], pack["device"]) == (YEAR, str(device))
        issued, ends = (dt.datetime.fromisoformat(pack[name]) for name in ("issued_at", "expires_at"))
        assert ends - issued == dt.timedelta(hours=72)
        (entry,) = pack["households"]
        card = entry["members"][0]
        own = {
            "address": "三组7号", "phone": "199****1111", f"{head.uid}/name": "王建国", f"{head.uid}/relation": "01",
            f"{head.uid}/id_number": head.id_masked, f"{head.uid}/birth_date": "1970-01-01",
        }  # fmt: skip
        assert entry == {
            "uid": str(asked.uid), "number": asked.number, "householder": "王建国", "village": "青石村", "hamlet": "三组",
            "address": "三组7号", "phone": "199****1111", "version": asked.version, "form": str(form), "year": YEAR, "purpose": "survey",
            "due_on": due.isoformat(), "members": [card], "now": own | {"dwelling_area": "92"},
            "last": own | {"dwelling_area": "80", "wage": "1200", f"{head.uid}/education": "03"}, "returned": None, "survey": None,
            "seals": {"phone": seal_of(asked.phone_hash), f"{head.uid}/id_number": seal_of(head.id_hash)},
            "visit": {"last": None, "due": None, "tasks": 0, "requests": 0, "missing": 0},
        }  # fmt: skip
        assert card["id_masked"] == head.id_masked
        assert now.pk

    def test_the_form_of_the_county_before_the_standard_one(self, land, clerk, form):
        house(land.village)
        RoundFactory(region=land.county)
        SurveyFormFactory(region=land.other_county)
        assert pack_for(clerk)["households"][0]["form"] == str(form)
        own = SurveyFormFactory(region=land.county, published_at=timezone.now() - dt.timedelta(days=400))
        SurveyFormFactory(region=land.county, state=SurveyForm.State.RETIRED)
        assert pack_for(fresh(clerk))["households"][0]["form"] == str(own)

    def test_what_came_back(self, land, clerk, form):
        asked = house(land.village)
        survey = SurveyFactory(
            household=asked, surveyor=clerk, returned=True, year=YEAR - 1, form=form, reasons={"wish": "请写清楚"}, same=["wage"],
            base={"wage": "1"}, kept={"wage": ["高吗"]}, answers={"values": {"phone": "199****2222"}, "members": []},
        )  # fmt: skip
        SurveyForm.objects.filter(pk=form.pk).update(state=SurveyForm.State.RETIRED)
        SurveyFactory(household=house(land.village), returned=True)
        (entry,) = pack_for(clerk)["households"]
        assert (entry["year"], entry["form"]) == (YEAR - 1, str(form))
        assert entry["returned"] == {
            "uid": str(survey.uid), "revision": 1, "answers": survey.answers, "base": {"wage": "1"}, "seals": {}, "same": ["wage"],
            "kept": {"wage": ["高吗"]}, "reasons": {"wish": "请写清楚"},
        }  # fmt: skip

    def test_what_came_back_of_a_household_that_is_no_longer_mine(self, land, clerk, form):
        SurveyFactory(household=house(land.near_village), surveyor=clerk, returned=True, form=form)
        assert uids(pack_for(clerk)) == set()


class TestSecondLook:
    def test_it_is_blind(self, land, clerk, form):
        asked = house(land.village, phone_number="19900001111")
        HouseholdYearFactory(household=asked, year=YEAR, dwelling_area=92)
        HouseholdYearFactory(household=asked, year=YEAR - 1, dwelling_area=80)
        first = SurveyFactory(
            household=asked, year=YEAR, form=form, answers={"values": {"wish": "想学电焊"}, "members": []}
        )
        VerificationTaskFactory(household=asked, year=YEAR, assignee=clerk)
        paired(clerk, asked)
        RoundFactory(region=land.county, year=YEAR)
        pack = pack_for(fresh(clerk))
        (entry,) = pack["households"]
        assert entry["purpose"] == "verification"
        assert (entry["now"], entry["last"], entry["seals"], entry["survey"], entry["returned"]) == (
            {},
            {},
            {},
            None,
            None,
        )
        text = json.dumps(pack, ensure_ascii=False)
        for secret in ("想学电焊", str(first.uid), '"92"', '"80"'):
            assert secret not in text
        assert json.loads(json.dumps(pack_of_one(fresh(clerk), asked)["households"])) == [entry]

    def test_its_draft_on_the_server_is_found_by_who_writes_it(self, land, clerk, form):
        asked = house(land.village)
        VerificationTaskFactory(household=asked, year=YEAR, assignee=clerk)
        own = {"household": asked, "year": YEAR, "form": form, "draft": True, "purpose": "verification"}
        mine = SurveyFactory(surveyor=clerk, **own)
        SurveyFactory(**own)
        (entry,) = pack_of_one(clerk, asked)["households"]
        assert entry["survey"] == {"uid": str(mine.uid), "state": "draft", "revision": 0}

    def test_not_when_it_is_over_or_somebody_elses(self, land, clerk, resident):
        VerificationTaskFactory(household=house(land.village), year=YEAR, assignee=clerk, state="cancelled")
        VerificationTaskFactory(household=house(land.village), year=YEAR, assignee=resident)
        VerificationTaskFactory(household=house(land.near_village), year=YEAR, assignee=clerk)
        assert uids(pack_for(clerk)) == set()


# -- as a whole -----------------------------------------------------------------------------------------------------------------------

LONG = re.compile(r"(?<![\w*-])\d{11,}[\dXx]?(?![\w-])")  # not the digits of a uid


def test_no_whole_number_is_in_it(land, stranger):
    """Thirty households of five: no ID number, phone or account number of theirs is anywhere in the pack."""
    households = [
        HouseholdFactory(village=land.village, with_householder=True, phone_number=f"1990000{n:04d}") for n in range(30)
    ]
    for household in households:
        MemberFactory.create_batch(4, household=household, phone_text="19911112222")
    paired(stranger, *households)
    text = json.dumps(pack_for(fresh(stranger)), ensure_ascii=False)
    assert len(uids(pack_for(fresh(stranger)))) == 30
    for household in Household.objects.all():
        assert household.phone.reveal() not in text
        for member in household.members.all():
            assert member.id_number.reveal() not in text
    assert "19911112222" not in text
    found = {number for number in LONG.findall(text) if number not in {h.number for h in households}}
    assert not found


def test_queries_do_not_grow(land, client_as, clerk, count_queries, form):
    device = DeviceFactory(user=clerk)
    RoundFactory(region=land.county, year=YEAR)

    def fill(n):
        for household in HouseholdFactory.create_batch(n, village=land.village, with_householder=True, with_year=True):
            MemberYearFactory(member=household.members.get(), year=YEAR)
            SurveyFactory(household=house(land.village), surveyor=clerk, returned=True, form=form, year=YEAR)
            VerificationTaskFactory(household=house(land.village), year=YEAR, assignee=clerk)

    client = client_as(clerk)

    def fetch():
        response = client.post(
            reverse("collect:api_pack"), {"device": str(device.uid)}, content_type="application/json"
        )
        assert response.status_code == 200
        return response

    fill(2)
    fetch()
    few = count_queries(fetch)
    fill(10)
    assert len(fetch().json()["households"]) == 36
    assert count_queries(fetch) == few <= 25  # three of them for what visits put into it


def test_who_took_which_pack_is_on_record(land, client_as, clerk):
    device = DeviceFactory(user=clerk)
    house(land.village)
    RoundFactory(region=land.county)
    response = client_as(clerk).post(
        reverse("collect:api_pack"), {"device": str(device.uid)}, content_type="application/json"
    )
    assert response["Cache-Control"] == "no-store"
    event = AuditEvent.objects.get(action="pack.issued")
    assert (event.actor, event.target) == ("clerk", f"surveys.device/{device.pk}")
    assert "1 户" in event.body
    device.refresh_from_db()
    assert device.seen_at is not None


def test_a_household_that_is_not_mine_has_no_pack(land, client_as, clerk):
    for uid in (house(land.near_village).uid, house(land.village, closed=True).uid, uuid.uuid4()):
        response = client_as(clerk).post(
            reverse("collect:api_pack"), {"household": str(uid)}, content_type="application/json"
        )
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert not Survey.objects.exists()
