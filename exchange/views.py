"""Pages of an import: upload, say what columns mean, look at what would change, write it, undo it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common.pages import keyset_page
from common.readonly import read_on_get, reads_only
from exchange import headings, pages, services
from exchange.forms import MappingForm, UploadForm
from exchange.models import ImportBatch, ImportRow, Outcome
from exchange.services import ExchangeError

ROWS = 20
LINES_A_HOUSEHOLD = 40  # of changes shown; a page stays below 300 KB whatever a file changes
State = ImportBatch.State


def _may(request: HttpRequest) -> None:
    require_somewhere(request.user, Permission.HOUSEHOLD_IMPORT)


def _batch(request: HttpRequest, pk: int) -> ImportBatch:
    _may(request)
    return get_object_or_404(ImportBatch.objects.for_user(request.user).select_related("owner", "region", "job"), pk=pk)


@reads_only
def batch_list(request: HttpRequest) -> HttpResponse:
    _may(request)
    page = keyset_page(
        ImportBatch.objects.for_user(request.user), request.GET.get("cursor", ""), ROWS,
        rows=lambda found: found.select_related("owner", "region"),
    )  # fmt: skip
    context = {"page": page, "kinds": pages.kinds(request), **pages.pager(request, page, {})}
    return render(request, "exchange/batch_list.html", context)


@read_on_get
def batch_new(request: HttpRequest) -> HttpResponse:
    _may(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            batch = services.upload_batch(
                data=upload.read(), filename=upload.name, by=request.user, year=form.cleaned_data["year"]
            )
        except ExchangeError as error:
            form.add_error("file", str(error))
        else:
            if batch.state == State.MAPPING:
                return redirect("exchange:batch_map", batch.pk)
            services.preview_batch(batch=batch, by=request.user)
            return redirect("exchange:batch_detail", batch.pk)
    return render(request, "exchange/batch_new.html", {"form": form}, status=422 if form.errors else 200)


@read_on_get
def batch_map(request: HttpRequest, pk: int) -> HttpResponse:
    """The unknown columns, with suggestions; leaving one out is an answer too."""
    batch = _batch(request, pk)
    if batch.state != State.MAPPING:
        return redirect("exchange:batch_detail", pk)
    tables = services.tables_of(batch)
    form = MappingForm(request.POST or None, tables=tables, initial={"year": batch.year})
    if request.method == "POST" and form.is_valid():
        try:
            batch = services.map_headings(
                batch=batch, choices=form.chosen(), year=form.cleaned_data["year"], by=request.user
            )
            services.preview_batch(batch=batch, by=request.user)
            return redirect("exchange:batch_detail", pk)
        except ExchangeError as error:
            form.add_error(None, str(error))
    known = [
        (column.heading, headings.BY_KEY[column.key].label, column.repeated)
        for table in tables
        for column in table.columns
        if column.key
    ]
    context = {"batch": batch, "form": form, "known": known, "family": headings.family_name(batch.family)}
    return render(request, "exchange/batch_map.html", context, status=422 if form.errors else 200)


@reads_only
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Progress while a worker has it, then the receipt and, household by household, what changes and what stays out."""
    batch = _batch(request, pk)
    if batch.state == State.MAPPING:
        return redirect("exchange:batch_map", pk)
    context: dict[str, Any] = {
        "batch": batch,
        "family": headings.family_name(batch.family),
        "mine": batch.owner_id == request.user.pk,
        "at": pages.addresses("batch", pk),
        "writable": batch.state == State.PREVIEWED and batch.households_created + batch.households_updated,
        "write": _("写入台账"),
    }
    if not batch.is_open and batch.previewed_at or batch.applied_at:
        context |= _rows(request, batch)
    return render(request, "exchange/batch_detail.html", context)


def _rows(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    rows = batch.rows.all()
    outcome, words = request.GET.get("outcome", ""), request.GET.get("number", "").strip()[:40]
    query = {}
    if outcome in Outcome.values:
        rows, query["outcome"] = rows.filter(outcome=outcome), outcome
    elif outcome == "notes":
        rows, query["outcome"] = rows.filter(has_notes=True), outcome
    if words:
        rows, query["number"] = rows.filter(Q(household_number=words)), words
    page = keyset_page(rows, request.GET.get("cursor", ""), ROWS, "position", rows=lambda found: found.defer("undo"))
    for row in page.rows:
        _prepare(row)
    return {
        "page": page, "query": query, "outcome": query.get("outcome", ""), "number": words,
        "filters": pages.filters(request, batch.counts("households"), outcome),
        "table": [
            (title, [batch.counts(prefix)[name] for name in ("read", *Outcome.values)])
            for title, prefix in ((_("户"), "households"), (_("家庭成员"), "members"))
        ],
        "outcomes": Outcome.labels,
        "returnable": bool(batch.file) and bool(batch.households_held + batch.households_rejected),
        **pages.pager(request, page, query),
    }  # fmt: skip


def _prepare(row: ImportRow) -> None:
    """What the template needs of one household: tone, and changes as diff rows, not more than a page bears."""
    row.tone = pages.TONES[row.outcome]  # type: ignore[attr-defined]
    room = LINES_A_HOUSEHOLD
    diff = []
    hidden = 0
    for who, changes in [
        ("", row.detail.get("changes", [])),
        *((m["name"], m.get("changes", [])) for m in row.detail.get("members", [])),
    ]:
        for label, old, new in changes:
            if room:
                room -= 1
                diff.append({"label": f"{who} {label}".strip(), "old": old, "new": new})
            else:
                hidden += 1
    row.diff, row.hidden = diff, hidden  # type: ignore[attr-defined]
    row.people = [  # type: ignore[attr-defined]
        {**member, "tone": pages.TONES[member["outcome"]], "label": Outcome(member["outcome"]).label}
        for member in row.detail.get("members", [])[:30]
        if member["outcome"] != Outcome.UPDATED or member.get("notes")
    ]


@reads_only
def batch_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part alone; when the work is over the whole page is asked for."""
    batch = _batch(request, pk)
    return pages.progress(request, batch, "batch")


def _act(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    return pages.act(request, _batch(request, pk), "batch", act)


@require_POST
def batch_preview(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, lambda batch: services.preview_batch(batch=batch, by=request.user))


@require_POST
def batch_apply(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, lambda batch: services.apply_batch(batch=batch, by=request.user))


@require_POST
def batch_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, pages.cancel(request))


@require_POST
def batch_discard(request: HttpRequest, pk: int) -> HttpResponse:
    return pages.discard(request, _batch(request, pk), "batch")


@read_on_get
def batch_undo(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    if request.method == "POST":
        try:
            job = services.start_undo(batch=batch, by=request.user)
        except ExchangeError as error:
            messages.error(request, str(error))
        else:
            if job is not None:
                return redirect("jobs:job_detail", job.pk)
            messages.success(request, _("已撤销，台账恢复到导入以前。"))
        return redirect("exchange:batch_detail", pk)
    context = {
        "batch": batch, "verb": _("确认撤销"), "danger": True, "cancel_url": reverse("exchange:batch_detail", args=[pk]),
    }  # fmt: skip
    return render(request, "exchange/batch_undo.html", context)


@require_POST
def batch_return(request: HttpRequest, pk: int) -> HttpResponse:
    """The owner's own rows that stayed out, with reasons; they hold full ID numbers, so every download is recorded."""
    return pages.give_back(request, _batch(request, pk), "batch")
