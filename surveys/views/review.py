"""Reviewing surveys: what waits, one survey beside the ledger, the decision, many at once, the photos, and the tab on the ledger."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import allowed, require_somewhere
from common import audit, bulk, jobs, pages, pictures
from common.models import AuditEvent
from common.readonly import reads_only
from households import selection, trail, values
from households.answering import INVALID
from households.models import Household, SavedView
from households.services import LedgerError
from households.services.saved_views import delete_view, save_view
from surveys import comparison
from surveys.filters import LATE, SurveyFilter
from surveys.listing import rows_of, with_row_facts
from surveys.models import Survey, SurveyPhoto
from surveys.services import review

SURVEYS = selection.Kind(
    Survey, SurveyFilter, ("household__village", "household__township", "surveyor", "form"),
    nothing=gettext_lazy("还没有选择调查。请在列表中勾选后再操作。"),
    too_many=gettext_lazy("一次最多选择 %(most)s 份，请加上筛选条件，分几次做。"),
)  # fmt: skip
FIRST = ("region", "state", "who")  # filters that always show; the others are behind 更多条件
AT_ONCE = 200  # a longer batch becomes a job
SHOWN = 20


def _url() -> str:
    return reverse("surveys:survey_list")


# -- the list -------------------------------------------------------------------------------------------------------------------


@reads_only
def survey_list(request: HttpRequest) -> HttpResponse:
    """What waits, and under filters everything else."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = SurveyFilter(request.GET, Survey.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        query = pages.query_of(filterset)
        return {
            "rows": rows_of(page.rows, request.user),
            "first": [filterset.form[name] for name in FIRST[1:]],
            "more": [filterset.form[name] for name in filterset.filters if name not in FIRST],
            "more_open": any(name in query for name in filterset.filters if name not in FIRST),
            "actions": bulk.actions_for("surveys.Survey", request.user),
            "choose_all": page.count.value <= selection.MOST and bool(page.previous or page.next),
            "kpis": [] if pages.is_fragment(request) else _kpis(request),
        }

    return pages.list_page(
        request, template="surveys/survey_list.html", url=_url(), filterset=filterset, rows=with_row_facts, context=context, counted=_counted,
    )  # fmt: skip


def _counted(count: pages.Count) -> str:
    """「共 12 份」, 「一万份以上」."""
    if count.capped:
        return _("一万份以上")
    return ngettext("共 %(count)s 份", "共 %(count)s 份", count.value) % {"count": f"{count.value:,}"}


def _kpis(request: HttpRequest) -> list[dict[str, Any]]:
    """What waits for this reviewer: three numbers, each with its list."""
    if not request.user.can(Permission.SURVEY_REVIEW):
        return []
    late = Count("pk", Q(submitted_at__lt=timezone.now() - LATE))
    counts = Survey.objects.for_user(request.user).waiting_for(request.user).aggregate(waiting=Count("pk"), late=late)
    returned = Survey.objects.for_user(request.user).filter(purpose=Survey.Purpose.SURVEY, state=Survey.State.RETURNED)
    unit = _("份")
    return [
        {"label": _("待我审核"), "value": f"{counts['waiting']:,}", "unit": unit, "url": _url()},
        {"label": _("超过 7 天"), "value": f"{counts['late']:,}", "unit": unit, "url": f"{_url()}?late=yes"},
        {
            "label": _("已退回未改"),
            "value": f"{returned.order_by().count():,}",
            "unit": unit,
            "url": f"{_url()}?state=returned",
        },
    ]


# -- kept filters ---------------------------------------------------------------------------------------------------------------


@reads_only
def survey_views(request: HttpRequest) -> HttpResponse:
    """The user's own filters of this list."""
    own = SavedView.objects.filter(user=request.user, page=SavedView.Page.SURVEYS)
    context = {
        "views": [(view, f"{_url()}?{view.query}") for view in own],
        "list_url": _url(),
        "delete": "surveys:survey_view_delete",
    }
    return render(request, "households/saved_view_list.html" + "#views" * pages.is_fragment(request), context)


@require_POST
def survey_view_save(request: HttpRequest) -> HttpResponse:
    query = selection.list_query(request, SURVEYS)
    try:
        view = save_view(name=request.POST.get("name", ""), query=query, by=request.user, page=SavedView.Page.SURVEYS)
    except LedgerError as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("已保存常用筛选“%(name)s”，下次在“常用筛选”里点一下就能用。") % {"name": view.name})
    return redirect(pages.address(_url(), query))


@require_POST
def survey_view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView, pk=pk, user=request.user, page=SavedView.Page.SURVEYS)
    delete_view(view=view, by=request.user)
    messages.success(request, _("已删除常用筛选“%(name)s”。") % {"name": view.name})
    return redirect("surveys:survey_views")


# -- one survey -----------------------------------------------------------------------------------------------------------------


