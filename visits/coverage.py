"""走访覆盖: what is due, made and overdue in the periods that run, by place and by helper, and who was not visited for a year. Each figure is
counted as the list behind it lists."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from accounts.roles import Permission
from accounts.scoping import posted_regions, visible_region_ids
from cadres.models import Cadre
from common.lookups import among
from households.models import Household, Pairing
from households.querysets import paired_household_ids
from regions.models import Level, Region
from visits.dues import OUTSIDE
from visits.models import LastVisit, Manner, Visit, VisitDuty, VisitRule
from visits.services.rules import told

YEAR = dt.timedelta(days=365)
MOST_RULES = 60  # in a filter
MOST_LINES = 500  # helpers on a page, those with the most that is late first


def rules_for(user: Any) -> Q:
    """Rules that ask for households this user may see: of the own area, above it, inside it, and of the households they help."""
    regions = set(visible_region_ids(user, Permission.HOUSEHOLD_VIEW))
    for region in posted_regions(user, Permission.HOUSEHOLD_VIEW):
        regions.update(region.ancestor_ids)
    own = paired_household_ids(user)
    if own:
        villages = Region.objects.filter(households__in=own).order_by().values_list("path", flat=True).distinct()
        regions.update(int(pk) for path in villages for pk in path.split("/") if pk)
    return among("region_id", sorted(regions))


def rules_to_choose(user: Any) -> list[tuple[str, str]]:
    """The rules that hold or held there, newest first, for a filter."""
    rows = VisitRule.objects.filter(rules_for(user)).select_related("region").order_by("-starts_on", "-pk")[:MOST_RULES]
    return [(str(rule.pk), f"{told(rule)}（{rule.region.name}）") for rule in rows]


def cadre_named(user: Any, pk: str) -> str:
    """The name of a cadre whom the user may see, or is; else the key."""
    if not pk.isdecimal():
        return pk
    own = Cadre.objects.filter(pk=pk, user=user.pk)
    found = Cadre.objects.for_user(user).filter(pk=pk).first() or own.first()
    return found.name if found else pk


# -- households -------------------------------------------------------------------------------------------------------------------------


def visited(household: Any) -> Any:
    """When the household was visited, where it ever was."""
    return LastVisit.objects.filter(household=household, visited_on__isnull=False)


def leads(household: Any) -> Any:
    return Pairing.objects.current().filter(household=household, is_lead=True)


def to_be_visited(households: Any) -> Any:
    """Those of the households that visits are for: they exist and are 建档立卡 or monitored."""
    return households.active().exclude(status__in=OUTSIDE)


def unvisited(households: Any, since: dt.date) -> Any:
    """Those of the households where nobody was on or after a day. A call is no visit."""
    return households.filter(~Exists(visited(OuterRef("pk")).filter(visited_on__gte=since)))


def households_for(user: Any) -> Any:
    return to_be_visited(Household.objects.for_user(user))


# -- figures ----------------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """A place or a helper. `query` narrows the lists to it; `deeper` says that there are places below."""

    label: str
    query: dict[str, str]
    counts: Counter[str] = field(default_factory=Counter)
    deeper: bool = False


def month_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of a month."""
    first = day.replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


@dataclass(frozen=True)
class Rows:
    """What is counted: the rows of the lists, narrowed to where one stands."""

    duties: Any
    visits: Any
    households: Any


def rows_for(user: Any, day: dt.date) -> Rows:
    first, last = month_of(day)
    visits = Visit.objects.for_user(user).standing().filter(manner=Manner.VISIT, on__gte=first, on__lte=last)
    return Rows(VisitDuty.objects.for_user(user).running(day), visits, unvisited(households_for(user), day - YEAR))


def _counted(rows: Any, key: str) -> Iterable[tuple[Any, ...]]:
    return rows.order_by().values_list(key)


def _tally(rows: Rows, key: str, day: dt.date, *, household_key: str = "") -> dict[Any, Counter[str]]:
    """The figures by a column; three queries."""
    found: dict[Any, Counter[str]] = {}

    def put(value: Any, **numbers: int) -> None:
        found.setdefault(value, Counter()).update(numbers)

    duties = _counted(rows.duties, key).annotate(  # type: ignore[attr-defined]
        asked=Count("pk"), late=Count("pk", filter=Q(next_due_on__lt=day)), due=Count("pk", filter=Q(next_due_on__gte=day))
    )  # fmt: skip
    for value, asked, late, due in duties:
        put(value, asked=asked, overdue=late, due=due, done=asked - late - due)
    for value, made in _counted(rows.visits, key).annotate(n=Count("pk")):  # type: ignore[attr-defined]
        put(value, made=made)
    if household_key:
        for value, number in _counted(rows.households, household_key).annotate(n=Count("pk")):  # type: ignore[attr-defined]
            put(value, unvisited=number)
    return found


def by_place(rows: Rows, at: Region | None, visible: set[int], day: dt.date) -> list[Line]:
    """A line for each region one step below where one stands, the village itself where one stands in one. Households that one helps outside
    the own area have no line: no place of theirs can be chosen."""
    tally = _tally(rows, "village_id", day, household_key="village_id")
    villages = {village.pk: village for village in Region.objects.filter(among("pk", tally.keys() & visible))}
    wanted = {pk: _child(village.ancestor_ids, at) for pk, village in villages.items()}
    lines = {
        region.pk: Line(region.name, {"region": str(region.pk)}, deeper=region.level < Level.VILLAGE)
        for region in Region.objects.filter(among("pk", set(wanted.values()))).order_by("code", "pk")
    }
    for pk, child in wanted.items():
        lines[child].counts.update(tally[pk])
    return list(lines.values())


def _child(path: list[int], at: Region | None) -> int:
    """Of the way from the root to a village, the place one step below where one stands; the village where that is no further."""
    if at is None or at.pk not in path:
        return path[-1]
    return path[min(path.index(at.pk) + 1, len(path) - 1)]


def by_helper(rows: Rows, day: dt.date) -> list[Line]:
    """A line for each helper with something due; duties that nobody in particular owes are left out."""
    tally = _tally(Rows(rows.duties.exclude(cadre=None), rows.visits.exclude(cadre=None), None), "cadre_id", day)
    names = {
        pk: (name, unit)
        for pk, name, unit in Cadre.objects.filter(among("pk", tally))
        .order_by()
        .values_list("pk", "name", "unit__name")
    }
    found = [
        Line(f"{names[pk][0]} · {names[pk][1]}", {"cadre": str(pk)}, counts) for pk, counts in tally.items() if counts["asked"]
    ]  # fmt: skip
    return sorted(found, key=lambda line: (-line.counts["overdue"], -line.counts["due"], line.label))[:MOST_LINES]


def whole(rows: Rows, day: dt.date) -> Line:
    """The figures of where one stands; three queries."""
    counts: Counter[str] = Counter()
    late, due = Count("pk", filter=Q(next_due_on__lt=day)), Count("pk", filter=Q(next_due_on__gte=day))
    duties = rows.duties.order_by().aggregate(asked=Count("pk"), overdue=late, due=due)
    counts.update(duties, done=duties["asked"] - duties["overdue"] - duties["due"])
    counts.update(made=rows.visits.order_by().count(), unvisited=rows.households.order_by().count())
    return Line("", {}, counts)


def has_rules(user: Any, day: dt.date) -> bool:
    """Whether anything at all is asked for where the user sees households."""
    return VisitRule.objects.filter(rules_for(user), Q(ends_on=None) | Q(ends_on__gt=day)).exists()
