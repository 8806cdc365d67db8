"""What of measures and requests waits for somebody, as tiles of the first page: each is the length of the list it opens. One query for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from assistance.filters import DENIED, DOING, MINE, UNCONFIRMED, denied, waiting_for
from assistance.models import Measure, ServiceRequest
from assistance.services.requests import OPEN
from common import pages
from common.lookups import among
from common.tiles import Ask, Tile
from households.handover_lines import Line, listed


def tiles(user: Any) -> list[Ask]:
    """To be approved by me, to be confirmed by households, denied by households; requests to take and those I took."""
    drafts: list[tuple[Any, Any]] = []
    url, asked = reverse("assistance:measure_list"), reverse("assistance:request_list")

    def at(address: str, state: str) -> str:
        return pages.address(address, {"state": state})

    if user.can(Permission.MEASURE_APPROVE):
        rows = waiting_for(user)
        drafts.append((rows, lambda n: Tile(_("待我审批的措施"), n, at(url, MINE), _("别人提出的措施"), "amber", 22)))
        rows = denied(Measure.objects.for_user(user, Permission.MEASURE_APPROVE))
        drafts.append((rows, lambda n: Tile(_("农户说未收到"), n, at(url, DENIED), _("请核实后冲回或补发"), "red", 23)))
    if user.can(Permission.DELIVERY_CONFIRM):
        rows = Measure.objects.for_user(user, Permission.DELIVERY_CONFIRM).filter(state=Measure.State.DELIVERED)
        drafts.append((rows, lambda n: Tile(_("待农户确认"), n, at(url, UNCONFIRMED), _("已落实，等农户签字"), "", 24)))
    if user.can(Permission.MEASURE_DEPARTMENT):
        mine, own_url = (
            Measure.objects.for_user(user, Permission.MEASURE_DEPARTMENT),
            reverse("assistance:department_list"),
        )
        drafts.append(
            (mine.filter(state=Measure.State.APPROVED),
             lambda n: Tile(_("待落实的措施"), n, at(own_url, Measure.State.APPROVED), _("本部门主管，已经批准"), "amber", 20))
        )  # fmt: skip
        drafts.append(
            (
                denied(mine),
                lambda n: Tile(_("农户说未收到"), n, at(own_url, DENIED), _("请核实后冲回或补发"), "red", 21),
            )
        )
    if user.can(Permission.MEASURE_EDIT):
        own = ServiceRequest.objects.for_user(user, Permission.MEASURE_EDIT)
        drafts.append(
            (own.filter(state=ServiceRequest.State.ASKED),
             lambda n: Tile(_("待受理的诉求"), n, at(asked, ServiceRequest.State.ASKED), _("点对点服务"), "amber", 26))
        )  # fmt: skip
        drafts.append(
            (own.filter(state=ServiceRequest.State.TAKEN, taker=user.pk),
             lambda n: Tile(_("待办理的诉求"), n, at(asked, DOING), _("我受理的"), "amber", 27))
        )  # fmt: skip
    return [Ask(rows, tile) for rows, tile in drafts]


def open_lines(households: Sequence[int], user: Any) -> dict[int, list[Line]]:
    """What of measures and requests is open in each household, for whoever takes it over. Two queries."""
    approved = Measure.objects.for_user(user, Permission.HOUSEHOLD_VIEW).filter(
        among("household_id", households), state=Measure.State.APPROVED
    )
    asked = ServiceRequest.objects.for_user(user).filter(among("household_id", households), state__in=OPEN)
    found: dict[int, list[Line]] = defaultdict(list)
    for label, rows in (
        (_("待落实措施"), approved.order_by("household", "pk").values_list("household_id", "kind__title")),
        (_("未办结诉求"), asked.order_by("household", "pk").values_list("household_id", "text")),
    ):
        texts: dict[int, list[str]] = defaultdict(list)
        for household, text in rows:
            texts[household].append(text.rstrip("。"))
        for household, each in texts.items():
            found[household].append((label, listed(each)))
    return found
