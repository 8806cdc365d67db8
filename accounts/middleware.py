"""The gates around the log-in: nobody comes in without one, and a first password must be changed before anything else is done."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from common import json_api

# What somebody with a first password may still open.
OPEN_VIEWS = frozenset({"accounts:password_change", "accounts:logout", "set_language", "text_size", "healthz"})


class LoginRequired(LoginRequiredMiddleware):
    """Django's own, except that a script is told instead of being led to the log-in page."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if json_api.is_for_script(request):
            return json_api.signed_out()
        return super().handle_no_permission(request, view_func)


def account_gate(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: object, args: tuple, kwargs: dict) -> HttpResponse | None:
        user = request.user
        if user.is_authenticated and user.must_change_password:
            match = request.resolver_match
            if match is None or match.view_name not in OPEN_VIEWS:
                if json_api.is_for_script(request):
                    return json_api.error(403, "password", _("请先在网页上登录并修改初始密码。"))
                said = json_api.for_program(request, 403, _("请先在网页上登录并修改初始密码。"))
                return said or redirect("accounts:password_change")
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware
