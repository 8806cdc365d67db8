"""The second step of a log-in as an authentication backend, so that wrong codes count towards the lock-out like wrong passwords."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.db.models import OuterRef
from django.http import HttpRequest

from accounts.models import User
from accounts.services import check_second_step
from common.notices import unread_of


class AccountBackend(ModelBackend):
    """Name and password; whoever a session belongs to comes with the number of their unread notices, which stands on every page."""

    def get_user(self, user_id: int) -> User | None:
        found = User.objects.annotate(unread=unread_of(OuterRef("username"))).filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None


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
