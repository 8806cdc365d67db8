"""地图: where the places of a region are drawn, with or without anybody's boundaries.

Townships are tiles on a grid, placed by the county or, until then, by the mean position of their villages or simply in order; villages are
points where positions are known. A county may bring outlines of its own; nothing is fetched and no outline is shipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import charts
from common.lookups import among
from figures.models import MapPlace
from regions.models import Level, Region

EDIT = Permission.REGION_EDIT
WIDEST = 12  # columns and rows of the grid
Ring = list[list[float]]


# -- where ------------------------------------------------------------------------------------------------------------------------------


def places_of(regions: Iterable[Region]) -> dict[int, MapPlace]:
    return {row.region_id: row for row in MapPlace.objects.filter(among("region_id", [r.pk for r in regions]))}


def grid(regions: Sequence[Region], places: Mapping[int, MapPlace]) -> dict[int, tuple[int, int]]:
    """(column, row) of each region: as it was placed; who has no place gets a free one, in order of position, else of code."""
    found = {pk: (row.column, row.row) for pk, row in places.items() if row.column is not None and row.row is not None}
    taken, side = set(found.values()), max(4, math.ceil(math.sqrt(len(regions))))
    free = ((column, row) for row in range(WIDEST * 2) for column in range(side) if (column, row) not in taken)
    loose = [region for region in regions if region.pk not in found]
    known = {pk: row for pk, row in places.items() if row.latitude is not None}
    loose.sort(
        key=lambda r: (-known[r.pk].latitude, known[r.pk].longitude) if r.pk in known else (Decimal(0), Decimal(r.code))
    )
    return found | {region.pk: next(free) for region in loose}


def draw(spots: Mapping[int, charts.Spot], regions: Sequence[Region], *, title: str, desc: str) -> Any:
    """A map of regions of one level: by their outlines where all have one, townships else as tiles, villages as points; None where
    positions are not known."""
    places = places_of(regions)
    words = [_("最低 1/4"), _("较低"), _("较高"), _("最高 1/4")]
    if regions and all(region.pk in places and places[region.pk].shape for region in regions):
        return charts.shapes(
            [spots[r.pk]._replace(rings=places[r.pk].shape) for r in regions], words, title=title, desc=desc
        )
    if not regions or regions[0].level < Level.VILLAGE:
        at = grid(regions, places)
        return (
            charts.tiles([spots[r.pk]._replace(at=at[r.pk]) for r in regions], words, title=title, desc=desc)
            if regions
            else None
        )
    known = [r for r in regions if r.pk in places and places[r.pk].latitude is not None]
    if len(known) < 3:
        return None
    at_sea = {r.pk: (float(places[r.pk].longitude or 0), float(places[r.pk].latitude or 0)) for r in known}
    return charts.points(
        [spots[r.pk]._replace(at=at_sea[r.pk]) for r in known], words, title=title, desc=desc, km=_("10 公里")
    )


# -- outlines ---------------------------------------------------------------------------------------------------------------------------


def simplified(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most about `most` corners of a line: those that matter least are left out (Douglas and Peucker), with a width that doubles until
    they are few enough."""
    width, found = 0.0005, list(points)
    while len(found) > most:
        found = _thinned(points, width)
        width *= 2
    return found


def _thinned(points: Sequence[tuple[float, float]], width: float) -> list[tuple[float, float]]:
    keep = {0, len(points) - 1}
    middle = len(points) // 2  # a ring ends where it begins: two halves are thinned
    keep.add(middle)
    open_ = [(0, middle), (middle, len(points) - 1)]
    while open_:
        first, last = open_.pop()
        farthest, at = 0.0, 0
        for n in range(first + 1, last):
            away = _distance(points[n], points[first], points[last])
            if away > farthest:
                farthest, at = away, n
        if farthest > width:
            keep.add(at)
            open_ += [(first, at), (at, last)]
    return [points[n] for n in sorted(keep)]


def _distance(p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    if not dx and not dy:
        return math.hypot(p[0] - a[0], p[1] - a[1])
    return abs(dy * p[0] - dx * p[1] + b[0] * a[1] - b[1] * a[0]) / math.hypot(dx, dy)
