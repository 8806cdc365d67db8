"""The gate after the log-in: a first password must be changed before anything else is done."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

# What somebody with a first password may still open.
OPEN_URL_NAMES = frozenset({"password_change", "logout", "set_language", "healthz"})


def account_gate(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: object, args: tuple, kwargs: dict) -> HttpResponse | None:
        user = request.user
        if user.is_authenticated and user.must_change_password:
            match = request.resolver_match
            if match is None or match.url_name not in OPEN_URL_NAMES:
                return redirect("accounts:password_change")
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware
