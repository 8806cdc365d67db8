"""What surveys say for good is vouched for by the history: a byte changed past the verbs is found. What is being typed is not."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import uuid

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from common import audit, sync, vault
from common.models import AuditEvent, SyncOp
from surveys.models import VOUCHED, Difference, Survey, SurveyConflict, SurveyPhoto, VerificationDraw, VerificationTask
from surveys.services import accept, discard, put_piece, save_draft, submit_survey, withdraw_survey
from surveys.services.review import approve_survey, return_survey
from surveys.services.verification import assign, pick_by_hand, resolve
from tests.common.test_audit import tamper
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    PairingFactory,
    SurveyFormFactory,
    UserFactory,
    invented_id_number,
    survey_body,
    survey_op,
)
from tests.surveys.test_photos import noise

pytestmark = pytest.mark.django_db
PIECE = 60_000
YEAR = timezone.localdate().year


def close_chain():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def verdict():
    """Of the surveys alone: households of these tests are written past the verbs."""
    close_chain()
    return audit.verify((*VOUCHED, SyncOp))


def house_in(village, **year):
    house = HouseholdFactory(village=village, with_householder=True)
    HouseholdYearFactory(household=house, year=YEAR, **{"dwelling_area": 80, "water_source": "well"} | year)
    return house


def body_for(house, form, area="92", **other):
    head = house.members.get()
    return survey_body(
        house, form, values={"dwelling_area": area, "phone": "19900002222"} | other.pop("values", {}),
        members={head.uid: {"name": head.name, "relation": "01", "id_number": invented_id_number()}}, base={"dwelling_area": "75"}, **other,
    )  # fmt: skip


def send_photo(survey_uid, uid, by, starts=None):
    data = noise()
    for start in starts or range(0, len(data), PIECE):
        photo = put_piece(
            uid=uuid.UUID(uid), survey=uuid.UUID(survey_uid), path="house_photo", offset=start, size=len(data),
            sha256=hashlib.sha256(data).hexdigest(), data=data[start : start + PIECE], by=by,
        )  # fmt: skip
    return photo


@pytest.fixture
def told(land, clerk, resident, officer, official):
    """A row of every kind, by the verbs alone: approved with a conflict and a photo, returned, drawn, compared, decided, in quarantine."""
    form = SurveyFormFactory()
    house, photo = house_in(land.village), str(uuid.uuid4())
    body = body_for(house, form, values={"house_photo": [photo]}, photos=[photo])
    send_photo(body["uid"], photo, clerk, [0])  # the survey overtakes its photo
    first = submit_survey(body=body, by=clerk)
    send_photo(body["uid"], photo, clerk, range(PIECE, len(noise()), PIECE))
    choices = dict.fromkeys(first.conflicts.values_list("path", flat=True), "answer")
    assert "dwelling_area" in choices
    draw = pick_by_hand(households=[house], year=YEAR, reason="群众反映面积不对", by=official)
    task = assign(task=draw.tasks.get(), assignee=resident, by=official)
    submit_survey(body=body_for(house, form, "100", purpose="verification"), by=resident)
    approve_survey(survey=first, by=officer, choices=choices, why=dict.fromkeys(choices, "电话核实"), note="已核对")
    for difference in task.differences.all():
        resolve(difference=difference, verdict="first", reason="看过现场", by=official)

    back = submit_survey(body=body_for(house_in(land.village), form, "60"), by=clerk)
    return_survey(survey=back, by=officer, reasons={"dwelling_area": "请核对面积"})
    withdraw_survey(survey=submit_survey(body=body_for(house_in(land.village), form), by=clerk), by=clerk)

    former = UserFactory(username="former")
    for decide in (accept, discard, None):
        lost = house_in(land.village)
        PairingFactory(
            household=lost, cadre=CadreFactory(user=former) if decide is accept else former.cadre, ended=True
        )
        (receipt,) = sync.receive([survey_op(body_for(lost, form))], by=former)
        op = SyncOp.objects.get(pk=receipt["uid"])
        if decide is accept:
            accept(op=op, by=officer)
        elif decide is discard:
            discard(op=op, reason="这一户已经搬走", by=officer)
    return form


def test_what_the_verbs_left_is_clean(told):
    found = verdict()
    assert found.ok, found.broken
    assert all(model._base_manager.exists() for model in VOUCHED)
    assert (
        found.rows
        == sum(model._base_manager.count() for model in VOUCHED)
        + SyncOp.objects.exclude(state__in=["applied", "refused"]).count()
    )
    assert SurveyPhoto.objects.get().state == "complete"


# Which row, and what somebody with the database's password might change in it.
HARM = [
    ("surveys_survey", "state = 'approved'", """answers = jsonb_set(answers, '{values,dwelling_area}', '"99"')"""),
    ("surveys_survey", "state = 'approved'", "decided_by_id = surveyor_id + 1000000"),
    ("surveys_survey", "state = 'approved'", "state = 'draft'"),
    ("surveys_survey", "state = 'approved'", "surveyed_on = surveyed_on - 1"),
    ("surveys_survey", "state = 'approved'", "base = '{}'"),
    ("surveys_survey", "state = 'approved'", "secrets_hash = 'x'"),
    ("surveys_survey", "state = 'approved'", "secrets = (SELECT secrets FROM surveys_survey WHERE state = 'withdrawn')"),
    ("surveys_survey", "state = 'submitted'", "revision = 2"),
    ("surveys_survey", "state = 'returned'", """reasons = '{"dwelling_area": "请核对"}'"""),
    ("surveys_survey", "state = 'returned'", """answers = jsonb_set(answers, '{values,dwelling_area}', '"61"')"""),
    ("surveys_survey", "state = 'withdrawn'", "state = 'submitted'"),
    ("surveys_surveyconflict", "choice = 'answer'", "choice = 'ledger'"),
    ("surveys_surveyconflict", "true", """ledger = '"81"'"""),
    ("surveys_surveyphoto", "true", "path = 'signed'"),
    ("surveys_surveyphoto", "true", "kept_sha256 = repeat('0', 64)"),
    ("surveys_surveyphoto", "true", "survey_id = NULL"),
    ("surveys_verificationdraw", "true", "reason = '随便'"),
    ("surveys_verificationtask", "true", "assignee_id = NULL"),
    ("surveys_verificationtask", "true", """compared = '{}'"""),
    ("surveys_difference", "path = 'dwelling_area'", "verdict = 'second'"),
    ("surveys_difference", "path = 'dwelling_area'", "reason = '看过现场了'"),
    ("common_syncop", "state = 'discarded'", "note = ''"),
    ("common_syncop", "state = 'accepted'", "decided_by = 'nobody'"),
    ("common_syncop", "state = 'quarantined'", "owner = 'officer'"),
    ("common_syncop", "state = 'quarantined'", "body_sha256 = repeat('0', 64)"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "which", "harm"), HARM)
def test_a_changed_byte_is_found(told, table, which, harm):
    tamper(f"UPDATE {table} SET {harm} WHERE {which}")  # noqa: S608
    found = verdict()
    assert not found.ok
    assert found.broken["row"].startswith(table.replace("_", ".", 1) + "/")


@pytest.mark.parametrize("model", [Difference, SurveyConflict, SurveyPhoto])
def test_a_row_taken_away_is_found(told, model):
    tamper(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608
    assert "不见了" in verdict().broken["why"]


def test_another_body_under_a_quarantined_one_is_found(told):
    row = SyncOp.objects.get(state="quarantined")
    other = json.loads(row.body.reveal())
    other["answers"]["values"]["dwelling_area"] = "9"
    SyncOp.objects.filter(pk=row.pk).update(body=json.dumps(other))
    assert verdict().broken["row"] == f"common.syncop/{row.pk}"


def test_what_is_being_typed_is_no_fact(told, land, clerk, client_as):
    """A draft, and what is typed in a returned survey, change as often as somebody types; what was returned stays as it was."""
    draft = body_for(house_in(land.village), told, "1")
    back = Survey.objects.get(state="returned")
    client, events = client_as(clerk), AuditEvent.objects.count()
    address = reverse("collect:api_draft", args=[back.uid])
    typed = client.get(address).json()["draft"]
    for area in ("10", "11"):
        draft["answers"]["values"]["dwelling_area"] = typed["answers"]["values"]["dwelling_area"] = area
        save_draft(body=draft, by=clerk)
        assert client.put(address, typed, content_type="application/json").status_code == 200
    assert AuditEvent.objects.count() == events + 1  # survey.begun
    assert verdict().ok
    assert Survey.objects.get(pk=back.pk).answers["values"]["dwelling_area"] == "60"
    again = client.get(address).json()["draft"]
    assert (again["answers"], again["reasons"]) == (typed["answers"], {"dwelling_area": "请核对面积"})
    entry = client.post(
        reverse("collect:api_pack"), {"household": str(back.household.uid)}, content_type="application/json"
    ).json()["households"][0]
    assert entry["returned"]["answers"]["values"]["dwelling_area"] == "11"
    assert "19900002222" not in json.dumps(entry)

    submit_survey(body=again, by=clerk)
    row = Survey.objects.get(pk=back.pk)
    assert (row.state, row.revision, row.answers["values"]["dwelling_area"], bool(row.rework)) == ("submitted", 2, "11", False)  # fmt: skip
    assert "19900002222" in row.secrets.reveal()
    assert verdict().ok


def test_a_number_typed_while_it_was_back_is_kept_when_it_comes_masked(told, clerk):
    back = Survey.objects.get(state="returned")
    typed = body_for(back.household, told, "60", uid=str(back.uid), revision=1)
    typed["answers"]["values"]["phone"] = "19900007777"
    save_draft(body=typed, by=clerk)
    typed["answers"]["values"]["phone"] = "199****7777"
    submit_survey(body=typed, by=clerk)
    assert "19900007777" in Survey.objects.get(pk=back.pk).secrets.reveal()


def verify():
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("verify_history", "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("harm", ["delete", "another", "garbage"])
def test_the_command_reads_the_pictures(land, clerk, harm, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        uid = str(uuid.uuid4())
        photo = send_photo(str(uuid.uuid4()), uid, clerk)
    close_chain()
    assert (verify()["broken"], verify()["files"]) == ({}, 1)
    storage = vault.default_storage
    if harm == "delete":
        vault.remove(photo.file)
    else:
        other = vault.put("other", noise(320, 240)) if harm == "another" else ""
        data = b"garbage"
        if other:
            with storage.open(other) as file:
                data = file.read()
        storage.delete(photo.file)
        storage.save(photo.file, vault.ContentFile(data))
    broken = verify()["broken"]
    assert broken["row"] == f"surveys.surveyphoto/{photo.pk}"
    assert ("不见了" in broken["why"]) == (harm == "delete")
    assert broken["action"] == "surveyphoto.arrived"


def test_a_task_and_its_draw_are_named(told):
    tamper("UPDATE surveys_verificationtask SET note = 'x'")
    assert verdict().broken["row"] == f"surveys.verificationtask/{VerificationTask.objects.get().pk}"
    assert VerificationDraw.objects.count() == 1
