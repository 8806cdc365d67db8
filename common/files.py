"""Files that end: uploads and printed results are deleted after `settings.DOCUMENT_DAYS`, by whoever registered them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone

from common import vault

MOST = 1000  # rows of a table in an hour
EXPIRERS: list[Callable[[], int]] = []


def expires(function: Callable[[], int]) -> Callable[[], int]:
    """Register a function that deletes what is past its day and returns how many files it deleted. Runs every hour."""
    EXPIRERS.append(function)
    return function


def expire() -> int:
    return sum(function() for function in EXPIRERS)


def expire_rows(model: Any) -> int:
    """Take the file (`file`, a name in `common.vault`) from rows of a table that were made (`created_at`) before their day; how many."""
    before = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    gone = 0
    for row in model._base_manager.filter(created_at__lt=before).exclude(file="").order_by("pk")[:MOST]:
        vault.remove(row.file)
        row.file = ""
        row.save(update_fields=["file"])
        gone += 1
    return gone
