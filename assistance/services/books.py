"""The verb behind the finance office's file: who may have it, at once or as a job, and that it was handed out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_in
from assistance import finance
from assistance.finance import Books
from assistance.models import Fund
from common import audit, files, jobs, vault
from common.models import Job
from households.services import LedgerError

EXPORT = "fund.export"
AT_ONCE = 5_000  # lines written while somebody waits


def books_of(*, fund: Fund, first: dt.date | None, last: dt.date | None, by: Any) -> Books:
    """The books of a period (both days included; open where None). Permission FUND_VIEW in the whole of the fund's county."""
    require_in(by, Permission.FUND_VIEW, fund.region)
    if first and last and last < first:
        raise ValidationError({"last": [_("结束日期在开始日期之前，请核对。")]})
    return Books(fund, first, last)


@transaction.atomic
def export_books(*, fund: Fund, by: Any, first: dt.date | None = None, last: dt.date | None = None, at_once: int = AT_ONCE) -> bytes | Job:  # fmt: skip
    """The file, or the job that makes it where it is long. Every file handed out is recorded."""
    books = books_of(fund=fund, first=first, last=last, by=by)
    if books.lines().order_by()[: at_once + 1].count() > at_once:
        params = {
            "fund": fund.pk,
            "user": by.pk,
            "first": first and first.isoformat(),
            "last": last and last.isoformat(),
        }
        return jobs.submit(
            EXPORT, by=by, title=_("导出 %(fund)s") % {"fund": fund.title}, params=params, key=f"fund/{fund.pk}/{first}/{last}/{by.pk}",
            region_path=fund.region.path,
        )  # fmt: skip
    data = finance.workbook(books)
    handed_out(fund=fund, by=by, first=first, last=last)
    return data


def handed_out(*, fund: Fund, by: Any, first: dt.date | None, last: dt.date | None) -> None:
    audit.record(
        "fund.exported",
        by=by,
        target=fund,
        region_path=fund.region.path,
        note=f"{fund.title} {first or ''} – {last or ''}",
    )


def name_of(job: Job) -> str:
    """Under which name a job's file lies."""
    return f"finance/{job.created_at:%Y/%m}/{job.pk}"


@transaction.atomic
def fetch_file(*, job: Job, by: Any) -> tuple[bytes, Fund]:
    """The file that a job made, for its owner alone. Raises LedgerError where it is past its day."""
    fund = Fund.objects.for_user(by).select_related("region").get(pk=job.params["fund"])
    days = [job.params[name] and dt.date.fromisoformat(job.params[name]) for name in ("first", "last")]
    books_of(fund=fund, first=days[0], last=days[1], by=by)
    try:
        data = vault.get(job.result.get("file", ""))
    except FileNotFoundError as error:
        raise LedgerError(_("导出的文件已过保存期，请重新导出。")) from error
    handed_out(fund=fund, by=by, first=days[0], last=days[1])
    return data, fund


@files.expires
def expire_exports() -> int:
    """Files of jobs older than `settings.DOCUMENT_DAYS`."""
    past = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    old = list(Job.objects.filter(kind=EXPORT, created_at__lt=past, result__has_key="file"))
    for job in old:
        vault.remove(job.result.pop("file"))
        job.save(update_fields=["result"])
    return len(old)


__all__ = ["EXPORT", "books_of", "expire_exports", "export_books", "fetch_file"]
