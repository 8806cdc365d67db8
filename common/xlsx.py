"""Spreadsheets that we hand out: written row by row in little memory, every text a text, whatever program opens it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter

NAME_LENGTH = 31  # of a sheet, the spreadsheet programs' own limit


def safe(text: str) -> str:
    """Text that no spreadsheet program takes for a formula, even after the file has been saved as csv."""
    return f"'{text}" if text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and len(text) > 2) else text


class Writer:
    """A workbook in constant memory: rows come in order, from the top, one sheet after the other."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        options: dict[str, Any] = {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        }  # fmt: skip
        self._book = xlsxwriter.Workbook(self._out, options)
        self.bold = self._book.add_format({"bold": True})
        self.red = self._book.add_format({"font_color": "#B42318"})
        self._text = self._book.add_format({"num_format": "@"})
        self._money = self._book.add_format({"num_format": "#,##0.00"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheet: Any = None
        self._line = 0

    def sheet(self, name: str, widths: Sequence[int]) -> None:
        """Begin a sheet; `widths` of its columns in characters."""
        clean = "".join(c for c in name if c not in "[]:*?/\\'")[:NAME_LENGTH]
        self._sheet, self._line = self._book.add_worksheet(clean or None), 0
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width)

    def heading(self, texts: Sequence[str]) -> None:
        """The row of headings, which stays in sight."""
        self.row(texts, bold=True)
        self._sheet.freeze_panes(self._line, 0)

    def row(self, cells: Sequence[Any], *, bold: bool = False, last: Any = None) -> None:
        """One row: texts stay texts (an ID number keeps its digits), sums and days are numbers one can add up and sort. `last` is the
        format of the last cell."""
        for column, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            form = last if last is not None and column == len(cells) - 1 else self.bold if bold else None
            if isinstance(cell, Decimal):
                self._sheet.write_number(self._line, column, float(cell), form or self._money)
            elif isinstance(cell, date):
                self._sheet.write_datetime(self._line, column, cell, form or self._day)
            elif isinstance(cell, int):
                self._sheet.write_number(self._line, column, cell, form)
            else:
                self._sheet.write_string(self._line, column, safe(str(cell)), form or self._text)
        self._line += 1

    def close(self) -> bytes:
        if not self._book.worksheets():
            self._book.add_worksheet()
        self._book.close()
        return self._out.getvalue()
