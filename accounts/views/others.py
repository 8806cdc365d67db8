"""Accounts of others: finding, opening, posting, first passwords, blocking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from accounts import services, tokens
from accounts.filters import ROLES, AccountFilter
from accounts.forms import CorrectForm, EndForm, NoteForm, OpenForm, PostForm
from accounts.models import Posting, User
from accounts.postings import MANAGE, accounts_for, may_grant, may_take_over, subject_of
from accounts.roles import Role
from common import audit
from common.answering import attempt, posted
from common.readonly import read_on_get, reads_only
from regions.models import Region
from regions.picker import picker_for, region_for

PAGE = 50
HISTORY = 50
TOKENS = 20

ACTIONS = {
    "account.opened": gettext_lazy("开通账号"),
    "account.posted": gettext_lazy("安排任职"),
    "account.posting_ended": gettext_lazy("结束任职"),
    "account.posting_moved": gettext_lazy("任职随区划合并转移"),
    "account.moved": gettext_lazy("账号随区划合并转移"),
    "account.corrected": gettext_lazy("修改姓名或手机"),
    "account.password_reset": gettext_lazy("重置密码"),
    "account.password_changed": gettext_lazy("本人改密码"),
    "account.deactivated": gettext_lazy("停用账号"),
    "account.reactivated": gettext_lazy("启用账号"),
    "account.unlocked": gettext_lazy("解除锁定"),
    "account.totp_enabled": gettext_lazy("开启两步验证"),
    "account.totp_disabled": gettext_lazy("关闭两步验证"),
    "account.recovery_code_used": gettext_lazy("用备用码登录"),
    "account.token_issued": gettext_lazy("开通接口令牌"),
    "account.token_revoked": gettext_lazy("停用接口令牌"),
    "account.preferences_set": gettext_lazy("修改显示设置"),
    "account.logged_in": gettext_lazy("登录"),
}


def manager(request: HttpRequest) -> User:
    """Who asks; 403 for those who manage no accounts at all."""
    assert isinstance(request.user, User)
    if not request.user.can(MANAGE):
        raise PermissionDenied(MANAGE)
    return request.user


def _account_or_404(request: HttpRequest, pk: int) -> User:
    return get_object_or_404(accounts_for(manager(request)), pk=pk)


def may_reach(request: HttpRequest, pk: int) -> User:
    """An account whose way in one may give out again: the page is refused as the verb would be."""
    by, user = manager(request), _account_or_404(request, pk)
    if user.pk != by.pk and not may_take_over(by, user):
        raise PermissionDenied(MANAGE)
    return user


@reads_only
def account_list(request: HttpRequest) -> HttpResponse:
    """Accounts of the own area, by user name; found by name, user name, whole phone number or place."""
    by = manager(request)
    q, role, state = (request.GET.get(key, "").strip()[:60] for key in ("q", "role", "state"))
    rows = AccountFilter({"q": q, "role": role, "state": state}, accounts_for(by), request=request).qs
    current = Prefetch("postings", Posting.objects.current().select_related("region"), to_attr="shown_postings")
    page = Paginator(rows.order_by("username").prefetch_related(current), PAGE).get_page(request.GET.get("page"))
    ask = request.GET.copy()
    context = {
        "page": page, "q": q, "role": role, "state": state, "roles": ROLES,
        "filtered": bool(q or role or state),
    }  # fmt: skip
    for key, there, number in (
        ("previous", page.has_previous(), page.number - 1),
        ("next", page.has_next(), page.number + 1),
    ):
        ask["page"] = str(number)
        context[key] = f"?{ask.urlencode()}" if there else ""
    return render(request, "accounts/account_list.html", context)


@reads_only
def account_detail(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), _account_or_404(request, pk)
    entries = [
        {
            "title": ACTIONS.get(event.action, event.action),
            "meta": event.at,
            "actor": "" if event.actor == user.username else event.actor,
            "text": audit.content_of(event)["note"],
        }
        for event in audit.trail_of(subject_of(user))[:HISTORY]
    ]
    own, reach = user.pk == by.pk, user.pk != by.pk and may_take_over(by, user)
    context = {
        "account": user,
        "postings": user.postings.select_related("region").order_by("-starts_on", "-pk"),
        "entries": entries,
        "locked": services.locked_until(user.username),
        "own": own,
        "may_take_over": reach,
        "tokens": tokens.tokens_for(by, user)[:TOKENS],
        "token_url": reverse("accounts:token_new", args=[pk]) if user.is_active and (own or reach) else "",
    }
    return render(request, "accounts/account_detail.html", context)


def _picked(request: HttpRequest, form: Form, by: User) -> Region | None:
    """The region of the picker in the form, with a sentence when there is none or the role does not go there."""
    region = region_for(by, MANAGE, request.POST.get("region", ""))
    if region is None:
        form.add_error(None, _("请选择任职的地区。"))
        return None
    role = form.cleaned_data.get("role")
    if role != Role.HELPER and region.level in services.POSTED_AT[Role(role)] and not may_grant(by, Role(role), region):
        form.add_error(
            "role",
            _("您在%(region)s没有“%(role)s”的全部权限，不能授予别人，请找上级管理员。")
            % {"region": region.full_name, "role": Role(role).label},
        )
        return None
    return region


def _role_page(request: HttpRequest, form: Form, template: str, **context: Any) -> HttpResponse:
    picked = request.POST.get("region") or request.GET.get("region")
    picker = picker_for(request.user, MANAGE, name="region", pick=picked, next_url=request.path)
    context |= {"form": form, "picker": picker}
    return render(request, template, context, status=422 if form.errors else 200)


def _first_password(request: HttpRequest, user: User, password: str, title: str) -> HttpResponse:
    """Shown once, in the answer to the POST: kept nowhere, and `no-store` keeps it out of every cache."""
    return render(request, "accounts/first_password.html", {"account": user, "password": password, "title": title})


@never_cache
@read_on_get
def account_new(request: HttpRequest) -> HttpResponse:
    by = manager(request)
    form = OpenForm(posted(request), by=by)
    if request.method == "POST" and form.is_valid():
        region = _picked(request, form, by)
        if region:
            facts = form.cleaned_data | {
                "role": None if form.cleaned_data["role"] == Role.HELPER else Role(form.cleaned_data["role"])
            }
            opened = attempt(form, lambda: services.open_account(region=region, by=by, **facts))
            if opened:
                return _first_password(request, *opened, _("账号已开通"))
    return _role_page(request, form, "accounts/account_new.html")


@read_on_get
def account_edit(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), _account_or_404(request, pk)
    form = CorrectForm(posted(request), initial={"name": user.name}, masked=user.phone_masked)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        phone = "" if facts.get("remove_phone") else (facts["phone"] or None)
        if attempt(form, lambda: services.correct_account(user=user, by=by, name=facts["name"], phone=phone)):
            messages.success(request, _("已保存。"))
            return redirect("accounts:account_detail", pk=pk)
    context = {"form": form, "account": user}
    return render(request, "accounts/account_edit.html", context, status=422 if form.errors else 200)


@read_on_get
def account_post(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), _account_or_404(request, pk)
    form = PostForm(posted(request), by=by)
    if request.method == "POST" and form.is_valid():
        region = _picked(request, form, by)
        if region:
            facts = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
            if attempt(form, lambda: services.post_user(user=user, region=region, by=by, **facts)):
                messages.success(request, _("已安排任职。"))
                return redirect("accounts:account_detail", pk=pk)
    return _role_page(request, form, "accounts/account_post.html", account=user)


@read_on_get
def posting_end(request: HttpRequest, pk: int) -> HttpResponse:
    by = manager(request)
    posting = get_object_or_404(Posting.objects.select_related("user", "region"), pk=pk, user__in=accounts_for(by))
    return ask_and_act(
        request, posting.user, EndForm(posted(request)),
        lambda facts: services.end_posting(posting=posting, by=by, **facts),
        title=_("结束任职"), verb=_("确认结束任职"), done=_("任职已结束。"), danger=True,
        what=_("%(posting)s：结束以后，这个账号不能再看到和修改那里的资料。") % {"posting": posting},
    )  # fmt: skip


def ask_and_act(request: HttpRequest, user: User, form: Form, act: Callable[[dict[str, Any]], Any], *, title: str, verb: str,
             done: str, what: str, danger: bool = False) -> HttpResponse:  # fmt: skip
    """One question, one button; the verb's refusal is said on the same page."""
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: act(form.cleaned_data)):
        messages.success(request, done)
        return redirect("accounts:account_detail", pk=user.pk)
    return _confirm_page(request, user, form, title, verb, what, danger)


