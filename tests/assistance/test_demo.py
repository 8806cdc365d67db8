"""The demonstration has plans, measures, money and requests in every state, and its history is sound."""

import pytest
from django.core.management import call_command
from django.db import connection

from assistance import demo
from assistance.models import Account, Confirmation, Delivery, Measure, ServiceRequest
from common import audit
from common.models import AuditEvent
from households import trail
from plans.models import Plan

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def seeded(settings, tmp_path):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "90", verbosity=0)


def test_everything_that_can_happen_has_happened(seeded):
    states = set(Plan.objects.order_by().values_list("state", flat=True))
    assert states >= {"draft", "submitted", "returned", "approved", "in_progress"}
    assert set(Measure.objects.order_by().values_list("state", flat=True)) >= {
        "proposed",
        "approved",
        "delivered",
        "confirmed",
    }
    assert Delivery.objects.filter(is_reversal=True).exists()
    assert Confirmation.objects.filter(received=False).exists()
    assert set(ServiceRequest.objects.order_by().values_list("state", flat=True)) == {
        "asked",
        "taken",
        "answered",
        "confirmed",
    }
    assert Account.objects.filter(kind="paid", balance__gt=0).exists()
    assert not demo.fill(), "the second start tells nothing"
    with connection.cursor() as cursor:  # the chain is closed as a commit would
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    found = audit.verify(audit.vouched())
    assert found.ok, found.broken


def test_every_history_is_in_words(seeded):
    """No name of an action or a column is left on a page: titles and fields are Chinese words."""
    events = AuditEvent.objects.filter(subject__startswith="household").exclude(action="household.imported")
    changes = trail.read(events)
    assert {change.action for change in changes} >= {
        "plan.drafted",
        "measure.proposed",
        "delivery.recorded",
        "tenancy.offered",
    }
    raw = {change.title for change in changes} | {line.field for change in changes for line in change.lines}
    assert {word for word in raw if word.isascii()} == set()
    assert {change.action for change in changes} <= set(trail.ACTIONS)
