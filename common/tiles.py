"""What waits for the user, as tiles on the first page: each package puts its own here, the page shows them without knowing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from common.pages import CappedCount, Count

TONES = ("red", "amber", "")


@dataclass(frozen=True)
class Tile:
    """`count` rows stand behind `url`. `tone` (red, amber, "") is that of a tile that is not at 0. Red ones come first, then amber, then the
    others; `weight` orders those of a tone, lightest first."""

    label: Any
    count: Count
    url: str
    note: Any = ""
    tone: str = ""
    weight: int = 50


@dataclass(frozen=True)
class Ask:
    """A tile whose number is still to be counted: the page counts the `rows` of all of them in one query (of a list of querysets: of all
    together). Without `always` it is left out where nothing waits."""

    rows: Any
    tile: Callable[[Count], Tile]
    always: bool = True


Maker = Callable[[Any], Iterable[Tile | Ask]]
_makers: list[Maker] = []


def register(maker: Maker) -> Maker:
    """`maker(user)` gives the tiles this user should see, or what to count for them; called in `AppConfig.ready`. It runs on the first page:
    at most one query of its own."""
    if maker not in _makers:
        _makers.append(maker)
    return maker


def tiles_for(user: Any) -> list[Tile]:
    made = [each for maker in _makers for each in maker(user)]
    asked = [each for each in made if isinstance(each, Ask)]
    tiles = [each for each in made if isinstance(each, Tile)]
    if asked:
        people = user.__class__._default_manager.filter(pk=user.pk)  # a row to hang the counts on
        numbers = people.values_list(*(CappedCount(each.rows) for each in asked))[0]
        tiles += [each.tile(Count.of(n)) for each, n in zip(asked, numbers, strict=True) if n or each.always]
    return sorted(tiles, key=lambda tile: (TONES.index(tile.tone), tile.weight))
