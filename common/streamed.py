"""Spreadsheets of any length, written to a stream as their rows come, in little memory: .xlsx and .csv.

A text stays the text it is, whatever it begins with, and no program runs it. In .xlsx a cell that could be taken for a formula has the
mark with which the spreadsheet programs themselves keep a text a text (`quotePrefix`), so nothing is added to the value. A .csv has no
such mark: there an apostrophe is put before it, which `common.spreadsheets` takes away again; whole numbers of identifiers are written
="…", which keeps their digits.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from common.spreadsheets import guarded
from common.xlsx import NAME_LENGTH

MOST_ROWS = 1_048_576  # of a sheet, the heading among them
TEXT, IDENTIFIER, NUMBER, MONEY = "text", "identifier", "number", "money"  # kinds of columns
BOM = b"\xef\xbb\xbf"
LEVEL = 5  # of compression: a tenth larger than the usual 6, in two thirds of its time
PIECE = 1 << 17  # bytes of XML handed on at a time
MEMO = 2_000  # different texts of a column whose cells are kept
LEAST_BYTES = 5_000  # a password cannot be put on a file below 4096 bytes

_RUNS = ("=", "+", "-", "@", "\t", "\r")
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_DIGITS = re.compile(r"\d+[Xx]?\Z", re.ASCII)


class Out(Protocol):
    def write(self, data: Any) -> int: ...


def _special(found: re.Match[str]) -> str:
    text = found[0]
    if len(text) > 1:  # "_x000D_" written by somebody means itself
        return "_x005F" + text
    return _NAMES.get(text) or f"_x{ord(text):04X}_"


def escaped(text: str) -> str:
    """A text as it stands in the XML of a cell."""
    return _SPECIAL.sub(_special, text)


def letters(index: int) -> str:
    """A for 0, AA for 26."""
    found = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        found = chr(65 + rest) + found
    return found


def _text_cell(text: str, plain: int = 1, quoted: int = 2) -> str:
    """What follows the reference of a cell. Styles: see `_STYLES`."""
    style = quoted if text[0] in _RUNS else plain
    keep = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() or "\n" in text or "\r" in text else ""
    return f'" s="{style}" t="inlineStr"><is><t{keep}>{escaped(text)}</t></is></c>'


class XlsxStream:
    """Rows in order, from the top; a new sheet with the same headings begins where one is full.

    `kinds` are those of the columns. `write(rows)` takes rows of texts, numbers ("" and None leave a cell blank). `sheet` begins
    another sheet, with other columns. `close` ends the file.
    """

    def __init__(self, out: Out, *, most_rows: int = MOST_ROWS) -> None:
        self._zip = zipfile.ZipFile(_Forward(out), "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)  # type: ignore[arg-type]
        self._most = most_rows
        self._names: list[str] = []
        self._part: Any = None
        self._buffer: list[str] = []
        self._buffered = 0

    def sheet(self, name: str, headings: Sequence[str], kinds: Sequence[str]) -> None:
        """Begin a sheet. The same name again gets a number."""
        self._end_part()
        self._name, self._headings, self._kinds = name, list(headings), list(kinds)
        self._letters = [f'<c r="{letters(index)}' for index in range(max(len(headings), 1))]
        self._memos: list[dict[Any, str]] = [{} for _heading in headings]
        self._begin()

    def _begin(self) -> None:
        self._names.append(self._free_name())
        self._part = self._zip.open(f"xl/worksheets/sheet{len(self._names)}.xml", "w", force_zip64=True)
        widths = "".join(
            f'<col min="{n}" max="{n}" width="{_width(heading, kind)}" customWidth="1"/>'
            for n, (heading, kind) in enumerate(zip(self._headings, self._kinds, strict=True), 1)
        )
        self._put(
            f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"{_SELECTED if len(self._names) == 1 else ""}>'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"<cols>{widths}</cols><sheetData>"
        )
        cells = [
            f"{letter}1{_text_cell(heading, 5, 6)}"
            for letter, heading in zip(self._letters, self._headings, strict=True)
            if heading
        ]
        self._put(f'<row r="1">{"".join(cells)}</row>')
        self._row = 1

    def _free_name(self) -> str:
        clean = "".join(c for c in self._name if c not in "[]:*?/\\'" and c.isprintable()).strip() or "Sheet"
        name, number = clean[:NAME_LENGTH], 1
        while name.casefold() in {other.casefold() for other in self._names}:
            number += 1
            name = f"{clean[: NAME_LENGTH - 4]}-{number}"
        return name

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        while rows:
            if self._row >= self._most:
                self._end_part()
                self._begin()
            room = self._most - self._row
            self._rows(rows[:room])
            rows = rows[room:]

    def _rows(self, rows: Sequence[Sequence[Any]]) -> None:
        columns = [
            self._cells(index, column) for index, column in enumerate(zip(*rows, strict=True))
        ]  # a column at a time: most hold few different texts
        begins, row = self._letters, self._row
        found = []
        for cells in zip(*columns, strict=True):
            row += 1
            number = str(row)
            line = [begin + number + cell for begin, cell in zip(begins, cells, strict=True) if cell]
            found.append(f'<row r="{number}">{"".join(line)}</row>')
        self._row = row
        self._put("".join(found))

    def _cells(self, index: int, column: Sequence[Any]) -> list[str]:
        memo = self._memos[index]
        if len(memo) > MEMO:
            memo.clear()
        style = 3 if self._kinds[index] == MONEY else 4
        found = []
        for value in column:
            cell = memo.get(value)
            if cell is None:
                if value is None or value == "":
                    cell = ""
                elif value.__class__ is str:
                    cell = _text_cell(value)
                else:
                    cell = f'" s="{style}"><v>{value}</v></c>'
                memo[value] = cell
            found.append(cell)
        return found

    def line(self, text: str) -> None:
        """A row with one text in its first cell."""
        if self._row >= self._most:
            self._end_part()
            self._begin()
        self._row += 1
        self._put(f'<row r="{self._row}"><c r="A{self._row}{_text_cell(text)}</row>')

    def _put(self, text: str) -> None:
        self._buffer.append(text)
        self._buffered += len(text)
        if self._buffered >= PIECE:
            self._flush()

    def _flush(self) -> None:
        self._part.write("".join(self._buffer).encode())
        self._buffer, self._buffered = [], 0

    def _end_part(self) -> None:
        if self._part is not None:
            self._put("</sheetData></worksheet>")
            self._flush()
            self._part.close()
            self._part = None

    def close(self) -> None:
        self._end_part()
        sheets, relations, types = "", "", ""
        for n, name in enumerate(self._names, 1):
            shown = escaped(name).replace('"', "&quot;")
            sheets += f'<sheet name="{shown}" sheetId="{n}" r:id="rId{n}"/>'
            relations += f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            types += f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        styles = len(self._names) + 1
        relations += f'<Relationship Id="rId{styles}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        self._zip.writestr(
            "xl/workbook.xml",
            f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        )
        self._zip.writestr("xl/_rels/workbook.xml.rels", f'{_XML}<Relationships xmlns="{_RELATIONS}">{relations}</Relationships>')  # fmt: skip
        self._zip.writestr("xl/styles.xml", _STYLES.ljust(LEAST_BYTES), compress_type=zipfile.ZIP_STORED)
        self._zip.writestr(
            "_rels/.rels",
            f'{_XML}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        self._zip.writestr(
            "[Content_Types].xml",
            f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{types}</Types>',
        )
        self._zip.close()


class CsvStream:
    """The same for .csv, in UTF-8 with the mark by which the spreadsheet programs know it. It has one sheet: `most_rows` is not asked."""

    def __init__(self, out: Out, *, most_rows: int = MOST_ROWS) -> None:
        self._out = out
        self._begun = False

    def sheet(self, name: str, headings: Sequence[str], kinds: Sequence[str]) -> None:
        if not self._begun:
            self._out.write(BOM)
            self._begun = True
        self._spell: list[Callable[[Any], Any]] = [_identifier if kind == IDENTIFIER else _plain for kind in kinds]
        self._put([[guarded(heading) for heading in headings]])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        self._put([spell(value) for spell, value in zip(self._spell, row, strict=True)] for row in rows)

    def line(self, text: str) -> None:
        self._put([[guarded(text)]])

    def _put(self, rows: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._out.write(text.getvalue().encode())

    def close(self) -> None:
        pass


def _plain(value: Any) -> Any:
    return guarded(value) if value.__class__ is str else value


def _identifier(value: Any) -> Any:
    return f'="{value}"' if value.__class__ is str and _DIGITS.match(value) else _plain(value)


class _Forward(io.RawIOBase):
    """A stream that cannot be gone back in, which is what makes `zipfile` write straight on."""

    def __init__(self, out: Out) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._out.write(data)


def _width(heading: str, kind: str) -> int:
    """Of a column, in characters: as wide as its heading, an identifier as an ID number is."""
    least = {IDENTIFIER: 20, MONEY: 12}.get(kind, 8)
    return min(max(least, 2 * len(heading) + 2), 40)


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SELECTED = ' tabSelected="1"'
# 0 nothing; 1 a text, 2 one that must not run; 3 money, 4 a number; 5 a heading, 6 one that must not run.
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="7"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" quotePrefix="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
