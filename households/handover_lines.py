"""What of a household a hand-over has to say beside the ledger: open tasks, measures on their way, requests, the last visit. Floors above register
what they know; the pack shows it without knowing them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

Line = tuple[Any, str]  # a label and a text
Maker = Callable[[Sequence[int], Any], Mapping[int, Sequence[Line]]]
_makers: list[Maker] = []
SHOWN = 3


def register(maker: Maker) -> Maker:
    """`maker(households, user)` gives the lines of each household (keys through the row gate) that has any; called in `AppConfig.ready`. A
    fixed number of queries, whatever the number of households."""
    if maker not in _makers:
        _makers.append(maker)
    return maker


def listed(texts: Sequence[str]) -> str:
    """想学养蜂、修路等 5 项: the first three and how many there are."""
    shown = _("、").join(texts[:SHOWN])
    return shown if len(texts) <= SHOWN else _("%(shown)s等 %(count)s 项") % {"shown": shown, "count": len(texts)}


def lines_of(households: Sequence[int], user: Any) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = defaultdict(list)
    for maker in _makers:
        for household, lines in maker(households, user).items():
            found[household] += lines
    return found
