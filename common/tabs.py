"""Upper packages hang tabs on the pages of lower ones: the lower page shows them without knowing the package exists."""

from __future__ import annotations

from typing import Any, NamedTuple


class Tab(NamedTuple):
    """A tab on another package's page. `url_name` takes the row's primary key."""

    label: Any
    url_name: str
    permission: Any
    weight: int = 50


_tabs: dict[str, list[Tab]] = {}


def register(model_label: str, tab: Tab) -> None:
    """Hang `tab` on the page of "app.Model"; called in `AppConfig.ready`."""
    _tabs.setdefault(model_label, []).append(tab)


def tabs_for(model_label: str, user: Any) -> list[Tab]:
    """The tabs this user may open, lightest first."""
    return sorted((t for t in _tabs.get(model_label, []) if user.can(t.permission)), key=lambda t: t.weight)
