"""Operations over HTTP: what comes in well and what does not, side by side; every refusal has a code, a sentence and a record."""

from __future__ import annotations

import json
import uuid

import pytest
from django.urls import reverse

from common import audit, sync
from common.models import AuditEvent, SyncOp
from surveys.models import Survey
from tests.factories import HouseholdFactory, SurveyFormFactory, survey_body, survey_op

pytestmark = pytest.mark.django_db
OPS = "/collect/api/ops/"


@pytest.fixture
def client(client_as, clerk):
    return client_as(clerk)


@pytest.fixture
def op(household):
    """`op(**changes of the body)`: an operation of a sound survey."""
    form, head = SurveyFormFactory(), household.members.get()

    def make(**other):
        other = {"members": {head.uid: {"name": "王", "relation": "01"}}} | other
        return survey_op(survey_body(other.pop("household", household), form, **other))

    return make


def post(client, ops, **more):
    return client.post(OPS, {"ops": ops, **more}, content_type="application/json")


def refusals():
    return [
        audit.content_of(event)["note"].split(":")[0]
        for event in AuditEvent.objects.filter(action="sync.refused").order_by("pk")
    ]


def test_each_operation_has_its_own_fate(client, op, land):
    """The good ones are taken although others beside them are not."""
    foreign = HouseholdFactory(village=land.near_village, with_householder=True)
    ops = [
        op(),
        op(values={"dwelling_area": "9999"}),
        op(household=foreign, members={foreign.members.get().uid: {"name": "王", "relation": "01"}}),
        {"uid": str(uuid.uuid4()), "kind": "nothing.known", "body": {}},
        {"kind": "survey.submit"},
        op(),
    ]
    receipts = post(client, ops).json()["receipts"]
    assert [(r["state"], r["code"]) for r in receipts] == [
        ("applied", ""), ("refused", "invalid"), ("refused", "not_yours"), ("refused", "unknown_kind"), ("refused", "malformed"), ("applied", ""),
    ]  # fmt: skip
    assert [r["uid"] for r in receipts] == [o.get("uid", "None") for o in ops]
    assert all(r["say"].endswith("。") for r in receipts if r["state"] == "refused")
    assert refusals() == ["invalid", "not_yours", "unknown_kind", "malformed"]
    assert Survey.objects.count() == 2


def test_the_same_number_with_another_body(client, op):
    one = op()
    first = post(client, [one]).json()
    other = one | {"body": one["body"] | {"year": one["body"]["year"] - 1}}
    (receipt,) = post(client, [other]).json()["receipts"]
    assert (receipt["state"], receipt["code"]) == ("refused", "other_body")
    assert refusals() == ["other_body"]
    assert post(client, [one]).json() == first
    assert Survey.objects.get().year == one["body"]["year"]


def test_more_than_a_request_carries(client, op):
    response = post(client, [op() for _n in range(sync.MOST_OPS + 1)])
    assert (response.status_code, response.json()["code"]) == (413, "too_many")
    response = post(client, [op(values={"wish": "学" * 200_000})])
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert refusals() == ["too_many", "too_large"]
    assert not SyncOp.objects.exists()


@pytest.mark.parametrize(
    "body", ['{"ops": {}}', '{"ops": null}', "{}", "[]", '{"ops": [', '{"ops": []', '{"ops": [NaN]}']
)
def test_what_is_no_list_of_operations(client, body):
    response = client.post(OPS, body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "malformed")
    assert response.json()["say"].endswith("。")
    assert refusals() == ["malformed"]


def test_deep_nesting(client, op):
    one = op()
    text = json.dumps({"ops": [one]}).replace('"base": {}', '"base": ' + '{"a":' * 5000 + "1" + "}" * 5000)
    response = client.post(OPS, text, content_type="application/json")
    codes = {response.json().get("code")} | {r["code"] for r in response.json().get("receipts", [])}
    assert "malformed" in codes
    assert not Survey.objects.exists()


def test_the_session_ends_in_mid_form(client, op):
    client.logout()
    response = post(client, [op()])
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")
    assert not SyncOp.objects.exists()


def test_a_stale_token(client_as, clerk, op):
    response = post(client_as(clerk, enforce_csrf_checks=True), [op()])
    assert (response.status_code, response.json()["code"]) == (403, "csrf")
    assert not SyncOp.objects.exists()


def test_who_fills_no_surveys_any_more_may_still_send(client_as, op, clerk):
    """A posting that ended while the phone was offline: the work waits in quarantine instead of being turned away at the door."""
    clerk.postings.update(ends_on="2021-01-01")
    (receipt,) = post(client_as(clerk), [op()]).json()["receipts"]
    assert receipt["state"] == "quarantined"
    assert client_as(clerk).post(reverse("collect:api_pack"), {}, content_type="application/json").status_code == 403


def test_statements_of_a_request_do_not_grow_faster_than_its_operations(client, op, count_queries):
    post(client, [op()])
    few, many = [op()], [op() for _n in range(5)]
    one = count_queries(lambda: post(client, few))
    five = count_queries(lambda: post(client, many))
    assert one <= 28
    assert five - one <= 4 * 20
