"""Who asks the API: a program by its token. A person comes with the session of the pages."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import tokens
from accounts.models import ApiToken, User

KEYWORD = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer yihu_…`. A token that is unknown, over or revoked, and one whose account is stopped, are refused alike."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != KEYWORD.lower().encode():
            return None
        token = tokens.found(parts[1].decode(errors="replace")) if len(parts) == 2 else None
        if token is None:
            raise AuthenticationFailed(_("令牌无效、已停用或已到期，请向开通令牌的管理员核对。"))
        if token.user.must_change_password:
            raise PermissionDenied(_("请先在网页上登录并修改初始密码。"))
        tokens.note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD
