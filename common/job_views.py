"""Pages of long work: what I asked for, how far it is, stop it, try again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common import jobs
from common.models import Job
from common.readonly import reads_only

SHOWN = 100


def _context(job: Job) -> dict[str, Any]:
    result = job.result or {}
    target = (
        reverse(result["url_name"], args=result.get("args", []))
        if job.state == Job.State.DONE and "url_name" in result
        else ""
    )
    return {"job": job, "detail": job.error or job.message, "target": target}


@reads_only
def job_list(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs/job_list.html", {"jobs": jobs.jobs_of(request.user).order_by("-id")[:SHOWN]})


@reads_only
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "jobs/job_detail.html", _context(get_object_or_404(jobs.jobs_of(request.user), pk=pk)))


@reads_only
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part of the page alone; a finished job asks for the whole page."""
    job = get_object_or_404(jobs.jobs_of(request.user), pk=pk)
    if not job.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "jobs/job_detail.html#progress", _context(job))


@require_POST
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(jobs.jobs_of(request.user), pk=pk)
    try:
        jobs.cancel_job(job=job, by=request.user)
        messages.success(request, _("已要求停止，做完手头的一步就停。"))
    except jobs.JobError as error:
        messages.error(request, str(error))
    return redirect("jobs:job_detail", pk)


@require_POST
def job_retry(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(jobs.jobs_of(request.user), pk=pk)
    try:
        jobs.retry_job(job=job, by=request.user)
    except jobs.JobError as error:
        messages.error(request, str(error))
    return redirect("jobs:job_detail", pk)
