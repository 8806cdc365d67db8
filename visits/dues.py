"""What rules ask of households in the periods that run on a day, and what of it was done: pure, from rules, pairings, visits and households.

A period is a calendar month, quarter, half year or year. Of the rules of one capacity and manner that mean a household, the one of the
nearest region holds; of several there, the one with the narrowest audience. A rule that holds for a part of a period asks for as many
visits as that part is of the period, rounded down, so that nobody owes what could not be done.

A helper's rule asks the lead helper, who answers for the household; other helpers come for one matter each. Where the lead changes within a
period, each owes the share of their days, rounded down, and the last one what the others have not made: no household is forgotten between
two helpers, and nobody makes a visit twice. All other rules ask for one person of the capacity, whoever that is.

A visit counts once a day, in the manner it was made, if somebody was met and it was not made void. The k-th of n visits is to be made by the
end of the k-th n-th of the part: `next_due_on` is the last day for the next one that is missing.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from households.models import Status
from households.models.status import MONITORED
from visits.models import Capacity, VisitRule

DAY = dt.timedelta(days=1)
END = dt.date.max
MONTHS = {
    VisitRule.Period.MONTH: 1,
    VisitRule.Period.QUARTER: 3,
    VisitRule.Period.HALF_YEAR: 6,
    VisitRule.Period.YEAR: 12,
}
NARROWNESS = {VisitRule.Audience.MONITORED: 2, VisitRule.Audience.REGISTERED: 1, VisitRule.Audience.ALL: 0}
OUTSIDE = (Status.ORDINARY, Status.STRUCK_OFF)  # of 建档立卡和监测户

Span = tuple[dt.date, dt.date]  # the first day, and the first day after


class Rule(NamedTuple):
    """A row of `VisitRule`; `path` is that of its region, `ends_on` the first day without it."""

    pk: int
    path: str
    capacity: str
    manner: str
    audience: str
    period: str
    least: int
    starts_on: dt.date
    ends_on: dt.date | None


class Lead(NamedTuple):
    """A cadre leads the help for a household."""

    household: int
    cadre: int
    starts_on: dt.date
    ends_on: dt.date | None


class Made(NamedTuple):
    """A visit that counts."""

    household: int
    cadre: int | None
    capacities: Sequence[str]
    manner: str
    on: dt.date


class House(NamedTuple):
    """A household that exists; `path` is that of its village."""

    pk: int
    village: int
    path: str
    status: str


class Duty(NamedTuple):
    """A row of `VisitDuty`."""

    rule: int
    household: int
    village: int
    cadre: int | None
    starts_on: dt.date
    ends_on: dt.date
    needed: int
    made: int
    next_due_on: dt.date | None


class Part(NamedTuple):
    """A rule as it holds for some households in a period: from `starts_on` to the day before `ends_on`, `needed` visits."""

    rule: Rule
    starts_on: dt.date
    ends_on: dt.date
    needed: int


def period_of(kind: str, day: dt.date) -> Span:
    """The calendar period of a kind in which a day lies."""
    months = MONTHS[VisitRule.Period(kind)]
    first = (day.month - 1) // months * months + 1
    start = dt.date(day.year, first, 1)
    year, month = (day.year + 1, 1) if first + months > 12 else (day.year, first + months)
    return start, dt.date(year, month, 1)


def means(audience: str, status: str) -> bool:
    """Whether a rule for an audience means a household of a status."""
    if audience == VisitRule.Audience.MONITORED:
        return status in MONITORED
    return audience == VisitRule.Audience.ALL or status not in OUTSIDE


def share(least: int, part: Span, whole: Span) -> int:
    """How many of `least` visits in a whole period are asked for in a part of it."""
    return least * (part[1] - part[0]).days // (whole[1] - whole[0]).days


def due_on(start: dt.date, end: dt.date, needed: int, made: int) -> dt.date | None:
    """The last day for the next missing visit."""
    if made >= needed:
        return None
    return start + (made + 1) * (end - start) // needed - DAY


def parts_of(rules: Iterable[Rule], path: str, status: str, day: dt.date) -> list[Part]:
    """What the rules ask of a household of a status in a village in the periods that run on a day."""
    fitting = [rule for rule in rules if path.startswith(rule.path) and means(rule.audience, status)]
    found = []
    for rule in fitting:
        whole = period_of(rule.period, day)
        rank = (len(rule.path), NARROWNESS[VisitRule.Audience(rule.audience)])
        before = [
            (other.starts_on, other.ends_on or END)
            for other in fitting
            if (other.capacity, other.manner) == (rule.capacity, rule.manner)
            and (len(other.path), NARROWNESS[VisitRule.Audience(other.audience)]) > rank
        ]
        own = (max(rule.starts_on, whole[0]), min(rule.ends_on or END, whole[1]))
        for part in _without(own, before):
            needed = share(rule.least, part, whole)
            if needed:
                found.append(Part(rule, *part, needed))
    return found


def _without(own: Span, others: Iterable[Span]) -> list[Span]:
    """What is left of a span where others take its place."""
    left = [own]
    for start, end in others:
        left = [piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return [piece for piece in left if piece[0] < piece[1]]


Dates = Mapping[int, set[dt.date]]  # by household


class Count:
    """Days on which households were visited, by who came and how."""

    def __init__(self, visits: Iterable[Made]) -> None:
        self._by_capacity: dict[tuple[str, str, int], set[dt.date]] = defaultdict(set)
        self._by_cadre: dict[tuple[str, int, int], set[dt.date]] = defaultdict(set)
        for household, cadre, capacities, manner, on in visits:
            for capacity in capacities:
                if capacity != Capacity.HELPER:
                    self._by_capacity[capacity, manner, household].add(on)
                elif cadre is not None:
                    self._by_cadre[manner, household, cadre].add(on)

    def made(self, capacity: str, manner: str, household: int, cadre: int | None, start: dt.date, end: dt.date) -> int:
        """Days within a span; a helper's visits are their own, those of other capacities anybody's."""
        if capacity == Capacity.HELPER:
            days = self._by_cadre.get((manner, household, cadre or 0), ())
        else:
            days = self._by_capacity.get((capacity, manner, household), ())
        return sum(start <= day < end for day in days)


def due(rules: Sequence[Rule], leads: Iterable[Lead], visits: Iterable[Made], households: Iterable[House], day: dt.date) -> Iterator[Duty]:  # fmt: skip
    """Every duty of the periods that run on a day."""
    led: dict[int, list[Lead]] = defaultdict(list)
    for lead in leads:
        led[lead.household].append(lead)
    count = Count(visits)
    known: dict[tuple[str, str], list[Part]] = {}
    for house in households:
        key = (house.path, house.status)
        if key not in known:
            known[key] = parts_of(rules, house.path, house.status, day)
        for part in known[key]:
            if part.rule.capacity == Capacity.HELPER:
                yield from _of_helpers(part, house, led.get(house.pk, ()), count)
            else:
                yield _duty(part, house, None, (part.starts_on, part.ends_on), part.needed, count)


def _of_helpers(part: Part, house: House, leads: Sequence[Lead], count: Count) -> Iterator[Duty]:
    spans = _spans(part, leads)
    if not spans:
        return
    rule, whole = part.rule, (part.starts_on, part.ends_on)
    covered = sum((end - start).days for start, end, _cadre in spans)
    left = part.needed * covered // (whole[1] - whole[0]).days
    for start, end, cadre in spans[:-1]:
        duty = _duty(part, house, cadre, (start, end), share(part.needed, (start, end), whole), count)
        left -= count.made(rule.capacity, rule.manner, house.pk, cadre, start, end)
        if duty.needed:
            yield duty
    if left > 0:
        start, end, cadre = spans[-1]
        yield _duty(part, house, cadre, (start, end), left, count)


def _spans(part: Part, leads: Sequence[Lead]) -> list[tuple[dt.date, dt.date, int]]:
    """Who leads within a part, one after the other; who goes on under a new pairing goes on."""
    found: list[tuple[dt.date, dt.date, int]] = []
    for lead in sorted(leads, key=lambda lead: lead.starts_on):
        start, end = max(lead.starts_on, part.starts_on), min(lead.ends_on or END, part.ends_on)
        if start >= end:
            continue
        if found and found[-1][1:] == (start, lead.cadre):
            start = found.pop()[0]
        found.append((start, end, lead.cadre))
    return found


def _duty(part: Part, house: House, cadre: int | None, span: Span, needed: int, count: Count) -> Duty:
    start, end = span
    made = count.made(part.rule.capacity, part.rule.manner, house.pk, cadre, start, end)
    return Duty(
        part.rule.pk, house.pk, house.village, cadre, start, end, needed, made, due_on(start, end, needed, made)
    )
