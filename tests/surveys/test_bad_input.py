"""What somebody writes by hand against the addresses of the phone: refused with a code and a sentence, on record, nothing half saved, and
no number of anybody in what is recorded or logged."""

from __future__ import annotations

import json
import logging
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import audit, pii
from common.logs import Line
from common.models import AuditEvent, SyncOp
from surveys.models import Device, Survey, SurveyConflict, SurveyPhoto
from surveys.standard import ensure_standard_forms
from tests.factories import HouseholdFactory, SurveyFormFactory, invented_id_number, survey_body, survey_op

UID = "5f6c0c6e-55f0-4c0b-9d36-2d7d3f1b7a11"  # of an operation: the names of tests are the same in every process
pytestmark = pytest.mark.django_db
OPS = "/collect/api/ops/"
NUMBER = invented_id_number()


@pytest.fixture
def client(client_as, clerk):
    return client_as(clerk)


@pytest.fixture
def form():
    return SurveyFormFactory()


@pytest.fixture
def body(household, form):
    head = household.members.get()
    return survey_body(
        household, form, values={"wish": "想学电焊", "phone": "19900002222"},
        members={head.uid: {"name": "王", "relation": "01", "id_number": NUMBER}},
    )  # fmt: skip


def send(client, text, address=OPS, method="POST"):
    """A request written by hand: `text` is what goes over the wire."""
    data = text if isinstance(text, bytes) else text.encode()
    return client.generic(method, address, data, content_type="application/json")


def nothing_kept():
    for model in (Survey, SurveyConflict, SurveyPhoto, Device):
        assert not model.objects.exists(), model
    assert not SyncOp.objects.exclude(state="refused").exists()


def on_record(code):
    """The refusal is there, with a sentence, and nobody's number in it."""
    event = AuditEvent.objects.latest("pk")
    note = audit.content_of(event)["note"]
    assert event.action == "sync.refused"
    assert note.startswith(f"{code}: ")
    assert note.endswith("。")
    for secret in (NUMBER, "19900002222"):
        assert secret not in event.body


# JSON that is none of ours, in the place of a value. Each is written into the text, as no JSON library would.
NO_VALUES = {
    "infinity": "1e999",
    "minus infinity": "-1e999",
    "nan": "NaN",
    "half a character": '"\\ud800"',
    "nul": '"a\\u0000b"',
    "five thousand digits": "9" * 5000,
    "deep list": "[" * 3000 + "]" * 3000,
    "deep object": '{"a":' * 3000 + "1" + "}" * 3000,
}


@pytest.mark.parametrize("what", NO_VALUES)
@pytest.mark.parametrize("place", ["wish", "base", "effort", "kept", "at"])
@pytest.mark.parametrize("door", ["ops", "draft"])
def test_json_that_no_database_keeps(client, body, door, place, what):
    if place == "wish":
        body["answers"]["values"]["wish"] = "HERE"
    else:
        body[place] = {"dwelling_area": "HERE"}
    text = json.dumps({"ops": [survey_op(body)]} if door == "ops" else body).replace('"HERE"', NO_VALUES[what])
    if door == "ops":
        answer = send(client, text)
        said = answer.json()
        (said,) = said.get("receipts", [said])
        assert answer.status_code == (200 if "state" in said else 400)
    else:
        answer = send(client, text, reverse("collect:api_draft", args=[body["uid"]]), "PUT")
        said = answer.json()
        assert answer.status_code == 400
    assert said["code"] == "malformed"
    assert said["say"].endswith("。")
    nothing_kept()
    on_record("malformed")


@pytest.mark.parametrize("what", ["nul", "half a character", "infinity"])
def test_the_other_addresses_keep_no_such_thing_either(client, what):
    for name, field in (("api_devices", "label"), ("api_pack", "device"), ("api_pack", "household")):
        answer = send(client, f'{{"{field}": {NO_VALUES[what]}}}', reverse(f"collect:{name}"))
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
        on_record("malformed")
    nothing_kept()


@pytest.mark.parametrize(
    "base",
    [
        {"dwelling_area": 1.5},
        {"dwelling_area": 1e300},
        {"dwelling_area": 10**200},
        {"dwelling_area": [0.1]},
        {"crop": [[]]},
    ],
)
def test_numbers_that_do_not_come_back_as_they_went(client, body, base):
    """A value that the database spells otherwise would look like one that was changed behind the history's back."""
    (receipt,) = send(client, json.dumps({"ops": [survey_op(body | {"base": base})]})).json()["receipts"]
    assert (receipt["state"], receipt["code"]) == ("refused", "malformed")
    nothing_kept()


