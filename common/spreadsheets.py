"""Opens spreadsheets that strangers made: decides by content, refuses what could hurt, and hands out rows of plain text.

Nothing in here knows what the columns mean. Every refusal is a WorkbookError whose text is one Chinese sentence that says what
to do, because the file came from somebody who can only fix it in their own spreadsheet program.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

import python_calamine
from django.conf import settings
from django.utils.translation import gettext as _

XLSX, XLS, CSV = "xlsx", "xls", "csv"

# A cell block is held densely by the reader (about 32 bytes a cell), so two cells at opposite corners could ask for gigabytes.
MAX_CELLS = 60_000_000
KEPT_CELLS = 300_000  # 10,000 people in the national frame, some 20 MB as texts
MAX_COLUMNS = 2_000
MAX_UNPACKED_BYTES = 2 * 1024**3
MAX_RATIO = 250  # spreadsheet XML packs 10 to 40 times; a bomb packs 1000 times
RATIO_COUNTS_FROM = 32 * 1024 * 1024
MAX_SPECIAL_CELLS = 5_000
EXACT_DIGITS = 15  # a spreadsheet number keeps no more significant digits than this

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# References of cells, however a hostile hand may write them. A sheet without a far one lies within 78 columns (BZ) and 699,999 rows,
# fewer than MAX_CELLS; only where there is one the corners are looked for, which takes five times as long.
_FAR = re.compile(rb"""r\s*=\s*["'](?:(?:[C-Zc-z][A-Za-z]|[A-Za-z]{3})\d|[A-Za-z]{0,3}(?:[7-9]\d{5}|\d{7}))""")
_COLUMNS = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})\d""")
_ROWS = re.compile(rb"""\br\s*=\s*["'][A-Za-z]{0,3}(\d{1,8})""")
_UNCOMPUTED = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*><(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>'
)
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*?\bt="e"')
_WRAPPED = re.compile(r'^\s*="(.*)"\s*$', re.DOTALL)
_GUARDED = re.compile(r"'*(?:\s*(?:[=+\-@]|#[A-Z])|[\t\r])")
_ERROR_TEXTS = frozenset(
    ("#N/A", "#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")
)


class WorkbookError(Exception):
    """A file that cannot be read as a spreadsheet; the text is one Chinese sentence for its owner."""


class Spoilt(str):
    """Text of a number so long that the spreadsheet has rounded it away; shown as the spreadsheet shows it."""

    __slots__ = ()
    spoilt = True


class Uncomputed(str):
    """Text of a formula that carries no result, or that a csv carries as text."""

    __slots__ = ()
    uncomputed = True


class Broken(str):
    """An empty cell where the spreadsheet shows an error such as #N/A."""

    __slots__ = ()
    broken = True


