"""The board of a region on paper: the numbers and the drawings of its page, on A4 upright, with what they mean at the end."""

from __future__ import annotations

import re
from typing import Any

from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from common import dates, pdf
from common.booklet import written
from figures import board as boards
from figures.board import Bars, Board
from figures.trends import Trend

TEMPLATE = "pdf/board.html"
KIND = "application/pdf"
TILES = 4  # side by side
HALF = 460  # a drawing that is wider, in its own units, is unreadable on half a page
_WIDTH = re.compile(r'viewBox="0 0 (\d+)')
Block = dict[str, Any]


def made(board: Board, trend: Trend | None) -> bytes:
    """The file. The board is read in Chinese, as every paper. Raises PrintError where nothing can be printed."""
    return pdf.render([model_of(board, trend)], TEMPLATE)


def file_name(board: Board) -> str:
    title = _("%(name)s看板") % {"name": board.region.name}
    return f"{title}-{board.year}-{timezone.localtime(board.reading.at):%Y%m%d}.pdf"


def model_of(board: Board, trend: Trend | None) -> dict[str, Any]:
    """What stands on the paper, as JSON-able values; drawings as the page has them."""
    moment = timezone.localtime(board.reading.at)
    region, head = board.region, boards.head_below(board.region)
    notes = []
    if not board.is_now:
        notes.append(
            _("%(year)s 年度的记录。现在的户数、结对和走访任务不分年度，请看今年的看板。") % {"year": board.year}
        )
    if board.reading.behind:
        notes.append(
            _("刚刚有大批数据写入，%(count)s 个村正在重新汇总，以后的数字可能不同。") % {"count": board.reading.behind}
        )
    return {
        "schema": 1,
        "document": {
            "title": _("%(name)s看板") % {"name": region.name},
            "scope": " · ".join([region.full_name or region.name, _("%(year)s 年度") % {"year": board.year}]),
            "outline": _("%(name)s看板") % {"name": region.name}, "language": "zh-CN",
        },
        "issue": {"as_of": f"{dates.written(moment)} {moment:%H:%M}"},
        "notes": notes,
        "tiles": [
            {"label": tile.label, "text": tile.text, "unit": tile.unit, "notes": list(tile.notes)} for tile in board.tiles
        ],
        "blocks": _head_blocks(board, trend, head),
        "places": _places(board, head),
        "sections": [{"title": heading, "panels": [_panel(panel) for panel in panels]} for heading, panels in board.sections],
        "meanings": [list(pair) for pair in boards.meanings(board.user)],
    }  # fmt: skip


def _head_blocks(board: Board, trend: Trend | None, head: str) -> list[Block]:
    found: list[Block] = []
    now = board.is_now and bool(board.below)
    if now and board.stack:
        found.append(_stack(board, head))
    if now and board.map:
        found.append(_map(board))
    if trend is not None:
        found += _trend(trend)
    codes = ("causes", "bands") if board.is_now else ("bands",)
    return found + [_panel(board.panels[code]) for code in codes if code in board.panels]


def _panel(panel: Bars) -> Block:
    return {
        "kind": "panel", "title": panel.title, "meaning": panel.meaning, "heads": list(panel.heads),
        "rows": [
            {"label": bar.label, "svg": str(bar.svg), "cells": [{"text": cell.text, "unit": cell.unit} for cell in cells]}
            for bar, cells in panel.rows
        ],
    }  # fmt: skip


def _stack(board: Board, head: str) -> Block:
    return {
        "kind": "stack", "title": _("各%(head)s监测对象户数") % {"head": head},
        "meaning": _("按三类监测对象，单位：户；最多的 12 个"), "legend": str(board.legend()),
        "rows": [{"label": bar.label, "svg": str(bar.svg), "text": cell.text, "words": words} for bar, cell, words in board.stack],
    }  # fmt: skip


def _map(board: Board) -> Block:
    """With bars beside it, unless its numbers stand on it."""
    svg, bars = str(board.map["svg"]), board.map["bars"]
    told = all(f">{text}</text>" in svg for _bar, text in bars)
    return {
        "kind": "map", "title": _("监测对象占农户的比例"), "meaning": _("深色的比例高，单位：千分比；总数太少的只写户数"), "svg": svg,
        "rows": [] if told else [{"label": bar.label, "svg": str(bar.svg), "text": text} for bar, text in bars],
    }  # fmt: skip


