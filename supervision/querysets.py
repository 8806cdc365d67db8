"""Whose appraisals and orders one may see. An appraisal is seen by its cadre once it was shown, and by the offices above; by no other cadre."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Exists, OuterRef, Q

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, posted_regions, visible_region_ids
from common.lookups import among


def own_and_above(user: Any, permission: Permission) -> list[int]:
    """The regions of the user's area and those above it: what is decided there holds here."""
    found = set(visible_region_ids(user, permission))
    for region in posted_regions(user, permission):
        found.update(region.ancestor_ids)
    return sorted(found)


class FromAboveQuerySet(ScopedQuerySet):
    """Rows of a region that are read below it, too, and changed only where the permission is held."""

    view_permission = Permission.APPRAISAL_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        own = permission != self.view_permission
        return among("region_id", visible_region_ids(user, permission) if own else own_and_above(user, permission))


class AppraisalQuerySet(ScopedQuerySet):
    """Appraisals of rounds of the own area, and of cadres whose unit stands in it; one's own from the day it was shown."""

    view_permission = Permission.APPRAISAL_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        area = visible_region_ids(user, permission)
        found = among("round__region_id", area)
        return found | among("cadre__unit__region_id", area) if permission == self.view_permission else found

    def for_user(self, user: Any, permission: Permission | None = None) -> Self:
        if permission not in (None, self.view_permission):
            return super().for_user(user, permission)
        if not getattr(user, "is_active", False):
            return self.none()
        rows = own(user)
        if user.can(self.view_permission):
            rows |= self.scope(user, self.view_permission)
        return self.filter(rows)

    def standing(self) -> Self:
        """Those of rounds that were not taken back."""
        return self.exclude(round__state="discarded")


def own(user: Any) -> Q:
    """The condition of a cadre's own appraisals, once shown."""
    return Q(cadre__user=user.pk) & ~Q(state="computed") & ~Q(round__state="discarded")


class OfAppraisalQuerySet(ScopedQuerySet):
    """What hangs off an appraisal."""

    view_permission = Permission.APPRAISAL_VIEW

    def for_user(self, user: Any, permission: Permission | None = None) -> Self:
        from supervision.models import Appraisal  # here, because models imports this module

        return self.filter(appraisal__in=Appraisal.objects.for_user(user, permission).order_by())


class OrderQuerySet(ScopedQuerySet):
    """Orders issued in the own area, and those that address a village of it."""

    view_permission = Permission.ORDER_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        from supervision.models import OrderVillage

        area = visible_region_ids(user, permission)
        issued = among("region_id", area)
        if permission == Permission.ORDER_ISSUE:
            return issued
        return issued | Q(Exists(OrderVillage._base_manager.filter(among("village_id", area), order=OuterRef("pk"))))


class OrderVillageQuerySet(ScopedQuerySet):
    """What an order asks of the villages of the own area."""

    view_permission = Permission.ORDER_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return among("village_id", visible_region_ids(user, permission))


class OrderReceiptQuerySet(ScopedQuerySet):
    view_permission = Permission.ORDER_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return among("region_id", visible_region_ids(user, permission))


class OfOrderQuerySet(ScopedQuerySet):
    """What hangs off an order."""

    view_permission = Permission.ORDER_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        from supervision.models import Order

        return Q(order__in=Order.objects.for_user(user, permission).order_by())
