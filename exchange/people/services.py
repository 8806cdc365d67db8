"""Verbs of bringing in sheets of helpers and teams: upload, preview, apply. What the sheets share with lists of households is `exchange.flow`.

There is no undo. Pairings and places in teams have a history that others build on at once: a helper may enter a ledger, a team may be
reported. What is wrong is ended or put right where it stands, which the page says before anything is written.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cadres.services.base import FIRST_DAY
from common import audit, vault
from common.copying import copy_rows, fresh, rarely_collecting, reserve_keys
from common.models import Job
from common.spreadsheets import WorkbookError
from exchange import files, flow
from exchange.flow import QUICK_BYTES, ExchangeError, sentence
from exchange.models import Outcome, PeopleBatch, PeopleRow
from exchange.people import sheets, writing
from exchange.people.decide import Decision
from exchange.people.parts import UNCHANGED, Decided, Part
from exchange.people.sheets import Listed
from exchange.people.world import World

PREVIEW, APPLY, RETURN = "people_import.preview", "people_import.apply", "people_import.return"
MOST_ROWS = 50_000  # a county's pairings; the decision holds them all at once
State = PeopleBatch.State


def upload_people(*, data: bytes, filename: str, by: Any, on: dt.date | None = None) -> PeopleBatch:
    """Keep an uploaded sheet. A small one is recognised at once, so that a wrong file is refused while its owner looks on.

    `on` is the day from which places and pairings of a sheet without days hold (today). Raises ExchangeError.
    """
    region = flow.region_for(PeopleBatch, by)
    today = timezone.localdate()
    if on is not None and not FIRST_DAY <= on <= today:
        raise ExchangeError(_("“从哪一天起”在今天之后，或者早于 1990 年，请核对。"))
    batch = PeopleBatch(owner=by, region=region, on=on or today, **flow.described(data, filename))
    if len(data) <= QUICK_BYTES:
        _recognise(batch, data)
    batch.file = files.keep(data)
    flow.insert(batch, by)
    return batch


def _recognise(batch: PeopleBatch, data: bytes) -> Any:
    """Find the headings; sets family, tables and notes. The opened workbook. Raises ExchangeError where nothing fits."""
    book = flow.opened(data)
    batch.family, tables, batch.notes = sheets.find_tables(book)
    batch.tables = [table.as_json() for table in tables]
    return book


@transaction.atomic
def preview_people(*, batch: PeopleBatch, by: Any) -> Job:
    """Compare the sheet with what is registered, as a job; nothing is written."""
    batch = flow.locked(batch, by)
    if batch.state not in PeopleBatch.WAITING:
        raise ExchangeError(_("这批数据正在处理或已经导入，不能再核对。"))
    return flow.start(batch, PREVIEW, State.PREVIEWING, _("核对 %(file)s"), by)


@transaction.atomic
def apply_people(*, batch: PeopleBatch, by: Any) -> Job:
    """Write the previewed sheet, as a job: everything that can go in, in one transaction, or nothing."""
    batch = flow.locked(batch, by)
    if batch.state != State.PREVIEWED:
        raise ExchangeError(_("这批数据还没有核对，或者已经导入。"))
    if not batch.to_write:
        raise ExchangeError(_("这批数据没有可以写入的内容。"))
    return flow.start(batch, APPLY, State.APPLYING, _("导入 %(file)s"), by)


# -- the work -------------------------------------------------------------------------------------------------------------------


def run_people(batch: PeopleBatch, *, by: Any, write: bool, run: Any = None) -> PeopleBatch:
    """Read the sheet, decide every row and, with `write`, register what can go in. One transaction around everything."""
    run = run or flow.Still()
    with rarely_collecting(), transaction.atomic():
        flow.no_limits()
        batch = flow.again(batch)
        if batch.state == State.APPLIED:
            return batch  # a worker died after its commit; the work is done
        run.step(0, message=_("正在读取文件"))
        reader, rows = _read(batch)
        run.step(0, total=2 * len(rows), message=_("正在与系统核对"))
        world = World.of(rows, by=by, on=batch.on, lock=write)
        decision = Decision(world, today=timezone.localdate()).run()
        run.step(len(rows), message=_("正在写入") if write else _("正在保存"), force=True)
        if write:
            writing.write(decision, by=by, step=lambda done: run.step(len(rows) + done * len(rows) // 100))
        _keep(batch, decision, reader, many_sheets=len(reader.tables) > 1)
        if write:
            batch.state, batch.applied_at, batch.applied_by = State.APPLIED, timezone.now(), by.username
            audit.record(
                "people_import.applied", by=by, target=batch, region_path=batch.region.path, changes={"receipt": [None, batch.receipt()]}
            )  # fmt: skip
        else:
            batch.state, batch.previewed_at = State.PREVIEWED, timezone.now()
        batch.save()
        run.step(2 * len(rows), message=_("正在保存"), force=True)
    return batch


def _read(batch: PeopleBatch) -> tuple[sheets.Reader, list[Listed]]:
    data = vault.get(batch.file)
    book = _recognise(batch, data)
    reader = sheets.Reader(book, batch.family, flow.tables_of(batch), today=timezone.localdate())
    rows: list[Listed] = []
    try:
        for row in reader.rows():
            rows.append(row)
            if len(rows) > MOST_ROWS:
                raise ExchangeError(
                    _("文件超过 %(rows)s 行，请按乡镇拆成几个文件再上传。") % {"rows": f"{MOST_ROWS:,}"}
                )
    except WorkbookError as error:
        raise ExchangeError(sentence(str(error))) from error
    if not rows:
        raise ExchangeError(_("表头下面没有数据，请检查文件。"))
    return reader, rows


def _keep(batch: PeopleBatch, decision: Decision, reader: sheets.Reader, *, many_sheets: bool) -> None:
    """The rows as they now stand, and the receipt over them."""
    batch.rows.all()._raw_delete(using=connection.alias)  # type: ignore[attr-defined]
    counts: Counter[str] = Counter(f"rows_{decided.outcome}" for decided in decision.rows)
    for part in decision.parts():
        counts[f"{part.kind}_read"] += 1
        counts[f"{part.kind}_{part.outcome}"] += 1
    for prefix in ("rows", *PeopleBatch.COUNTED):
        for name in ("read", *Outcome.values):
            if (prefix, name) != ("rows", "read"):
                setattr(batch, f"{prefix}_{name}", counts[f"{prefix}_{name}"])
    for name in ("read", "data", "blank", "heading", "total"):
        setattr(batch, f"lines_{name}", getattr(reader.lines, name))
    told: set[int] = set()
    keys = reserve_keys(PeopleRow, len(decision.rows))
    copy_rows(
        PeopleRow,
        [
            fresh(PeopleRow, {"id": pk, "batch_id": batch.pk, "position": position} | _columns(decided, told))
            for position, (pk, decided) in enumerate(zip(keys, decision.rows, strict=True))
        ],
    )


def _columns(decided: Decided, told: set[int]) -> dict[str, Any]:
    """Columns of a `PeopleRow`. `told` are the parts that an earlier row has told of already."""
    row = decided.row
    detail: dict[str, Any] = {}
    parts, notes, problems = [], list(decided.notes), []
    for part in decided.parts:
        if part.blocked:
            problems.append(part.say if part.say == decided.problem else f"{part.label}：{part.say}")
        if id(part) in told and not part.blocked:
            continue
        told.add(id(part))
        notes += part.notes
        if part.outcome != UNCHANGED and part.say != (decided.problem or None):
            parts.append(_shown(part))
    if decided.problem:
        problems.insert(0, decided.problem)
        detail["whole"] = sentence(decided.problem)
    if problems:
        detail["problem"] = sentence("；".join(dict.fromkeys(text.rstrip("。") for text in problems)))
    if notes:
        detail["notes"] = [sentence(text) for text in dict.fromkeys(notes)]
    if parts:
        detail["parts"] = parts
    return {
        "sheet": row.sheet[:100], "row_no": row.row_no, "outcome": str(decided.outcome), "name": row.name[:60], "has_notes": bool(notes),
        "detail": detail,
    }  # fmt: skip


def _shown(part: Part) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": part.kind, "label": part.label, "outcome": str(part.outcome)}
    if part.blocked:
        shown["problem"] = sentence(part.say)
    if part.changes:
        shown["changes"] = part.changes
    return shown


__all__ = ["APPLY", "PREVIEW", "RETURN", "apply_people", "preview_people", "run_people", "upload_people"]