class DecisionForm(forms.Form):
    """The remarks of a reviewer and, for each conflict, which value holds and why; neither of the two is chosen beforehand."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(
        label=gettext_lazy("审核意见"), max_length=review.NOTE_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )  # fmt: skip
    without_photos = forms.BooleanField(label=gettext_lazy("不等照片，先通过（在审核意见里写明理由）"), required=False)

    def __init__(self, *args: Any, compared: comparison.Comparison, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = compared.to_choose
        for row in self.rows:
            self.fields[f"choice-{row.path}"] = forms.ChoiceField(
                label=row.where, required=False, widget=forms.RadioSelect,
                choices=[
                    (review.ANSWER, _("用调查值：%(value)s") % {"value": row.answer or _("（清空）")}),
                    (review.LEDGER, _("保留台账值：%(value)s") % {"value": row.ledger or _("（空）")}),
                ],
            )  # fmt: skip
            self.fields[f"why-{row.path}"] = forms.CharField(
                label=_("选择的理由"), required=False, max_length=review.REASON_LENGTH, help_text=_("如：已电话核实、台账是昨天入户改的")
            )  # fmt: skip
        if not compared.photos_missing:
            del self.fields["without_photos"]

    def choices(self) -> dict[str, str]:
        chosen = {row.path: self.cleaned_data.get(f"choice-{row.path}") for row in self.rows}
        return {path: choice for path, choice in chosen.items() if choice}

    def why(self) -> dict[str, str]:
        return {row.path: self.cleaned_data.get(f"why-{row.path}", "") for row in self.rows}

    def absorb(self, error: Exception) -> None:
        """A verb's refusal, at the conflicts and fields it names."""
        if isinstance(error, ValidationError):
            for name, said in error.message_dict.items() if hasattr(error, "error_dict") else [("", error.messages)]:
                self.add_error(name if name in self.fields else None, said)
            return
        self.add_error(None, str(error))
        for path, why in getattr(error, "problems", {}).items():
            chosen = bool(self.data.get(f"choice-{path}"))
            place = f"why-{path}" if chosen else f"choice-{path}"
            if place in self.fields:
                self.add_error(place, why)


def _survey_or_404(request: HttpRequest, pk: int) -> Survey:
    rows = Survey.objects.for_user(request.user).select_related(
        "form", "surveyor", "decided_by", "household__village__parent__parent", "household__township"
    )
    survey: Survey = get_object_or_404(rows, pk=pk)
    return survey


