"""Writing a plan: summary, goals, tasks, targets, the household's consent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from catalogue.models import MeasureKind
from common.readonly import read_on_get, reads_only
from households.answering import attempt, posted
from households.models import Household
from households.models.annual import CHECKS
from plans import services
from plans.filters import YEARS
from plans.forms import ConsentForm, GoalForm, IndicatorsForm, SummaryForm, TaskForm, sources_of
from plans.models import Plan
from plans.services.content import candidates
from plans.views.base import address, done, form_page, goal_or_404, plan_or_404, sent, task_or_404

EDIT = Permission.PLAN_EDIT


# -- a new plan -----------------------------------------------------------------------------------------------------------------


@reads_only
def plan_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """To the proposals of the first year that has no plan yet: this one, the next one, then those before."""
    household: Household = get_object_or_404(Household.objects.for_user(request.user), pk=pk)
    require(request.user, EDIT, household)
    taken = set(Plan.objects.for_user(request.user).filter(household=household).values_list("year", flat=True))
    this = timezone.localdate().year
    year = next((year for year in (this, this + 1, *range(this - 1, this - YEARS, -1)) if year not in taken), this)
    return redirect("plans:proposals", pk, year)


# -- its parts ------------------------------------------------------------------------------------------------------------------


@read_on_get
def summary_edit(request: HttpRequest, pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    form = SummaryForm(posted(request), initial={"version": plan.version, "summary": plan.summary})
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.edit_plan(plan=plan, by=request.user, **form.cleaned_data)):  # fmt: skip
        return done(request, plan, _("已保存帮扶思路。"))
    return form_page(request, plan, _("帮扶思路"), form)


def _sources(plan: Plan) -> list[tuple[str, Any]]:
    """What the household's newest record up to the plan's year names, first."""
    record = plan.household.years.filter(year__lte=plan.year).order_by("-year").first()
    if record is None:
        return sources_of(plan.household, [], [])
    causes = [code for code in (record.main_cause, *record.other_causes) if code]
    return sources_of(plan.household, causes, [name for name in CHECKS if getattr(record, f"check_{name}") == "no"])


@read_on_get
def goal_add(request: HttpRequest, pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    form = GoalForm(posted(request), sources=_sources(plan), initial={"version": plan.version})
    if request.method == "POST" and form.is_valid():
        goal = attempt(form, lambda: services.put_goal(plan=plan, by=request.user, **form.cleaned_data))
        if goal is not None:
            return done(
                request, plan, _("已增加目标，请给它加任务。"), reverse("plans:task_add", args=[plan.pk, goal.pk])
            )
    return form_page(request, plan, _("增加目标"), form, verb=_("保存，接着加任务"))


@read_on_get
def goal_edit(request: HttpRequest, pk: int, goal_pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    goal = goal_or_404(plan, goal_pk)
    initial = {"version": plan.version, "text": goal.text, "source": goal.source}
    form = GoalForm(posted(request), sources=_sources(plan), goal=goal, initial=initial)
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.put_goal(plan=plan, goal=goal, by=request.user, **form.cleaned_data)):  # fmt: skip
        return done(request, plan, _("已保存目标。"))
    drop = reverse("plans:goal_drop", args=[plan.pk, goal.pk])
    return form_page(request, plan, _("修改目标"), form, aside=drop, aside_verb=_("删去这个目标"))


@read_on_get
def goal_drop(request: HttpRequest, pk: int, goal_pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    goal = goal_or_404(plan, goal_pk)
    form = forms.Form(posted(request))
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.drop_goal(goal=goal, by=request.user)):  # fmt: skip
        return done(request, plan, _("已删去目标“%(goal)s”。") % {"goal": goal.text})
    intro = _("删去目标“%(goal)s”和它的任务。提交过的版本里仍然看得到。") % {"goal": goal.text}
    return form_page(request, plan, _("删去目标"), form, intro=intro, verb=_("确认删去"), danger=True)


def _task_form(request: HttpRequest, plan: Plan, initial: dict[str, Any], owner: Any = None, kind: Any = None, member: Any = None) -> TaskForm:  # fmt: skip
    """With what may be chosen, and what stands there although one would not choose it any more."""
    household = plan.household
    owners = candidates(household)
    owners += [owner] if owner is not None and owner not in owners else []
    kinds = list(MeasureKind.objects.in_force(timezone.localdate()))
    kinds += [kind] if kind is not None and kind not in kinds else []
    members = list(household.members.filter(left_on=None).order_by("relation", "birth_date", "pk"))
    members += [member] if member is not None and member not in members else []
    return TaskForm(
        posted(request), owners=owners, kinds=kinds, members=members, initial=initial | {"version": plan.version}
    )


@read_on_get
def task_add(request: HttpRequest, pk: int, goal_pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    goal = goal_or_404(plan, goal_pk)
    form = _task_form(request, plan, {})
    if request.method == "POST" and form.is_valid():
        facts = form.facts() | {"version": form.cleaned_data["version"]}
        if attempt(form, lambda: services.put_task(goal=goal, by=request.user, **facts)):
            if "more" in request.POST:
                return done(request, plan, _("已增加任务，请接着加。"), request.path)
            return done(request, plan, _("已增加任务。"))
    pairs = [(_("目标"), goal.text)]
    return form_page(request, plan, _("增加任务"), form, pairs=pairs, more=_("保存，再加一个"))


@read_on_get
def task_edit(request: HttpRequest, pk: int, task_pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    task = task_or_404(request, plan, task_pk)
    initial = {
        "text": task.text, "owner": task.owner_id, "due_on": task.due_on, "kind": task.kind.code if task.kind else "",
        "member": task.member_id,
    }  # fmt: skip
    form = _task_form(request, plan, initial, task.owner, task.kind, task.member)
    if request.method == "POST" and form.is_valid():
        facts = form.facts() | {"version": form.cleaned_data["version"]}
        if attempt(form, lambda: services.put_task(goal=task.goal, task=task, by=request.user, **facts)):
            return done(request, plan, _("已保存任务。"))
    drop = reverse("plans:task_drop", args=[plan.pk, task.pk])
    pairs = [(_("目标"), task.goal.text)]
    return form_page(request, plan, _("修改任务"), form, pairs=pairs, aside=drop, aside_verb=_("取消这个任务"))


@read_on_get
def task_drop(request: HttpRequest, pk: int, task_pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    task = task_or_404(request, plan, task_pk)
    form = forms.Form(posted(request))
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.drop_task(task=task, by=request.user)):  # fmt: skip
        return done(request, plan, _("已取消任务“%(task)s”。") % {"task": task.text})
    intro = _("取消任务“%(task)s”。提交过的版本里仍然看得到。") % {"task": task.text}
    return form_page(request, plan, _("取消任务"), form, intro=intro, verb=_("确认取消任务"), danger=True)


@read_on_get
def indicators_edit(request: HttpRequest, pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    form = IndicatorsForm(posted(request), rows=list(plan.indicators.order_by("pk")), initial={"version": plan.version})
    if request.method == "POST" and form.is_valid():
        own = {"targets": form.targets(), "version": form.cleaned_data["version"]}
        if attempt(form, lambda: services.set_indicators(plan=plan, by=request.user, **own)):
            return done(request, plan, _("已保存年度指标，现状按台账更新。"))
    intro = _("填这一年要达到什么。现状取自台账，不用填；台账改了，保存时会更新。")
    return form_page(request, plan, _("年度指标"), form, intro=intro)


@read_on_get
def consent_record(request: HttpRequest, pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    members = list(plan.household.members.filter(left_on=None).order_by("relation", "birth_date", "pk"))
    form = ConsentForm(
        *sent(request), members=members, initial={"version": plan.version, "on": timezone.localdate()}
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        facts = form.facts() | {"version": form.cleaned_data["version"]}
        if attempt(form, lambda: services.record_consent(plan=plan, by=request.user, **facts)):
            return done(request, plan, _("已登记农户意见。之后再改计划内容，要重新征求意见。"))
    intro = _("把计划念给农户听，或者请农户看过。农户不同意的，先改计划。")
    return form_page(request, plan, _("农户意见"), form, intro=intro, multipart=True)


# -- for many -------------------------------------------------------------------------------------------------------------------

MOST_SHOWN = 500  # households of a village


@read_on_get
def plan_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy a plan to households of its village that have none of that year. It is allowed, and each copy says that it is one."""
    plan = plan_or_404(request, pk, EDIT)
    village = plan.household.village
    without = (
        Household.objects.for_user(request.user, EDIT).active().filter(village=village)
        .exclude(pk__in=Plan.objects.for_user(request.user).filter(village=village, year=plan.year).order_by().values("household"))
    )  # fmt: skip
    shown = list(without.order_by("sort_key", "pk")[:MOST_SHOWN])
    ticked = {int(key) for key in request.POST.getlist("pk") if key.isdecimal() and len(key) < 19}
    form = forms.Form(posted(request))
    if request.method == "POST" and form.is_valid():
        chosen = list(Household.objects.for_user(request.user).filter(pk__in=list(ticked)[:1000]))
        result = attempt(form, lambda: services.copy_plan(plan=plan, to=chosen, by=request.user))
        if result is not None:
            (messages.success if result.drafted else messages.warning)(request, result.sentence)
            return redirect(address(plan))
    context: dict[str, Any] = {
        "households": shown, "ticked": ticked, "village": village, "copies": plan.copies.count(), "capped": len(shown) == MOST_SHOWN,
    }  # fmt: skip
    return form_page(request, plan, _("复制给别的户"), form, template="plans/copy.html", **context)
