"""What stayed out goes back to its owner: their own rows, as they wrote them, with the reason beside each."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import xlsxwriter
from cryptography.fernet import InvalidToken
from django.utils.translation import gettext as _

from common import vault
from common.spreadsheets import Workbook, open_workbook
from common.xlsx import NAME_LENGTH, safe
from exchange.headings import Table
from exchange.models import Batch, Outcome

STEP = 2_000  # rows between two reports of progress
Reasons = dict[tuple[str, int], tuple[str, str]]


def _reasons(batch: Batch) -> Reasons:
    """{(sheet, row): (outcome, sentence)} of everything held or rejected."""
    found: Reasons = {}
    rows = batch.rows.filter(outcome__in=[Outcome.HELD, Outcome.REJECTED]).order_by("position")
    for sheet, row_no, outcome, detail in rows.values_list("sheet", "row_no", "outcome", "detail").iterator():
        for member in detail.get("members", []):
            found[member.get("sheet", sheet), member["row"]] = (member["outcome"], member.get("problem", ""))
        found.setdefault((sheet, row_no), (outcome, detail.get("problem", "")))
    return found


def _wanted(table: Table, book: Workbook, reasons: Reasons) -> Iterator[tuple[list[str], str, str]]:
    """(cells, outcome, sentence) of the rows of one sheet that stayed out."""
    width = _width(table)
    for row_no, cells in book.rows(table.sheet):
        told = reasons.get((table.sheet[:100], row_no))
        if told is not None:
            yield [*cells[:width], *[""] * (width - len(cells))], *told


def _width(table: Table) -> int:
    return max((column.index for column in table.columns), default=0) + 1


def workbook(batch: Batch, step: Callable[[int], None] = lambda done: None) -> bytes:
    """An .xlsx of the held and rejected rows under their own headings; every cell is text, so that numbers keep their digits.

    `step` hears how many rows are written. Raises FileNotFoundError when the upload is past its keeping time.
    """
    source = open_workbook(vault.get(batch.file))
    reasons = _reasons(batch)
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
    words = {outcome.value: str(outcome.label) for outcome in Outcome}
    done = 0
    for order, table in enumerate(map(Table.from_json, batch.tables)):
        sheet = None
        width = _width(table)
        for line, (cells, outcome, sentence) in enumerate(_wanted(table, source, reasons), start=1):
            if sheet is None:
                sheet = _sheet(book, table, order, bold, text)
            for column, cell in enumerate(cells):
                if cell:
                    sheet.write_string(line, column, safe(str(cell)), text)
            sheet.write_string(line, width, words[outcome])
            sheet.write_string(line, width + 1, safe(sentence), red)
            done += 1
            if done % STEP == 0:
                step(done)
    if not book.worksheets():
        book.add_worksheet()
    book.close()
    return out.getvalue()


def _sheet(book: xlsxwriter.Workbook, table: Table, order: int, bold: Any, text: Any) -> Any:
    """A sheet with the headings of a table, the outcome and the reason after them."""
    width = _width(table)
    headings = [""] * width
    for column in table.columns:
        headings[column.index] = column.heading
    title = "".join(c for c in table.sheet if c not in "[]:*?/\\'")[: NAME_LENGTH - 4] or "Sheet"
    sheet = book.add_worksheet(f"{title}-{order + 1}")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, width - 1, 14, text)
    sheet.set_column(width, width + 1, 40)
    for at, heading in enumerate([*headings, _("结果"), _("原因")]):
        sheet.write_string(0, at, safe(heading), bold)
    return sheet


# -- for a large file, made by a worker and kept until it is fetched ---------------------------------------------------------------


def _name(batch: Batch) -> str:
    return batch.file.removesuffix(".enc") + "-back"


def _stamp(batch: Batch) -> bytes:
    """Another preview and the write put other outcomes beside the rows."""
    return f"{batch.previewed_at} {batch.applied_at}".encode()


def forget(batch: Batch) -> None:
    if batch.file:
        vault.remove(f"{_name(batch)}.enc")


def keep(batch: Batch, step: Callable[[int], None]) -> None:
    """Make the workbook and keep it encrypted beside the upload."""
    data = workbook(batch, step)
    forget(batch)
    vault.put_pieces(_name(batch), [_stamp(batch), *vault.cut(data)])


def kept(batch: Batch) -> bytes | None:
    """The workbook kept for the batch as it is now, if there is one."""
    try:
        stamp, *pieces = vault.pieces(f"{_name(batch)}.enc")
    except (FileNotFoundError, InvalidToken):
        return None
    return b"".join(pieces) if stamp == _stamp(batch) else None
