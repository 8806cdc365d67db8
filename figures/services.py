"""Putting places on the map: verbs of whoever keeps the regions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.scoping import require_in
from common import audit
from common.refusal import RefusedError
from figures.atlas import EDIT, WIDEST, Ring, simplified
from figures.models import MapPlace
from regions.models import Level, Region

CORNERS = 160  # of an outline that is kept
BIGGEST = 5 * 1024 * 1024  # bytes of a file with outlines


class AtlasError(RefusedError):
    """What was brought cannot be drawn; one sentence for the user."""


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
        why = (
            _("第 %(number)s 行的“%(name)s”有几个同名的村，请改写村的代码。")
            if named
            else _("第 %(number)s 行的“%(name)s”不在这里的村里，请核对。")
        )
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
    read: dict[str, Any] = geometry if isinstance(geometry, dict) else {}
    corners: Any = read.get("coordinates") or []
    polygons = {"Polygon": [corners], "MultiPolygon": corners}.get(str(read.get("type")), [])
    rings: list[Ring] = []
    try:
        for polygon in polygons:
            for ring in polygon:
                points = [(float(p[0]), float(p[1])) for p in ring]
                if len(points) >= 4 and all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in points):
                    rings.append([[round(x, 4), round(y, 4)] for x, y in simplified(points, CORNERS)])
    except (TypeError, ValueError, IndexError):
        raise AtlasError(_("边界里有读不懂的坐标，请换一个文件。")) from None
    return rings
