"""Who sees what of party building: whoever holds a posting over the village. A helper is paired with households and sees none of it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.db.models import Q
from django.utils import timezone

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, posted_regions, visible_region_ids
from common.lookups import among


class OfVillageQuerySet(ScopedQuerySet):
    """Rows of a village."""

    view_permission = Permission.PARTY_VIEW
    village_lookup = "village_id"

    def scope(self, user: Any, permission: Permission) -> Q:
        return among(self.village_lookup, visible_region_ids(user, permission))


class BranchQuerySet(OfVillageQuerySet):
    def open(self, day: dt.date | None = None) -> Self:
        day = day or timezone.localdate()
        return self.filter(Q(closed_on=None) | Q(closed_on__gt=day))


class OfBranchQuerySet(OfVillageQuerySet):
    village_lookup = "branch__village_id"


class PersonQuerySet(OfBranchQuerySet):
    def present(self) -> Self:
        """Who has not left, confirmed or still to be confirmed."""
        return self.filter(left_on=None)


class OfPersonQuerySet(OfVillageQuerySet):
    village_lookup = "person__branch__village_id"


class OfSessionQuerySet(OfVillageQuerySet):
    village_lookup = "session__village_id"


class OfActivityQuerySet(OfVillageQuerySet):
    village_lookup = "activity__branch__village_id"


class EvidenceQuerySet(ScopedQuerySet):
    """A photo is seen where the session or the activity is."""

    view_permission = Permission.PARTY_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        villages = visible_region_ids(user, permission)
        return among("session__village_id", villages) | among("activity__branch__village_id", villages)


class OfRegionQuerySet(ScopedQuerySet):
    """Rules and courses: changed in the own area, seen there and from below, where they hold."""

    view_permission = Permission.PARTY_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        found = set(visible_region_ids(user, permission))
        if permission == Permission.PARTY_VIEW:
            for region in posted_regions(user, permission):
                found.update(region.ancestor_ids)
        return among("region_id", sorted(found))
