"""Tokens of programs: issued for an account by who looks after it, shown once, good for some of what the account may do, for a while."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.keeping import AccountError, locked, record, require_take_over
from accounts.models import ApiToken, User
from accounts.postings import MANAGE
from accounts.roles import BY_PROGRAM, Permission
from accounts.scoping import require_somewhere

PREFIX = "yihu_"
LONGEST = 366  # days
MOST = 10  # living tokens of an account
USED_EVERY = dt.timedelta(minutes=5)  # last use is written down no oftener, so that reading stays reading


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def issue(
    *, user: User, name: str, permissions: Iterable[Permission], expires_on: dt.date, by: Any
) -> tuple[ApiToken, str]:
    """A token for `user`; returns it and its text, which is shown once and stored nowhere.

    Nobody hands out more than they hold: `by` could take the account over, or it is their own. The token may use what its account holds
    today at most, and what a program may use at all (`BY_PROGRAM`).
    """
    require_somewhere(by, MANAGE)
    user = locked(user)
    if user.pk != by.pk:
        require_take_over(user, by)
    if not user.is_active:
        raise AccountError(_("账号已经停用，请先启用再开通令牌。"))
    name, chosen, today = name.strip(), sorted(set(permissions)), timezone.localdate()
    if not name:
        raise ValidationError({"name": [_("请填写用途，例如“县数据平台每日取数”。")]})
    if len(name) > 60:
        raise ValidationError({"name": [_("用途最长 60 个字。")]})
    if not chosen or not set(chosen) <= set(BY_PROGRAM) & user.held:
        raise ValidationError({"permissions": [_("请选择这个账号自己有的权限，至少一项。")]})
    if not today < expires_on <= today + dt.timedelta(days=LONGEST):
        raise ValidationError({"expires_on": [_("截止日期应在明天以后、一年以内。")]})
    if user.tokens.living().count() >= MOST:
        raise AccountError(_("这个账号已有 %(most)s 个令牌在用，请先停用不再用的。") % {"most": MOST})
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, digest=_digest(text), hint=text[: len(PREFIX) + 4], permissions=chosen, expires_on=expires_on,
    )  # fmt: skip
    record("account.token_issued", user, by, note=str(token), more_rows=[token])
    return token, text


@transaction.atomic
def revoke(*, token: ApiToken, by: Any) -> ApiToken:
    """From now on it opens nothing. By its own account, or by who looks after the account."""
    require_somewhere(by, MANAGE)
    user = locked(token.user)
    if user.pk != by.pk:
        require_take_over(user, by)
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if not token.is_living:
        raise AccountError(_("这个令牌已经停用或到期了。"))
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record("account.token_revoked", user, by, note=str(token), more_rows=[token])
    return token


def tokens_for(by: Any, user: User) -> Any:
    """The tokens of an account as whoever looks after it sees them, living ones first."""
    if user.pk != by.pk and not by.can(MANAGE):
        raise PermissionDenied(MANAGE)
    return user.tokens.order_by("-expires_on", "-pk")


def found(text: str) -> ApiToken | None:
    """The living token of an account in use. Its user may use no more than the token allows."""
    token = ApiToken.objects.living().filter(digest=_digest(text), user__is_active=True).select_related("user").first()
    if token is not None:
        token.user.only = token.allowed
    return token


def note_use(token: ApiToken) -> None:
    """Write down that it was used, past the request's own transaction: it is about who knocks, not about what is asked."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
        ApiToken.objects.using("outside").filter(pk=token.pk).update(last_used_at=now)
