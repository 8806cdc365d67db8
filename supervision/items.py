"""What an appraisal counts: a registry. An item says where its rows are and what of a row was due and done; sums and lists both follow from
that, so that a figure is always the sum over its list. Floors above register theirs with `register`, as the shipped ones do (`supervision.counted`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet, Sum

from common.lookups import among

DUE, DONE = "due", "done"
CENT = Decimal("0.01")

Figures = dict[str, dict[str, int]]  # {item code: {part: number}}, as `Appraisal.items` keeps them


class Period(NamedTuple):
    """From a day to the day before another."""

    starts_on: dt.date
    ends_on: dt.date


class Scope(NamedTuple):
    """For whom and where something is counted. None is everybody; a village counts with its rows."""

    period: Period
    villages: Collection[int]
    cadres: Collection[int] | None = None

    def of(self, column: str) -> Any:
        """Keyword arguments that narrow `column` to the cadres; for the one `filter` call that joins them."""
        return {} if self.cadres is None else {f"{column}__among": list(self.cadres)}


class Told(NamedTuple):
    """A row as a list shows it. `url` leads to it."""

    text: str
    meta: str
    url: str


@dataclass(frozen=True)
class Source:
    """Rows of one table. `rows(scope)` are those of the scope's cadres and period; `cadre` and `village` are columns of them, and `parts`
    what a row adds to each part: an expression. A row belongs to a cadre once."""

    model: Any
    rows: Callable[[Scope], QuerySet[Any]]
    cadre: str
    village: str
    parts: Mapping[str, Any]
    related: tuple[str, ...]
    tell: Callable[[Any], Told]

    def within(self, scope: Scope) -> QuerySet[Any]:
        return self.rows(scope).filter(among(self.village, scope.villages)).order_by()

    def sums(self, scope: Scope) -> QuerySet[Any]:
        """`{cadre, part: sum, …}` of every cadre who has a row."""
        sums = {f"sum_{part}": Sum(expression) for part, expression in self.parts.items()}
        return self.within(scope).values(self.cadre).annotate(**sums)

    def listed(self, scope: Scope, part: str) -> QuerySet[Any]:
        """The rows that add to a part, annotated with `adds`. For one cadre."""
        return self.within(scope).annotate(adds=self.parts[part]).filter(adds__gt=0)


@dataclass(frozen=True)
class Item:
    """考评项目. `parts` are words for the figures; "due" and "done" are there, others stand beside them and do not count."""

    code: str
    title: Any
    meaning: Any
    parts: Mapping[str, Any]
    sources: tuple[Source, ...] = field(default=())
    weight: int = 50  # its place on pages, lightest first

    def count(self, scope: Scope) -> dict[int, dict[str, int]]:
        """`{cadre: {part: number}}`, one query a source however many cadres there are; who has no row is left out."""
        found: dict[int, dict[str, int]] = {}
        for source in self.sources:
            for row in source.sums(scope):
                own = found.setdefault(row[source.cadre], dict.fromkeys(self.parts, 0))
                for part in source.parts:
                    own[part] += row[f"sum_{part}"] or 0
        return found


_items: dict[str, Item] = {}


def register(*items: Item) -> None:
    """Add items; called in `AppConfig.ready`. The same code again replaces the earlier one."""
    for item in items:
        if not {DUE, DONE} <= item.parts.keys():
            raise ValueError(f"{item.code}: an item says what is due and what is done")
        _items[item.code] = item


def every() -> list[Item]:
    return sorted(_items.values(), key=lambda item: (item.weight, item.code))


def get(code: str) -> Item | None:
    return _items.get(code)


# -- from figures to a score ----------------------------------------------------------------------------------------------------------


def value_of(figures: Mapping[str, int] | None) -> Decimal | None:
    """What was done of what was due, 0 to 1; None where nothing was due."""
    if not figures or not figures.get(DUE):
        return None
    return min(Decimal(figures[DONE]) / Decimal(figures[DUE]), Decimal(1))


def score_of(figures: Mapping[str, Mapping[str, int]], weights: Mapping[str, int]) -> Decimal | None:
    """0 to 100, to two decimals: the weighted mean of the items that had something due, by the weights of these; None where none had."""
    total, reached = 0, Decimal(0)
    for code, weight in weights.items():
        value = value_of(figures.get(code))
        if value is not None:
            total += weight
            reached += weight * value
    return (100 * reached / total).quantize(CENT, ROUND_HALF_UP) if total else None


def nothing(codes: Iterable[str] | None = None) -> Figures:
    """Figures of somebody for whom nothing was due."""
    return {item.code: dict.fromkeys(item.parts, 0) for item in every() if codes is None or item.code in codes}
