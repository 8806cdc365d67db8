"""Uploaded files lie encrypted: a county's export on a disk would be the whole county's ID numbers in one place."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.utils import timezone

from common import files, vault
from exchange import kept, returns
from exchange.models import Batch, ImportBatch, PeopleBatch


def keep(data: bytes) -> str:
    """Store an upload encrypted; the name under which `vault.get` finds it."""
    return vault.put(f"imports/{timezone.localdate():%Y/%m}/{secrets.token_hex(16)}", data)


def discard(batch: Batch) -> None:
    """Delete the file and the rows that quote it; the receipt stays."""
    if batch.file:
        kept.forget(batch)
        returns.forget(batch)
        vault.remove(batch.file)
    batch.rows.all()._raw_delete(using=batch._state.db)  # type: ignore[attr-defined]
    batch.file = ""
    batch.save(update_fields=["file"])


@files.expires
def expire_uploads() -> int:
    """Files of batches older than `settings.DOCUMENT_DAYS`."""
    past = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    count = 0
    for model in (ImportBatch, PeopleBatch):
        old = model._base_manager.filter(uploaded_at__lt=past).exclude(file="").exclude(state__in=Batch.BUSY)
        for batch in list(old):
            discard(batch)
            count += 1
    return count
