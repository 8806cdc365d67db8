"""The demonstration has visits, calls, void ones and some that are late, and its history is sound."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from common import audit
from visits import demo
from visits.models import LastVisit, Visit, VisitDuty, VisitRule
from visits.services import duties

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def seeded(settings, tmp_path):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "90", verbosity=0)


def test_everything_that_can_happen_has_happened(seeded):
    standing = Visit.objects.standing()
    assert set(standing.values_list("manner", flat=True).order_by().distinct()) == {"visit", "call"}
    assert Visit.objects.exclude(voided_at=None).exists()
    assert Visit.objects.exclude(request=None).exists()
    assert standing.filter(next_on__gt=timezone.localdate()).exists()
    assert VisitRule.objects.count() == 3
    for state in ("due", "overdue", "done", "missed"):
        assert getattr(VisitDuty.objects.all(), state)().exists() or state == "overdue", state
    last = dict(LastVisit.objects.values_list("household", "visited_on"))
    for visit in Visit.objects.counted().filter(manner="visit"):
        assert last[visit.household_id] >= visit.on
    before = set(VisitDuty.objects.values_list("pk", "needed", "made", "next_due_on"))
    duties.nightly()
    assert set(VisitDuty.objects.values_list("pk", "needed", "made", "next_due_on")) == before
    assert not demo.fill(), "once"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    verdict = audit.verify(audit.vouched())
    assert verdict.ok, verdict.broken
