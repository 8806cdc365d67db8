"""Pages of the print centre."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import require, visible_region_ids
from common import jobs, pages
from common.answering import sent_file
from common.models import Job
from common.readonly import read_on_get, reads_only
from households import selection
from households.models import Household
from households.services import LedgerError
from regions.models import Level, Region
from reports import kinds, pace, places, services
from reports.forms import PrintForm
from reports.models import PrintItem, PrintRun

SHOWN_RUNS = 30
SHOWN_FAILED = 200
SHOWN_VOLUMES = 400  # villages of a large county


def _require_printing(request: HttpRequest) -> None:
    if not request.user.can(Permission.LEDGER_PRINT):  # type: ignore[union-attr]
        raise PermissionDenied


def _kind(request: HttpRequest, per: str = "", usual: str = kinds.LEDGER) -> kinds.Kind:
    """The kind of paper in the address or the form, else the usual one of the page; what is not there or not one's own is the ledger."""
    code = request.POST.get("kind") or request.GET.get("kind") or usual
    open_kinds = {kind.code: kind for kind in kinds.open_to(request.user, per)}
    return open_kinds.get(code) or open_kinds[kinds.LEDGER]


@reads_only
def print_centre(request: HttpRequest) -> HttpResponse:
    """What to print, for which place: the regions of my area, one level at a time; beside them what I asked for lately."""
    _require_printing(request)
    ids = visible_region_ids(request.user, Permission.LEDGER_PRINT)
    at = request.GET.get("at", "")
    mine = Region.objects.current().filter(pk__in=ids)
    place = mine.filter(pk=at).first() if at.isdecimal() and len(at) < 19 else None
    if place is None:
        tops = sorted({p.region.pk for p in request.user.postings_now})  # type: ignore[union-attr]
        place = mine.filter(pk__in=tops).order_by("path").first()
    below = mine.filter(parent=place).order_by("code") if place else Region.objects.none()
    runs = PrintRun.objects.for_user(request.user).select_related("job").order_by("-id")[:SHOWN_RUNS]
    trail = [(r.name, f"?at={r.pk}") for r in mine.filter(pk__in=place.ancestor_ids).order_by("level")] if place else []
    context = {
        "place": place, "below": below, "runs": [_row(run) for run in runs], "trail": trail,
        "kinds": kinds.open_to(request.user) if place is not None and place.level >= Level.COUNTY else [],
        "paired": not ids and request.user.is_helper,  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "reports/print_centre.html", context)


@read_on_get
def print_region(request: HttpRequest, pk: int) -> HttpResponse:
    """Papers of one kind of a village, township or county."""
    _require_printing(request)
    kind = _kind(request)
    ids = visible_region_ids(request.user, kind.permission)
    region = get_object_or_404(Region.objects.filter(pk__in=ids, level__gte=Level.COUNTY), pk=pk)
    villages = places.villages_of(region, request.user, kind.permission).count()
    count = villages if kind.of_village else services.households_of(region, request.user, kind.permission).count()
    back = f"{reverse('reports:print_centre')}?at={region.pk}"
    return _confirm(
        request, kind, {"region": region}, count=count, villages=villages, heading=region.full_name or region.name, back=back
    )  # fmt: skip


@read_on_get
def print_household(request: HttpRequest, pk: int, usual: str = kinds.LEDGER) -> HttpResponse:
    """A paper of one household."""
    household = get_object_or_404(Household.objects.for_user(request.user), pk=pk)
    require(request.user, Permission.LEDGER_PRINT, household)
    kind = _kind(request, kinds.HOUSEHOLD, usual)
    return _confirm(
        request, kind, {"households": [household]}, count=1, heading=str(household), back=household.get_absolute_url()
    )  # fmt: skip


@require_POST
def print_chosen(request: HttpRequest, usual: str = kinds.LEDGER) -> HttpResponse:
    """The households ticked in the list; the first POST brings them, the second, with the form, queues them."""
    _require_printing(request)
    kind = _kind(request, kinds.HOUSEHOLD, usual)
    back = pages.address(reverse("households:household_list"), selection.list_query(request))
    try:
        chosen = selection.read(request, kind.permission)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(back)
    households = list(chosen.households(request.user, kind.permission))
    if not households:
        messages.error(request, _("所选农户不在您能打印的范围内。"))
        return redirect(back)
    villages = len({h.village_id for h in households})
    return _confirm(
        request, kind, {"households": households}, count=len(households), villages=villages, hidden={"chosen": chosen.token}, back=back,
        left_out=chosen.left_out,
    )  # fmt: skip


