"""The kinds of long work money has: subsidy lists are checked, paid, and proposed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from assistance.models import PayBatch
from assistance.services import batches
from common import jobs
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
