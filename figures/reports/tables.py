"""The answer to a question: a table of numbers, counted in one query, each with the list of what it counts.

Rows and columns add up wherever a row of the dataset is in one choice of each axis. Where choices overlap, or rows are in none of them,
there is no total, and the table says so.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import CharField, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from figures.board import Cell, shown
from figures.datasets import UNKNOWN, Dimension, Measure
from figures.reports.asking import Question
from regions.models import Level, Region

FEW = 12  # choices up to which a table shows those without a row, too
Keys = tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A row: what it is of (one text for each axis of rows, with an address for places), and its numbers. `total`: the sum of other lines,
    of those of its first head where `sub`, else of all."""

    heads: tuple[tuple[str, str], ...]
    cells: list[Cell]
    total: bool = False
    sub: bool = False


@dataclass(frozen=True)
class Grid:
    """`heads` name the axes of rows; `columns` are (words, how many measures wide), `measures` the second line of headings or empty."""

    question: Question
    heads: tuple[str, ...]
    columns: list[tuple[str, int]]
    measures: list[str]
    lines: list[Line]
    notes: list[str]
    as_of: dt.datetime

    @property
    def size(self) -> int:
        return sum(len(line.cells) for line in self.lines)

    @property
    def width(self) -> int:
        return sum(wide for _words, wide in self.columns)

    @property
    def is_empty(self) -> bool:
        return not any(cell.number for line in self.lines for cell in line.cells)

    @property
    def unit(self) -> str:
        """Of all numbers, "" where they differ."""
        units = {str(measure.unit) for measure in self.question.measures}
        return units.pop() if len(units) == 1 else ""


def answer(question: Question) -> Grid:
    return _Count(question).grid()


