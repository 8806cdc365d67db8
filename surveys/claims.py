"""Photos of upper floors: what is recorded above the surveys takes its photos from the same queue, and says here which ones are its own.

A photo belongs to a record by the record's uid, as it belongs to a survey; `SurveyPhoto.survey` stays empty. What a claimant names is
kept, does not count as waiting for its survey, and is seen by whoever sees the record.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q


class Home(NamedTuple):
    """The record a photo belongs to: whose it is, which audit chain it stands in, and how many photos it may have."""

    owner_id: int
    subject: str
    region_path: str
    most: int


@dataclass(frozen=True)
class Claimant:
    """`home(uid)` finds the record of that uid; `claimed()` is the condition of photos that a record names, `seen(user, permission)` that of
    photos named by records on which the user holds the permission."""

    home: Callable[[uuid.UUID], Home | None]
    claimed: Callable[[], Q]
    seen: Callable[[Any, Any], Q]


_claimants: list[Claimant] = []


def register(claimant: Claimant) -> None:
    """Called in `AppConfig.ready`."""
    _claimants.append(claimant)


def home_of(uid: uuid.UUID) -> Home | None:
    """The record of an upper floor with this uid; None where there is none."""
    return next((home for claimant in _claimants if (home := claimant.home(uid)) is not None), None)


def claimed() -> Q:
    """Of `SurveyPhoto`: photos that a record of an upper floor names."""
    found = Q(pk__in=[])
    for claimant in _claimants:
        found |= claimant.claimed()
    return found


def seen(user: Any, permission: Any) -> Q:
    """Of `SurveyPhoto`: photos of records of upper floors on which the user holds the permission."""
    found = Q(pk__in=[])
    for claimant in _claimants:
        found |= claimant.seen(user, permission)
    return found
