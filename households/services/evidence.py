"""Evidence: a picture is made again, kept encrypted, and compared with its digest."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import transaction

from common import vault
from households.models import Evidence
from households.services.photos import FILE_CHANGED, FILE_GONE, reencode

_fresh: ContextVar[list[str] | None] = ContextVar("fresh_pictures", default=None)


@contextmanager
def with_pictures() -> Iterator[None]:
    """A transaction that takes along the files `put_evidence` wrote in it when it is rolled back; a block, or the decorator of a verb."""
    outer = _fresh.get()
    fresh: list[str] = []
    token = _fresh.set(fresh)
    try:
        with transaction.atomic():
            yield
    except BaseException:
        for name in fresh:
            vault.remove(name)
        raise
    finally:
        _fresh.reset(token)
    if outer is not None:
        outer += fresh


def put_evidence(row: Evidence, upload: Any, *, by: Any, taken_on: dt.date | None = None) -> Evidence:
    """Keep an uploaded picture in `row`, which the verb that calls, under `with_pictures`, saves and records. Raises ValidationError for what is not a picture."""
    data, row.width, row.height = reencode(upload)
    row.sha256, row.taken_on, row.uploaded_by = hashlib.sha256(data).hexdigest(), taken_on, by.username
    row.file = vault.put(f"evidence/{row.uid}", data)
    fresh = _fresh.get()
    if fresh is not None:
        fresh.append(row.file)
    return row


def checker_of(model: type[Evidence]) -> Callable[[], Iterator[tuple[Evidence, str]]]:
    """For `audit.FILES`: every picture of a table, the hidden ones too, and what is wrong with its file ("" where it is what was kept)."""

    def check() -> Iterator[tuple[Evidence, str]]:
        for row in model._base_manager.order_by("pk").iterator(chunk_size=500):
            yield row, _wrong_with(row)

    return check


def _wrong_with(row: Evidence) -> str:
    try:
        data = vault.get(row.file)
    except OSError:
        return FILE_GONE
    except InvalidToken:
        data = b""
    return "" if hashlib.sha256(data).hexdigest() == row.sha256 else FILE_CHANGED
