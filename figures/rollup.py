"""汇总: figures of a county without counting its households.

For every village, and for every region above it, the numbers of all datasets are kept (`RegionFigures`). What changes leaves a mark in the
same statement (`Mark`, written by the database). `fold` counts marked villages anew and takes their difference up to the county. Whoever
reads does not wait for that: villages that are marked are counted on the spot and put in place of what is kept, so a page always
shows what its lists show. Only where very many are marked, as after an import, the kept numbers are shown and the page says so.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Exists
from django.utils import timezone

from common.lookups import among
from figures.datasets import NOW, Dataset, Numbers, every, signature
from figures.models import Mark, RegionFigures
from regions.models import Level, Region

logger = logging.getLogger(__name__)
MOST_LIVE = 40  # villages that a reader counts on the spot: about 50 ms
MOST_MARKS = 50_000  # taken at once
CHUNK = 200  # villages counted at once by a rebuild
LOCK = 0x79696875_66  # of whoever writes sums: one at a time

Marks = set[tuple[str, int | None]]  # (table, village)


def add(total: Numbers, numbers: Mapping[str, Mapping[str, int]], sign: int = 1) -> None:
    """Add to a sum in place; zeros are not kept."""
    for place, more in numbers.items():
        own = total.setdefault(place, {})
        for key, number in more.items():
            value = own.get(key, 0) + sign * number
            if value:
                own[key] = value
            else:
                own.pop(key, None)
        if not own:
            del total[place]


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _touched(marks: Marks) -> Iterator[tuple[Dataset, set[int | None]]]:
    """The datasets that marks mean, each with its villages."""
    for dataset in every():
        villages = {village for table, village in marks if table in dataset.tables}
        if villages:
            yield dataset, villages


# -- writing ----------------------------------------------------------------------------------------------------------------------------


def fold() -> int:
    """Count marked villages anew; how many. Safe at any moment and by several at once."""
    with transaction.atomic():
        _lock()
        marks = _take()
        older = RegionFigures.objects.exclude(declared=signature()).exists()
        if not marks and not older:
            return 0
        if older or any(village is None for _table, village in marks):
            rebuild()
            return Region.objects.filter(level=Level.VILLAGE).count()
        today = timezone.localdate()
        changed = Region.objects.filter(among("pk", {v for _t, v in marks if v is not None})).in_bulk()
        counted, touched = {}, {}
        for dataset, villages in _touched(marks):
            touched[dataset.code] = villages
            counted[dataset.code] = dataset.counted(today, [pk for pk in changed if pk in villages])
        _write(changed, counted, touched)
        return len(changed)


def _take() -> Marks:
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {Mark._meta.db_table} WHERE id IN (SELECT id FROM {Mark._meta.db_table} ORDER BY id LIMIT %s)"  # noqa: S608
            ' RETURNING "table", village_id',
            [MOST_MARKS],
        )
        return set(cursor.fetchall())


def _write(villages: Mapping[int, Region], counted: Mapping[str, Mapping[tuple[int, int], Numbers]],
           touched: Mapping[str, Collection[int | None]]) -> None:  # fmt: skip
    """Put the numbers of datasets in place of those kept for villages, and the difference on every region above them."""
    above = {pk for region in villages.values() for pk in region.ancestor_ids}
    kept = {(row.region_id, row.year): row for row in RegionFigures.objects.filter(among("region_id", above))}
    years = {year for pk, year in kept if pk in villages} | {year for found in counted.values() for _v, year in found}
    now, dirty = timezone.now(), {}
    for pk, region in villages.items():
        codes = [code for code, own in touched.items() if pk in own]
        for year in years:
            row = kept.get((pk, year))
            difference: Numbers = {}
            for code in codes:
                add(difference, counted[code].get((pk, year), {}))
                add(difference, _of(code, row.numbers if row else {}), -1)
            if not difference:
                continue
            for own in region.ancestor_ids:
                row = kept.setdefault((own, year), RegionFigures(region_id=own, year=year))
                add(row.numbers, difference)
                dirty[own, year] = row
    _save(dirty.values(), now)


def _save(rows: Iterable[RegionFigures], now: dt.datetime) -> None:
    found = list(rows)
    for row in found:
        row.counted_at, row.declared = now, signature()
    RegionFigures.objects.bulk_create(
        found, batch_size=200, update_conflicts=True, unique_fields=["region", "year"], update_fields=["numbers", "counted_at", "declared"]
    )  # fmt: skip


def rebuild() -> int:
    """Count everything anew; how many regions' figures had been wrong. What is marked meanwhile stays marked."""
    with transaction.atomic():
        _lock()
        _take()
        found = _everything()
        kept = {(row.region_id, row.year): row for row in RegionFigures.objects.iterator(chunk_size=500)}
        wrong = [key for key, row in kept.items() if found.get(key, {}) != row.numbers]
        wrong += [key for key, numbers in found.items() if key not in kept and numbers]
        gone = [kept[key].pk for key in kept if key not in found]
        RegionFigures.objects.filter(among("pk", gone)).delete()
        _save(
            (RegionFigures(region_id=pk, year=year, numbers=numbers) for (pk, year), numbers in found.items()),
            timezone.now(),
        )
        return len({pk for pk, _year in wrong})


