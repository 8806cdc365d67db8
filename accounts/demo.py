"""Stories of the demonstration, each told once, by the people who log in there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from accounts.models import User
from common import audit
from common.models import AuditEvent

CONSOLE = "console"
LOCK = 7012  # advisory: two starts at once make one demonstration


def tell_once(done: str, action: str, usernames: Sequence[str], story: Callable[[dict[str, User]], object]) -> bool:
    """What a package adds to the demonstration: `story(people by user name)`, once; whether it was told now. `done` is the target of
    the event that says it is there. Nothing where there is no demonstration county."""
    if AuditEvent.objects.filter(target=done).exists():
        return False
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        people = {user.username: user for user in User.objects.filter(username__in=usernames, is_active=True)}
        if AuditEvent.objects.filter(target=done).exists() or len(people) < len(usernames):
            return False
        story(people)
        audit.record(action, by=CONSOLE, target=done, note="demo")
    return True
