"""What waits for the user, as tiles on the first page: each package puts its own here, the page shows them without knowing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from common.pages import Count


@dataclass(frozen=True)
class Tile:
    """`count` rows stand behind `url`. `tone` (red, amber, "") is that of a tile that is not at 0; `weight` orders, lightest first."""

    label: Any
    count: Count
    url: str
    note: Any = ""
    tone: str = ""
    weight: int = 50


Maker = Callable[[Any], Iterable[Tile]]
_makers: list[Maker] = []


def register(maker: Maker) -> Maker:
    """`maker(user)` gives the tiles this user should see; called in `AppConfig.ready`. It runs on the first page: few queries."""
    if maker not in _makers:
        _makers.append(maker)
    return maker


def tiles_for(user: Any) -> list[Tile]:
    return sorted((tile for maker in _makers for tile in maker(user)), key=lambda tile: tile.weight)