def _confirm(request: HttpRequest, kind: kinds.Kind, wanted: dict[str, Any], *, count: int, villages: int = 1, heading: str = "",
             hidden: dict[str, str] | None = None, back: str = "", left_out: int = 0) -> HttpResponse:  # fmt: skip
    """What will be printed and how; with the form filled in, queue it."""
    this_year = timezone.localdate().year
    submitted = request.POST if "output" in request.POST else None
    form = PrintForm(
        submitted, user=request.user, kind=kind, villages=villages, years=list(range(this_year, this_year - 8, -1)),
        most_merged=villages > 1 and count > services.MOST_MERGED,
    )  # fmt: skip
    if submitted is not None and form.is_valid():
        data = form.cleaned_data
        try:
            run = services.print_papers(
                by=request.user, kind=kind.code, year=data.get("year"), full=data["full"], reason=data.get("reason", ""),
                output=data["output"], sheet=data.get("sheet", ""), **wanted,
            )  # fmt: skip
        except (services.PrintRefused, ValidationError) as error:
            form.add_error(
                None, str(error) if isinstance(error, services.PrintRefused) else ValidationError(error.messages)
            )
        else:
            return redirect("reports:print_run", run.pk)
    households = wanted.get("households")
    context = {
        "form": form, "kind": kind, "counted": kind.counted(count), "count": count, "heading": heading, "hidden": hidden or {},
        "households": households, "others": kinds.open_to(request.user, kinds.HOUSEHOLD) if households else [],
        "back": back or reverse("reports:print_centre"), "left_out": left_out,
    }  # fmt: skip
    return render(request, "reports/print_new.html", context, status=200 if submitted is None else 422)


def _run(request: HttpRequest, pk: int) -> PrintRun:
    return get_object_or_404(PrintRun.objects.for_user(request.user).select_related("job"), pk=pk)


WORDS = {"paused": (gettext_lazy("已暂停"), "amber"), "pausing": (gettext_lazy("正在停下"), "amber"), "done": (gettext_lazy("已完成"), "green"),
         "failed": (gettext_lazy("没有完成"), "red"), "running": (gettext_lazy("进行中"), "blue")}  # fmt: skip


def _row(run: PrintRun) -> dict[str, Any]:
    word, tone = WORDS.get(run.standing, (run.job.get_state_display(), "grey"))
    kind = kinds.KINDS.get(run.kind)
    return {"run": run, "word": word, "tone": tone, "total": kind.counted(run.total) if kind else run.total}


def _progress(run: PrintRun) -> dict[str, Any]:
    job, standing = run.job, run.standing
    if standing == "paused":
        done, total = f"{job.done:,}", kinds.KINDS[run.kind].counted(run.total)
        detail = _("已暂停，做好的都留着：%(done)s / %(total)s。") % {"done": done, "total": total}
    elif job.state == Job.State.QUEUED:
        detail = _waiting(job)
    else:
        detail = job.error or ("" if job.state == Job.State.DONE else job.message)  # not what it did last
    speed = _speed(run) if job.state == Job.State.RUNNING else ""
    return {
        "run": run,
        "job": job,
        "standing": standing,
        "detail": " · ".join(part for part in (detail, speed) if part),
    }


def _waiting(job: Job) -> str:
    before = Job.objects.filter(kind=job.kind, state__in=Job.OPEN, pk__lt=job.pk).count()
    if not before:
        return _("排队中，轮到后自动开始")
    said = ngettext("排队中，前面还有 %(count)s 项打印", "排队中，前面还有 %(count)s 项打印", before)
    return said % {"count": before}


def _speed(run: PrintRun) -> str:
    """每分钟 310 份，大约还要 2 小时 40 分; "" where it cannot be said yet."""
    rate = pace.per_minute(run.pace)
    left = pace.minutes_left(run.pace, run.job.done, run.total)
    if not rate or left is None:
        return ""
    hours, minutes = divmod(math.ceil(left), 60)
    speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    if hours:
        return _("每分钟 %(speed)s 份，大约还要 %(hours)s 小时 %(minutes)s 分") % {
            "speed": speed,
            "hours": hours,
            "minutes": minutes,
        }
    return _("每分钟 %(speed)s 份，大约还要 %(minutes)s 分钟") % {"speed": speed, "minutes": max(1, minutes)}


