"""What floors above the ledger put on the page of a household: cards of their own, which the page shows without knowing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from households.models import Household


@dataclass(frozen=True)
class Card:
    """A heading with lines (label, text, address or ""), and where to read on. `code` is its anchor on the page."""

    code: str
    title: Any
    lines: Sequence[tuple[Any, str, str]]
    url: str = ""
    link: Any = ""


Maker = Callable[[Household, int, Any], Iterable[Card]]
_makers: list[Maker] = []


def register(maker: Maker) -> None:
    """`maker(household, year, user)` gives the cards this user should see; called in `AppConfig.ready`. The page allows all makers together
    one query."""
    if maker not in _makers:
        _makers.append(maker)


def cards_for(household: Household, year: int, user: Any) -> list[Card]:
    return [card for maker in _makers for card in maker(household, year, user)]
