"""Pages of the print centre."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import require, visible_region_ids
from common import jobs, pages
from common.readonly import read_on_get, reads_only
from households import selection
from households.models import Household
from households.services import LedgerError
from regions.models import Level, Region
from reports import services
from reports.forms import PrintForm
from reports.models import PrintItem, PrintRun

SHOWN_RUNS = 30


def _require_printing(request: HttpRequest) -> None:
    if not request.user.can(Permission.LEDGER_PRINT):  # type: ignore[union-attr]
        raise PermissionDenied


@reads_only
def print_centre(request: HttpRequest) -> HttpResponse:
    """Where to print: the villages and townships of my area, one level at a time; below it what I asked for lately."""
    _require_printing(request)
    ids = visible_region_ids(request.user, Permission.LEDGER_PRINT)
    at = request.GET.get("at", "")
    mine = Region.objects.current().filter(pk__in=ids)
    place = mine.filter(pk=at).first() if at.isdigit() else None
    if place is None:
        tops = sorted({p.region.pk for p in request.user.postings_now})  # type: ignore[union-attr]
        place = mine.filter(pk__in=tops).order_by("path").first()
    below = mine.filter(parent=place).order_by("code") if place else Region.objects.none()
    runs = PrintRun.objects.for_user(request.user).select_related("job").order_by("-id")[:SHOWN_RUNS]
    trail = [(r.name, f"?at={r.pk}") for r in mine.filter(pk__in=place.ancestor_ids).order_by("level")] if place else []
    context = {
        "place": place, "below": below, "runs": runs, "trail": trail,
        "may_print_place": place is not None and place.level >= Level.TOWNSHIP,
        "paired": not ids and request.user.is_helper,  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "reports/print_centre.html", context)


@read_on_get
def print_region(request: HttpRequest, pk: int) -> HttpResponse:
    """All ledgers of a village or township."""
    _require_printing(request)
    ids = visible_region_ids(request.user, Permission.LEDGER_PRINT)
    region = get_object_or_404(Region.objects.filter(pk__in=ids, level__gte=Level.TOWNSHIP), pk=pk)
    count = services.households_of(region, request.user).count()
    return _confirm(request, {"region": region}, count=count, heading=region.full_name or region.name)


@read_on_get
def print_household(request: HttpRequest, pk: int) -> HttpResponse:
    """One ledger."""
    household = get_object_or_404(Household.objects.for_user(request.user), pk=pk)
    require(request.user, Permission.LEDGER_PRINT, household)
    return _confirm(
        request, {"households": [household]}, count=1, heading=str(household), back=household.get_absolute_url()
    )


@require_POST
def print_chosen(request: HttpRequest) -> HttpResponse:
    """The households ticked in the list; the first POST brings them, the second, with the form, queues them."""
    _require_printing(request)
    back = pages.address(reverse("households:household_list"), selection.list_query(request))
    try:
        chosen = selection.read(request, Permission.LEDGER_PRINT)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(back)
    households = list(chosen.households(request.user, Permission.LEDGER_PRINT))
    if not households:
        messages.error(request, _("所选农户不在您能打印的范围内。"))
        return redirect(back)
    hidden = {"chosen": chosen.token}
    return _confirm(
        request, {"households": households}, count=len(households), hidden=hidden, back=back, left_out=chosen.left_out
    )


def _confirm(request: HttpRequest, wanted: dict[str, Any], *, count: int, heading: str = "", hidden: dict[str, str] | None = None,
             back: str = "", left_out: int = 0) -> HttpResponse:  # fmt: skip
    """What will be printed and how; with the form filled in, queue it."""
    this_year = timezone.localdate().year
    submitted = request.POST if "output" in request.POST else None
    form = PrintForm(submitted, user=request.user, years=list(range(this_year, this_year - 8, -1)))
    if submitted is not None and form.is_valid():
        data = form.cleaned_data
        try:
            run = services.print_ledgers(
                by=request.user,
                year=data["year"],
                full=data["full"],
                reason=data.get("reason", ""),
                output=data["output"],
                **wanted,
            )
        except (services.PrintRefused, ValidationError) as error:
            form.add_error(None, str(error) if isinstance(error, services.PrintRefused) else error)
        else:
            return redirect("reports:print_run", run.pk)
    context = {
        "form": form, "count": count, "heading": heading, "hidden": hidden or {}, "households": wanted.get("households"),
        "back": back or reverse("reports:print_centre"), "left_out": left_out,
    }  # fmt: skip
    return render(request, "reports/print_new.html", context, status=200 if submitted is None else 422)


def _run(request: HttpRequest, pk: int) -> PrintRun:
    return get_object_or_404(PrintRun.objects.for_user(request.user).select_related("job"), pk=pk)


def _progress(run: PrintRun) -> dict[str, Any]:
    job = run.job
    detail = job.error or job.message or _("排队中，轮到后自动开始")
    return {"run": run, "job": job, "detail": detail}


@reads_only
def print_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: how far, what came out, what could not be printed and why."""
    run = _run(request, pk)
    failed = run.items.filter(state=PrintItem.State.FAILED).select_related("household").order_by("place")[:200]
    keep_until = timezone.localtime(run.created_at) + dt.timedelta(days=settings.DOCUMENT_DAYS)
    context = {"failed": failed, "result": run.job.result, "keep_until": keep_until}
    return render(request, "reports/print_run.html", _progress(run) | context)


@reads_only
def print_progress(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    if not run.job.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "reports/print_run.html#progress", _progress(run))


@require_POST
def print_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file. A POST, because fetching it is written into the history."""
    run = _run(request, pk)
    try:
        data = services.fetch_run(run=run, by=request.user)
    except services.PrintRefused as error:
        messages.error(request, str(error))
        return redirect("reports:print_run", run.pk)
    kind = "application/pdf" if run.extension == "pdf" else "application/zip"
    name = f"{run.title}.{run.extension}"
    headers = {"Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store"}
    return HttpResponse(data, content_type=kind, headers=headers)


@require_POST
def print_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    try:
        jobs.cancel_job(job=run.job, by=request.user)
        messages.success(request, _("已要求停止，正在打印的几户做完就停。"))
    except jobs.JobError as error:
        messages.error(request, str(error))
    return redirect("reports:print_run", run.pk)


@require_POST
def print_retry(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    try:
        jobs.retry_job(job=run.job, by=request.user)
    except jobs.JobError as error:
        messages.error(request, str(error))
    return redirect("reports:print_run", run.pk)


@login_not_required
@reads_only
def booklet_verify(request: HttpRequest, token: str) -> HttpResponse:
    """What scanning a booklet's code answers, to anybody: number, time, and whether it still stands. No personal data."""
    booklet, standing = services.standing_of(token)
    status = 200 if booklet else 404
    return render(request, "reports/booklet_verify.html", {"booklet": booklet, "standing": standing}, status=status)
