"""Who leaves hands over the open tasks of plans: to each household's lead helper of today, or to one person. One event a plan."""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Permission
from accounts.scoping import allowed, require
from cadres.models import Cadre
from common import audit
from households.models import Pairing
from households.services import LedgerError
from plans.models import Plan, Task
from plans.services.base import PlanEdit

State = Plan.State
RUNNING = frozenset({State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED, State.IN_PROGRESS})


class Handed(NamedTuple):
    """How many tasks went over, and how many stayed because nobody fits or `by` writes no plans there."""

    done: int
    left: int


def open_tasks(cadre: Cadre) -> QuerySet[Task]:
    """What the cadre has still to do in plans that are not over; nothing for who does not log in."""
    if cadre.user_id is None:
        return Task.objects.none()
    return Task.objects.filter(
        owner=cadre.user_id, state=Task.State.OPEN, goal__plan__state__in=RUNNING, goal__plan__household__closed_on=None
    )  # fmt: skip


@transaction.atomic
def hand_tasks(*, cadre: Cadre, by: Any, receiver: User | None = None) -> Handed:
    """All open tasks of a cadre to `receiver`, or each to the lead helper of its household, who logs in and sees it. The household's consent
    stays: what is to be done does not change."""
    require(by, Permission.CADRE_EDIT, cadre)
    if receiver is not None and receiver.pk == cadre.user_id:
        raise ValidationError({"receiver": [_("接手的人就是本人，请另选一位。")]})
    if receiver is not None and not receiver.is_active:
        raise ValidationError({"receiver": [_("%(name)s的账号已经停用，请另选一位。") % {"name": receiver.name}]})
    rows = list(open_tasks(cadre).select_related("goal__plan__household").order_by("goal__plan_id", "pk"))
    if not rows:
        raise LedgerError(_("%(name)s没有要移交的任务。") % {"name": cadre.name})
    leads = {} if receiver is not None else _leads({row.goal.plan.household_id for row in rows})
    done = 0
    for _key, group in groupby(rows, key=lambda row: row.goal.plan_id):
        done += _hand_plan(list(group), cadre, receiver, leads, by)
    return Handed(done, len(rows) - done)


def _leads(households: set[int]) -> dict[int, User]:
    """The account of each household's lead helper of today, where there is one in use."""
    rows = Pairing.objects.current().filter(household__in=households, is_lead=True, cadre__user__is_active=True)
    return {
        row.household_id: row.cadre.user for row in rows.select_related("cadre__user") if row.cadre.user is not None
    }


def _hand_plan(tasks: list[Task], cadre: Cadre, receiver: User | None, leads: dict[int, User], by: Any) -> int:
    """The tasks of one plan; 0 where nobody fits or `by` writes no plans there."""
    plan = tasks[0].goal.plan
    to = receiver or leads.get(plan.household_id)
    if to is None or to.pk == cadre.user_id or not allowed(by, Permission.PLAN_EDIT, plan):
        return 0
    if not allowed(to, Permission.HOUSEHOLD_VIEW, plan.household):
        return 0
    edit = PlanEdit(plan, by=by, permission=Permission.PLAN_EDIT, states=RUNNING, what=_("移交任务"))
    own = Task.objects.select_for_update(of=("self",)).filter(
        pk__in=[t.pk for t in tasks], owner=cadre.user_id, state=Task.State.OPEN
    )
    for row in own.select_related("goal").order_by("pk"):
        before = audit.snapshot(row)
        row.owner = to
        edit.write(row, before)
    edit.finish("plan.tasks_handed", note=_("%(old)s → %(new)s") % {"old": cadre.name, "new": to.name})
    return len(edit.rows)
