"""A question to a dataset, as it stands in an address: which table, or which axes; where, which year, which filters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.scoping import may_in, posted_regions
from common.pages import address
from common.refusal import RefusedError
from figures import board, datasets
from figures.datasets import Dataset, Dimension, Measure
from figures.reports.definitions import BY_CODE, PLACE, Table
from regions.models import Level, Region

PIVOT = "pivot"  # the code of tables that are put together by hand
MOST_CELLS = 5_000
MOST_FLAGS = 200  # conditions counted side by side in one query
AXES = ("dataset", "row", "row2", "across", "value")  # names in addresses; no dimension is called so


class AskedError(RefusedError):
    """The question cannot be answered so; the message is one sentence for the user."""


@dataclass(frozen=True)
class Question:
    """What is asked. `year` None where the dataset has no years; `chosen_year` is "" where it follows the calendar."""

    code: str
    title: str
    dataset: Dataset
    rows: tuple[str, ...]
    column: str
    measures: tuple[Measure, ...]
    region: Region
    year: int | None
    chosen_year: str = ""
    by: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    today: dt.date = field(default_factory=timezone.localdate)

    @cached_property
    def axes(self) -> list[Dimension | None]:
        """Rows, then the column; None for places."""
        names = [*self.rows, *([self.column] if self.column else [])]
        return [None if name == PLACE else self.dataset.dimension(name) for name in names]

    @property
    def query(self) -> dict[str, str]:
        """Everything but the region and the table's code, as it is kept and stands in addresses."""
        found = dict(self.by)
        if self.chosen_year:
            found["year"] = self.chosen_year
        if self.code == PIVOT:
            rows2 = self.rows[1] if len(self.rows) > 1 else ""
            axes = {
                "dataset": self.dataset.code,
                "row": self.rows[0],
                "row2": rows2,
                "across": self.column,
                "value": self.measures[0].code,
            }
            found |= {name: value for name, value in axes.items() if value}
        return found

    def url(self, name: str = "figures:report", **changes: str) -> str:
        found = self.query | {"region": str(self.region.pk)} | changes
        return address(reverse(name, args=[self.code]), found)

    def list_url(self, region: Region, keys: Mapping[str, str]) -> str:
        """The rows that a number counts."""
        return board.list_url(self.dataset.code, region, self.year or 0, {**self.by, **keys})

    @property
    def chips(self) -> list[tuple[str, str]]:
        """(filter in words, address without it)."""
        found = []
        for code, key in self.by.items():
            dimension = self.dataset.dimension(code)
            without = replace(self, by={name: value for name, value in self.by.items() if name != code})
            found.append((f"{dimension.label}：{dimension.words(key)}", without.url()))
        return found

    @property
    def scope(self) -> str:
        """Where, when, of whom: the line under the title."""
        when = [_("%(year)s 年度") % {"year": self.year}] if self.year is not None else [_("现在")]
        return " · ".join([self.region.full_name or self.region.name, *when, *(words for words, _url in self.chips)])


def may_see(user: Any, dataset: Dataset) -> bool:
    return bool(user.can(dataset.permission))


def parse(code: str, data: Mapping[str, str], user: Any) -> Question:
    """The question an address asks. Raises Http404 for no such table, PermissionDenied, and AskedError with a sentence."""
    table = _table(code, data)
    dataset = datasets.get(table.dataset)
    if dataset is None:
        raise AskedError(_("没有这种数据，请重新选择统计什么。"))
    if not may_see(user, dataset):
        raise PermissionDenied(dataset.permission)
    measures = tuple(dataset.measure(name) for name in table.measures)
    chosen_year, year = _year(dataset, data.get("year", ""))
    question = Question(
        code, str(table.title), dataset, table.rows, table.column, measures, _region(data.get("region", ""), user, dataset), year, chosen_year,
        _filters(dataset, table, data), str(table.note),
    )  # fmt: skip
    _check_size(question)
    return question


