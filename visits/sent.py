"""A visit as it is sent: the body of `visit.record` read into values, whatever somebody may have written there.

`{"uid", "household": UUIDs, "manner": "visit"|"call", "on": "YYYY-MM-DD", "met": [codes], "seen": [codes], "text", "asked": what the household
asks for or "", "next_on": date or null, "place": {"lon", "lat"} in degrees or null, "photos": [UUIDs]}`. What cannot be read is refused as
`malformed`; what cannot be is refused by the name of its field.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from common.codes import CodeList
from common.sync import Refused
from common.text import normalise_text
from households.models import Household
from visits.codelists import MET, NOBODY, SEEN
from visits.models import Manner

MOST_PHOTOS = 5
MOST_TEXT = 300
FARTHEST = 366  # days ahead that a next visit may be planned
COARSE = Decimal("0.01")  # of a degree: about 1 km
EAST, NORTH = (73, 136), (3, 54)  # degrees; the country lies within


@dataclass(frozen=True)
class Sent:
    """The body, read."""

    uid: uuid.UUID
    household: uuid.UUID
    manner: str
    on: dt.date
    met: list[str]
    seen: list[str]
    text: str
    asked: str
    next_on: dt.date | None
    place: tuple[Decimal, Decimal] | None  # longitude, latitude
    photos: list[uuid.UUID]


def malformed(part: str) -> Refused:
    return Refused(
        "malformed", _("走访内容的格式不对（%(part)s），服务器没有收下。请更新页面后再传。") % {"part": part}
    )


def read(body: Mapping[str, Any]) -> Sent:
    """Raises `Refused("malformed")`, naming the part, and `Refused("text")` for characters nobody can print."""
    manner = body.get("manner")
    if manner not in Manner.values:
        raise malformed("manner")
    photos = body.get("photos", [])
    if not isinstance(photos, list) or len(photos) > 100:
        raise malformed("photos")
    return Sent(
        uid=_uid(body.get("uid"), "uid"),
        household=_uid(body.get("household"), "household"),
        manner=str(manner),
        on=_day(body.get("on"), "on"),
        met=_codes(body.get("met"), "met"),
        seen=_codes(body.get("seen", []), "seen"),
        text=_text(body.get("text"), "text"),
        asked=_text(body.get("asked") or "", "asked"),
        next_on=_day(body["next_on"], "next_on") if body.get("next_on") else None,
        place=_place(body.get("place")),
        photos=[_uid(each, "photos") for each in photos],
    )


def household_of(body: Mapping[str, Any]) -> Household | None:
    """The household that a body names, whoever sends it."""
    try:
        uid = _uid(body.get("household"), "household")
    except Refused:
        return None
    return Household.objects.select_related("village").filter(uid=uid).first()


def _uid(value: Any, part: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise malformed(part)


def _day(value: Any, part: str) -> dt.date:
    try:
        found = parse_date(value)
    except (ValueError, TypeError):
        found = None
    if found is None or not 2000 <= found.year <= 2100:
        raise malformed(part)
    return found


def _codes(value: Any, part: str) -> list[str]:
    if not isinstance(value, list) or len(value) > 40 or not all(isinstance(each, str) for each in value):
        raise malformed(part)
    return list(dict.fromkeys(value))


def _text(value: Any, part: str) -> str:
    if not isinstance(value, str):
        raise malformed(part)
    try:
        return normalise_text(value).strip()
    except ValidationError as error:
        raise Refused(part, error.messages[0]) from error


def _place(value: Any) -> tuple[Decimal, Decimal] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise malformed("place")
    found = [value.get("lon"), value.get("lat")]
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in found):
        raise malformed("place")
    for each, (least, most) in zip(found, (EAST, NORTH), strict=True):
        if not least <= each <= most:
            raise Refused("place", _("记下的位置不在国内，服务器没有收下。请去掉位置再提交。"))
    lon, lat = (Decimal(str(each)).quantize(COARSE) for each in found)
    return lon, lat


# -- what can be ----------------------------------------------------------------------------------------------------------------------


def refuse_impossible(read: Sent, *, old: bool = False) -> None:
    """Raises `Refused` for a visit that nobody can have made or planned like this. `old`: it waited here, and may be of any age."""
    today = timezone.localdate()
    if read.on > today:
        raise Refused("future", _("走访日期在今天之后，服务器没有收下。请核对手机的日期，改好再提交。"))
    if not old and read.on < today - dt.timedelta(days=settings.VISIT_DAYS):
        raise Refused(
            "too_old", _("走访日期是 %(days)s 天以前，超过了补登的期限，服务器没有收下。请核对日期。") % {"days": settings.VISIT_DAYS}
        )  # fmt: skip
    _refuse_unknown(read.met, MET, "met")
    _refuse_unknown(read.seen, SEEN, "seen")
    if not read.met:
        raise Refused("met", _("请点选见到了谁；没有人在家，就选“没有人在家”。"))
    if NOBODY in read.met and len(read.met) > 1:
        raise Refused("met", _("选了“没有人在家”，又选了见到的人，请改好再提交。"))
    if not read.text:
        raise Refused("text", _("请写一句话，说说这次走访的情况。"))
    for value, field, name in ((read.text, "text", _("一句话记录")), (read.asked, "asked", _("农户诉求"))):
        if len(value) > MOST_TEXT:
            raise Refused(field, _("“%(name)s”最多 %(most)s 个字，请写短一些。") % {"name": name, "most": MOST_TEXT})
    if read.next_on is not None and read.next_on <= read.on:
        raise Refused("next_on", _("下次走访的日期应在这次走访之后，请改好再提交。"))
    if read.next_on is not None and read.next_on > today + dt.timedelta(days=FARTHEST):
        raise Refused("next_on", _("下次走访的日期在一年以后，请核对。"))
    if len(read.photos) > MOST_PHOTOS:
        raise Refused("too_many", _("一次走访最多 %(count)s 张照片，请删去几张再提交。") % {"count": MOST_PHOTOS})
    if len(set(read.photos)) != len(read.photos):
        raise Refused("forged", _("同一张照片用了两次，服务器没有收下。请重新拍照。"))


def _refuse_unknown(codes: list[str], known: CodeList, field: str) -> None:
    for code in codes:
        if code not in known:
            raise Refused(
                field, _("“%(list)s”里有本系统没有的选项，服务器没有收下。请更新页面后重选。") % {"list": known.title}
            )
