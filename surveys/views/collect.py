"""What a phone opens first: 我的调查 as a blank shell, the service worker that keeps it, and the first word between phone and server."""

from __future__ import annotations

import json

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common.json_api import answers_json
from common.readonly import reads_only
from surveys import pack, shells
from surveys.models import SurveyForm


def _may_fill(request: HttpRequest) -> None:
    require_somewhere(request.user, Permission.SURVEY_FILL)


@gzip_page  # there is no secret in it that its length could tell
@cache_control(private=True, no_cache=True)
@csp_update({"img-src": ["blob:"]})
@reads_only
def home(request: HttpRequest) -> HttpResponse:
    """我的调查, without a word about anybody: households, drafts and what is not uploaded yet are filled in on the phone."""
    _may_fill(request)
    return render(request, "surveys/collect_home.html", {"words": pack.words(), "starts": shells.starts()})


@gzip_page
@cache_control(private=True, no_cache=True)
@reads_only
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker with the list of what it keeps; its scope is the folder it is served from."""
    _may_fill(request)
    listed = json.dumps(shells.manifest(request), ensure_ascii=False, separators=(",", ":"))
    text = (settings.BUILD_DIR / "ui" / "worker.js").read_text(encoding="utf-8")
    return HttpResponse(f"self.SHELL={listed};\n{text}", content_type="text/javascript; charset=utf-8")


@answers_json("GET")
def api_ping(request: HttpRequest) -> HttpResponse:
    """Who is signed in, a fresh token, which forms and pages there are. Also for who fills no surveys any more: what they still have
    on their phone may be sent."""
    user = request.user
    forms = shells.forms_of(user) if user.can(Permission.SURVEY_FILL) else []  # type: ignore[union-attr]
    return JsonResponse(
        {
            "user": {"username": user.get_username(), "name": user.name},  # type: ignore[union-attr]
            "csrf": get_token(request),
            "now": timezone.now().isoformat(),
            "forms": [
                {
                    "code": f.code,
                    "version": f.version,
                    "url": shells.url_of(f),
                    "current": f.state == SurveyForm.State.PUBLISHED,
                }
                for f in forms
            ],
            "shells": [*shells.pages_of(user), *map(shells.url_of, forms)],
        }
    )
