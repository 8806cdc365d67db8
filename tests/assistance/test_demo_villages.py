"""The demonstration has projects in every stage, shortfalls and idle houses in every state, and its history is sound."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from accounts.models import User
from assistance import demo_villages
from assistance.models import IdleHouse, Shortfall, Tenancy, VillageProject
from common import audit

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def seeded(settings, tmp_path):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "90", verbosity=0)


def test_everything_of_a_village_has_happened(seeded, client_as):
    stages = set(VillageProject.objects.order_by().values_list("stage", flat=True))
    assert stages == set(VillageProject.Stage.values)
    assert Shortfall.objects.filter(resolved_on=None).exists()
    assert Shortfall.objects.exclude(resolved_on=None).exists()
    assert set(IdleHouse.objects.order_by().values_list("state", flat=True)) >= {"free", "repair", "let"}
    assert set(Tenancy.objects.order_by().values_list("state", flat=True)) == {"accepted", "moved_in", "refused"}
    assert not demo_villages.fill(), "the second start tells nothing"
    with connection.cursor() as cursor:  # the chain is closed as a commit would
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    found = audit.verify(audit.vouched())
    assert found.ok, found.broken
    for username in ("clerk", "township", "county", "auditor"):
        client = client_as(User.objects.get(username=username))
        for name in ("village_list", "project_list", "shortfall_list", "house_list"):
            assert client.get(reverse(f"assistance:{name}"), follow=True).status_code == 200, (username, name)
    assert client_as(User.objects.get(username="helper")).get(reverse("assistance:village_list")).status_code == 200


def test_without_a_demonstration_nothing_is_built(household):
    assert demo_villages.fill() is False
    assert not VillageProject.objects.exists()
