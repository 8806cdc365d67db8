"""Makes an exported file: household by household, or village by village, from the database into an encrypted file, in the memory of one lot.

Everything is read in one snapshot of the database, so that the file says what was true at one moment, and is written in one transaction:
a worker that dies leaves nothing, and the next begins anew.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions
from common import audit, vault
from common.copying import rarely_collecting
from common.lookups import among
from common.streamed import IDENTIFIER, MOST_ROWS, TEXT, CsvStream, XlsxStream
from exchange import flow
from exchange.outgoing import kinds
from exchange.outgoing.kinds import Gone, Kind, StaleError, Tally
from exchange.outgoing.models import ExportMark, ExportRun
from exchange.outgoing.rows import Found, compared

MARK = struct.Struct(">q8s")  # key of a row, digest of its cells
TOTAL = "合计"  # how the control line begins; by this word an import knows it and leaves it out
LEFT_SHEET = "不再包含的行"
LEFT_LOT = 500


@contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction that sees the database as it is now, whatever others commit meanwhile. Inside another transaction: that one's."""
    alone = not connection.in_atomic_block
    with rarely_collecting(), transaction.atomic():
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        flow.no_limits()
        yield


def make(export: ExportRun, *, by: Any, run: Any, most_rows: int = MOST_ROWS, lot: int | None = None) -> ExportRun:
    """Make the file of a request. `run` tells progress and hears a cancel (`step`). Raises StaleError."""
    with _one_moment():
        export = ExportRun.objects.for_user(by).get(pk=export.pk)
        if export.made_at is not None:  # a worker died after its commit
            return export
        kind = kinds.of(export.row_kind)
        keys, left_out = kind.keys(export, by)
        if not keys:
            raise StaleError(str(kind.nothing))
        run.step(0, total=len(keys), message=_("正在读取台账"))
        sink = vault.Sink()
        name = ""
        try:
            tally = _write(export, keys, by, run, sink, most_rows, lot or kind.lot)
            own = f"exports/{export.created_at:%Y/%m}/{export.token}"
            vault.remove(f"{own}.enc")  # of a worker that died before its commit
            name = sink.store(own)
            run.step(len(keys), message=_("正在保存"), force=True)
            return _conclude(export, tally, by, name=name, size=sink.size, left_out=left_out)
        except BaseException:
            vault.remove(name)
            raise
        finally:
            sink.close()


def _write(export: ExportRun, keys: Sequence[int], by: Any, run: Any, sink: Any, most_rows: int, lot: int) -> Tally:
    kind = kinds.of(export.row_kind)
    reader = kind.reader(export, by)
    book: Any = (CsvStream if export.output == ExportRun.Output.CSV else XlsxStream)(sink, most_rows=most_rows)
    book.sheet(_safe_sheet(export), [column["heading"] for column in export.columns], reader.kinds)
    tally, base, gone = Tally(), export.base, _Gone()
    done = 0
    for found in reader.lots(keys, lot):
        known = _marks(base, [one.pk for one in found])
        rows: list[list[Any]] = []
        marks = []
        for one in found:
            marks.append(_compare(export, kind, reader, one, known.get(one.pk), tally, rows, gone))
        for row in rows:
            tally.written += 1
            for place in reader.numbered:
                row[place] = tally.written
        book.write(rows)
        ExportMark.objects.bulk_create(marks)
        done += len(found)
        run.step(done)
    if base is not None:
        gone.wholly(base, set(keys))
    tally.left = len(gone.rows)
    book.line(_control_line(export, kind, tally))
    if gone.rows:
        _list_left(book, export, kind, gone.rows, by)
    book.close()
    return tally


def _safe_sheet(export: ExportRun) -> str:
    return f"{export.year}年数据"


def _compare(export: ExportRun, kind: Kind, reader: Any, one: Found, known: Mapping[int, bytes] | None, tally: Tally,
             rows: list[list[Any]], gone: _Gone) -> ExportMark:  # fmt: skip
    """Put the rows of a household or village that belong into the file behind `rows`; the mark of all of them."""
    before = dict(known or {})
    mark = bytearray()
    written = 0
    for key, cells in one.rows:
        digest = _digest(compared(cells, reader.quiet))
        mark += MARK.pack(key, digest)
        tally.found += 1
        same = before.pop(key, None) == digest
        if same and export.only_changed:
            tally.same += 1
            continue
        rows.append(cells)
        written += 1
        for place in reader.summed:
            tally.sums[place] = tally.sums.get(place, 0) + cells[place]
    gone.rows += [(one.pk, key) for key in before]
    if written:
        tally.households += one.homes
        tally.amount += one.money
        tally.persons += kind.people(one, written)
    if one.rows:
        tally.villages.add(one.village)
    return ExportMark(run=export, source_id=one.pk, rows=bytes(mark))


