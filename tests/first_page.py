"""What waits for somebody on the first page, as tests ask for it."""

from __future__ import annotations

from typing import Any


def tiles(client: Any) -> list[Any]:
    """Every tile the first page was made of: those shown, those folded away, those at 0."""
    page = client.get("/")
    return [tile for part in ("waiting", "more", "quiet") for tile in page.context[part]]
