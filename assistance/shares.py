"""Where the money of deliveries came from."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Sum

from assistance.codelists import SOURCE
from assistance.models import Line

Shares = list[tuple[str, Decimal]]  # (code of the source, 元), in the order of the list of sources
_PLACE = {code.code: place for place, code in enumerate(SOURCE.codes)}


def shares_of(deliveries: Iterable[int]) -> dict[int, Shares]:
    """{delivery: money by source} of deliveries that came through the row gate. One query.

    Where a household's money came from belongs to its own file; the funds themselves need a permission of their own.
    """
    rows = (
        Line._base_manager.filter(delivery__in=list(deliveries))
        .order_by()
        .values_list("delivery", "entry__fund__source")
        .annotate(total=Sum("amount"))
    )
    found: dict[int, Shares] = {}
    for delivery, source, total in rows:
        found.setdefault(delivery, []).append((source, total))
    return {pk: sorted(shares, key=lambda share: _PLACE.get(share[0], 99)) for pk, shares in found.items()}


def added(parts: Iterable[Shares]) -> Shares:
    """Sums by source over several deliveries, without sources that come to nothing."""
    sums: dict[str, Decimal] = {}
    for shares in parts:
        for source, amount in shares:
            sums[source] = sums.get(source, Decimal(0)) + amount
    return sorted(((s, a) for s, a in sums.items() if a), key=lambda share: _PLACE.get(share[0], 99))


def in_words(shares: Shares) -> list[tuple[str, Decimal]]:
    """(label of the source, 元)."""
    return [(SOURCE.label(source), amount) for source, amount in shares]
