"""The page of one's notices."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from common import notices, pages
from common.models import Notice
from common.readonly import reads_only

SHOWN = 50


@reads_only
def notice_list(request: HttpRequest) -> HttpResponse:
    """What was not read stands on the first page, above all that was; newest first."""
    own = notices.of(request.user)
    cursor = request.GET.get(pages.CURSOR, "")
    page = pages.keyset_page(own.exclude(read_at=None), cursor, SHOWN, order="-at")
    first = not page.previous
    new = own.filter(read_at=None).order_by("-at", "-pk")[:SHOWN] if first else []
    context: dict[str, Any] = {
        "new": [_shown(row) for row in new],
        "read": [_shown(row) for row in page.rows],
        "days": notices.KEPT_DAYS,
        "previous_url": pages.address(request.path, {pages.CURSOR: page.previous}) if page.previous else "",
        "next_url": pages.address(request.path, {pages.CURSOR: page.next}) if page.next else "",
    }
    return render(request, "notices/notice_list.html", context)


def _shown(row: Notice) -> dict[str, Any]:
    return {"row": row, "sentence": notices.sentence(row)}


@require_POST
def notice_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Take note of one, and see what it is about."""
    row = get_object_or_404(notices.of(request.user), pk=pk)
    notices.mark_read(by=request.user, row=row)
    return redirect(notices.target(row, request.user))


@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """Take note of all."""
    notices.mark_read(by=request.user)
    return redirect("notices:notice_list")
