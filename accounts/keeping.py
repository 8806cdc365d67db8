"""What every verb about an account begins and ends with: the row locked, who looks after it, one event."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.postings import MANAGE, accounts_for, may_take_over, subject_of
from common import audit
from common.refusal import RefusedError


class AccountError(RefusedError):
    """The account's state does not allow it; the message is one sentence for the user."""


def locked(user: User) -> User:
    return User.objects.select_for_update(of=("self",)).select_related("home").get(pk=user.pk)


def require_managed(user: User, by: Any) -> None:
    """The account is in the own area, and not one's own."""
    if user.pk == by.pk:
        raise AccountError(_("自己的账号请在“我的”里修改，不能用管理功能。"))
    if not accounts_for(by).filter(pk=user.pk).exists():
        raise PermissionDenied(MANAGE)


def require_take_over(user: User, by: Any) -> None:
    require_managed(user, by)
    if not may_take_over(by, user):
        raise PermissionDenied(MANAGE)


def record(action: str, user: User, by: Any, **more: Any) -> None:
    path = user.home.path if user.home else ""
    rows = [user, *more.pop("more_rows", [])]
    audit.record(action, by=by, target=user, subject=subject_of(user), region_path=path, rows=rows, **more)