@pytest.mark.parametrize(
    "made_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00", "1999-12-31T00:00:00Z"]
)
def test_a_clock_at_the_end_of_time(client, body, made_at):
    """It is not believed, and the record can be asked for again."""
    op = survey_op(body) | {"made_at": made_at}
    for _n in range(2):
        (receipt,) = send(client, json.dumps({"ops": [op]})).json()["receipts"]
        assert receipt["state"] == "applied"
    assert SyncOp.objects.get().made_at is None


@pytest.mark.parametrize(
    "op",
    [
        [], "x", 5, None, {}, {"uid": "x", "kind": "survey.submit", "body": {}}, {"uid": UID, "kind": 5, "body": {}},
        {"uid": UID, "kind": "survey.submit", "body": []}, {"uid": UID, "kind": "survey.submit"},
        {"uid": [1], "kind": "survey.submit", "body": {}}, {"uid": UID, "kind": "survey.submit", "body": {}, "made_at": 5},
        {"uid": UID, "kind": "survey.submit", "body": {}, "made_at": "2026-13-45T99:00"},
        {"uid": UID, "kind": "survey.submit", "body": {}},
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_operation(client, op):
    (receipt,) = send(client, json.dumps({"ops": [op]})).json()["receipts"]
    assert (receipt["state"], receipt["code"]) == ("refused", "malformed")
    nothing_kept()
    on_record("malformed")


@pytest.mark.parametrize("name", ["ops", "draft"])
def test_more_than_a_request_may_weigh(client, body, name):
    body["answers"]["values"]["wish"] = "x" * 600 * 1024
    text = json.dumps({"ops": [survey_op(body)]} if name == "ops" else body)
    address = OPS if name == "ops" else reverse("collect:api_draft", args=[body["uid"]])
    answer = send(client, text, address, "POST" if name == "ops" else "PUT")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    nothing_kept()
    on_record("too_large")


@pytest.mark.parametrize("length", ["many", "-5", "99999999999999999999999"])
def test_a_length_that_is_a_lie(client, body, length):
    answer = client.generic(
        "POST", OPS, json.dumps({"ops": [survey_op(body)]}), content_type="application/json", CONTENT_LENGTH=length
    )
    assert answer.status_code in (400, 413)
    assert answer.json()["say"].endswith("。")
    nothing_kept()


def forged(body, **changes):
    other = json.loads(json.dumps(body))
    other |= changes.pop("top", {})
    member = other["answers"]["members"][0]
    other["answers"]["members"] = [member | changes.pop("member", {}), *changes.pop("more", [])]
    other["answers"]["values"] |= changes.pop("values", {})
    return other


@pytest.fixture
def theirs(land):
    return HouseholdFactory(village=land.near_village, with_householder=True)


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("member of another household", "forged"),
        ("a new member with the uid of another household's", "forged"),
        ("a member's own uid once more as new", "forged"),
        ("a member that is nobody", "forged"),
        ("a field of a member on the household", "forged"),
        ("a field that the form has not", "forged"),
        ("a number where a field's name belongs", "forged"),
        ("another village's household", "not_yours"),
        ("no household", "not_yours"),
        ("above the limit", "invalid"),
        ("above what the column holds", "invalid"),
        ("below zero", "invalid"),
        ("a code of another list", "invalid"),
        ("a list where a text belongs", "invalid"),
        ("a sentence where a number belongs", "invalid"),
        ("digits of another script", "invalid"),
        ("an id number whose check digit is wrong", "invalid"),
        ("a survey of next year", "invalid"),
        ("a second look nobody asked for", "not_assigned"),
        ("an unknown form", "unknown_form"),
    ],
)
def test_forged(client, body, theirs, case, code):
    stranger = theirs.members.get()
    match case:
        case "member of another household":
            body = forged(body, more=[{"uid": str(stranger.uid), "values": {"name": "李", "relation": "02"}}])
        case "a new member with the uid of another household's":
            joined = {"reason": "birth", "on": timezone.localdate().isoformat()}
            body = forged(body, more=[{"uid": str(stranger.uid), "new": True, "joined": joined, "values": {"name": "李", "relation": "03"}}])  # fmt: skip
        case "a member's own uid once more as new":
            body = forged(body, member={"new": True, "joined": {"reason": "birth", "on": "2026-01-01"}})
        case "a member that is nobody":
            body = forged(body, more=[{"uid": str(uuid.uuid4()), "values": {"name": "李", "relation": "02"}}])
        case "a field of a member on the household":
            body = forged(body, values={"education": "03"})
        case "a field that the form has not":
            body = forged(body, values={"status": "registered"})
        case "a number where a field's name belongs":
            body = forged(body, values={NUMBER: "1"})
        case "another village's household":
            body = forged(body, top={"household": str(theirs.uid)})
        case "no household":
            body = forged(body, top={"household": str(uuid.uuid4())})
        case "above the limit":
            body = forged(body, values={"dwelling_area": "2000.01"})
        case "above what the column holds":
            body = forged(body, values={"crop": "9" * 15})
        case "below zero":
            body = forged(body, values={"crop": "-1"})
        case "a code of another list":
            body = forged(body, values={"water_source": "03x"})
        case "a list where a text belongs":
            body = forged(body, values={"address": ["x"]})
        case "a sentence where a number belongs":
            body = forged(body, values={"dwelling_area": "1; DROP TABLE"})
        case "digits of another script":
            body = forged(body, values={"dwelling_area": "١٢"})
        case "an id number whose check digit is wrong":
            last = "1" if NUMBER[-1] != "1" else "2"
            body["answers"]["members"][0]["values"]["id_number"] = NUMBER[:-1] + last
        case "a survey of next year":
            body = forged(body, top={"year": body["year"] + 1})
        case "a second look nobody asked for":
            body = forged(body, top={"purpose": "verification"})
        case "an unknown form":
            body = forged(body, top={"form": "small@999"})
    op = survey_op(body)
    answers = [send(client, json.dumps({"ops": [op]})).json()["receipts"] for _n in range(2)]
    assert answers[0] == answers[1]
    (receipt,) = answers[0]
    assert (receipt["state"], receipt["code"]) == ("refused", code), receipt
    assert receipt["say"].endswith("。")
    assert NUMBER[:-1] not in receipt["say"] or case == "a number where a field's name belongs"
    nothing_kept()
    on_record(code)


def test_a_replay_with_another_body_and_somebody_elses_number(client, client_as, resident, body):
    op = survey_op(body)
    first = send(client, json.dumps({"ops": [op]})).json()
    other = op | {"body": forged(body, values={"wish": "别的话"})}
    for who, one in ((client, other), (client_as(resident), op), (client_as(resident), other)):
        (receipt,) = send(who, json.dumps({"ops": [one]})).json()["receipts"]
        assert (receipt["state"], receipt["code"]) == ("refused", "other_body")
        on_record("other_body")
    assert send(client, json.dumps({"ops": [op]})).json() == first
    assert Survey.objects.get().answers["values"]["wish"] == "想学电焊"
    (receipt,) = send(client, json.dumps({"ops": [survey_op(other["body"])]})).json()[
        "receipts"
    ]  # a fresh number, the same survey
    assert (receipt["state"], receipt["code"]) == ("refused", "already")
    assert Survey.objects.get().revision == 1


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture
def whole(household):
    ensure_standard_forms()
    from surveys import published

    form = published.current(household.village)
    return survey_body(household, form), [field.id for field in published.definition_of(form).fields], household


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_the_fields_of_the_standard_form(client, whole, data):
    """Taken or refused, never failed; and a draft of it is kept or refused."""
    body, fields, household = whole
    values = data.draw(st.dictionaries(st.sampled_from(fields), anything, max_size=6))
    own = data.draw(st.dictionaries(st.sampled_from(fields), anything, max_size=3))
    member = {"uid": str(household.members.get().uid), "values": own}
    for key in ("new", "joined", "left"):
        if data.draw(st.booleans()):
            member[key] = data.draw(anything)
    sent = body | {"uid": str(uuid.uuid4()), "answers": {"values": values, "members": [member]}}
    for part in ("base", "same", "kept", "effort", "photos", "at", "began_at", "surveyed_on", "revision"):
        if data.draw(st.booleans()):
            sent[part] = data.draw(anything)
    with transaction.atomic():
        (receipt,) = send(client, json.dumps({"ops": [survey_op(sent)]})).json()["receipts"]
        assert receipt["state"] in ("applied", "refused"), receipt
        draft = send(client, json.dumps(sent), reverse("collect:api_draft", args=[sent["uid"]]), "PUT")
        assert draft.status_code in (200, 400, 422), draft.content
        transaction.set_rollback(True)


# -- the log ------------------------------------------------------------------------------------------------------------------------


def test_the_log_quotes_no_row(household):
    """PostgreSQL says which row it refused, all of it."""
    record = logging.LogRecord("x", logging.ERROR, "", 1, "operation %s of %s failed", ("1", NUMBER), None)
    sql = "UPDATE households_household SET householder_name = '王秘密', number = NULL WHERE id = %s"
    with pytest.raises(IntegrityError, match="王秘密") as told, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [household.pk])
    record.exc_info = (told.type, told.value, told.tb)
    line = Line("{levelname} {message}", style="{").format(record)
    assert "IntegrityError" in line
    assert "operation 1 of" in line
    for secret in ("王秘密", NUMBER):
        assert secret not in line


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"号码{NUMBER}。", "号码＊＊＊。"),
        ("19900001111", "＊＊＊"),
        ("第 12345678 号，2026-03-01", "第 12345678 号，2026-03-01"),
    ],
)
def test_long_numbers_are_hidden(text, kept):
    assert pii.without_numbers(text) == kept
