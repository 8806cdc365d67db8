"""The page of one's notices."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common import notices, pages
from common.models import Notice
from common.readonly import reads_only

SHOWN = 50


@reads_only
def notice_list(request: HttpRequest) -> HttpResponse:
    """Newest first; what was not read stands out."""
    page = pages.keyset_page(notices.of(request.user), request.GET.get("cursor", ""), SHOWN)
    here = request.path
    context: dict[str, Any] = {
        "rows": page.rows,
        "previous_url": pages.address(here, {"cursor": page.previous}) if page.previous else "",
        "next_url": pages.address(here, {"cursor": page.next}) if page.next else "",
        "trail": [(_("通知"), "")],
    }
    return render(request, "notices/notice_list.html", context)


@require_POST
def notice_read(request: HttpRequest) -> HttpResponse:
    """Take note: of one, whose page is opened then, or of all."""
    asked = request.POST.get("pk", "")
    pk = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    row: Notice | None = notices.of(request.user).filter(pk=pk).first() if pk is not None else None
    notices.mark_read(by=request.user, pk=pk)
    return redirect(row.url if row is not None else "notices:notice_list")
