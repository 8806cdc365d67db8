"""From a print model to what the booklet template shows: numbers of chapters, column widths, marked-up scripts, charts, codes.

All of it is arithmetic on text, kept out of the template so that a page of six hundred cells costs the template engine two milliseconds.
The shape of a model is in `docs/print-model.md`.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from common import charts, fonts, qr

NOTHING = "—"
NUMERALS = "〇一二三四五六七八九十"
MARKS = {"ok": "√", "bad": "×", "unknown": "○", "none": "—"}
CHECK_CLASSES = {"ok": "ok", "bad": "bad", "unknown": "unknown", "none": "none"}
ROLES = {"", "total", "sub", "group", "doubt", "blank"}
KEPT_ROWS = 8  # a short form is not torn over two pages
PHOTO_ROWS = 5  # lines of the basic table that a photo stands beside

# Scripts that are joined, stacked or read from the right need to be told apart from the Chinese around them.
_OTHER = re.compile(
    "(?P<ug>[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]"
    "(?:[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc\u200c\u200d ·]*"
    "[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc])?)"
    "|(?P<bo>[\u0f00-\u0fff]+)|(?P<ii>[\ua000-\ua4cf]+)|(?P<mn>[\u1800-\u18af]+)"
)

_DOTTED = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]·(?=[\u3400-\u9fff\U00020000-\U0003ffff])")

EMPTY: dict[str, Any] = {
    "schema": 1,
    "document": {
        "title": "台账", "subtitle": "", "period": "", "owner": "", "outline": "", "language": "zh-CN", "pairs": [], "notes": [],
    },
    "issue": {"number": "", "as_of": "", "qr": ""},
    "sections": [],
}  # fmt: skip


def written(text: Any) -> SafeString:
    """A value as it stands on paper: escaped, other scripts marked with language and direction, a dash for nothing."""
    text = str(text) if text is not None else ""
    if not text.strip():
        return mark_safe(NOTHING)
    if _OTHER.search(text) is None:
        return _chinese(text)
    made: list[str] = []
    at = 0
    for match in _OTHER.finditer(text):
        made.append(_chinese(text[at : match.start()]))
        language = match.lastgroup
        direction = ' dir="rtl"' if language == "ug" else ""
        made.append(f'<span lang="{language}"{direction}>{escape(match[0])}</span>')
        at = match.end()
    return mark_safe("".join((*made, _chinese(text[at:]))))


def _chinese(text: str) -> SafeString:
    """Escaped; a line never begins with the dot inside a name such as 阿卜杜热依木·买买提依明."""
    escaped = escape(text)
    if "·" not in text:
        return escaped
    return mark_safe(_DOTTED.sub(r'<span class="dot">\g<0></span>', escaped))


def lay_out(model: dict[str, Any]) -> dict[str, Any]:
    """The template's context for one booklet. Raises KeyError or ValueError for a model of another shape."""
    document = model["document"]
    chapters = itertools.count(1)
    return {
        "title": document["title"],
        "language": document.get("language") or "zh-CN",
        "subtitle": document.get("subtitle", ""),
        "period": document.get("period", ""),
        "owner": document.get("owner", ""),
        "outline": document.get("outline", ""),
        "pairs": [(pair["label"], written(pair["value"])) for pair in document.get("pairs", ())],
        "notes": document.get("notes", ()),
        "number": model["issue"].get("number", ""),
        "as_of": model["issue"].get("as_of", ""),
        "qr": qr.data_uri(model["issue"].get("qr", "")),
        "sections": [_section(section, chapters) for section in model["sections"]],
    }


