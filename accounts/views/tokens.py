"""Tokens of programs: opened for an account, shown once, ended."""

from __future__ import annotations

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import tokens
from accounts.forms import TokenForm
from accounts.models import ApiToken
from accounts.postings import accounts_for
from accounts.views.others import ask_and_act, manager, may_reach
from common.answering import attempt, form_page, posted
from common.readonly import read_on_get


@never_cache
@read_on_get
def token_new(request: HttpRequest, pk: int) -> HttpResponse:
    by, user = manager(request), may_reach(request, pk)
    form = TokenForm(posted(request), held=user.held)
    if form.is_bound and form.is_valid():
        made = attempt(form, lambda: tokens.issue(user=user, by=by, **form.cleaned_data))
        if made:
            token, text = made
            return render(request, "accounts/token_shown.html", {"account": user, "token": token, "text": text})
    return form_page(
        request, form, title=_("开通接口令牌"), sub=user.name, verb=_("开通"), back=reverse("accounts:account_detail", args=[pk]),
        intro=_("别的系统（如县数据平台）用令牌按这个账号的范围取数。每个系统各开一个，不要共用。"), trail=[],
        beside=(_("接口说明"), reverse("api_docs")),
    )  # fmt: skip


@read_on_get
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    by = manager(request)
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk, user__in=accounts_for(by))
    may_reach(request, token.user_id)
    return ask_and_act(
        request, token.user, Form(posted(request)), lambda facts: tokens.revoke(token=token, by=by),
        title=_("停用接口令牌"), verb=_("确认停用"), done=_("令牌已停用。"), danger=True,
        what=_("%(token)s：停用后，用它取数的系统马上取不到数，不能恢复，只能另开一个。") % {"token": token},
    )  # fmt: skip
