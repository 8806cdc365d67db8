"""The way of a plan: submit, decide, start, change again, review, close."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from common.readonly import read_on_get
from households.answering import attempt, posted
from plans import indicators, services, versions
from plans.forms import DecisionForm, PlanForm, ReasonForm, ReviewForm
from plans.models import Plan
from plans.services.decision import missing, why_not_mine
from plans.views.base import act, done, form_page, plan_or_404

EDIT, APPROVE = Permission.PLAN_EDIT, Permission.PLAN_APPROVE


@read_on_get
def plan_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """What is still missing; where nothing is, the question."""
    plan = plan_or_404(request, pk, EDIT)
    form = PlanForm(posted(request), initial={"version": plan.version})
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.submit_plan(plan=plan, by=request.user, version=form.cleaned_data["version"])):  # fmt: skip
        return done(request, plan, _("已提交，等乡镇审批。"))
    lines = missing(plan)
    intro = _("提交前还缺这些：") if lines else _("内容已齐，农户已同意。提交后由乡镇审批，内容不能再改。")
    return form_page(request, plan, _("提交审批"), form, intro=intro, lines=lines, verb="" if lines else _("确认提交"))


@read_on_get
def plan_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, or send back with a reason."""
    plan = plan_or_404(request, pk, APPROVE)
    form = DecisionForm(posted(request), initial={"version": plan.version})
    if request.method == "POST" and form.is_valid():
        own = form.cleaned_data
        verb, said = services.approve_plan, _("已批准。")
        if "return" in request.POST:
            verb, said = services.return_plan, _("已退回，由制定人改好再提交。")
        if attempt(form, lambda: verb(plan=plan, by=request.user, note=own["note"], version=own["version"])):
            return done(request, plan, said, reverse("plans:plan_list") + "?state=waiting")
    why = why_not_mine(plan, request.user)
    marks = [words for words, _tone in versions.marks_of([plan])[plan.pk]]
    return form_page(
        request, plan, _("审批"), form, intro=why, lines=[_("请留意：%(what)s") % {"what": words} for words in marks],
        verb="" if why else _("批准"), other=("return", _("退回")),
    )  # fmt: skip


@require_POST
def plan_start(request: HttpRequest, pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    return act(
        request,
        plan,
        lambda: services.start_plan(plan=plan, by=request.user),
        _("计划开始执行，任务已进入责任人的“我的任务”。"),
    )


@read_on_get
def plan_amend(request: HttpRequest, pk: int) -> HttpResponse:
    plan = plan_or_404(request, pk, EDIT)
    form = ReasonForm(posted(request), initial={"version": plan.version})
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: services.amend_plan(plan=plan, by=request.user, **form.cleaned_data)):  # fmt: skip
        return done(request, plan, _("计划可以改了。改好后重新征求农户意见，再提交审批。"))
    intro = _("改计划要重新审批；原来批准的版本留着，可以对照。改的时候任务不能登记完成。")
    return form_page(request, plan, _("重新修改计划"), form, intro=intro, verb=_("开始修改"))


@read_on_get
def plan_review(request: HttpRequest, pk: int) -> HttpResponse:
    """The end of the year, filled in from the ledger of the year as far as it says."""
    plan = plan_or_404(request, pk, EDIT)
    goals = list(Plan._base_manager.prefetch_related(versions.goals_with_tasks()).get(pk=plan.pk).goals.all())
    reached = indicators.reached([plan.household], plan.year)[plan.household_id]
    form = ReviewForm(
        posted(request), indicators=list(plan.indicators.order_by("pk")), goals=goals, reached=reached,
        initial={"version": plan.version, "note": plan.review_note},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        facts = form.facts() | {"version": form.cleaned_data["version"]}
        if attempt(form, lambda: services.review_plan(plan=plan, by=request.user, **facts)):
            return done(request, plan, _("已做年终总结，等乡镇结束计划。"))
    intro = _("完成情况已按 %(year)s 年台账填好，台账里没有的请补上。") % {"year": plan.year}
    return form_page(request, plan, _("年终总结"), form, intro=intro, verb=_("提交总结"))


@read_on_get
def plan_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a reviewed plan, or send the review back."""
    plan = plan_or_404(request, pk, APPROVE)
    form = ReasonForm(posted(request), initial={"version": plan.version})
    note = form.fields["note"]
    note.label, note.help_text, note.required = _("退回理由"), _("退回时填，至少四个字。"), False
    if request.method == "POST" and form.is_valid():
        own = form.cleaned_data
        if "return" in request.POST:
            if attempt(form, lambda: services.return_review(plan=plan, by=request.user, **own)):
                return done(request, plan, _("已退回总结，计划继续执行。"))
        elif attempt(form, lambda: services.close_plan(plan=plan, by=request.user, version=own["version"])):
            return done(request, plan, _("计划已结束。"))
    intro = _("年终总结：%(note)s") % {"note": plan.review_note}
    return form_page(
        request, plan, _("结束计划"), form, intro=intro, verb=_("结束计划"), other=("return", _("退回总结"))
    )
