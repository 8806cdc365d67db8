"""What stayed out goes back to its owner: their own rows, as they wrote them, with the reason beside each."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from common import vault
from common.spreadsheets import open_workbook
from exchange.models import ImportBatch, Outcome
from exchange.services import tables_of

NAME_LENGTH = 31  # of a sheet, the spreadsheet programs' own limit


def _reasons(batch: ImportBatch) -> dict[tuple[str, int], tuple[str, str]]:
    """{(sheet, row): (outcome, sentence)} of everything held or rejected."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    rows = batch.rows.filter(outcome__in=[Outcome.HELD, Outcome.REJECTED]).order_by("position")
    for sheet, row_no, outcome, detail in rows.values_list("sheet", "row_no", "outcome", "detail").iterator():
        for member in detail.get("members", []):
            found[member.get("sheet", sheet), member["row"]] = (member["outcome"], member.get("problem", ""))
        found.setdefault((sheet, row_no), (outcome, detail.get("problem", "")))
    return found


def _safe(cell: str) -> str:
    """Text that no spreadsheet program takes for a formula, even after the file has been saved as csv."""
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t", "\r") or (cell[:1] == "-" and len(cell) > 2) else cell


def _wanted(batch: ImportBatch) -> Iterator[tuple[str, list[str], list[tuple[list[str], str, str]]]]:
    book = open_workbook(vault.get(batch.file))
    reasons = _reasons(batch)
    for table in tables_of(batch):
        width = max((column.index for column in table.columns), default=0) + 1
        headings = [""] * width
        for column in table.columns:
            headings[column.index] = column.heading
        rows = []
        for row_no, cells in book.rows(table.sheet):
            told = reasons.get((table.sheet[:100], row_no))
            if told is not None:
                rows.append(([*cells[:width], *[""] * (width - len(cells))], *told))
        yield table.sheet, headings, rows


def workbook(batch: ImportBatch) -> bytes:
    """An .xlsx of the held and rejected rows under their own headings; every cell is text, so that numbers keep their digits.

    Raises FileNotFoundError when the upload is past its keeping time.
    """
    out = io.BytesIO()
    options: dict[str, Any] = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(out, options)
    bold, red, text = (
        book.add_format({"bold": True}),
        book.add_format({"font_color": "#B42318"}),
        book.add_format({"num_format": "@"}),
    )
    for order, (name, headings, rows) in enumerate(_wanted(batch)):
        if not rows:
            continue
        title = "".join(c for c in name if c not in "[]:*?/\\'")[: NAME_LENGTH - 4] or "Sheet"
        sheet = book.add_worksheet(f"{title}-{order + 1}")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(headings) - 1, 14, text)
        sheet.set_column(len(headings), len(headings) + 1, 40)
        for column, heading in enumerate([*headings, _("结果"), _("原因")]):
            sheet.write_string(0, column, _safe(heading), bold)
        for line, (cells, outcome, sentence) in enumerate(rows, start=1):
            for column, cell in enumerate(cells):
                if cell:
                    sheet.write_string(line, column, _safe(str(cell)), text)
            sheet.write_string(line, len(headings), str(Outcome(outcome).label))
            sheet.write_string(line, len(headings) + 1, _safe(sentence), red)
    if not book.worksheets():
        book.add_worksheet()
    book.close()
    return out.getvalue()
