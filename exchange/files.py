"""Uploaded files lie encrypted: a county's export on a disk would be the whole county's ID numbers in one place."""

from __future__ import annotations

import datetime as dt
import io
import secrets

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from common import files, pii
from exchange.models import ImportBatch

PIECE = 1024 * 1024


def keep(data: bytes) -> str:
    """Encrypt `data` piece by piece and store it; the name in the storage."""
    out = io.BytesIO()
    for start in range(0, len(data), PIECE):
        out.write(pii.cipher().encrypt(data[start : start + PIECE]) + b"\n")
    today = timezone.localdate()
    return default_storage.save(f"imports/{today:%Y/%m}/{secrets.token_hex(16)}", ContentFile(out.getvalue()))


def load(name: str) -> bytes:
    """The file as it was uploaded. Raises FileNotFoundError where it has been deleted."""
    if not name:  # the file has expired; to the storage "" is the folder of all files
        raise FileNotFoundError
    with default_storage.open(name, "rb") as file:
        return b"".join(pii.cipher().decrypt(line.strip()) for line in file)


def discard(batch: ImportBatch) -> None:
    """Delete the file and the rows that quote it; the receipt stays."""
    if batch.file:
        default_storage.delete(batch.file)
    batch.rows.all()._raw_delete(using=batch._state.db)  # type: ignore[attr-defined]
    batch.file = ""
    batch.save(update_fields=["file"])


@files.expires
def expire_uploads() -> int:
    """Files of batches older than `settings.DOCUMENT_DAYS`."""
    past = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    busy = (ImportBatch.State.PREVIEWING, ImportBatch.State.APPLYING)
    old = list(ImportBatch._base_manager.filter(uploaded_at__lt=past).exclude(file="").exclude(state__in=busy))
    for batch in old:
        discard(batch)
    return len(old)