def cell_text(value: Any) -> str:
    """One cell as a person reads it: 19620105.0 is "19620105", true is "是", midnight is dropped from dates.

    Whole numbers of more than 15 digits come back as Spoilt.
    """
    if value.__class__ is float and value.is_integer() and abs(value) < 10**EXACT_DIGITS:  # nearly every number
        return str(int(value))
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return ""
        if value.is_integer():
            if abs(value) >= 10**EXACT_DIGITS:
                return Spoilt(f"{value:.5E}")
            return str(int(value))
        return f"{value:.15g}"
    if isinstance(value, int):
        return Spoilt(f"{float(value):.5E}") if abs(value) >= 10**EXACT_DIGITS else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def column_index(letters: str) -> int:
    """0 for A, 25 for Z, 26 for AA."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


@dataclass
class _Special:
    """Cells of one sheet that the reader hands out as blank although they are not."""

    uncomputed: dict[int, set[int]] = field(default_factory=dict)
    broken: dict[int, set[int]] = field(default_factory=dict)


class Workbook:
    """An opened spreadsheet: `kind`, `sheet_names`, and `rows(sheet)` as often as wanted.

    The file may be closed by the caller after opening. One sheet of calamine is kept open at a time (about 1 KB a row). The lists of
    cells belong to the workbook: callers do not change them.
    """

    def __init__(self, kind: str, sheet_names: list[str], *, book=None, text=None, dialect=",", special=None):
        self.kind = kind
        self.sheet_names = sheet_names
        self._book = book
        self._text = text
        self._dialect = dialect
        self._special: dict[str, _Special] = special or {}
        self._open: tuple[str, Any] | None = None
        self._texts: tuple[str, list[list[str]]] | None = None  # of a small sheet, which is gone through several times

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str]]]:
        """Every row of `sheet` from the first as (row number as the spreadsheet shows it, cells as text).

        Leading blank columns are left out, trailing ones may be. Blank rows come too, so that callers can count them.
        """
        if self.kind == CSV:
            yield from self._csv_rows()
            return
        table = self._sheet(sheet)
        special = self._special.get(sheet)
        if table is None or table.start is None:
            return
        if special is None:
            if self._texts is None or self._texts[0] != sheet:
                texts = (
                    [cell if cell.__class__ is str else cell_text(cell) for cell in row] for row in table.iter_rows()
                )
                if table.height * table.width > KEPT_CELLS:
                    yield from enumerate(texts, start=1)
                    return
                self._texts = (sheet, list(texts))
            yield from enumerate(self._texts[1], start=1)
            return
        left = table.start[1]
        for number, row in enumerate(table.iter_rows(), start=1):
            cells = [cell if cell.__class__ is str else cell_text(cell) for cell in row]
            for marks, mark in ((special.uncomputed, Uncomputed), (special.broken, Broken)):
                for column in marks.get(number, ()):
                    if 0 <= column - left < len(cells) and not cells[column - left]:
                        cells[column - left] = mark("=…" if mark is Uncomputed else "")
            yield number, cells

    def _sheet(self, name: str) -> Any:
        if self._open is None or self._open[0] != name:
            self._open = None
            try:
                self._open = (name, self._book.get_sheet_by_name(name))
            except (python_calamine.CalamineError, OSError, ValueError) as error:
                raise WorkbookError(
                    _("工作表「%(sheet)s」已损坏，读不出来，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传")
                    % {"sheet": name}
                ) from error
        return self._open[1]

    def _csv_rows(self) -> Iterator[tuple[int, list[str]]]:
        self._text.seek(0)
        try:
            for number, row in enumerate(csv.reader(self._text, delimiter=self._dialect), start=1):
                yield number, [_csv_cell(cell) if cell[:1] in ("=", "#", " ", "'") else cell for cell in row]
        except csv.Error as error:
            raise WorkbookError(
                _("这个 CSV 文件的引号或分隔不完整，读不下去，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传")
            ) from error


def guarded(text: str) -> str:
    """A text as it stands in a .csv that no spreadsheet program may run: an apostrophe before what could be taken for a formula. Reading
    the file takes it away again, so a text that begins so by itself gets one, too."""
    return f"'{text}" if _GUARDED.match(text) else text


def _csv_cell(cell: str) -> str:
    if cell[:1] == "'":
        return cell[1:] if _GUARDED.match(cell) else cell
    wrapped = _WRAPPED.match(cell)
    if wrapped:
        return wrapped[1].replace('""', '"')
    stripped = cell.strip()
    if stripped in _ERROR_TEXTS:
        return Broken("")
    if stripped.startswith("=") and len(stripped) > 1:
        return Uncomputed(stripped)
    return cell


def open_workbook(source: bytes | str | Path | BinaryIO, *, max_bytes: int | None = None) -> Workbook:
    """Open `source` (bytes, a path or a binary file) by its content, whatever its name says.

    Raises WorkbookError for anything else than .xlsx, .xls or delimited text, for files over `max_bytes` (default: the
    setting UPLOAD_MAX_BYTES), files with a password, damaged files and archives built to fill the memory.
    """
    limit = settings.UPLOAD_MAX_BYTES if max_bytes is None else max_bytes
    data = _read(source, limit)
    if not data:
        raise WorkbookError(_("文件是空的，请检查后重新上传"))
    if data.startswith(b"PK\x03\x04"):
        return _open_xlsx(data)
    if data.startswith(_OLE):
        return _open_xls(data)
    return _open_text(data)


def _read(source: bytes | str | Path | BinaryIO, limit: int) -> bytes:
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | Path):
        with Path(source).open("rb") as file:
            data = file.read(limit + 1)
    else:
        data = source.read(limit + 1)
    if len(data) > limit:
        raise WorkbookError(
            _("文件超过 %(size)s MB，请删去无关的工作表和图片，或者按乡镇拆成几个文件再上传")
            % {"size": limit // (1024 * 1024)}
        )
    return data


def _not_a_workbook() -> WorkbookError:
    return WorkbookError(_("这不是表格文件，请上传 .xlsx、.xls 或 .csv 文件"))


def _damaged() -> WorkbookError:
    return WorkbookError(_("文件已损坏，打不开，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"))


def _locked() -> WorkbookError:
    return WorkbookError(_("文件设有打开密码，请在 Excel 或 WPS 中去掉密码后再上传"))


def _too_large_inside() -> WorkbookError:
    return WorkbookError(_("文件解开后大得不合常理，没有打开，请把需要的行复制到新表格中另存后再上传"))


def _open_xlsx(data: bytes) -> Workbook:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _damaged() from error
    if "xl/workbook.bin" in names or "content.xml" in names:
        raise WorkbookError(_("不支持这种表格格式，请在 Excel 或 WPS 中另存为 .xlsx 再上传"))
    if not any(name.startswith("xl/") and name.endswith(".xml") for name in names):
        raise _not_a_workbook()
    special_by_part = _inspect_parts(archive)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = _worksheets(book)
    except python_calamine.PasswordError as error:
        raise _locked() from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _damaged() from error
    special = {}
    if special_by_part:
        parts = _sheet_parts(archive)
        special = {name: special_by_part[part] for name, part in parts.items() if part in special_by_part}
    return Workbook(XLSX, sheets, book=book, special=special)


def _worksheets(book: Any) -> list[str]:
    return [meta.name for meta in book.sheets_metadata if meta.typ == python_calamine.SheetTypeEnum.WorkSheet] or list(
        book.sheet_names
    )


def _inspect_parts(archive: zipfile.ZipFile) -> dict[str, _Special]:
    """Unpack every XML part once, in pieces, before the reader may: sizes, extent of the cells, formulas without result."""
    total = 0
    found: dict[str, _Special] = {}
    for info in archive.infolist():
        total += info.file_size
        if total > MAX_UNPACKED_BYTES or (
            info.file_size > RATIO_COUNTS_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1)
        ):
            raise _too_large_inside()
        if info.flag_bits & 0x1:
            raise _locked()
        if not info.filename.endswith(".xml"):
            continue
        is_sheet = info.filename.startswith("xl/worksheets/")
        special = _Special()
        is_far = False
        for piece in _pieces(archive, info):
            if is_sheet:
                is_far = is_far or _FAR.search(piece) is not None
                _note_special(piece, special)
        if is_far:
            width, height = _extent(archive, info)
            if width > MAX_COLUMNS or width * height > MAX_CELLS:
                raise _too_large_inside()
        if special.uncomputed or special.broken:
            found[info.filename] = special
    return found


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part in pieces of a megabyte, each beginning before the last cell of the one before it, so that no cell is cut in two."""
    tail = b""
    try:
        with archive.open(info) as part:
            while piece := part.read(1 << 20):
                piece = tail + piece
                yield piece
                cut = max(piece.rfind(b"<c "), piece.rfind(b":c "), 0) if len(piece) > 4096 else 0
                tail = piece[-4096:] if cut == 0 else piece[cut:][-65536:]
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged() from error


