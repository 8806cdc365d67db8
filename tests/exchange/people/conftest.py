"""Bringing in sheets of people without a worker, in the test's own transaction."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from cadres.models import Cadre, ResidentTeam, TeamMember, Unit
from common import audit
from exchange.people import services
from households.models import Pairing
from tests.exchange.conftest import Steps
from tests.factories import HouseholdFactory

ON = dt.date(2024, 3, 1)
TABLES = (Unit, Cadre, ResidentTeam, TeamMember, Pairing)


@pytest.fixture
def bring(official):
    """`bring(data, by=official, write=True)`: upload, preview or apply; the batch."""

    def make(data, by=None, *, write=True, on=ON, filename="名单.xlsx"):
        by = by or official
        batch = services.upload_people(data=data, filename=filename, by=by, on=on)
        return services.run_people(batch, by=by, write=write, run=Steps())

    return make


@pytest.fixture
def home(land):
    """`home(name, hamlet="", village=…)`: a household with its householder in the ledger."""

    def make(name, hamlet="", village=None, **facts):
        return HouseholdFactory(
            village=village or land.village, householder_name=name, hamlet=hamlet, with_householder=True, **facts
        )

    return make


def said(batch):
    """Every sentence about what stayed out."""
    return " ".join(row.detail["problem"] for row in batch.rows.order_by("position") if "problem" in row.detail)


def notes(batch):
    return " ".join(text for row in batch.rows.order_by("position") for text in row.detail.get("notes", []))


def came(batch, prefix):
    """The outcomes that something came to: `{"created": 2, "held": 1}`."""
    return {name: n for name, n in batch.counts(prefix).items() if n and name != "read"}


def everything():
    """All that a sheet of people can touch, as plain values."""
    return [
        list(
            model._base_manager.order_by("pk").values(
                *(f.name for f in model._meta.concrete_fields if f.name not in ("phone", "id_number"))
            )
        )
        for model in TABLES
    ]


def history_is_whole():
    """The chain closes and vouches for every unit, cadre, team, place and pairing; households of factories have no events of their own."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    verdict = audit.verify(TABLES)
    assert verdict.ok, verdict.broken
    return True
