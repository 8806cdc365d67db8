"""A stored picture as an answer: whole or as a thumbnail, kept by no cache, taken for nothing but a picture."""

from __future__ import annotations

import io

from django.http import Http404, HttpRequest, HttpResponse
from PIL import Image

from common import vault

THUMBNAIL = 320  # pixels of the longest side


def answer(request: HttpRequest, data: bytes) -> HttpResponse:
    """JPEG or PNG bytes, or their thumbnail (`?size=small`). The caller has passed the gate of whatever the picture shows."""
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    if request.GET.get("size") == "small":
        data, kind = _small(data), "image/jpeg"
    response = HttpResponse(data, content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def answer_kept(request: HttpRequest, name: str) -> HttpResponse:
    """The same of a picture in the vault. Raises Http404 where its file is gone."""
    try:
        return answer(request, vault.get(name))
    except FileNotFoundError as error:
        raise Http404 from error


def _small(data: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (THUMBNAIL, THUMBNAIL))
        small = image.convert("RGB")
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        small.save(out, "JPEG", quality=80)
    return out.getvalue()
