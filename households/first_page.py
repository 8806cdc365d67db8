"""What the first page says, for the page and for programs: what waits for somebody, what is to be done in the ledgers of their area, what
happened there, how it stands. Nothing is counted twice or another way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.roles import Permission
from common.news import News, news_for
from common.tiles import Tile, tiles_for
from households.figures import Figure, Figures, figures_of


@dataclass(frozen=True)
class Todo:
    """Work in the ledgers of the own area: a figure at 0 says that it is done. `tone` as that of a tile."""

    figure: Figure
    tone: str


@dataclass(frozen=True)
class FirstPage:
    """`tiles` in the order of the page, those at 0 last; `figures` is None for whoever may see no household."""

    tiles: list[Tile]
    news: list[News]
    figures: Figures | None
    todo: list[Todo]

    @property
    def waiting(self) -> list[Tile]:
        return [tile for tile in self.tiles if tile.count.value]

    @property
    def quiet(self) -> list[Tile]:
        return [tile for tile in self.tiles if not tile.count.value]


def first_page_of(user: Any) -> FirstPage:
    figures = figures_of(user) if user.can(Permission.HOUSEHOLD_VIEW) else None
    tiles = sorted(tiles_for(user), key=lambda tile: not tile.count.value)
    return FirstPage(tiles, news_for(user), figures, [] if figures is None else _todo(user, figures))


def _todo(user: Any, figures: Figures) -> list[Todo]:
    todo = [Todo(figures.unmet, "red")]
    if user.can(Permission.PAIRING_EDIT):
        todo.append(Todo(figures.unpaired, "amber"))
    if user.can(Permission.STATUS_CONFIRM) or user.can(Permission.STATUS_PROPOSE):
        todo.append(Todo(figures.proposals, "amber"))
    return [*todo, Todo(figures.monitored, "")]
