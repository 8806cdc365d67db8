"""What households received, for `plans.received`: deliveries that stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistance.models import Delivery, Measure, PayBatch
from catalogue.models import MeasureKind
from common.lookups import among
from plans.received import Receipt


def received(households: Sequence[int], since: int) -> Iterable[Receipt]:
    """One for each household, member, kind and year of the measure, from `since` on; one query. Whoever calls has passed the row gate."""
    rows = Delivery.objects.standing().filter(among("household_id", list(households)), measure__year__gte=since)
    names = ("household_id", "member_id", "kind__code", "measure__year")
    return [Receipt(*row) for row in rows.order_by().values_list(*names).distinct()]


def used(kind: MeasureKind) -> bool:
    """For `catalogue.usage`: whether a measure of this kind was ever proposed, or a subsidy list names it."""
    return Measure.objects.filter(kind=kind).exists() or PayBatch.objects.filter(kind=kind).exists()
