"""The kinds of long work an import has."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from common import jobs
from common.jobs import JobError, Run
from common.models import Job
from exchange import returns
from exchange.flow import ExchangeError
from exchange.models import Batch, ImportBatch, PeopleBatch
from exchange.people import services as people
from exchange.services import APPLY, PREVIEW, RETURN, UNDO, run_import, undo_batch

PAGES = {ImportBatch.noun: "exchange:batch_detail", PeopleBatch.noun: "exchange:people_detail"}


def _model(kind: str) -> type[Batch]:
    return PeopleBatch if kind.startswith(PeopleBatch.noun) else ImportBatch


def _ended(job: Job) -> None:
    """A cancelled or failed preview leaves a batch that can be tried again; a cancelled apply has written nothing."""
    state = Batch.State.CANCELLED if job.state == Job.State.CANCELLED else Batch.State.FAILED
    if job.kind.endswith(".apply"):
        state = Batch.State.PREVIEWED
    of_kind = _model(job.kind)._base_manager.filter(pk=job.params["batch"], state__in=Batch.BUSY)
    of_kind.update(state=state, error=job.error)


def _work(run: Run, model: type[Batch], work: Any, *, write: bool) -> dict[str, Any]:
    batch = model._base_manager.get(pk=run.params["batch"])
    user = User.objects.get(pk=run.params["user"])
    try:
        batch = work(batch, by=user, write=write, run=run)
    except ExchangeError as error:
        raise JobError(str(error)) from error
    except FileNotFoundError as error:
        raise JobError(_("上传的文件已过保存期，请重新上传。")) from error
    return {"url_name": PAGES[batch.noun], "args": [batch.pk], "receipt": batch.receipt()}


@jobs.kind(PREVIEW, on_end=_ended)
def preview(run: Run) -> dict[str, Any]:
    return _work(run, ImportBatch, run_import, write=False)


@jobs.kind(APPLY, on_end=_ended)
def apply(run: Run) -> dict[str, Any]:
    return _work(run, ImportBatch, run_import, write=True)


@jobs.kind(people.PREVIEW, on_end=_ended)
def preview_people(run: Run) -> dict[str, Any]:
    return _work(run, PeopleBatch, people.run_people, write=False)


@jobs.kind(people.APPLY, on_end=_ended)
def apply_people(run: Run) -> dict[str, Any]:
    return _work(run, PeopleBatch, people.run_people, write=True)


@jobs.kind(UNDO)
def undo(run: Run) -> dict[str, Any]:
    batch = ImportBatch._base_manager.get(pk=run.params["batch"])
    if batch.state != ImportBatch.State.UNDONE:  # else a worker died just after its commit
        try:
            batch = undo_batch(batch=batch, by=User.objects.get(pk=run.params["user"]), run=run)
        except ExchangeError as error:
            raise JobError(str(error)) from error
    return {"url_name": "exchange:batch_detail", "args": [batch.pk]}


@jobs.kind(RETURN)
@jobs.kind(people.RETURN)
def give_back(run: Run) -> dict[str, Any]:
    """Makes the workbook of what stayed out; its owner fetches it where they asked for it, and that is recorded."""
    batch: Any = _model(run.job.kind)._base_manager.get(pk=run.params["batch"])
    run.step(0, total=batch.rows_kept_out, message=_("正在整理没有写入的行"))
    try:
        returns.keep(batch, run.step)
    except FileNotFoundError as error:
        raise JobError(_("上传的文件已过保存期，请重新上传。")) from error
    return {"url_name": PAGES[batch.noun], "args": [batch.pk]}
