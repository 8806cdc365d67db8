"""纸质调查表: print sheets for places where no phone works."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.scoping import require, visible_region_ids
from common import jobs, pages
from common.readonly import read_on_get, reads_only
from households import selection
from households.models import Household
from households.services import LedgerError
from regions.models import Level, Region
from surveys.access import FILL
from surveys.models import PaperRun
from surveys.services import paper as verbs

SHOWN_RUNS = 30
SHOWN_FAILED = 200


class PaperForm(forms.Form):
    content = forms.ChoiceField(
        label=gettext_lazy("表上印什么"), initial="filled", widget=forms.RadioSelect,
        choices=[
            ("filled", gettext_lazy("印上台账和去年的内容（没有变化的打勾就行）")),
            ("blank", gettext_lazy("空白（只印户主、住址和成员姓名）")),
        ],
    )  # fmt: skip


def _require_filling(request: HttpRequest) -> None:
    if not request.user.can(FILL):  # type: ignore[union-attr]
        raise PermissionDenied(FILL)


@reads_only
def paper_centre(request: HttpRequest) -> HttpResponse:
    """Where to print for: the regions of my area, one level at a time; beside them what I asked for lately."""
    _require_filling(request)
    user = request.user
    mine = Region.objects.current().filter(pk__in=visible_region_ids(user, FILL))
    at = request.GET.get("at", "")
    place = mine.filter(pk=at).first() if at.isdecimal() and len(at) < 19 else None
    if place is None:
        tops = [posting.region.pk for posting in user.postings_now]  # type: ignore[union-attr]
        place = mine.filter(pk__in=tops).order_by("path").first()
    context = {
        "place": place,
        "below": mine.filter(parent=place).order_by("code") if place else [],
        "trail": [(r.name, f"?at={r.pk}") for r in mine.filter(pk__in=place.ancestor_ids).order_by("level")] if place else [],
        "is_village": place is not None and place.level == Level.VILLAGE,
        "runs": PaperRun.objects.for_user(user).select_related("job").order_by("-id")[:SHOWN_RUNS],
    }  # fmt: skip
    return render(request, "surveys/paper_centre.html", context)


@read_on_get
def paper_region(request: HttpRequest, pk: int) -> HttpResponse:
    """Sheets of a whole village."""
    _require_filling(request)
    villages = Region.objects.filter(pk__in=visible_region_ids(request.user, FILL), level=Level.VILLAGE)
    region = get_object_or_404(villages, pk=pk)
    count = Household.objects.for_user(request.user, FILL).active().filter(village=region).count()
    return _confirm(request, {"region": region}, count=count, heading=region.full_name or region.name)


@read_on_get
def paper_household(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet of one household."""
    household = get_object_or_404(Household.objects.for_user(request.user), pk=pk)
    require(request.user, FILL, household)
    return _confirm(
        request, {"households": [household]}, count=1, heading=str(household), back=household.get_absolute_url()
    )


@require_POST
def paper_chosen(request: HttpRequest) -> HttpResponse:
    """The households ticked in the list; the first POST brings them, the second, with the form, queues them."""
    _require_filling(request)
    back = pages.address(reverse("households:household_list"), selection.list_query(request))
    try:
        chosen = selection.read(request, FILL)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(back)
    households = list(chosen.households(request.user, FILL))
    if not households:
        messages.error(request, _("所选农户不在您能调查的范围内。"))
        return redirect(back)
    return _confirm(
        request, {"households": households}, count=len(households), hidden={"chosen": chosen.token}, back=back,
        left_out=chosen.left_out,
    )  # fmt: skip


def _confirm(request: HttpRequest, wanted: dict[str, Any], *, count: int, heading: str = "", hidden: dict[str, str] | None = None,
             back: str = "", left_out: int = 0) -> HttpResponse:  # fmt: skip
    """How many, blank or filled in; with the form filled in, queue it."""
    posted = request.POST if "content" in request.POST else None
    form = PaperForm(posted)
    if posted is not None and form.is_valid():
        try:
            run = verbs.print_sheets(by=request.user, blank=form.cleaned_data["content"] == "blank", **wanted)
        except LedgerError as error:
            form.add_error(None, str(error))
        else:
            return redirect("surveys:paper_run", run.pk)
    context = {
        "form": form, "count": count, "heading": heading, "hidden": hidden or {}, "households": wanted.get("households"),
        "back": back or reverse("surveys:paper_centre"), "left_out": left_out,
    }  # fmt: skip
    return render(request, "surveys/paper_new.html", context, status=200 if posted is None else 422)


def _run(request: HttpRequest, pk: int) -> PaperRun:
    return get_object_or_404(PaperRun.objects.for_user(request.user).select_related("job"), pk=pk)


def _progress(run: PaperRun) -> dict[str, Any]:
    return {"run": run, "job": run.job, "detail": run.job.error or run.job.message or _("排队中，轮到后自动开始")}


@reads_only
def paper_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: how far, what came out, what could not be printed and why."""
    run = _run(request, pk)
    keys = list(run.failed)[:SHOWN_FAILED]
    rows = Household.objects.for_user(request.user).in_bulk([int(key) for key in keys])
    failed = [(rows.get(int(key)), run.failed[key]) for key in keys]
    keep_until = timezone.localtime(run.created_at) + dt.timedelta(days=settings.DOCUMENT_DAYS)
    context = {"failed": failed, "result": run.job.result, "keep_until": keep_until}
    return render(request, "surveys/paper_run.html", _progress(run) | context)


@reads_only
def paper_progress(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    if not run.job.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "surveys/paper_run.html#progress", _progress(run))


@require_POST
def paper_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file. A POST, because fetching it is written into the history."""
    run = _run(request, pk)
    try:
        data = verbs.fetch_sheets(run=run, by=request.user)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect("surveys:paper_run", run.pk)
    name = content_disposition_header(True, f"{run.title}.pdf") or ""
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


@require_POST
def paper_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    try:
        jobs.cancel_job(job=run.job, by=request.user)
        messages.success(request, _("已要求停止，正在打印的几户做完就停。"))
    except jobs.JobError as error:
        messages.error(request, str(error))
    return redirect("surveys:paper_run", run.pk)


@require_POST
def paper_retry(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    try:
        jobs.retry_job(job=run.job, by=request.user)
    except jobs.JobError as error:
        messages.error(request, str(error))
    return redirect("surveys:paper_run", run.pk)
