"""The heading row of a spreadsheet that the superior handed out, to begin a format with."""

from __future__ import annotations

from django.utils.translation import gettext as _

from common.spreadsheets import Workbook, WorkbookError, open_workbook
from exchange import headings
from exchange.flow import sentence
from exchange.outgoing import fields
from exchange.outgoing.models import RowKind
from exchange.outgoing.services import LONGEST_HEADING, MOST_COLUMNS, ExportRefusedError
from exchange.people import sheets

ROWS = headings.HEADING_ROWS
LEAST_NUMBERS = 2  # of villages, before a sheet is taken for one of villages


def heading_texts(data: bytes) -> list[str]:
    """The headings of the first sheet that has some, as written, in the order of the columns. Raises ExportRefusedError."""
    try:
        book = open_workbook(data)
        found = next((texts for sheet in book.sheet_names if (texts := _of_sheet(book, sheet))), None)
    except WorkbookError as error:
        raise ExportRefusedError(sentence(str(error))) from error
    if not found:
        raise ExportRefusedError(_("表格里没有找到表头，请确认第一张工作表的前几行里有列名。"))
    if len(found) > MOST_COLUMNS:
        raise ExportRefusedError(_("一个格式最多 %(most)s 列，请删去用不到的列。") % {"most": MOST_COLUMNS})
    return [text[:LONGEST_HEADING] for text in found]


def _of_sheet(book: Workbook, sheet: str) -> list[str]:
    for catalogue in (headings.HOUSEHOLDS, sheets.CATALOGUE):
        table = catalogue.find_table(sheet, book.rows(sheet))
        if table is not None:
            written = next((cells for number, cells in book.rows(sheet) if number == table.heading_row), [])
            return [text if (text := _written(written, column.index)) else column.heading for column in table.columns]
    for number, cells in book.rows(sheet):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if len(filled) >= 2:
            return filled
        if number >= ROWS:
            break
    return []


def _written(cells: list[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


def kind_meant(texts: list[str]) -> str:
    """What a row is under these headings: villages where numbers of them are asked for and nobody's household or name, pairings where they say
    when help began, members where they say a relation, else households."""
    keys = {fields.meant(text, RowKind.VILLAGE) for text in texts}
    if sum(key.startswith("village.") for key in keys) >= LEAST_NUMBERS and not _of_households(texts):
        return RowKind.VILLAGE
    keys = {fields.meant(text, RowKind.PAIRING) for text in texts}
    if "help.starts_on" in keys and "cadre.name" in keys:
        return RowKind.PAIRING
    keys = {fields.meant(text, RowKind.MEMBER) for text in texts}
    return RowKind.MEMBER if keys & {"member.relation", "member.number"} else RowKind.HOUSEHOLD


def _of_households(texts: list[str]) -> bool:
    keys = {fields.meant(text, RowKind.MEMBER) for text in texts}
    return bool(keys & {"household.number", "householder.name", "member.name", "member.number"})
