"""What can be done with many rows at once: packages register actions for a list, the list shows a button for each.

The `url_name` of such an action takes a POST with what was chosen and answers with a page that asks before anything is done.
"""

from __future__ import annotations

from typing import Any

from common.tabs import Action

_actions: dict[str, list[Action]] = {}


def register(model_label: str, action: Action) -> None:
    """Offer `action` below the list of "app.Model"; called in `AppConfig.ready`. The same URL name again replaces the earlier one."""
    others = [a for a in _actions.get(model_label, []) if a.url_name != action.url_name]
    _actions[model_label] = [*others, action]


def actions_for(model_label: str, user: Any) -> list[Action]:
    """The actions this user may start somewhere, lightest first."""
    return sorted((a for a in _actions.get(model_label, []) if user.can(a.permission)), key=lambda a: a.weight)