def _table(code: str, data: Mapping[str, str]) -> Table:
    if code != PIVOT:
        if code not in BY_CODE:
            raise Http404
        return BY_CODE[code]
    dataset = datasets.get(data.get("dataset", ""))
    if dataset is None:
        raise AskedError(_("没有这种数据，请重新选择统计什么。"))
    rows = tuple(name for name in (data.get("row", "") or PLACE, data.get("row2", "")) if name)
    column = data.get("across", "")
    axes = [*rows, *([column] if column else [])]
    known = {PLACE, *(d.code for d in dataset.dimensions)}
    for name in axes:
        if name not in known:
            raise AskedError(
                _("“%(dataset)s”不能按“%(name)s”分，请重新选择行和列。") % {"dataset": dataset.label, "name": name[:20]}
            )
    if len(set(axes)) < len(axes):
        raise AskedError(_("行和列选了同一项，请各选一项不同的。"))
    if column == PLACE:
        raise AskedError(_("地区只能放在行里，请把列换成别的。"))
    measure = data.get("value", "") or datasets.ROWS
    if measure not in {m.code for m in dataset.measures}:
        raise AskedError(_("“%(dataset)s”没有这个统计数，请重新选择。") % {"dataset": dataset.label})
    words = "、".join(str(_("地区")) if name == PLACE else str(dataset.dimension(name).label) for name in axes)
    title = _("%(dataset)s：%(axes)s") % {"dataset": dataset.label, "axes": words}
    return Table(PIVOT, title, "", dataset.code, rows, column, (measure,))


def _year(dataset: Dataset, asked: str) -> tuple[str, int | None]:
    if dataset.year is None:
        return "", None
    if not asked:
        return "", timezone.localdate().year
    if not (asked.isdecimal() and len(asked) < 5 and int(asked) in board.years()):
        years = board.years()
        raise AskedError(
            _("年度要在 %(first)s 到 %(last)s 之间，请重新选择。") % {"first": years[-1], "last": years[0]}
        )
    return str(int(asked)), int(asked)


def tops(user: Any) -> list[Region]:
    """The regions of one's postings for figures, the largest first."""
    return sorted(posted_regions(user, board.SEE), key=lambda region: (region.level, region.code))


def _region(asked: str, user: Any, dataset: Dataset) -> Region:
    """The region asked for, else the own one; both permissions are needed there."""
    if not asked:
        own = [region for region in tops(user) if may_in(user, dataset.permission, region)]
        if not own:
            raise PermissionDenied(dataset.permission)
        return own[0]
    found = Region.objects.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 19 else None
    if found is None or not (may_in(user, board.SEE, found) and may_in(user, dataset.permission, found)):
        raise AskedError(_("这个地区不存在，或者不在您的管理范围内。请重新选择地区。"))
    return found


def _filters(dataset: Dataset, table: Table, data: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for dimension in dataset.dimensions:
        key = data.get(dimension.code, "")
        if not key:
            continue
        if key not in dict(dimension.options()):
            raise AskedError(
                _("“%(label)s”没有“%(key)s”这一项，请重新选择。") % {"label": dimension.label, "key": key[:20]}
            )
        if dimension.overlaps and dimension.code in (*table.rows, table.column):
            raise AskedError(
                _("“%(label)s”一户一人可以同时有几项，已经放在行或列里，就不能再用它筛选。请去掉这个条件。")
                % {"label": dimension.label}
            )
        found[dimension.code] = key
    return found


def _check_size(question: Question) -> None:
    cells, flags = len(question.measures), 1
    for axis in question.axes:
        if axis is None:
            level = question.region.level
            below = Region.objects.filter(parent=question.region).count() if level < Level.VILLAGE else 1
            cells *= max(below, 1)
        else:
            cells *= len(axis.choices())
            flags *= len(axis.choices()) if axis.overlaps else 1
    if cells > MOST_CELLS or flags > MOST_FLAGS:
        raise AskedError(
            _("这样分有 %(cells)s 格，最多 %(most)s 格。请少选一项，或换一个分得粗的。")
            % {"cells": f"{cells:,}", "most": f"{MOST_CELLS:,}"}
        )
