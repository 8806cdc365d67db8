"""An appraisal round computed from recorded work: who is in it, what each did. Reads only; a fixed number of queries for any number of cadres."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from cadres.models import Cadre, TeamMember
from common.lookups import among
from common.names import search_keys
from households.models import Pairing
from regions.models import Level, Region
from supervision import items
from supervision.counted import HELPING
from supervision.items import Figures, Period, Scope
from supervision.models import Appraisal, AppraisalRound


def period_of(round: AppraisalRound) -> Period:
    return Period(round.starts_on, round.ends_on)


def villages_of(region: Region) -> list[int]:
    """Every village at or below a region, those that are no more, too: their rows stay where they were."""
    return list(Region.objects.within(region).filter(level=Level.VILLAGE).order_by().values_list("pk", flat=True))


def scope_of(round: AppraisalRound, cadres: Iterable[int] | None = None) -> Scope:
    return Scope(period_of(round), villages_of(round.region), None if cadres is None else list(cadres))


def cadres_in(scope: Scope) -> set[int]:
    """Who helped a household of the villages, or stayed in one of their teams, on a day of the period."""
    first, after = scope.period
    overlaps = Q(starts_on__lt=after) & (Q(ends_on=None) | Q(ends_on__gt=first))
    paired = Pairing._base_manager.filter(overlaps, among("household__village_id", scope.villages), mode__in=HELPING)
    placed = TeamMember._base_manager.filter(overlaps, among("team__village_id", scope.villages))
    return {pk for rows in (paired, placed) for pk in rows.order_by().values_list("cadre_id", flat=True).distinct()}


def figures_of(scope: Scope) -> dict[int, Figures]:
    """`{cadre: figures}` of everybody in the scope; all items, with zeros where there is nothing."""
    known = cadres_in(scope) if scope.cadres is None else set(scope.cadres)
    found = {pk: items.nothing() for pk in known}
    for item in items.every():
        for cadre, parts in item.count(scope).items():
            if cadre in found:
                found[cadre][item.code] = parts
    return found


@dataclass(frozen=True)
class Drift:
    """A figure that is not what it was computed as. `cadre` is its key."""

    cadre: int
    code: str
    part: str
    stored: int
    now: int


def same(stored: Any, now: Figures) -> list[tuple[str, str, int, int]]:
    """(code, part, stored, now) of every figure that differs, by the items there are today; [] where they are the same."""
    return [
        (code, part, int(stored.get(code, {}).get(part, 0)), number)
        for code, parts in now.items()
        for part, number in parts.items()
        if int(stored.get(code, {}).get(part, 0)) != number
    ]


def drift_of(round: AppraisalRound) -> list[Drift]:
    """Where a round is no more what its records say: computed from scratch and compared. Nothing is written."""
    now = figures_of(scope_of(round))
    found = []
    stored = {a.cadre_id: a.items for a in Appraisal._base_manager.filter(round=round).order_by("cadre_id")}
    for cadre in sorted(stored.keys() | now.keys()):
        figures = now.get(cadre, items.nothing())
        found += [Drift(cadre, *each) for each in same(stored.get(cadre, {}), figures)]
    return found


def score_of(figures: Figures, round: AppraisalRound) -> Decimal | None:
    return items.score_of(figures, round.scheme.weights)


def in_alphabet(keys: Iterable[int]) -> list[int]:
    """Keys of cadres by unit and by name as it is spelt: the only order in which people are listed. One query."""
    cadres = Cadre._base_manager.filter(among("pk", keys)).select_related("unit").only("name", "unit__name")
    found = sorted(cadres, key=lambda c: (c.unit.name, c.unit_id, search_keys(c.name).sort_key, c.pk))
    return [cadre.pk for cadre in found]
