"""Looking through every village for 应享 and 实享: each night, and on request for one's own area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
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
