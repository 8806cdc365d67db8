"""How far an order has come, household by household: asked of, acted on, seen by the household itself. Sums and lists both follow from here.

What counts, from the day of issue to today (or the day the order ended):

| the order follows | acted on | seen by the household |
|---|---|---|
| a survey round | a first-hand survey of the round's year was sent | that survey carries the household's signature |
| a visit rule | a visit (or call) in the rule's capacity | one in which somebody of the household was met |
| a kind of measure | a delivery that stands | the household confirmed that it received it |
| nothing: by hand | an act was registered | afterwards somebody of the household was met on a visit or a call |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import Count, DateField, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assistance.models import Confirmation, Delivery
from common.lookups import among
from households.models import Household
from households.models.status import MONITORED
from regions.models import Level, Region
from supervision.models import Order, OrderAction, OrderVillage
from surveys.models import Survey, SurveyPhoto
from surveys.progress import NOT_REGISTERED, STANDING, STATE_OF
from visits.models import Visit

# The members of a household, as a visit writes down whom it met (`visits.codelists.MET`).
OWN_PEOPLE = ["householder", "spouse", "elder", "adult", "child"]
SIGNATURE = "signature"  # the field of the survey form that the household signs

STEPS = {"asked": _("下达到户"), "acted": _("已办理"), "seen": _("农户见到")}
LISTS = STEPS | {"idle": _("还没有办理"), "unseen": _("已办理，农户还没有见到")}
MEANINGS = {
    Order.Kind.SURVEY: (_("下达以后上报了入户调查"), _("这份调查有农户的签名")),
    Order.Kind.VISIT: (_("下达以后按走访要求去过（或打过电话）"), _("其中见到了家里人")),
    Order.Kind.MEASURE: (_("下达以后落实了这项措施"), _("农户确认收到")),
    Order.Kind.MANUAL: (_("村里登记了办理情况"), _("办理以后走访或电话见到了家里人")),
}


def asked(order: Order, households: QuerySet[Any]) -> QuerySet[Any]:
    """Those of `households` that an order means, wherever they are."""
    audience = order.audience
    if audience == Order.Audience.MONITORED:
        return households.active().filter(status__in=MONITORED)  # type: ignore[attr-defined, no-any-return]
    if audience == Order.Audience.REGISTERED:
        return households.active().exclude(status__in=NOT_REGISTERED)  # type: ignore[attr-defined, no-any-return]
    return households.active()  # type: ignore[attr-defined, no-any-return]


def in_order(order: Order, households: QuerySet[Any], villages: Collection[int] | None = None) -> QuerySet[Any]:
    """Those that an order means in the villages it was given to (or in those of them that are `villages`)."""
    given = OrderVillage._base_manager.filter(order=order)
    keys = list(given.order_by().values_list("village_id", flat=True)) if villages is None else list(villages)
    return asked(order, households).filter(among("village_id", keys))


def _first(rows: QuerySet[Any], day: str = "on") -> Subquery:
    """The first day of the outer household's rows."""
    found = rows.filter(household=OuterRef("pk")).order_by().values("household")
    return Subquery(found.annotate(first=Min(day)).values("first"), output_field=DateField())


def _visits() -> QuerySet[Any]:
    return Visit._base_manager.filter(voided_at=None)


