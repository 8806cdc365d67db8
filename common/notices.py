"""通知: what somebody should hear without looking for it: how a matter of theirs was decided, what was given to them to do, that long work has
ended, and once a day what waits. Verbs tell it in their own transaction; nobody is told of their own doing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from common import files
from common.models import Notice

KEPT_DAYS = 90
DIGEST = Notice.Kind.DIGEST


def tell(to: Iterable[str], text: str, url: str, *, kind: Notice.Kind = Notice.Kind.DECISION, by: Any = None) -> None:
    """One sentence to each of these usernames. Call it inside the transaction of what it tells."""
    names = {name for name in to if name and name != getattr(by, "username", None)}
    Notice.objects.bulk_create(Notice(to=name, kind=kind, text=text[:200], url=url) for name in sorted(names))


def of(user: Any) -> QuerySet[Notice]:
    """The notices of an account: the row gate of this table."""
    return Notice.objects.filter(to=user.username)


def unread_of(username: Any) -> Any:
    """How many an account has not read, as a column of a query over accounts (`username`: an `OuterRef`)."""
    counted = (
        Notice.objects.filter(to=username, read_at=None).order_by().values("to").annotate(n=Count("pk")).values("n")
    )
    return Coalesce(Subquery(counted), 0)


def mark_read(*, by: Any, pk: int | None = None) -> int:
    """The account has taken note of one notice, or of all."""
    rows = of(by).filter(read_at=None)
    return (rows if pk is None else rows.filter(pk=pk)).update(read_at=timezone.now())


def put_digest(username: str, text: str, url: str) -> None:
    """The day's summary in place of an earlier one that was not read."""
    Notice.objects.filter(to=username, kind=DIGEST, read_at=None).delete()
    tell([username], text, url, kind=DIGEST)


@files.expires
def expire_notices() -> int:
    """Notices end after a quarter of a year."""
    old = Notice.objects.filter(at__lt=timezone.now() - dt.timedelta(days=KEPT_DAYS)).order_by("pk").values("pk")[:5000]
    return Notice.objects.filter(pk__in=old).delete()[0]
