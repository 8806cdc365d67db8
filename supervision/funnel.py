"""One order on its way down, level by level and place by place: how many it reached at each step, how long that took, where it goes cold first.

Receipts are counted now, and the households of one village, too. Of more villages they are as they were last counted in each (`OrderVillage`),
which verbs do at once and the night does for what the floors below recorded meanwhile.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from accounts.scoping import posted_regions
from regions.models import Level, Region
from supervision import steps
from supervision.models import Order, OrderReceipt, OrderRevision, OrderVillage

SMALL = 20  # of fewer a share says less than the number itself


def share(part: int, whole: int) -> int | None:
    """Per cent; None where there is nothing to divide by, or too little."""
    return round(100 * part / whole) if whole >= SMALL else None


@dataclass
class Line:
    """A place, or all of them: who received, what became of the households."""

    region: Region | None
    townships: int = 0
    townships_received: int = 0
    villages: int = 0
    villages_received: int = 0
    asked: int = 0
    acted: int = 0
    seen: int = 0
    acted_days: int = 0
    seen_days: int = 0

    def add(self, row: OrderVillage, received: bool) -> None:
        self.villages += 1
        self.villages_received += received
        for name in ("asked", "acted", "seen", "acted_days", "seen_days"):
            setattr(self, name, getattr(self, name) + getattr(row, name))

    def missing(self, step: str) -> int:
        """How many have not reached a step."""
        match step:
            case "townships":
                return self.townships - self.townships_received
            case "villages":
                return self.villages - self.villages_received
            case "acted":
                return self.asked - self.acted
        return self.asked - self.seen

    @property
    def unseen(self) -> int:
        return self.acted - self.seen


@dataclass(frozen=True)
class Step:
    """A step of the funnel. `part` of `whole` have reached it; `days` is how long it took on average, None where nothing can be said."""

    code: str
    title: Any
    part: int
    whole: int
    unit: Any
    days: float | None = None
    lack: Any = ""  # what is missing of who has not reached it

    @property
    def share(self) -> int | None:
        return share(self.part, self.whole)

    @property
    def width(self) -> float:
        """Of its bar: 0 to 100."""
        return round(100 * self.part / self.whole, 2) if self.whole else 0.0

    @property
    def missing(self) -> int:
        return self.whole - self.part


@dataclass
class Funnel:
    order: Order
    at: Region | None
    steps: list[Step] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    whole: Line = field(default_factory=lambda: Line(None))
    since: dt.datetime | None = None

    @property
    def coldest(self) -> tuple[Step, Step] | None:
        """The two steps between which most is lost, as a share of what could have been reached; None where nothing is lost."""
        losses = [
            (before.part / before.whole - after.part / after.whole, -n, before, after)
            for n, (before, after) in enumerate(zip(self.steps, self.steps[1:], strict=False))
            if before.whole and after.whole
        ]
        worst = max(losses, default=None, key=lambda loss: loss[:2])
        return worst[2:] if worst is not None and worst[0] > 0 else None

    @property
    def sentence(self) -> str:
        """Where it goes cold first, and in which place most of it."""
        found = self.coldest
        if found is None:
            return _("各环节都跟上了。") if self.whole.asked else _("这件部署没有对应的农户。")
        before, after = found
        said = _("最先凉在“%(before)s”到“%(after)s”之间：%(whole)s %(unit)s中有 %(missing)s %(unit)s%(lack)s。") % {
            "before": before.title, "after": after.title, "whole": f"{after.whole:,}", "missing": f"{after.missing:,}", "unit": after.unit,
            "lack": after.lack,
        }  # fmt: skip
        return said + self._placed(self._worst_place(after.code), after)

    def _placed(self, place: tuple[str, int] | None, step: Step) -> str:
        if place is None:
            return ""
        return _("其中%(name)s最多，%(missing)s %(unit)s。") % {"name": place[0], "missing": f"{place[1]:,}", "unit": step.unit}  # fmt: skip

    def _worst_place(self, code: str) -> tuple[str, int] | None:
        """(name, number missing) of the place that lacks most at a step; None where there is but one."""
        if len(self.lines) < 2:
            return None
        worst = max(self.lines, key=lambda line: line.missing(code))
        lacks = worst.missing(code)
        return (worst.region.name, lacks) if worst.region is not None and lacks else None


def funnel_of(user: Any, order: Order, at: Region | None = None) -> Funnel:
    """An order as far as the user sees it, in `at` or everywhere. Two queries."""
    rows = OrderVillage.objects.for_user(user).filter(order=order).select_related("village__parent")
    if at is not None:
        rows = rows.filter(village__path__startswith=at.path)
    found = sorted(rows, key=lambda row: (row.village.code, row.village_id))
    if len(found) == 1:
        found = _counted_now(order, found)
    receipts = {
        r.region_id: r
        for r in OrderReceipt.objects.for_user(user).filter(order=order, version=order.version).order_by("pk")
    }
    made = Funnel(order, at)
    made.since = min((row.counted_at for row in found if row.counted_at), default=None)
    by_township = at is None and order.region.level < Level.TOWNSHIP and len({r.village.parent_id for r in found}) > 1
    lines: dict[int, Line] = {}
    townships: dict[int, bool] = {}
    for row in found:
        township = row.village.parent
        place = township if by_township and township is not None else row.village
        line = lines.setdefault(place.pk, Line(place))
        received = row.village_id in receipts
        line.add(row, received)
        made.whole.add(row, received)
        if township is not None and township.pk != order.region_id:
            townships[township.pk] = township.pk in receipts
            if by_township:
                line.townships, line.townships_received = 1, int(township.pk in receipts)
    # A township is asked once, whatever the number of its villages; it is no step of one village, nor seen from there.
    of_village = at is not None and at.level == Level.VILLAGE
    visible = townships if _stands_above_villages(user) and not of_village else {}
    made.whole.townships, made.whole.townships_received = len(visible), sum(visible.values())
    made.lines = sorted(lines.values(), key=lambda line: (line.region.code, line.region.pk) if line.region else ("", 0))
    made.steps = _steps(made.whole, _given_on(order), receipts, visible)
    return made


def _given_on(order: Order) -> dt.date:
    """The day of the version that is to be received."""
    if order.version == 1:
        return order.issued_on
    revision = OrderRevision._base_manager.get(order=order, version=order.version)
    return timezone.localtime(revision.at).date()


def _counted_now(order: Order, rows: list[OrderVillage]) -> list[OrderVillage]:
    """The rows with what is true now."""
    fresh = {row.pk: row for row in steps.count(order, [row.village_id for row in rows])}
    for row in rows:
        for name in ("asked", "acted", "seen", "acted_days", "seen_days", "counted_at"):
            setattr(row, name, getattr(fresh[row.pk], name))
    return rows


def _stands_above_villages(user: Any) -> bool:
    return any(region.level <= Level.TOWNSHIP for region in posted_regions(user, Permission.ORDER_VIEW))


def _steps(whole: Line, given: dt.date, receipts: Mapping[int, OrderReceipt], townships: Iterable[int]) -> list[Step]:
    """`given` is the day from which receipts are waited for."""
    place, house, unread = _("个村"), _("户"), _("还没有签收")
    made = [Step("issued", _("下达"), whole.villages, whole.villages, place)]
    upper = set(townships)
    if upper:
        days = _days([r for pk, r in receipts.items() if pk in upper], given)
        made.append(
            Step("townships", _("乡镇签收"), whole.townships_received, whole.townships, _("个乡镇"), days, unread)
        )
    days = _days([r for pk, r in receipts.items() if pk not in upper], given)
    made.append(Step("villages", _("村签收"), whole.villages_received, whole.villages, place, days, unread))
    days = _mean(whole.acted_days, whole.acted)
    made.append(Step("acted", _("办理"), whole.acted, whole.asked, house, days, _("还没有办理")))
    days = _mean(whole.seen_days, whole.seen)
    made.append(Step("seen", _("农户见到"), whole.seen, whole.asked, house, days, _("还没有让农户见到")))
    return made


def _days(receipts: Iterable[OrderReceipt], given: dt.date) -> float | None:
    spans = [(timezone.localtime(r.at).date() - given).days for r in receipts]
    return round(statistics.mean(spans), 1) if spans else None


def _mean(total: int, number: int) -> float | None:
    return round(total / number, 1) if number else None


def said_days(days: float | None) -> str:
    """3.5 天; "" where nothing can be said."""
    return "" if days is None else ngettext("平均 %(days)s 天", "平均 %(days)s 天", int(days)) % {"days": f"{days:g}"}
