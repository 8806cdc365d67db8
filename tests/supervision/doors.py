"""Appraisal and orders: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from supervision import steps
from supervision.models import AppraisalRound, AppraisalScheme, OrderVillage
from supervision.services import printing
from tests.factories import CadreFactory, HouseholdFactory, JobFactory, VisitDutyFactory, VisitRuleFactory
from tests.factories.supervision import (
    AppraisalFactory,
    AppraisalRoundFactory,
    OrderActionFactory,
    OrderFactory,
    OrderReceiptFactory,
    SchemeFactory,
)
from tests.gates import Area, Door, Menu, Mine, Owner, P, Place, SignedIn, There, Who, form, get, post
from visits.models import VisitRule


@dataclass(frozen=True)
class OfCounty:
    """A scheme of the place's county: read from the county, from above and from below, changed in the county."""

    act: Any

    def expected(self, who: Who, place: Place) -> int:
        if P.APPRAISAL_VIEW not in who.grants:
            return 403
        county = place.township.parent.path
        if not (county.startswith(who.path) or who.path.startswith(county)):
            return 404
        return 200 if who.holds_in(self.act, county) else 403

    def __str__(self) -> str:
        return f"{self.act} in the county (to see: {P.APPRAISAL_VIEW})"


ORDER, ISSUE, ACT = There(P.ORDER_VIEW), There(P.ORDER_VIEW, P.ORDER_ISSUE), There(P.ORDER_VIEW, P.ORDER_ACT)
ROUND, DECIDE = Area(P.APPRAISAL_VIEW), Area(P.APPRAISAL_EDIT)
OWN, OFFICE = Mine(P.APPRAISAL_VIEW), There(P.APPRAISAL_VIEW, P.APPRAISAL_EDIT)
ROW, APPRAISAL = {"pk": "order"}, {"pk": "appraisal"}

DOORS: list[Door] = [
    *get("supervision:order_list", Menu(P.ORDER_VIEW)),
    *form("supervision:order_new", Menu(P.ORDER_ISSUE)),
    *get("supervision:order_detail", ORDER, ROW),
    *get("supervision:order_places", ORDER, ROW),
    *get("supervision:order_households", ORDER, ROW),
    *form("supervision:order_amend", ISSUE, ROW),
    *form("supervision:order_withdraw", ISSUE, ROW),
    *form("supervision:order_close", ISSUE, ROW),
    *post("supervision:order_recount", ORDER, ROW),
    *post("supervision:order_receive", ACT, ROW),
    *form("supervision:order_act", ACT, ROW),
    *form("supervision:order_void", ACT, ROW | {"act": "order_act_uid"}),
    *get("supervision:activity", Menu(P.ORDER_VIEW)),
    *get("supervision:activity_list", Menu(P.ORDER_VIEW), {"code": "'visits"}),
    *get("supervision:activity_list", Menu(P.ORDER_VIEW), {"code": "'receipts"}),
    *post("supervision:activity_recount", Menu(P.ORDER_VIEW)),
    *get("supervision:round_list", Menu(P.APPRAISAL_VIEW)),
    *form("supervision:round_new", Menu(P.APPRAISAL_EDIT)),
    *get("supervision:appraisal_list", Menu(P.APPRAISAL_VIEW)),
    *get("supervision:mine", SignedIn()),
    *get("supervision:round_detail", ROUND, {"pk": "round"}),
    *form("supervision:round_discard", DECIDE, {"pk": "round"}),
    *(
        door
        for act in ("compute", "check", "print", "show", "finalise", "close")
        for door in post("supervision:round_act", DECIDE, {"pk": "round", "act": f"'{act}"})
    ),
    *form("supervision:round_file", Owner(), {"pk": "round_job"}),
    *get("supervision:appraisal_detail", OWN, APPRAISAL),
    *get("supervision:appraisal_rows", OWN, APPRAISAL | {"code": "'visits", "part": "'due"}),
    *post("supervision:appraisal_pdf", OWN, APPRAISAL),
    *post("supervision:appraisal_comment", OFFICE, APPRAISAL),
    *post("supervision:appraisal_answer", OFFICE, APPRAISAL),
    *post("supervision:appraisal_finalise", OFFICE, APPRAISAL),
    *get("supervision:scheme_list", Menu(P.APPRAISAL_VIEW)),
    *form("supervision:scheme_new", Menu(P.RULE_EDIT)),
    *form("supervision:scheme_edit", OfCounty(P.RULE_EDIT), {"pk": "scheme_draft"}),
    *post("supervision:scheme_act", OfCounty(P.RULE_EDIT), {"pk": "scheme_draft", "act": "'force"}),
    *post("supervision:scheme_act", OfCounty(P.RULE_EDIT), {"pk": "scheme_draft", "act": "'discard"}),
]  # fmt: skip
BY_HAND: dict[str, str] = {}
PUBLIC: dict[str, str] = {}


