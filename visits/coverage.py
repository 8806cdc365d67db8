"""走访覆盖: what is due, made and overdue in the periods that run, by place and by helper, and who was not visited for a year. Each figure is
as long as the list behind it: counts that the database keeps for each village, and what they do not hold counted one by one."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import posted_regions, visible_region_ids
from cadres.models import Cadre
from common.lookups import among
from households.models import Household, Pairing
from households.querysets import paired_household_ids
from regions.models import Level, Region
from visits.dues import OUTSIDE
from visits.models import LastVisit, Manner, Tally, Visit, VisitDuty, VisitRule
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


def long_ago(since: dt.date | None) -> Any:
    """Of households that visits are for, those where nobody was on or after a day (None: ever). A call is no visit."""
    never = Q(visited_on=None)
    return LastVisit.objects.filter(never if since is None else never | Q(visited_on__lt=since), asked=True)


def leads(household: Any) -> Any:
    return Pairing.objects.current().filter(household=household, is_lead=True)


def to_be_visited(households: Any) -> Any:
    """Those of the households that visits are for: they exist and are 建档立卡 or monitored."""
    return households.active().exclude(status__in=OUTSIDE)


def households_for(user: Any) -> Any:
    return to_be_visited(Household.objects.for_user(user))


# -- figures ----------------------------------------------------------------------------------------------------------------------------


LABELS = {
    "asked": gettext_lazy("应走访"), "done": gettext_lazy("已完成"), "due": gettext_lazy("待走访"), "overdue": gettext_lazy("逾期"), "made": gettext_lazy("本月走访"), "unvisited": gettext_lazy("一年内未走访"),
}  # fmt: skip


@dataclass
class Line:
    """A place or a helper. `query` narrows the lists to it; `deeper` says that there are places below."""

    label: str
    query: dict[str, str]
    counts: Counter[str] = field(default_factory=Counter)
    deeper: bool = False


@dataclass(frozen=True)
class Here:
    """Where one stands: villages of the own area, perhaps of one region of it, and households that one helps outside the own area."""

    villages: list[int]
    beyond: list[int]


def month_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of a month."""
    first = day.replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def stand(user: Any, chosen: Region | None) -> Here:
    """Two queries at most."""
    visible = visible_region_ids(user, Permission.HOUSEHOLD_VIEW)
    if chosen is not None:
        below = Region.objects.within(chosen).filter(level=Level.VILLAGE).values_list("pk", flat=True)
        return Here([pk for pk in below if pk in set(visible)], [])
    helped = paired_household_ids(user)
    if not helped:
        return Here(visible, [])
    elsewhere = Household.objects.filter(among("pk", helped)).exclude(among("village_id", visible)) if visible else None
    return Here(visible, helped if elsewhere is None else list(elsewhere.order_by().values_list("pk", flat=True)))


def by_village(here: Here, day: dt.date) -> dict[int, Counter[str]]:
    """The figures of each village, from the counts that the database keeps; three queries."""
    found: dict[int, Counter[str]] = {}
    first, last = month_of(day)
    area = Tally.objects.filter(among("village_id", here.villages)).order_by()
    duties = area.filter(kind=Tally.Kind.DUTY, ends_on__gt=day).values_list("village_id").annotate(
        asked=Sum("number"), late=Sum("number", filter=Q(day__lt=day)), due=Sum("number", filter=Q(day__gte=day))
    )  # fmt: skip
    for village, asked, late, due in duties:
        counts = found.setdefault(village, Counter())
        counts.update(asked=asked, overdue=late or 0, due=due or 0, done=asked - (late or 0) - (due or 0))
    visits = area.filter(kind=Tally.Kind.VISIT, day__gte=first, day__lte=last)
    for village, made in visits.values_list("village_id").annotate(n=Sum("number")):
        found.setdefault(village, Counter()).update(made=made)
    waiting = long_ago(day - YEAR).filter(among("village_id", here.villages)).order_by()
    for village, number in waiting.values_list("village_id").annotate(n=Count("pk")):
        found.setdefault(village, Counter()).update(unvisited=number)
    return {village: counts for village, counts in found.items() if any(counts.values())}


