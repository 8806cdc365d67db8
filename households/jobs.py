"""The long work of the ledger: a proposal of helpers is computed, a large one applied."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from common import jobs
from common.jobs import JobError, Run
from common.models import Job
from households.matching import MatchingError
from households.models import MatchingRun
from households.services import LedgerError, matching

STEPS = 4


def _run_of(job: Job) -> MatchingRun:
    return MatchingRun._base_manager.get(pk=job.params["run"])


def _ended(job: Job) -> None:
    matching.stopped(run=_run_of(job), by=job.owner)


@jobs.kind(matching.JOB, on_end=_ended)
def match(run: Run) -> dict[str, Any]:
    """Asks for permissions as its owner, in one transaction: cut off, it begins anew."""
    proposal, user = _run_of(run.job), User.objects.get(pk=run.params["user"])
    run.step(0, total=STEPS)

    def step(done: int, message: str) -> None:
        run.step(done, message=message, force=True)

    try:
        found = matching.compute(proposal, by=user, step=step)
    except LedgerError as error:
        raise JobError(str(error)) from error
    except MatchingError as error:
        raise JobError(_("农户和干部太多，一次算不出来，请分乡镇计算。")) from error
    return {
        "url_name": "households:matching_detail",
        "args": [found.pk],
        "note": _("新安排 %(new)s 户，换人 %(move)s 户，没有合适人选 %(none)s 户。") % found.figures,
    }


@jobs.kind(matching.APPLY)
def apply(run: Run) -> dict[str, Any]:
    """All of it in one transaction, so that a job cut off has done nothing and may begin anew."""
    proposal, user = _run_of(run.job), User.objects.get(pk=run.params["user"])
    run.step(0, total=proposal.figures.get("new", 0) + proposal.figures.get("move", 0), message=_("正在执行"))
    try:
        matching.apply_matching(run=proposal, by=user, step=lambda done: run.step(done, force=True))
    except LedgerError as error:
        raise JobError(str(error)) from error
    return {"url_name": "households:matching_detail", "args": [proposal.pk]}
