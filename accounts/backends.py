"""The second step of a log-in as an authentication backend, so that wrong codes count towards the lock-out like wrong passwords."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.services import check_second_step


class SecondStepBackend(BaseBackend):
    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, username: str = "", totp_code: str = ""
    ) -> User | None:
        """The user, whose password the caller has checked before, if the code is right."""
        user = User.objects.filter(username=username, is_active=True).first()
        return user if user and totp_code and check_second_step(user=user, code=totp_code) else None

    def get_user(self, user_id: int) -> User | None:
        """Sessions belong to the first backend, whichever way they began."""
        return None