def whole(here: Here, villages: dict[int, Counter[str]], day: dt.date) -> Counter[str]:
    """All of it together: the villages, and the few households that one helps elsewhere, counted one by one."""
    counts: Counter[str] = Counter()
    for each in villages.values():
        counts.update(each)
    if here.beyond:
        own = among("household_id", here.beyond)
        first, last = month_of(day)
        duties = list(VisitDuty.objects.running(day).filter(own).order_by().values_list("next_due_on", flat=True))
        late = sum(due is not None and due < day for due in duties)
        missing = sum(due is not None for due in duties)
        visits = Visit.objects.standing().filter(own, manner=Manner.VISIT, on__gte=first, on__lte=last)
        counts.update(
            asked=len(duties), overdue=late, due=missing - late, done=len(duties) - missing, made=visits.count(),
            unvisited=long_ago(day - YEAR).filter(own).count(),
        )  # fmt: skip
    return counts


def by_place(villages: dict[int, Counter[str]], at: Region | None) -> list[Line]:
    """A line for each region one step below where one stands, the village itself where one stands in one. Households that one helps outside
    the own area have no line: no place of theirs can be chosen."""
    rows = {village.pk: village for village in Region.objects.filter(among("pk", villages))}
    wanted = {pk: _child(village.ancestor_ids, at) for pk, village in rows.items()}
    lines = {
        region.pk: Line(region.name, {"region": str(region.pk)}, deeper=region.level < Level.VILLAGE)
        for region in Region.objects.filter(among("pk", set(wanted.values()))).order_by("code", "pk")
    }
    for pk, child in wanted.items():
        lines[child].counts.update(villages[pk])
    return list(lines.values())


def _child(path: list[int], at: Region | None) -> int:
    """Of the way from the root to a village, the place one step below where one stands; the village where that is no further."""
    if at is None or at.pk not in path:
        return path[-1]
    return path[min(path.index(at.pk) + 1, len(path) - 1)]


def by_helper(user: Any, here: Here, day: dt.date) -> list[Line]:
    """A line for each helper with something asked of them, those with the most that is late first; duties that nobody in particular owes are
    left out. Counted one by one: for a township, not for a county."""
    first, last = month_of(day)
    area = (
        among("village_id", here.villages) | among("household_id", here.beyond)
        if here.beyond
        else among("village_id", here.villages)
    )
    tally: dict[int, Counter[str]] = {}
    duties = VisitDuty.objects.for_user(user).running(day).filter(area).exclude(cadre=None).order_by()
    for cadre, asked, late, due in duties.values_list("cadre_id").annotate(
        asked=Count("pk"), late=Count("pk", filter=Q(next_due_on__lt=day)), due=Count("pk", filter=Q(next_due_on__gte=day))
    ):  # fmt: skip
        tally[cadre] = Counter(asked=asked, overdue=late, due=due, done=asked - late - due)
    visits = Visit.objects.for_user(user).standing().filter(area, manner=Manner.VISIT, on__gte=first, on__lte=last)
    for cadre, made in (
        visits.filter(among("cadre_id", tally)).order_by().values_list("cadre_id").annotate(n=Count("pk"))
    ):
        tally[cadre].update(made=made)
    names = Cadre.objects.filter(among("pk", tally)).order_by().values_list("pk", "name", "unit__name")
    found = [Line(f"{name} · {unit}", {"cadre": str(pk)}, tally[pk]) for pk, name, unit in names]
    return sorted(found, key=lambda line: (-line.counts["overdue"], -line.counts["due"], line.label))[:MOST_LINES]


def has_rules(user: Any, day: dt.date) -> bool:
    """Whether anything at all is asked for where the user sees households."""
    return VisitRule.objects.filter(rules_for(user), Q(ends_on=None) | Q(ends_on__gt=day)).exists()