def _extent(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[int, int]:
    """(columns, rows) up to the outermost cells of a sheet."""
    columns: set[bytes] = set()
    height = 1
    for piece in _pieces(archive, info):
        columns.update(_COLUMNS.findall(piece))
        height = max(height, *map(int, set(_ROWS.findall(piece))), 1)
    return max((column_index(letters.decode().upper()) + 1 for letters in columns), default=1), height


def _note_special(piece: bytes, special: _Special) -> None:
    for marker, pattern, store in ((b"<f", _UNCOMPUTED, special.uncomputed), (b't="e"', _ERROR_CELL, special.broken)):
        if marker not in piece and marker.replace(b"<", b":") not in piece:
            continue
        for reference in pattern.findall(piece):
            if len(store) >= MAX_SPECIAL_CELLS:
                return
            letters = reference.rstrip(b"0123456789")
            store.setdefault(int(reference[len(letters) :]), set()).add(column_index(letters.decode()))


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name to archive member, read from the workbook's own relations."""
    try:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return {}
    targets = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", relations):
        identifier, target = re.search(r'\bId="([^"]*)"', tag), re.search(r'\bTarget="([^"]*)"', tag)
        if identifier and target:
            path = target[1].lstrip("/")
            targets[identifier[1]] = path if path.startswith("xl/") else f"xl/{path}"
    parts = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        name, identifier = re.search(r'\bname="([^"]*)"', tag), re.search(r'\b\w+:id="([^"]*)"', tag)
        if name and identifier and identifier[1] in targets:
            plain = name[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
            parts[plain.replace("&amp;", "&")] = targets[identifier[1]]
    return parts


def _open_xls(data: bytes) -> Workbook:
    if "EncryptedPackage".encode("utf-16-le") in data[: 1 << 20] or "EncryptionInfo".encode("utf-16-le") in data:
        raise _locked()
    if "WordDocument".encode("utf-16-le") in data or "PowerPoint Document".encode("utf-16-le") in data:
        raise _not_a_workbook()
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return Workbook(XLS, _worksheets(book), book=book)
    except python_calamine.PasswordError as error:
        raise _locked() from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        if "password" in str(error).lower():
            raise _locked() from error
        raise _damaged() from error


def _open_text(data: bytes) -> Workbook:
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<html", b"<!doctype", b"<table", b"<head", b"<style")) or b"<table" in head:
        raise WorkbookError(_("这个文件其实是网页，只是名字像表格，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"))
    if head.startswith(b"<?xml") and b"spreadsheet" in data[:4096].lower():
        raise WorkbookError(_("不支持这种表格格式，请在 Excel 或 WPS 中另存为 .xlsx 再上传"))
    encoding = _encoding(data)
    text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, errors="strict", newline="")
    sample = text.read(64 * 1024)
    printable = sum(character.isprintable() or character in "\r\n\t" for character in sample)
    if not sample.strip() or printable < 0.98 * len(sample):
        raise _not_a_workbook()
    lines = [line for line in sample.splitlines() if line.strip()][:30]
    # What divides the cells stands in every line; what a text holds stands in some, however often.
    counts = {mark: [line.count(mark) for line in lines if mark in line] for mark in (",", "\t", ";")}
    delimiter = max(counts, key=lambda mark: (len(counts[mark]), max(counts[mark], default=0)))
    if not counts[delimiter]:
        raise _not_a_workbook()
    return Workbook(CSV, ["CSV"], text=text, dialect=delimiter)


def _encoding(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        candidates: tuple[str, ...] = ("utf-8-sig",)
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ("utf-16",)
    elif b"\x00" in data[: 1 << 16]:
        raise _not_a_workbook()
    else:
        candidates = ("utf-8", "gb18030")
    for encoding in candidates:
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise WorkbookError(_("文件的文字编码认不出来，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"))
