"""Log-in and one's own account."""

from __future__ import annotations

import math
import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services, signed_in
from accounts.forms import CodeForm, EnableTotpForm, LogInForm, NewPasswordForm, PasswordForm, PreferencesForm
from accounts.models import User
from accounts.postings import subject_of
from common import audit, qr
from common.context import TEXT_COOKIE
from common.display import YEAR
from common.readonly import read_on_get, reads_only

SESSION_BACKEND = "accounts.backends.AccountBackend"
PENDING = "second_step"
PENDING_SECONDS = 300
RECENT = 10


def _own(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: also an empty POST is one."""
    return request.POST if request.method == "POST" else None


def _safe_next(request: HttpRequest, target: str) -> str:
    own = {request.get_host()}
    if target and url_has_allowed_host_and_scheme(target, own, require_https=request.is_secure()):
        return target
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _from_where(request: HttpRequest) -> str:
    """Address and kind of device, for the list of recent log-ins."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    device = _("手机") if "Mobile" in agent else _("电脑")
    return f"{device} {request.META.get('REMOTE_ADDR', '')}".strip()


def _let_in(request: HttpRequest, user: User, next_url: str) -> HttpResponse:
    login(request, user, backend=SESSION_BACKEND)
    request.session.pop(PENDING, None)
    signed_in.mark(request.session)
    services.record_log_in(user=user, note=_from_where(request))
    response = redirect(next_url)
    if user.language:
        _set_language(response, user.language)
    return response


def _set_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )  # fmt: skip


# -- in and out -----------------------------------------------------------------------------------------------------------------


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """User name and password; who has a second step goes on to it without being logged in yet."""
    next_url = request.POST.get("next") or request.GET.get("next", "")
    if request.user.is_authenticated:
        return redirect(_safe_next(request, next_url))
    form = LogInForm(request, data=_posted(request))
    if request.method == "POST" and form.is_valid():
        user = form.get_user()
        assert isinstance(user, User)
        if not user.has_totp:
            return _let_in(request, user, _safe_next(request, next_url))
        request.session[PENDING] = {"user": user.pk, "at": int(time.time()), "next": _safe_next(request, next_url)}
        return redirect("accounts:second_step")
    context = {"form": form, "next": next_url}
    return render(request, "accounts/log_in.html", context, status=422 if form.errors else 200)


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """The code of the user's device; five wrong ones lock the account as wrong passwords do."""
    pending = request.session.get(PENDING)
    user = User.objects.filter(pk=pending["user"], is_active=True).first() if pending else None
    if user is None or time.time() - pending["at"] > PENDING_SECONDS:
        request.session.pop(PENDING, None)
        return redirect("accounts:login")
    form = CodeForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        if authenticate(request, username=user.username, totp_code=form.cleaned_data["code"]):
            return _let_in(request, user, _safe_next(request, pending["next"]))
        form.add_error("code", _("验证码不对或已经用过，请等手机上显示新的数字再填。"))
    return render(request, "accounts/second_step.html", {"form": form}, status=422 if form.errors else 200)


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """What axes answers once there were too many failures; the waiting time starts anew with each further try."""
    until = services.locked_until((credentials or {}).get("username") or request.POST.get("username", ""))
    seconds = (until - timezone.now()).total_seconds() if until else settings.AXES_COOLOFF_TIME * 3600
    context = {"minutes": max(1, math.ceil(seconds / 60)), "failures": settings.AXES_FAILURE_LIMIT}
    return render(request, "accounts/locked.html", context, status=429)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


# -- one's own account ----------------------------------------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters("old", "new", "again")
@read_on_get
def password_change(request: HttpRequest) -> HttpResponse:
    """A first password must be changed here before anything else (see `accounts.middleware`)."""
    user = _own(request)
    form = NewPasswordForm(_posted(request), user=user)
    if request.method == "POST" and form.is_valid():
        first = user.must_change_password
        try:
            changed = services.change_password(user=user, new_password=form.cleaned_data["new"], by=user)
        except ValidationError as error:
            form.add_error("new", error)
        else:
            update_session_auth_hash(request, changed)
            messages.success(request, _("密码已改好，下次登录请用新密码。"))
            return redirect("home" if first else "accounts:profile")
    template = "accounts/first_password_change.html" if user.must_change_password else "accounts/password_change.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


@reads_only
def profile(request: HttpRequest) -> HttpResponse:
    """我的: who I am here, how pages look for me, how I come in, when I last did."""
    user = _own(request)
    log_ins = audit.trail_of(subject_of(user)).filter(action="account.logged_in", actor=user.username)[:RECENT]
    chosen = {"language": user.language or request.LANGUAGE_CODE, "large_text": user.large_text, "digest": not user.digest_off}  # type: ignore[attr-defined]  # fmt: skip
    context = {
        "postings": user.postings_now,
        "form": PreferencesForm(initial=chosen),
        "log_ins": [(event.at, audit.content_of(event)["note"]) for event in log_ins],
        "codes_left": len(user.totp_recovery),
    }
    return render(request, "accounts/profile.html", context)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST)
    response = redirect("accounts:profile")
    if not form.is_valid():
        messages.error(request, _("没有保存，请重新选择语言。"))
        return response
    facts = form.cleaned_data
    services.set_preferences(user=_own(request), by=request.user, **facts)
    _set_language(response, facts["language"])
    response.set_cookie(
        TEXT_COOKIE, "large" if facts["large_text"] else "normal", max_age=YEAR, samesite="Lax",
        secure=request.is_secure(), httponly=True,
    )  # fmt: skip
    messages.success(request, _("已保存，换一台设备登录也是这样。"))
    return response


@never_cache
@read_on_get
def totp_on(request: HttpRequest) -> HttpResponse:
    """Scan, type the code once, keep the recovery codes."""
    user = _own(request)
    if user.has_totp:
        return redirect("accounts:profile")
    if request.method == "POST":
        form = EnableTotpForm(request.POST)
        try:
            if form.is_valid():
                codes = services.enable_totp(user=user, by=user, **form.cleaned_data)
                return render(request, "accounts/recovery_codes.html", {"codes": codes})
            sealed = request.POST.get("sealed", "")
            address = services.totp_address(user, sealed)
        except services.AccountError as error:
            messages.error(request, str(error))
            return redirect("accounts:totp_on")
        except ValidationError as error:
            form.add_error(None, error)
            address = services.totp_address(user, form.cleaned_data["sealed"])
    else:
        sealed, address = services.new_totp_secret(user)
        form = EnableTotpForm(initial={"sealed": sealed})
    secret = address.split("secret=")[1].split("&")[0]
    spelt = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
    context = {"form": form, "qr": qr.data_uri(address), "secret": spelt}
    return render(request, "accounts/totp_on.html", context, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters("password")
@read_on_get
def totp_off(request: HttpRequest) -> HttpResponse:
    user = _own(request)
    form = PasswordForm(_posted(request), user=user)
    if request.method == "POST" and form.is_valid():
        try:
            services.disable_totp(user=user, by=user)
        except services.AccountError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("两步验证已关闭。"))
        return redirect("accounts:profile")
    return render(request, "accounts/totp_off.html", {"form": form}, status=422 if form.errors else 200)
