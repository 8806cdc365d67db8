"""Figures of the own area, each the length of a list that one click opens: one query over the rows of that list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.pages import address
from households.filters import MONITORED_ALL
from households.models import Household, Pairing, Status, StatusChange
from households.models.status import MONITORED


@dataclass(frozen=True)
class Figure:
    """`households` is how many rows stand behind `url`."""

    label: str
    households: int
    people: int
    url: str


@dataclass(frozen=True)
class Figures:
    total: Figure
    monitored: Figure
    by_status: list[Figure]
    unmet: Figure
    unpaired: Figure
    proposals: Figure
    at: dt.datetime


def figures_of(user: Any) -> Figures:
    """The households the user may see that are not closed, as the unfiltered list shows them."""
    pairings = Pairing.objects.current().filter(household=OuterRef("pk"))
    proposals = StatusChange.objects.filter(state=StatusChange.State.PROPOSED, household=OuterRef("pk"))
    kinds = {
        "all": Q(),
        "unmet": Q(open_checks__gt=0),
        "unpaired": ~Q(Exists(pairings)),
        "proposals": Q(Exists(proposals)),
    }
    counted = {f"{kind}_n": Count("pk", filter=condition or None) for kind, condition in kinds.items()}
    summed = {
        f"{kind}_p": Sum("member_count", filter=condition or None, default=0) for kind, condition in kinds.items()
    }
    rows = {
        row["status"]: row
        for row in Household.objects.for_user(user).active().order_by().values("status").annotate(**counted, **summed)
    }

    def figure(label: str, kind: str, statuses: Any, **query: str) -> Figure:
        chosen = [rows[status] for status in statuses if status in rows]
        url = address(reverse("households:household_list"), query)
        return Figure(label, sum(r[f"{kind}_n"] for r in chosen), sum(r[f"{kind}_p"] for r in chosen), url)

    return Figures(
        total=figure(_("农户"), "all", Status),
        monitored=figure(_("三类监测对象"), "all", MONITORED, status=MONITORED_ALL),
        by_status=[figure(str(s.label), "all", [s], status=s.value) for s in Status if s in rows],
        unmet=figure(_("两不愁三保障有未达标项"), "unmet", Status, check="any"),
        unpaired=figure(_("没有帮扶责任人"), "unpaired", Status, helper="none"),
        proposals=figure(_("身份变更待县级确认"), "proposals", Status, proposal="open"),
        at=timezone.now(),
    )