def chinese_number(number: int) -> str:
    """1 to 99 as written in headings: 一, 十, 十二, 二十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else NUMERALS[tens] + "十")
    return head + (NUMERALS[ones] if ones else "")


def _section(section: dict[str, Any], chapters: Any = None) -> dict[str, Any]:
    kind = section["kind"]
    title = section.get("title", "")
    if title and chapters is not None and section.get("numbered", True):
        title = f"{chinese_number(next(chapters))}、{title}"
    body = _KINDS[kind](section)
    keep = section.get("keep", kind in ("pairs", "checks") and len(body["rows"]) <= KEPT_ROWS)
    made = {
        "kind": kind,
        "title": title,
        "unit": section.get("unit", ""),
        "notes": [written(note) for note in section.get("notes", ())],
        "classes": " ".join(
            name
            for name, on in (("fresh", section.get("page_break")), ("keep", keep), ("signed", kind == "signatures"))
            if on
        ),
    }
    return made | body


def _group(section: dict[str, Any]) -> dict[str, Any]:
    return {"parts": [_section(part) for part in section["parts"]]}


def _pairs(section: dict[str, Any]) -> dict[str, Any]:
    """Lines of label and value cells; photos stand in a last column beside the first lines."""
    across = section.get("columns", 2)
    photos = [_photo(p) for p in section.get("photos", ())][:2]
    lines: list[list[dict[str, Any]]] = []
    line: list[dict[str, Any]] = []
    for pair in section["pairs"]:
        cell = {"label": pair["label"], "value": written(pair["value"]), "span": 1}
        if pair.get("wide"):
            if line:
                lines.append(line)
            lines.append([cell | {"span": 2 * across - 1}])
            line = []
            continue
        line.append(cell)
        if len(line) == across:
            lines.append(line)
            line = []
    if line:
        lines.append(line)
    for line in lines:  # the last value of a short line takes what is left of it
        if len(line) < across and line[-1]["span"] == 1:
            line[-1]["span"] = 2 * (across - len(line)) + 1
    rows: list[dict[str, Any]] = [{"cells": cells, "photo": None} for cells in lines]
    tall = 0
    if photos and rows:
        tall = min(PHOTO_ROWS, math.ceil(len(rows) / len(photos)))
        for n, photo in enumerate(photos):
            at = n * tall
            if at < len(rows):
                rows[at]["photo"] = photo | {"rows": min(tall, len(rows) - at)}
        beside = min(tall * len(photos), len(rows))
        for row in rows[beside:]:  # below the photos the lines run to the margin
            row["cells"][-1]["span"] += 1
    label, photo_width = {1: 18, 2: 15, 3: 14}[across], 19 if photos else 0
    value = [label, None] * across
    widths = _shares(
        [w or (100 - photo_width - label * across) / across for w in value] + ([photo_width] if photos else [])
    )
    return {"cols": widths, "rows": rows, "across": across}


def _table(section: dict[str, Any]) -> dict[str, Any]:
    columns = section["columns"]
    aligned = {"start": "start", "end": "end"}
    classes = [aligned.get(c.get("align", "center"), "") for c in columns]
    rows = []
    for row in section["rows"]:
        role, cells = ("", row) if isinstance(row, (list, tuple)) else (row.get("role", ""), row["cells"])
        if role not in ROLES:
            raise ValueError(f"unknown role of a table row: {role}")
        if role == "group":
            rows.append({"role": role, "band": written(cells[0])})
            continue
        if len(cells) != len(columns):
            raise ValueError(f"{len(cells)} cells under {len(columns)} columns in {section.get('title', '')}")
        shown = [("" if c is None else written(c), k) for c, k in zip(cells, classes, strict=True)]
        rows.append({"role": role, "cells": shown})
    return {
        "cols": _shares([c.get("width", 1) for c in columns]),
        "heads": section.get("heads", ()),
        "labels": [c["label"] for c in columns],
        "rows": rows,
        "span": len(columns),
        "empty": section.get("empty", "无记录"),
    }


def _checks(section: dict[str, Any]) -> dict[str, Any]:
    items = [
        {
            "label": item["label"],
            "mark": MARKS[item["state"]],
            "state": CHECK_CLASSES[item["state"]],
            "word": item.get("word", ""),
            "note": written(item.get("note", "")),
        }
        for item in section["items"]
    ]
    return {"rows": [items[n : n + 2] for n in range(0, len(items), 2)]}


def _chart(section: dict[str, Any]) -> dict[str, Any]:
    rows = [(row["label"], row["value"], row.get("text", "")) for row in section["rows"]]
    lines = [
        (line["label"], line["values"] if "values" in line else [line["value"]] * len(rows), line.get("text", ""))
        for line in section.get("lines", ())
    ]
    if not any(value is not None for _label, value, _text in rows):
        return {"svg": "", "desc": section.get("desc", "")}
    font = ", ".join(fonts.FAMILIES)
    drawn = charts.columns(rows, lines=lines, title=section.get("title", ""), desc=section.get("desc", ""), font=font)
    return {"svg": drawn, "desc": section.get("desc", "")}


def _text(section: dict[str, Any]) -> dict[str, Any]:
    return {
        "paragraphs": [written(p) for p in section.get("paragraphs", ()) if p.strip()],
        "lines": range(section.get("blank_lines", 0)),
    }


def _photos(section: dict[str, Any]) -> dict[str, Any]:
    across = section.get("columns", 2)
    photos: list[Any] = [_photo(p) for p in section["photos"]]
    short = -len(photos) % across if len(photos) > across else 0
    photos += [None] * short
    across = min(across, max(len(photos), 1)) if len(photos) < across else across
    return {"rows": [photos[n : n + across] for n in range(0, len(photos), across)], "across": across}


def _photo(photo: dict[str, Any]) -> dict[str, Any]:
    return {
        "src": photo["src"],
        "caption": photo.get("caption", ""),
        "alt": photo.get("alt") or photo.get("caption") or "照片",
    }


def _signatures(section: dict[str, Any]) -> dict[str, Any]:
    return {
        "statement": section.get("statement", ""),
        "rows": [
            [{"label": cell["label"], "value": written(cell["value"]) if cell.get("value") else ""} for cell in row]
            for row in section["rows"]
        ],
    }


def _shares(weights: Sequence[float] | Iterable[float]) -> list[int]:
    """Whole percents that add up to 100, for `<col>` classes: a style attribute on cells would cost half as much again."""
    weights = list(weights)
    total = sum(weights)
    exact = [w / total * 100 for w in weights]
    shares = [max(1, math.floor(x)) for x in exact]
    for n in sorted(range(len(exact)), key=lambda n: shares[n] - exact[n])[: 100 - sum(shares)]:
        shares[n] += 1
    return shares


_KINDS = {
    "group": _group,
    "pairs": _pairs,
    "table": _table,
    "checks": _checks,
    "chart": _chart,
    "text": _text,
    "photos": _photos,
    "signatures": _signatures,
}
