"""待办: whom one looks after, in the order of urgency and with the reason, and what else one has taken on. The page of everybody who visits, and the
lead of the first page for helpers and village people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from accounts.scoping import posted_regions
from assistance.filters import DOING
from assistance.models import ServiceRequest
from common import dates, pages
from common.lookups import among
from households.lead import Lead
from households.listing import SHOWN, Row, rows_of, with_row_facts
from households.models import Household
from households.querysets import paired_household_ids
from plans.models import Task
from regions.models import Level
from surveys.models import Survey
from visits import facts
from visits.facts import Facts
from visits.models import Manner
from visits.spoken import why

ON_HOME = 5  # households
ON_PAGE = 200
OTHERS = 6  # tasks, requests, surveys: their own lists have all


@dataclass(slots=True)
class Line:
    """One household. `calls`: this user may see the whole number, with a reason."""

    row: Row
    facts: Facts
    today: dt.date
    calls: bool

    @property
    def household(self) -> Household:
        return self.row.household

    @property
    def due_on(self) -> dt.date | None:
        return self.facts.duty.next_due_on if self.facts.duty else None

    @property
    def late(self) -> int:
        """Days since somebody should have been there."""
        return max((self.today - self.due_on).days, 0) if self.due_on else 0

    @property
    def order(self) -> tuple[dt.date, dt.date, int]:
        """What is due first; then whom nobody has seen for the longest."""
        return (self.due_on or dt.date.max, self.facts.last_on or dt.date.min, self.household.pk)

    @property
    def due(self) -> str:
        """应在 11月20日 前走访，已超期 3 天"""
        if self.due_on is None or self.facts.duty is None:
            return ""
        call = self.facts.duty.rule.manner == Manner.CALL
        told = {"day": dates.short(self.due_on), "days": self.late}
        if self.late:
            return (
                _("应在 %(day)s 前打电话，已超期 %(days)s 天") if call else _("应在 %(day)s 前走访，已超期 %(days)s 天")
            ) % told
        return (_("应在 %(day)s 前打电话") if call else _("应在 %(day)s 前走访")) % told

    @property
    def why(self) -> str:
        return why(self.facts.duty) if self.facts.duty else ""

    @property
    def last(self) -> str:
        """上次走访 10月26日"""
        if self.facts.last_on is None:
            return _("还没有走访过")
        said = (
            _("上次电话 %(day)s")
            if self.facts.last and self.facts.last["manner"] == Manner.CALL
            else _("上次走访 %(day)s")
        )
        return said % {"day": dates.short(self.facts.last_on)}

    @property
    def open(self) -> str:
        """任务 2 项 · 诉求 1 条 · 缺 3 项信息"""
        parts = []
        if self.facts.tasks:
            parts.append(ngettext("任务 %(n)s 项", "任务 %(n)s 项", self.facts.tasks) % {"n": self.facts.tasks})
        if self.facts.requests:
            parts.append(ngettext("诉求 %(n)s 条", "诉求 %(n)s 条", self.facts.requests) % {"n": self.facts.requests})
        if self.facts.missing:
            parts.append(ngettext("缺 %(n)s 项信息", "缺 %(n)s 项信息", self.facts.missing) % {"n": self.facts.missing})
        return " · ".join(parts)

    @property
    def visit_url(self) -> str:
        """The visit log with this household; what stands behind # reaches no server and no log."""
        return f"{reverse('visit_log:visit')}#household={self.household.uid}"

    @property
    def call_url(self) -> str:
        """Where the whole number is shown, with a reason, to whom it may be shown. No list has a number in it."""
        return pages.address(reverse("households:reveal", args=[self.household.pk]), {"what": "phone"})


@dataclass(frozen=True)
class Homes:
    """The first `lines` of `count` households."""

    lines: Sequence[Line]
    count: int

    @property
    def late(self) -> list[Line]:
        return [line for line in self.lines if line.late]

    @property
    def due(self) -> list[Line]:
        return [line for line in self.lines if line.due_on and not line.late]

    @property
    def others(self) -> list[Line]:
        return [line for line in self.lines if not line.due_on]


