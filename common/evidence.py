"""Photos as evidence of what the packages record: made again by the server, kept encrypted, compared with their digests.

A table of photos is a subclass of `Evidence`; its package lists `checker_of(table)` in `audit.FILES` and `(table, "file")` in `vault.LASTING`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from cryptography.fernet import InvalidToken
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from common import vault
from common.reencoding import reencode

FILE_GONE, FILE_CHANGED = "照片文件不见了", "照片文件被改过，与记录的摘要不符"  # as `verify_history` says it


class Evidence(models.Model):
    """A JPEG of at most 1600 pixels a side, made again by the server (no EXIF), encrypted at rest. Evidence is never deleted; a mistake is
    hidden by `removed_at`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file = models.CharField(max_length=200)  # a name in common.vault
    sha256 = models.CharField(max_length=64)  # of the picture as the server made it
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    taken_on = models.DateField(_("拍摄日期"), null=True, blank=True)
    uploaded_by = models.CharField(max_length=150)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    audit_skip: ClassVar[tuple[str, ...]] = (
        "file",
        "uploaded_at",
        "uid",
    )  # the file has another name after the keys were rotated

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.uid)


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
    note_fresh(row.file)
    return row


def note_fresh(name: str) -> None:
    """A file just written goes with the transaction around it (`with_pictures`)."""
    fresh = _fresh.get()
    if fresh is not None:
        fresh.append(name)


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
