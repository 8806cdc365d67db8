"""From a print model to what templates/pdf/paper.html shows: as a booklet, without a cover, on the sheet that the model names."""

from __future__ import annotations

import itertools
from typing import Any

from common import booklet
from common.booklet import written

SHEETS = {"A3": "a3", "A4": "a4", "A4L": "a4l", "A5": "a5"}
LOOKS = frozenset({"", "table", "card", "notice", "figures"})
BESIDE = {"a3": 3, "a4": 2, "a4l": 3, "a5": 2}  # small tables side by side
ACROSS = 3  # pairs of label and value a line


def lay_out(model: dict[str, Any]) -> dict[str, Any]:
    """The template's context. Raises KeyError or ValueError for a model of another shape."""
    document = model["document"]
    if document["look"] not in LOOKS:
        raise ValueError(f"unknown look: {document['look']}")
    laid, sheet = booklet.lay_out(model), SHEETS[document["sheet"]]
    laid |= {"sheet": sheet, "look": document["look"], "whose": _whose(document["pairs"]), "rows": []}
    if document["look"] == "figures":
        laid["rows"] = _rows(
            laid["sections"], [bool(section.get("wide")) for section in model["sections"]], BESIDE[sheet]
        )
    return laid


def _rows(sections: list[Any], wide: list[bool], across: int) -> list[list[Any]]:
    """Small tables side by side, wide ones alone. None fills what is left of a line."""
    found: list[list[Any]] = []
    for is_wide, group in itertools.groupby(zip(sections, wide, strict=True), key=lambda pair: pair[1]):
        some, step = [section for section, _wide in group], 1 if is_wide else across
        found += [some[n : n + step] + [None] * (n + step - len(some)) for n in range(0, len(some), step)]
    return found


def _whose(pairs: list[dict[str, str]]) -> list[list[dict[str, Any]]]:
    """Lines of label and value; the last of a short line takes what is left of it."""
    lines = []
    for start in range(0, len(pairs), ACROSS):
        line = [{"label": p["label"], "value": written(p["value"]), "span": 1} for p in pairs[start : start + ACROSS]]
        line[-1]["span"] += 2 * (ACROSS - len(line))
        lines.append(line)
    return lines