def homes_of(user: Any, most: int) -> Homes:
    """Whom this user looks after: those paired with them, and those where something is due. Two queries."""
    duties, paired = facts.duties_of(user), paired_household_ids(user)
    own = {*paired, *duties}
    # Due ones are read in their order; of the others all are, because whom nobody has seen for long comes first.
    wanted = {*list(duties)[:most], *paired}
    rows = Household.objects.for_user(user, Permission.VISIT_RECORD).active().filter(among("pk", sorted(wanted)))
    found = list(facts.with_facts(with_row_facts(rows).only(*SHOWN, "uid"), user).order_by("pk"))
    today, calls = timezone.localdate(), user.can(Permission.PII_REVEAL)
    lines = [
        Line(row, facts.facts_of(row.household, duties.get(row.household.pk)), today, calls) for row in rows_of(found)
    ]
    lines.sort(key=lambda line: line.order)
    return Homes(lines[:most], len(lines) + len(own - wanted))


def lead(user: Any) -> Lead | None:
    """For helpers and village people the desk leads the first page."""
    if not user.can(Permission.VISIT_RECORD):
        return None
    in_village = any(region.level == Level.VILLAGE for region in posted_regions(user, Permission.VISIT_RECORD))
    if not in_village and not paired_household_ids(user):
        return None
    homes = homes_of(user, ON_HOME)
    first = [line for line in homes.lines if line.due_on]
    return Lead("visits/_lead.html", {"lines": first or homes.lines, "due": bool(first), "count": homes.count})


@dataclass(frozen=True)
class Pile:
    """What else one has taken on: the first lines (text, where, note, late) of the list behind `url`."""

    code: str
    title: str
    url: str
    lines: Sequence[tuple[str, str, str, bool]]
    more: bool


def piles_of(user: Any) -> list[Pile]:
    """My tasks, requests I took, surveys that came back to me; none that is empty. Three queries."""
    today = timezone.localdate()
    piles = []
    if user.can(Permission.PLAN_EDIT):
        tasks = (
            Task.objects.for_user(user)
            .to_do()
            .filter(owner=user.pk)
            .select_related("goal__plan__household")
            .order_by("due_on", "pk")
        )
        lines = [
            (task.text, reverse("plans:task_detail", args=[task.goal.plan_id, task.pk]), _note(task.goal.plan.household, task.due_on),
             task.due_on is not None and task.due_on < today)
            for task in tasks[: OTHERS + 1]
        ]  # fmt: skip
        piles.append(_pile("tasks", _("我的任务"), reverse("plans:task_list"), lines))
    if user.can(Permission.MEASURE_EDIT):
        taken = ServiceRequest.objects.for_user(user, Permission.MEASURE_EDIT).filter(
            state=ServiceRequest.State.TAKEN, taker=user.pk
        )
        lines = [
            (each.text, reverse("assistance:request_detail", args=[each.pk]), _note(each.household, each.due_on),
             each.due_on is not None and each.due_on < today)
            for each in taken.select_related("household").order_by("due_on", "pk")[: OTHERS + 1]
        ]  # fmt: skip
        piles.append(
            _pile(
                "requests",
                _("我受理的诉求"),
                pages.address(reverse("assistance:request_list"), {"state": DOING}),
                lines,
            )
        )
    if user.can(Permission.SURVEY_FILL):
        back = (
            Survey.objects.for_user(user)
            .filter(state=Survey.State.RETURNED, surveyor=user.pk)
            .select_related("household")
        )
        lines = [
            (str(each.household), reverse("surveys:survey_detail", args=[each.pk]), _("退回要改"), True)
            for each in back.order_by("pk")[: OTHERS + 1]
        ]  # fmt: skip
        url = pages.address(
            reverse("surveys:survey_list"),
            {"state": Survey.State.RETURNED.value, "who": str(user.pk), "purpose": "any"},
        )
        piles.append(_pile("returned", _("退回的调查"), url, lines))
    return [pile for pile in piles if pile.lines]


def _note(household: Household, due_on: dt.date | None) -> str:
    return f"{household} · {_('%(day)s 到期') % {'day': dates.short(due_on)}}" if due_on else str(household)


def _pile(code: str, title: str, url: str, lines: list[tuple[str, str, str, bool]]) -> Pile:
    return Pile(code, title, url, lines[:OTHERS], len(lines) > OTHERS)
