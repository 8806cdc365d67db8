"""What every import has in common, whatever it brings in: keeping the file, its states, the job that works on it, what it gives back."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.scoping import posted_regions, require
from common import audit, jobs
from common.models import Job
from common.spreadsheets import Workbook, WorkbookError, open_workbook
from exchange import files, headings, returns
from exchange.models import Batch
from regions.models import Region

QUICK_BYTES = 3 * 1024 * 1024  # a file this small is looked at while its owner waits
READ_BYTES = QUICK_BYTES // 2  # and one this small (12,000 rows, under a second) is read to its end while it is open
State = Batch.State


class ExchangeError(Exception):
    """The import is not in a state that allows this, or the file cannot be used; the message is one sentence for the user."""


class Still:
    """Whoever calls without a job: nobody watches and nobody cancels."""

    def step(self, done: int | None = None, **_more: Any) -> None:
        pass


def sentence(text: str) -> str:
    return text if text.endswith(("。", "！", "？")) else text + "。"


def short_name(filename: str) -> str:
    name = "".join(c for c in filename.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable()).strip() or "表格"
    if len(name) <= 120:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[:100]}…{dot}{ending[:10]}" if dot else name[:120]


def opened(data: bytes) -> Workbook:
    """Raises ExchangeError for what is no spreadsheet."""
    try:
        return open_workbook(data)
    except WorkbookError as error:
        raise ExchangeError(sentence(str(error))) from error


def region_for(model: type[Batch], by: Any) -> Region:
    """Whose area sees an upload: the widest in which `by` may bring such sheets in. Raises PermissionDenied where there is none."""
    wanted = model.permissions[0]
    regions = [
        region for region in posted_regions(by, wanted)
        if all(region in posted_regions(by, other) for other in model.permissions[1:])
    ]  # fmt: skip
    if not regions:
        raise PermissionDenied(wanted)
    return min(regions, key=lambda region: (region.level, region.pk))


def described(data: bytes, filename: str) -> dict[str, Any]:
    """The columns of a batch that say what was uploaded. Raises ExchangeError for a file that is too large."""
    if len(data) > settings.UPLOAD_MAX_BYTES:
        raise ExchangeError(
            _("文件超过 %(size)s MB，请删去无关的工作表和图片，或者按乡镇拆成几个文件再上传。")
            % {"size": settings.UPLOAD_MAX_BYTES // (1024 * 1024)}
        )
    return {
        "filename": short_name(filename), "sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
    }  # fmt: skip


def insert(batch: Batch, by: Any) -> None:
    """Save a new batch, its file already kept, with the event of its upload."""
    with transaction.atomic():
        batch.save(force_insert=True)
        audit.record(
            f"{batch.noun}.uploaded", by=by, target=batch, region_path=batch.region.path,
            note=_("%(size)s 字节，摘要 %(digest)s") % {"size": batch.size, "digest": batch.sha256[:16]},
        )  # fmt: skip


def tables_of(batch: Batch) -> list[headings.Table]:
    return [headings.Table.from_json(data) for data in batch.tables]


def locked(batch: Batch, by: Any) -> Any:
    """The batch, locked, where `by` holds every permission on it."""
    for permission in batch.permissions:
        require(by, permission, batch)
    return again(batch)


def again(batch: Batch) -> Any:
    """The batch as it now is, locked until the transaction ends."""
    rows = type(batch)._base_manager.select_for_update(of=("self",)).select_related("region", "owner")
    return rows.get(pk=batch.pk)


def start(batch: Batch, kind: str, state: str, title: str, by: Any) -> Job:
    """Send the work on a locked batch; `title` names it with the place of the file's name in it."""
    if not batch.file:
        raise ExchangeError(_("上传的文件已过保存期，请重新上传。"))
    job = send(batch, kind, title, by)
    batch.job, batch.state, batch.error = job, state, ""
    batch.save(update_fields=["job", "state", "error"])
    return job


def send(batch: Batch, kind: str, title: str, by: Any) -> Job:
    return jobs.submit(
        kind, by=by, title=title % {"file": batch.filename}, params={"batch": batch.pk, "user": by.pk}, key=f"{batch.noun}/{batch.pk}",
        region_path=batch.region.path,
    )  # fmt: skip


@transaction.atomic
def discard_batch(*, batch: Batch, by: Any) -> None:
    """Throw away an upload that has not been applied, with its file."""
    batch = locked(batch, by)
    if batch.state not in Batch.WAITING:
        raise ExchangeError(_("正在处理或已经导入的批次不能丢弃。"))
    files.discard(batch)
    batch.state = State.CANCELLED
    batch.save(update_fields=["state"])
    audit.record(f"{batch.noun}.discarded", by=by, target=batch, region_path=batch.region.path)


@transaction.atomic
def fetch_returns(*, batch: Batch, by: Any, at_once: int = READ_BYTES) -> bytes | Job:
    """The workbook of the rows that stayed out, or the job that makes it where the file is too large to wait for.

    It holds full ID numbers, so every fetch is recorded. Raises ExchangeError where the upload is gone.
    """
    for permission in batch.permissions:
        require(by, permission, batch)
    try:
        data = returns.kept(batch)
        if data is None and batch.file and batch.size > at_once:
            return send(batch, f"{batch.noun}.return", _("整理 %(file)s 中没有写入的行"), by)
        data = data or returns.workbook(batch)
    except FileNotFoundError as error:
        raise ExchangeError(_("上传的文件已过保存期，请重新上传。")) from error
    audit.record(f"{batch.noun}.returned", by=by, target=batch, region_path=batch.region.path)
    return data


def no_limits() -> None:
    """A county takes minutes; pages keep their limit."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
