"""Long work of supervision: a round is computed or compared with its records, orders and months are counted, a round is printed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from common import jobs
from common.jobs import JobError, Run
from common.pdf import PrintError
from households.services import LedgerError
from supervision import activity, computing, steps
from supervision.models import AppraisalRound, Order
from supervision.services import activity as counting
from supervision.services import appraisals, orders, printing

VILLAGES = 50  # counted between two reports of progress


def _round(run: Run) -> AppraisalRound:
    return AppraisalRound._base_manager.select_related("region", "scheme").get(pk=run.params["round"])


@jobs.kind(appraisals.COMPUTE)
def compute(run: Run) -> dict[str, Any]:
    """In one transaction: a cancelled or broken job has written nothing, a second run finds nothing to do."""
    round = _round(run)
    if round.state == AppraisalRound.State.CLOSED:  # while the job waited
        return {"url_name": "supervision:round_detail", "args": [round.pk], "note": _("考评已经结束，没有再算。")}
    try:
        changed = appraisals.recompute(round=round, by=User.objects.get(pk=run.params["user"]), run=run)
    except LedgerError as error:
        raise JobError(str(error)) from error
    return {
        "url_name": "supervision:round_detail", "args": [round.pk], "note": _("%(count)s 位干部的数有变化。") % {"count": changed},
    }  # fmt: skip


@jobs.kind(appraisals.CHECK)
def check(run: Run) -> dict[str, Any]:
    round = _round(run)
    run.step(0, message=_("正在与记录核对"))
    found = computing.drift_of(round)
    people = len({drift.cadre for drift in found})
    note = (
        _("%(people)s 位干部的 %(count)s 个数与现在的记录不同，已定的数没有改。")
        % {"people": people, "count": len(found)}
        if found
        else _("与现在的记录一致。")
    )
    return {"url_name": "supervision:round_detail", "args": [round.pk], "note": note}


@jobs.kind(orders.RECOUNT)
def recount_order(run: Run) -> dict[str, Any]:
    order = Order._base_manager.select_related("survey_round", "visit_rule").get(pk=run.params["order"])
    villages = steps.villages_of(order)
    run.step(0, total=len(villages), message=_("正在逐村统计"))
    for start in range(0, len(villages), VILLAGES):
        steps.recount(order, villages[start : start + VILLAGES])
        run.step(start + VILLAGES)
    return {"url_name": "supervision:order_detail", "args": [order.pk]}


@jobs.kind(counting.RECOUNT)
def recount_month(run: Run) -> dict[str, Any]:
    month = dt.date.fromisoformat(run.params["month"])
    villages = counting.villages_for(User.objects.get(pk=run.params["user"]))
    run.step(0, total=len(villages), message=_("正在逐村统计"))
    for start in range(0, len(villages), VILLAGES):
        activity.recount(month, villages[start : start + VILLAGES])
        run.step(start + VILLAGES)
    return {"url_name": "supervision:activity", "args": []}


@jobs.kind(printing.PRINT)
def print_round(run: Run) -> dict[str, Any]:
    """A page a cadre, in one file that is kept encrypted until its owner has fetched it or its day is past."""
    round = _round(run)
    try:
        name = printing.write(round, User.objects.get(pk=run.params["user"]), run)
    except (LedgerError, PrintError) as error:
        raise JobError(str(error)) from error
    return {"url_name": "supervision:round_file", "args": [run.job.pk], "file": name}
