"""Drafts that the server keeps for phones and browsers that cannot, and what ends by itself."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from common import files, vault
from common.models import AuditEvent, SyncOp
from households.models import Household
from surveys.models import Survey, SurveyPhoto
from surveys.services import submit_survey
from tests.factories import (
    HouseholdFactory,
    SurveyFactory,
    SurveyFormFactory,
    SurveyPhotoFactory,
    invented_id_number,
    survey_body,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def form():
    return SurveyFormFactory()


@pytest.fixture
def client(client_as, clerk):
    return client_as(clerk)


def address(body):
    return reverse("collect:api_draft", args=[body["uid"]])


def put(client, body):
    return client.put(address(body), body, content_type="application/json")


def half(household, form, **other):
    """A draft that is wrong and unfinished."""
    head = household.members.get()
    return survey_body(
        household, form, values={"dwelling_area": "9e", "phone": "19900002222"}, members={head.uid: {"id_number": "5301"}},
        base={"dwelling_area": "80"}, same=["water_source"], at={"step": "members", "path": f"{head.uid}/name", "typed": ["phone"]}, **other,
    )  # fmt: skip


def test_kept_as_it_was_typed_and_given_back_to_its_surveyor(client, client_as, clerk, resident, household, form):
    body = half(household, form)
    response = put(client, body)
    assert (response.status_code, response.json()["state"]) == (200, "draft")
    draft = client.get(address(body)).json()["draft"]
    began = {name: draft.pop(name) for name in ("began_at", "reasons")}
    assert draft == {name: value for name, value in body.items() if name not in ("photos", "began_at")}
    assert dt.datetime.fromisoformat(began["began_at"]) == dt.datetime.fromisoformat(body["began_at"])
    assert client_as(resident).get(address(body)).status_code == 404
    row = Survey.objects.values_list("answers", "secrets").get()
    assert "19900002222" not in str(row)
    assert not Survey.objects.for_user(resident).exists(), "a draft is its surveyor's alone"


def test_what_is_set_aside_on_a_page_is_not_kept(client, household, form):
    """Answers of fields that are not asked may be whole ID numbers: nobody has taken them out there."""
    body = half(household, form)
    put(client, body | {"at": body["at"] | {"aside": {"id_number": "53010119900101002X"}}})
    assert client.get(address(body)).json()["draft"]["at"] == body["at"]


def test_the_newest_save_stands_and_one_event_is_enough(client, household, form):
    body = half(household, form)
    put(client, body)
    for wish in ("想", "想学", "想学电焊"):
        put(client, body | {"answers": body["answers"] | {"values": {"wish": wish}}})
    assert client.get(address(body)).json()["draft"]["answers"]["values"] == {"wish": "想学电焊"}
    assert [e.action for e in AuditEvent.objects.all()] == ["survey.begun"]


def test_a_draft_becomes_the_survey(client, clerk, household, form):
    body = half(household, form)
    put(client, body)
    head = household.members.get()
    number = invented_id_number()
    whole = survey_body(
        household, form, uid=body["uid"], members={head.uid: {"name": "王", "relation": "01", "id_number": number}}
    )
    survey = submit_survey(body=whole, by=clerk)
    assert (survey.state, survey.revision, Survey.objects.count()) == ("submitted", 1, 1)
    assert "at" not in survey.effort
    assert client.get(address(body)).status_code == 404
    response = put(client, body)
    assert (response.status_code, response.json()["code"]) == (422, "already")
    assert Survey.objects.get().state == "submitted"


def test_a_returned_one_is_written_again_on_the_server(client, clerk, officer, household, form):
    head = household.members.get()
    body = survey_body(
        household, form, values={"phone": "19900002222"}, members={head.uid: {"name": "王", "relation": "01"}}
    )
    submit_survey(body=body, by=clerk)
    Survey.objects.update(
        state="returned",
        decided_by=officer,
        decided_at=timezone.now(),
        reasons={"phone": "请核对"},
        decision_note="请核对",
    )
    found = client.get(address(body)).json()["draft"]
    assert (found["revision"], found["reasons"]) == (1, {"phone": "请核对"})
    assert found["answers"]["values"]["phone"] == "19900002222"
    assert put(client, found | {"answers": {"values": {"phone": "19900003333"}, "members": []}}).status_code == 200
    assert client.get(address(body)).json()["draft"]["answers"]["values"]["phone"] == "19900003333"
    assert Survey.objects.get().state == "returned"


@pytest.mark.parametrize(
    "case", ["another village", "closed", "another surveyor", "another number", "unknown form", "malformed", "not json"]
)
def test_what_is_not_kept(client, clerk, resident, land, household, form, case):
    body, wanted = half(household, form), (422, "not_yours")
    match case:
        case "another village":
            body = half(HouseholdFactory(village=land.near_village, with_householder=True), form)
        case "closed":
            Household.objects.filter(pk=household.pk).update(closed_on="2026-01-01", closed_reason="empty")
        case "another surveyor":
            SurveyFactory(draft=True, household=household, surveyor=resident, uid=body["uid"])
            wanted = (422, "forged")
        case "another number":
            wanted = (400, "malformed")
        case "unknown form":
            body["form"], wanted = "small@99", (422, "unknown_form")
        case "malformed":
            body["answers"], wanted = [], (422, "malformed")
        case "not json":
            wanted = (400, "malformed")
    before = list(Survey.objects.values_list("uid", "surveyor", "state"))
    url = address(body | {"uid": str(uuid.uuid4())}) if case == "another number" else address(body)
    response = client.put(url, "{" if case == "not json" else body, content_type="application/json")
    wanted = (400, "malformed") if wanted[1] == "malformed" else wanted
    assert (response.status_code, response.json()["code"]) == wanted
    assert response.json()["say"].endswith("。")
    assert list(Survey.objects.values_list("uid", "surveyor", "state")) == before
    assert AuditEvent.objects.get(action="sync.refused")


def test_a_household_is_opened_with_its_draft(client, household, form):
    """The page that keeps nothing asks for the pack of one household and finds the draft there."""
    body = half(household, form)
    put(client, body)
    pack = client.post(
        reverse("collect:api_pack"), {"household": str(household.uid)}, content_type="application/json"
    ).json()
    (entry,) = pack["households"]
    assert entry["survey"] == {"uid": body["uid"], "state": "draft", "revision": 0}


# -- what ends by itself --------------------------------------------------------------------------------------------------------------


class TestExpiry:
    @pytest.fixture
    def past(self):
        return timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1)

    def test_a_draft_nobody_came_back_to(self, past):
        old, fresh, returned = SurveyFactory(draft=True), SurveyFactory(draft=True), SurveyFactory(returned=True)
        again = SurveyFactory(draft=True, revision=1)
        sent = SurveyFactory()
        Survey.objects.exclude(pk=fresh.pk).update(updated_at=past)
        assert files.expire() == 1
        assert set(Survey.objects.all()) == {fresh, returned, again, sent}
        event = AuditEvent.objects.get()
        assert (event.action, event.subject) == ("survey.expired", old.subject)
        assert f'"surveys.survey/{old.pk}":null' in event.body

    def test_a_photo_that_no_survey_claimed(self, past, django_capture_on_commit_callbacks):
        name = vault.put("surveys/test", b"x")
        lost = SurveyPhotoFactory(survey=None, uploader__username="lost", file=name)
        kept = [
            SurveyPhotoFactory(),  # of a survey
            SurveyPhotoFactory(survey=None, survey_uid=SurveyFactory(draft=True).uid),
            SurveyPhotoFactory(survey=None, survey_uid=SurveyFactory(returned=True).uid),
            SurveyPhotoFactory(survey=None, survey_uid=self.waiting().uid),
        ]
        fresh = SurveyPhotoFactory(survey=None)
        SurveyPhoto.objects.exclude(pk=fresh.pk).update(created_at=past)
        with django_capture_on_commit_callbacks(execute=True):
            assert files.expire() == 1
        assert set(SurveyPhoto.objects.values_list("pk", flat=True)) == {photo.pk for photo in [*kept, fresh]}
        assert AuditEvent.objects.get().target == f"surveys.surveyphoto/{lost.pk}"
        with pytest.raises(FileNotFoundError):
            vault.get(name)

    def waiting(self):
        uid = uuid.uuid4()
        SyncOp.objects.create(
            uid=uuid.uuid4(), kind="survey.submit", owner="x", body_sha256="0", state="quarantined", receipt={"survey": str(uid)},
            received_at=timezone.now(),
        )  # fmt: skip
        return type("Waiting", (), {"uid": uid})
