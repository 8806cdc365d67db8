"""Pictures come in as the phone made them and are kept as we make them: turned upright, bounded, without EXIF."""

from __future__ import annotations

import io
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import ExifTags, Image

MAX_UPLOAD = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
LONGEST_SIDE = 1600


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


def _on_white(image: Image.Image) -> Image.Image:
    """Without an alpha channel: a signature drawn on nothing would turn black on black."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    own = image.convert("RGBA")
    white = Image.new("RGBA", own.size, "white")
    white.alpha_composite(own)
    return white.convert("RGB")
