"""Figures of the own area, each the length of a list that one click opens: one query over the rows of that list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, Sum
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


class Group(NamedTuple):
    """Households alike in what the figures ask."""

    status: str
    unmet: bool
    paired: bool
    proposed: bool
    households: int
    people: int


def figures_of(user: Any) -> Figures:
    """The households the user may see that are not closed, as the unfiltered list shows them."""
    pairings = Pairing.objects.current().ordinary().filter(household=OuterRef("pk"))
    waiting = StatusChange.objects.filter(state=StatusChange.State.PROPOSED, household=OuterRef("pk"))
    # Each question is asked once a household; the few groups that differ in the answers are added up here.
    groups = (
        Household.objects.for_user(user)
        .active()
        .order_by()
        .annotate(
            unmet=ExpressionWrapper(Q(open_checks__gt=0), BooleanField()),
            paired=Exists(pairings),
            proposed=Exists(waiting),
        )
        .values_list("status", "unmet", "paired", "proposed")
        .annotate(households=Count("pk"), people=Sum("member_count"))
    )
    rows = [Group(*row) for row in groups]

    def figure(label: str, fits: Callable[[Group], bool], **query: str) -> Figure:
        chosen = [row for row in rows if fits(row)]
        url = address(reverse("households:household_list"), query)
        return Figure(label, sum(r.households for r in chosen), sum(r.people for r in chosen), url)

    return Figures(
        total=figure(_("农户"), lambda row: True),
        monitored=figure(_("三类监测对象"), lambda row: row.status in MONITORED, status=MONITORED_ALL),
        by_status=[
            figure(str(status.label), lambda row, status=status: row.status == status, status=status.value)
            for status in Status
            if any(row.status == status for row in rows)
        ],
        unmet=figure(_("两不愁三保障有未达标项"), lambda row: row.unmet, check="any"),
        unpaired=figure(_("没有帮扶责任人"), lambda row: not row.paired, helper="none"),
        proposals=figure(_("身份变更待县级确认"), lambda row: row.proposed, proposal="open"),
        at=timezone.now(),
    )
