"""From the model of a form to be filled in by hand to what its template shows: numbered fields, up to three a line, with boxes and blanks.

A model is JSON-able and knows no household, like that of a booklet (docs/print-model.md): every value is a text ready to print.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common import qr
from common.booklet import chinese_number, written

SLOTS = 3  # fields a line

EMPTY: dict[str, Any] = {
    "schema": 1,
    "document": {"title": "调查表", "period": "", "owner": "", "outline": "", "language": "zh-CN", "form": "", "pairs": [], "notes": []},
    "issue": {"as_of": "", "qr": ""},
    "sections": [],
}  # fmt: skip


def lay_out(model: dict[str, Any]) -> dict[str, Any]:
    """The template's context for one household's sheet. Raises KeyError or ValueError for a model of another shape."""
    document = model["document"]
    return {
        "title": document["title"],
        "language": document.get("language") or "zh-CN",
        "period": document.get("period", ""),
        "owner": document.get("owner", ""),
        "outline": document.get("outline", ""),
        "form": document.get("form", ""),
        "pairs": [(pair["label"], written(pair["value"])) for pair in document.get("pairs", ())],
        "notes": document.get("notes", ()),
        "as_of": model["issue"].get("as_of", ""),
        "qr": qr.data_uri(model["issue"].get("qr", "")),
        "sections": [_section(section, place) for place, section in enumerate(model["sections"], 1)],
    }


def _section(section: dict[str, Any], place: int) -> dict[str, Any]:
    kind, title = section["kind"], section["title"]
    if kind in ("fields", "cards"):
        title = f"{chinese_number(place)}、{title}"
    made = {"kind": kind, "title": title, "notes": section.get("notes", ())}
    match kind:
        case "fields":
            return made | {"cards": [{"band": "", "rows": _lines(section["fields"])}]}
        case "cards":
            cards = [{"band": written(c["band"]), "rows": _lines(c["fields"])} for c in section["cards"]]
            return made | {"cards": cards}
        case "codes":
            return made | {"lists": [(one["title"], one["text"]) for one in section["lists"]]}
        case "signatures":
            return made | {"rows": section["rows"], "statement": section.get("statement", "")}
    raise ValueError(kind)


def _lines(fields: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Fields side by side in lines of `SLOTS`, in order; the last of a line takes what is left of it."""
    lines: list[list[dict[str, Any]]] = []
    left = 0
    for one in fields:
        wants = min(one.get("slots", 1), SLOTS)
        if wants > left:
            lines.append([])
            left = SLOTS
        known = f"［{one['known']}］" if one.get("known") else ""
        value = ("\n" if one.get("below") else "　").join(text for text in (known, one.get("answer", "")) if text)
        lines[-1].append(
            {
                "label": f"{one['number']} {one['label']}".strip(),
                "value": written(value) if value else "",
                "slots": wants,
                "tall": one.get("tall", False),
            }
        )
        left -= wants
    for line in lines:
        line[-1]["slots"] += SLOTS - sum(cell["slots"] for cell in line)
        for cell in line:
            cell["span"] = 2 * cell["slots"] - 1  # of the cell of the value; a slot is a label and a value
    return lines
