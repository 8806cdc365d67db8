"""The main navigation: each package registers the pages it has, so a menu never names a page that is not there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

SECTIONS = {
    "daily": _("日常"),
    "help": _("计划与帮扶"),
    "people": _("队伍与党建"),
    "village": _("资金与村级项目"),
    "review": _("审核"),
    "print": _("分析与打印"),
    "admin": _("管理"),
}
ALWAYS_OPEN = "daily"
ON_PHONE = 4
MOST = 999  # of a badge: on every page nobody waits for more to be counted


@dataclass(frozen=True)
class Item:
    """One entry.

    `section` is a key of SECTIONS. `permission` None shows it to everybody signed in. `weight` orders within the section, and on
    phones over all: the lightest ON_PHONE entries with `phone=True` stand in the bottom bar, under `short` when given.
    `badge(user)` gives a count for the user's own scope; 0 shows nothing, above `MOST` "999+". It runs on every page: one cheap query at
    most.
    """

    section: str
    label: Any
    url_name: str
    icon: str
    permission: Any = None
    weight: int = 50
    phone: bool = False
    short: Any = ""
    badge: Callable[[Any], int] | None = None


def _badge(count: int) -> str:
    return "" if not count else f"{MOST}+" if count > MOST else str(count)


@dataclass(frozen=True)
class Link:
    """An item as one user sees it on one page."""

    item: Item
    url: str
    current: bool
    count: int

    @property
    def label(self) -> Any:
        return self.item.label

    @property
    def shown(self) -> str:
        """The number on the badge, "" for none."""
        return _badge(self.count)

    @property
    def short(self) -> Any:
        return self.item.short or self.item.label

    @property
    def icon(self) -> str:
        return self.item.icon


_items: dict[str, Item] = {}


def register(*items: Item) -> None:
    """Add `items`; the same URL name again replaces the earlier entry."""
    for item in items:
        if item.section not in SECTIONS:
            raise ValueError(f"No section {item.section!r}: choose one of {', '.join(SECTIONS)}.")
        _items[item.url_name] = item


def links_for(user: Any, path: str) -> list[Link]:
    """What `user` may open, in order; the entry whose address is the longest beginning of `path` is current."""
    if not user.is_authenticated:
        return []
    order = list(SECTIONS)
    shown = [
        (item, reverse(item.url_name))
        for item in sorted(_items.values(), key=lambda item: (order.index(item.section), item.weight))
        if item.permission is None or user.can(item.permission)
    ]
    current = _longest((url for _, url in shown), path)
    return [Link(item, url, url == current, item.badge(user) if item.badge else 0) for item, url in shown]


def _longest(urls: Iterable[str], path: str) -> str:
    fitting = [
        url for url in urls if path == url or (url != "/" and path.startswith(url if url.endswith("/") else url + "/"))
    ]
    return max(fitting, key=len, default="")


@dataclass(frozen=True)
class Section:
    """Links under a heading; folded away unless it is the daily work, holds the current page, or was `unfolded` on this device."""

    key: str
    links: list[Link]
    unfolded: bool = False

    @property
    def label(self) -> Any:
        return SECTIONS[self.key]

    @property
    def is_open(self) -> bool:
        return self.unfolded or self.key == ALWAYS_OPEN or any(link.current for link in self.links)

    @property
    def shown(self) -> str:
        """The number on the folded heading: what all its badges say."""
        return _badge(sum(link.count for link in self.links))


def by_section(links: list[Link], unfolded: Collection[str] = ()) -> list[Section]:
    """For the side bar; a section without links is left out."""
    sections = (Section(key, [link for link in links if link.item.section == key], key in unfolded) for key in SECTIONS)
    return [section for section in sections if section.links]


def on_phone(links: list[Link]) -> list[Link]:
    """The entries of the bottom bar."""
    return sorted((link for link in links if link.item.phone), key=lambda link: link.item.weight)[:ON_PHONE]
