"""An import from the file to the ledger: what goes in, what stays out, and that every row is accounted for."""

from __future__ import annotations

import pytest
from django.db import connection

from common import audit
from exchange.models import ImportBatch
from households.models import AUDITED, Household, Member
from tests.data import national

pytestmark = pytest.mark.django_db


def history_is_whole():
    """Every row is vouched for by the chain; the chain closes at commit, which a test's transaction never reaches by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken
    return True


def test_national_list_goes_in_and_the_receipt_adds_up(bring_in, officer):
    batch = bring_in(national.workbook(40, quirks=True), officer)
    people = sum(len(family.members) for family in national.families_with_everything(40))
    assert batch.state == ImportBatch.State.APPLIED, batch.notes
    assert batch.counts("households") == {
        "read": 40,
        "created": 40,
        "updated": 0,
        "unchanged": 0,
        "held": 0,
        "rejected": 0,
    }
    assert batch.counts("members")["created"] == people == Member.objects.count()
    assert Household.objects.count() == 40
    assert batch.family == "A"
    assert history_is_whole()


def test_same_file_twice_changes_nothing(bring_in, officer):
    data = national.workbook(30, quirks=True)
    bring_in(data, officer)
    events = audit.AuditEvent.objects.count()
    again = bring_in(data, officer)
    assert again.counts("households") == {
        "read": 30,
        "created": 0,
        "updated": 0,
        "unchanged": 30,
        "held": 0,
        "rejected": 0,
    }, list(again.rows.exclude(outcome="unchanged").values_list("detail", flat=True)[:3])
    assert again.members_unchanged == again.members_read
    # uploaded and applied, nothing of any household
    assert audit.AuditEvent.objects.count() == events + 2