def schemes_of(county: Any) -> tuple[AppraisalScheme, AppraisalScheme]:
    """The scheme in force and the draft of a county."""
    found = AppraisalScheme.objects.filter(region=county).order_by("version")
    if not found:
        return SchemeFactory(region=county), SchemeFactory(region=county, draft=True)
    return found[0], found[1]


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of the package in a village of the scene, by the names that `DOORS` use."""
    township = village.parent
    order = OrderFactory(region=township, to=[village])
    action = OrderActionFactory(order=order, household=household)
    OrderReceiptFactory(order=order, region=village)
    scheme, draft = schemes_of(township.parent)
    year = 2010 + AppraisalRound.objects.filter(region=township).count()
    round = AppraisalRoundFactory(region=township, scheme=scheme, starts_on=dt.date(year, 1, 1))
    appraisal = AppraisalFactory(round=round, cadre=CadreFactory(unit__region=township.parent), commented=True)
    return {
        "order": order.pk,
        "order_act_uid": action.act,
        "round": round.pk,
        "appraisal": appraisal.pk,
        "scheme_draft": draft.pk,
        "round_job": JobFactory(owner="officer", kind=printing.PRINT, params={"round": round.pk}).pk,
    }


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are pinned, and what stands on them."""
    village, township = household.village, household.township
    order = OrderFactory(region=township.parent, to=[village], issued_on=dt.date(2026, 1, 1))
    OrderActionFactory(order=order, household=household)
    OrderReceiptFactory(order=order, region=village)
    steps.recount(order, [village.pk])
    scheme, _draft = schemes_of(township.parent)
    round = AppraisalRoundFactory(region=township, scheme=scheme)
    appraisal = AppraisalFactory(round=round, shown=True)
    _work(round, appraisal.cadre, household)
    at = [order.pk]
    return {
        "orders": reverse("supervision:order_list"),
        "orders, to be received": reverse("supervision:order_list") + "?state=unreceived",
        "order": reverse("supervision:order_detail", args=at),
        "order, places": reverse("supervision:order_places", args=at),
        "order, households": reverse("supervision:order_households", args=at) + "?of=acted",
        "order, its form": reverse("supervision:order_new"),
        "order, what was done": reverse("supervision:order_act", args=at),
        "levels side by side": reverse("supervision:activity"),
        "levels side by side, a list": reverse("supervision:activity_list", args=["visits"]),
        "appraisal rounds": reverse("supervision:round_list"),
        "appraisal round": reverse("supervision:round_detail", args=[round.pk]),
        "appraisals": reverse("supervision:appraisal_list"),
        "appraisal": reverse("supervision:appraisal_detail", args=[appraisal.pk]),
        "appraisal, a list": reverse("supervision:appraisal_rows", args=[appraisal.pk, "visits", "due"]),
        "appraisal schemes": reverse("supervision:scheme_list"),
        "own appraisals": reverse("supervision:mine"),
    }


def _work(round: AppraisalRound, cadre: Any, household: Any) -> None:
    """A duty of the round's period."""
    rule = VisitRule.objects.filter(region=round.region).first() or VisitRuleFactory(region=round.region)
    VisitDutyFactory(
        rule=rule,
        household=household,
        cadre=cadre,
        starts_on=round.starts_on,
        ends_on=round.starts_on + dt.timedelta(days=31),
    )


def grow(household: Any, land: Any) -> None:
    """One row more of everything that `addresses` show."""
    order = OrderFactory(region=household.township.parent, to=[household.village, land.near_village])
    other = HouseholdFactory(village=household.village, with_householder=True)
    for village in OrderVillage.objects.filter(village=household.village).select_related("order"):
        OrderActionFactory(order=village.order, household=other)
    OrderReceiptFactory(order=order, region=household.village)
    round = AppraisalRound.objects.get(region=household.township, starts_on__year__gte=2020)
    appraisal = AppraisalFactory(round=round, shown=True)
    for each in round.appraisals.all():
        _work(round, each.cadre, other)
    assert appraisal.pk
