"""村统计表: classical tables of a village on one paper, counted by the report centre, so that both say the same (`figures.reports`).

Which tables, and their order, is `TABLES`; one more is a code of `figures.reports.definitions`. Sums name nobody, so the years hidden from
who looks a second time are in them. What somebody may not see in the report centre is not on their paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.roles import Permission
from figures.reports import asking, tables
from figures.reports.tables import Grid, Line
from households.models import Household
from regions.models import Region
from reports.kinds import Ask, Draft
from reports.papers import base, laying

TABLES = (
    "age", "education", "stage", "health", "medical-places", "support-places", "labour", "work",
    "status", "size", "cause", "band", "income-places", "check", "dwelling", "grade-places", "water-safe-places",
    "helper-places", "visits-places", "measures-money", "deliveries", "requests-places", "payments",
)  # fmt: skip
LONG = 7  # characters of a number that is wide
NEAR = 5  # how far a table may be brought forward to stand beside another
NARROW = {"A4": 6, "A3": 9}  # columns of a table that stands beside others; wider ones go over the sheet, after them


def models(villages: Sequence[Region], ask: Ask) -> Mapping[int, Draft | str]:
    with translation.override("zh-hans"):  # as every paper
        return {village.pk: _sheet(village, ask) for village in villages}


def _sheet(village: Region, ask: Ask) -> Draft | str:
    mine = Household.objects.for_user(ask.user, Permission.LEDGER_PRINT).active().filter(village=village)
    year = ask.year or _newest(mine)
    try:
        grids = _grids(village, year, ask.user)
    except asking.AskedError as error:
        return str(error)
    filled = [grid for grid in grids if not grid.is_empty]
    most = NARROW[ask.sheet]
    small = [grid for grid in filled if _across(grid) <= most]
    narrow = _matched([section(grid) for grid in small], laying.BESIDE[laying.SHEETS[ask.sheet]])
    wide = [section(grid) | {"wide": True} for grid in filled if grid not in small]
    absent = [grid.question.title for grid in grids if grid.is_empty]
    model = base.model(
        "村统计表", owner=base.name_of(village), outline=village.name, sheet=ask.sheet, look="figures",
        sections=[*narrow, *wide] or [{"kind": "text", "title": "", "paragraphs": ["这个村这一年度没有可以统计的记录。"]}],
        period=base.period_of(year), notes=_notes(filled, absent),
    )  # fmt: skip
    return Draft(model, year)


def _newest(households: Any) -> int:
    """The year that is the newest one of most households: in January few have begun the new one."""
    years = households.exclude(latest_year=None).order_by().values_list("latest_year").annotate(n=Count("pk"))
    found = years.order_by("-n", "-latest_year").first()
    return found[0] if found else timezone.localdate().year


def _grids(village: Region, year: int, user: Any) -> list[Grid]:
    """The answers one may see. Raises AskedError where the year or the village cannot be asked for."""
    found = []
    for code in TABLES:
        try:
            question = asking.parse(code, {"region": str(village.pk), "year": str(year)}, user)
        except PermissionDenied:
            continue
        found.append(tables.answer(question))
    return found


def _across(grid: Grid) -> int:
    """How many columns wide; one of long numbers counts for two."""
    columns = zip(*(line.cells for line in grid.lines), strict=True)
    return len(grid.heads) + sum(1 + (max(len(cell.text) for cell in column) > LONG) for column in columns)


def section(grid: Grid) -> base.Section:
    """A table of the report centre as a section of a print model."""
    labels = grid.measures or [words for words, _wide in grid.columns]
    rows: list[Any] = []
    for line in _lines(grid):
        cells = [*(text for text, _url in line.heads), *(cell.text for cell in line.cells)]
        rows.append({"role": "total", "cells": cells} if line.total else cells)
    return {
        "kind": "table", "title": grid.question.title, "unit": _("单位：%(unit)s") % {"unit": grid.unit} if grid.unit else "",
        "columns": base.columns(*((head, 18, "start") for head in grid.heads), *((label, 9, "end") for label in labels)),
        "rows": rows, "notes": grid.notes[1:],
    }  # fmt: skip


def _lines(grid: Grid) -> list[Line]:
    """Without the sum of one line: a village is the only place in itself."""
    return [line for line in grid.lines if not line.total or len(grid.lines) > 2]


def _matched(sections: list[base.Section], across: int) -> list[base.Section]:
    """About in their order, so that as many as stand beside each other are about as long."""
    left, found = list(sections), []
    while left:
        first = left.pop(0)
        found.append(first)
        for _place in range(across - 1):
            near = sorted(left[:NEAR], key=lambda one: abs(len(one["rows"]) - len(first["rows"])))
            if near:
                left.remove(near[0])
                found.append(near[0])
    return found


def _notes(grids: Sequence[Grid], absent: Sequence[str]) -> list[str]:
    """What is counted, once for all tables of it, and which tables have nothing to show."""
    told = dict.fromkeys(f"{grid.question.dataset.label}：{grid.question.dataset.meaning}。" for grid in grids)
    return [*told, *([f"没有数据、没有列出的表：{'、'.join(absent)}。"] if absent and grids else [])]


__all__ = ["TABLES", "models", "section"]
