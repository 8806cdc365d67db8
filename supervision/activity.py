"""What each level did in a month, side by side: orders given and received, visits, surveys, deliveries, and what households confirmed.

Orders and receipts are counted now. What villages recorded is kept by village and month (`ActivityCount`), by night for this month and the
last, and when somebody asks for it; the lists behind the figures are read now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import posted_regions, visible_region_ids
from assistance.models import Confirmation, Delivery
from common import dates
from common.lookups import among
from regions.models import Level, Region
from supervision.counted import tell_delivery, whose
from supervision.items import Told
from supervision.models import ActivityCount, Order, OrderReceipt
from surveys.models import Survey
from surveys.progress import STANDING, STATE_OF
from visits.codelists import MET
from visits.models import Visit

PLACE = ("household__village", "household__township")


@dataclass(frozen=True)
class Kind:
    """A column: rows of one table by day and village. `meaning` says what is counted."""

    code: str
    title: Any
    meaning: Any
    model: Any
    rows: Callable[[dt.date, dt.date], Any]  # from a day to the day before another
    village: str
    related: tuple[str, ...]
    tell: Callable[[Any], Told]


def _visits(manner: str) -> Callable[[dt.date, dt.date], Any]:
    return lambda first, after: Visit._base_manager.filter(voided_at=None, manner=manner, on__gte=first, on__lt=after)


def _surveys(first: dt.date, after: dt.date) -> Any:
    states = [STATE_OF[stage] for stage in STANDING]
    return Survey._base_manager.filter(
        purpose=Survey.Purpose.SURVEY, state__in=states, surveyed_on__gte=first, surveyed_on__lt=after
    )


def _deliveries(first: dt.date, after: dt.date) -> Any:
    return Delivery._base_manager.filter(is_reversal=False, reversed_by=None, on__gte=first, on__lt=after)


def _confirmations(first: dt.date, after: dt.date) -> Any:
    return Confirmation._base_manager.filter(
        received=True, delivery__is_reversal=False, delivery__reversed_by=None, on__gte=first, on__lt=after
    )


def _tell_visit(row: Visit) -> Told:
    met = "、".join(MET.label(code) for code in row.met)
    return Told(
        whose(row),
        f"{dates.written(row.on)} · {row.visitor.name} · {_('见到：%(who)s') % {'who': met}}",
        row.household.get_absolute_url(),
    )


def _tell_survey(row: Survey) -> Told:
    meta = f"{dates.written(row.surveyed_on)} · {row.surveyor.name} · {row.get_state_display()}"
    return Told(whose(row), meta, reverse("surveys:survey_detail", args=[row.pk]))


def _tell_confirmation(row: Confirmation) -> Told:
    d = row.delivery
    meta = f"{d.kind.title} · {dates.written(row.on)} · {row.get_way_display()}"
    return Told(whose(d), meta, reverse("assistance:measure_detail", args=[d.measure_id]))


def tell_receipt(row: OrderReceipt) -> Told:
    """A receipt as a list shows it."""
    meta = f"{row.region.name} · {timezone.localtime(row.at):%Y-%m-%d %H:%M}" + (f" · {row.note}" if row.note else "")
    return Told(row.order.title, meta, reverse("supervision:order_detail", args=[row.order_id]))


KINDS = {
    kind.code: kind
    for kind in (
        Kind("visits", gettext_lazy("走访"), gettext_lazy("入户走访，不含电话和作废的"), Visit, _visits("visit"), "village_id", (*PLACE, "visitor"), _tell_visit),
        Kind("calls", gettext_lazy("电话"), gettext_lazy("电话联系"), Visit, _visits("call"), "village_id", (*PLACE, "visitor"), _tell_visit),
        Kind("surveys", gettext_lazy("调查"), gettext_lazy("调查日期在本月、已经上报的入户调查"), Survey, _surveys, "household__village_id", (*PLACE, "surveyor"), _tell_survey),
        Kind("deliveries", gettext_lazy("落实"), gettext_lazy("本月落实、没有冲回的帮扶措施"), Delivery, _deliveries, "village_id", (*PLACE, "kind", "confirmation"), tell_delivery),
        Kind(
            "confirmations", gettext_lazy("农户确认"), gettext_lazy("农户本月确认收到的措施"), Confirmation, _confirmations, "delivery__village_id",
            ("delivery__household__village", "delivery__household__township", "delivery__kind"), _tell_confirmation,
        ),
    )
}  # fmt: skip


def month_of(asked: str) -> dt.date:
    """The first day of "2026-03"; of this month where that is none, or one to come."""
    this = timezone.localdate().replace(day=1)
    try:
        found = dt.date.fromisoformat(f"{asked}-01")
    except ValueError:
        return this
    return min(max(found, dt.date(2010, 1, 1)), this)


def after(month: dt.date) -> dt.date:
    """The first day of the next month."""
    return (month + dt.timedelta(days=32)).replace(day=1)


def before(month: dt.date) -> dt.date:
    return (month - dt.timedelta(days=1)).replace(day=1)


# -- counting ---------------------------------------------------------------------------------------------------------------------------


def recount(month: dt.date, villages: Collection[int]) -> None:
    """Keep what these villages recorded in a month, as it is now. One query a kind."""
    now = timezone.now()
    found = {pk: ActivityCount(village_id=pk, month=month, counted_at=now) for pk in villages}
    for code, kind in KINDS.items():
        rows = kind.rows(month, after(month)).filter(among(kind.village, villages))
        for pk, number in rows.order_by().values_list(kind.village).annotate(n=Count("pk")):
            setattr(found[pk], code, number)
    ActivityCount._base_manager.bulk_create(
        found.values(), batch_size=500, update_conflicts=True, unique_fields=["village", "month"], update_fields=[*KINDS, "counted_at"]
    )  # fmt: skip


def recount_lately() -> None:
    """This month and the last, everywhere: the work of every night."""
    villages = list(Region.objects.filter(level=Level.VILLAGE).order_by().values_list("pk", flat=True))
    this = timezone.localdate().replace(day=1)
    for month in (before(this), this):
        recount(month, villages)


# -- lines ------------------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """A region with what happened in it. `county` and `township` are orders of these levels that address it; `counts` None where never counted."""

    region: Region | None
    county: int = 0
    township: int = 0
    receipts: int = 0
    counts: dict[str, int] | None = None


@dataclass
class Month:
    """The page: lines below a region, their sum, and when the oldest of the counts was made."""

    month: dt.date
    lines: list[Line] = field(default_factory=list)
    whole: Line = field(default_factory=lambda: Line(None))
    since: dt.datetime | None = None


def side_by_side(user: Any, at: Region | None, below: Iterable[Region], month: dt.date) -> Month:
    """A line for each of the regions `below` `at` (None: for each of one's own). A fixed number of queries."""
    visible = set(visible_region_ids(user, Permission.ORDER_VIEW))
    own = {top.pk: top for top in posted_regions(user, Permission.ORDER_VIEW)}
    rows = sorted(own.values() if at is None else ([at] if at.level == Level.VILLAGE else below), key=lambda r: (r.code, r.pk))  # fmt: skip
    inside = [at] if at is not None else rows
    paths = _villages(inside, visible)
    found = Month(month)
    counts = {
        row["village_id"]: row
        for row in ActivityCount.objects.for_user(user)
        .filter(among("village_id", paths), month=month)
        .order_by()
        .values("village_id", "counted_at", *KINDS)
    }
    found.since = min((row["counted_at"] for row in counts.values()), default=None)
    orders = _orders(user, month, paths)
    receipts = _receipts(user, month, inside)
    for region in rows:
        found.lines.append(_line(region, paths, counts, orders, receipts))
    found.whole = _line(None, paths, counts, orders, receipts)
    return found


def _villages(inside: Iterable[Region], visible: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for region in inside:
        rows = Region.objects.within(region).filter(level=Level.VILLAGE).order_by("pk").values_list("pk", "path")
        found |= {pk: path for pk, path in rows if pk in visible}
    return found


def _orders(user: Any, month: dt.date, villages: Mapping[int, str]) -> list[tuple[int, int, str]]:
    """(order, level of who issued it, path of a village it addresses) of the month."""
    rows = Order.objects.for_user(user).filter(issued_on__gte=month, issued_on__lt=after(month)).exclude(state=Order.State.WITHDRAWN)  # fmt: skip
    pairs = rows.order_by().values_list("pk", "region__level", "villages__village_id")
    return [(pk, level, villages[village]) for pk, level, village in pairs if village in villages]


def _receipts(user: Any, month: dt.date, inside: Iterable[Region]) -> list[tuple[str, int]]:
    """(path of who received, how many) in the month."""
    rows = OrderReceipt.objects.for_user(user).filter(at__date__gte=month, at__date__lt=after(month))
    found = rows.order_by().values_list("region__path").annotate(n=Count("pk"))
    return [(path, number) for path, number in found if any(path.startswith(region.path) for region in inside)]


def _line(region: Region | None, villages: Mapping[int, str], counts: Mapping[int, Any], orders: Iterable[tuple[int, int, str]],
          receipts: Iterable[tuple[str, int]]) -> Line:  # fmt: skip
    def here(path: str) -> bool:
        return region is None or path.startswith(region.path)

    line = Line(region)
    issued = {(pk, level) for pk, level, path in orders if here(path)}
    line.county = sum(level == Level.COUNTY for _pk, level in issued)
    line.township = sum(level == Level.TOWNSHIP for _pk, level in issued)
    line.receipts = sum(number for path, number in receipts if here(path))
    own = [counts[pk] for pk, path in villages.items() if here(path) and pk in counts]
    if own:
        line.counts = {code: sum(row[code] for row in own) for code in KINDS}
    return line


def listed(user: Any, kind: Kind, month: dt.date, region: Region | None) -> Any:
    """The rows behind a figure that the user may see."""
    rows = kind.model.objects.for_user(user).filter(pk__in=kind.rows(month, after(month)).order_by().values("pk"))
    keys = visible_region_ids(user, Permission.ORDER_VIEW)
    if region is not None:
        inside = Region.objects.within(region).filter(level=Level.VILLAGE).order_by().values_list("pk", flat=True)
        keys = [pk for pk in inside if pk in set(keys)]
    return rows.filter(among(kind.village, keys))


def receipts(user: Any, month: dt.date, region: Region | None, visible: Collection[int]) -> Any:
    """The receipts of a month that the user may see, of a region or of all that is `visible`."""
    rows = OrderReceipt.objects.for_user(user).filter(at__date__gte=month, at__date__lt=after(month))
    if region is not None:
        return rows.filter(region__path__startswith=region.path)
    return rows.filter(among("region_id", visible))


__all__ = [
    "KINDS",
    "Kind",
    "Line",
    "Month",
    "after",
    "before",
    "listed",
    "month_of",
    "receipts",
    "recount",
    "recount_lately",
    "side_by_side",
    "tell_receipt",
]
