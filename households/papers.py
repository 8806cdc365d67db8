"""What floors above the ledger put into the printed booklet: sections of their own, which the ledger prints without knowing them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from households.ledger import Ledger
from households.models import Household

Section = dict[str, Any]  # of the print model: docs/print-model.md
Maker = Callable[[Sequence[Household], int, Any], Mapping[int, list[Section]]]
_makers: list[Maker] = []


def register(maker: Maker) -> None:
    """`maker(households, year, user)` gives `{key of a household: sections}` in a fixed number of queries; called in `AppConfig.ready`.

    The user has passed the row gate of the households, and may see the year.
    """
    if maker not in _makers:
        _makers.append(maker)


def sections_of(ledgers: Sequence[Ledger], user: Any) -> dict[int, list[Section]]:
    """What follows the ledger's own sections, by household; ledgers of one batch may be of different years."""
    by_year: dict[int, list[Household]] = defaultdict(list)
    for ledger in ledgers:
        by_year[ledger.year].append(ledger.household)
    found: dict[int, list[Section]] = defaultdict(list)
    for maker in _makers:
        for year, households in by_year.items():
            for key, sections in maker(households, year, user).items():
                found[key] += sections
    return found
