"""Pages that bring in sheets of helpers and teams: upload, look at what would change, write it."""

from __future__ import annotations

import io
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.pages import keyset_page
from common.readonly import read_on_get, reads_only
from exchange import headings, pages
from exchange.flow import ExchangeError
from exchange.forms import PeopleUploadForm
from exchange.models import Outcome, PeopleBatch, PeopleRow
from exchange.people import services, templates

ROWS = 20
State = PeopleBatch.State


def _may(request: HttpRequest) -> None:
    if not pages.may_bring_in(request.user, PeopleBatch):
        raise PermissionDenied(PeopleBatch.permissions[0])


def _batch(request: HttpRequest, pk: int) -> PeopleBatch:
    _may(request)
    found = PeopleBatch.objects.for_user(request.user).select_related("owner", "region", "job")
    batch: PeopleBatch = get_object_or_404(found, pk=pk)
    return batch


@reads_only
def people_list(request: HttpRequest) -> HttpResponse:
    _may(request)
    page = keyset_page(
        PeopleBatch.objects.for_user(request.user), request.GET.get("cursor", ""), ROWS,
        rows=lambda found: found.select_related("owner"),
    )  # fmt: skip
    for batch in page.rows:
        batch.family_name = headings.family_name(batch.family)
    context = {"page": page, "kinds": pages.kinds(request), **pages.pager(request, page, {})}
    return render(request, "exchange/people_list.html", context)


@read_on_get
def people_new(request: HttpRequest) -> HttpResponse:
    _may(request)
    form = PeopleUploadForm(request.POST or None, request.FILES or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            batch = services.upload_people(
                data=upload.read(), filename=upload.name, by=request.user, on=form.cleaned_data["on"]
            )
        except ExchangeError as error:
            form.add_error("file", str(error))
        else:
            services.preview_people(batch=batch, by=request.user)
            return redirect("exchange:people_detail", batch.pk)
    return render(request, "exchange/people_new.html", {"form": form}, status=422 if form.errors else 200)


@reads_only
def people_template(request: HttpRequest, kind: str) -> Any:
    """An empty workbook of one of the two kinds, with a sheet that says how to fill it."""
    _may(request)
    data, name = templates.workbook(kind)
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=name)


@reads_only
def people_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Progress while a worker has it, then the receipt and, row by row, what changes and what stays out."""
    batch = _batch(request, pk)
    context: dict[str, Any] = {
        "batch": batch, "family": headings.family_name(batch.family), "mine": batch.owner_id == request.user.pk,
        "at": pages.addresses("people", pk), "writable": batch.state == State.PREVIEWED and batch.to_write, "write": _("写入"),
    }  # fmt: skip
    if not batch.is_open and batch.previewed_at or batch.applied_at:
        context |= _rows(request, batch)
    return render(request, "exchange/people_detail.html", context)


def _rows(request: HttpRequest, batch: PeopleBatch) -> dict[str, Any]:
    rows = batch.rows.all()
    outcome, words = request.GET.get("outcome", ""), "".join(request.GET.get("name", "").split())[:60]
    query = {}
    if outcome in Outcome.values:
        rows, query["outcome"] = rows.filter(outcome=outcome), outcome
    elif outcome == "notes":
        rows, query["outcome"] = rows.filter(has_notes=True), outcome
    if words:
        rows, query["name"] = rows.filter(name=words), words
    page = keyset_page(rows, request.GET.get("cursor", ""), ROWS, "position")
    many_sheets = len(batch.tables) > 1
    for row in page.rows:
        _prepare(row, many_sheets)
    titles = {
        "rows": _("行"),
        "units": _("单位"),
        "cadres": _("干部"),
        "places": _("工作队队员"),
        "pairings": _("结对"),
    }
    return {
        "page": page, "outcome": query.get("outcome", ""), "name": words, "outcomes": Outcome.labels,
        "filters": pages.filters(request, batch.counts("rows"), outcome),
        "table": [(title, [batch.counts(prefix)[name] for name in ("read", *Outcome.values)]) for prefix, title in titles.items()],
        "returnable": bool(batch.file) and bool(batch.rows_kept_out),
        **pages.pager(request, page, query),
    }  # fmt: skip


def _prepare(row: PeopleRow, many_sheets: bool) -> None:
    """What the template needs of one row."""
    kinds = {"units": _("单位"), "cadres": _("干部"), "places": _("工作队"), "pairings": _("结对")}
    row.tone = pages.TONES[row.outcome]  # type: ignore[attr-defined]
    row.is_plain = row.outcome == Outcome.UNCHANGED and not row.detail.get("notes")  # type: ignore[attr-defined]
    row.where = f"{row.sheet} {row.row_no}" if many_sheets else row.row_no  # type: ignore[attr-defined]
    row.parts = [  # type: ignore[attr-defined]
        part | {"what": kinds[part["kind"]], "tone": pages.TONES[part["outcome"]], "came": Outcome(part["outcome"]).label}
        for part in row.detail.get("parts", [])
    ]  # fmt: skip


@reads_only
def people_progress(request: HttpRequest, pk: int) -> HttpResponse:
    return pages.progress(request, _batch(request, pk), "people")


@require_POST
def people_preview(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    return pages.act(request, batch, "people", lambda each: services.preview_people(batch=each, by=request.user))


@require_POST
def people_apply(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    return pages.act(request, batch, "people", lambda each: services.apply_people(batch=each, by=request.user))


@require_POST
def people_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return pages.act(request, _batch(request, pk), "people", pages.cancel(request))


@require_POST
def people_discard(request: HttpRequest, pk: int) -> HttpResponse:
    return pages.discard(request, _batch(request, pk), "people")


@require_POST
def people_return(request: HttpRequest, pk: int) -> HttpResponse:
    """The owner's own rows that stayed out, with reasons; they may hold full numbers, so every download is recorded."""
    return pages.give_back(request, _batch(request, pk), "people")
