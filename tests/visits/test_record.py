"""A visit arrives whole, with what the household asked for, or it is not there at all."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Posting
from accounts.roles import Role
from assistance.models import ServiceRequest
from cadres.models import ResidentTeam, TeamMember
from common import audit, sync
from common.models import AuditEvent, SyncOp
from households.models import Household, Pairing
from households.services import LedgerError, move_household
from surveys.services import accept, discard
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    SurveyPhotoFactory,
    UserFactory,
    VisitFactory,
    visit_body,
    visit_op,
)
from visits.models import Visit
from visits.services.record import record_visit, void_visit

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def days(count):
    return TODAY + dt.timedelta(days=count)


def send(body, by):
    """One operation; its receipt."""
    return sync.receive([visit_op(body)], by=by)[0]


def sound(*tables):
    """Whether the trail vouches for what stands in these tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    verdict = audit.verify(tables)
    assert not verdict.broken, verdict
    return True


def refused(body, by, code, match):
    """It is refused with that code and a sentence, is on record, and left nothing behind."""
    receipt = send(body, by)
    assert (receipt["state"], receipt["code"]) == ("refused", code), receipt
    assert match in receipt["say"]
    assert receipt["say"].endswith("。")
    assert not Visit.objects.exists()
    assert not ServiceRequest.objects.exists()
    event = audit.content_of(AuditEvent.objects.filter(action="sync.refused").latest("pk"))
    assert event["note"].startswith(f"{code}: ")
    return event


class TestArrives:
    def test_whole(self, helper, household):
        body = visit_body(
            household, met=["householder", "child", "child"], seen=["ill", "policy"], text="  老人住院，报销还没到 ", asked="想申请临时救助",
            next_on=days(7).isoformat(), place={"lon": 105.123456, "lat": 27.305}, on=days(-3).isoformat(),
        )  # fmt: skip
        receipt = send(body, helper)
        assert (receipt["state"], receipt["visit"], receipt["missing"]) == ("applied", body["uid"], [])
        visit = Visit.objects.get()
        assert str(visit.uid) == body["uid"]
        assert (visit.household, visit.village, visit.visitor, visit.cadre) == (
            household, household.village, helper, helper.cadre,
        )  # fmt: skip
        assert (visit.manner, visit.on, visit.met, visit.seen) == (
            "visit",
            days(-3),
            ["householder", "child"],
            ["ill", "policy"],
        )
        assert (visit.text, visit.next_on) == ("老人住院，报销还没到", days(7))
        assert (visit.longitude, visit.latitude) == (Decimal("105.12"), Decimal("27.30")), "kept coarse"
        assert visit.made_at is not None
        assert (visit.request.text, visit.request.household, visit.request.asked_by) == (
            "想申请临时救助",
            household,
            "helper",
        )
        recorded = audit.content_of(AuditEvent.objects.get(action="visit.recorded"))
        assert (recorded["subject"], recorded["region_path"]) == (household.subject, household.village.path)
        assert f"visits.visit/{visit.pk}" in recorded["rows"]
        assert "想申请临时救助" in recorded["note"]
        assert AuditEvent.objects.filter(action="servicerequest.asked").exists()
        assert sound(Visit)

    def test_twice_is_once(self, helper, household):
        op = visit_op(visit_body(household, asked="想学养蜂"))
        assert sync.receive([op], by=helper) == sync.receive([op], by=helper)
        assert (Visit.objects.count(), ServiceRequest.objects.count()) == (1, 1)

    def test_the_same_visit_in_another_envelope_is_refused(self, helper, household):
        body = visit_body(household)
        send(body, helper)
        receipt = send(body, helper)
        assert (receipt["state"], receipt["code"]) == ("refused", "already")
        assert Visit.objects.count() == 1

    def test_a_call_is_a_call(self, helper, household):
        send(visit_body(household, manner="call"), helper)
        assert Visit.objects.get().manner == "call"

    def test_photos_that_are_still_under_way_are_named(self, helper, household):
        body = visit_body(household)
        here = SurveyPhotoFactory(survey=None, survey_uid=body["uid"], uploader=helper)
        coming, partly = (
            uuid.uuid4(),
            SurveyPhotoFactory(survey=None, survey_uid=body["uid"], uploader=helper, state="arriving"),
        )
        body["photos"] = [str(here.uid), str(coming), str(partly.uid)]
        assert send(body, helper)["missing"] == [str(coming), str(partly.uid)]


