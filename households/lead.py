"""What leads the first page of those for whom one piece of work comes before all else: a floor above the ledger puts it there, and the page shows
it instead of its own list of paired households."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Lead:
    """A template, included with `lead`: its content."""

    template: str
    content: Any


Maker = Callable[[Any], Lead | None]
_makers: list[Maker] = []


def register(maker: Maker) -> Maker:
    """`maker(user)` gives the lead of this user's first page, or None where it is not their work; called in `AppConfig.ready`. Two queries."""
    if maker not in _makers:
        _makers.append(maker)
    return maker


def lead_for(user: Any) -> Lead | None:
    """Of several the one that was registered first."""
    return next((lead for maker in _makers if (lead := maker(user)) is not None), None)