def _trend(trend: Trend) -> list[Block]:
    """The lines, and their numbers month by month."""
    title, meaning = _("监测对象户数变化"), _("各月末的户数，最后一点是现在")
    note = _("带 * 的月份当时没有留存，按身份变更的生效日期推算，现在已销户的不在内。")
    parts = [month.partition("年") for month, _n, _a in trend.rows]
    years = [year + word for year, word, _m in parts]
    lines = [
        {"label": _("月份"), "cells": ["" if n and years[n - 1] == year else year for n, year in enumerate(years)]},
        {"label": "", "cells": [f"{part[2]}{' *' if row[2] else ''}" for part, row in zip(parts, trend.rows, strict=True)]},
    ]  # fmt: skip
    lines += [
        {"label": head, "cells": [f"{numbers[n]:,}" for _m, numbers, _a in trend.rows]} for n, head in enumerate(trend.heads)
    ]  # fmt: skip
    return [
        {"kind": "trend", "title": title, "meaning": meaning, "svg": str(trend.narrow)},
        {
            "kind": "months",
            "title": _("%(title)s（户）") % {"title": title},
            "meaning": note if trend.reckoned else meaning,
            "rows": lines,
        },
    ]


def _places(board: Board, head: str) -> Block | None:
    if not board.below:
        return None
    whole = board.whole
    return {
        "title": _("各%(head)s明细") % {"head": head}, "head": head,
        "columns": [{"label": cell.label, "unit": cell.unit} for cell in whole.cells],
        "lines": [{"label": line.region.name, "cells": [cell.text for cell in line.cells]} for line in board.places],
        "total": {"label": board.region.name, "cells": [cell.text for cell in whole.cells]},
    }  # fmt: skip


# -- the page -----------------------------------------------------------------------------------------------------------------------------


def lay_out(model: dict[str, Any]) -> dict[str, Any]:
    """The template's context: tiles by the line, drawings and panels two by two. Raises KeyError for a model of another shape."""
    document, tiles = model["document"], [_words(tile) for tile in model["tiles"]]
    tiles += [{}] * (-len(tiles) % TILES)
    meanings = list(_words(model["meanings"]))
    beside = [["", ""]] * (-len(meanings) % 2)
    return {
        "title": document["title"], "scope": written(document["scope"]), "outline": document["outline"], "language": document["language"],
        "as_of": model["issue"]["as_of"], "notes": [written(note) for note in model["notes"]],
        "tiles": [tiles[n : n + TILES] for n in range(0, len(tiles), TILES)],
        "head": _rows([_words(block) for block in model["blocks"]]),
        "places": _words(model["places"]), "meanings": [[*one, *two] for one, two in zip(meanings[::2], [*meanings, *beside][1::2], strict=True)],
        "sections": [{"title": written(part["title"]), "rows": _rows([_words(panel) for panel in part["panels"]])} for part in model["sections"]],
    }  # fmt: skip


def _words(value: Any) -> Any:
    """The same with texts escaped as on paper; drawings and the key of a drawing are markup of our own charts."""
    if isinstance(value, dict):
        return {
            name: mark_safe(each) if name in ("svg", "legend") else each if name == "kind" else _words(each)  # noqa: S308
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_words(each) for each in value]
    return written(value) if isinstance(value, str) and value else value


def _rows(blocks: list[Block]) -> list[list[Block]]:
    """Blocks line by line: wide ones alone, others in pairs; a wide one waits until the pair before it is whole."""
    found: list[list[Block]] = []
    half: list[Block] = []
    wide: list[list[Block]] = []
    for block in blocks:
        if _is_wide(block):
            wide.append([block | {"wide": True}])
        else:
            half.append(block)
        if len(half) != 1:
            found += [*([half] if half else []), *wide]
            half, wide = [], []
    return [*found, *([half] if half else []), *wide]


def _is_wide(block: Block) -> bool:
    if block["kind"] == "map":
        width = _WIDTH.search(block["svg"])
        return width is not None and int(width[1]) > HALF
    return block["kind"] in ("stack", "months")
