"""Survey sheets that were printed before the print centre made them: their pages stay as long as their files do."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.answering import sent_file
from common.readonly import reads_only
from households.models import Household
from households.services import LedgerError
from surveys.models import PaperRun
from surveys.services import paper as verbs

SHOWN_FAILED = 200


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
    return sent_file(f"{run.title}.pdf", "application/pdf", data)
