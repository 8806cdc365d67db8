"""The demonstration has an order that goes cold, one that is late, a round that is over with a comment in it, one that waits; its history is sound."""

import pytest
from django.core.management import call_command
from django.db import connection

from common import audit
from supervision import computing, demo
from supervision.models import Appraisal, AppraisalRound, AppraisalWord, Order, OrderVillage

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def seeded(settings, tmp_path):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "90", verbosity=0)


def test_the_story_is_told_once_and_vouched_for(seeded):
    assert Order.objects.count() == 3
    cold = Order.objects.get(title__startswith="雨季")
    assert 0 < cold.receipts.count() < cold.villages.count()
    assert OrderVillage.objects.filter(order=cold, acted__gt=0).exists()
    assert Order.objects.filter(due_on__lt=cold.due_on).exclude(pk=cold.pk).get().is_late
    over, now = AppraisalRound.objects.order_by("starts_on")
    assert (over.state, now.state) == ("closed", "open")
    assert set(over.appraisals.values_list("state", flat=True)) == {"final"}
    assert set(now.appraisals.values_list("state", flat=True)) == {"shown"}
    assert set(AppraisalWord.objects.values_list("kind", flat=True)) == {"comment", "answer"}
    assert computing.drift_of(now) == []
    assert Appraisal.objects.filter(round=over, score__isnull=False).exists()
    assert not demo.fill(), "the second start tells nothing"
    with connection.cursor() as cursor:  # the chain is closed as a commit would
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    found = audit.verify(audit.vouched())
    assert found.ok, found.broken
