"""Upper packages hang tabs and buttons on the pages of lower ones: the lower page shows them without knowing the package exists."""

from __future__ import annotations

from typing import Any, NamedTuple


class Tab(NamedTuple):
    """A tab on another package's page. `url_name` takes the row's primary key."""

    label: Any
    url_name: str
    permission: Any
    weight: int = 50


class Action(NamedTuple):
    """A button on another package's page. `icon` is a name of `common.icons`; in the head of a row's page `url_name` takes its primary key."""

    label: Any
    url_name: str
    icon: str
    permission: Any
    weight: int = 50


_tabs: dict[str, list[Tab]] = {}
_actions: dict[str, list[Action]] = {}


def register(model_label: str, tab: Tab) -> None:
    """Hang `tab` on the page of "app.Model"; called in `AppConfig.ready`."""
    _tabs.setdefault(model_label, []).append(tab)


def tabs_for(model_label: str, user: Any) -> list[Tab]:
    """The tabs this user may open, lightest first."""
    return sorted((t for t in _tabs.get(model_label, []) if user.can(t.permission)), key=lambda t: t.weight)


def register_action(model_label: str, action: Action) -> None:
    """Put a button on the page of "app.Model"; called in `AppConfig.ready`."""
    _actions.setdefault(model_label, []).append(action)


def actions_for(model_label: str, user: Any) -> list[Action]:
    """The buttons this user may use somewhere, lightest first; the page behind asks whether here."""
    return sorted((a for a in _actions.get(model_label, []) if user.can(a.permission)), key=lambda a: a.weight)
