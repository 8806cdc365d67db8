"""When somebody came in through the log-in form. What is worth a password asks it of this session, not of `last_login`: that is the
account's, and moves when its owner logs in on another machine."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

KEY = "signed_in_at"


def mark(session: Any) -> None:
    session[KEY] = int(time.time())


def moment(session: Any) -> dt.datetime | None:
    """When the log-in of this session was; None where nobody knows."""
    seconds = session.get(KEY)
    return dt.datetime.fromtimestamp(seconds, dt.UTC) if isinstance(seconds, int) else None
