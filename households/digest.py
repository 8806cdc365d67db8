"""每日提醒: once a morning everybody who has something to do hears of it: the numbers of their own first page, in a few words, with the way there.

Nothing is counted another way than there: what waits and what presses are the tiles, what changed is how far the numbers of the area have
grown since the last reminder, which keeps them.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.roles import Permission
from common import notices
from common.models import Notice
from common.news import News, news_for
from common.tiles import tiles_for
from households.figures import figures_of

logger = logging.getLogger(__name__)
TURN = 200  # accounts at a time: some ten seconds
NAMED = 3  # of what presses and of what waits; the rest is a number
TIGHT = "\u00a0"  # a number stays on the line of what it counts
Line = tuple[str, str]  # what, how many

DIGEST = notices.topic(
    "digest",
    Notice.Kind.DIGEST,
    "%(text)s",
    "%(count)s",
    lambda user: reverse("home"),  # its words are made in the morning
)


def tell_what_waits(*, after: int = 0, most: int = TURN) -> tuple[int, int | None]:
    """How many of the next accounts were told, and the key of the last one where there are more. Who has heard today hears nothing more, so it
    may be stopped and begun again; an account that fails keeps nobody else from hearing."""
    told, found = 0, list(_listeners(timezone.localdate()).filter(pk__gt=after)[: most + 1])
    for user in found[:most]:
        try:
            with translation.override(user.language or settings.LANGUAGE_CODE):
                told += _tell(user)
        except Exception:
            logger.exception("the reminder of account %s failed", user.pk)
    return told, found[most - 1].pk if len(found) > most else None


def _listeners(today: dt.date) -> Any:
    """Accounts in use that want it and have not had it today, with what the last one kept (`last`)."""
    own = Notice.objects.filter(to=OuterRef("username"), topic=DIGEST.code)
    midnight = timezone.make_aware(dt.datetime.combine(today, dt.time.min))
    rows = User.objects.filter(~Exists(own.filter(at__gte=midnight)), is_active=True, digest_off=False)
    in_use = rows.filter(must_change_password=False)  # a first password was never used
    return in_use.annotate(last=Subquery(own.order_by("-at").values("values")[:1])).order_by("pk")


def _tell(user: Any) -> bool:
    pressing, waiting = _piles(user)
    news = news_for(user)
    changed = _changed(news, (user.last or {}).get("news", {}))
    parts = [
        _said(pressing, _("要抓紧：%(what)s。"), _("要抓紧：%(what)s，还有 %(more)s。")),
        _said(waiting, _("等您办：%(what)s。"), _("等您办：%(what)s，还有 %(more)s。")),
        _said(changed, _("上次提醒以来新增：%(what)s。"), _("上次提醒以来新增：%(what)s，还有 %(more)s。")),
    ]
    if not any(parts):
        return False
    values = {"text": "\n".join(filter(None, parts)), "news": {each.url: each.number for each in news}}
    notices.put_daily(user.username, DIGEST, reverse("home"), values)
    return True


def _piles(user: Any) -> tuple[list[Line], list[Line]]:
    """What presses (red on the first page) and what else waits."""
    tiles = [tile for tile in tiles_for(user) if tile.count.value]
    pressing = [_line(tile) for tile in tiles if tile.tone == "red"]
    waiting = [_line(tile) for tile in tiles if tile.tone != "red"]
    if user.can(Permission.STATUS_CONFIRM) and (proposed := figures_of(user).proposals).households:
        waiting.insert(0, (proposed.label, str(proposed.households)))
    return pressing, waiting


def _line(tile: Any) -> Line:
    return str(tile.label), f"{tile.count.value}{'+' if tile.count.capped else ''}"


def _changed(news: Iterable[News], before: dict[str, int]) -> list[Line]:
    """How far the numbers of the month have grown. Of what the last reminder did not count, as on the first day of a month, nothing is said."""
    grown = [(each, each.number - before[each.url]) for each in news if each.url in before]
    return [(each.label, f"{n}{TIGHT}{each.unit}".strip()) for each, n in grown if n > 0]


def _said(lines: Sequence[Line], whole: str, cut: str) -> str:
    what = _("、").join(f"{label}{TIGHT}{number}" for label, number in lines[:NAMED])
    more = len(lines) - NAMED
    if more > 0:
        return cut % {"what": what, "more": ngettext("%(count)s 类", "%(count)s 类", more) % {"count": more}}
    return whole % {"what": what} if lines else ""