class TestCapacities:
    """As what somebody came follows from the day, not from what they are today."""

    def came(self, body, by):
        return record_visit(body=body, by=by).capacities

    def test_by_pairing_posting_and_team(self, household, land, helper, clerk, resident, officer, official):
        assert self.came(visit_body(household), helper) == ["helper"]
        assert self.came(visit_body(household), clerk) == ["village"]
        assert self.came(visit_body(household), resident) == ["team"]
        assert self.came(visit_body(household), officer) == ["township"]
        assert self.came(visit_body(household), official) == ["county"]

    def test_a_first_secretary_is_of_the_team_and_may_be_the_helper(self, household, resident):
        cadre = CadreFactory(user=resident)
        team = ResidentTeam.objects.create(village=household.village, starts_on="2024-01-01")
        TeamMember.objects.create(team=team, cadre=cadre, is_first_secretary=True, starts_on=days(-10))
        PairingFactory(household=household, cadre=cadre)
        assert self.came(visit_body(household), resident) == ["helper", "secretary", "team"]
        assert self.came(visit_body(household, on=days(-11).isoformat()), resident) == ["helper", "team"]

    def test_who_was_nothing_to_the_household_that_day(self, household):
        cadre = CadreFactory(user=UserFactory())
        PairingFactory(household=household, cadre=cadre, starts_on=days(-2), is_lead=False)
        assert self.came(visit_body(household, on=days(-2).isoformat()), cadre.user) == ["helper"]
        assert self.came(visit_body(household, on=days(-3).isoformat()), cadre.user) == []


class TestRefused:
    @pytest.mark.parametrize(
        ("more", "code", "match"),
        [
            ({"on": days(1).isoformat()}, "future", "今天之后"),
            ({"on": days(-61).isoformat()}, "too_old", "60 天"),
            ({"met": []}, "met", "见到了谁"),
            ({"met": ["nobody", "householder"]}, "met", "没有人在家"),
            ({"met": ["cat"]}, "met", "见到谁"),
            ({"seen": ["dragon"]}, "seen", "看到什么"),
            ({"text": "  "}, "text", "一句话"),
            ({"text": "长" * 301}, "text", "300"),
            ({"text": "\ue000"}, "text", "自造字"),
            ({"asked": "长" * 301}, "asked", "300"),
            ({"next_on": TODAY.isoformat()}, "next_on", "之后"),
            ({"next_on": days(400).isoformat()}, "next_on", "一年以后"),
            ({"place": {"lon": 0, "lat": 0}}, "place", "不在国内"),
            ({"photos": [str(uuid.uuid4()) for _n in range(6)]}, "too_many", "5 张"),
            ({"photos": [str(uuid.UUID(int=7))] * 2}, "forged", "两次"),
        ],
    )
    def test_what_cannot_be(self, helper, household, more, code, match):
        event = refused(visit_body(household, **more), helper, code, match)
        assert event["region_path"] == household.village.path

    @pytest.mark.parametrize(
        "more",
        [
            {"uid": "x"}, {"household": None}, {"manner": "letter"}, {"on": "gestern"}, {"on": 5}, {"on": "2026-02-30"}, {"on": "0001-01-01"},
            {"met": "householder"}, {"met": [1]}, {"seen": None}, {"text": None}, {"text": 5}, {"asked": ["x"]}, {"next_on": "bald"},
            {"place": "hier"}, {"place": {"lon": "105", "lat": 27}}, {"place": {"lon": True, "lat": 27}}, {"place": {}}, {"photos": "x"},
            {"photos": ["x"]}, {"photos": [str(uuid.uuid4())] * 101},
        ],
    )  # fmt: skip
    def test_what_cannot_be_read(self, helper, household, more):
        refused(visit_body(household) | more, helper, "malformed", "格式不对")

    def test_a_household_that_never_was_theirs(self, helper, clerk, household, land):
        far = HouseholdFactory(village=land.far_village)
        event = refused(visit_body(far), clerk, "not_yours", "不归您走访")
        assert event["region_path"] == land.far_village.path
        refused(visit_body(HouseholdFactory(village=land.village)), helper, "not_yours", "不归您走访")
        refused(visit_body(household) | {"household": str(uuid.uuid4())}, helper, "not_yours", "不归您走访")

    def test_who_may_only_look(self, household, auditor, admin, stranger, department_user):
        for user in (auditor, admin, stranger, department_user):
            refused(visit_body(household), user, "not_yours", "不归您走访")

    def test_a_photo_of_something_else(self, helper, clerk, household):
        body = visit_body(household)
        for more in ({"uploader": clerk, "survey_uid": body["uid"]}, {"uploader": helper, "survey_uid": uuid.uuid4()}):
            photo = SurveyPhotoFactory(survey=None, **more)
            refused({**body, "photos": [str(photo.uid)]}, helper, "forged", "另一份记录")


