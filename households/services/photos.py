"""Photos come in as the phone made them and are kept as we make them: turned upright, bounded, without EXIF."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import ExifTags, Image

from accounts.roles import Permission
from common import audit
from households.models import Household, Photo
from households.services.base import Edit, LedgerError

MAX_UPLOAD = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
LONGEST_SIDE = 1600
MOST_PER_KIND = 10
FILE_GONE, FILE_CHANGED = "照片文件不见了", "照片文件被改过，与记录的摘要不符"  # as `verify_history` says it


def reencode(upload: Any, *, formats: tuple[str, ...] | None = None, most_pixels: int = MAX_PIXELS, longest: int = LONGEST_SIDE,
             quality: int = 82) -> tuple[bytes, int, int]:  # fmt: skip
    """JPEG bytes, width and height of an uploaded picture, what is transparent made white.

    `formats` are Pillow's names of what is taken (None: whatever Pillow reads). Raises ValidationError with a sentence for what is not a
    picture.
    """
    if upload.size > MAX_UPLOAD:
        raise ValidationError({"upload": [_("照片超过 10 MB，请压缩后再传。")]})
    data = upload.read()
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            if image.width * image.height > most_pixels:
                raise ValidationError({"upload": [_("照片像素太大，请换一张。")]})
            image.draft("RGB", (longest * 2, longest * 2))
            if not _is_whole(str(image.format), data):
                raise ValueError("cut off")
            upright = _on_white(_upright(image))
    except (ValidationError, MemoryError):
        raise
    except Exception as error:  # Pillow's readers raise whatever hostile bytes lead them to
        raise ValidationError({"upload": [_("这个文件不是照片，或照片已经损坏。请上传 JPG 或 PNG 照片。")]}) from error
    upright.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue(), upright.width, upright.height


# What turns a picture upright, by its EXIF orientation.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says. EXIF that cannot be read says nothing: Pillow raises whatever its bytes lead to, and the picture is sound."""
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 0))
    except Exception:
        turn = None
    return image.transpose(turn) if turn is not None else image


def _is_whole(kind: str, data: bytes) -> bool:
    """Whether a JPEG or PNG has its end. Pillow does not say so once WeasyPrint is loaded, which tells it to take what is cut off."""
    if kind in ("JPEG", "MPO"):
        return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
    return kind != "PNG" or b"IEND\xae\x42\x60\x82" in data


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


def _on_white(image: Image.Image) -> Image.Image:
    """Without an alpha channel: a signature drawn on nothing would turn black on black."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    own = image.convert("RGBA")
    white = Image.new("RGBA", own.size, "white")
    white.alpha_composite(own)
    return white.convert("RGB")


@transaction.atomic
def add_photo(*, household: Household, by: Any, kind: str, upload: Any, taken_on: dt.date | None = None) -> Photo:
    data, width, height = reencode(upload)
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT)
    photo = put_photo(edit, kind, data, width, height, taken_on)
    edit.finish("photo.added", target=photo)
    return photo


def put_photo(edit: Edit, kind: str, data: bytes, width: int, height: int, taken_on: dt.date | None) -> Photo:
    """Keep a JPEG that `reencode` made."""
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