@never_cache
@read_on_get
def account_reset(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), may_reach(request, pk)
    form = Form(posted(request))
    if request.method == "POST":
        password = attempt(form, lambda: services.reset_password(user=user, by=by)) if form.is_valid() else None
        if password:
            return _first_password(request, user, password, _("密码已重置"))
    return _confirm_page(request, user, form, _("重置密码"), _("确认重置"), _(
        "原来的密码马上失效，这个账号在所有设备上都会退出。新的一次性密码只显示一次，本人登录后必须改掉。"
    ))  # fmt: skip


def _confirm_page(
    request: HttpRequest, user: User, form: Form, title: str, verb: str, what: str, danger: bool = True
) -> HttpResponse:
    context = {
        "account": user, "form": form, "title": title, "verb": verb, "what": what, "danger": danger,
        "cancel_url": reverse("accounts:account_detail", args=[user.pk]),
    }  # fmt: skip
    return render(request, "accounts/confirm.html", context, status=422 if form.errors else 200)


@read_on_get
def account_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), _account_or_404(request, pk)
    return ask_and_act(
        request, user, NoteForm(posted(request)), lambda facts: services.deactivate(user=user, by=by, **facts),
        title=_("停用账号"), verb=_("确认停用"), done=_("账号已停用。"), danger=True,
        what=_("停用后马上不能登录，所有设备都会退出。做过的记录都保留，以后可以再启用。"),
    )  # fmt: skip


@read_on_get
def account_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), may_reach(request, pk)
    return ask_and_act(
        request, user, Form(posted(request)), lambda facts: services.reactivate(user=user, by=by),
        title=_("启用账号"), verb=_("确认启用"), done=_("账号已启用。"), what=_("启用后可以用原来的密码登录。"),
    )  # fmt: skip


@read_on_get
def account_unlock(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), _account_or_404(request, pk)
    return ask_and_act(
        request, user, Form(posted(request)), lambda facts: services.unlock_account(user=user, by=by),
        title=_("解除锁定"), verb=_("确认解锁"), done=_("已解锁，可以重新登录。"),
        what=_("请先确认是本人输错了密码，而不是别人在试密码。"),
    )  # fmt: skip


@read_on_get
def account_totp_off(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), may_reach(request, pk)
    return ask_and_act(
        request, user, Form(posted(request)), lambda facts: services.disable_totp(user=user, by=by),
        title=_("关闭两步验证"), verb=_("确认关闭"), done=_("两步验证已关闭。"), danger=True,
        what=_("本人换了手机或丢了手机时用。请先确认是本人提出的。"),
    )  # fmt: skip
