"""Pages of 调查任务: the rounds of the own area, and the forms that open, change and close one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions, require_in, require_somewhere
from common import pages
from common.forms import DateInput
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status
from households.services import LedgerError
from regions.models import Region
from surveys import progress
from surveys.models import SurveyRound
from surveys.services import rounds as verbs

SHOWN = 100


class RoundForm(forms.Form):
    """A round. Region and year are asked once, when it is opened."""

    region = forms.TypedChoiceField(label=gettext_lazy("范围"), coerce=int)
    year = forms.TypedChoiceField(
        label=gettext_lazy("年度"), coerce=int, help_text=gettext_lazy("调查得到的内容记入这一年度。")
    )
    title = forms.CharField(label=gettext_lazy("名称"), max_length=100)
    audience = forms.ChoiceField(
        label=gettext_lazy("对象"), choices=SurveyRound.Audience.choices, widget=forms.RadioSelect
    )
    starts_on = forms.DateField(label=gettext_lazy("开始"), widget=DateInput())
    due_on = forms.DateField(
        label=gettext_lazy("截止"), widget=DateInput(), help_text=gettext_lazy("过了这一天还没有调查的户列为逾期。")
    )

    def __init__(self, *args: Any, user: Any, round: SurveyRound | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if round is not None:
            del self.fields["region"], self.fields["year"]
            return
        tops = posted_regions(user, Permission.SURVEY_REVIEW)
        below = Region.objects.current().filter(parent__in=tops).order_by("code")
        this_year = timezone.localdate().year
        self.fields["region"].choices = [(r.pk, r.full_name or r.name) for r in [*tops, *below]]  # type: ignore[attr-defined]
        self.fields["year"].choices = [  # type: ignore[attr-defined]
            (year, _("%(year)s 年度") % {"year": year}) for year in (this_year, this_year - 1, this_year + 1)
        ]


def _round(request: HttpRequest, pk: int) -> SurveyRound:
    """A round of the own area that one may change; 404 where it concerns nobody one sees, 403 where it is not one's own to change."""
    require_somewhere(request.user, Permission.SURVEY_REVIEW)
    round = get_object_or_404(progress.rounds_for(request.user), pk=pk)
    require_in(request.user, Permission.SURVEY_REVIEW, round.region)
    return round


@reads_only
def round_list(request: HttpRequest) -> HttpResponse:
    user = request.user
    require_somewhere(user, Permission.HOUSEHOLD_VIEW)
    rows = []
    for round in progress.rounds_for(user)[:SHOWN]:
        word, tone = progress.stage_of_round(round)
        url = pages.address(reverse("surveys:progress"), {"round": str(round.pk)})
        may = round.closed_at is None and may_in(user, Permission.SURVEY_REVIEW, round.region)
        rows.append({"round": round, "word": word, "tone": tone, "url": url, "may": may})
    may_open = user.can(Permission.SURVEY_REVIEW)  # type: ignore[union-attr]
    return render(request, "surveys/round_list.html", {"rows": rows, "may_open": may_open})


@read_on_get
def round_open(request: HttpRequest) -> HttpResponse:
    user = request.user
    require_somewhere(user, Permission.SURVEY_REVIEW)
    today = timezone.localdate()
    first = {
        "year": today.year, "starts_on": today, "audience": SurveyRound.Audience.REGISTERED,
        "title": _("%(year)s年入户调查") % {"year": today.year},
    }  # fmt: skip
    form = RoundForm(request.POST or None, user=user, initial=first)
    if form.is_bound and form.is_valid():
        data = dict(form.cleaned_data)
        region = get_object_or_404(Region, pk=data.pop("region"))
        round = attempt(form, lambda: verbs.open_round(region=region, by=user, **data))
        if round is not None:
            messages.success(request, _("已安排调查任务“%(title)s”。") % {"title": round.title})
            return redirect(pages.address(reverse("surveys:progress"), {"round": str(round.pk)}))
    return _form(request, form, _("安排调查任务"), _("安排"))


@read_on_get
def round_change(request: HttpRequest, pk: int) -> HttpResponse:
    round = _round(request, pk)
    names = ("title", "audience", "starts_on", "due_on")
    first = {name: getattr(round, name) for name in names}
    form = RoundForm(request.POST or None, user=request.user, round=round, initial=first)
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: verbs.change_round(round=round, by=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("已保存调查任务“%(title)s”。") % {"title": done.title})
            return redirect("surveys:round_list")
    return _form(request, form, _("修改调查任务"), _("保存"), round)


def _form(
    request: HttpRequest, form: RoundForm, title: str, verb: str, round: SurveyRound | None = None
) -> HttpResponse:
    context = {"form": form, "title": title, "verb": verb, "round": round, "back": reverse("surveys:round_list")}
    return render(request, "surveys/round_form.html", context, status=form_status(form))


@read_on_get
def round_close(request: HttpRequest, pk: int) -> HttpResponse:
    round = _round(request, pk)
    if request.method == "POST":
        try:
            verbs.close_round(round=round, by=request.user)
            messages.success(request, _("调查任务“%(title)s”已结束。") % {"title": round.title})
        except LedgerError as error:
            messages.error(request, str(error))
        return redirect("surveys:round_list")
    lines = progress.by_place(progress.expected(request.user, round), round.year, None)
    context = {
        "round": round, "whole": progress.total(lines), "verb": _("结束这个任务"), "cancel_url": reverse("surveys:round_list"),
        "danger": True,
    }  # fmt: skip
    return render(request, "surveys/round_close.html", context)
