"""A month of visits: what was made, what was arranged for a day, what has to be made by a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from visits.coverage import month_of

WEEK = 7


@dataclass(frozen=True)
class Day:
    """One cell. `inside` says that it is of the month; the numbers are those of the lists of that day."""

    on: dt.date
    inside: bool
    made: int = 0
    planned: int = 0
    due: int = 0


@dataclass(frozen=True)
class Lists:
    """The rows of the month, through their gates: visits and calls that stand, the same by the day arranged in them, duties that are missing."""

    visits: Any
    duties: Any

    def made(self, first: dt.date, last: dt.date) -> Any:
        return self.visits.filter(on__gte=first, on__lte=last)

    def planned(self, first: dt.date, last: dt.date) -> Any:
        return self.visits.filter(next_on__gte=first, next_on__lte=last)

    def due(self, first: dt.date, last: dt.date) -> Any:
        return self.duties.filter(next_due_on__gte=first, next_due_on__lte=last)


def weeks_of(lists: Lists, day: dt.date) -> Sequence[Sequence[Day]]:
    """The weeks of a day's month, Monday first. Three queries."""
    first, last = month_of(day)
    numbers = [
        dict(rows.order_by().values_list(column).annotate(n=Count("pk")))
        for rows, column in ((lists.made(first, last), "on"), (lists.planned(first, last), "next_on"), (lists.due(first, last), "next_due_on"))
    ]  # fmt: skip
    start = first - dt.timedelta(days=first.weekday())
    weeks = -(-((last - start).days + 1) // WEEK)
    every = [start + dt.timedelta(days=n) for n in range(weeks * WEEK)]
    days = [Day(on, first <= on <= last, *(found.get(on, 0) for found in numbers)) for on in every]
    return [days[n : n + WEEK] for n in range(0, len(days), WEEK)]
