"""What upper floors tell the tree of regions, which may not know them: who may change it, and what must follow a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied

from regions.models import Region

# The permission to change the tree, as `accounts.roles` spells it.
REGION_EDIT = "region.edit"

Follower = Callable[..., None]
Occupant = Callable[[Region], str]

# `accounts` puts its answer here when it is loaded; without it nobody may do anything.
# An empty permission asks for every region of a posting.
posted_regions: Callable[[Any, str], list[Region]] = lambda user, permission: []  # noqa: E731

_followers: list[Follower] = []
_occupants: list[Occupant] = []


def follows(function: Follower) -> Follower:
    """Register `function(*, old, new, by, on)`: what stood at `old` now stands at `new`.

    Called inside the transaction of a merger for each merged region, and with `old == new` for each village that has come
    under another township. `by` held REGION_EDIT in both; nothing more was asked.
    """
    _followers.append(function)
    return function


def occupies(function: Occupant) -> Occupant:
    """Register `function(region) -> sentence`: why the region cannot be closed yet, "" when nothing of yours is there."""
    _occupants.append(function)
    return function


def follow(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    for function in _followers:
        function(old=old, new=new, by=by, on=on)


def occupied(region: Region) -> list[str]:
    """One sentence for each reason why `region` cannot be closed."""
    return [sentence for function in _occupants if (sentence := function(region))]


def own_regions(user: Any, permission: str) -> list[Region]:
    """The regions in which a posting grants `permission` ("" = any posting), none inside another of them, in order of code."""
    found = sorted(posted_regions(user, permission), key=lambda region: (len(region.path), region.code))
    top: list[Region] = []
    for region in found:
        if not any(region.path.startswith(other.path) for other in top):
            top.append(region)
    return sorted(top, key=lambda region: region.code)


def may_edit(user: Any, region: Region) -> bool:
    return any(region.path.startswith(own.path) for own in own_regions(user, REGION_EDIT))


def require_edit(user: Any, *regions: Region) -> None:
    """Raise `PermissionDenied` unless the user may change each of the regions."""
    if not all(may_edit(user, region) for region in regions):
        raise PermissionDenied(REGION_EDIT)
