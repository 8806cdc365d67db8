"""The kinds of long work money has: subsidy lists are checked, paid, and proposed from; books are written for the finance office."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from assistance import finance
from assistance.models import Fund, PayBatch
from assistance.services import batches, books
from common import jobs, vault
from common.jobs import JobError, Run
from common.models import Job
from households.services import LedgerError


def _batch(job: Job) -> PayBatch:
    return PayBatch._base_manager.get(pk=job.params["batch"])


def _ended(job: Job) -> None:
    """A cancelled or failed job has paid nothing: the list can be checked or paid again."""
    batches.stopped(batch=_batch(job), by=job.owner)


def _work(run: Run, work: Callable[..., Any]) -> dict[str, Any]:
    batch, user = _batch(run.job), User.objects.get(pk=run.params["user"])
    try:
        work(batch, by=user, run=run)
    except LedgerError as error:
        raise JobError(str(error)) from error
    return {"url_name": "assistance:batch_detail", "args": [batch.pk]}


@jobs.kind(batches.CHECK, on_end=_ended)
def check(run: Run) -> dict[str, Any]:
    return _work(run, batches.run_check)


@jobs.kind(batches.PAY, on_end=_ended)
def pay(run: Run) -> dict[str, Any]:
    return _work(run, batches.run_pay)


@jobs.kind(batches.PROPOSE)
def propose(run: Run) -> dict[str, Any]:
    batch, user = _batch(run.job), User.objects.get(pk=run.params["user"])
    found = batches.run_propose(batch, by=user, run=run)
    return {
        "url_name": "assistance:batch_detail",
        "args": [batch.pk],
        "note": _("提出 %(proposed)s 项，%(refused)s 行没有提出。") % found,
    }


@jobs.kind(books.EXPORT)
def export(run: Run) -> dict[str, Any]:
    """Writes the books and keeps them encrypted until their owner has fetched them or their day is past."""
    fund = Fund._base_manager.select_related("region").get(pk=run.params["fund"])
    first, last = (run.params[name] and dt.date.fromisoformat(run.params[name]) for name in ("first", "last"))
    found = books.books_of(fund=fund, first=first, last=last, by=User.objects.get(pk=run.params["user"]))
    run.step(0, total=found.lines().count(), message=_("正在导出"))
    name = vault.put(books.name_of(run.job), finance.workbook(found, run.step))
    return {"url_name": "assistance:fund_file", "args": [run.job.pk], "file": name}