class TestQuarantine:
    """What came in for a household that is no longer its visitor's, or is closed, is kept whole until the township has decided."""

    def waits(self, body, by):
        receipt = send(body, by)
        assert (receipt["state"], receipt["visit"]) == ("quarantined", body["uid"]), receipt
        assert not Visit.objects.exists()
        return SyncOp.objects.get(state="quarantined")

    def test_no_longer_theirs(self, helper, household, officer):
        Pairing.objects.update(ends_on=days(-1))
        op = self.waits(visit_body(household, asked="想学养蜂"), helper)
        visit = accept(op=op, by=officer)
        assert (visit.visitor, visit.household, visit.capacities) == (helper, household, [])
        assert visit.request.text == "想学养蜂"
        op.refresh_from_db()
        assert op.state == "accepted"
        assert not op.body
        assert sound(Visit)

    def test_it_is_as_what_they_were_on_the_day(self, helper, household, officer):
        Pairing.objects.update(ends_on=days(-1))
        op = self.waits(visit_body(household, on=days(-2).isoformat()), helper)
        assert accept(op=op, by=officer).capacities == ["helper"]

    def test_moved_to_another_village(self, clerk, household, land, official):
        move_household(household=household, village=land.far_village, by=official, on=TODAY)
        op = self.waits(visit_body(household), clerk)
        assert op.region_path == land.far_village.path

    def test_closed(self, helper, household, officer):
        Household.objects.filter(pk=household.pk).update(closed_on=days(-1), closed_reason="died")
        op = self.waits(visit_body(household, asked="想学养蜂", on=days(-2).isoformat()), helper)
        visit = accept(op=op, by=officer)
        assert visit.request is None, "nothing can be given to a closed household; its words stay in the trail"
        assert "想学养蜂" in audit.content_of(AuditEvent.objects.get(action="visit.recorded"))["note"]

    def test_it_may_have_waited_longer_than_visits_may_be_late(self, helper, household, officer, settings):
        Pairing.objects.update(ends_on=days(-1))
        op = self.waits(visit_body(household, on=days(-20).isoformat()), helper)
        settings.VISIT_DAYS = 10
        assert accept(op=op, by=officer).on == days(-20)

    def test_discarded_with_a_reason(self, helper, household, officer):
        Pairing.objects.update(ends_on=days(-1))
        op = self.waits(visit_body(household), helper)
        discard(op=op, reason="另有人走访", by=officer)
        assert not Visit.objects.exists()

    def test_its_pages(self, helper, household, officer, client_as):
        Pairing.objects.update(ends_on=days(-1))
        photo = str(uuid.uuid4())
        op = self.waits(visit_body(household, text="猪养到了十二头", photos=[photo]), helper)
        client = client_as(officer)
        listed = client.get("/surveys/quarantine/").content.decode()
        assert str(household) in listed
        assert "走访" in listed
        shown = client.get(f"/surveys/quarantine/{op.pk}/").content.decode()
        for text in ("猪养到了十二头", "帮扶人", "户主", "0 / 1 张", "采用，记为走访"):
            assert text in shown, text
        assert client.post(f"/surveys/quarantine/{op.pk}/accept/").status_code == 302
        assert Visit.objects.get().photos == [uuid.UUID(photo)]


