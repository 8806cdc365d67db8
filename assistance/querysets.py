"""Row gates: what hangs off a household follows it; what hangs off a village is seen where the village is; money where it may be spent."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, posted_regions, visible_region_ids
from assistance.departments import MINE, own_rows
from common.lookups import among
from households.querysets import HouseholdFileQuerySet, OfHouseholdQuerySet


class OfKindQuerySet(OfHouseholdQuerySet):
    """Measures and deliveries: they follow their household. To a department, and only where it is asked for, those of its own kinds."""

    def scope(self, user: Any, permission: Permission) -> Q:
        return own_rows(user) if permission == MINE else super().scope(user, permission)


STANDS = Q(is_reversal=False, reversed_by=None)  # of a delivery: given, and not taken back


class DeliveryQuerySet(OfKindQuerySet):
    def standing(self) -> DeliveryQuerySet:
        """Deliveries that stand: neither taken back nor the taking back of another."""
        return self.filter(STANDS)


class DeliveryFileQuerySet(HouseholdFileQuerySet):
    """What hangs off a delivery."""

    household_lookup = "delivery__household"


class VillageQuerySet(ScopedQuerySet):
    """Rows of a village. By area only: a helper is paired with households, not with their village."""

    view_permission = Permission.HOUSEHOLD_VIEW
    village_lookup = "village_id"

    def scope(self, user: Any, permission: Permission) -> Q:
        return among(self.village_lookup, visible_region_ids(user, permission))


class ProjectFileQuerySet(VillageQuerySet):
    """What hangs off a village project."""

    village_lookup = "project__village_id"


class HouseFileQuerySet(VillageQuerySet):
    """What hangs off an idle house."""

    village_lookup = "house__village_id"


class EvidenceQuerySet(ScopedQuerySet):
    """A photo is seen where the thing it shows is. A department sees what was delivered, and nobody's signature."""

    view_permission = Permission.HOUSEHOLD_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        from assistance.models import Delivery, IdleHouse, VillageProject  # here, because models imports this module

        if permission == MINE:
            return Q(delivery__in=Delivery.objects.for_user(user, permission).order_by(), confirmations=None)
        return (
            Q(delivery__in=Delivery.objects.for_user(user, permission).order_by())
            | Q(project__in=VillageProject.objects.for_user(user, permission).order_by())
            | Q(house__in=IdleHouse.objects.for_user(user, permission).order_by())
        )


class FundQuerySet(ScopedQuerySet):
    """Funds of one's own area, and those of the county above it, which one may spend from."""

    view_permission = Permission.FUND_VIEW
    region_lookup = "region_id"

    def scope(self, user: Any, permission: Permission) -> Q:
        above = {pk for region in posted_regions(user, permission) for pk in region.ancestor_ids}
        return among(self.region_lookup, sorted(above | set(visible_region_ids(user, permission))))


class FundFileQuerySet(FundQuerySet):
    """What hangs off a fund."""

    region_lookup = "fund__region_id"


class LineQuerySet(FundQuerySet):
    region_lookup = "entry__fund__region_id"


class BatchQuerySet(ScopedQuerySet):
    """Subsidy lists of one's own area."""

    view_permission = Permission.FUND_PAY
    region_lookup = "region_id"

    def scope(self, user: Any, permission: Permission) -> Q:
        return among(self.region_lookup, visible_region_ids(user, permission))


class BatchRowQuerySet(BatchQuerySet):
    region_lookup = "batch__region_id"
