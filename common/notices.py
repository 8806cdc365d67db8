"""通知: what somebody should hear without looking for it: how a matter of theirs was decided, what was given to them to do, that long work has
ended, and once a day what waits.

Packages say their topics (`Topic`); verbs put notices in their own transaction, so that what did not happen is told to nobody. A notice holds
the facts of its sentence, which is made as it is read, in the language of whoever reads. Notices are hints, not records: the trail does not
speak of them, and they end by themselves.

What is not read yet of one topic is one notice with a number, whose link is the topic's list: a verb on a thousand rows leaves one line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from common import dates, files
from common.models import Notice

KEPT_DAYS = 90
MOST = 5000  # that end in an hour
Draft = Notice  # one that is not saved yet
Address = Callable[[Any], str]


@dataclass(frozen=True)
class Topic:
    """What is told. `one` is the sentence of a single matter with the notice's `values` as its placeholders, `many` (with `count`; the same
    words for every number, or an `ngettext_lazy`) that of several; `url(user)` is where several are seen by who reads."""

    code: str
    kind: Notice.Kind
    one: Any
    many: Any
    url: Address


TOPICS: dict[str, Topic] = {}


def topic(code: str, kind: Notice.Kind, one: Any, many: Any, url: Address) -> Topic:
    """Declare a topic, at the top of a module that verbs import."""
    TOPICS[code] = Topic(code, kind, one, many, url)
    return TOPICS[code]


# -- telling ------------------------------------------------------------------------------------------------------------------------------


def draft(to: str, about: Topic, url: str, values: Mapping[str, Any], count: int = 1) -> Draft:
    """A notice for an account that may open `url`. `values` are names and numbers as lists show them, never a number of somebody's papers."""
    return Notice(to=to, topic=about.code, kind=about.kind, url=url, values=dict(values), count=count)


@transaction.atomic
def put(drafts: Iterable[Draft]) -> None:
    """Tell. Inside the transaction of what is told; three statements, however many there are.

    What an account has not read of the same topic grows by it. A row that another transaction holds is left alone, and a second one stands
    beside it: verbs never wait for one another because of a notice.
    """
    new: dict[tuple[str, str], Draft] = {}
    for each in drafts:
        known = new.setdefault((each.to, each.topic), each)
        if known is not each:
            _fold(known, each)
    if not new:
        return
    names, codes = {to for to, _code in new}, {code for _to, code in new}
    unread = Notice.objects.filter(to__in=names, topic__in=codes, read_at=None).order_by("pk")
    held = {(row.to, row.topic): row for row in unread.select_for_update(skip_locked=True, of=("self",))}
    now, changed = timezone.now(), []
    for key in sorted(new.keys() & held.keys()):
        row = held[key]
        _fold(row, new.pop(key))
        row.at = now
        changed.append(row)
    Notice.objects.bulk_update(changed, ["count", "url", "values", "at"], batch_size=500)
    Notice.objects.bulk_create([new[key] for key in sorted(new)], batch_size=500)


def _fold(row: Notice, other: Notice) -> None:
    """The same matter told again is the same notice; another one counts."""
    if (row.url, row.values | {"day": ""}) != (
        other.url,
        other.values | {"day": ""},
    ):  # a matter whose day moves is the same
        row.count += other.count
    row.url, row.values = other.url, other.values


def put_daily(to: str, about: Topic, url: str, values: Mapping[str, Any]) -> None:
    """The day's notice of a topic, in place of an earlier one that was not read."""
    with transaction.atomic():
        Notice.objects.filter(to=to, topic=about.code, read_at=None).delete()
        draft(to, about, url, values).save(force_insert=True)


# -- reading ------------------------------------------------------------------------------------------------------------------------------


def of(user: Any) -> QuerySet[Notice]:
    """The notices of an account: the row gate of this table."""
    return Notice.objects.filter(to=user.username)


def sentence(row: Notice) -> str:
    """What it says, in the language of the page."""
    about = TOPICS.get(row.topic)
    if about is None:  # of a release that knew it
        return row.get_kind_display()
    if row.count > 1:
        return str(about.many % {"count": row.count})
    values = {name: _shown(name, value) for name, value in row.values.items()}
    return str(about.one % values)


def _shown(name: str, value: Any) -> Any:
    return dates.written(dt.date.fromisoformat(value)) if name == "day" else value


def target(row: Notice, user: Any) -> str:
    """Where it leads."""
    about = TOPICS.get(row.topic)
    return about.url(user) if about is not None and row.count > 1 else row.url


def unread_of(username: Any) -> Any:
    """How many an account has not read, as a column of a query over accounts (`username`: an `OuterRef`)."""
    counted = (
        Notice.objects.filter(to=username, read_at=None).order_by().values("to").annotate(n=Count("pk")).values("n")
    )
    return Coalesce(Subquery(counted), 0)


def mark_read(*, by: Any, row: Notice | None = None) -> int:
    """The account has taken note of one of its notices, or of all; how many were new to it."""
    rows = of(by).filter(read_at=None)
    return (rows if row is None else rows.filter(pk=row.pk)).update(read_at=timezone.now())


@files.expires
def expire_notices() -> int:
    """Notices end after a quarter of a year, read or not."""
    old = Notice.objects.filter(at__lt=timezone.now() - dt.timedelta(days=KEPT_DAYS)).order_by("pk").values("pk")[:MOST]
    return Notice.objects.filter(pk__in=old).delete()[0]
