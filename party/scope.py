"""The villages a page counts over, and the regions it sets side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.places import RegionChoices
from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from common.lookups import among
from regions.models import Level, Region

VIEW = Permission.PARTY_VIEW


def in_view(user: Any, permission: Permission = VIEW) -> Any:
    """Villages in force where the user holds the permission, still to be asked for."""
    return Region.objects.current().filter(among("pk", visible_region_ids(user, permission)), level=Level.VILLAGE)


def villages_of(user: Any, at: Region | None = None, permission: Permission = VIEW) -> list[Region]:
    """Those of `in_view` inside `at`, in order of their code; each with its township."""
    rows = in_view(user, permission)
    if at is not None:
        rows = rows.within(at)
    return list(rows.select_related("parent").order_by("code", "pk"))


@dataclass(frozen=True)
class Scope:
    """What stands above the table (`at`, None for several postings), its lines (`below`) and every village they hold."""

    choices: RegionChoices
    at: Region | None
    below: list[Region]
    villages: list[Region]

    @classmethod
    def asked(cls, user: Any, region: str) -> Scope:
        return cls.of(RegionChoices(user, region, VIEW), user)

    @classmethod
    def of(cls, choices: RegionChoices, user: Any) -> Scope:
        at = choices.chosen or (choices.tops[0] if len(choices.tops) == 1 else None)
        below = [row for row in choices.rows if at is not None and row.parent_id == at.pk] or choices.tops
        return cls(choices, at, [row for row in below if row.is_current], villages_of(user, at))

    @property
    def is_village(self) -> bool:
        return self.at is not None and self.at.level == Level.VILLAGE

    def inside(self, region: Region) -> list[Region]:
        return [village for village in self.villages if village.path.startswith(region.path)]


def only_below(path: str, nearer: Iterable[str], column: str) -> Q:
    """The condition of rows whose `column` lies below a path and below none of the nearer ones (`party.rules.Rules.areas`)."""
    return Q(*(~Q(**{f"{column}__startswith": each}) for each in nearer), **{f"{column}__startswith": path})


def keys(villages: Iterable[Region]) -> list[int]:
    return [village.pk for village in villages]


def in_region(queryset: Any, user: Any, region: Region | None, column: str = "village_id") -> Any:
    """Rows of a village column inside the region; none where there is none."""
    if region is None:
        return queryset.none()
    if region.level == Level.VILLAGE:
        return queryset.filter(**{column: region.pk})
    below = Region.objects.within(region).filter(level=Level.VILLAGE).order_by().values_list("pk", flat=True)
    return queryset.filter(among(column, below))
