"""The plan of a year in the printed booklet, as sections of the print model (docs/print-model.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.names import names_of
from households import values
from households.models import Household
from plans.models import Goal, Plan, Task
from plans.proposals import title_of
from plans.versions import goals_with_tasks

Section = dict[str, Any]
KEPT_ROWS = 12  # a table of so many lines stays on one page
UNDECIDED = (Plan.State.DRAFT, Plan.State.SUBMITTED, Plan.State.RETURNED)


def sections(households: Sequence[Household], year: int, user: Any) -> dict[int, list[Section]]:
    """`{household pk: [section]}` of those of these households (already through the row gate) that have a plan of the year. Five queries."""
    keys = [household.pk for household in households]
    rows = Plan._base_manager.filter(household__in=keys, year=year).select_related("consent_member").order_by()
    plans = list(rows.prefetch_related(goals_with_tasks(), "indicators"))
    if not plans:
        return {}
    usernames = {name for plan in plans for name in (plan.decided_by, plan.reviewed_by, plan.submitted_by) if name}
    names = names_of(usernames)
    return {plan.household_id: [_section(plan, names)] for plan in plans}


def _section(plan: Plan, names: dict[str, str]) -> Section:
    parts = [_head(plan), _indicators(plan), _tasks(plan), _people(plan, names)]
    return {"kind": "group", "title": _("%(year)s年帮扶计划") % {"year": plan.year}, "parts": parts}


def _head(plan: Plan) -> Section:
    version = _("第 %(n)s 版") % {"n": plan.revision} if plan.revision else ""
    pairs = [
        {"label": _("计划状态"), "value": str(plan.get_state_display())},
        {"label": _("版本"), "value": version},
        {"label": _("帮扶思路"), "value": plan.summary, "wide": True},
    ]
    if plan.review_note and plan.reviewed_at:
        pairs.append({"label": _("年终总结"), "value": plan.review_note, "wide": True})
    notes = [_("计划还没有批准，内容可能改动。")] if plan.state in UNDECIDED else []
    return {"kind": "pairs", "title": _("计划概况"), "columns": 2, "pairs": pairs, "notes": notes}


def _indicators(plan: Plan) -> Section:
    columns = [
        (_("指标"), 12, "start"),
        (_("现状"), 16, "center"),
        (_("计划"), 14, "center"),
        (_("完成"), 14, "center"),
    ]
    rows = sorted(plan.indicators.all(), key=lambda row: row.pk)
    return {
        "kind": "table",
        "title": _("年度指标"),
        "columns": [{"label": label, "width": width, "align": align} for label, width, align in columns],
        "rows": [[str(row.get_code_display()), row.now, row.target, row.done] for row in rows],
        "keep": True,
    }


def _tasks(plan: Plan) -> Section:
    columns = [
        (_("任务"), 24, "start"), (_("受益人"), 9, "center"), (_("责任人"), 9, "center"), (_("完成期限"), 12, "center"), (_("完成情况"), 16, "start"),
    ]  # fmt: skip
    rows: list[Any] = []
    for goal in plan.goals.all():
        rows.append({"role": "group", "cells": [_goal(goal)]})
        rows += [_task(task) for task in goal.tasks.all() if task.state != Task.State.DROPPED]
    return {
        "kind": "table",
        "title": _("目标和任务"),
        "columns": [{"label": label, "width": width, "align": align} for label, width, align in columns],
        "rows": rows,
        "keep": len(rows) <= KEPT_ROWS,
        "empty": _("还没有写目标和任务"),
    }


def _goal(goal: Goal) -> str:
    """目标：住上安全住房（未达标：住房安全）· 已实现"""
    said = _("目标：%(goal)s") % {"goal": goal.text}
    if goal.source != "own":
        said += f"（{title_of(goal.source)}）"
    return said if goal.state == Goal.State.OPEN else f"{said} · {goal.get_state_display()}"


def _task(task: Task) -> list[str]:
    owner, member = task.owner.name if task.owner else "", task.member.name if task.member else _("全家")
    done = ""
    if task.state == Task.State.DONE:
        done = _("%(day)s完成") % {"day": values.day(task.done_on)}
    said = "，".join(filter(None, (done, task.note)))
    return [task.text, member, owner, values.day(task.due_on), said]


def _people(plan: Plan, names: dict[str, str]) -> Section:
    """What the household said, and who approved: a line to write on where there is nothing yet."""
    return {
        "kind": "signatures",
        "title": "",
        "statement": _("以上计划已向本户说明，本户同意按计划执行。"),
        "rows": [
            [{"label": _("农户意见"), "value": _consent(plan)}, {"label": _("提交人"), "value": names.get(plan.submitted_by, plan.submitted_by)}],
            [{"label": _("审批"), "value": _decision(plan, names)}, {"label": _("年终总结人"), "value": names.get(plan.reviewed_by, plan.reviewed_by)}],
        ],
    }  # fmt: skip


def _consent(plan: Plan) -> str:
    if not plan.consent or plan.consent_member is None:
        return ""
    return f"{plan.consent_member.name} {plan.get_consent_display()} {values.day(plan.consent_on)}"


def _decision(plan: Plan, names: dict[str, str]) -> str:
    if plan.decided_at is None or plan.state in UNDECIDED:
        return ""
    day = values.day(timezone.localtime(plan.decided_at).date())
    return _("%(name)s %(day)s批准") % {"name": names.get(plan.decided_by, plan.decided_by), "day": day}
