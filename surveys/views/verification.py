"""反复核对: the draws and how to repeat them, the tasks, two surveys beside each other, the verdicts, and how far people agree."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Permission
from accounts.scoping import posted_regions, require, require_somewhere
from common import pages
from common.readonly import read_on_get, reads_only
from households import selection
from households.answering import attempt, form_status
from households.listing import counted
from households.models import Household
from households.services import LedgerError
from regions.models import Region
from surveys import agreement, comparison, published
from surveys.comparison import JOINED, LEFT
from surveys.differences import in_words, open_for, said
from surveys.filters import TaskFilter
from surveys.listing import draws_for, tasks_for, with_draw_facts, with_task_facts
from surveys.models import Difference, Survey, VerificationDraw, VerificationTask
from surveys.services import verification

SHOWN = 50
FORM = "surveys/verification_form.html"


def _tabs(request: HttpRequest, here: str) -> list[tuple[str, str, bool]]:
    """The parts of 复核 that this user may open."""
    user: Any = request.user
    parts = [("task_list", _("复核任务"), Permission.HOUSEHOLD_VIEW), ("difference_list", _("差异"), Permission.SURVEY_REVIEW),
             ("agreement", _("一致率"), Permission.SURVEY_SAMPLE), ("draw_list", _("核对抽样"), Permission.SURVEY_SAMPLE)]  # fmt: skip
    return [(label, reverse(f"surveys:{name}"), name == here) for name, label, needs in parts if user.can(needs)]


def _ask(request: HttpRequest, permission: Permission) -> None:
    require_somewhere(request.user, permission)


# -- tasks ----------------------------------------------------------------------------------------------------------------------


@reads_only
def task_list(request: HttpRequest) -> HttpResponse:
    """Who is to be looked at again, by whom, and what came of it."""
    _ask(request, Permission.HOUSEHOLD_VIEW)
    filterset = TaskFilter(request.GET, tasks_for(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "rows": page.rows,
            "tabs": _tabs(request, "task_list"),
            "own": not (request.user.can(Permission.SURVEY_SAMPLE) or request.user.can(Permission.SURVEY_REVIEW)),
        }

    return pages.list_page(
        request, template="surveys/task_list.html", url=reverse("surveys:task_list"), filterset=filterset, rows=with_task_facts, context=context,
        counted=counted,
    )  # fmt: skip


def _task_or_404(request: HttpRequest, pk: int, permission: Permission | None = None) -> VerificationTask:
    rows = VerificationTask.objects.for_user(request.user).select_related(
        "household__village__parent__parent", "household__township", "assignee", "draw", "first__form", "first__surveyor", "survey__form",
        "survey__surveyor",
    )  # fmt: skip
    task: VerificationTask = get_object_or_404(rows, pk=pk)
    if permission is not None:
        require(request.user, permission, task)
    return task


@dataclass(slots=True)
class Line:
    """One thing that two surveys say, in words; `ledger` is what stands there now."""

    label: str
    first: str
    second: str
    ledger: str
    agree: bool
    difference: Difference | None = None


@reads_only
def task_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One task: who goes; and when it is done, the two surveys side by side."""
    task = _task_or_404(request, pk)
    user: Any = request.user
    samples, judges = (_holds(user, each, task) for each in (Permission.SURVEY_SAMPLE, Permission.SURVEY_REVIEW))
    is_open = task.state == VerificationTask.State.OPEN
    if is_open and not (
        samples or judges or task.assignee_id == user.pk
    ):  # whom it concerns most learns of it when it is done
        raise PermissionDenied(Permission.SURVEY_SAMPLE)
    seen = _may_see_both(user, task)
    lines, one_sided = _lines(task) if seen else ([], 0)
    context = {
        "task": task, "household": task.household, "trail": _trail(task), "seen": seen,
        "different": [line for line in lines if not line.agree], "alike": [line for line in lines if line.agree], "one_sided": one_sided,
        "may_assign": is_open and samples, "may_judge": judges,
        "is_mine": task.assignee_id == user.pk, "names": {"first": task.first, "second": task.survey},
    }  # fmt: skip
    return render(request, "surveys/task_detail.html", context)


def _holds(user: Any, permission: Permission, task: VerificationTask) -> bool:
    return VerificationTask.objects.for_user(user, permission).filter(pk=task.pk).exists()


def _may_see_both(user: Any, task: VerificationTask) -> bool:
    """Whether both surveys are there and may be read: who has another look at the household before them may not see the first."""
    wanted = [pk for pk in (task.first_id, task.survey_id) if pk]
    return len(wanted) == 2 and Survey.objects.for_user(user).filter(pk__in=wanted).count() == 2