class _Count:
    def __init__(self, question: Question) -> None:
        self.q = question
        self.axes = question.axes
        self.partial: set[int] = set()  # axes on which rows are in no choice
        self.numbers: dict[tuple[Keys, str], int] = {}  # ((a key for each axis), measure)

    # -- places ---------------------------------------------------------------------------------------------------------------------

    @cached_property
    def regions(self) -> list[Region]:
        return list(Region.objects.within(self.q.region).order_by("code", "pk"))

    @cached_property
    def places(self) -> dict[str, Region]:
        """One level down, or the village itself; by primary key as a text."""
        own = self.q.region
        below = (
            [region for region in self.regions if region.parent_id == own.pk] if own.level < Level.VILLAGE else [own]
        )
        return {str(region.pk): region for region in below}

    @cached_property
    def place_of(self) -> dict[int, str]:
        """The place in which a village lies."""
        found = {}
        for region in self.regions:
            if region.level == Level.VILLAGE:
                found[region.pk] = next((str(pk) for pk in reversed(region.ancestor_ids) if str(pk) in self.places), "")
        return found

    # -- counting -------------------------------------------------------------------------------------------------------------------

    def count(self) -> None:
        q, dataset = self.q, self.q.dataset
        rows = dataset.chosen(dataset.every_row(q.today), q.today, villages=list(self.place_of), year=q.year, by=q.by)
        raws = {
            f"axis_{n}": Cast(axis.raw, CharField())
            for n, axis in enumerate(self.axes)
            if axis is not None and not axis.overlaps
        }
        places = ("figure_village",) if None in self.axes else ()
        flagged = [n for n, axis in enumerate(self.axes) if axis is not None and axis.overlaps]
        kinds = list(itertools.product(*(self._flags(n) for n in flagged)))
        sums = {f"sum_{k}_{m.code}": m.sum(_all(conditions)) for k, conditions in enumerate(kinds) for m in q.measures}
        wanted = (*places, *raws)
        groups = (
            rows.annotate(**raws).values(*wanted).annotate(**sums).iterator(chunk_size=5000)
            if wanted
            else [rows.aggregate(**sums)]
        )
        for group in groups:
            keys = [self._key(n, axis, group) for n, axis in enumerate(self.axes)]
            for k, conditions in enumerate(kinds):
                for n, (key, _condition) in zip(flagged, conditions, strict=True):
                    keys[n] = key
                for m in q.measures:
                    self._add(tuple(keys), m, group[f"sum_{k}_{m.code}"])

    def _flags(self, n: int) -> list[tuple[str, Q]]:
        axis = self.axes[n]
        return list((axis.flags or {}).items()) if axis is not None else []

    def _key(self, n: int, axis: Dimension | None, group: dict[str, Any]) -> str:
        if axis is None:
            return self.place_of.get(group["figure_village"], "")
        return "" if axis.overlaps else axis.key(group[f"axis_{n}"] or "", self.q.today)

    def _add(self, keys: Keys, measure: Measure, value: Any) -> None:
        number = measure.whole(value)
        if not number:
            return
        outside = {n for n, key in enumerate(keys) if key not in self._choices[n]}
        self.partial |= outside
        if not outside:
            at = (keys, measure.code)
            self.numbers[at] = self.numbers.get(at, 0) + number

    @cached_property
    def _choices(self) -> list[dict[str, Any]]:
        return [
            {key: region.name for key, region in self.places.items()} if axis is None else dict(axis.choices()) for axis in self.axes
        ]  # fmt: skip

    # -- the table ------------------------------------------------------------------------------------------------------------------

    def grid(self) -> Grid:
        self.count()
        q, rows = self.q, len(self.q.rows)
        used = [{keys[n] for keys, _m in self.numbers} for n in range(len(self.axes))]
        shown_keys = [self._shown(n, used[n]) for n in range(len(self.axes))]
        row_keys: list[Keys] = list(itertools.product(*shown_keys[:rows]))
        if rows > 1:
            found = {keys[:rows] for keys, _m in self.numbers}
            row_keys = [keys for keys in row_keys if keys in found]
        column_keys: list[Keys] = [(key,) for key in shown_keys[rows]] if q.column else [()]
        lines = self._lines(row_keys, column_keys)
        if lines and all(self._adds_up(n) for n in range(rows)):
            blank: Keys = ("",) * rows
            heads = ((_("合计"), ""), *((("", ""),) * (rows - 1)))
            lines.append(Line(heads, self._cells(blank, column_keys), total=True))
        columns = [(str(self._choices[rows][key]), len(q.measures)) for (key,) in column_keys] if q.column else []
        if self._has_row_totals(column_keys):
            columns.append((_("合计"), len(q.measures)))
        labels = [f"{m.label}（{m.unit}）" for m in q.measures]
        if not q.column:
            columns, labels = [(label, 1) for label in labels], []
        second = labels * len(columns) if q.column and len(q.measures) > 1 else []
        return Grid(
            q, tuple(self._label(n) for n in range(rows)), columns, second, lines, self._notes(), timezone.now()
        )

    def _lines(self, row_keys: Sequence[Keys], column_keys: Sequence[Keys]) -> list[Line]:
        """With two axes of rows, the lines of a choice of the first are summed below them, where they add up."""
        summed = len(self.q.rows) > 1 and self._adds_up(1)
        found = []
        for first, group in itertools.groupby(row_keys, key=lambda keys: keys[:1]):
            own = [Line(self._heads(keys), self._cells(keys, column_keys)) for keys in group]
            found += own
            if summed and len(own) > 1:
                heads = (own[0].heads[0], (_("小计"), ""))
                found.append(Line(heads, self._cells((*first, ""), column_keys), total=True, sub=True))
        return found

    def _label(self, n: int) -> str:
        axis = self.axes[n]
        if axis is None:
            level = min(self.q.region.level + 1, int(Level.VILLAGE))
            return str(Level(level).label)
        return str(axis.label)

    def _shown(self, n: int, used: set[str]) -> list[str]:
        """The choices that a table has a line for."""
        axis, choices = self.axes[n], self._choices[n]
        if axis is None:
            return [key for key, region in self.places.items() if key in used or region.is_current]
        few = len(choices) <= FEW
        return [key for key in choices if key in used or (few and key not in (UNKNOWN, "unknown", "negative", "under"))]

    def _heads(self, keys: Keys) -> tuple[tuple[str, str], ...]:
        found = []
        for n, key in enumerate(keys):
            url = ""
            if self.axes[n] is None and self.places[key].level > self.q.region.level:
                url = self.q.url(region=key)
            found.append((str(self._choices[n][key]), url))
        return tuple(found)

    def _adds_up(self, n: int) -> bool:
        axis = self.axes[n]
        return n not in self.partial and (axis is None or not axis.overlaps)

    def _has_row_totals(self, column_keys: Sequence[Keys]) -> bool:
        return bool(self.q.column) and self._adds_up(len(self.q.rows)) and len(column_keys) > 1

    def _cells(self, row: Keys, column_keys: Sequence[Keys]) -> list[Cell]:
        wanted = [*column_keys, *([("",)] if self._has_row_totals(column_keys) else [])]
        return [self._cell((*row, *column), measure) for column in wanted for measure in self.q.measures]

    def _cell(self, keys: Keys, measure: Measure) -> Cell:
        """A number, and its list. An empty key stands for all of them."""
        number = self._sum(keys, measure.code)
        chosen, region = {}, self.q.region
        for n, key in enumerate(keys):
            axis = self.axes[n]
            if key and axis is None:
                region = self.places[key]
            elif key and axis is not None:
                chosen[axis.code] = key
        url = self.q.list_url(region, chosen) if number else ""
        return Cell(measure.code, str(measure.label), number, shown(measure, number), str(measure.unit), url)

    def _sum(self, keys: Keys, measure: str) -> int:
        if "" not in keys:
            return self.numbers.get((keys, measure), 0)
        return self._sums.get((keys, measure), 0)

    @cached_property
    def _sums(self) -> dict[tuple[Keys, str], int]:
        """Sums over some of the axes, in one pass over the numbers."""
        found: dict[tuple[Keys, str], int] = {}
        width, rows = len(self.axes), len(self.q.rows)
        masks = (
            {tuple(n == 1 or (over and n >= rows) for n in range(width)) for over in (False, True)}
            if rows > 1
            else set()
        )
        masks |= {tuple(n < rows for n in range(width)), tuple(n >= rows for n in range(width)), (True,) * width}
        for (keys, measure), number in self.numbers.items():
            for mask in masks:
                at = (tuple("" if over else key for key, over in zip(keys, mask, strict=True)), measure)
                found[at] = found.get(at, 0) + number
        return found

    # -- notes ----------------------------------------------------------------------------------------------------------------------

    def _notes(self) -> list[str]:
        found = [_("%(meaning)s。") % {"meaning": self.q.dataset.meaning}]
        if self.q.note:
            found.append(self.q.note)
        for n, axis in enumerate(self.axes):
            if axis is None:
                continue
            values = {"label": axis.label}
            if axis.overlaps:
                found.append(_("“%(label)s”可以同时有几项，各项相加会重复，所以不求各项的合计。") % values)
            elif n in self.partial:
                found.append(_("有的记录不属于“%(label)s”的任何一项，没有列入，所以不求各项的合计。") % values)
        return found


def _all(conditions: Iterable[tuple[str, Q]]) -> Q | None:
    found: Q | None = None
    for _key, condition in conditions:
        found = condition if found is None else found & condition
    return found


__all__ = ["Grid", "Line", "answer"]
