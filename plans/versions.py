"""What a plan said when it was submitted, two versions beside each other, and whether a copy was changed at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from households import values
from plans.models import Goal, Indicator, Plan, PlanRevision, Task

Body = dict[str, Any]
Marks = list[tuple[str, str]]  # (words, tone of a tag)


def goals_with_tasks() -> Prefetch[Any, Any, Any]:
    """Goals in their order, with their tasks and who and what these are about."""
    tasks = Task._base_manager.select_related("kind", "member", "owner").order_by("place", "pk")
    return Prefetch("goals", Goal._base_manager.order_by("place", "pk").prefetch_related(Prefetch("tasks", tasks)))


def body_of(plan: Plan) -> Body:
    """What is approved: `{"summary", "goals": [{"id", "source", "text", "tasks": [{"id", "text", "kind", "title", "member", "owner",
    "due_on", "reasons"}]}], "indicators": [{"code", "now", "target"}], "consent": {"how", "on", "member", "note"}}`."""
    tasks = Task._base_manager.filter(goal__plan=plan).exclude(state=Task.State.DROPPED)
    by_goal = defaultdict(list)
    for task in tasks.select_related("kind", "member", "owner").order_by("place", "pk"):
        by_goal[task.goal_id].append(_task(task))
    return {
        "summary": plan.summary,
        "goals": [
            {"id": goal.pk, "source": goal.source, "text": goal.text, "tasks": by_goal[goal.pk]}
            for goal in plan.goals.order_by("place", "pk")
        ],
        "indicators": [
            {"code": row.code, "now": row.now, "target": row.target} for row in plan.indicators.order_by("pk")
        ],
        "consent": {
            "how": plan.consent,
            "on": plan.consent_on.isoformat() if plan.consent_on else "",
            "member": plan.consent_member.name if plan.consent_member else "",
            "note": plan.consent_note,
        },
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.pk,
        "text": task.text,
        "kind": task.kind.code if task.kind else "",
        "title": task.kind.title if task.kind else "",
        "member": task.member.name if task.member else "",
        "owner": task.owner.name if task.owner else "",
        "due_on": task.due_on.isoformat() if task.due_on else "",
        "reasons": task.reasons,
    }


# -- two versions ---------------------------------------------------------------------------------------------------------------


def differences(old: Body, new: Body) -> list[dict[str, str]]:
    """`[{"label", "old", "new"}]` of what differs, "" where there was or is nothing; for `{% diff %}`."""
    found = [_line(_("帮扶思路"), old["summary"], new["summary"])]
    before, after = ({goal["id"]: goal for goal in body["goals"]} for body in (old, new))
    for pk in [*before, *(pk for pk in after if pk not in before)]:
        was, now = before.get(pk, {}), after.get(pk, {})
        found.append(_line(_("目标"), was.get("text", ""), now.get("text", "")))
        found += _task_differences(was.get("tasks", ()), now.get("tasks", ()))
    said = {row["code"]: row for row in old["indicators"]}
    for row in new["indicators"]:
        name, was = Indicator.Code(row["code"]).label, said.get(row["code"], {})
        found.append(_line(_("%(name)s（现状）") % {"name": name}, was.get("now", ""), row["now"]))
        found.append(_line(_("%(name)s（计划）") % {"name": name}, was.get("target", ""), row["target"]))
    return [line for line in found if line["old"] != line["new"]]


def _line(label: Any, old: str, new: str) -> dict[str, str]:
    return {"label": str(label), "old": old, "new": new}


def _task_differences(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    before, after = ({task["id"]: task for task in tasks} for tasks in (old, new))
    found = []
    for pk in [*before, *(pk for pk in after if pk not in before)]:
        was, now = before.get(pk), after.get(pk)
        if was is None or now is None:
            found.append(_line(_("任务"), whole(was) if was else "", whole(now) if now else ""))
            continue
        found.append(_line(_("任务"), was["text"], now["text"]))
        for label, name in ((_("帮扶措施"), "title"), (_("受益人"), "member"), (_("责任人"), "owner")):
            found.append(_line(_("“%(task)s”%(what)s") % {"task": now["text"], "what": label}, was[name], now[name]))
        label = _("“%(task)s”%(what)s") % {"task": now["text"], "what": _("完成期限")}
        found.append(_line(label, values.day(was["due_on"]), values.day(now["due_on"])))
    return found


def whole(task: Mapping[str, Any]) -> str:
    """A task in one line: 危房改造 · 张伟 · 2026年10月31日"""
    return " · ".join(filter(None, (task["text"], task["member"], task["owner"], values.day(task["due_on"]))))


# -- copies ---------------------------------------------------------------------------------------------------------------------


def bare_text(text: str, title: str, member: str) -> str:
    """A task's text without the name that came with its member: 雨露计划（王芳） -> 雨露计划."""
    return title if title and member and text == f"{title}（{member}）" else text


def _essence(body: Body) -> Any:
    """What a plan is about, whoever it is for: words and measures, not people, days or amounts."""
    return body["summary"], [
        (goal["text"], [(bare_text(task["text"], task["title"], task["member"]), task["kind"]) for task in goal["tasks"]])
        for goal in body["goals"]
    ]  # fmt: skip


def _live(plan: Plan) -> Body:
    """The part of a body that copies are compared by; `plan` comes with `goals_with_tasks`."""
    goals = [
        {"text": goal.text, "tasks": [_task(task) for task in goal.tasks.all() if task.state != Task.State.DROPPED]}
        for goal in plan.goals.all()
    ]
    return {"summary": plan.summary, "goals": goals}


def marks_of(plans: Sequence[Plan]) -> dict[int, Marks]:
    """What whoever approves should look at: an unchanged copy, goals without a task, days gone by, a later version. Six queries at most,
    none where there are no plans."""
    if not plans:
        return {}
    sources = {plan.copied_from_id for plan in plans if plan.copied_from_id}
    read = Plan._base_manager.filter(pk__in={plan.pk for plan in plans} | sources).order_by()
    rows = {plan.pk: plan for plan in read.prefetch_related(goals_with_tasks())}
    submitted: dict[int, list[Any]] = defaultdict(list)
    if sources:
        for source, body in (
            PlanRevision._base_manager.filter(plan__in=sources).order_by().values_list("plan_id", "body")
        ):
            submitted[source].append(_essence(body))
    today = timezone.localdate()
    return {plan.pk: _marks(rows[plan.pk], rows.get(plan.copied_from_id or 0), submitted, today) for plan in plans}


def _marks(plan: Plan, source: Plan | None, submitted: Mapping[int, list[Any]], today: Any) -> Marks:
    found: Marks = []
    tasks = [task for goal in plan.goals.all() for task in goal.tasks.all() if task.state == Task.State.OPEN]
    if source is not None:
        own = _essence(_live(plan))
        same = own == _essence(_live(source)) or own in submitted.get(source.pk, ())
        found.append((_("与原计划相同"), "amber") if same else (_("复制后改过"), "grey"))
    if plan.revision > 1:
        found.append((_("第 %(n)s 版") % {"n": plan.revision}, "blue"))
    if bare := sum(all(task.state == Task.State.DROPPED for task in goal.tasks.all()) for goal in plan.goals.all()):
        found.append((_("%(count)s 个目标没有任务") % {"count": bare}, "amber"))
    late = sum(task.due_on is not None and task.due_on < today for task in tasks)
    if late and plan.state not in (Plan.State.REVIEWED, Plan.State.CLOSED):
        found.append((_("逾期 %(count)s") % {"count": late}, "red"))
    return found