def _trail(task: VerificationTask, *more: tuple[str, str]) -> list[tuple[str, str]]:
    here = [(_("复核"), reverse("surveys:task_list"))]
    if more:
        here.append((str(task.household), reverse("surveys:task_detail", args=[task.pk])))
    return [*here, *(more or [(str(task.household), "")])]


def _lines(task: VerificationTask) -> tuple[list[Line], int]:
    """Every compared thing in words, in the order of the form."""
    assert task.first is not None
    assert task.survey is not None
    found = agreement.two_surveys(task.first, task.survey)
    ledger = comparison.load(task.survey, found.renamed)
    now = {row.path: row.ledger for row in ledger.rows}
    form = published.definition_of(task.first.form)
    people = {p.uid: p.name for p in (*ledger.people, *comparison.people_of(task.first, {}, form))}
    members = {str(m.uid): m.name for m in task.household.members.all()}
    people = {uid: members.get(uid, name) for uid, name in people.items()}
    differences = {d.path: d for d in task.differences.all()}
    lines = []
    for pair in found.pairs:
        uid, _slash, name = pair.path.rpartition("/")
        asked = form.field(pair.path)
        label = asked.label if asked else {JOINED: _("新增成员"), LEFT: _("减少成员")}.get(name, name)
        first, second = (said(asked, name, value) for value in (pair.first, pair.second))
        lines.append(
            Line(
                f"{people.get(uid, '')} · {label}" if uid else label, first, second, now.get(pair.path, ""), pair.agree,
                differences.get(pair.path),
            )
        )  # fmt: skip
    return lines, found.one_sided


# -- who goes -------------------------------------------------------------------------------------------------------------------


class AssignForm(forms.Form):
    assignee = forms.TypedChoiceField(label=gettext_lazy("复核人"), coerce=int, required=False, empty_value=None)

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].choices = [("", _("先不派人")), *((p.pk, p.name) for p in people)]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=verification.REASON_LENGTH)


@read_on_get
def task_assign(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task_or_404(request, pk, Permission.SURVEY_SAMPLE)
    people = verification.candidates(task)
    form = AssignForm(request.POST or None, people=people, initial={"assignee": task.assignee_id})
    if form.is_bound and form.is_valid():
        chosen = next((p for p in people if p.pk == form.cleaned_data["assignee"]), None)
        done = attempt(form, lambda: verification.assign(task=task, assignee=chosen, by=request.user))
        if done:
            said = _("已派 %(name)s 复核。") % {"name": chosen.name} if chosen else _("已收回，还没有派人。")
            messages.success(request, said)
            return redirect("surveys:task_detail", pk)
    intro = _("只列出能在这一户填写调查、本年度没有调查过也没有审核过这一户的人。复核人看不到初次调查的内容。")
    return _form(request, form, task, _("派人复核"), _("确定"), intro)


@read_on_get
def task_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task_or_404(request, pk, Permission.SURVEY_SAMPLE)
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: verification.cancel_task(task=task, reason=reason, by=request.user)):
            messages.success(request, _("已取消 %(household)s 的复核。") % {"household": task.household})
            return redirect("surveys:task_detail", pk)
    intro = _("取消后这一户不再复核；抽样记录里仍然写明抽到过它和取消的理由。")
    return _form(request, form, task, _("取消复核"), _("确认取消复核"), intro, danger=True)


def _form(
    request: HttpRequest, form: Any, task: VerificationTask | None, title: str, verb: str, intro: str = "", **more: Any
) -> HttpResponse:
    back = reverse("surveys:task_detail", args=[task.pk]) if task else more.pop("back", reverse("surveys:task_list"))
    context = {
        "form": form, "title": title, "verb": verb, "intro": intro, "back": back, "household": task.household if task else "",
        "trail": _trail(task, (title, "")) if task else [(_("核对抽样"), reverse("surveys:draw_list")), (title, "")],
        "pairs": (), "hidden": (), "danger": False,
    }  # fmt: skip
    return render(request, FORM, context | more, status=form_status(form))


# -- verdicts -------------------------------------------------------------------------------------------------------------------


class VerdictForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    verdict = forms.ChoiceField(label=gettext_lazy("以哪一次为准"), widget=forms.RadioSelect)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=verification.REASON_LENGTH)

    def __init__(self, *args: Any, line: Line | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, second = (line.first, line.second) if line else ("", "")
        self.fields["verdict"].choices = [  # type: ignore[attr-defined]
            (Difference.Verdict.FIRST.value, _("初次：%(value)s") % {"value": first}),
            (Difference.Verdict.SECOND.value, _("复核：%(value)s（台账改成它）") % {"value": second}),
            (Difference.Verdict.NEITHER.value, Difference.Verdict.NEITHER.label),
        ]


@reads_only
def difference_list(request: HttpRequest) -> HttpResponse:
    """Differences that wait for a verdict, oldest first."""
    _ask(request, Permission.SURVEY_REVIEW)
    found = list(open_for(request.user).order_by("pk")[: SHOWN + 1])
    lines = in_words(found[:SHOWN], request.user)
    context = {"lines": lines, "more": len(found) > SHOWN, "tabs": _tabs(request, "difference_list")}
    return render(request, "surveys/difference_list.html", context)


@read_on_get
def difference_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Which of the two is right, and why."""
    row = get_object_or_404(Difference.objects.for_user(request.user), pk=pk)
    task = _task_or_404(request, row.task_id, Permission.SURVEY_REVIEW)
    line = next((one for one in _lines(task)[0] if one.difference and one.difference.pk == row.pk), None) if _may_see_both(request.user, task) else None  # fmt: skip
    if row.verdict or line is None:
        messages.info(request, _("这一处差异已经有结论。") if row.verdict else _("您现在还不能看这两次调查。"))
        return redirect("surveys:task_detail", task.pk)
    form = VerdictForm(request.POST or None, line=line, initial={"version": task.household.version})
    if form.is_bound and form.is_valid():
        own = form.cleaned_data
        done = attempt(
            form,
            lambda: verification.resolve(
                difference=row, verdict=own["verdict"], reason=own["reason"], by=request.user, version=own["version"]
            ),
        )
        if done:
            messages.success(
                request,
                _("已判定：%(what)s，%(verdict)s。") % {"what": line.label, "verdict": done.get_verdict_display()},
            )
            return redirect("surveys:task_detail", task.pk)
    pairs = [(_("初次调查"), line.first), (_("复核"), line.second), (_("台账现在"), line.ledger)]
    return _form(
        request, form, task, _("判定差异：%(what)s") % {"what": line.label}, _("确定"),
        _("没有默认的选择。以复核为准时，台账随即改成复核的值。"), pairs=pairs,
    )  # fmt: skip


# -- agreement ------------------------------------------------------------------------------------------------------------------


@reads_only
def agreement_page(request: HttpRequest) -> HttpResponse:
    """How often two surveys said the same: by field, and by the two people."""
    _ask(request, Permission.SURVEY_SAMPLE)
    this = timezone.localdate().year
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else this
    tasks = agreement.tasks_of(request.user, year)
    fields, people = agreement.by_field(tasks), agreement.by_people(tasks)
    total = agreement.Share("", sum(s.n for s in fields), sum(s.different for s in fields), len(tasks))
    context = {
        "year": year, "years": [(f"{y}", f"?year={y}", y == year) for y in range(this, this - 3, -1)], "fields": fields, "people": people,
        "total": total, "few": agreement.FEW, "tabs": _tabs(request, "agreement"),
    }  # fmt: skip
    return render(request, "surveys/agreement.html", context)


# -- draws ----------------------------------------------------------------------------------------------------------------------


class DrawForm(forms.Form):
    """A random draw."""

    region = forms.TypedChoiceField(label=gettext_lazy("范围"), coerce=int)
    year = forms.TypedChoiceField(label=gettext_lazy("年度"), coerce=int)
    size = forms.IntegerField(label=gettext_lazy("抽几户"), min_value=1, max_value=verification.MOST)
    seed = forms.CharField(
        label=gettext_lazy("抽样种子"), max_length=verification.SEED_LENGTH,
        help_text=gettext_lazy("用公开的、抽之前谁也不知道的一串字，例如当天的开奖号码。种子随名单公布，谁都能照样再抽一遍。"),
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tops = posted_regions(user, Permission.SURVEY_SAMPLE)
        below = Region.objects.current().filter(parent__in=tops).order_by("code")
        this = timezone.localdate().year
        self.fields["region"].choices = [(r.pk, r.full_name or r.name) for r in [*tops, *below]]  # type: ignore[attr-defined]
        self.fields["year"].choices = [(y, _("%(year)s 年度") % {"year": y}) for y in (this, this - 1)]  # type: ignore[attr-defined]


@reads_only
def draw_list(request: HttpRequest) -> HttpResponse:
    """Every draw of the area, also those nobody was sent to: a second draw in secret would show."""
    _ask(request, Permission.SURVEY_SAMPLE)
    rows = with_draw_facts(draws_for(request.user))
    names = dict(User.objects.filter(username__in=rows.values("drawn_by")).values_list("username", "name"))
    draws = [(draw, names.get(draw.drawn_by, draw.drawn_by)) for draw in rows.order_by("-pk")[:SHOWN]]
    return render(request, "surveys/draw_list.html", {"draws": draws, "tabs": _tabs(request, "draw_list")})


@read_on_get
def draw_new(request: HttpRequest) -> HttpResponse:
    _ask(request, Permission.SURVEY_SAMPLE)
    form = DrawForm(request.POST or None, user=request.user, initial={"year": timezone.localdate().year})
    if form.is_bound and form.is_valid():
        own = form.cleaned_data
        region = get_object_or_404(Region, pk=own["region"])
        draw = attempt(
            form,
            lambda: verification.draw_random(
                region=region, year=own["year"], size=own["size"], seed=own["seed"], by=request.user
            ),
        )
        if draw:
            messages.success(request, _("已抽取 %(count)s 户，名单和种子已公布。") % {"count": draw.size})
            return redirect("surveys:draw_detail", draw.pk)
    intro = _("从范围内本年度已经调查、还没有复核过的农户中抽取。抽一次就是一次，结果不能改，都留在记录里。")
    return _form(request, form, None, _("随机抽取复核户"), _("抽取"), intro, back=reverse("surveys:draw_list"))


def _draw_or_404(request: HttpRequest, pk: int) -> VerificationDraw:
    _ask(request, Permission.SURVEY_SAMPLE)
    return get_object_or_404(draws_for(request.user), pk=pk)


@reads_only
def draw_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One draw: how it came about, how to repeat it, and what became of its households."""
    draw = _draw_or_404(request, pk)
    tasks = list(with_task_facts(VerificationTask.objects.for_user(request.user).filter(draw=draw)))
    if draw.method == VerificationDraw.Method.RANDOM:
        tasks.sort(key=lambda task: verification.place_of(draw.seed, task.household.number))
    rows = [
        (n, task, verification.place_of(draw.seed, task.household.number) if draw.seed else "")
        for n, task in enumerate(tasks, 1)
    ]
    by = User.objects.filter(username=draw.drawn_by).values_list("name", flat=True).first() or draw.drawn_by
    context = {
        "draw": draw, "rows": rows, "by": by, "is_random": draw.method == VerificationDraw.Method.RANDOM,
        "trail": [(_("核对抽样"), reverse("surveys:draw_list")), (draw.region.name, "")],
    }  # fmt: skip
    return render(request, "surveys/draw_detail.html", context)


@reads_only
def draw_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything a draw was made from, in its order: place, household number, SHA-256 of seed and number, drawn or not."""
    draw = _draw_or_404(request, pk)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow([_("序号"), _("户编号"), _("摘要"), _("抽中")])
    numbers = draw.numbers.split("\n") if draw.numbers else []
    for n, number in enumerate(verification.order_of(draw.seed, numbers), 1):
        lines.writerow([n, number, verification.place_of(draw.seed, number), "1" if n <= draw.size else "0"])
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="draw-{draw.pk}.csv"'
    return response


class PickForm(forms.Form):
    year = forms.TypedChoiceField(label=gettext_lazy("年度"), coerce=int)
    reason = forms.CharField(label=gettext_lazy("为什么指定这些户"), max_length=verification.REASON_LENGTH)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this = timezone.localdate().year
        self.fields["year"].choices = [(y, _("%(year)s 年度") % {"year": y}) for y in (this, this - 1)]  # type: ignore[attr-defined]


@require_POST
def pick_bulk(request: HttpRequest) -> HttpResponse:
    """指定复核 for the households ticked in the list: the reason first, then the deed."""
    _ask(request, Permission.SURVEY_SAMPLE)
    back = pages.address(reverse("households:household_list"), selection.list_query(request))
    try:
        chosen = selection.read(request, Permission.SURVEY_SAMPLE)
        if not chosen.pks:
            raise LedgerError(_("所选农户不在您能抽取复核户的范围内。"))
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(back)
    form = PickForm(request.POST if "reason" in request.POST else None)
    if form.is_bound and form.is_valid():
        households: list[Household] = chosen.rows(request.user, Permission.SURVEY_SAMPLE)
        own = form.cleaned_data
        draw = attempt(
            form,
            lambda: verification.pick_by_hand(
                households=households, year=own["year"], reason=own["reason"], by=request.user
            ),
        )
        if draw:
            messages.success(request, _("已指定 %(count)s 户复核，请派人。") % {"count": draw.size})
            return redirect("surveys:draw_detail", draw.pk)
    first = chosen.rows(request.user, Permission.SURVEY_SAMPLE, SHOWN)
    names = _("、").join(str(household) for household in first[:10]) + ("……" if len(chosen) > 10 else "")
    intro = _("指定 %(count)s 户复核：%(names)s。另一位没有看过初次调查的人再调查一次。") % {"count": len(chosen), "names": names}  # fmt: skip
    if chosen.left_out:
        intro += _("另有 %(count)s 户不在您的范围内，不会改动。") % {"count": chosen.left_out}
    hidden = [("chosen", chosen.token), *selection.list_query(request).items()]
    return _form(request, form, None, _("指定复核"), _("确认指定"), intro, back=back, hidden=hidden)
