"""地图: where the places of a region are drawn, with or without anybody's boundaries.

Townships are tiles on a grid, placed by the county or, until then, by the mean position of their villages or simply in order; villages are
points where positions are known. A county may bring outlines of its own; nothing is fetched and no outline is shipped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_in
from common import audit, charts
from common.lookups import among
from common.refusal import RefusedError
from figures.models import MapPlace
from regions.models import Level, Region

EDIT = Permission.REGION_EDIT
WIDEST = 12  # columns and rows of the grid
CORNERS = 160  # of an outline that is kept
BIGGEST = 5 * 1024 * 1024  # bytes of a file with outlines
Ring = list[list[float]]


class AtlasError(RefusedError):
    """What was brought cannot be drawn; one sentence for the user."""


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
    loose.sort(key=lambda r: (-known[r.pk].latitude, known[r.pk].longitude) if r.pk in known else (Decimal(0), Decimal(r.code)))
    return found | {region.pk: next(free) for region in loose}


def draw(spots: Mapping[int, charts.Spot], regions: Sequence[Region], *, title: str, desc: str) -> Any:
    """A map of regions of one level: by their outlines where all have one, townships else as tiles, villages as points; None where
    positions are not known."""
    places = places_of(regions)
    words = [_("最低 1/4"), _("较低"), _("较高"), _("最高 1/4")]
    if regions and all(region.pk in places and places[region.pk].shape for region in regions):
        return charts.shapes([spots[r.pk]._replace(rings=places[r.pk].shape) for r in regions], words, title=title, desc=desc)
    if not regions or regions[0].level < Level.VILLAGE:
        at = grid(regions, places)
        return charts.tiles([spots[r.pk]._replace(at=at[r.pk]) for r in regions], words, title=title, desc=desc) if regions else None
    known = [r for r in regions if r.pk in places and places[r.pk].latitude is not None]
    if len(known) < 3:
        return None
    at_sea = {r.pk: (float(places[r.pk].longitude or 0), float(places[r.pk].latitude or 0)) for r in known}
    return charts.points([spots[r.pk]._replace(at=at_sea[r.pk]) for r in known], words, title=title, desc=desc, km=_("10 公里"))


# -- verbs ------------------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def place_tiles(*, region: Region, tiles: Mapping[int, tuple[int, int]], by: Any) -> int:
    """Put the regions below one on its grid (columns and rows from 0); how many. Two on one tile are refused."""
    require_in(by, EDIT, region)
    below = Region.objects.filter(parent=region).in_bulk()
    seen: dict[tuple[int, int], Region] = {}
    for pk, at in tiles.items():
        row = below.get(pk)
        if row is None or not all(0 <= n < WIDEST for n in at):
            raise AtlasError(_("位置只能在 1 到 %(most)s 之间，请核对后再保存。") % {"most": WIDEST})
        if at in seen:
            values = {"one": seen[at].name, "other": row.name, "column": at[0] + 1, "row": at[1] + 1}
            raise AtlasError(_("%(one)s和%(other)s都在第 %(column)s 列第 %(row)s 行，请把其中一个换个位置。") % values)
        seen[at] = row
    for pk, (column, line) in tiles.items():
        MapPlace.objects.update_or_create(region_id=pk, defaults={"column": column, "row": line})
    audit.record("map.placed", by=by, target=region, region_path=region.path, note=str(len(tiles)))
    return len(tiles)


@transaction.atomic
def place_villages(*, region: Region, text: str, by: Any) -> int:
    """Positions of villages, one a line: name or code, longitude, latitude; how many. One wrong line, and nothing is saved."""
    require_in(by, EDIT, region)
    villages = list(Region.objects.current().within(region).filter(level=Level.VILLAGE))
    by_name: dict[str, list[Region]] = {}
    for village in villages:
        for name in (village.code, village.name, village.full_name):
            by_name.setdefault(name, []).append(village)
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            village, lon, lat = _line(line, number, by_name)
            found[village.pk] = (lon, lat)
    if not found:
        raise AtlasError(_("没有读到位置。每行写一个村：村名或代码、经度、纬度，中间用空格或逗号隔开。"))
    for pk, (lon, lat) in found.items():
        MapPlace.objects.update_or_create(region_id=pk, defaults={"longitude": lon, "latitude": lat})
    audit.record("map.positions", by=by, target=region, region_path=region.path, note=str(len(found)))
    return len(found)


def _line(line: str, number: int, by_name: Mapping[str, list[Region]]) -> tuple[Region, Decimal, Decimal]:
    parts = line.replace("，", " ").replace(",", " ").replace("\t", " ").split()
    if len(parts) != 3:
        raise AtlasError(_("第 %(number)s 行应是村名、经度、纬度三项，请核对。") % {"number": number})
    named = by_name.get(parts[0], [])
    if len(named) != 1:
        why = _("第 %(number)s 行的“%(name)s”有几个同名的村，请改写村的代码。") if named else _("第 %(number)s 行的“%(name)s”不在这里的村里，请核对。")
        raise AtlasError(why % {"number": number, "name": parts[0][:30]})
    try:
        lon, lat = Decimal(parts[1]), Decimal(parts[2])
    except ArithmeticError:
        raise AtlasError(_("第 %(number)s 行的经度、纬度不是数字，请核对。") % {"number": number}) from None
    if not (73 <= lon <= 136 and 3 <= lat <= 54):
        raise AtlasError(_("第 %(number)s 行的位置不在国内，请核对经度在前、纬度在后。") % {"number": number})
    return named[0], round(lon, 4), round(lat, 4)


@transaction.atomic
def bring_outlines(*, region: Region, data: bytes, by: Any) -> int:
    """Outlines of the regions below one from a GeoJSON file, matched by `code` or `name` of a feature; how many. Simplified as they are kept."""
    require_in(by, EDIT, region)
    if len(data) > BIGGEST:
        raise AtlasError(_("边界文件超过 5 MB，请先简化后再上传。"))
    below = list(Region.objects.current().filter(parent=region))
    by_word = {word: row for row in below for word in (row.code, row.name)}
    found: dict[int, list[Ring]] = {}
    for feature in _features(data):
        properties = feature.get("properties") or {}
        row = next((by_word[str(value)] for value in properties.values() if str(value) in by_word), None)
        rings = _rings(feature.get("geometry") or {})
        if row is not None and rings:
            found[row.pk] = rings
    if not found:
        raise AtlasError(_("文件里没有一个地区和这里的名称或代码对得上，请核对属性里的名称。"))
    for pk, rings in found.items():
        MapPlace.objects.update_or_create(region_id=pk, defaults={"shape": rings})
    audit.record("map.outlines", by=by, target=region, region_path=region.path, note=str(len(found)))
    return len(found)


@transaction.atomic
def drop_outlines(*, region: Region, by: Any) -> None:
    require_in(by, EDIT, region)
    MapPlace.objects.filter(region__parent=region).update(shape=None)
    audit.record("map.outlines_dropped", by=by, target=region, region_path=region.path)


def _features(data: bytes) -> list[Any]:
    try:
        read = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        raise AtlasError(_("这个文件不是 GeoJSON，请上传扩展名为 .json 或 .geojson 的边界文件。")) from None
    features = read.get("features") if isinstance(read, dict) else None
    if not isinstance(features, list) or not all(isinstance(each, dict) for each in features):
        raise AtlasError(_("这个文件里没有边界（FeatureCollection），请换一个文件。"))
    return features


def _rings(geometry: Any) -> list[Ring]:
    kind, corners = (geometry.get("type"), geometry.get("coordinates")) if isinstance(geometry, dict) else (None, None)
    polygons = [corners] if kind == "Polygon" else corners if kind == "MultiPolygon" else []
    rings: list[Ring] = []
    try:
        for polygon in polygons or []:
            for ring in polygon:
                points = [(float(p[0]), float(p[1])) for p in ring]
                if len(points) >= 4 and all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in points):
                    rings.append([[round(x, 4), round(y, 4)] for x, y in simplified(points, CORNERS)])
    except (TypeError, ValueError, IndexError):
        raise AtlasError(_("边界里有读不懂的坐标，请换一个文件。")) from None
    return rings


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
