"""A survey arrives whole and compared with the ledger, or it is not there at all."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Posting
from accounts.roles import Role
from common import audit, pii, sync
from common.models import AuditEvent, SyncOp
from households.models import Household, IncomeLine, Pairing
from households.services import LedgerError, correct_year, move_household, set_income
from surveys import definitions
from surveys.models import Survey, SurveyConflict, SurveyForm, SurveyPhoto
from surveys.services import submit_survey, withdraw_survey
from surveys.services.submit import secrets_of
from surveys.standard import ensure_standard_forms
from tests.bench.sync import whole_survey
from tests.factories import (
    SMALL_FORM,
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    MemberFactory,
    PairingFactory,
    PostingFactory,
    SurveyFormFactory,
    SurveyPhotoFactory,
    UserFactory,
    VerificationTaskFactory,
    invented_id_number,
    survey_body,
    survey_op,
)

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


@pytest.fixture
def form():
    return SurveyFormFactory()


@pytest.fixture
def house(land):
    """A household of the village with its householder and a record of this year."""
    found = HouseholdFactory(village=land.village, with_householder=True, phone_number="19900001111")
    HouseholdYearFactory(household=found, year=YEAR, dwelling_area=80, water_source="well")
    HouseholdYearFactory(household=found, year=YEAR - 1, dwelling_area=75)
    return Household.objects.get(pk=found.pk)


@pytest.fixture
def head(house):
    return house.members.get()


def send(body, by):
    """One operation; its receipt."""
    return sync.receive([survey_op(body)], by=by)[0]


def refused(receipt, code):
    """It was refused with that code and a sentence, is on record, and left nothing behind."""
    assert (receipt["state"], receipt["code"]) == ("refused", code), receipt
    assert receipt["say"].endswith("。")
    assert not Survey.objects.filter(state=Survey.State.SUBMITTED).exists()
    assert not SurveyConflict.objects.exists()
    assert audit.content_of(AuditEvent.objects.filter(action="sync.refused").latest("pk"))["note"].startswith(code)
    return receipt


def test_the_small_form_is_sound():
    assert definitions.problems(SMALL_FORM) == []


# -- what arrives -------------------------------------------------------------------------------------------------------------------


class TestArrives:
    def test_whole(self, clerk, house, head, form):
        body = survey_body(
            house, form,
            values={"dwelling_area": "92.50", "wish": "  想学电焊 ", "water_source": "tap", "crop": 1800},
            members={head.uid: {"name": "王建国", "relation": "01", "health": ["03", "02"], "work_months": 6}},
            base={"dwelling_area": "80", "nothing": "x"}, same=["water_source", "nothing"],
            kept={"dwelling_area": ["大了吗？"], "nothing": ["x"]},
        )  # fmt: skip
        receipt = send(body, clerk)
        assert receipt["state"] == "applied", receipt
        assert (receipt["survey"], receipt["revision"], receipt["missing"]) == (body["uid"], 1, [])
        survey = Survey.objects.get()
        assert str(survey.uid) == body["uid"]
        assert (survey.household, survey.form, survey.surveyor, survey.state) == (house, form, clerk, "submitted")
        assert survey.answers == {
            "values": {"dwelling_area": "92.5", "wish": "想学电焊", "water_source": "tap", "crop": "1800"},
            "members": [
                {
                    "uid": str(head.uid),
                    "values": {"name": "王建国", "relation": "01", "health": ["02", "03"], "work_months": 6},
                }
            ],
        }
        assert (survey.base, survey.same) == ({"dwelling_area": "80"}, ["water_source"])
        assert survey.kept == {"dwelling_area": ["大了吗？"]}
        assert survey.effort == body["effort"]
        assert (survey.year, survey.revision, survey.photos_expected, survey.questions) == (YEAR, 1, 0, 0)
        event = audit.content_of(AuditEvent.objects.get())
        assert (event["action"], event["actor"], event["subject"], event["region_path"]) == (
            "survey.submitted", "clerk", house.subject, house.village.path,
        )  # fmt: skip
        assert f"surveys.survey/{survey.pk}" in event["rows"]
        assert "92.5" not in json.dumps(event), "the history names no answer: who verifies must not see it"

    def test_the_ledger_is_not_touched(self, clerk, house, head, form):
        before = Household.objects.values().get(pk=house.pk) | house.years.values().get(year=YEAR)
        send(
            survey_body(
                house, form, values={"dwelling_area": "92"}, members={head.uid: {"name": "王军", "relation": "01"}}
            ),
            clerk,
        )
        after = Household.objects.values().get(pk=house.pk) | house.years.values().get(year=YEAR)
        assert {k: str(v) for k, v in before.items()} == {k: str(v) for k, v in after.items()}

    def test_questions_are_counted(self, clerk, house, head, form):
        send(
            survey_body(
                house, form, values={"dwelling_area": "300"}, members={head.uid: {"name": "王建国", "relation": "01"}}
            ),
            clerk,
        )
        assert Survey.objects.get().questions == 1

    def test_a_helper_sends_for_their_own(self, helper, household, form):
        body = survey_body(household, form, members={household.members.get().uid: {"name": "王建国", "relation": "01"}})
        assert send(body, helper)["state"] == "applied"

    def test_a_new_member_and_one_who_left(self, clerk, house, head, form):
        gone = MemberFactory(household=house)
        child = str(uuid.uuid4())
        today = timezone.localdate().isoformat()
        body = survey_body(house, form, members=[
            {"uid": str(head.uid), "values": {"name": "王建国", "relation": "01"}},
            {"uid": str(gone.uid), "left": {"reason": "death", "on": today}, "values": {"name": "王秀"}},
            {"uid": child, "new": True, "joined": {"reason": "birth", "on": today}, "values": {"name": "王小", "relation": "03"}},
        ])  # fmt: skip
        assert send(body, clerk)["state"] == "applied"
        assert [m["uid"] for m in Survey.objects.get().answers["members"]] == [str(head.uid), str(gone.uid), child]

    def test_somebody_who_left_the_ledger_meanwhile_is_no_forgery(self, clerk, house, head, form):
        left = MemberFactory(household=house, left=True)
        members = {head.uid: {"name": "王建国", "relation": "01"}, left.uid: {"name": "王秀", "relation": "03"}}
        assert send(survey_body(house, form, members=members), clerk)["state"] == "applied"

    @pytest.mark.parametrize("channel", ["page", "paper"])
    def test_page_and_paper_by_the_same_verb(self, clerk, house, head, form, channel):
        body = survey_body(house, form, members={head.uid: {"name": "王建国", "relation": "01"}}, channel=channel)
        survey = submit_survey(body=body, by=clerk)
        assert (survey.channel, survey.state) == (channel, "submitted")

    def test_a_retired_version_is_still_taken(self, clerk, house, head, form):
        SurveyForm.objects.filter(pk=form.pk).update(state=SurveyForm.State.RETIRED)
        assert (
            send(survey_body(house, form, members={head.uid: {"name": "王建国", "relation": "01"}}), clerk)["state"]
            == "applied"
        )

    def test_the_clock_of_a_phone_that_is_ahead(self, clerk, house, head, form):
        tomorrow = timezone.now() + dt.timedelta(days=400)
        body = survey_body(
            house, form, members={head.uid: {"name": "王建国", "relation": "01"}}, began_at=tomorrow.isoformat()
        )
        assert send(body, clerk)["state"] == "applied"
        assert Survey.objects.get().began_at <= timezone.now()


class TestSecrets:
    def test_whole_numbers_stand_nowhere_in_the_open(self, clerk, house, head, form):
        number = invented_id_number()
        members = {head.uid: {"name": "王建国", "relation": "01", "id_number": number}}
        send(
            survey_body(house, form, values={"phone": "199 0000 2222"}, members=members, base={"phone": "19900001111"}),
            clerk,
        )
        survey = Survey.objects.get()
        assert survey.answers["values"]["phone"] == "199****2222"
        assert survey.answers["members"][0]["values"]["id_number"] == pii.mask_id(number)
        assert survey.base == {"phone": "199****1111"}
        assert secrets_of(survey) == {"phone": "19900002222", f"{head.uid}/id_number": number}
        raw = Survey.objects.filter(pk=survey.pk).values_list("answers", "base", "secrets", "secrets_hash").get()
        assert number not in str(raw)
        assert "19900002222" not in str(raw)
        assert number not in json.dumps([e.body for e in AuditEvent.objects.all()])
        connection.check_constraints()  # closes the chain
        assert not audit.verify([Survey]).broken

    def test_masked_means_as_the_ledger_has_it(self, clerk, house, head, form):
        members = {head.uid: {"name": "王建国", "relation": "01", "id_number": head.id_masked}}
        send(survey_body(house, form, values={"phone": "199****1111"}, members=members), clerk)
        survey = Survey.objects.get()
        assert survey.answers["values"]["phone"] == "199****1111"
        assert (secrets_of(survey), survey.secrets_hash) == ({}, "")

    def test_what_was_typed_stays_when_it_comes_back_masked(self, clerk, officer, house, head, form):
        members = {head.uid: {"name": "王建国", "relation": "01"}}
        body = survey_body(house, form, values={"phone": "19900002222"}, members=members)
        send(body, clerk)
        Survey.objects.update(state="returned", decided_by=officer, decided_at=timezone.now())
        again = body | {
            "revision": 1,
            "answers": {"values": {"phone": "199****2222"}, "members": body["answers"]["members"]},
        }
        assert send(again, clerk)["revision"] == 2
        assert secrets_of(Survey.objects.get()) == {"phone": "19900002222"}


# -- conflicts ----------------------------------------------------------------------------------------------------------------------


class TestConflicts:
    def conflicts(self):
        return {c.path: (c.base, c.answer, c.ledger) for c in SurveyConflict.objects.all()}

    def test_three_different_things_are_all_kept(self, clerk, officer, house, head, form):
        base = {"dwelling_area": "80", "water_source": "well", "wage": "100"}
        correct_year(household=house, year=YEAR, by=officer, facts={"dwelling_area": 85, "water_source": "tap"})
        set_income(household=house, year=YEAR, by=officer, lines={"wage.other": 200, "business.crop": 50})
        body = survey_body(
            house, form, base=base, members={head.uid: {"name": "王建国", "relation": "01"}},
            values={"dwelling_area": "92", "water_source": "tap", "crop": "50"},
        )  # fmt: skip
        send(body, clerk)
        # the source agrees with the ledger, the crop, too; the wage was emptied while the ledger moved
        assert self.conflicts() == {"dwelling_area": ("80", "92", "85"), "wage": ("100", None, "200")}
        event = audit.content_of(AuditEvent.objects.get(action="survey.submitted"))
        assert sum(key.startswith("surveys.surveyconflict/") for key in event["rows"]) == 2

    def test_a_ledger_that_did_not_move_is_no_conflict(self, clerk, house, head, form):
        base = {"dwelling_area": "80", "water_source": "well"}
        send(
            survey_body(
                house,
                form,
                base=base,
                values={"dwelling_area": "92"},
                members={head.uid: {"name": "王建国", "relation": "01"}},
            ),
            clerk,
        )
        assert self.conflicts() == {}

    def test_members_too(self, clerk, house, head, form):
        base = {f"{head.uid}/name": "王建", f"{head.uid}/birth_date": "1970-01-01"}
        members = {head.uid: {"name": "王建军", "relation": "01", "birth_date": "1970-01-01"}}
        send(survey_body(house, form, base=base, members=members), clerk)
        assert self.conflicts() == {f"{head.uid}/name": ("王建", "王建军", "王建国")}

    def test_of_who_left_only_the_leaving_counts(self, clerk, house, head, form):
        gone = MemberFactory(household=house, name="王秀")
        left = {"reason": "death", "on": timezone.localdate().isoformat()}
        members = [
            {"uid": str(head.uid), "values": {"name": "王建国", "relation": "01"}},
            {"uid": str(gone.uid), "left": left, "values": {}},
        ]
        send(survey_body(house, form, base={f"{gone.uid}/name": "王休"}, members=members), clerk)
        assert self.conflicts() == {}

    def test_a_second_try_begins_anew(self, clerk, officer, house, head, form):
        members = {head.uid: {"name": "王建国", "relation": "01"}}
        body = survey_body(house, form, base={"dwelling_area": "70"}, values={"dwelling_area": "92"}, members=members)
        send(body, clerk)
        assert self.conflicts() == {"dwelling_area": ("70", "92", "80")}
        Survey.objects.update(state="returned", decided_by=officer, decided_at=timezone.now())
        send(body | {"revision": 1, "base": {"dwelling_area": "80"}}, clerk)
        assert self.conflicts() == {}

    def test_a_second_look_is_compared_with_the_first_not_with_the_ledger(self, clerk, house, head, form):
        VerificationTaskFactory(household=house, year=YEAR, assignee=clerk)
        send(
            survey_body(
                house,
                form,
                purpose="verification",
                values={"dwelling_area": "92"},
                members={head.uid: {"name": "王建国", "relation": "01"}},
            ),
            clerk,
        )
        assert Survey.objects.get().purpose == "verification"
        assert self.conflicts() == {}


# -- photos -------------------------------------------------------------------------------------------------------------------------


class TestPhotos:
    def test_those_that_are_here_are_claimed_and_the_others_missed(self, clerk, house, head, form):
        body = survey_body(house, form, members={head.uid: {"name": "王建国", "relation": "01"}})
        here, coming, forgotten = (
            SurveyPhotoFactory(survey=None, survey_uid=body["uid"], uploader=clerk, **more)
            for more in ({}, {"arriving": True}, {})
        )
        absent = str(uuid.uuid4())
        body["answers"]["values"] = {"house_photo": [str(here.uid), str(coming.uid)], "signed": absent}
        receipt = send(body, clerk)
        assert receipt["missing"] == [str(coming.uid), absent]
        survey = Survey.objects.get()
        assert (survey.photos_expected, survey.photos_missing) == (3, len(receipt["missing"]))
        assert set(survey.photos.all()) == {here, coming}
        assert SurveyPhoto.objects.get(pk=forgotten.pk).survey is None

    @pytest.mark.parametrize("whose", ["another survey", "another user"])
    def test_a_photo_of_another(self, clerk, house, head, form, whose):
        body = survey_body(house, form, members={head.uid: {"name": "王建国", "relation": "01"}})
        other = (
            {"survey_uid": uuid.uuid4(), "uploader": clerk}
            if whose == "another survey"
            else {"survey_uid": body["uid"]}
        )
        photo = SurveyPhotoFactory(survey=None, **{"uploader": UserFactory()} | other)
        body["answers"]["values"] = {"house_photo": [str(photo.uid)]}
        refused(send(body, clerk), "forged")

    def test_one_photo_twice(self, clerk, house, head, form):
        uid = str(uuid.uuid4())
        body = survey_body(
            house,
            form,
            values={"house_photo": [uid], "signed": uid},
            members={head.uid: {"name": "王建国", "relation": "01"}},
        )
        refused(send(body, clerk), "forged")


# -- whose ----------------------------------------------------------------------------------------------------------------------------


class TestWhose:
    def body(self, house, form, **other):
        return survey_body(
            house, form, members={house.members.get().uid: {"name": "王建国", "relation": "01"}}, **other
        )

    def test_another_villages(self, land, clerk, form):
        other = HouseholdFactory(village=land.near_village, with_householder=True)
        receipt = refused(send(self.body(other, form), clerk), "not_yours")
        assert "survey" not in receipt
        assert AuditEvent.objects.get(action="sync.refused").region_path == land.near_village.path

    def test_one_that_is_none(self, clerk, house, form):
        refused(send(self.body(house, form) | {"household": str(uuid.uuid4())}, clerk), "not_yours")

    @pytest.mark.parametrize("who", ["department_user", "auditor", "admin", "stranger"])
    def test_who_fills_nothing(self, request, who, house, form):
        refused(send(self.body(house, form), request.getfixturevalue(who)), "not_yours")

    def quarantined(self, receipt, by, house):
        assert receipt["state"] == "quarantined", receipt
        assert receipt["say"].endswith("。")
        assert not Survey.objects.exists()
        op = SyncOp.objects.get()
        assert (op.state, op.owner, op.region_path) == ("quarantined", by.username, house.village.path)
        body = json.loads(op.body.reveal())
        assert (body["household"], body["uid"]) == (str(house.uid), receipt["survey"])

    def test_a_pairing_that_has_ended(self, house, form):
        user = UserFactory()
        PairingFactory(household=house, cadre=CadreFactory(user=user), ended=True)
        self.quarantined(send(self.body(house, form), user), user, house)

    def test_a_posting_that_has_ended(self, house, form, land):
        user = UserFactory()
        PostingFactory(user=user, role=Role.RESIDENT_TEAM, region=land.village, ended=True)
        self.quarantined(send(self.body(house, form), user), user, house)

    def test_a_posting_above_that_has_ended(self, house, form, land):
        user = UserFactory()
        PostingFactory(user=user, role=Role.TOWNSHIP_OFFICER, region=land.township, ended=True)
        self.quarantined(send(self.body(house, form), user), user, house)

    def test_an_ended_posting_that_never_covered_it(self, house, form, land):
        user = UserFactory()
        PostingFactory(user=user, role=Role.RESIDENT_TEAM, region=land.near_village, ended=True)
        PostingFactory(user=user, role=Role.AUDITOR, region=land.county, ended=True)
        refused(send(self.body(house, form), user), "not_yours")

    def test_a_household_that_moved_away(self, house, form, land, clerk, officer):
        move_household(household=house, by=officer, village=land.near_village, on=timezone.localdate())
        house = Household.objects.select_related("village").get(pk=house.pk)
        self.quarantined(send(self.body(house, form), clerk), clerk, house)

    def test_a_household_closed_since(self, clerk, house, form):
        body = self.body(house, form)
        Household.objects.filter(pk=house.pk).update(closed_on=timezone.localdate(), closed_reason="moved_out")
        self.quarantined(send(body, clerk), clerk, house)

    def test_a_second_look_only_for_whom_it_was_given_to(self, clerk, resident, house, form):
        refused(send(self.body(house, form, purpose="verification"), clerk), "not_assigned")
        VerificationTaskFactory(household=house, year=YEAR, assignee=resident)
        refused(send(self.body(house, form, purpose="verification"), clerk), "not_assigned")
        assert send(self.body(house, form, purpose="verification"), resident)["state"] == "applied"

    def test_a_second_look_that_was_cancelled_meanwhile(self, clerk, house, form):
        VerificationTaskFactory(household=house, year=YEAR, assignee=clerk, state="cancelled")
        self.quarantined(send(self.body(house, form, purpose="verification"), clerk), clerk, house)


# -- what is refused ----------------------------------------------------------------------------------------------------------------


class TestRefused:
    def body(self, house, form, **other):
        members = other.pop("members", {house.members.get(relation="01").uid: {"name": "王建国", "relation": "01"}})
        return survey_body(house, form, members=members, **other)

    def test_an_impossible_value_names_its_field(self, clerk, house, form):
        receipt = refused(
            send(self.body(house, form, values={"dwelling_area": "2001", "crop": "-5"}), clerk), "invalid"
        )
        assert {p["path"] for p in receipt["problems"]} == {"dwelling_area", "crop"}
        assert all(p["say"].endswith("。") for p in receipt["problems"])
        assert receipt["problems"][0]["say"] in receipt["say"]

    def test_members_of_another_household(self, clerk, house, head, form, land):
        other = MemberFactory(household=HouseholdFactory(village=land.village))
        for entry in (
            {"uid": str(other.uid), "values": {"name": "王", "relation": "03"}},
            {"uid": str(uuid.uuid4()), "values": {"name": "王", "relation": "03"}},
            {
                "uid": str(other.uid),
                "new": True,
                "joined": {"reason": "birth", "on": "2026-01-01"},
                "values": {"name": "王", "relation": "03"},
            },
        ):
            own = {"uid": str(head.uid), "values": {"name": "王建国", "relation": "01"}}
            refused(send(self.body(house, form, members=[own, entry]), clerk), "forged")

    def test_a_field_that_the_form_does_not_have(self, clerk, house, head, form):
        refused(send(self.body(house, form, values={"bank_account": "1"}), clerk), "forged")
        refused(send(self.body(house, form, values={"name": "王"}), clerk), "forged")
        refused(
            send(self.body(house, form, members={head.uid: {"name": "王建国", "relation": "01", "crop": "1"}}), clerk),
            "forged",
        )

    @pytest.mark.parametrize("name", ["small@999", "nothing@1", "household@2026.1x"])
    def test_an_unknown_form(self, clerk, house, form, name):
        refused(send(self.body(house, form) | {"form": name}, clerk), "unknown_form")

    def test_a_form_that_is_not_published_or_another_countys(self, clerk, house, land):
        draft = SurveyFormFactory(state="draft", published_at=None, published_by="")
        refused(send(self.body(house, draft), clerk), "unknown_form")
        refused(send(self.body(house, SurveyFormFactory(region=land.other_county)), clerk), "unknown_form")
        assert send(self.body(house, SurveyFormFactory(region=land.county)), clerk)["state"] == "applied"

    @pytest.mark.parametrize("year", [YEAR + 1, YEAR - 3])
    def test_a_year_nobody_surveys(self, clerk, house, form, year):
        receipt = refused(send(self.body(house, form, year=year), clerk), "invalid")
        assert [p["path"] for p in receipt["problems"]] == ["year"]

    @pytest.mark.parametrize("days", [2, 400, -1000])
    def test_a_day_that_cannot_be(self, clerk, house, form, days):
        day = (timezone.localdate() + dt.timedelta(days=days)).isoformat()
        receipt = refused(send(self.body(house, form, surveyed_on=day), clerk), "invalid")
        assert [p["path"] for p in receipt["problems"]] == ["surveyed_on"]

    @pytest.mark.parametrize(
        "change",
        [
            {"uid": "1"},
            {"uid": None},
            {"household": 7},
            {"form": "small"},
            {"form": None},
            {"year": "2026"},
            {"year": True},
            {"purpose": "other"},
            {"channel": "fax"},
            {"revision": -1},
            {"revision": "0"},
            {"began_at": "yesterday"},
            {"began_at": None},
            {"surveyed_on": "1.1.2026"},
            {"answers": None},
            {"answers": {"values": []}},
            {"answers": {"values": {}, "members": {}}},
            {"answers": {"values": {}, "members": ["x"]}},
            {"answers": {"values": {}, "members": [{"uid": "x", "values": {}}]}},
            {"answers": {"values": {}, "members": [{"uid": "0ace8f96-259d-4935-97de-285ab3c53cbf", "values": 1}]}},
            {"base": []},
            {"base": {"a": {"b": 1}}},
            {"base": {"a" * 500: 1}},
            {"same": "all"},
            {"same": [1]},
            {"kept": []},
            {"kept": {"a": "b"}},
            {"effort": []},
            {"photos": "x"},
            {"photos": ["x"]},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_what_cannot_be_read(self, clerk, house, form, change):
        refused(send(self.body(house, form) | change, clerk), "malformed")

    def test_what_is_there_already(self, clerk, officer, house, form):
        body = self.body(house, form)
        send(body, clerk)
        for state, code in (("submitted", "already"), ("approved", "approved"), ("withdrawn", "withdrawn")):
            decided = {"decided_by": officer, "decided_at": timezone.now()} if state == "approved" else {}
            Survey.objects.update(state=state, **decided)
            for revision in (0, 1):
                receipt = send(
                    body | {"revision": revision, "answers": body["answers"] | {"values": {"wish": "别的"}}}, clerk
                )
                assert (receipt["state"], receipt["code"]) == ("refused", code)
            assert Survey.objects.get().answers["values"] == {}

    def test_an_older_copy_of_a_returned_survey(self, clerk, officer, house, form):
        body = self.body(house, form)
        send(body, clerk)
        Survey.objects.update(state="returned", decided_by=officer, decided_at=timezone.now())
        for revision in (0, 2):
            receipt = send(body | {"revision": revision}, clerk)
            assert (receipt["state"], receipt["code"]) == ("refused", "revision")
        assert send(body | {"revision": 1}, clerk)["revision"] == 2

    def test_a_first_one_that_says_it_is_a_second(self, clerk, house, form):
        refused(send(self.body(house, form, revision=1), clerk), "revision")

    def test_a_number_that_is_another_surveys(self, clerk, resident, house, form, land):
        body = self.body(house, form)
        send(body, clerk)
        assert send(body, resident)["code"] == "forged"
        other = HouseholdFactory(village=land.village, with_householder=True)
        assert send(self.body(other, form) | {"uid": body["uid"]}, clerk)["code"] == "forged"
        assert Survey.objects.get().household == house

    def test_nobody_is_told_what_the_ledger_holds(self, clerk, house, form, land):
        """A refusal for a household that is not mine reads the same whether there is one or not."""
        other = HouseholdFactory(village=land.near_village, with_householder=True)
        there = send(self.body(other, form), clerk)
        nowhere = send(self.body(other, form) | {"household": str(uuid.uuid4())}, clerk)
        assert {k: v for k, v in there.items() if k != "uid"} == {k: v for k, v in nowhere.items() if k != "uid"}


def test_withdrawn_by_its_surveyor_alone(clerk, resident, house, head, form):
    survey = submit_survey(
        body=survey_body(house, form, members={head.uid: {"name": "王建国", "relation": "01"}}), by=clerk
    )
    with pytest.raises(PermissionDenied):
        withdraw_survey(survey=survey, by=resident)
    assert withdraw_survey(survey=survey, by=clerk).state == "withdrawn"
    with pytest.raises(LedgerError, match="不能再收回"):
        withdraw_survey(survey=survey, by=clerk)
    Survey.objects.update(state="submitted", purpose="verification")
    with pytest.raises(LedgerError, match="已经与初次调查比对"):
        withdraw_survey(survey=survey, by=clerk)


# -- over HTTP ----------------------------------------------------------------------------------------------------------------------


def test_committed_and_the_answer_lost(client_as, clerk, house, head, form):
    """The server commits, the phone hears nothing and sends again: one survey, the same receipt."""
    op = survey_op(survey_body(house, form, members={head.uid: {"name": "王建国", "relation": "01"}}))
    first, again = (
        client_as(clerk).post(reverse("collect:api_ops"), {"ops": [op]}, content_type="application/json").json()
        for _n in range(2)
    )
    assert first == again
    assert first["receipts"][0]["state"] == "applied"
    assert Survey.objects.count() == SyncOp.objects.count() == AuditEvent.objects.count() == 1


def test_how_many_statements_an_operation_costs(clerk, house, head, form, count_queries):
    def op():
        return survey_op(
            survey_body(
                house, form, values={"dwelling_area": "92"}, members={head.uid: {"name": "王建国", "relation": "01"}}
            )
        )

    sync.receive([op()], by=clerk)
    one = op()
    assert count_queries(lambda: sync.receive([one], by=clerk)) <= 18
    assert Posting.objects.exists()
    assert not IncomeLine.objects.exists()
    assert not Pairing.objects.exists()


def test_the_page_that_takes_a_survey_back(client_as, clerk, house, head, form):
    survey = submit_survey(
        body=survey_body(house, form, members={head.uid: {"name": "王建国", "relation": "01"}}), by=clerk
    )
    client = client_as(clerk)
    address = reverse("surveys:survey_withdraw", args=[survey.pk])
    assert address in client.get(reverse("surveys:survey_detail", args=[survey.pk])).content.decode()
    assert "收回这份调查" in client.get(address).content.decode()
    assert "已收回" in client.post(address, follow=True).content.decode()
    survey.refresh_from_db()
    assert (survey.state, survey.answers["members"][0]["uid"]) == ("withdrawn", str(head.uid))
    assert address not in client.get(reverse("surveys:survey_detail", args=[survey.pk])).content.decode()


def test_the_standard_form_whole(clerk, land):
    """Every step of the form that ships is filled in, sent, taken and given back as it was."""
    ensure_standard_forms()
    household = HouseholdFactory(
        village=land.village, with_householder=True, with_year=True, phone_number="19900001111"
    )
    MemberFactory(household=household)
    body = whole_survey(Household.objects.select_related("village").get(pk=household.pk), random.Random(1)) | {
        "uid": str(uuid.uuid4())
    }
    receipt = send(body, clerk)
    assert receipt["state"] == "applied", receipt
    survey = Survey.objects.get()
    assert survey.form.code == "household"
    assert survey.answers == body["answers"]
    assert len(receipt["missing"]) == survey.photos_expected >= 1
