"""What goes in by COPY comes out as it was."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.copying import copy_values

pytestmark = pytest.mark.django_db

ODD = "\\\t\n\r\"{},'"
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)) | st.sampled_from(ODD), max_size=12)
COLUMNS = {
    "word": TEXT,
    "maybe": st.none() | TEXT,
    "number": st.none() | st.integers(-(2**31), 2**31 - 1),
    "money": st.none() | st.decimals(-1000, 1000, places=2),
    "answer": st.none() | st.booleans(),
    "day": st.none() | st.dates(dt.date(1850, 1, 1), dt.date(2100, 1, 1)),
    "at": st.datetimes(dt.datetime(1850, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)),
    "words": st.lists(TEXT, max_size=3),
    "facts": st.dictionaries(TEXT, TEXT | st.none() | st.integers(0, 9), max_size=2),
}
TYPES = ("text", "text", "int", "numeric(12,2)", "boolean", "date", "timestamptz", "text[]", "jsonb")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*COLUMNS.values()), min_size=1, max_size=6))
def test_every_value_survives(rows):
    with connection.cursor() as cursor:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(COLUMNS, TYPES, strict=True))
        cursor.execute(f"DROP TABLE IF EXISTS copied; CREATE TEMPORARY TABLE copied (place serial, {columns})")
        copy_values("copied", list(COLUMNS), list(zip(*rows, strict=True)))
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM copied ORDER BY place")
        found = cursor.fetchall()
    for row, back in zip(rows, found, strict=True):
        facts = json.loads(back[-1]) if isinstance(back[-1], str) else back[-1]
        assert (*back[:-1], facts) == row


def test_a_column_of_one_value_and_one_of_mixed_classes():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE copied (same text, mixed text)")
        copy_values("copied", ["same", "mixed"], [[None] * 3, ["a\tb", 7, Decimal("1.50")]])
        cursor.execute("SELECT * FROM copied")
        assert cursor.fetchall() == [(None, "a\tb"), (None, "7"), (None, "1.50")]


def test_what_the_database_refuses_is_an_error_of_django():
    """Verbs turn it into a sentence, as after any other statement; the driver's own would be a fault of the server."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE copied (whole int UNIQUE)")
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_values("copied", ["whole"], [[1, 1]])
