"""Pages of the phone: 我的调查 as a blank shell, and the service worker that keeps it. What they show comes from the phone itself."""

from __future__ import annotations

import json

from csp.decorators import csp_update
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from accounts.roles import Permission
from common.readonly import reads_only
from surveys import shells


def _may_fill(request: HttpRequest) -> None:
    if not request.user.can(Permission.SURVEY_FILL):  # type: ignore[union-attr]
        raise PermissionDenied(Permission.SURVEY_FILL)


@cache_control(private=True, no_cache=True)
@csp_update({"img-src": ["blob:"]})
@reads_only
def home(request: HttpRequest) -> HttpResponse:
    """我的调查, without a word about anybody: households, drafts and what is not uploaded yet are filled in on the phone."""
    _may_fill(request)
    return render(request, "surveys/collect_home.html")


@cache_control(private=True, no_cache=True)
@reads_only
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker with the list of what it keeps; its scope is the folder it is served from."""
    _may_fill(request)
    listed = json.dumps(shells.manifest(request), ensure_ascii=False, separators=(",", ":"))
    text = (settings.BUILD_DIR / "ui" / "worker.js").read_text(encoding="utf-8")
    return HttpResponse(f"self.SHELL={listed};\n{text}", content_type="text/javascript; charset=utf-8")
