"""The demonstration has branches in nearly every village, every stage, sessions and activities; its history is sound, its pages open."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from accounts.models import User
from common import audit
from party import demo
from party.models import Branch, Classroom, Facility, PartyPerson, Session, Stage, StageProposal

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def seeded(settings, tmp_path):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "90", verbosity=0)


def test_the_county_has_party_building(seeded, client_as):
    assert Branch.objects.count() > 200
    assert set(PartyPerson.objects.order_by().values_list("stage", flat=True)) >= {*Stage.values, ""} - {Stage.TARGET}
    assert StageProposal.objects.filter(state="open").count() == 2
    assert PartyPerson.objects.filter(is_able=True, cadre__cannot_help=False).count() == 2
    assert set(Session.objects.order_by().values_list("course__classroom", flat=True)) == set(Classroom.values)
    assert set(Facility.objects.order_by().values_list("state", flat=True)) == set(Facility.State.values)
    assert not demo.fill(), "the second start tells nothing"
    with connection.cursor() as cursor:  # the chain is closed as a commit would
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    found = audit.verify(audit.vouched())
    assert found.ok, found.broken
    assert [said for check in audit.CHECKS for said in check()] == []
    for username in ("clerk", "team", "township", "county", "auditor"):
        client = client_as(User.objects.get(username=username))
        for name in ("village_list", "overview", "development_list", "due_list", "facility_list", "session_list"):
            assert client.get(reverse(f"party:{name}"), follow=True).status_code == 200, (username, name)
    assert client_as(User.objects.get(username="helper")).get(reverse("party:village_list")).status_code == 403


def test_without_a_demonstration_nothing_is_told(land):
    assert demo.fill() is False
    assert not Branch.objects.exists()
