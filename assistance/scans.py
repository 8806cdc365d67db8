"""Looking through every village for 应享 and 实享: each night, and on request for one's own area."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from assistance import entitlement, villages
from assistance.models import EntitlementScan
from common import jobs, nightly
from common.lookups import among
from households.models import Household
from regions.models import Level, Region


def scan(places: Iterable[Region], year: int, step: Callable[[int], None] = lambda done: None) -> int:
    """Look through villages one after the other; each is kept at once. The number of villages."""
    today = timezone.localdate()
    kinds = entitlement.entitling(today)
    done = 0
    for village in places:
        households = list(Household.objects.filter(village=village, closed_on=None).order_by("pk"))
        states = Counter(due.state for due in entitlement.dues_of(households, year, today=today, kinds=kinds))
        lists = {
            code: [sum(each.sure for each in found), sum(not each.sure for each in found)]
            for code, found in entitlement.lacking(households, year, today).items()
        }
        EntitlementScan.objects.update_or_create(
            village=village, year=year,
            defaults={
                "scanned_at": timezone.now(), "households": len(households), "helped": _helped(village, year), "states": dict(states), "lists": lists,
            },
        )  # fmt: skip
        done += 1
        step(done)
    return done


def _helped(village: Region, year: int) -> int:
    return villages.narrowed(Household.objects.filter(village=village, closed_on=None), "with", year).count()


def _villages(*where: Any) -> list[Region]:
    return list(Region.objects.current().filter(*where, level=Level.VILLAGE).order_by("code"))


@nightly.nightly
def look_through_all() -> int:
    return scan(_villages(), timezone.localdate().year)


@jobs.kind("assistance.entitlement")
def look_through(job: jobs.Run) -> dict[str, Any]:
    """The villages its owner may see."""
    user = User.objects.get(username=job.job.owner)
    own = _villages(among("pk", visible_region_ids(user, Permission.HOUSEHOLD_VIEW)))

    def step(done: int) -> None:
        message = _("已统计 %(done)s / %(total)s 个村") % {"done": done, "total": len(own)}
        job.step(done, total=len(own), message=message)

    step(0)
    return {
        "url_name": "assistance:entitlement",
        "args": [],
        "villages": scan(own, timezone.localdate().year, step),
    }


# -- what the looks found -----------------------------------------------------------------------------------------------------------


@dataclass
class Sums:
    """Of the last looks, region by region: households, people by state, and those who surely lack something by list. `not_yet` counts villages
    that nobody has looked through."""

    lines: list[tuple[Region, Counter[str]]]
    since: dt.datetime | None
    not_yet: int

    @property
    def whole(self) -> Counter[str]:
        return sum((line for _region, line in self.lines), Counter())


def entitled(line: Counter[str]) -> int:
    """Who should get something: those who do, and those who do not."""
    return line[entitlement.RECEIVED] + line[entitlement.MISSING]


def sums_of(user: Any, visible: Collection[int], at: Region | None, year: int) -> Sums:
    """A line for each region one level below `at` (None: for each of the second level) of the `visible` ones, in order of code."""
    within = Region.objects.filter(level=Level.VILLAGE, pk__in=visible)
    if at is not None:
        within = within.filter(path__startswith=at.path)
    depth = at.path.count("/") if at is not None else 2
    paths = dict(within.values_list("pk", "path"))
    found = list(EntitlementScan.objects.for_user(user).filter(year=year, village__in=list(paths)).order_by("pk"))
    sums: dict[int, Counter[str]] = {}
    for scan in found:
        line = sums.setdefault(int(paths[scan.village_id].split("/")[depth]), Counter())
        line.update({"households": scan.households, **scan.states})
        line.update({code: sure for code, (sure, _unsure) in scan.lists.items()})
    names = Region.objects.in_bulk(list(sums))
    lines = [(names[pk], line) for pk, line in sorted(sums.items(), key=lambda each: names[each[0]].code)]
    return Sums(lines, min((scan.scanned_at for scan in found), default=None), len(paths) - len(found))