def _everything() -> dict[tuple[int, int], Numbers]:
    today = timezone.localdate()
    villages = list(Region.objects.filter(level=Level.VILLAGE).order_by("path"))
    found: dict[tuple[int, int], Numbers] = {}
    for first in range(0, len(villages), CHUNK):
        chunk = {region.pk: region for region in villages[first : first + CHUNK]}
        for dataset in every():
            for (pk, year), numbers in dataset.counted(today, chunk).items():
                for own in chunk[pk].ancestor_ids:
                    add(found.setdefault((own, year), {}), numbers)
    return found


def recount_all() -> None:
    """Work of the night: what follows from the day alone, and a look whether all was kept true."""
    wrong = rebuild()
    if wrong:
        logger.error("figures: %s regions did not say what their rows say; they do now", wrong)


# -- reading ----------------------------------------------------------------------------------------------------------------------------


@dataclass
class Reading:
    """Numbers of regions at a moment. `behind` villages are still to be counted, and with them figures are as of `since`; else as of now."""

    numbers: dict[tuple[int, int], Numbers] = field(default_factory=dict)
    at: dt.datetime = field(default_factory=timezone.now)
    behind: int = 0

    def of(self, region: int, *years: int) -> Numbers:
        """The numbers of a region in these years together; those of how things stand are always among them."""
        found: Numbers = {}
        for year in (NOW, *years):
            found |= self.numbers.get((region, year), {})
        return found


Kept = dict[tuple[int, int], tuple[Numbers, dt.datetime]]  # {(region, year): (numbers, when they were counted)}


def read(regions: Sequence[Region], years: Collection[int]) -> Reading:
    """One query, and where something has just changed a few more."""
    wanted, own = {NOW, *years}, {region.pk for region in regions}
    kept, marked, older = _kept(own, wanted)
    inside: Mapping[int, Region] = {}
    marks: Marks = set()
    behind = 0
    if older:  # the software was renewed a moment ago
        behind = Region.objects.filter(level=Level.VILLAGE).count()
    elif marked or not kept:
        marks = set(Mark.objects.order_by().values_list("table", "village_id").distinct())
        inside, behind = _below(regions, marks)
        # Sums of regions and of marked villages in one query, so that both are of one moment.
        kept, _marked, _older = _kept(own | inside.keys(), wanted)
    reading = Reading({key: numbers for key, (numbers, _at) in kept.items()}, behind=behind)
    if behind and kept:
        reading.at = min(at for _numbers, at in kept.values())
    if inside:
        before = {key: deepcopy(numbers) for key, (numbers, _at) in kept.items() if key[0] in inside}
        _catch_up(reading, regions, wanted, marks, inside, before)
    return reading


def _kept(regions: Collection[int], years: Collection[int]) -> tuple[Kept, bool, bool]:
    """What is kept of regions; whether anything is marked anywhere; whether an older version of the software counted some of it."""
    rows = RegionFigures.objects.filter(among("region_id", regions), year__in=years).order_by()
    found: Kept = {}
    marked = older = False
    for pk, year, numbers, at, declared, some in rows.annotate(marked=Exists(Mark.objects.all())).values_list(
        "region_id", "year", "numbers", "counted_at", "declared", "marked"
    ):
        found[pk, year] = (numbers, at)
        marked, older = some, older or declared != signature()
    return found, marked, older


def _below(regions: Sequence[Region], marks: Marks) -> tuple[dict[int, Region], int]:
    """Marked villages below the regions, to be counted on the spot; or none, and how many there are where they are too many for that."""
    if any(village is None for _table, village in marks):
        return {}, Region.objects.filter(level=Level.VILLAGE).count()
    keys = {village for _table, village in marks}
    if not keys:
        return {}, 0
    found = {
        village.pk: village for village in Region.objects.filter(among("pk", keys)).order_by()  # type: ignore[arg-type]
        if any(village.path.startswith(region.path) for region in regions)
    }  # fmt: skip
    return ({}, len(found)) if len(found) > MOST_LIVE else (found, 0)


def _catch_up(reading: Reading, regions: Sequence[Region], years: Collection[int], marks: Marks, inside: Mapping[int, Region],
              kept: Mapping[tuple[int, int], Numbers]) -> None:  # fmt: skip
    """Put what marked villages say now in place of what is kept of them."""
    today = timezone.localdate()
    for dataset, villages in _touched(marks):
        own = [pk for pk in inside if pk in villages]
        counted = dataset.counted(today, own) if own else {}
        for pk in own:
            for year in years:
                difference: Numbers = {}
                add(difference, counted.get((pk, year), {}))
                add(difference, _of(dataset.code, kept.get((pk, year), {})), -1)
                for region in regions:
                    if difference and inside[pk].path.startswith(region.path):
                        add(reading.numbers.setdefault((region.pk, year), {}), difference)


def _of(code: str, numbers: Numbers) -> Numbers:
    """The part of a dataset."""
    return {place: own for place, own in numbers.items() if place.startswith(f"{code}/")}
