"""From a print model to what templates/pdf/paper.html shows: as a booklet, without a cover, on the sheet that the model names."""

from __future__ import annotations

from typing import Any

from common import booklet
from common.booklet import written

SHEETS = {"A3": "a3", "A4": "a4", "A4L": "a4l", "A5": "a5"}
LOOKS = frozenset({"", "table", "card", "notice", "figures"})
ACROSS = 3  # pairs of label and value a line


def lay_out(model: dict[str, Any]) -> dict[str, Any]:
    """The template's context. Raises KeyError or ValueError for a model of another shape."""
    document = model["document"]
    if document["look"] not in LOOKS:
        raise ValueError(f"unknown look: {document['look']}")
    laid = booklet.lay_out(model)
    return laid | {"sheet": SHEETS[document["sheet"]], "look": document["look"], "whose": _whose(document["pairs"])}


def _whose(pairs: list[dict[str, str]]) -> list[list[dict[str, Any]]]:
    """Lines of label and value; the last of a short line takes what is left of it."""
    lines = []
    for start in range(0, len(pairs), ACROSS):
        line = [{"label": p["label"], "value": written(p["value"]), "span": 1} for p in pairs[start : start + ACROSS]]
        line[-1]["span"] += 2 * (ACROSS - len(line))
        lines.append(line)
    return lines
