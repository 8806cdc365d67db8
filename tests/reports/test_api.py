"""The print centre for programs: asked for, made by a worker, fetched."""

import json

import pytest
from django.urls import reverse

from common import jobs
from reports.models import PrintRun
from tests.factories import HouseholdFactory

pytestmark = pytest.mark.django_db
LIST = reverse("api:print-list")


def ask(client, **facts):
    return client.post(LIST, json.dumps({"kind": "clear_card", "sheet": "A5"} | facts), content_type="application/json")


@pytest.mark.slow
def test_asked_for_made_and_fetched(land, client_as, officer):
    HouseholdFactory(village=land.village, with_householder=True, with_year=True)
    client = client_as(officer)
    asked = ask(client, region=land.village.pk)
    assert asked.status_code == 201
    detail = f"{LIST}{asked.json()['id']}/"
    assert client.post(f"{detail}file/").status_code == 409
    jobs.run(PrintRun.objects.get().job_id)
    told = client.get(detail).json()
    assert (told["standing"], told["done"], told["total"]) == ("done", 1, 1)
    assert b"".join(client.post(f"{detail}file/")).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("facts", "status", "field"),
    [
        ({"kind": "nonsense"}, 400, "kind"),
        ({"region": 0}, 400, "region"),
        ({"region": "far"}, 400, "region"),
        ({"output": "paper"}, 400, "output"),
        ({"sheet": "A9"}, 400, "sheet"),
        ({}, 409, ""),  # nobody there to print for
    ],
)
def test_bad_input_gets_a_sentence_and_nothing_is_queued(client_as, officer, land, facts, status, field):
    places = {"far": land.far_village.pk}
    facts = {"region": land.village.pk} | {key: places.get(value, value) for key, value in facts.items()}
    answer = ask(client_as(officer), **facts)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert list(answer.json()["fields"]) == ([field] if field else [])
    assert not PrintRun.objects.exists()


def test_only_ones_own(land, client_as, officer, official, admin):
    HouseholdFactory(village=land.village, with_householder=True, with_year=True)
    made = ask(client_as(officer), region=land.village.pk).json()["id"]
    assert client_as(official).get(f"{LIST}{made}/").status_code == 404
    assert client_as(admin).get(LIST).status_code == 403
