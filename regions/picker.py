"""Chooses one region: one level at a time or twenty hits of a search, never a list of everything, never outside the user's area."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from regions import registry
from regions.models import Level, Region

MOST_HITS = 20
MOST_CHILDREN = 400  # a township with more villages than this does not exist; a list longer than this is a mistake


@dataclass(frozen=True)
class Spot:
    """A region as the picker's template shows it."""

    pk: int
    label: str
    path_label: str = ""
    leaf: bool = False
    count: str | None = None


@dataclass
class Picker:
    """What `components/region_picker.html` draws; its comment says what each part is."""

    name: str
    url: str
    trail: list[Spot]
    children: list[Spot]
    selected: Spot | None = None
    q: str = ""
    results: list[Spot] | None = None
    more: bool = False
    choose_leaf_only: bool = False
    page: bool = False
    fixed: list[tuple[str, str]] = field(default_factory=list)
    chosen: Region | None = None


def _spot(region: Region, deepest: int, trail: str = "") -> Spot:
    return Spot(region.pk, region.name, trail, leaf=region.level >= deepest)


def _above(region: Region) -> str:
    """Full name without the region's own: 示范县石门乡."""
    return region.full_name.removesuffix(region.name)


def area_of(user: Any, permission: str) -> Q | None:
    """The rows in which `user` holds `permission`, None when there are none."""
    area = Q()
    for region in registry.own_regions(user, permission):
        area |= Q(path__startswith=region.path)
    return area or None


def region_for(user: Any, permission: str, pk: Any) -> Region | None:
    """The region in force with this key, if the user holds the permission there; for forms that receive a picked key."""
    area = area_of(user, permission)
    if area is None or not str(pk).isdigit() or len(str(pk)) > 18:
        return None
    return Region.objects.filter(area, pk=int(pk), valid_to=None).select_related("parent").first()


def picker_for(user: Any, permission: str, *, name: str = "region", at: Any = None, q: str = "", pick: Any = None,
               leaf: int = Level.VILLAGE, leaf_only: bool = False, page: bool = False, next_url: str = "") -> Picker:  # fmt: skip
    """A picker of what `user` may reach with `permission`.

    `at` is the key of the region whose children are shown, `pick` of the one chosen, `leaf` the deepest level offered, `leaf_only`
    refuses the levels above it. Keys outside the area are treated as not given.
    """
    own = registry.own_regions(user, permission)
    fixed = {"name": name, "permission": str(permission), "leaf": str(int(leaf))}
    fixed |= {"leaf_only": "1"} if leaf_only else {}
    fixed |= {"next": next_url} if next_url else {}
    chosen = region_for(user, permission, pick)
    if chosen and (chosen.level > leaf or (leaf_only and chosen.level != leaf)):
        chosen = None
    if chosen:  # looking on does not lose what is chosen
        fixed["keep"] = str(chosen.pk)
    picker = Picker(
        name=name, url=f"{reverse('regions:picker')}?{urlencode(fixed)}", trail=[], children=[], q=q.strip()[:60],
        choose_leaf_only=leaf_only, page=page, fixed=list(fixed.items()),
    )  # fmt: skip
    if chosen:
        picker.chosen, picker.selected = chosen, _spot(chosen, leaf, _above(chosen))
    if picker.q:
        _search(picker, user, permission, leaf, leaf_only)
    else:
        _browse(picker, own, region_for(user, permission, at) or chosen, leaf)
    return picker


def _browse(picker: Picker, own: list[Region], at: Region | None, leaf: int) -> None:
    if at is None and len(own) == 1:
        at = own[0]
    if at is not None and at.level >= leaf and at.parent_id and at not in own:
        at = at.parent
    if at is None:
        picker.children = [_spot(region, leaf) for region in own]
        return
    top = next(region for region in own if at.path.startswith(region.path))
    above = Region.objects.in_bulk(at.ancestor_ids)
    shown = [above[pk] for pk in at.ancestor_ids if above[pk].path.startswith(top.path)]
    picker.trail = [_spot(region, leaf) for region in shown]
    if at.level >= leaf:
        picker.children = [_spot(at, leaf)]
        return
    below = Region.objects.filter(parent=at, valid_to=None, level__lte=leaf).order_by("code")
    picker.children = [_spot(region, leaf) for region in below[:MOST_CHILDREN]]
    if not picker.choose_leaf_only:
        itself = Spot(at.pk, _("%(region)s（本级）") % {"region": at.name}, leaf=True)
        picker.children.insert(0, itself)


def find(q: str, *, leaf: int = Level.VILLAGE) -> Q:
    """Name (any part), full name, pinyin or initials from the beginning, code from the beginning."""
    plain = "".join(q.split())
    if plain.isascii() and plain.isdigit():
        return Q(code__startswith=plain, level__lte=leaf)
    if plain.isascii():
        low = plain.lower()
        return Q(pinyin__startswith=low, level__lte=leaf) | Q(initials__startswith=low, level__lte=leaf)
    return Q(name__contains=plain, level__lte=leaf) | Q(full_name__endswith=plain, level__lte=leaf)


def _search(picker: Picker, user: Any, permission: str, leaf: int, leaf_only: bool) -> None:
    area = area_of(user, permission)
    if area is None:
        picker.results = []
        return
    found = Region.objects.filter(area, find(picker.q, leaf=leaf), valid_to=None)
    if leaf_only:
        found = found.filter(level=leaf)
    rows = list(found.order_by("level", "code")[: MOST_HITS + 1])
    picker.results = [_spot(region, leaf, _above(region)) for region in rows[:MOST_HITS]]
    picker.more = len(rows) > MOST_HITS
