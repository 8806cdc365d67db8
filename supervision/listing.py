"""Orders and appraisals as lists and pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions
from common import pages
from common.charts import Bar, bars
from common.lookups import among
from regions.models import Level, Region
from supervision import items
from supervision.funnel import Line
from supervision.models import Appraisal, Order, OrderReceipt, OrderVillage
from supervision.services.orders import receivers_of

STATE_TONES = {"issued": "blue", "closed": "green", "withdrawn": "grey"}
APPRAISAL_TONES = {"computed": "grey", "shown": "amber", "commented": "amber", "answered": "blue", "final": "green"}
ROUND_TONES = {"computing": "grey", "open": "blue", "closed": "green", "discarded": "grey"}


# -- orders -----------------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class OrderRow:
    """A line of the list of orders: its four numbers, of the villages the user sees."""

    order: Order
    line: Line

    @property
    def tone(self) -> str:
        return "red" if self.order.is_late else STATE_TONES[self.order.state]

    @property
    def figures(self) -> list[tuple[str, str, Bar]]:
        """(label, text, bar) of issued, received, acted, seen."""
        line = self.line
        pairs = (
            (_("下达"), line.villages, line.villages, _("村")),
            (_("签收"), line.villages_received, line.villages, _("村")),
            (_("办理"), line.acted, line.asked, _("户")),
            (_("农户见到"), line.seen, line.asked, _("户")),
        )
        drawn = bars([(label, part / whole if whole else 0) for label, part, whole, _u in pairs], largest=1)
        return [
            (label, f"{part:,}/{whole:,} {unit}" if n else f"{part:,} {unit}", drawn[n])
            for n, (label, part, whole, unit) in enumerate(pairs)
        ]


def order_rows(user: Any, orders: Sequence[Order]) -> list[OrderRow]:
    """Two queries for a page of orders."""
    keys = [order.pk for order in orders]
    lines = {pk: Line(None) for pk in keys}
    sums = {name: Sum(name) for name in ("asked", "acted", "seen")}
    given = OrderVillage.objects.for_user(user).filter(among("order_id", keys)).order_by()
    for row in given.values("order_id").annotate(villages=Count("pk"), **sums):
        line = lines[row["order_id"]]
        line.villages, line.asked, line.acted, line.seen = (row[n] for n in ("villages", "asked", "acted", "seen"))
    versions = {order.pk: order.version for order in orders}
    got = OrderReceipt.objects.for_user(user).filter(among("order_id", keys), region__level=Level.VILLAGE).order_by()
    for pk, version, number in got.values_list("order_id", "version").annotate(n=Count("pk")):
        if versions[pk] == version:
            lines[pk].villages_received = number
    return [OrderRow(order, lines[order.pk]) for order in orders]


def places_of(user: Any, order: Order) -> Any:
    """The townships and villages that are to receive an order and that the user sees; townships for who stands at or above one."""
    above = any(region.level <= Level.TOWNSHIP for region in posted_regions(user, Permission.ORDER_VIEW))
    keys = [
        region.pk
        for region in receivers_of(order).values()
        if may_in(user, Permission.ORDER_VIEW, region) and (above or region.level == Level.VILLAGE)
    ]
    return Region.objects.filter(pk__in=keys)


def counted_since(user: Any) -> Any:
    """When the oldest of the counts of orders that run was made; None where there is none."""
    rows = OrderVillage.objects.for_user(user).filter(order__state=Order.State.ISSUED)
    return rows.order_by().aggregate(since=Min("counted_at"))["since"]


def counted_orders(count: pages.Count) -> str:
    if count.capped:
        return _("一万件以上")
    return _("共 %(count)s 件") % {"count": f"{count.value:,}"}


# -- appraisals -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A part of an item with the list behind it."""

    label: Any
    value: int
    url: str


@dataclass(frozen=True)
class ItemRow:
    """An item of one cadre as its page shows it."""

    title: Any
    meaning: Any
    weight: int | None  # None: not counted by the scheme
    value: Decimal | None  # per cent
    figures: Sequence[Figure]
    changed: Sequence[str] = ()  # sentences: what the records say now

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be read: nothing was due, nothing was done."""
        return not any(figure.value for figure in self.figures)


def item_rows(appraisal: Appraisal, url: Any, now: Mapping[str, Any] | None = None) -> list[ItemRow]:
    """Every item there is; `url(code, part)` leads to a list, `now` are figures computed just now. Items the scheme leaves out come last."""
    weights = appraisal.round.scheme.weights
    found = []
    for item in sorted(items.every(), key=lambda item: item.code not in weights):
        own = appraisal.items.get(item.code, {})
        value = items.value_of(own)
        changed = [
            _("%(part)s现在是 %(now)s") % {"part": item.parts[part], "now": number}
            for part, number in (now or {}).get(item.code, {}).items()
            if now is not None and number != own.get(part, 0)
        ]
        figures = [Figure(label, own.get(part, 0), url(item.code, part)) for part, label in item.parts.items()]
        percent = None if value is None else (100 * value).quantize(Decimal("0.1"))
        found.append(ItemRow(item.title, item.meaning, weights.get(item.code), percent, figures, changed))
    return found


def counted_items(rows: Sequence[ItemRow]) -> str:
    """Of how many items the score is made, where something was left out; else ""."""
    weighed = [row for row in rows if row.weight is not None]
    used = [row for row in weighed if row.value is not None]
    if not used or len(used) == len(weighed):
        return ""
    weight = sum(row.weight or 0 for row in used)
    return _("只按 %(count)s 个项目（权重 %(weight)s%%）折算，其余没有应办的事项。") % {
        "count": len(used),
        "weight": weight,
    }


@dataclass(slots=True)
class AppraisalRow:
    appraisal: Appraisal

    @property
    def tone(self) -> str:
        return APPRAISAL_TONES[self.appraisal.state]


def appraisal_rows(found: Iterable[Appraisal]) -> list[AppraisalRow]:
    return [AppraisalRow(appraisal) for appraisal in found]


def counted_people(count: pages.Count) -> str:
    if count.capped:
        return _("一万人以上")
    return ngettext("共 %(count)s 人", "共 %(count)s 人", count.value) % {"count": f"{count.value:,}"}
