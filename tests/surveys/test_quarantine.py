"""What came in for a household that was no longer its surveyor's is never dropped: somebody entitled decides, with a reason."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from common import audit, sync
from common.models import AuditEvent, SyncOp
from households.models import Household
from surveys.models import Survey
from surveys.services import accept, discard
from surveys.services.quarantine import QuarantineError, waiting_for
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    QuarantinedFactory,
    SurveyFormFactory,
    SurveyPhotoFactory,
    UserFactory,
    invented_id_number,
    survey_body,
    survey_op,
)

pytestmark = pytest.mark.django_db
NUMBER = invented_id_number()


@pytest.fixture
def surveyor():
    return UserFactory(username="former", name="前帮扶人")


@pytest.fixture
def op(land, surveyor):
    """Sent by a helper whose pairing has ended."""
    household = HouseholdFactory(village=land.village, with_householder=True)
    PairingFactory(household=household, cadre=CadreFactory(user=surveyor), ended=True)
    head = household.members.get()
    body = survey_body(
        household, SurveyFormFactory(), values={"dwelling_area": "92", "water_source": "tap", "phone": "19900002222"},
        members={head.uid: {"name": "王建国", "relation": "01", "id_number": NUMBER}},
    )  # fmt: skip
    (receipt,) = sync.receive([survey_op(body)], by=surveyor)
    assert receipt["state"] == "quarantined"
    return SyncOp.objects.get()


def page(client, name, op):
    return reverse(f"surveys:quarantine_{name}", args=[op.pk])


class TestWho:
    def test_reviewers_of_the_place_and_nobody_else(
        self, op, land, officer, official, clerk, auditor, admin, surveyor, post
    ):
        for user in (officer, official):
            assert list(waiting_for(user)) == [op]
        elsewhere = (post(Role.TOWNSHIP_OFFICER, land.next_township), post(Role.COUNTY_OFFICIAL, land.other_county))
        for user in (clerk, auditor, admin, surveyor, *elsewhere, UserFactory(is_active=False)):
            assert not waiting_for(user).exists()
            with pytest.raises(Exception, match="review"):
                accept(op=op, by=user)
        assert not Survey.objects.exists()

    def test_not_ones_own(self, op, officer):
        SyncOp.objects.update(owner=officer.username)
        assert not waiting_for(officer).exists()


class TestAccept:
    def test_taken_on_behalf_of_the_surveyor(self, op, officer, surveyor):
        survey = accept(op=op, by=officer)
        assert (survey.surveyor, survey.state, survey.revision) == (surveyor, "submitted", 1)
        assert survey.answers["values"]["dwelling_area"] == "92"
        op.refresh_from_db()
        assert (op.state, op.decided_by, bool(op.body)) == ("accepted", "officer", False)
        taken, decided = AuditEvent.objects.filter(actor="officer").order_by("pk")
        assert (taken.action, decided.action) == ("survey.submitted", "quarantine.accepted")
        assert audit.content_of(taken)["note"].endswith("前帮扶人")

    def test_the_phone_keeps_hearing_the_same(self, op, officer, surveyor):
        body = json.loads(op.body.reveal())
        before = op.receipt
        accept(op=op, by=officer)
        assert sync.receive([survey_op(body, op.uid)], by=surveyor) == [before]
        assert Survey.objects.count() == 1

    def test_its_photos_are_claimed(self, op, officer, surveyor):
        photo = SurveyPhotoFactory(survey=None, survey_uid=op.receipt["survey"], uploader=surveyor)
        body = json.loads(op.body.reveal())
        body["answers"]["values"]["house_photo"] = [str(photo.uid)]
        op.body = json.dumps(body)
        op.save()
        survey = accept(op=op, by=officer)
        assert list(survey.photos.all()) == [photo]

    def test_what_cannot_be_taken_stays(self, op, officer):
        body = json.loads(op.body.reveal())
        body["answers"]["values"]["dwelling_area"] = "5000"
        op.body = json.dumps(body)
        op.save()
        with pytest.raises(QuarantineError, match="2000"):
            accept(op=op, by=officer)
        op.refresh_from_db()
        assert (op.state, bool(op.body)) == ("quarantined", True)
        assert not Survey.objects.exists()

    def test_once(self, op, officer, official):
        accept(op=op, by=officer)
        for act in (lambda: accept(op=op, by=official), lambda: discard(op=op, reason="已经重新调查", by=official)):
            with pytest.raises(QuarantineError, match="已经有人处理过"):
                act()
        assert Survey.objects.count() == 1


class TestDiscard:
    def test_with_a_reason_and_nothing_personal_left(self, op, officer):
        discard(op=op, reason="已由新的帮扶人重新调查", by=officer)
        op.refresh_from_db()
        assert (op.state, op.note, op.decided_by, bool(op.body)) == (
            "discarded",
            "已由新的帮扶人重新调查",
            "officer",
            False,
        )
        event = AuditEvent.objects.get(action="quarantine.discarded")
        assert audit.content_of(event)["note"] == "已由新的帮扶人重新调查"

    @pytest.mark.parametrize("reason", ["", "  ", "不要"])
    def test_not_without_one(self, op, officer, reason):
        with pytest.raises(QuarantineError, match="四个字"):
            discard(op=op, reason=reason, by=officer)
        op.refresh_from_db()
        assert op.state == "quarantined"


class TestPages:
    def test_list_and_detail(self, op, client_as, officer):
        client = client_as(officer)
        listed = client.get(reverse("surveys:quarantine_list")).content.decode()
        assert "前帮扶人" in listed
        assert "青石村" in listed
        shown = client.get(page(client, "detail", op)).content.decode()
        for text in ("住房面积", "92 ㎡", "自来水", "王建国", "199****2222"):
            assert text in shown
        assert NUMBER not in shown
        assert "19900002222" not in shown

    def test_accepting_leads_to_the_survey(self, op, client_as, officer):
        client = client_as(officer)
        response = client.post(page(client, "accept", op), follow=True)
        assert "待审核" in response.content.decode()
        assert Survey.objects.get().state == "submitted"
        assert client.get(page(client, "detail", op)).status_code == 404

    def test_what_cannot_be_accepted_says_why(self, op, client_as, officer):
        Household.objects.update(closed_on="2026-01-01", closed_reason="empty")
        body = json.loads(op.body.reveal())
        op.body = json.dumps(body | {"form": "small@999"})
        op.save()
        client = client_as(officer)
        shown = client.post(page(client, "accept", op), follow=True).content.decode()
        assert "没有这份调查表" in shown
        assert "只能作废" in shown
        assert not Survey.objects.exists()

    def test_discarding_asks_for_the_reason(self, op, client_as, officer):
        client = client_as(officer)
        assert client.post(page(client, "discard", op), {"reason": "不要"}).status_code == 422
        assert client.post(page(client, "discard", op), {"reason": "已经重新调查过"}).status_code == 302
        assert SyncOp.objects.get().state == "discarded"

    @pytest.mark.parametrize("body", ["{}", '{"uid": 1}', "answers"])
    def test_a_body_that_nobody_can_read(self, op, client_as, officer, body):
        op.body = "{}" if body == "answers" else body
        if body == "answers":  # anything may stand where an answer should
            whole = survey_body(Household.objects.get(), SurveyFormFactory())
            whole["answers"]["values"] = {
                "dwelling_area": {"x": 1},
                "water_source": ["a"],
                "water_safe": "x",
                "crop": "abc",
                "house_photo": 5,
            }
            op.body = json.dumps(whole)
        op.save()
        client = client_as(officer)
        for name in ("detail", "discard"):
            assert client.get(page(client, name, op)).status_code == 200
        assert client.get(reverse("surveys:quarantine_list")).status_code == 200

    def test_queries_do_not_grow(self, op, client_as, officer, land, count_queries):
        client = client_as(officer)
        address = reverse("surveys:quarantine_list")
        client.get(address)
        few = count_queries(lambda: client.get(address))
        for _n in range(6):
            QuarantinedFactory(household=HouseholdFactory(village=land.village))
        assert count_queries(lambda: client.get(address)) == few
        assert timezone.now()


def test_it_is_in_the_menu_of_reviewers(client_as, officer, clerk):
    address = reverse("surveys:quarantine_list")
    assert address in client_as(officer).get(reverse("home")).content.decode()
    assert address not in client_as(clerk).get(reverse("home")).content.decode()