@reads_only
def print_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: how far and how fast, what came out, what could not be printed and why."""
    run = _run(request, pk)
    failed = run.items.filter(state=PrintItem.State.FAILED).select_related("household", "volume__village")
    failed = failed.defer("household__phone", "household__bank_account").order_by("place")[:SHOWN_FAILED]
    keep_until = timezone.localtime(run.created_at) + dt.timedelta(days=settings.DOCUMENT_DAYS)
    result, kind = run.job.result, kinds.KINDS[run.kind]
    villages = _villages(run)
    volumes = villages["volumes"]
    context = {
        "failed": failed, "result": result, "keep_until": keep_until, "kind": kind,
        "has_file": bool(run.file) or any(volume.file for volume in volumes),
        "is_pdf": run.output == PrintRun.Output.MERGED or (run.output == PrintRun.Output.VILLAGES and len(volumes) == 1),
        "printed": kind.counted(result.get("printed", 0)), "reused": kind.counted(result.get("reused", 0)),
    }  # fmt: skip
    return render(request, "reports/print_run.html", _progress(run) | context | villages)


def _villages(run: PrintRun) -> dict[str, Any]:
    """The villages of a run and whether each has a file of its own."""
    volumes = list(run.volumes.select_related("village").order_by("place")[:SHOWN_VOLUMES])
    return {"volumes": volumes, "apart": any(volume.file for volume in volumes)}


@reads_only
def print_progress(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    if not run.job.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    if "villages" in request.GET:
        return render(request, "reports/print_run.html#villages", {"run": run, "job": run.job, **_villages(run)})
    return render(request, "reports/print_run.html#progress", _progress(run))


@require_POST
def print_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The result. A POST, because fetching it is written into the history."""
    run = _run(request, pk)
    try:
        return sent_file(*services.fetch_run(run=run, by=request.user))
    except services.PrintRefused as error:
        messages.error(request, str(error))
        return redirect("reports:print_run", run.pk)


@require_POST
def print_volume(request: HttpRequest, pk: int, village: int) -> HttpResponseBase:
    """The file of one village of a run, as soon as it is there."""
    run = _run(request, pk)
    volume = get_object_or_404(run.volumes.select_related("village", "run__job"), village=village)
    try:
        return sent_file(*services.fetch_volume(volume=volume, by=request.user))
    except services.PrintRefused as error:
        messages.error(request, str(error))
        return redirect("reports:print_run", run.pk)


@require_POST
def print_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    try:
        jobs.cancel_job(job=run.job, by=request.user)
        messages.success(request, _("已要求停止，正在打印的几份做完就停。"))
    except jobs.JobError as error:
        messages.error(request, str(error))
    return redirect("reports:print_run", run.pk)


@require_POST
def print_pause(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    try:
        services.pause_run(run=run, by=request.user)
        messages.success(request, _("已暂停，正在打印的几份做完就停；做好的都留着。"))
    except jobs.JobError as error:
        messages.error(request, str(error))
    return redirect("reports:print_run", run.pk)


@require_POST
def print_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a run that was paused, cancelled or failed."""
    run = _run(request, pk)
    try:
        services.resume_run(run=run, by=request.user)
    except (jobs.JobError, services.PrintRefused) as error:
        messages.error(request, str(error))
    return redirect("reports:print_run", run.pk)


@require_POST
def print_again(request: HttpRequest, pk: int) -> HttpResponse:
    """A new run of what a finished one could not print."""
    run = _run(request, pk)
    try:
        run = services.print_failed_again(run=run, by=request.user)
    except services.PrintRefused as error:
        messages.error(request, str(error))
    return redirect("reports:print_run", run.pk)


@login_not_required
@reads_only
def booklet_verify(request: HttpRequest, token: str) -> HttpResponse:
    """What scanning a booklet's code answers, to anybody: number, time, and whether it still stands. No personal data."""
    booklet, standing = services.standing_of(token)
    status = 200 if booklet else 404
    return render(request, "reports/booklet_verify.html", {"booklet": booklet, "standing": standing}, status=status)
