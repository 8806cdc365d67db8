"""组织生活: what each branch was asked to hold in a year, period by period, and what of it was held."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, ExtractMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.lookups import among
from party.models import Activity, Branch, Kind
from party.periods import Span
from party.rules import Rules
from party.scope import only_below
from regions.models import Region

# What an item can be asked for: {code: label}. "due" is every item whose period is over.
STATES = {"missing": _("没有开"), "met": _("已开"), "due": _("应开"), "now": _("本期还没开")}
# Meetings of what not every branch has: {kind: column of the branch}.
NEEDS = {Kind.COMMITTEE: "has_committee", Kind.GROUP: "has_groups"}
FIRST_YEAR = 2015  # nobody has recorded what branches held before
TONES = {"missing": "red", "met": "green", "now": "amber", "ahead": "grey"}


@dataclass(slots=True)
class Item:
    """A branch, a kind, a period: how often it was asked for and how often it was held.

    `state`: met, missing (not met and the period is over), now (not met and it runs), ahead.
    """

    branch: Branch
    kind: str
    span: Span
    least: int
    held: int
    is_over: bool
    state: str

    @property
    def label(self) -> Any:
        return Kind(self.kind).label

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists of `STATES` it stands in; "due" and "met" are of periods that are over."""
        if self.is_over:
            return ("due", self.state)
        return ("now",) if self.state == "now" else ()


def year_of(asked: str) -> int:
    """The year asked for, this year where it is none that can be chosen."""
    this = timezone.localdate().year
    return int(asked) if asked.isascii() and asked.isdecimal() and FIRST_YEAR <= int(asked[:5]) <= this else this


def look(villages: Iterable[Region], rules: Rules, year: int, today: dt.date | None = None) -> list[Item]:
    """Every item of the year, by village, branch, kind and period; two queries."""
    today = today or timezone.localdate()
    by_key = {village.pk: village for village in villages}
    rows = Branch._base_manager.filter(among("village_id", by_key)).order_by("village__code", "name", "pk")
    branches = list(rows)
    held = _held([branch.pk for branch in branches], year)
    found: list[Item] = []
    for branch in branches:
        branch.village = by_key[branch.village_id]
        for kind in kinds_of(branch):
            found += _items(branch, kind, rules.spans(branch.village.path, kind, year), held, today)
    return found


def unmet_now(branches: Any, rules: Rules, today: dt.date | None = None) -> list[Any]:
    """The same, of the month, quarter or year that runs, without reading a branch: querysets that together have as many rows as `look` has
    items of state now."""
    today = today or timezone.localdate()
    found = []
    for kind in Kind:
        able = Q(**{NEEDS[kind]: True}) if kind in NEEDS else Q()
        for path, nearer in rules.areas(kind):
            for span, least in rules.spans(path, kind, today.year):
                if least and today in span:
                    found.append(
                        _fewer(branches.filter(able, only_below(path, nearer, "village__path")), kind, span, least)
                    )
    return found


def _fewer(branches: Any, kind: str, span: Span, least: int) -> Any:
    """Those that were there in the whole period and held less in it."""
    held = Activity._base_manager.filter(
        branch=OuterRef("pk"), kind=kind, removed_at=None, held_on__gte=span.first, held_on__lt=span.end
    ).order_by()
    number = Subquery(held.values("branch").annotate(n=Count("pk")).values("n"))
    return (
        branches.filter(Q(established_on=None) | Q(established_on__lte=span.first))
        .filter(Q(closed_on=None) | Q(closed_on__gte=span.end))
        .annotate(held=Coalesce(number, 0))
        .filter(held__lt=least)
    )


def kinds_of(branch: Branch) -> list[str]:
    """A branch without a committee, or without groups, holds no meetings of them."""
    return [kind for kind in Kind if kind not in NEEDS or getattr(branch, NEEDS[kind])]


def _items(
    branch: Branch, kind: str, spans: list[tuple[Span, int]], held: Counter[tuple[int, str, int]], today: dt.date
) -> Iterator[Item]:
    """Of whole periods in which the branch was there."""
    for span, least in spans:
        began = branch.established_on is None or branch.established_on <= span.first
        ended = branch.closed_on is not None and branch.closed_on < span.end
        if least and began and not ended:
            number = sum(held[branch.pk, kind, month] for month in span.months)
            over = span.end <= today
            state = "met" if number >= least else "missing" if over else "now" if span.first <= today else "ahead"
            yield Item(branch, kind, span, least, number, over, state)


def _held(branches: list[int], year: int) -> Counter[tuple[int, str, int]]:
    """{(branch, kind, month): how often}"""
    rows = Activity._base_manager.filter(
        among("branch_id", branches),
        removed_at=None,
        held_on__gte=dt.date(year, 1, 1),
        held_on__lt=dt.date(year + 1, 1, 1),
    ).order_by()
    counted = (
        rows.annotate(month=ExtractMonth("held_on")).values_list("branch_id", "kind", "month").annotate(Count("pk"))
    )
    return Counter({(branch, kind, month): number for branch, kind, month, number in counted})


def counts(items: Iterable[Item]) -> Counter[str]:
    """{state of `STATES`: items}"""
    return Counter(state for item in items for state in item.lists)
