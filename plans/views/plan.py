"""One plan on one page, its pictures, and two of its versions beside each other."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.names import names_of
from accounts.roles import Permission
from accounts.scoping import may_in
from common import audit, pictures, tabs
from common.models import AuditEvent
from common.readonly import reads_only
from households import trail, values
from households.querysets import paired_household_ids
from plans import proposals, versions
from plans.beside import beside
from plans.listing import GOAL_TONES, TONES, TaskRow
from plans.models import Plan, PlanEvidence, PlanRevision, Task
from plans.services.decision import missing, why_not_mine
from plans.views.base import address, crumbs_of, may_of, plan_or_404, title_of

HISTORY = 30


@reads_only
def plan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk)
    may = may_of(request.user, plan)
    goals = list(Plan._base_manager.prefetch_related(versions.goals_with_tasks()).get(pk=plan.pk).goals.all())
    shots = list(PlanEvidence.objects.for_user(request.user).filter(plan=plan, removed_at=None).order_by("pk"))
    revisions = list(PlanRevision.objects.for_user(request.user).filter(plan=plan).defer("body").order_by("-revision"))
    names = names_of(
        [
            plan.drafted_by,
            plan.submitted_by,
            plan.decided_by,
            plan.reviewed_by,
            plan.closed_by,
            *(r.by for r in revisions),
        ]
    )
    running = plan.state == Plan.State.IN_PROGRESS
    context = {
        "plan": plan, "household": plan.household, "may": may, "title": title_of(plan), "trail": crumbs_of(plan),
        "tone": TONES[plan.state], "marks": versions.marks_of([plan])[plan.pk], "names": names,
        "goals": _goals(request.user, goals, shots, running), "indicators": list(plan.indicators.order_by("pk")),
        "lacks": missing(plan) if may["write"] else [],
        "why_not": why_not_mine(plan, request.user) if may["decide"] else "",
        "signatures": [shot for shot in shots if shot.task_id is None],
        "versions": [(r, names.get(r.by, r.by), r.revision - 1) for r in revisions],
        "origin": _origin(request.user, plan), "copies": plan.copies.count(),
        "history": _history(plan), "done": _done(plan, names),
        "actions": [(a.label, reverse(a.url_name, args=[pk]), a.icon) for a in tabs.actions_for("plans.Plan", request.user)]
        if plan.state in (Plan.State.APPROVED, Plan.State.IN_PROGRESS) and not plan.household.is_closed else [],
    }  # fmt: skip
    return render(request, "plans/plan_detail.html", context)


def _goals(user: Any, goals: list[Any], shots: list[PlanEvidence], running: bool) -> list[dict[str, Any]]:
    of_task = defaultdict(list)
    for shot in shots:
        of_task[shot.task_id].append(shot)
    made = beside(user, [task.pk for goal in goals for task in goal.tasks.all()])
    found = []
    for goal in goals:
        tasks = list(goal.tasks.all())
        for task in tasks:
            task.shots = of_task[task.pk]
        found.append(
            {
                "goal": goal, "tone": GOAL_TONES[goal.state], "source": proposals.title_of(goal.source) if goal.source != "own" else "",
                "tasks": [TaskRow(task, running, made.get(task.pk, ())) for task in tasks],
            }
        )  # fmt: skip
    return found


def _origin(user: Any, plan: Plan) -> dict[str, str] | None:
    """The plan this one began as a copy of; who may not see its household learns only that there is one."""
    source = plan.copied_from
    if source is None:
        return None
    sees = source.household_id in paired_household_ids(user) or may_in(
        user, Permission.HOUSEHOLD_VIEW, source.household.village
    )
    if not sees:
        return {"text": _("由另一户的计划复制"), "url": ""}
    return {"text": _("由%(who)s的计划复制") % {"who": source.household}, "url": address(source)}


def _history(plan: Plan) -> list[dict[str, str]]:
    """Who did what when."""
    events = AuditEvent.objects.filter(target=audit.row_key(plan)).order_by("-id")[:HISTORY]
    return [
        {"title": change.title, "meta": change.meta, "text": "；".join(dict.fromkeys(filter(None, (change.note, change.sentence))))}
        for change in trail.read(events)
    ]  # fmt: skip


def _done(plan: Plan, names: dict[str, str]) -> list[tuple[str, str]]:
    """Who stands for each step: [(what, who and when)]."""
    steps = [
        (_("制定"), plan.drafted_by, plan.drafted_at), (_("提交"), plan.submitted_by, plan.submitted_at),
        (_("审批"), plan.decided_by, plan.decided_at), (_("年终总结"), plan.reviewed_by, plan.reviewed_at),
        (_("结束"), plan.closed_by, plan.closed_at),
    ]  # fmt: skip
    return [(what, f"{names.get(who, who)} · {values.moment(at)}") for what, who, at in steps if who]


@reads_only
def plan_photo(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    """A picture of a plan, or its thumbnail (`?size=small`): the gate of the plan, kept by no cache."""
    plan = plan_or_404(request, pk)
    shots = PlanEvidence.objects.for_user(request.user).filter(plan=plan, removed_at=None)
    return pictures.answer_kept(request, get_object_or_404(shots, uid=uid).file)


@reads_only
def plan_versions(request: HttpRequest, pk: int, old: int, new: int) -> HttpResponse:
    """What differs between two submitted versions; `new` 0 is the plan as it stands."""
    plan = plan_or_404(request, pk)
    found = {
        r.revision: r for r in PlanRevision.objects.for_user(request.user).filter(plan=plan, revision__in=[old, new])
    }
    if old not in found or (new and new not in found):
        raise Http404
    body = found[new].body if new else versions.body_of(plan)
    names = names_of(r.by for r in found.values())
    title = _("第 %(old)s 版与%(new)s") % {
        "old": old, "new": _("第 %(n)s 版") % {"n": new} if new else _("现在的内容"),
    }  # fmt: skip
    context = {
        "plan": plan, "household": plan.household, "title": title, "trail": crumbs_of(plan, (title, "")),
        "rows": versions.differences(found[old].body, body),
        "sides": [(n, names.get(found[n].by, found[n].by), found[n].at) for n in (old, new) if n],
        "back": reverse("plans:plan_detail", args=[plan.pk]),
    }  # fmt: skip
    return render(request, "plans/versions.html", context)


def shots_of(request: HttpRequest, task: Task) -> list[PlanEvidence]:
    rows = PlanEvidence.objects.for_user(request.user).filter(task=task, removed_at=None)
    return list(rows.order_by("pk"))
