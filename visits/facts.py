"""What the desk and the phone say of a household: when somebody was there, what is due next and why, what is open. Two queries, however many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, JSONField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.roles import Permission
from assistance.models import ServiceRequest
from common import dates
from common.lookups import among
from households.handover_lines import Line
from households.models import Household
from plans.models import Task
from surveys.models import GapScan
from visits.capacity import own_duties
from visits.models import LastVisit, VisitDuty

MOST_DUTIES = 2000  # read for one user: more is a figure, not a list one works through
OPEN_REQUESTS = (ServiceRequest.State.ASKED, ServiceRequest.State.TAKEN)


def missing_of(user: Any) -> QuerySet[VisitDuty]:
    """What this user is still to do in the periods that run, the most urgent first."""
    rows = VisitDuty.objects.for_user(user, Permission.VISIT_RECORD).missing().filter(own_duties(user))
    return rows.select_related("rule").order_by("next_due_on", "pk")


def duties_of(user: Any, households: Iterable[int] | None = None) -> dict[int, VisitDuty]:
    """By household: the most urgent that this user is to do there. In the order of urgency; all households, or some."""
    rows = missing_of(user)
    if households is not None:
        rows = rows.filter(among("household_id", list(households)))
    found: dict[int, VisitDuty] = {}
    for duty in rows[:MOST_DUTIES]:
        found.setdefault(duty.household_id, duty)
    return found


def _number(rows: QuerySet[Any], household: str) -> Any:
    counted = rows.order_by().values(household).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def with_facts(households: QuerySet[Household], user: Any) -> QuerySet[Household]:
    """Bring along the last visit, and how much is open: this user's tasks, requests of the household, missing items of its ledger."""
    own = OuterRef("pk")
    visits = LastVisit._base_manager.filter(household=own)
    tasks = Task._base_manager.filter(
        goal__plan__household=own, goal__plan__state="in_progress", state=Task.State.OPEN, owner=user.pk
    )
    requests = ServiceRequest._base_manager.filter(household=own, state__in=OPEN_REQUESTS)
    scans = GapScan._base_manager.filter(household=own, year=timezone.localdate().year)
    return households.annotate(
        last_visit=Subquery(visits.values(told=JSONObject(visit="visited_on", call="called_on"))[:1], output_field=JSONField()),
        open_tasks=_number(tasks, "goal__plan__household"),
        open_requests=_number(requests, "household"),
        missing_items=Coalesce(Subquery(scans.values("missing_count")[:1]), 0),
    )  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """`last` is {"on", "manner"} or None; `duty` what is due next or None."""

    last: dict[str, Any] | None
    duty: VisitDuty | None
    tasks: int
    requests: int
    missing: int

    @property
    def last_on(self) -> Any:
        return parse_date(self.last["on"]) if self.last else None


def _last(told: dict[str, Any]) -> dict[str, Any] | None:
    """The later of the last visit and the last call; of one day the visit."""
    days = [(on, manner) for manner, on in told.items() if on]
    if not days:
        return None
    on, manner = max(days)  # "visit" is behind "call" in the alphabet, too
    return {"on": on, "manner": manner}


def facts_of(household: Any, duty: VisitDuty | None) -> Facts:
    """Of a household read by `with_facts`."""
    return Facts(
        _last(household.last_visit or {}), duty, household.open_tasks, household.open_requests, household.missing_items
    )


def of_households(user: Any, households: Iterable[int]) -> dict[int, Facts]:
    """By household."""
    keys = list(households)
    duties = duties_of(user, keys)
    rows = with_facts(Household._base_manager.filter(among("pk", keys)).only("pk").order_by(), user)
    return {row.pk: facts_of(row, duties.get(row.pk)) for row in rows}


def last_visits(households: Sequence[int], user: Any) -> dict[int, list[Line]]:
    """When each household was last visited, for whoever takes it over. One query."""
    rows = LastVisit.objects.for_user(user).filter(among("household_id", households), visited_on__isnull=False)
    days = dict(rows.values_list("household_id", "visited_on"))
    return {pk: [(_("最近走访"), dates.written(days[pk]) if pk in days else _("还没有走访过"))] for pk in households}
