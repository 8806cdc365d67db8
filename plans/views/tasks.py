"""One task: what is to be done and why, its photos, and the two buttons that matter on a phone: progress and done."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status, posted
from plans import services
from plans.beside import beside
from plans.forms import DoneForm, ProgressForm, ReasonForm
from plans.listing import TaskRow
from plans.models import Plan, PlanEvidence, Task
from plans.views.base import crumbs_of, done, form_page, may_of, plan_or_404, sent, task_or_404
from plans.views.plan import shots_of


def _address(task: Task) -> str:
    return reverse("plans:task_detail", args=[task.goal.plan_id, task.pk])


def _acts(request: HttpRequest, plan: Plan, task: Task) -> bool:
    """Whether this user carries the task out, when the plan is."""
    return may_of(request.user, plan)["edit"] or (task.owner_id == request.user.pk and not plan.household.is_closed)


def _acting(request: HttpRequest, pk: int, task_pk: int) -> tuple[Plan, Task]:
    plan = plan_or_404(request, pk)
    task = task_or_404(request, plan, task_pk)
    if not _acts(request, plan, task):
        raise PermissionDenied(Permission.PLAN_EDIT)
    return plan, task


@reads_only
def task_detail(request: HttpRequest, pk: int, task_pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk)
    return _page(request, plan, task_or_404(request, plan, task_pk))


def _page(request: HttpRequest, plan: Plan, task: Task, **form: Any) -> HttpResponse:
    running = plan.state == Plan.State.IN_PROGRESS
    acts = running and _acts(request, plan, task)
    is_open = task.state == Task.State.OPEN
    context = {
        "plan": plan, "task": task, "household": plan.household, "row": TaskRow(task, running, beside(request.user, [task.pk]).get(task.pk, ())), "acts": acts, "is_open": is_open,
        "running": running, "may": may_of(request.user, plan), "trail": crumbs_of(plan, (task.text, "")),
        "shots": shots_of(request, task), "done_form": None, "progress_form": None,
    }  # fmt: skip
    if acts and is_open:
        initial = {"version": plan.version}
        context |= {
            "done_form": DoneForm(initial=initial, auto_id="done_%s"), "progress_form": ProgressForm(initial=initial, auto_id="progress_%s"),
        }  # fmt: skip
    context |= form
    bound = next(iter(form.values()), None)
    return render(request, "plans/task_detail.html", context, status=form_status(bound))


@read_on_get
def task_complete(request: HttpRequest, pk: int, task_pk: int) -> HttpResponse:
    plan, task = _acting(request, pk, task_pk)
    form = DoneForm(*sent(request), initial={"version": plan.version}, auto_id="done_%s")
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.complete_task(task=task, by=request.user, **form.cleaned_data)):  # fmt: skip
        return done(request, plan, _("已完成：%(task)s。") % {"task": task.text}, _address(task))
    return _page(request, plan, task, **{"done_form": form} if request.method == "POST" else {})


@read_on_get
def task_progress(request: HttpRequest, pk: int, task_pk: int) -> HttpResponse:
    plan, task = _acting(request, pk, task_pk)
    form = ProgressForm(*sent(request), initial={"version": plan.version}, auto_id="progress_%s")  # fmt: skip
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.progress_task(task=task, by=request.user, **form.cleaned_data)):  # fmt: skip
        return done(request, plan, _("已登记进展。"), _address(task))
    return _page(request, plan, task, **{"progress_form": form} if request.method == "POST" else {})


@read_on_get
def task_reopen(request: HttpRequest, pk: int, task_pk: int) -> HttpResponse:
    plan, task = _acting(request, pk, task_pk)
    form = ReasonForm(posted(request), initial={"version": plan.version})
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.reopen_task(task=task, by=request.user, **form.cleaned_data)):  # fmt: skip
        return done(request, plan, _("任务恢复为未完成。"), _address(task))
    intro = _("“%(task)s”登记错了，恢复为未完成。照片保留。") % {"task": task.text}
    return form_page(request, plan, _("恢复任务"), form, back=_address(task), intro=intro, verb=_("恢复为未完成"))


@read_on_get
def photo_remove(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    plan = plan_or_404(request, pk)
    shots = PlanEvidence.objects.for_user(request.user).filter(plan=plan, removed_at=None)
    picture: PlanEvidence = get_object_or_404(shots, uid=uid)
    task = task_or_404(request, plan, picture.task_id or 0)
    if not _acts(request, plan, task):
        raise PermissionDenied(Permission.PLAN_EDIT)
    form = forms.Form(posted(request))
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.remove_evidence(picture=picture, by=request.user)):  # fmt: skip
        return done(request, plan, _("已删去照片。"), _address(task))
    intro = _("删去“%(task)s”的这张照片。变更记录里仍然看得到删去过。") % {"task": task.text}
    return form_page(
        request, plan, _("删去照片"), form, back=_address(task), intro=intro, verb=_("确认删去"), danger=True
    )
