"""Workbooks of forms for tests."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

SETTINGS = [["form_title", "form_id", "version"], ["补充调查表", "extra", "1"]]
HEAD = ["type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message", "writes", "last", "appearance", "warning",
        "warning_message"]  # fmt: skip


def book(
    survey: list[list[Any]],
    choices: list[list[Any]] | None = None,
    settings: list[list[Any]] | None = None,
    **more: list[list[Any]],
) -> bytes:
    """A workbook of these sheets; a cell that begins with = is a formula without a result."""
    file = io.BytesIO()
    made = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_urls": False})
    sheets = {"survey": survey, "choices": choices, "settings": SETTINGS if settings is None else settings} | more
    for name, rows in sheets.items():
        if rows is None:
            continue
        sheet = made.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if str(cell).startswith("="):
                    sheet.write_formula(row, column, str(cell), None, "")
                elif cell != "":
                    sheet.write(row, column, cell)
    made.close()
    return file.getvalue()


def questions(*rows: dict[str, Any], group: str = "住房") -> list[list[Any]]:
    """The survey sheet of one group with these questions, each told by column; the first stands in row 3."""
    lines = [[row.get(column, "") for column in HEAD] for row in rows]
    return [HEAD, ["begin group", "house", group], *lines, ["end group"]]


def asked(**cells: Any) -> dict[str, Any]:
    return {"type": "integer", "name": "cattle", "label": "存栏"} | cells
