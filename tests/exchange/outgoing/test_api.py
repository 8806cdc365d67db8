"""Exports for programs: asked for, made by a worker, fetched, on record; never a whole number."""

import json

import pytest
from django.urls import reverse

from common import jobs
from common.models import AuditEvent
from common.spreadsheets import open_workbook
from exchange.outgoing.models import ExportRun

pytestmark = pytest.mark.django_db
LIST = reverse("api:export-list")
WANTED = {"format": "A", "year": 2026}


def ask(client, **facts):
    return client.post(LIST, json.dumps(WANTED | facts), content_type="application/json")


@pytest.mark.slow
def test_asked_for_made_and_fetched(ledger, client_as, official):
    client = client_as(official)
    asked = ask(client, filters={"category": ""})
    assert asked.status_code == 201
    detail = f"{LIST}{asked.json()['id']}/"
    assert client.post(f"{detail}file/").status_code == 409  # not yet
    jobs.run(ExportRun.objects.get().job_id)
    told = client.get(detail).json()
    assert (told["state"]["code"], told["households"]) == ("done", 14)
    file = client.post(f"{detail}file/")
    content = b"".join(file)
    assert ".xlsx" in file["Content-Disposition"]
    assert open_workbook(content).sheet_names
    assert AuditEvent.objects.filter(action="households.export_fetched", actor=official.username).count() == 1
    ((heading, *lines), *_sheets) = [
        list(open_workbook(content).rows(name)) for name in open_workbook(content).sheet_names
    ]
    numbers = heading[1].index("证件号码")
    assert all("*" in cells[numbers] for _n, cells in lines if len(cells[numbers]) > 10)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"format": "nonsense"}, "format"),
        ({"format": "9" * 19}, "format"),
        ({"year": "soon"}, "year"),
        ({"output": "pdf"}, "output"),
        ({"filters": {"colour": "red"}}, "filters"),
        ({"filters": {"status": "king"}}, "filters"),
        ({"filters": {"status": "a\x00"}}, "filters"),
        ({"filters": {"status": ["monitored"]}}, "filters"),
        ({"filters": "monitored"}, "filters"),
    ],
)
def test_bad_input_is_said_at_its_field_and_nothing_is_queued(client_as, official, facts, field):
    answer = ask(client_as(official), **facts)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert all(isinstance(sentence, str) and sentence for sentence in answer.json()["fields"][field])
    assert answer.json()["error"] == answer.json()["fields"][field][0]
    assert not ExportRun.objects.exists()


def test_only_ones_own(client_as, official, officer, clerk):
    made = ask(client_as(official)).json()["id"]
    assert client_as(officer).get(f"{LIST}{made}/").status_code == 404
    assert client_as(clerk).get(LIST).status_code == 403
    assert ask(client_as(clerk)).status_code == 403
