"""Makes an exported file: household by household from the database into an encrypted file, in the memory of one lot.

Everything is read in one snapshot of the database, so that the file says what was true at one moment, and is written in one transaction:
a worker that dies leaves nothing, and the next begins anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions
from common import audit, vault
from common.copying import rarely_collecting
from common.lookups import among
from common.money import format_money
from common.streamed import IDENTIFIER, MOST_ROWS, TEXT, CsvStream, XlsxStream
from exchange import flow
from exchange.outgoing.models import ExportMark, ExportRun, RowKind
from exchange.outgoing.rows import LOT, Found, Reader, compared
from households.filters import HouseholdFilter
from households.models import Household, Member, Pairing

MARK = struct.Struct(">q8s")  # key of a row, digest of its cells
TOTAL = "合计"  # how the control line begins; by this word an import knows it and leaves it out
LEFT_SHEET = "不再包含的行"
LEFT_HEADINGS = ("户编号", "姓名", "说明")  # fewer than make a heading of an import
LEFT_LOT = 500


class StaleError(Exception):
    """What was asked for can no longer be found; the message is one sentence for the user."""


def reach(user: Any, *, full: bool) -> Any:
    """The households whose rows a user may have in a file."""
    households = Household.objects.for_user(user, Permission.HOUSEHOLD_EXPORT)
    if full:
        households = households.filter(pk__in=Household.objects.for_user(user, Permission.PII_REVEAL).order_by())
    return households


def keys_of(export: ExportRun, by: Any) -> tuple[list[int], int]:
    """(keys of the households in the order of the list, how many of the list may not be exported). Raises StaleError."""
    seen = Household.objects.for_user(by)
    if export.chosen is not None:
        listed = list(seen.filter(among("pk", export.chosen)).order_by("-pk").values_list("pk", flat=True))
    else:
        data = QueryDict(mutable=True)
        data.update(export.query)
        found = HouseholdFilter(data, seen, request=SimpleNamespace(user=by))
        if not found.is_valid():
            raise StaleError(_("筛选条件已经过期或有误，请回到农户列表重新筛选后再导出。"))
        listed = list(found.qs.order_by("-pk").values_list("pk", flat=True))
    may = set(reach(by, full=export.is_full).order_by().values_list("pk", flat=True))
    keys = [pk for pk in listed if pk in may]
    return keys, len(listed) - len(keys)


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


class Tally:
    """Counts what is written, for the control line and the receipt."""

    def __init__(self) -> None:
        self.found = self.written = self.same = self.households = self.persons = self.left = 0
        self.helpers: set[int] = set()
        self.amount = Decimal(0)
        self.villages: set[int] = set()


def make(export: ExportRun, *, by: Any, run: Any, most_rows: int = MOST_ROWS, lot: int = LOT) -> ExportRun:
    """Make the file of a request. `run` tells progress and hears a cancel (`step`). Raises StaleError."""
    with _one_moment():
        export = ExportRun.objects.for_user(by).get(pk=export.pk)
        if export.made_at is not None:  # a worker died after its commit
            return export
        keys, left_out = keys_of(export, by)
        if not keys:
            raise StaleError(_("没有符合条件、又在您可以导出范围内的农户，请放宽筛选条件后再导出。"))
        run.step(0, total=len(keys), message=_("正在读取台账"))
        sink = vault.Sink()
        name = ""
        try:
            tally = _write(export, keys, by, run, sink, most_rows, lot)
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
    reader = Reader(export.columns, export.row_kind, year=export.year, full=export.is_full, by=by)
    book: Any = (CsvStream if export.output == ExportRun.Output.CSV else XlsxStream)(sink, most_rows=most_rows)
    book.sheet(_safe_sheet(export), [column["heading"] for column in export.columns], reader.kinds)
    tally, base, gone = Tally(), export.base, _Gone()
    done = 0
    for found in reader.lots(keys, lot):
        known = _marks(base, [one.pk for one in found])
        rows: list[list[Any]] = []
        marks = []
        for one in found:
            marks.append(_compare(export, reader, one, known.get(one.pk), tally, rows, gone))
        for row in rows:
            tally.written += 1
            for place in reader.numbered:
                row[place] = tally.written
        book.write(rows)
        ExportMark.objects.bulk_create(marks)
        done += len(found)
        run.step(done)
    if base is not None:
        gone.households(base, set(keys))
    tally.left = len(gone.rows)
    book.line(_control_line(export, tally))
    if gone.rows:
        _list_left(book, export, gone.rows, by)
    book.close()
    return tally


def _safe_sheet(export: ExportRun) -> str:
    return f"{export.year}年数据"


def _compare(export: ExportRun, reader: Reader, one: Found, known: Mapping[int, bytes] | None, tally: Tally, rows: list[list[Any]],
             gone: _Gone) -> ExportMark:  # fmt: skip
    """Put the rows of a household that belong into the file behind `rows`; the mark of all of them."""
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
        if export.row_kind == RowKind.PAIRING:
            tally.helpers.add(key)
    gone.rows += [(one.pk, key) for key in before]
    if written:
        tally.households += 1
        tally.amount += one.money
        tally.persons += written if export.row_kind == RowKind.MEMBER else one.people
    if one.rows:
        tally.villages.add(one.village)
    return ExportMark(run=export, household_id=one.pk, rows=bytes(mark))


def _digest(cells: Sequence[Any]) -> bytes:
    """Eight bytes that nobody without our key can try cells against."""
    text = "\x1f".join(map(str, cells))
    return hashlib.blake2b(text.encode(), digest_size=8, key=settings.LOOKUP_KEY.encode()[:64]).digest()


def _marks(base: ExportRun | None, keys: Sequence[int]) -> dict[int, dict[int, bytes]]:
    """What the rows of these households were in the file compared with."""
    if base is None:
        return {}
    marks = ExportMark.objects.filter(among("household_id", keys), run=base).values_list("household_id", "rows")
    return {pk: dict(MARK.iter_unpack(bytes(rows))) for pk, rows in marks}


class _Gone:
    """Rows of the file compared with that are found no longer: (household, key of the row)."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int]] = []

    def households(self, base: ExportRun, now: set[int]) -> None:
        """Those of households that are found no longer at all."""
        for pk, rows in base.marks.order_by().values_list("household_id", "rows").iterator(chunk_size=2000):
            if pk not in now:
                self.rows += [(pk, key) for key, _digest_of in MARK.iter_unpack(bytes(rows))]