def with_steps(order: Order, households: QuerySet[Any]) -> QuerySet[Any]:
    """Annotated with `acted_on` and `seen_on`, days or None. What was seen was acted on."""
    first, last = order.issued_on, order.until
    days = {"on__gte": first, "on__lte": last}
    match order.kind:
        case Order.Kind.SURVEY:
            assert order.survey_round is not None
            sent = Survey._base_manager.filter(
                year=order.survey_round.year, purpose=Survey.Purpose.SURVEY, state__in=[STATE_OF[s] for s in STANDING],
                surveyed_on__gte=first, surveyed_on__lte=last,
            )  # fmt: skip
            signed = SurveyPhoto._base_manager.filter(survey=OuterRef("pk"), path=SIGNATURE, state="complete")
            return households.annotate(
                acted_on=_first(sent, "surveyed_on"), seen_on=_first(sent.filter(Exists(signed)), "surveyed_on")
            )
        case Order.Kind.VISIT:
            assert order.visit_rule is not None
            made = _visits().filter(
                **days, manner=order.visit_rule.manner, capacities__contains=[order.visit_rule.capacity]
            )
            return households.annotate(acted_on=_first(made), seen_on=_first(made.filter(met__overlap=OWN_PEOPLE)))
        case Order.Kind.MEASURE:
            given = Delivery._base_manager.filter(
                **days, kind=order.measure_kind_id, is_reversal=False, reversed_by=None
            )
            said = Confirmation._base_manager.filter(
                delivery__household=OuterRef("pk"), delivery__kind=order.measure_kind_id, delivery__is_reversal=False,
                delivery__reversed_by=None, delivery__on__gte=first, delivery__on__lte=last, received=True, on__lte=last,
            )  # fmt: skip
            heard = said.order_by().values("delivery__household").annotate(first=Min("on")).values("first")
            return households.annotate(acted_on=_first(given), seen_on=Subquery(heard, output_field=DateField()))
    done = OrderAction._base_manager.filter(**days, order=order, voided_at=None)
    met = _visits().filter(on__lte=last, on__gte=OuterRef("acted_on"), met__overlap=OWN_PEOPLE)
    return households.annotate(acted_on=_first(done)).annotate(seen_on=_first(met))


CONDITIONS = {
    "asked": Q(),
    "acted": Q(acted_on__isnull=False),
    "seen": Q(seen_on__isnull=False),
    "idle": Q(acted_on=None),
    "unseen": Q(acted_on__isnull=False, seen_on=None),
}


def listed(order: Order, households: QuerySet[Any], of: str) -> QuerySet[Any]:
    """The households behind a figure; `of` is a key of LISTS."""
    return with_steps(order, households).filter(CONDITIONS[of])


def seen_in(order: Order, user: Any, of: str) -> QuerySet[Any]:
    """The households behind a figure that the user sees, in the villages where they see the order; "asked" where `of` is no list."""
    own = OrderVillage.objects.for_user(user).filter(order=order).order_by().values_list("village_id", flat=True)
    rows = in_order(order, Household.objects.for_user(user), list(own))
    return listed(order, rows, of if of in LISTS else "asked")


def count(order: Order, villages: Collection[int], now: dt.datetime | None = None) -> list[OrderVillage]:
    """The rows of these villages with what is true now, not saved. Two queries."""
    now = now or timezone.now()
    rows = list(OrderVillage._base_manager.filter(among("village_id", villages), order=order).order_by("pk"))
    households = with_steps(order, asked(order, Household.objects.all()).filter(among("village_id", villages)))  # fmt: skip
    found = households.order_by().values("village_id").annotate(
        asked=Count("pk"), acted=Count("acted_on"), seen=Count("seen_on"), acted_days=Sum(F("acted_on") - order.issued_on),
        seen_days=Sum(F("seen_on") - F("acted_on")),
    )  # fmt: skip
    by_village = {row["village_id"]: row for row in found}
    for row in rows:
        own = by_village.get(row.village_id, {})
        row.asked, row.acted, row.seen = own.get("asked", 0), own.get("acted", 0), own.get("seen", 0)
        row.acted_days, row.seen_days = _days(own.get("acted_days")), _days(own.get("seen_days"))
        row.counted_at = now
    return rows


def _days(span: Any) -> int:
    return max(span.days, 0) if span else 0


def recount(order: Order, villages: Collection[int]) -> int:
    """Keep what is true now; how many villages. Not an act of anybody's: what is kept follows from other tables."""
    rows = count(order, villages)
    OrderVillage._base_manager.bulk_update(
        rows, ["asked", "acted", "seen", "acted_days", "seen_days", "counted_at"], batch_size=500
    )
    return len(rows)


def villages_of(order: Order) -> list[int]:
    return list(OrderVillage._base_manager.filter(order=order).order_by().values_list("village_id", flat=True))


def villages_below(region: Region) -> QuerySet[Any]:
    """The villages that there are at or below a region."""
    return Region.objects.current().within(region).filter(level=Level.VILLAGE)


def recount_open() -> int:
    """All orders that run: the work of every night. How many villages were counted."""
    rows = Order._base_manager.filter(state=Order.State.ISSUED).select_related("survey_round", "visit_rule")
    return sum(recount(order, villages_of(order)) for order in rows.order_by("pk"))
