"""A table as a spreadsheet and on paper: A4, across where it is wide."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common import dates, pdf
from common.booklet import written
from common.xlsx import Writer
from figures.board import Cell
from figures.reports.tables import Grid

TEMPLATE = "pdf/report.html"
UPRIGHT, ACROSS = 182, 273  # millimetres of a page for a table
WIDEST = 16  # columns of numbers side by side; more are carried on below, with the same heads
LONGEST_HEAD = 8  # characters of a row's head that stand on one line
OUTPUTS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def made(grid: Grid, output: str) -> bytes:
    """The file of a table, in Chinese as every paper. Raises PrintError where nothing can be printed."""
    return spreadsheet(grid) if output == "xlsx" else pdf.render([model_of(grid)], TEMPLATE)


def file_name(grid: Grid, output: str) -> str:
    when = f"-{grid.question.year}" if grid.question.year else ""
    return f"{grid.question.title.replace('/', '-')}-{grid.question.region.name}{when}-{timezone.localtime(grid.as_of):%Y%m%d}.{output}"


def as_of(grid: Grid) -> str:
    moment = timezone.localtime(grid.as_of)
    return f"{dates.written(moment)} {moment:%H:%M}"


def _value(cell: Cell, scale: int) -> Any:
    return cell.number if scale == 1 else Decimal(cell.number) / scale


def spreadsheet(grid: Grid) -> bytes:
    """Title, what it is of, headings, numbers one can add up, notes."""
    scales = {measure.code: measure.scale for measure in grid.question.measures}
    writer = Writer()
    writer.sheet(grid.question.title, [16] * len(grid.heads) + [12] * grid.width)
    writer.row([grid.question.title], bold=True)
    unit = " · " + _("单位：%(unit)s") % {"unit": grid.unit} if grid.unit else ""
    writer.row([grid.question.scope + unit])
    writer.row([_("数据截至 %(at)s") % {"at": as_of(grid)}])
    spread = [text for words, wide in grid.columns for text in (words, *[""] * (wide - 1))]
    if grid.measures:
        writer.row([*grid.heads, *spread], bold=True)
        writer.heading([*[""] * len(grid.heads), *grid.measures])
    else:
        writer.heading([*grid.heads, *spread])
    for line in grid.lines:
        cells = [_value(cell, scales[cell.measure]) for cell in line.cells]
        writer.row([*(text for text, _url in line.heads), *cells], bold=line.total)
    writer.row([])
    for note in grid.notes:
        writer.row([note])
    return writer.close()


def model_of(grid: Grid) -> dict[str, Any]:
    """What stands on the paper, as JSON-able values."""
    with translation.override("zh-hans"):
        unit = "　" + _("单位：%(unit)s") % {"unit": grid.unit} if grid.unit else ""
        return {
            "schema": 1,
            "document": {
                "title": grid.question.title, "scope": grid.question.scope + unit, "outline": f"{grid.question.title} {grid.question.region.name}",
                "language": "zh-CN",
            },
            "issue": {"as_of": as_of(grid)},
            "heads": list(grid.heads),
            "columns": [[words, wide] for words, wide in grid.columns],
            "measures": grid.measures,
            "lines": [
                {"heads": [text for text, _url in line.heads], "cells": [cell.text for cell in line.cells], "total": line.total}
                for line in grid.lines
            ],
            "notes": grid.notes,
        }  # fmt: skip


def lay_out(model: dict[str, Any]) -> dict[str, Any]:
    """The template's context. A table wider than a page is cut into parts with the same heads. Raises KeyError for a model of another shape."""
    document = model["document"]
    parts = [_part(model, first, last) for first, last in _cuts(model)]
    width = max(_millimetres(part) for part in parts)
    return {
        "title": document["title"], "scope": written(document["scope"]), "outline": document["outline"], "language": document["language"],
        "as_of": model["issue"]["as_of"], "parts": parts, "notes": [written(note) for note in model["notes"]],
        "lies": width > UPRIGHT, "is_tight": width > ACROSS,
    }  # fmt: skip


def _millimetres(part: dict[str, Any]) -> float:
    """About how wide a part wants to be: heads of columns go over two lines, numbers do not."""
    heads = sum(
        min(max((len(line["heads"][n][0]) for line in part["lines"]), default=0), LONGEST_HEAD) * 3.4 + 4
        for n in range(len(part["heads"]))
    )
    texts = part["measures"] or [words for words, _wide in part["columns"]]
    numbers = (
        max(3.4 * ((len(texts[n]) + 1) // 2), max((1.9 * len(line["cells"][n]) for line in part["lines"]), default=0)) + 4 for n in range(part["width"])
    )  # fmt: skip
    return heads + sum(numbers)


def _cuts(model: dict[str, Any]) -> list[tuple[int, int]]:
    """(first, after the last) of the columns of each part."""
    columns, found, first, width = model["columns"], [], 0, 0
    for place, (_words, wide) in enumerate(columns):
        if width and width + wide > WIDEST:
            found.append((first, place))
            first, width = place, 0
        width += wide
    return [*found, (first, len(columns))]


def _part(model: dict[str, Any], first: int, last: int) -> dict[str, Any]:
    columns = model["columns"]
    begin = sum(wide for _words, wide in columns[:first])
    end = begin + sum(wide for _words, wide in columns[first:last])
    return {
        "heads": [written(head) for head in model["heads"]], "width": end - begin,
        "columns": [(written(words), wide) for words, wide in columns[first:last]], "measures": [written(m) for m in model["measures"][begin:end]],
        "lines": [
            {"heads": [(written(head), len(head) <= LONGEST_HEAD) for head in line["heads"]], "cells": line["cells"][begin:end], "total": line["total"]} for line in model["lines"]
        ],
    }  # fmt: skip
