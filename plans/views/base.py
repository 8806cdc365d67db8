"""What pages of plans share: the gate, the way back, what may be offered, the answer to a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import GRANTS, Permission, Role
from accounts.scoping import may_in, require
from households import curtain, values
from households.answering import form_status, posted
from households.models import Household
from households.querysets import paired_household_ids
from households.services import LedgerError
from plans.models import Goal, Plan, Task
from plans.services.base import EDITABLE

FORM = "plans/form.html"
RELATED = ("household__village__parent__parent", "household__township", "copied_from__household__village", "consent_member")  # fmt: skip


def plan_or_404(request: HttpRequest, pk: int, permission: Permission | None = None) -> Plan:
    """The plan through the row gate: 404 where it may not be seen, 403 where it may not be acted on, or where its year is kept from whoever
    is to look at the household a second time."""
    plan: Plan = get_object_or_404(Plan.objects.for_user(request.user).select_related(*RELATED), pk=pk)
    if permission is not None:
        require(request.user, permission, plan)
    curtain.require(request.user, plan.household_id, plan.year)
    return plan


def goal_or_404(plan: Plan, pk: int) -> Goal:
    goal: Goal = get_object_or_404(plan.goals, pk=pk)
    goal.plan = plan
    return goal


def task_or_404(request: HttpRequest, plan: Plan, pk: int) -> Task:
    rows = Task.objects.for_user(request.user).select_related("goal", "kind", "member", "owner")
    task: Task = get_object_or_404(rows, pk=pk, goal__plan=plan.pk)
    task.goal.plan = plan
    return task


def holds(user: Any, permission: Permission, household: Household) -> bool:
    """Whether to offer something; the verbs ask again. No query: postings and pairings are in memory."""
    paired = permission in GRANTS[Role.HELPER] and household.pk in paired_household_ids(user)
    return paired or may_in(user, permission, household.village)


def may_of(user: Any, plan: Plan) -> dict[str, bool]:
    """What this user may do with this plan now."""
    states, open_ = Plan.State, not plan.household.is_closed
    edits = open_ and holds(user, Permission.PLAN_EDIT, plan.household)
    approves = open_ and may_in(user, Permission.PLAN_APPROVE, plan.household.village)
    return {
        "edit": edits,
        "approve": approves,
        "write": edits and plan.state in EDITABLE,
        "start": edits and plan.state == states.APPROVED,
        "amend": edits and plan.state in (states.APPROVED, states.IN_PROGRESS),
        "carry": edits and plan.state == states.IN_PROGRESS,
        "decide": approves and plan.state == states.SUBMITTED,
        "close": approves and plan.state == states.REVIEWED,
    }


def title_of(plan: Plan) -> str:
    """王建国户 2026 年帮扶计划"""
    return _("%(who)s %(year)s 年帮扶计划") % {"who": plan.household, "year": plan.year}


def address(plan: Plan) -> str:
    return reverse("plans:plan_detail", args=[plan.pk])


def crumbs_of(plan: Plan, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """The board, the household, the plan, and `more` below it."""
    return [
        (_("帮扶计划"), reverse("plans:board")),
        (str(plan.household), plan.household.get_absolute_url()),
        (values.year(plan.year), address(plan) if more else ""),
        *more,
    ]


def form_page(
    request: HttpRequest, plan: Plan, title: str, form: Any, *, back: str = "", **context: Any
) -> HttpResponse:
    """A page with one form below a plan."""
    template = context.pop("template", FORM)
    own = {
        "plan": plan, "household": plan.household, "title": title, "form": form, "trail": crumbs_of(plan, (title, "")),
        "back": back or address(plan), "verb": _("保存"),
        **dict.fromkeys(("intro", "pairs", "danger", "multipart", "aside", "aside_verb", "lines", "more", "other")),
    }  # fmt: skip
    return render(request, template, own | context, status=form_status(form))


def sent(request: HttpRequest) -> tuple[Any, Any]:
    """The same for a form with a picture."""
    return posted(request), request.FILES if request.method == "POST" else None


def act(request: HttpRequest, plan: Plan, verb: Callable[[], Any], said: str, back: str = "") -> HttpResponse:
    """A button without a form: do it, say so or say why not, and go back."""
    try:
        verb()
    except LedgerError as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, said)
    return redirect(back or address(plan))


def done(request: HttpRequest, plan: Plan, said: str, back: str = "") -> HttpResponse:
    messages.success(request, said)
    return redirect(back or address(plan))
