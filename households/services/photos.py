"""Photos of a household: kept as `common.reencoding` makes them, checked against their digests."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit
from common.evidence import FILE_CHANGED, FILE_GONE, note_fresh, with_pictures
from common.reencoding import reencode
from households.models import Household, Photo
from households.services.base import Edit, LedgerError

MOST_PER_KIND = 10


def check_files() -> Iterator[tuple[Photo, str]]:
    """Every photo, the hidden ones too, and what is wrong with its file: "" where it is what was recorded. Files are read piece by piece."""
    for photo in Photo._base_manager.order_by("pk").iterator(chunk_size=500):
        yield photo, _wrong_with(photo)


def _wrong_with(photo: Photo) -> str:
    try:
        with default_storage.open(str(photo.file.name)) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return FILE_GONE
    return "" if digest == photo.sha256 else FILE_CHANGED


@with_pictures()
def add_photo(*, household: Household, by: Any, kind: str, upload: Any, taken_on: dt.date | None = None) -> Photo:
    data, width, height = reencode(upload)
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT)
    photo = put_photo(edit, kind, data, width, height, taken_on)
    edit.finish("photo.added", target=photo)
    return photo


def put_photo(edit: Edit, kind: str, data: bytes, width: int, height: int, taken_on: dt.date | None) -> Photo:
    """Keep a JPEG that `reencode` made; the verb that calls stands under `with_pictures`."""
    if edit.household.photos.filter(kind=kind, removed_at=None).count() >= MOST_PER_KIND:
        raise LedgerError(_("这一类照片已有 10 张，请先删去不用的。"))
    digest = hashlib.sha256(data).hexdigest()
    if edit.household.photos.filter(sha256=digest, removed_at=None).exists():
        raise LedgerError(_("这张照片已经传过。"))
    photo = Photo(
        household=edit.household,
        kind=kind,
        sha256=digest,
        width=width,
        height=height,
        taken_on=taken_on,
        uploaded_by=edit.by.username,
    )
    photo.file.save(f"{photo.uid}.jpg", ContentFile(data), save=False)
    note_fresh(str(photo.file.name))
    edit.write(photo)
    return photo


@transaction.atomic
def remove_photo(*, photo: Photo, by: Any) -> Photo:
    """Hide a photo. The file stays while the history refers to it."""
    edit = Edit(photo.household, by=by, permission=Permission.HOUSEHOLD_EDIT)
    row = edit.household.photos.select_for_update().get(pk=photo.pk)
    if row.removed_at is not None:
        raise LedgerError(_("这张照片已经删去。"))
    before = audit.snapshot(row)
    row.removed_at = timezone.now()
    edit.write(row, before)
    edit.finish("photo.removed", target=row)
    return row