class TestVoid:
    def test_ones_own_within_a_week(self, helper, household):
        visit = record_visit(body=visit_body(household, asked="想学养蜂"), by=helper)
        done = void_visit(visit=visit, by=helper, reason="记错了户，应是隔壁")
        assert done.is_void
        assert (done.voided_by, done.void_reason) == ("helper", "记错了户，应是隔壁")
        assert done.request.state == "asked", "what was asked for stays a request of its own"
        event = audit.content_of(AuditEvent.objects.get(action="visit.voided"))
        assert event["subject"] == household.subject
        assert "应是隔壁" in event["note"]
        assert sound(Visit)
        with pytest.raises(LedgerError, match="已经作废"):
            void_visit(visit=visit, by=helper, reason="再来一次好了")

    def test_later_and_of_others_by_the_office(self, helper, household, clerk, officer, post, land):
        visit = VisitFactory(household=household, visitor=helper)
        for user in (clerk, post(Role.TOWNSHIP_OFFICER, land.next_township), UserFactory()):
            with pytest.raises(PermissionDenied):
                void_visit(visit=visit, by=user, reason="记错了户，应是隔壁")
        assert void_visit(visit=visit, by=officer, reason="记错了户，应是隔壁").is_void

    def test_after_a_week_no_longer_ones_own(self, helper, household, monkeypatch):
        visit = record_visit(body=visit_body(household), by=helper)
        monkeypatch.setattr(timezone, "now", lambda: visit.recorded_at + dt.timedelta(days=8))
        with pytest.raises(PermissionDenied):
            void_visit(visit=visit, by=helper, reason="记错了户，应是隔壁")

    @pytest.mark.parametrize("reason", ["", "  ", "错了", "长" * 201, "\ue000记错了户"])
    def test_a_reason_is_needed(self, helper, household, reason):
        visit = record_visit(body=visit_body(household), by=helper)
        with pytest.raises(ValidationError):
            void_visit(visit=visit, by=helper, reason=reason)
        assert not Visit.objects.get().is_void


class TestFixed:
    """What was recorded stays as it was, whoever writes."""

    @pytest.mark.parametrize(
        "change",
        [
            {"text": "另一句"},
            {"on": "2026-01-01"},
            {"met": ["child"]},
            {"photos": []},
            {"capacities": []},
            {"manner": "call"},
        ],
    )
    def test_a_fact_is_not_changed(self, change):
        visit = VisitFactory(photos=[uuid.uuid4()])
        with pytest.raises(IntegrityError, match="not changed"), transaction.atomic():
            Visit.objects.filter(pk=visit.pk).update(**change)

    def test_void_once(self):
        visit = VisitFactory(void=True)
        with pytest.raises(IntegrityError, match="not changed"), transaction.atomic():
            Visit.objects.filter(pk=visit.pk).update(void_reason="另一个理由")
        with pytest.raises(IntegrityError, match="not changed"), transaction.atomic():
            Visit.objects.filter(pk=visit.pk).update(voided_at=None, voided_by="", void_reason="")

    def test_never_deleted(self):
        visit = VisitFactory()
        with pytest.raises(IntegrityError, match="not deleted"), transaction.atomic():
            visit.delete()


def test_a_posting_of_the_day_counts_not_that_of_today(household, clerk):
    Posting.objects.filter(user=clerk).update(starts_on=days(-5))
    assert record_visit(body=visit_body(household, on=days(-6).isoformat()), by=clerk).capacities == []
    assert record_visit(body=visit_body(household, on=days(-5).isoformat()), by=clerk).capacities == ["village"]
