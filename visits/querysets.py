"""Whose visits, rules and duties one may see."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.db.models import Q
from django.utils import timezone

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, posted_regions, visible_region_ids
from common.lookups import among
from households.querysets import OfHouseholdQuerySet


class VisitQuerySet(OfHouseholdQuerySet):
    def standing(self) -> Self:
        """Visits that were not made void."""
        return self.filter(voided_at=None)


class DutyQuerySet(OfHouseholdQuerySet):
    def due(self) -> Self:
        """What is missing in a period that still runs."""
        return self.filter(next_due_on__isnull=False, ends_on__gt=timezone.localdate())

    def overdue(self, day: dt.date | None = None) -> Self:
        """What should have been made by now, in periods that run and in those that are over."""
        return self.filter(next_due_on__lt=day or timezone.localdate())


class RuleQuerySet(ScopedQuerySet):
    """Rules of the own area and of the regions above, which hold there, too."""

    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        found = set(visible_region_ids(user, permission))
        if permission == self.view_permission:
            for region in posted_regions(user, permission):
                found.update(region.ancestor_ids)
        return among("region_id", sorted(found))