@reads_only
def survey_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One survey beside the ledger and last year."""
    return _detail(request, _survey_or_404(request, pk))


def _detail(
    request: HttpRequest, survey: Survey, form: DecisionForm | None = None, error: Exception | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    compared = comparison.load(survey, asking=True)
    household = survey.household
    may = allowed(request.user, Permission.SURVEY_REVIEW, survey)
    why_not = review.why_not_mine(survey, request.user)
    decides = may and not why_not
    if decides and form is None:
        form = DecisionForm(compared=compared, initial={"version": household.version})
    for each in compared.rows:
        each.typed = request.POST.get(f"reason-{each.path}", "")
        each.problem = getattr(error, "problems", {}).get(each.path, "")
    chosen_above = compared.to_choose if decides else []
    first = [each for each in compared.different if each not in chosen_above]
    context = {
        "survey": survey, "household": household, "compared": compared, "form": form if decides else None, "decides": decides,
        "why_not": why_not if may and survey.state == Survey.State.SUBMITTED else "",
        "shown_first": comparison.grouped(first), "first_count": len(first), "rest": comparison.grouped(compared.rest),
        "rest_count": len(compared.rest),
        "row": rows_of([_with_counts(survey, compared)], request.user)[0], "history": _history(survey),
        "conflicts": [(each, form[f"choice-{each.path}"], form[f"why-{each.path}"]) for each in chosen_above if form],
        "settled": [
            (row.where if (row := compared.row(each.path)) else _("已不在册的成员"), each)
            for each in survey.conflicts.all() if each.choice and each.reason
        ],
        "trail": [(_("调查审核"), _url()), (str(household), household.get_absolute_url()), (str(values.year(survey.year)), "")],
        "reasons": [
            (row.where if (row := compared.row(path)) else _("全表"), why) for path, why in survey.reasons.items()
        ] if survey.state == Survey.State.RETURNED else [],
        "most": review.REASON_LENGTH,
    }  # fmt: skip
    return render(request, "surveys/survey_detail.html", context, status=status)


def _with_counts(survey: Survey, compared: comparison.Comparison) -> Survey:
    survey.conflict_count = len(compared.to_choose)  # type: ignore[attr-defined]
    survey.photo_count = survey.photos_expected - compared.photos_missing  # type: ignore[attr-defined]
    return survey


def _history(survey: Survey) -> list[dict[str, str]]:
    events = AuditEvent.objects.filter(target=audit.row_key(survey)).order_by("-id")[:SHOWN]
    return [{"title": change.title, "meta": change.meta, "text": change.note} for change in trail.read(events)]


@require_POST
def survey_approve(request: HttpRequest, pk: int) -> HttpResponse:
    survey = _survey_or_404(request, pk)
    _require_review(request, survey)
    compared = comparison.load(survey)
    form = DecisionForm(request.POST, compared=compared)
    if any(text.strip() for key, text in request.POST.items() if key.startswith("reason-")):
        form.add_error(None, _("您写了退回理由，却点了“通过”。要退回请点“退回”；要通过请先删去退回理由。"))
    if not form.is_valid():
        return _detail(request, survey, form, status=INVALID)
    own = form.cleaned_data
    try:
        review.approve_survey(
            survey=survey, by=request.user, choices=form.choices(), why=form.why(), note=own["note"], version=own["version"],
            without_photos=own.get("without_photos", False),
        )  # fmt: skip
    except (LedgerError, ValidationError) as error:
        return _again(request, pk, error)
    messages.success(
        request, _("已通过：%(who)s %(year)s 年调查，已写入台账。") % {"who": survey.household, "year": survey.year}
    )
    return redirect(_url())


@require_POST
def survey_return(request: HttpRequest, pk: int) -> HttpResponse:
    survey = _survey_or_404(request, pk)
    _require_review(request, survey)
    reasons = {key.removeprefix("reason-"): text for key, text in request.POST.items() if key.startswith("reason-")}
    try:
        review.return_survey(survey=survey, by=request.user, reasons=reasons, note=request.POST.get("note", ""))
    except (LedgerError, ValidationError) as error:
        return _again(request, pk, error)
    messages.success(
        request, _("已退回：%(who)s，由 %(name)s 改好再报。") % {"who": survey.household, "name": survey.surveyor.name}
    )
    return redirect(_url())


def _require_review(request: HttpRequest, survey: Survey) -> None:
    if not allowed(request.user, Permission.SURVEY_REVIEW, survey):
        raise PermissionDenied(Permission.SURVEY_REVIEW)


def _again(request: HttpRequest, pk: int, error: Exception) -> HttpResponse:
    """The page once more, with what the ledger holds by now, what was typed and what stood in the way."""
    survey = _survey_or_404(request, pk)
    data = request.POST.copy()
    data["version"] = str(survey.household.version)
    form = DecisionForm(data, compared=comparison.load(survey))
    form.is_valid()
    form.absorb(error)
    if review.why_not_mine(survey, request.user):
        messages.error(request, str(error))
        return redirect("surveys:survey_detail", pk)
    return _detail(request, survey, form, error, status=INVALID)


# -- many at once ---------------------------------------------------------------------------------------------------------------


@require_POST
def approve_bulk(request: HttpRequest) -> HttpResponse:
    """批量通过: first what will happen and what is left alone and why, then the deed; a long one as a job."""
    require_somewhere(request.user, Permission.SURVEY_REVIEW)
    query = selection.list_query(request, SURVEYS)
    back = pages.address(_url(), query)
    try:
        chosen = selection.read(request, Permission.SURVEY_REVIEW, SURVEYS)
        if not chosen.pks:
            raise LedgerError(_("所选调查不在您能审核的范围内。"))
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(back)
    surveys = chosen.rows(request.user, Permission.SURVEY_REVIEW)
    if "confirmed" in request.POST:
        if len(surveys) > AT_ONCE:
            job = jobs.submit(
                "surveys.approve", by=request.user, title=_("批量通过 %(count)s 份调查") % {"count": len(surveys)},
                params={"surveys": chosen.pks},
            )  # fmt: skip
            return redirect("jobs:job_detail", job.pk)
        done = review.approve_batch(surveys=surveys, by=request.user)
        say = messages.success if done.approved else messages.warning
        say(request, done.sentence)
        return redirect(back)
    plan = review.sort_out(surveys, request.user)
    context = {
        "chosen": chosen, "query": query, "plan": plan, "approved": plan.approved[:SHOWN], "skipped": plan.skipped[: SHOWN * 5],
        "cancel_url": back, "verb": _("确认通过"), "as_job": len(surveys) > AT_ONCE,
    }  # fmt: skip
    return render(request, "surveys/approve_bulk.html", context)


# -- photos, and the tab ----------------------------------------------------------------------------------------------------------


@reads_only
def survey_photo(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    """A photo or signature of a survey, or its thumbnail (`?size=small`): the gate of the survey, kept by no cache."""
    rows = SurveyPhoto.objects.for_user(request.user).filter(survey=pk, state=SurveyPhoto.State.COMPLETE)
    photo = get_object_or_404(rows, uid=uid)
    return pictures.answer_kept(request, photo.file)


@reads_only
def household_surveys(request: HttpRequest, pk: int) -> HttpResponse:
    """The surveys of one household, newest year first: a page, and the tab on its ledger."""
    household = get_object_or_404(Household.objects.for_user(request.user).select_related("village"), pk=pk)
    surveys = Survey.objects.for_user(request.user).filter(household=household).exclude(state=Survey.State.DRAFT)
    rows = rows_of(with_row_facts(surveys).order_by("-year", "-id")[:SHOWN], request.user)
    context = {
        "household": household,
        "rows": rows,
        "trail": [(str(household), household.get_absolute_url()), (_("入户调查"), "")],
    }
    template = "surveys/household_surveys.html" + "#surveys" * pages.is_fragment(request)
    return render(request, template, context)
