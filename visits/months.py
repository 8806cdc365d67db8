"""A month of visits: what was made, what was arranged for a day, what has to be made by a day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum

from common.lookups import among
from visits.coverage import Here, month_of
from visits.models import Tally

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


def weeks_of(lists: Lists, here: Here, day: dt.date, today: dt.date) -> Sequence[Sequence[Day]]:
    """The weeks of a day's month, Monday first: from the counts of the villages where one stands, and one by one what one helps elsewhere."""
    first, last = month_of(day)
    area = Tally.objects.filter(among("village_id", here.villages), day__gte=first, day__lte=last).order_by()
    visits = area.filter(kind__in=[Tally.Kind.VISIT, Tally.Kind.CALL])
    duties = area.filter(kind=Tally.Kind.DUTY, ends_on__gt=today)
    made, due = (Counter(dict(rows.values_list("day").annotate(n=Sum("number")))) for rows in (visits, duties))
    if here.beyond:
        own = among("household_id", here.beyond)
        made.update(lists.made(first, last).filter(own).values_list("on", flat=True))
        due.update(lists.due(first, last).filter(own).values_list("next_due_on", flat=True))
    planned = Counter(dict(lists.planned(first, last).order_by().values_list("next_on").annotate(n=Count("pk"))))
    start = first - dt.timedelta(days=first.weekday())
    weeks = -(-((last - start).days + 1) // WEEK)
    every = [start + dt.timedelta(days=n) for n in range(weeks * WEEK)]
    days = [Day(on, first <= on <= last, made[on], planned[on], due[on]) for on in every]
    return [days[n : n + WEEK] for n in range(0, len(days), WEEK)]
