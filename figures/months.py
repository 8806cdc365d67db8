"""月末留存: figures as they stood when a month was over, and what is told of months nobody froze."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import dates
from common.lookups import among
from figures.datasets import NOW, ROWS, Numbers, place
from figures.models import MonthEnd, RegionFigures
from figures.rollup import add
from households.models import Household, StatusChange
from regions.models import Region

TREND = 12  # months of a line


def first_of(day: dt.date, months: int = 0) -> dt.date:
    """The first day of the month of a day, or of one so many months later (earlier: negative)."""
    return dates.later(day.replace(day=1), months)


@dataclass(frozen=True)
class Before:
    """What is compared with. `day` is the last day of the month whose end is kept."""

    numbers: Numbers
    day: dt.date
    reckoned: bool
    words: str

    def knows(self, cut: str) -> bool:
        """Whether it holds numbers of a cut ("households/status/rows"): a month that was reckoned afterwards holds only what history tells."""
        return not self.reckoned or cut in self.numbers

    def compared(self, difference: int, unit: str) -> str:
        if not difference:
            return _("比%(then)s 持平") % {"then": self.words}
        values = {"then": self.words, "number": f"{abs(difference):,}", "unit": unit}
        return (
            _("比%(then)s 增 %(number)s %(unit)s") if difference > 0 else _("比%(then)s 减 %(number)s %(unit)s")
        ) % values


def before(region: Region, today: dt.date, since: str) -> Before | None:
    """The end of last month, or (`since` "year") of the same month a year ago; None where nothing was kept."""
    month = first_of(today, -12 if since == "year" else -1)
    row = MonthEnd.objects.filter(region=region, month=month).first()
    if row is None:
        return None
    words = _("去年同月末") if since == "year" else _("上月末")
    return Before(row.numbers, first_of(month, 1) - dt.timedelta(days=1), row.reckoned, words)


def freeze(month: dt.date | None = None) -> int:
    """Keep the figures of all regions as the end of a month that is over (the last one); how many. What is kept already stays."""
    month = month or first_of(timezone.localdate(), -1)
    with transaction.atomic():
        have = set(MonthEnd.objects.filter(month=month, reckoned=False).values_list("region_id", flat=True))
        sums: dict[int, Numbers] = {}
        for row in RegionFigures.objects.filter(year__in=[NOW, month.year]).iterator(chunk_size=500):
            if row.region_id not in have:
                sums.setdefault(row.region_id, {}).update(row.numbers)
        MonthEnd.objects.filter(among("region_id", sums), month=month, reckoned=True).delete()
        MonthEnd.objects.bulk_create(
            (MonthEnd(region_id=pk, month=month, numbers=numbers) for pk, numbers in sums.items()), batch_size=200
        )
        return len(sums)


def reckon(months: Iterable[dt.date]) -> int:
    """Work out, for months that nobody froze, how many households had each status on their last day: from the dated history of status.
    How many rows were written. Households that are closed today are left out, as history does not say what they counted as."""
    wanted = sorted(set(months))
    if not wanted:
        return 0
    with transaction.atomic():
        kept = set(MonthEnd.objects.filter(month__in=wanted).values_list("region_id", "month"))
        paths = dict(Region.objects.values_list("pk", "path"))
        found: dict[tuple[int, dt.date], Numbers] = {}
        for village, month, status in _statuses(wanted):
            one = {place("households", ("status",), ROWS): {status: 1}}
            for pk in (int(part) for part in paths[village].split("/") if part):
                if (pk, month) not in kept:
                    add(found.setdefault((pk, month), {}), one)
        MonthEnd.objects.bulk_create(
            (
                MonthEnd(region_id=pk, month=month, numbers=numbers, reckoned=True)
                for (pk, month), numbers in found.items()
            ),
            batch_size=500,
        )
        return len(found)


def _statuses(months: list[dt.date]) -> Iterable[tuple[int, dt.date, str]]:
    """(village, month, status) of every household and month."""
    steps: dict[int, list[tuple[dt.date, str, str]]] = {}
    rows = StatusChange.objects.filter(state=StatusChange.State.CONFIRMED, household__closed_on=None)
    for pk, day, old, new in rows.order_by("effective_on", "pk").values_list(
        "household_id", "effective_on", "from_status", "to_status"
    ):
        steps.setdefault(pk, []).append((day, old, new))
    for pk, village, status in (
        Household.objects.filter(closed_on=None).order_by("pk").values_list("pk", "village_id", "status")
    ):
        own = steps.get(pk, [])
        for month in months:
            after = first_of(month, 1)
            past = [new for day, _old, new in own if day < after]
            later = [old for day, old, _new in own if day >= after]
            yield village, month, past[-1] if past else later[0] if later else status


def keep_last() -> None:
    """Work of every night: the month that is over is frozen once, as early as the next month begins."""
    month = first_of(timezone.localdate(), -1)
    if not MonthEnd.objects.filter(month=month, reckoned=False).exists() and RegionFigures.objects.exists():
        freeze(month)
