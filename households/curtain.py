"""What somebody must not know yet of a household: whoever is to look at it a second time sees no year that the first look has written.

Upper floors say so; this floor knows only that something is hidden, from which year on, and keeps it out of the ledger, its print, its
history and its forms.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone

Asker = Callable[[Any, Iterable[int]], Mapping[int, int]]
_askers: list[Asker] = []


def register(asker: Asker) -> None:
    """`asker(user, keys of households)` says `{key: first year that is hidden from this user}`, in one query."""
    _askers.append(asker)


def hidden_from(user: Any, keys: Iterable[int]) -> dict[int, int]:
    """`{key of a household: first year that is hidden}`; most households are not in it."""
    keys = list(keys)
    found: dict[int, int] = {}
    for asker in _askers:
        for key, year in asker(user, keys).items():
            found[key] = min(year, found.get(key, year))
    return found


def before(events: QuerySet[Any], year: int | None) -> QuerySet[Any]:
    """Those of a household's events that tell nothing of a hidden year: what happened before it began."""
    if year is None:
        return events
    return events.filter(at__lt=dt.datetime(year, 1, 1, tzinfo=timezone.get_current_timezone()))


def require(user: Any, household: int, year: int) -> None:
    """PermissionDenied for a year that is hidden from this user."""
    hidden = hidden_from(user, [household]).get(household)
    if hidden is not None and year >= hidden:
        raise PermissionDenied
