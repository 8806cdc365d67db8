"""What pages of surveys share: a figure that counts households."""

from __future__ import annotations

from typing import Any

from django.utils.translation import npgettext


def households(count: int) -> dict[str, Any]:
    """The figure of a tile that counts households, with its unit."""
    return {"value": f"{count:,}", "unit": npgettext("计数单位", "户", "户", count)}