def _control_line(export: ExportRun, tally: Tally) -> str:
    """行数、户数、人数、金额合计、生成时间、格式名, in one cell; Chinese in every language, as the headings are."""
    people = len(tally.helpers) if export.row_kind == RowKind.PAIRING else tally.persons
    counted = "结对" if export.row_kind == RowKind.PAIRING else "人数"
    parts = [
        f"行数 {tally.written}",
        f"户数 {tally.households}",
        f"{counted} {people}",
        f"金额合计 {format_money(tally.amount)} 元",
    ]
    if export.only_changed and export.base is not None:
        since = timezone.localtime(export.base.made_at)
        parts.append(
            f"只含 {since:%Y-%m-%d %H:%M} 以后有变化的行，另有 {tally.same} 行没有变化、{tally.left} 行不再包含"
        )
    made = timezone.localtime()
    return f"{TOTAL}：{'，'.join(parts)}，生成时间 {made:%Y-%m-%d %H:%M:%S}，格式“{export.name}”"  # fmt: skip


def _list_left(book: Any, export: ExportRun, rows: Sequence[tuple[int, int]], by: Any) -> None:
    """The rows that are in the file no longer: on a sheet of their own, in a .csv below the control line."""
    as_sheet = export.output == ExportRun.Output.XLSX
    if as_sheet:
        book.sheet(LEFT_SHEET, LEFT_HEADINGS, (IDENTIFIER, TEXT, TEXT))
    for start in range(0, len(rows), LEFT_LOT):
        told = [_left(export.row_kind, *each) for each in _whereabouts(rows[start : start + LEFT_LOT], export, by)]
        if as_sheet:
            book.write(told)
        else:
            for number, name, why in told:
                book.line(f"{LEFT_SHEET}：{'，'.join(filter(None, (f'户编号 {number}' if number else '', name, why)))}")


def _whereabouts(
    rows: Sequence[tuple[int, int]], export: ExportRun, by: Any
) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """For each row its household and member or pairing as they are now, None where there is none that `by` may see."""
    mine = reach(by, full=False).filter(among("pk", {pk for pk, _key in rows}))
    households = {h["pk"]: h for h in mine.values("pk", "number", "householder_name", "closed_on")}
    keys = [key for pk, key in rows if pk in households]
    model: Any = {RowKind.MEMBER: Member, RowKind.PAIRING: Pairing}.get(RowKind(export.row_kind))
    ones: dict[int, dict[str, Any]] = {}
    if model is Member:
        ones = {
            m["pk"]: m for m in Member._base_manager.filter(among("pk", keys)).values("pk", "name", "left_on", "household_id")
        }  # fmt: skip
    elif model is Pairing:
        found = Pairing._base_manager.filter(among("pk", keys)).values("pk", "cadre__name", "ends_on")
        ones = {p["pk"]: p | {"name": p["cadre__name"]} for p in found}
    return [(households.get(pk), ones.get(key)) for pk, key in rows]


def _left(row_kind: str, household: dict[str, Any] | None, one: dict[str, Any] | None) -> tuple[str, str, str]:
    """(户编号, 姓名, 说明)"""
    if household is None:
        return "", "", "已不在您的管理范围"
    name = one["name"] if one else household["householder_name"]
    if household["closed_on"]:
        why = f"已于 {household['closed_on']} 销户"
    elif one and one.get("left_on"):
        why = f"已于 {one['left_on']} 减少"
    elif one and one.get("household_id") not in (None, household["pk"]):
        why = "已转到另一户"
    elif one and one.get("ends_on") and one["ends_on"] <= dt.date.today():  # noqa: DTZ011  a calendar day
        why = f"结对已于 {one['ends_on']} 结束"
    else:
        why = "不再符合这次的条件"
    return household["number"], name, why


def _conclude(export: ExportRun, tally: Tally, by: Any, *, name: str, size: int, left_out: int) -> ExportRun:
    export.file, export.size, export.left_out = name, size, left_out
    export.rows_found, export.rows_written, export.rows_same = tally.found, tally.written, tally.same
    export.rows_left, export.households, export.amount = tally.left, tally.households, tally.amount
    export.people = len(tally.helpers) if export.row_kind == RowKind.PAIRING else tally.persons
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
