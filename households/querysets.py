"""The row gate of everything that hangs off a household, and the words lists are filtered with."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.roles import GRANTS, Permission, Role
from accounts.scoping import ScopedQuerySet, posted_regions, visible_region_ids
from common.lookups import among


def _pairings_of(user: Any) -> Any:
    from households.models import Pairing

    return Pairing.objects.current().filter(cadre__user_id=user.pk)


def paired_household_ids(user: Any) -> list[int]:
    """Households whose helper this user is today; one query a request."""
    # By attribute: `request.user` is a lazy wrapper whose own `__dict__` is not the user's.
    if not hasattr(user, "_paired_ids"):
        user._paired_ids = list(_pairings_of(user).order_by().values_list("household_id", flat=True))
    return user._paired_ids


def is_paired(user: Any) -> bool:
    return bool(paired_household_ids(user))


Reach = tuple[list[int], list[int]]  # regions, paired households


def _reach(user: Any, permission: Permission) -> Reach:
    """How a user comes to see households: by area; by pairing, where there are any."""
    paired = paired_household_ids(user) if permission in GRANTS[Role.HELPER] else []
    return visible_region_ids(user, permission), paired


def _ways(reach: Reach | None, household: str) -> tuple[Q, ...]:
    """A reach as conditions on rows with a `village` and the key `household`: by area and, where there are any, by pairing."""
    if reach is None:
        return ()
    regions, paired = reach
    area = among("village_id", regions) if regions else Q(pk__in=[])
    return (area, among(household, paired)) if paired else (area,)


class HouseholdQuerySet(ScopedQuerySet):
    """Households. Two literal id lists (area, paired) make the scope: see `accounts.scoping`."""

    view_permission = Permission.HOUSEHOLD_VIEW
    _reach: Reach | None = None  # of whoever these rows are for

    def scope(self, user: Any, permission: Permission) -> Q:
        return functools.reduce(operator.or_, _ways(_reach(user, permission), "pk"))

    def for_user(self, user: Any, permission: Permission | None = None) -> Self:
        found = super().for_user(user, permission)
        if not found.query.is_empty():
            found._reach = _reach(user, permission or self.view_permission)
        return found

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._reach = self._reach
        return clone

    @property
    def of_members(self) -> tuple[Q, ...]:
        """The scope, asked of members: by area, by pairing; empty where the rows are for nobody in particular."""
        return _ways(self._reach, "household_id")

    def apart(self) -> list[Self]:
        """The same rows as querysets without a row in common: those of the area, and those of pairings elsewhere.

        For counting: the OR of both makes PostgreSQL read the rows, one after the other they are counted in an index. So the OR, which
        stands in the query as the scope put it there, gives way to its halves; where it cannot be found, all stays as it is.
        """
        ways = _ways(self._reach, "pk")
        if len(ways) < 2:
            return [self]
        area, paired = ways
        either = self.model._base_manager.filter(area | paired).query.where.children[0]
        bare = self._chain()
        where = bare.query.where
        others = [child for child in where.children if child != either]
        if where.connector != Q.AND or where.negated or len(others) != len(where.children) - 1:
            return [self]
        where.children = others
        return [bare.filter(area), bare.filter(paired, ~area)]

    def active(self) -> HouseholdQuerySet:
        """Households that exist: not merged away, not closed."""
        return self.filter(closed_on=None)

    def unpaired(self) -> HouseholdQuerySet:
        """Households without a helper today. Who sees to one request of theirs is none."""
        from households.models import Pairing

        return self.filter(~Exists(Pairing.objects.current().ordinary().filter(household=OuterRef("pk"))))

    def paired(self) -> HouseholdQuerySet:
        """Households that have a helper today."""
        from households.models import Pairing

        return self.filter(Exists(Pairing.objects.current().ordinary().filter(household=OuterRef("pk"))))


class HouseholdFileQuerySet(ScopedQuerySet):
    """Base of the tables that hang off a household: what you may do with them, you may do in that household."""

    view_permission = Permission.HOUSEHOLD_VIEW
    household_lookup = "household"

    def scope(self, user: Any, permission: Permission) -> Q:
        from households.models import Household  # here, because models imports this module

        return Q(**{f"{self.household_lookup}__in": Household.objects.for_user(user, permission).order_by()})


class OfHouseholdQuerySet(ScopedQuerySet):
    """Rows that carry their household's village (`households.models.OfHousehold`): long lists of a county are read in an index of theirs."""

    view_permission = Permission.HOUSEHOLD_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return functools.reduce(operator.or_, _ways(_reach(user, permission), "household_id"))


class MemberQuerySet(HouseholdFileQuerySet):
    def present(self) -> MemberQuerySet:
        """Members who have not left."""
        return self.filter(left_on=None)


class YearFileQuerySet(HouseholdFileQuerySet):
    """Tables that hang off a household's or a member's year."""

    household_lookup = "household_year__household"


class MemberYearQuerySet(HouseholdFileQuerySet):
    household_lookup = "member__household"


class PairingQuerySet(HouseholdFileQuerySet):
    def current(self, day: dt.date | None = None) -> PairingQuerySet:
        day = day or timezone.localdate()
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)

    def ordinary(self) -> PairingQuerySet:
        """Helpers of a household, not those who see to one request of it (点对点)."""
        return self.exclude(mode="point_to_point")


class HandOverQuerySet(ScopedQuerySet):
    """A hand-over is seen by who may see cadres where a household of it is."""

    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        from households.models import HandOverLine

        lines = HandOverLine.objects.filter(hand_over=OuterRef("pk"))
        return Q(Exists(lines.filter(among("household__village_id", visible_region_ids(user, permission)))))


class PairingRuleQuerySet(ScopedQuerySet):
    """Rules are read by whom they hold for, too: those of the own area and of the regions above it."""

    view_permission = Permission.CADRE_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        found = set(visible_region_ids(user, permission))
        if permission == Permission.CADRE_VIEW:
            for region in posted_regions(user, permission):
                found.update(region.ancestor_ids)
        return among("region_id", sorted(found))


class MatchingRunQuerySet(ScopedQuerySet):
    """Proposals of the own area: of its regions, of units in it, of cadres of such units."""

    view_permission = Permission.PAIRING_EDIT

    def scope(self, user: Any, permission: Permission) -> Q:
        regions = visible_region_ids(user, permission)
        return (
            among("region_id", regions)
            | among("unit__region_id", regions)
            | among("leaving__unit__region_id", regions)
            | Q(asked_by=user.username)
        )


class MatchingRowQuerySet(HouseholdFileQuerySet):
    view_permission = Permission.PAIRING_EDIT
