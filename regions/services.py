"""Every change of the region tree, and where a region of another day is now.

A region keeps its row when its name, code or parent changes, so that whatever points at it stays right; the old name and code
stay findable in `Succession`. A merger closes rows instead, and tells the floors above what must follow (`regions.registry`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit
from common.names import search_keys
from common.text import normalise_text
from regions import registry
from regions.models import Level, Region, Succession

# Digits of a 12-digit code that name each level (GB/T 2260 to the county, GB/T 10114 below); the rest are zeros.
DIGITS = {Level.PROVINCE: 2, Level.CITY: 4, Level.COUNTY: 6, Level.TOWNSHIP: 9, Level.VILLAGE: 12}
BATCH = 2000
SUCCESSION_DEPTH = 12  # a chain of mergers longer than this is a circle


class RegionError(Exception):
    """The tree does not allow it; the message is one sentence for the user."""


# -- names and codes ------------------------------------------------------------------------------------------------------------


def pad_code(code: str) -> str:
    """A code of 2, 4, 6, 9 or 12 digits as the 12 that are stored. Raises `RegionError` for anything else."""
    plain = re.sub(r"\s", "", code)
    if not re.fullmatch(r"\d{12}|\d{9}|\d{6}|\d{4}|\d{2}", plain, re.ASCII):
        raise RegionError(
            _("区划代码“%(code)s”不对，应为 12 位数字（乡镇可写 9 位，县可写 6 位），请核对后重填。") % {"code": code}
        )
    return plain.ljust(12, "0")


def clean_name(name: str) -> str:
    name = re.sub(r"\s+", "", normalise_text(name))
    if not 1 < len(name) <= 60:
        raise RegionError(_("地名应为 2 至 60 个字，请核对后重填。"))
    return name


def set_search(region: Region) -> None:
    """Pinyin and initials from the name."""
    keys = search_keys(region.name)
    region.pinyin, region.initials = keys.pinyin, keys.initials


def full_name_under(parent: Region | None, name: str) -> str:
    """From the county down: 示范县石门乡青石村."""
    return (parent.full_name if parent and parent.level >= Level.COUNTY else "") + name


def free_code(parent: Region) -> str:
    """The next code without an owner below a township (villages from 200) or a county (townships from 200); "" elsewhere.

    The ranges are those of GB/T 10114: 200-399 are 村民委员会 and 乡.
    """
    if parent.level not in (Level.COUNTY, Level.TOWNSHIP):
        return ""
    start = DIGITS[Level(parent.level)]
    taken = set(Region.objects.filter(parent=parent).values_list(Substr("code", start + 1, 3), flat=True))
    free = next((n for n in range(200, 1000) if f"{n:03d}" not in taken), None)
    return "" if free is None else pad_code(f"{parent.code[:start]}{free:03d}")


def _check_code(code: str, *, level: int, parent: Region | None, but: Region | None = None) -> str:
    code = pad_code(code)
    digits = DIGITS[Level(level)]
    if code[digits:].strip("0"):
        raise RegionError(
            _("%(level)s的区划代码只有前 %(digits)s 位，后面应为 0，请核对“%(code)s”。")
            % {"level": Level(level).label, "digits": digits, "code": code}
        )
    if parent and not code.startswith(parent.code[: DIGITS[Level(parent.level)]]):
        raise RegionError(
            _("区划代码“%(code)s”不在%(parent)s（%(parent_code)s）之下，请核对前 %(digits)s 位。")
            % {
                "code": code,
                "parent": parent.name,
                "parent_code": parent.code,
                "digits": DIGITS[Level(parent.level)],
            }
        )
    taken = Region.objects.filter(code=code, valid_to=None)
    other = (taken.exclude(pk=but.pk) if but else taken).first()
    if other:
        raise RegionError(
            _("区划代码“%(code)s”已经是%(region)s的，请换一个。") % {"code": code, "region": other.full_name}
        )
    return code


def _check_name(name: str, *, parent: Region | None, but: Iterable[Region] = ()) -> str:
    name = clean_name(name)
    same = Region.objects.filter(parent=parent, name=name, valid_to=None).exclude(pk__in=[r.pk for r in but])
    if parent and same.exists():
        raise RegionError(_("%(parent)s之下已经有“%(name)s”，请换一个名称。") % {"parent": parent.name, "name": name})
    return name


def _check_day(on: dt.date | None, *regions: Region) -> dt.date:
    on = on or timezone.localdate()
    if on > timezone.localdate():
        raise ValidationError({"on": [_("生效日期不能晚于今天，请到那一天再办理。")]})
    late = next((r for r in regions if on <= r.valid_from), None)
    if late:
        raise ValidationError(
            {"on": [_("生效日期应晚于%(region)s的启用日期 %(day)s。") % {"region": late.name, "day": late.valid_from}]}
        )
    return on


def _lock(regions: Sequence[Region]) -> list[Region]:
    locked = list(
        Region.objects.select_for_update(of=("self",))
        .select_related("parent")
        .filter(pk__in=[r.pk for r in regions])
        .order_by("code", "pk")
    )
    if any(r.valid_to for r in locked):
        raise RegionError(_("所选的区划里有已经停用的，请刷新页面后重新选择。"))
    return locked


def next_keys(count: int) -> list[int]:
    """Primary keys ahead of a bulk insert, because a path holds the key of its own row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('regions_region', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


def create_many(regions: Sequence[Region]) -> None:
    """Insert new regions whose parents are saved; keys and paths are filled in."""
    for start in range(0, len(regions), BATCH):
        batch = regions[start : start + BATCH]
        for region, pk in zip(batch, next_keys(len(batch)), strict=True):
            region.pk, region.path = pk, f"{region.parent.path if region.parent else ''}{pk}/"
        Region.objects.bulk_create(batch)


def build_region(parent: Region | None, *, level: int, name: str, code: str, is_demo: bool = False) -> Region:
    """An unsaved region with its full name and search columns."""
    region = Region(
        code=pad_code(code), name=name, level=level, parent=parent, is_demo=is_demo,
        full_name=full_name_under(parent, name),
    )  # fmt: skip
    set_search(region)
    return region


# -- verbs ----------------------------------------------------------------------------------------------------------------------


def _create(*, parent: Region, name: str, code: str, on: dt.date) -> Region:
    region = build_region(parent, level=parent.level + 1, name=name, code=code, is_demo=parent.is_demo)
    region.valid_from = on
    create_many([region])
    return region


@transaction.atomic
def add_region(*, parent: Region, name: str, by: Any, code: str = "", on: dt.date | None = None) -> Region:
    """A new region below `parent`. Without a `code` the next free one is taken (villages and townships only)."""
    (parent,) = _lock([parent])
    registry.require_edit(by, parent)
    if parent.level == Level.VILLAGE:
        raise RegionError(_("村以下不再分级，村民小组请写在农户的“组”一栏。"))
    name = _check_name(name, parent=parent)
    code = _check_code(code or free_code(parent), level=parent.level + 1, parent=parent)
    region = _create(parent=parent, name=name, code=code, on=_check_day(on))
    audit.record("region.added", by=by, target=region, region_path=region.path, note=region.full_name, rows=[region])
    return region


def note_change(region: Region, kind: str, on: dt.date, *, name: str, code: str, note: str = "") -> None:
    """Remember the name and code that `region` had before `on`; a second change on the same day keeps the first memory."""
    Succession.objects.get_or_create(
        old=region, new=region, on=on, defaults={"kind": kind, "old_name": name, "old_code": code, "note": note}
    )


def _rewrite_names_below(region: Region, old: str) -> None:
    """Full names of everything below follow a new beginning; only counties and what lies below carry them on."""
    if region.level < Level.COUNTY:
        return
    Region.objects.filter(path__startswith=region.path, full_name__startswith=old).exclude(pk=region.pk).update(
        full_name=Concat(Value(region.full_name), Substr("full_name", len(old) + 1))
    )


@transaction.atomic
def rename_region(*, region: Region, name: str, by: Any, on: dt.date | None = None) -> Region:
    """Another name from `on`; the old one stays findable."""
    (region,) = _lock([region])
    registry.require_edit(by, region)
    name = _check_name(name, parent=region.parent, but=[region])
    if name == region.name:
        raise RegionError(_("新名称和现在的一样，没有改动。"))
    on = _check_day(on, region)
    before = audit.snapshot(region)
    apply_name(region, name, on)
    changes = audit.changes_since(before, region)
    audit.record("region.renamed", by=by, target=region, region_path=region.path, changes=changes, rows=[region])
    return region


def apply_name(region: Region, name: str, on: dt.date, note: str = "") -> None:
    note_change(region, Succession.Kind.RENAMED, on, name=region.name, code=region.code, note=note)
    old_full = region.full_name
    region.name, region.full_name = name, full_name_under(region.parent, name)
    set_search(region)
    region.save(update_fields=["name", "full_name", "pinyin", "initials"])
    _rewrite_names_below(region, old_full)


@transaction.atomic
def recode_region(
    *, region: Region, code: str, by: Any, parent: Region | None = None, on: dt.date | None = None
) -> Region:
    """Another code from `on`, and with `parent` another place in the tree at the same level."""
    locked = {r.pk: r for r in _lock([region] if parent is None else [region, parent])}
    region = locked[region.pk]
    parent = locked[parent.pk] if parent else region.parent
    registry.require_edit(by, region, *(r for r in (region.parent, parent) if r))
    if parent and parent.level != region.level - 1:
        raise RegionError(_("%(region)s只能放在上一级区划之下，请重新选择。") % {"region": region.name})
    moved = parent is not None and parent.pk != region.parent_id
    code = _check_code(code, level=region.level, parent=parent, but=region)
    if code == region.code and not moved:
        raise RegionError(_("新代码和现在的一样，没有改动。"))
    if moved:
        _check_name(region.name, parent=parent)
    on = _check_day(on, region)
    before = audit.snapshot(region)
    note_change(region, Succession.Kind.RECODED, on, name=region.name, code=region.code)
    region.code = code
    region.save(update_fields=["code"])
    if moved and parent:
        _hang_under(region, parent, by=by, on=on)
    changes = audit.changes_since(before, region)
    audit.record("region.recoded", by=by, target=region, region_path=region.path, changes=changes, rows=[region])
    return region


def _hang_under(region: Region, parent: Region, *, by: Any, on: dt.date) -> None:
    """Move a subtree: paths and full names of everything in it, then whatever stands in its villages."""
    old_path, old_full = region.path, region.full_name
    region.parent, region.path = parent, f"{parent.path}{region.pk}/"
    region.full_name = full_name_under(parent, region.name)
    below = Region.objects.filter(path__startswith=old_path).exclude(pk=region.pk)
    below.update(path=Concat(Value(region.path), Substr("path", len(old_path) + 1)))
    region.save(update_fields=["parent", "path", "full_name"])
    _rewrite_names_below(region, old_full)
    for village in Region.objects.within(region).filter(level=Level.VILLAGE):
        registry.follow(old=village, new=village, by=by, on=on)


@transaction.atomic
def merge_regions(*, old: Sequence[Region], by: Any, into: Region | None = None, parent: Region | None = None,
                  name: str = "", code: str = "", on: dt.date | None = None, note: str = "") -> Region:  # fmt: skip
    """Several villages (or townships) become one: `into`, which stays (and may be one of them), or a new one.

    A new one takes `name`, `code` ("" = the next free one) and the parent of the first unless `parent` is given. The merged
    regions end on `on` and keep their rows; what stood in them follows to the new one; villages of merged townships move over.
    """
    wanted = {r.pk: r for r in [*old, *([into] if into else [])]}
    locked = {r.pk: r for r in _lock(list(wanted.values()))}
    ending = [locked[pk] for pk in dict.fromkeys(r.pk for r in old) if not into or pk != into.pk]
    into = locked[into.pk] if into else None
    if len(locked) < 2 or not ending:
        raise RegionError(_("合并至少要选两个，请再选一个。"))
    level = ending[0].level
    if level not in (Level.TOWNSHIP, Level.VILLAGE) or any(r.level != level for r in locked.values()):
        raise RegionError(_("只能把几个村合并，或者把几个乡镇合并，请重新选择。"))
    if into:
        parent = into.parent
    else:
        (parent,) = _lock([parent or ending[0].parent])  # type: ignore[list-item]
        if parent.level != level - 1:
            raise RegionError(_("合并后的区划要放在上一级区划之下，请重新选择。"))
    assert parent is not None
    registry.require_edit(by, parent, *locked.values())
    on = _check_day(on, *ending)
    if into is None:
        new_name = _check_name(name, parent=parent, but=ending)
        code = _check_code(code or free_code(parent), level=level, parent=parent)
        into = _create(parent=parent, name=new_name, code=code, on=on)
    for region in ending:
        _end(region, [into], Succession.Kind.MERGED, on, note)
        for child in Region.objects.filter(parent=region, valid_to=None).select_for_update():
            _hang_under(child, into, by=by, on=on)
        registry.follow(old=region, new=into, by=by, on=on)
    audit.record(
        "region.merged", by=by, target=into, region_path=into.path, rows=[into, *ending],
        note="、".join(r.full_name for r in ending) + " → " + into.full_name,
    )  # fmt: skip
    return into


def _end(region: Region, successors: Iterable[Region], kind: str, on: dt.date, note: str = "") -> None:
    region.valid_to = on
    region.save(update_fields=["valid_to"])
    for new in successors:
        Succession.objects.create(
            old=region, new=new, kind=kind, on=on, old_name=region.name, old_code=region.code, note=note
        )


@transaction.atomic
def split_region(
    *, region: Region, parts: Sequence[tuple[str, str]], by: Any, on: dt.date | None = None, note: str = ""
) -> list[Region]:
    """New villages (or townships) out of part of `region`, which stays; `parts` are (name, code or "").

    Which households go where is decided household by household afterwards; nothing follows by itself.
    """
    (region,) = _lock([region])
    parent = region.parent
    if parent is None or region.level not in (Level.TOWNSHIP, Level.VILLAGE):
        raise RegionError(_("只能拆分村或者乡镇，请重新选择。"))
    registry.require_edit(by, region, parent)
    if not parts:
        raise RegionError(_("请填写拆出来的村的名称。"))
    on = _check_day(on, region)
    made = []
    for name, code in parts:
        code = _check_code(code or free_code(parent), level=region.level, parent=parent)
        new = _create(parent=parent, name=_check_name(name, parent=parent), code=code, on=on)
        Succession.objects.create(
            old=region,
            new=new,
            kind=Succession.Kind.SPLIT,
            on=on,
            old_name=region.name,
            old_code=region.code,
            note=note,
        )
        made.append(new)
    audit.record(
        "region.split", by=by, target=region, region_path=region.path, rows=made,
        note=region.full_name + " → " + "、".join(r.name for r in made),
    )  # fmt: skip
    return made


@transaction.atomic
def close_region(*, region: Region, by: Any, on: dt.date | None = None) -> Region:
    """End a region in which nothing stands any more. Whatever still stands there is named in the refusal."""
    (region,) = _lock([region])
    registry.require_edit(by, region, *([region.parent] if region.parent else []))
    reasons = registry.occupied(region)
    if Region.objects.filter(parent=region, valid_to=None).exists():
        reasons.insert(0, _("下面还有没停用的区划"))
    if reasons:
        raise RegionError(
            _("%(region)s还不能停用：%(reasons)s。请先处理，或者改用合并。")
            % {"region": region.name, "reasons": _("；").join(reasons)}
        )
    before = audit.snapshot(region)
    region.valid_to = _check_day(on, region)
    region.save(update_fields=["valid_to"])
    changes = audit.changes_since(before, region)
    audit.record("region.closed", by=by, target=region, region_path=region.path, changes=changes, rows=[region])
    return region


# -- look-up --------------------------------------------------------------------------------------------------------------------


def current_of(region: Region) -> list[Region]:
    """What became of a region: itself while in force, else what it was merged into (several after a split), [] when it ended."""
    found, seen = list(Region.objects.filter(pk=region.pk)), {region.pk}
    for _n in range(SUCCESSION_DEPTH):
        ended = [r for r in found if r.valid_to]
        if not ended:
            break
        heirs = [
            s.new
            for s in Succession.objects.filter(old__in=ended).exclude(new=F("old")).select_related("new").order_by("pk")
            if s.new_id not in seen
        ]
        seen |= {r.pk for r in heirs}
        found = [r for r in found if not r.valid_to] + heirs
    return [r for r in found if not r.valid_to]


def look_up(*, code: str = "", name: str = "", within: Region | None = None) -> list[Region]:
    """Regions in force that bear this code or this name, or bore it once and are now called otherwise or merged.

    The code decides where given and known. `name` may be the full name from the county or the township down; `within` limits
    the search to a region and what lies below. One hit is an answer, several are a question for the user.
    """
    area = Q(path__startswith=within.path) if within else Q()
    if code:
        padded = pad_code(code)
        found = list(Region.objects.filter(area, code=padded, valid_to=None))
        if not found:
            found = _heirs(area, Q(code=padded), Q(old_code=padded))
        if found or not name:
            return found
    wanted = re.sub(r"\s+", "", name)
    if not wanted:
        return []
    found = list(Region.objects.filter(area, name=wanted, valid_to=None))
    if not found:  # written with the township or county in front
        longer = Region.objects.filter(area, full_name__endswith=wanted, valid_to=None, level__gte=Level.TOWNSHIP)
        found = [region for region in longer if wanted.endswith(region.name)]
    return found or _heirs(area, Q(name=wanted) | Q(full_name=wanted), Q(old_name=wanted))


def _heirs(area: Q, ended: Q, memory: Q) -> list[Region]:
    gone = list(Region.objects.filter(ended, valid_to__isnull=False))
    changed = [s.new for s in Succession.objects.filter(memory, new=F("old")).select_related("new")]
    found = {heir.pk: heir for region in [*gone, *changed] for heir in current_of(region)}
    inside = set(Region.objects.filter(area, pk__in=found).values_list("pk", flat=True))
    return sorted((found[pk] for pk in inside), key=lambda region: region.code)
