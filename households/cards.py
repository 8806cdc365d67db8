"""What floors above the ledger put on the page of a household: cards of their own, which the page shows without knowing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


Columns = Callable[[Household, int, Any], Mapping[str, Any]]
Maker = Callable[[Household, int, Any, Mapping[str, Any]], Iterable[Card]]
_makers: list[tuple[Columns, Maker]] = []


def register(columns: Columns, maker: Maker) -> None:
    """`columns(household, year, user)` are the facts a card needs, each by its name as a subquery; `maker(household, year, user, found)` gives
    the cards this user should see, told what was found. The facts of all makers come in one query. Called in `AppConfig.ready`."""
    _makers.append((columns, maker))


def cards_for(household: Household, year: int, user: Any) -> list[Card]:
    asked = [columns(household, year, user) for columns, _maker in _makers]
    names = [(n, name) for n, each in enumerate(asked) for name in each]
    if not names:
        return []
    values = Household.objects.filter(pk=household.pk).values_list(*(asked[n][name] for n, name in names))[0]
    found: list[dict[str, Any]] = [{} for _each in asked]
    for (n, name), value in zip(names, values, strict=True):
        found[n][name] = value
    return [card for (_c, maker), own in zip(_makers, found, strict=True) for card in maker(household, year, user, own)]
