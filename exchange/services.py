"""Verbs of an import: upload, say what columns mean, preview, apply, undo. Pages, the shell command and jobs call these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from common import audit, vault
from common.copying import copy_rows, fresh, rarely_collecting, reserve_keys
from common.models import Job
from common.spreadsheets import Workbook, WorkbookError
from exchange import files, flow, headings, kept
from exchange.flow import QUICK_BYTES, READ_BYTES, ExchangeError, discard_batch, fetch_returns, sentence, tables_of
from exchange.models import HeadingMapping, ImportBatch, ImportRow, Outcome
from exchange.normalise import ERROR
from exchange.reading import Lines, Places, Reading, Unit
from households import bulk, codelists
from households.models import Household

PREVIEW, APPLY, UNDO, RETURN = "import.preview", "import.apply", "import.undo", "import.return"
UNDO_AT_ONCE = 500  # households put back while somebody waits; more are a job
CHUNK = 500  # households; also how often progress is told and a cancel is heard
State = ImportBatch.State


# -- uploading ------------------------------------------------------------------------------------------------------------------


def upload_batch(*, data: bytes, filename: str, by: Any, year: int | None = None) -> ImportBatch:
    """Keep an uploaded file. A small one is recognised at once, so that a wrong file is refused while its owner looks on.

    `year` is the year the facts belong to; by default the one written in the file, else the current one.
    """
    region = flow.region_for(ImportBatch, by)
    batch = ImportBatch(
        owner=by, region=region, year=year or timezone.localdate().year, **flow.described(data, filename)
    )
    book = flow.opened(data) if len(data) <= QUICK_BYTES else None
    if book is not None:
        _recognise(batch, book, keep_year=year is not None)
    batch.file = files.keep(data)
    if book is not None and batch.state == State.UPLOADED and len(data) <= READ_BYTES:
        _read_and_keep(batch, book)
    flow.insert(batch, by)
    return batch


def _recognise(batch: ImportBatch, book: Workbook, *, keep_year: bool) -> None:
    """Find the headings of every sheet; sets tables, family, year, notes and state. Raises ExchangeError where nothing fits."""
    remembered = dict(
        HeadingMapping.objects.filter(region_id__in=batch.region.ancestor_ids).values_list("heading", "key")
    )
    tables: list[headings.Table] = []
    left_out: list[str] = []
    try:
        for sheet in book.sheet_names:
            table = headings.find_table(sheet, book.rows(sheet), remembered)
            if table is None:
                left_out.append(sheet)
            else:
                tables.append(table)
    except WorkbookError as error:
        raise ExchangeError(sentence(str(error))) from error
    if not tables:
        raise ExchangeError(
            _(
                "没有在前 %(rows)s 行找到认得的表头，请确认第一张工作表是农户或人口名单，并且表头有“户编号”“证件号码”“姓名”等列。"
            )
            % {"rows": headings.HEADING_ROWS}
        )
    batch.family = headings.family_of(tables)
    if batch.family in headings.NOT_HOUSEHOLDS:
        raise ExchangeError(
            _("这是“%(family)s”，不是农户或人口名单，请到“导入帮扶队伍和结对”上传。")
            % {"family": headings.family_name(batch.family)}
        )
    with_number = [table for table in tables if "household.number" in table.keys]
    left_out += [table.sheet for table in tables if table not in with_number]
    if not with_number:
        unknown = any(table.unknown for table in tables)
        if not unknown:
            raise ExchangeError(_("表中没有“户编号”这一列，无法确定是哪一户，请补上这一列再上传。"))
        with_number, left_out = tables, [sheet for sheet in left_out if sheet not in {table.sheet for table in tables}]
    batch.tables = [table.as_json() for table in with_number]
    batch.notes = []
    if left_out:
        batch.notes.append(_("工作表“%(sheets)s”没有农户数据，没有读取。") % {"sheets": "”“".join(left_out[:10])})
    for table in with_number:
        repeated = [column.heading for column in table.columns if column.repeated]
        if repeated:
            batch.notes.append(_("“%(headings)s”一列重复，只读最左边的一列。") % {"headings": "”“".join(repeated[:10])})
    if not keep_year:
        batch.year = _year_in(book, with_number) or batch.year
    batch.state = State.MAPPING if any(table.unknown for table in with_number) else State.UPLOADED


def _year_in(book: Workbook, tables: Sequence[headings.Table]) -> int | None:
    """The year written most often in the first rows of a 年度 column."""
    found: Counter[int] = Counter()
    for table in tables:
        column = next((c.index for c in table.columns if c.key == "row.year" and not c.repeated), None)
        if column is None:
            continue
        for row_no, cells in book.rows(table.sheet):
            if row_no > table.heading_row + 200:
                break
            if row_no > table.heading_row and column < len(cells) and cells[column][:4].isdigit():
                found[int(cells[column][:4])] += 1
    years = [year for year, _count in found.most_common(1) if 2010 <= year <= 2100]
    return years[0] if years else None


@transaction.atomic
def map_headings(*, batch: ImportBatch, choices: Mapping[tuple[int, int], str], year: int, by: Any) -> ImportBatch:
    """Say what columns mean: {(table position, column position): target key or `headings.IGNORED`}. Remembered for the next file.

    Columns that are still unknown after this are left out.
    """
    batch = flow.locked(batch, by)
    if batch.state not in ImportBatch.WAITING:
        raise ExchangeError(_("这批数据正在处理或已经导入，不能再改列的对应关系。"))
    tables = tables_of(batch)
    for (at, position), key in choices.items():
        if key not in headings.BY_KEY or at >= len(tables) or position >= len(tables[at].columns):
            raise ExchangeError(_("列的对应关系有误，请重新选择。"))
        column = tables[at].columns[position]
        if key != column.key:
            HeadingMapping.objects.update_or_create(
                region=batch.region,
                heading=headings.plain(column.heading)[:80],
                defaults={"key": key, "chosen_by": by.username},
            )
        column.key = key
    for table in tables:
        taken: set[str] = set()
        for column in table.columns:
            column.key = column.key or headings.IGNORED
            column.repeated = column.key in taken and column.key != headings.IGNORED
            taken.add(column.key)
    lacking = headings.missing_keys(tables)
    if lacking:
        raise ExchangeError(
            _("请先指出哪一列是“%(label)s”，没有它就无法确定是哪一户。") % {"label": "”“".join(lacking)}
        )
    batch.tables = [table.as_json() for table in tables]
    batch.year = year
    batch.state = State.UPLOADED
    batch.save()
    audit.record("import.mapped", by=by, target=batch, region_path=batch.region.path)
    return batch


# -- starting the work ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def preview_batch(*, batch: ImportBatch, by: Any) -> Job:
    """Compare the file with the ledger, as a job; nothing is written to the ledger."""
    batch = flow.locked(batch, by)
    if batch.state == State.MAPPING:
        raise ExchangeError(_("还有不认识的列，请先指出它们是什么。"))
    if batch.state not in ImportBatch.WAITING:
        raise ExchangeError(_("这批数据正在处理或已经导入，不能再核对。"))
    return flow.start(batch, PREVIEW, State.PREVIEWING, _("核对 %(file)s"), by)


@transaction.atomic
def apply_batch(*, batch: ImportBatch, by: Any) -> Job:
    """Write the previewed file into the ledger, as a job: everything that can go in, in one transaction, or nothing."""
    batch = flow.locked(batch, by)
    if batch.state != State.PREVIEWED:
        raise ExchangeError(_("这批数据还没有核对，或者已经导入。"))
    if not batch.households_created + batch.households_updated:
        raise ExchangeError(_("这批数据没有可以写入的内容。"))
    return flow.start(batch, APPLY, State.APPLYING, _("导入 %(file)s"), by)


# -- the work -------------------------------------------------------------------------------------------------------------------


class Receipt:
    """Counts households and members, and adds up."""

    def __init__(self) -> None:
        self.households: Counter[str] = Counter()
        self.members: Counter[str] = Counter()

    def put(self, batch: ImportBatch, lines: Lines) -> None:
        """Write the counts onto the batch. Every row read is accounted for, or this raises."""
        for prefix, counter in (("households", self.households), ("members", self.members)):
            for outcome in Outcome.values:
                setattr(batch, f"{prefix}_{outcome}", counter[outcome])
            setattr(batch, f"{prefix}_read", counter["read"])
            if counter["read"] != sum(counter[outcome] for outcome in Outcome.values):
                raise AssertionError(f"receipt of {prefix} does not add up")
        for name in ("read", "data", "blank", "heading", "total", "joined"):
            setattr(batch, f"lines_{name}", getattr(lines, name))


def run_import(batch: ImportBatch, *, by: Any, write: bool, run: Any, chunk: int = CHUNK) -> ImportBatch:
    """Read the file, compare it with the ledger and, with `write`, change the ledger. One transaction around everything.

    `run` tells progress and hears a cancel (`jobs.Run`, or anything with `step`) after every `chunk` households.
    """
    with rarely_collecting(), transaction.atomic():
        flow.no_limits()
        batch = flow.again(batch)
        if batch.state == State.APPLIED:
            return batch  # a worker died after its commit; the work is done
        source: Reading | kept.Kept | None = kept.find(batch)
        if source is None:
            source = _read(batch, run)
            if source is None:
                return batch
        run.step(0, total=source.total, message=_("正在写入台账") if write else _("正在与台账核对"))
        batch.rows.all()._raw_delete(using=connection.alias)  # type: ignore[attr-defined]
        places = Places(visible_region_ids(by, Permission.HOUSEHOLD_IMPORT))
        receipt, position = Receipt(), 0
        keeper = kept.Keeper(source) if isinstance(source, Reading) and not write else None
        writer = bulk.Writer(
            by=by, year=batch.year, note=_("导入批次 %(pk)s：%(file)s") % {"pk": batch.pk, "file": batch.filename}
        )
        for units in _chunks(source.units(), chunk):
            if keeper is not None:
                keeper.add(units)
            for unit in units:
                places.put(unit)
            position = _chunk(batch, units, receipt, writer if write else None, position, by, source.many_sheets)
            run.step(source.done)
        receipt.put(batch, source.lines)
        if write:
            batch.state, batch.applied_at, batch.applied_by = State.APPLIED, timezone.now(), by.username
            audit.record(
                "import.applied",
                by=by,
                target=batch,
                region_path=batch.region.path,
                changes={"receipt": [None, batch.receipt()]},
            )
            transaction.on_commit(partial(kept.forget, batch))
        else:
            if keeper is not None:
                keeper.store(batch)
            batch.state, batch.previewed_at = State.PREVIEWED, timezone.now()
        batch.save()
        run.step(source.total, message=_("正在保存"), force=True)
    return batch


def _read(batch: ImportBatch, run: Any) -> Reading | None:
    """The file opened and passed over once; None where its columns have to be asked about first."""
    book = flow.opened(vault.get(batch.file))
    if not batch.tables:
        _recognise(batch, book, keep_year=batch.year != timezone.localdate().year)
        if batch.state == State.MAPPING:
            batch.save()
            return None
    run.step(0, message=_("正在读取文件"))
    return _passed_over(batch, book)


def _passed_over(batch: ImportBatch, book: Workbook) -> Reading:
    reading = Reading(book, tables_of(batch), year=batch.year, today=timezone.localdate())
    total = reading.scan(settings.IMPORT_MAX_ROWS)
    if total > settings.IMPORT_MAX_ROWS:
        raise ExchangeError(
            _("文件超过 %(rows)s 行，请按乡镇拆成几个文件再上传。") % {"rows": f"{settings.IMPORT_MAX_ROWS:,}"}
        )
    if not total:
        raise ExchangeError(_("表头下面没有数据，请检查文件。"))
    return reading


def _read_and_keep(batch: ImportBatch, book: Workbook) -> None:
    """Spare the preview of a small file the opening; what is wrong with the file the preview will say."""
    try:
        with rarely_collecting():
            reading = _passed_over(batch, book)
            keeper = kept.Keeper(reading)
            for units in _chunks(reading.units(), CHUNK):
                keeper.add(units)
    except (ExchangeError, WorkbookError):
        return
    keeper.store(batch)


def _chunks(units: Iterator[Unit], size: int) -> Iterator[list[Unit]]:
    while chunk := list(islice(units, size)):
        yield chunk


def _chunk(batch: ImportBatch, units: Sequence[Unit], receipt: Receipt, writer: bulk.Writer | None, position: int, by: Any,
           many_sheets: bool) -> int:  # fmt: skip
    """Compare and perhaps write one chunk of households; store what became of each. The next position."""
    sound = [unit for unit in units if not unit.level and unit.record is not None]
    plans = bulk.compare(
        [unit.record for unit in sound if unit.record], by=by, year=batch.year, lock=writer is not None
    )
    if writer is not None:
        writer.write(plans)
    by_unit = {id(unit): plan for unit, plan in zip(sound, plans, strict=True)}
    rows: list[ImportRow] = []
    keys = iter(reserve_keys(ImportRow, len(units)))
    for unit in units:
        plan = by_unit.get(id(unit))
        row = _outcome_of(unit, receipt, many_sheets) if plan is None else _outcome_of_plan(unit, plan, receipt)
        row |= {"id": next(keys), "batch_id": batch.pk, "position": position}
        if writer is not None and plan is not None and plan.undo:
            row["undo"] = plan.undo
        rows.append(fresh(ImportRow, row))
        position += 1
    copy_rows(ImportRow, rows)
    return position


def _row(
    unit: Unit, outcome: str, detail: dict[str, Any], household_id: int | None, name: str, notes: bool
) -> dict[str, Any]:
    """Columns of an `ImportRow`."""
    first = unit.lines[0]
    return {
        "sheet": first.sheet[:100], "row_no": first.row_no, "outcome": str(outcome), "household_number": unit.number,
        "household_id": household_id, "name": name[:60], "has_notes": notes, "detail": detail,
    }  # fmt: skip


def _outcome_of(unit: Unit, receipt: Receipt, many_sheets: bool) -> dict[str, Any]:
    """A household that the file itself keeps out."""
    outcome = Outcome.REJECTED if unit.level == ERROR else Outcome.HELD
    members = []
    for position, row in enumerate(unit.lines):
        level, said = unit.reasons.get(position, ("", ""))
        own = Outcome.REJECTED if level == ERROR else Outcome.HELD
        problem = said or _("同一户的其他内容有问题，这一行一并暂缓：%(problem)s") % {"problem": unit.problem}
        members.append(
            {
                "row": row.row_no,
                "sheet": row.sheet,
                "name": row.name,
                "outcome": own,
                "problem": sentence(problem),
            }
        )
        receipt.members[own] += 1
    receipt.members["read"] += len(members)
    receipt.households["read"] += 1
    receipt.households[outcome] += 1
    detail = {"problem": sentence(unit.problem), "members": members}
    return _row(unit, outcome, detail, None, unit.lines[0].name, notes=False)


def _outcome_of_plan(unit: Unit, plan: bulk.Plan, receipt: Receipt) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    notes = list(unit.notes) + plan.notes
    people = [row for row in unit.lines if row.is_person]
    members = []
    head = ""
    for row, each in zip(people, plan.members, strict=True):
        receipt.members[each.outcome] += 1
        name = row.name or (each.member.name if each.member else "")
        if not head or row.relation == codelists.HOUSEHOLDER:
            head = name
        if each.outcome != bulk.UNCHANGED or row.told:
            entry: dict[str, Any] = {"row": row.row_no, "sheet": row.sheet, "name": name, "outcome": each.outcome}
            if each.problem:
                entry["problem"] = sentence(each.problem)
            if row.told:
                entry["notes"] = row.told
            if each.outcome == bulk.UPDATED:
                entry["changes"] = bulk.shown_changes(plan, each)
            members.append(entry)
    for row in unit.lines:
        if not row.is_person:
            notes += row.told
    receipt.members["read"] += len(people)
    receipt.households["read"] += 1
    receipt.households[plan.outcome] += 1
    if plan.problem:
        detail["problem"] = sentence(plan.problem)
    if notes:
        detail["notes"] = list(dict.fromkeys(notes))
    if plan.outcome == bulk.UPDATED:
        detail["changes"] = bulk.shown_changes(plan)
    if members:
        detail["members"] = members
    household = plan.household
    head = head or (household.householder_name if household else "")
    return _row(
        unit,
        plan.outcome,
        detail,
        household.pk if household else None,
        head,
        bool(notes) or any("notes" in entry for entry in members),
    )


# -- undoing --------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def undo_batch(*, batch: ImportBatch, by: Any, run: Any = None) -> ImportBatch:
    """Put the ledger back as it was before this import; only while nobody has changed any of its households since.

    Raises ExchangeError naming the first households that were changed; then nothing is undone.
    """
    batch = flow.locked(batch, by)
    if batch.state != State.APPLIED:
        raise ExchangeError(_("只有已经导入的批次才能撤销。"))
    if not batch.file:
        raise ExchangeError(_("这批数据已过保存期，不能再撤销；请在台账中逐户改正。"))
    flow.no_limits()
    written = list(
        batch.rows.exclude(undo=None)
        .order_by("position")
        .values_list("pk", "household_id", "household_number", "undo__version")
    )
    _may_undo(written, by)
    numbers = {household_id: number for _pk, household_id, number, _version in written}
    touched = _changed_since({household_id: version for _pk, household_id, _number, version in written})
    note = _("撤销导入批次 %(pk)s：%(file)s") % {"pk": batch.pk, "file": batch.filename}
    for start in range(0, 0 if touched else len(written), CHUNK):
        rows = ImportRow._base_manager.filter(pk__in=[pk for pk, *_rest in written[start : start + CHUNK]])
        entries: list[Any] = list(rows.order_by("position").values_list("household_id", "undo"))
        touched = bulk.undo(entries, by=by, note=note)
        if touched:
            break
        if run is not None:
            run.step(start, total=len(written), message=_("正在撤销"))
    if touched:
        shown = "、".join(numbers[pk] for pk in touched[:5])
        raise ExchangeError(
            _("导入以后有 %(count)s 户又被改动过（户编号 %(numbers)s 等），不能整批撤销；请在台账中逐户改正。")
            % {"count": len(touched), "numbers": shown}
        )
    batch.state, batch.undone_at, batch.undone_by = State.UNDONE, timezone.now(), by.username
    batch.save(update_fields=["state", "undone_at", "undone_by"])
    audit.record("import.undone", by=by, target=batch, region_path=batch.region.path)
    return batch


def _may_undo(written: Sequence[tuple[int, int, str, int]], by: Any) -> None:
    """Every household that still exists must be one where `by` may import."""
    wanted = {household_id for _pk, household_id, _number, _version in written}
    visible = (
        set(Household.objects.for_user(by, Permission.HOUSEHOLD_IMPORT).order_by().values_list("pk", flat=True))
        & wanted
    )
    if len(visible) < len(wanted) and Household._base_manager.filter(pk__in=list(wanted - visible)).exists():
        raise PermissionDenied(Permission.HOUSEHOLD_IMPORT)


def _changed_since(versions: Mapping[int, int]) -> list[int]:
    """Households that are gone or have another version than the import left them with."""
    live = dict(Household._base_manager.filter(pk__in=list(versions)).order_by().values_list("pk", "version"))
    return sorted(pk for pk, version in versions.items() if live.get(pk) != version)


@transaction.atomic
def start_undo(*, batch: ImportBatch, by: Any, at_once: int = UNDO_AT_ONCE) -> Job | None:
    """Undo at once, or as a job where many households must be put back; the job, if there is one."""
    if batch.households_created + batch.households_updated <= at_once:
        undo_batch(batch=batch, by=by)
        return None
    batch = flow.locked(batch, by)
    if batch.state != State.APPLIED:
        raise ExchangeError(_("只有已经导入的批次才能撤销。"))
    return flow.send(batch, UNDO, _("撤销导入 %(file)s"), by)


__all__ = [
    "APPLY", "PREVIEW", "RETURN", "UNDO", "ExchangeError", "apply_batch", "discard_batch", "fetch_returns", "map_headings", "preview_batch", "run_import", "start_undo", "tables_of",
    "undo_batch", "upload_batch",
]  # fmt: skip
