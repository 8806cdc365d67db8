"""What the pages of every import share. `page` is how their addresses begin: "batch" for households, "people" for helpers and teams."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from common import jobs
from common.models import Job
from exchange import flow
from exchange.flow import ExchangeError
from exchange.models import Batch, ImportBatch, Outcome, PeopleBatch

TONES = {"created": "green", "updated": "blue", "unchanged": "grey", "held": "amber", "rejected": "red"}
ACTS = ("progress", "cancel", "apply", "preview", "discard", "return")


def may_bring_in(user: Any, model: type[Batch]) -> bool:
    return all(user.can(permission) for permission in model.permissions)


def kinds(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """Tabs: what can be brought in."""
    found: list[tuple[str, str, Any]] = [
        (_("农户数据"), "batch", ImportBatch), (_("帮扶队伍和结对"), "people", PeopleBatch),
    ]  # fmt: skip
    return [
        (label, address, request.path == address)
        for label, page, model in found
        if may_bring_in(request.user, model) and (address := reverse(f"exchange:{page}_list"))
    ]


def addresses(page: str, pk: int) -> dict[str, str]:
    return {act: reverse(f"exchange:{page}_{act}", args=[pk]) for act in ACTS}


def pager(request: HttpRequest, page: Any, query: Mapping[str, str]) -> dict[str, str]:
    def link(cursor: str) -> str:
        return f"{request.path}?{urlencode({**query, 'cursor': cursor})}" if cursor else ""

    return {"previous_url": link(page.previous), "next_url": link(page.next)}


def filters(request: HttpRequest, counts: Mapping[str, int], chosen: str) -> list[tuple[str, str, bool]]:
    """Tabs that list the rows of each outcome, with their number, and those that have something to tell."""
    chosen = chosen if chosen in (*Outcome.values, "notes") else ""
    labels = [(_("全部"), "", counts["read"]), *((Outcome(name).label, name, counts[name]) for name in Outcome.values)]
    found = [
        (f"{label} {count:,}", f"{request.path}?{urlencode({'outcome': name})}", name == chosen)
        for label, name, count in labels
    ]
    return [*found, (_("有提示的"), f"{request.path}?outcome=notes", chosen == "notes")]


def progress(request: HttpRequest, batch: Batch, page: str) -> HttpResponse:
    """The moving part alone; when the work is over the whole page is asked for."""
    if not batch.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"batch": batch, "at": addresses(page, batch.pk)}
    return render(request, "exchange/_work.html#progress", context)


def act(request: HttpRequest, batch: Batch, page: str, verb: Callable[[Any], Any]) -> HttpResponse:
    try:
        verb(batch)
    except (ExchangeError, jobs.JobError) as error:
        messages.error(request, str(error))
    return redirect(f"exchange:{page}_detail", batch.pk)


def cancel(request: HttpRequest) -> Callable[[Any], None]:
    def stop(batch: Batch) -> None:
        if batch.job:
            jobs.cancel_job(job=batch.job, by=request.user)
            messages.success(request, _("已要求停止，做完手头的一步就停；不会只写入一半。"))

    return stop


def discard(request: HttpRequest, batch: Batch, page: str) -> HttpResponse:
    try:
        flow.discard_batch(batch=batch, by=request.user)
    except ExchangeError as error:
        messages.error(request, str(error))
        return redirect(f"exchange:{page}_detail", batch.pk)
    messages.success(request, _("已丢弃“%(file)s”，什么也没有写入。") % {"file": batch.filename})
    return redirect(f"exchange:{page}_list")


def give_back(request: HttpRequest, batch: Batch, page: str) -> Any:
    """The workbook of what stayed out, or the job that makes it."""
    try:
        data = flow.fetch_returns(batch=batch, by=request.user)
    except ExchangeError as error:
        messages.error(request, str(error))
        return redirect(f"exchange:{page}_detail", batch.pk)
    if isinstance(data, Job):
        return redirect("jobs:job_detail", data.pk)
    stem = batch.filename.rsplit(".", 1)[0]
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=_("%(name)s-需改正.xlsx") % {"name": stem})
