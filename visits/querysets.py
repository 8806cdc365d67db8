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

    def counted(self) -> Self:
        """Visits and calls that count for what was asked: not void, and somebody was met."""
        return self.standing().exclude(met=["nobody"])


class DutyQuerySet(OfHouseholdQuerySet):
    def running(self, day: dt.date | None = None) -> Self:
        """Of periods that run on a day or are to come."""
        return self.filter(over=False, ends_on__gt=day or timezone.localdate())

    def missing(self, day: dt.date | None = None) -> Self:
        """Of which something is still to be made while the period runs."""
        return self.running(day).filter(next_due_on__isnull=False)

    def due(self, day: dt.date | None = None) -> Self:
        """What is still to be made, in time."""
        return self.running(day).filter(next_due_on__gte=day or timezone.localdate())

    def overdue(self, day: dt.date | None = None) -> Self:
        """What should have been made by now and can still be made: its period runs."""
        return self.running(day).filter(next_due_on__lt=day or timezone.localdate())

    def done(self, day: dt.date | None = None) -> Self:
        return self.running(day).filter(next_due_on=None)

    def missed(self) -> Self:
        """What was not made before its period was over, as the night put it aside."""
        return self.filter(over=True, next_due_on__isnull=False)


class RuleQuerySet(ScopedQuerySet):
    """Rules of the own area and of the regions above, which hold there, too."""

    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        found = set(visible_region_ids(user, permission))
        if permission == self.view_permission:
            for region in posted_regions(user, permission):
                found.update(region.ancestor_ids)
        return among("region_id", sorted(found))


class TallyQuerySet(ScopedQuerySet):
    """Counts of the villages of the own area; households that one helps elsewhere are not in it."""

    view_permission = Permission.HOUSEHOLD_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return among("village_id", visible_region_ids(user, permission))
