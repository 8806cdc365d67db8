"""每日提醒: once a morning everybody who has something to do hears of it in one sentence, from the tiles of their first page."""

from __future__ import annotations

import logging
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from common import notices
from common.tiles import tiles_for

logger = logging.getLogger(__name__)
NAMED = 3  # of what waits; the rest is a number


def tell_what_waits() -> int:
    """How many accounts were told. One that fails keeps nobody else from hearing."""
    told = 0
    for user in User.objects.filter(is_active=True).order_by("pk").iterator(chunk_size=200):
        try:
            told += _tell(user)
        except Exception:
            logger.exception("the day's summary of account %s failed", user.pk)
    return told


def _tell(user: Any) -> bool:
    waiting = [tile for tile in tiles_for(user) if tile.tone and tile.count.value]
    if not waiting:
        return False
    named = _("、").join(
        f"{tile.label} {tile.count.value}{'+' if tile.count.capped else ''}" for tile in waiting[:NAMED]
    )
    more = len(waiting) - NAMED
    text = _("今天等您办的：%(named)s") % {"named": named}
    if more > 0:
        text += ngettext("，还有 %(count)s 类", "，还有 %(count)s 类", more) % {"count": more}
    notices.put_digest(user.username, f"{text}。", reverse("home"))
    return True
