"""What a plan says: summary, goals, tasks, targets. It is written while the plan is a draft or was returned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Posting, User
from accounts.roles import GRANTS, Permission, Role
from accounts.scoping import allowed, require
from catalogue.codelists import Whose
from catalogue.models import MeasureKind
from common import audit
from households.models import Household, Member, Pairing
from households.services import LedgerError
from households.services.base import check, save
from plans import indicators
from plans.models import Goal, Indicator, Plan, Task
from plans.services.base import (
    EDITABLE,
    PlanEdit,
    label_of,
    locked_household,
    refuse_closed,
    refuse_outside_year,
    text_of,
)

EARLIEST = 2010
MOST_GOALS, MOST_TASKS = 20, 40  # of a plan; more is a list of wishes
TEXT, SUMMARY = 200, 600
EDIT = Permission.PLAN_EDIT


def _open(plan: Plan, by: Any, version: int | None) -> PlanEdit:
    return PlanEdit(plan, by=by, permission=EDIT, states=EDITABLE, what=_("修改内容"), version=version)


# -- the plan -------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def draft_plan(*, household: Household, year: int, by: Any, proposals: Sequence[Mapping[str, Any]] = ()) -> Plan:
    """A new plan with its six indicators as the ledger stands. `proposals` are taken over, one task each, under one goal for each
    `source` and `goal`: `{"source", "goal", "kind": MeasureKind | code | None, "member": Member | None, "reasons": [sentence]}`.
    """
    household = locked_household(household.pk)
    require(by, EDIT, household)
    refuse_closed(household)
    if not EARLIEST <= year <= timezone.localdate().year + 1:
        raise ValidationError({"year": [_("年度应在 2010 年到明年之间，请核对。")]})
    plan = Plan(household=household, year=year, drafted_by=by.username, drafted_at=timezone.now())
    check(plan)
    save(plan)
    rows: list[Any] = [plan, *new_indicators(plan, indicators.standing([household], year)[household.pk])]
    rows += _take_over(plan, proposals)
    audit.record(
        "plan.drafted", by=by, target=plan, subject=household.subject, region_path=household.village.path, rows=rows,
        note=_said(plan, rows), changes={f"{label_of(plan)}state": [None, plan.state]},
    )  # fmt: skip
    return plan


def _said(plan: Plan, rows: Sequence[Any]) -> str:
    tasks = sum(isinstance(row, Task) for row in rows)
    goals = sum(isinstance(row, Goal) for row in rows)
    if not goals:
        return _("%(year)s年计划") % {"year": plan.year}
    return _("%(year)s年计划，采用建议 %(goals)s 个目标、%(tasks)s 个任务") % {
        "year": plan.year, "goals": goals, "tasks": tasks,
    }  # fmt: skip


def new_indicators(plan: Plan, now: Mapping[str, str], targets: Mapping[str, str] | None = None) -> list[Indicator]:
    rows = []
    for code in indicators.CODES:
        row = Indicator(
            plan=plan, code=code, now=now.get(code, "")[: indicators.MOST], target=(targets or {}).get(code, "")
        )
        save(row)
        rows.append(row)
    return rows


def _take_over(plan: Plan, proposals: Sequence[Mapping[str, Any]]) -> list[Any]:
    goals: dict[tuple[str, str], Goal] = {}
    rows: list[Any] = []
    codes = {each["kind"] for each in proposals if isinstance(each.get("kind"), str)}
    kinds = {kind.code: kind for kind in MeasureKind.objects.filter(code__in=codes)}
    for each in proposals:
        source, text = str(each.get("source") or "own"), text_of(each["goal"], "goal", TEXT)
        goal = goals.get((source, text))
        if goal is None:
            goal = goals[source, text] = Goal(plan=plan, source=source, text=text, place=len(goals))
            check(goal)
            save(goal)
            rows.append(goal)
        kind = each.get("kind")
        kind = kinds[kind] if isinstance(kind, str) else kind
        if kind is None:
            continue
        member = each.get("member")
        task = Task(
            goal=goal, kind=kind, member=member, text=text_of(task_text(kind, member), "text", TEXT),
            reasons=[str(reason) for reason in each.get("reasons") or ()], place=len(rows),
        )  # fmt: skip
        _refuse_stranger(member, plan)
        check(task)
        save(task)
        rows.append(task)
    return rows


def task_text(kind: MeasureKind, member: Member | None) -> str:
    """危房改造; 雨露计划（王芳）"""
    return f"{kind.title}（{member.name}）" if member is not None else kind.title


@transaction.atomic
def edit_plan(*, plan: Plan, by: Any, summary: str, version: int | None = None) -> Plan:
    """Another summary (帮扶思路)."""
    edit = _open(plan, by, version)
    edit.plan.summary = text_of(summary, "summary", SUMMARY, lines=True)
    return edit.finish("plan.edited")


# -- goals ----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def put_goal(*, plan: Plan, by: Any, text: str, source: str | None = None, goal: Goal | None = None, version: int | None = None) -> Goal:  # fmt: skip
    """A new goal, or another wording of one. `source`: "own", "cause:01", "check:housing"; None leaves it."""
    edit = _open(plan, by, version)
    text = text_of(text, "text", TEXT, needed=_("请写明目标，例如：年底前住进安全房。"))
    if goal is None:
        if edit.plan.goals.count() >= MOST_GOALS:
            raise LedgerError(_("一份计划最多 %(most)s 个目标。") % {"most": MOST_GOALS})
        last = edit.plan.goals.order_by("-place").values_list("place", flat=True).first()
        row, before = Goal(plan=edit.plan, place=(last or 0) + 1 if last is not None else 0), None
    else:
        row = edit.plan.goals.select_for_update().get(pk=goal.pk)
        before = audit.snapshot(row)
    row.text = text
    if source is not None:
        row.source = source
    if before is None or audit.changes_since(before, row):
        edit.write(row, before)
    edit.finish("plan.goal_put", note=row.text)
    return row


@transaction.atomic
def drop_goal(*, goal: Goal, by: Any, version: int | None = None) -> Plan:
    """Take a goal with its tasks out of the plan. What was submitted of it stays in the versions."""
    edit = _open(goal.plan, by, version)
    row = edit.plan.goals.get(pk=goal.pk)
    tasks = list(row.tasks.all())
    if any(task.state == Task.State.DONE for task in tasks):
        raise LedgerError(_("目标“%(goal)s”里有已完成的任务，不能删去。") % {"goal": row.text})
    for task in tasks:
        edit.delete(task)
    edit.delete(row)
    return edit.finish("plan.goal_dropped", note=row.text)


# -- tasks ----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def put_task(*, goal: Goal, by: Any, text: str, owner: User | None = None, due_on: dt.date | None = None, kind: MeasureKind | None = None,
             member: Member | None = None, task: Task | None = None, version: int | None = None) -> Task:  # fmt: skip
    """A new task of a goal, or another content of one. A kind that was chosen anew has no reasons of the proposals any more."""
    edit = _open(goal.plan, by, version)
    row_goal = edit.plan.goals.get(pk=goal.pk)
    text = text_of(text, "text", TEXT, needed=_("请写明任务：做什么。"))
    if due_on is not None:
        refuse_outside_year(due_on, edit.plan.year, "due_on")
    if owner is not None and not (owner.is_active and allowed(owner, Permission.HOUSEHOLD_VIEW, edit.household)):
        raise ValidationError(
            {"owner": [_("%(name)s 看不到这一户，不能做责任人。请另选一位。") % {"name": owner.name}]}
        )
    _refuse_stranger(member, edit.plan)
    if kind is not None and member is not None and kind.whose == Whose.HOUSEHOLD:
        raise ValidationError({"member": [_("“%(kind)s”按户享受，不用选受益人。") % {"kind": kind.title}]})
    if task is None:
        if Task.objects.filter(goal__plan=edit.plan).count() >= MOST_TASKS:
            raise LedgerError(_("一份计划最多 %(most)s 个任务。") % {"most": MOST_TASKS})
        last = row_goal.tasks.order_by("-place").values_list("place", flat=True).first()
        row, before = Task(goal=row_goal, place=(last if last is not None else -1) + 1), None
    else:
        row = Task.objects.select_for_update(of=("self",)).get(pk=task.pk, goal=row_goal)
        if row.state != Task.State.OPEN:
            raise LedgerError(
                _("“%(task)s”%(state)s，不能再改。") % {"task": row.text, "state": row.get_state_display()}
            )
        before = audit.snapshot(row)
    if row.kind_id != (kind.pk if kind else None) or row.member_id != (member.pk if member else None):
        row.reasons = []
    row.text, row.owner, row.due_on, row.kind, row.member = text, owner, due_on, kind, member
    if before is None or audit.changes_since(before, row):
        edit.write(row, before)
    edit.finish("plan.task_put")
    return row


def _refuse_stranger(member: Member | None, plan: Plan) -> None:
    if member is None:
        return
    if member.household_id != plan.household_id:
        raise ValidationError({"member": [_("%(name)s 不是这一户的成员。") % {"name": member.name}]})
    if member.left_on is not None:
        raise ValidationError({"member": [_("%(name)s 已经不在这一户。") % {"name": member.name}]})


@transaction.atomic
def drop_task(*, task: Task, by: Any, version: int | None = None) -> Plan:
    """Take a task out: of a plan that was never submitted it vanishes, of another one it stays as 已取消."""
    edit = _open(task.goal.plan, by, version)
    row = Task.objects.select_for_update(of=("self",)).select_related("goal").get(pk=task.pk, goal__plan=edit.plan)
    if row.state != Task.State.OPEN:
        raise LedgerError(_("“%(task)s”%(state)s，不能再取消。") % {"task": row.text, "state": row.get_state_display()})
    if edit.plan.revision == 0:
        edit.delete(row)
    else:
        before = audit.snapshot(row)
        row.state = Task.State.DROPPED
        edit.write(row, before)
    return edit.finish("plan.task_dropped", note=row.text)


def candidates(household: Household) -> list[User]:
    """Who may be given a task: the household's helpers first, then who writes plans where it stands, from the village up. Two queries."""
    roles = [role for role, grants in GRANTS.items() if EDIT in grants and role != Role.HELPER]
    paired = Pairing.objects.current().filter(household=household.pk, cadre__user__is_active=True)
    helpers = [p.cadre.user for p in paired.select_related("cadre__user").order_by("-is_lead", "starts_on", "pk")]
    posted = Posting.objects.current().filter(
        Q(region__in=household.village.ancestor_ids), role__in=roles, user__is_active=True
    )
    rows = posted.select_related("user", "region").order_by("-region__level", "user__name", "user__pk")
    found = {user.pk: user for user in helpers if user is not None}
    for posting in rows:
        found.setdefault(posting.user_id, posting.user)
    return list(found.values())


# -- indicators -----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_indicators(*, plan: Plan, by: Any, targets: Mapping[str, str], version: int | None = None) -> Plan:
    """The targets of the year, by code; codes that are not named stay. 现状 is read from the ledger again: it is never typed."""
    edit = _open(plan, by, version)
    now = indicators.standing([edit.household], edit.plan.year)[edit.household.pk]
    for row in edit.plan.indicators.select_for_update().order_by("pk"):
        before = audit.snapshot(row)
        row.now = now[row.code][: indicators.MOST]
        if row.code in targets:
            row.target = text_of(targets[row.code], row.code, indicators.MOST)
        if audit.changes_since(before, row):
            edit.write(row, before)
    return edit.finish("plan.indicators_set")