def _digest(cells: Sequence[Any]) -> bytes:
    """Eight bytes that nobody without our key can try cells against."""
    text = "\x1f".join(map(str, cells))
    return hashlib.blake2b(text.encode(), digest_size=8, key=settings.LOOKUP_KEY.encode()[:64]).digest()


def _marks(base: ExportRun | None, keys: Sequence[int]) -> dict[int, dict[int, bytes]]:
    """What the rows of these households or villages were in the file compared with."""
    if base is None:
        return {}
    marks = ExportMark.objects.filter(among("source_id", keys), run=base).values_list("source_id", "rows")
    return {pk: dict(MARK.iter_unpack(bytes(rows))) for pk, rows in marks}


class _Gone:
    """Rows of the file compared with that are found no longer."""

    def __init__(self) -> None:
        self.rows: list[Gone] = []

    def wholly(self, base: ExportRun, now: set[int]) -> None:
        """Those of households or villages that are found no longer at all."""
        for pk, rows in base.marks.order_by().values_list("source_id", "rows").iterator(chunk_size=2000):
            if pk not in now:
                self.rows += [(pk, key) for key, _digest_of in MARK.iter_unpack(bytes(rows))]


def _control_line(export: ExportRun, kind: Kind, tally: Tally) -> str:
    """What the rows sum to, 生成时间、格式名, in one cell; Chinese in every language, as the headings are."""
    parts = kind.sums(export, tally)
    if export.only_changed and export.base is not None:
        since = timezone.localtime(export.base.made_at)
        parts.append(
            f"只含 {since:%Y-%m-%d %H:%M} 以后有变化的行，另有 {tally.same} 行没有变化、{tally.left} 行不再包含"
        )
    made = timezone.localtime()
    return f"{TOTAL}：{'，'.join(parts)}，生成时间 {made:%Y-%m-%d %H:%M:%S}，格式“{export.name}”"  # fmt: skip


def _list_left(book: Any, export: ExportRun, kind: Kind, rows: Sequence[Gone], by: Any) -> None:
    """The rows that are in the file no longer: on a sheet of their own, in a .csv below the control line."""
    as_sheet = export.output == ExportRun.Output.XLSX
    if as_sheet:
        book.sheet(LEFT_SHEET, kind.left_headings, (IDENTIFIER, TEXT, TEXT))
    for start in range(0, len(rows), LEFT_LOT):
        told = kind.left(rows[start : start + LEFT_LOT], by)
        if as_sheet:
            book.write([list(each) for each in told])
            continue
        for number, name, why in told:
            number = f"{kind.left_headings[0]} {number}" if number else ""
            book.line(f"{LEFT_SHEET}：{'，'.join(filter(None, (number, name, why)))}")


def _conclude(export: ExportRun, tally: Tally, by: Any, *, name: str, size: int, left_out: int) -> ExportRun:
    export.file, export.size, export.left_out = name, size, left_out
    export.rows_found, export.rows_written, export.rows_same = tally.found, tally.written, tally.same
    export.rows_left, export.households, export.amount = tally.left, tally.households, tally.amount
    export.people = tally.persons
    export.villages = sorted(tally.villages)
    export.made_at, export.has_marks = timezone.now(), True
    export.save()
    older = ExportRun.objects.for_user(by).filter(scope=export.scope, has_marks=True, pk__lt=export.pk)
    ExportMark.objects.filter(run__in=older)._raw_delete(using=connection.alias)  # type: ignore[attr-defined]
    older.update(has_marks=False)
    audit.record(
        "households.exported_full" if export.is_full else "households.exported", by=by, target=export, region_path=path_of(by),
        note=export.reason or export.name, changes={"receipt": [None, receipt(export)]},
    )  # fmt: skip
    return export


def receipt(export: ExportRun) -> dict[str, Any]:
    """The numbers of a finished file as plain data."""
    names = ("rows_found", "rows_written", "rows_same", "rows_left", "households", "people", "left_out", "size")
    return {name: getattr(export, name) for name in names} | {"amount": str(export.amount)}


def path_of(by: Any) -> str:
    """The region under which an event of an export stands: the widest in which one may export."""
    regions = posted_regions(by, Permission.HOUSEHOLD_EXPORT)
    return min(regions, key=lambda region: (region.level, region.pk)).path if regions else ""
