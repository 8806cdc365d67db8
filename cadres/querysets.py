"""Whose units, cadres and teams one may see: those of the own area, and above it those who may help there."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.db.models import Q
from django.utils import timezone

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, posted_regions, visible_region_ids
from common.lookups import among


def in_force(day: dt.date | None = None) -> Q:
    """The condition of rows with `starts_on` and `ends_on` that hold on a day; `ends_on` is the first day without."""
    day = day or timezone.localdate()
    return Q(starts_on__lte=day) & (Q(ends_on=None) | Q(ends_on__gt=day))


def _reach(user: Any, permission: Permission) -> list[int]:
    """Regions at and below the postings; to look at, those above, too: units of the county help its villages."""
    found = set(visible_region_ids(user, permission))
    if permission == Permission.CADRE_VIEW:
        for region in posted_regions(user, permission):
            found.update(region.ancestor_ids)
    return sorted(found)


class UnitQuerySet(ScopedQuerySet):
    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return among("region_id", _reach(user, permission))

    def open(self, day: dt.date | None = None) -> Self:
        day = day or timezone.localdate()
        return self.filter(Q(closed_on=None) | Q(closed_on__gt=day))


class CadreQuerySet(ScopedQuerySet):
    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return among("unit__region_id", _reach(user, permission))

    def serving(self, day: dt.date | None = None) -> Self:
        """Who has not left."""
        day = day or timezone.localdate()
        return self.filter(Q(left_on=None) | Q(left_on__gt=day))


class OfVillageQuerySet(ScopedQuerySet):
    """Rows of a village."""

    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return among("village_id", visible_region_ids(user, permission))

    def current(self, day: dt.date | None = None) -> Self:
        return self.filter(in_force(day))


class UnitVillageQuerySet(OfVillageQuerySet):
    pass


class TeamMemberQuerySet(ScopedQuerySet):
    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return among("team__village_id", visible_region_ids(user, permission))

    def current(self, day: dt.date | None = None) -> Self:
        return self.filter(in_force(day))


class TeamRuleQuerySet(ScopedQuerySet):
    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return among("region_id", _reach(user, permission))
