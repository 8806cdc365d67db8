"""What a proposal asks: the households, villages and cadres of its scope, as `households.matching` knows them, each said in plain facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.roles import Permission
from cadres.models import Cadre, Rank, UnitVillage, VillageProfile
from cadres.querysets import in_force
from common.lookups import among
from households.matching import Helper, House, Place, Weights
from households.models import Household, HouseholdYear, MatchingRun, MemberYear, Pairing, Status
from households.models.matching import WEIGHTS
from households.models.status import MONITORED
from households.services.helping import Rules, kin_among, loads_of, poor_among
from regions.models import Level, Region

STRENGTH = {Rank.VILLAGE: 0, Rank.ORDINARY: 1, Rank.SECTION: 2, Rank.LEADER: 3}
# Households of these need no helper; who has one all the same is asked about, too.
NOT_IN_NEED = (Status.ORDINARY, Status.STRUCK_OFF)
ABLE = ("01", "02", "05")  # 劳动技能: ordinary, skilled, weak labour
MANY_CAUSES = 3
EVERYBODYS = "putonghua"  # where it is spoken, nobody needs another language

# Why the present helper cannot stay, or cannot be anybody's.
LEFT, CANNOT, POOR, KIN, CLOSED, FULL, BETTER = "left", "cannot", "poor", "kin", "closed", "full", "better"


def with_difficulty(households: Any) -> Any:
    """Bring along `points`, what makes a household hard to help, from its ledger: 2 for who is poor or monitored, up to 2 for checks not met, 1
    for three causes or more, 1 where nobody is known to be able to work though it is known of somebody."""
    newest = HouseholdYear.objects.filter(household=OuterRef("pk"), year=OuterRef("latest_year"))
    people = MemberYear.objects.filter(
        member__household=OuterRef("pk"), member__left_on=None, year=OuterRef("latest_year")
    )
    many = Exists(newest.filter(other_causes__len__gte=MANY_CAUSES - 1))
    idle = Exists(people.exclude(labour="")) & ~Exists(people.filter(labour__in=ABLE))
    hard = Q(status__in=(Status.REGISTERED, Status.RETURNED, *MONITORED))

    def one(condition: Any, value: int) -> Any:
        return Case(When(condition, then=Value(value)), default=Value(0), output_field=IntegerField())

    return households.annotate(
        points=one(hard, 2) + Least(F("open_checks"), Value(2), output_field=IntegerField()) + one(Q(many), 1) + one(Q(idle), 1)
    )  # fmt: skip


def level_of(points: int) -> int:
    """Difficulty 0 to 3 of a household's points 0 to 6."""
    return (0, 1, 1, 2, 2, 3, 3)[min(points, 6)]


@dataclass
class Question:
    """`unfit` says of present helpers who can be nobody's why that is."""

    places: list[Place]
    houses: list[House]
    helpers: list[Helper]
    weights: Weights
    unfit: dict[int, str] = field(default_factory=dict)

    @cached_property
    def by_place(self) -> dict[int, Place]:
        return {place.key: place for place in self.places}


def weights_of(run: MatchingRun) -> Weights:
    return Weights(**run.weights)


def weights_at(rules: Rules, path: str) -> dict[str, int]:
    """The weights that hold in a region, as they are kept with a proposal."""
    rule = rules.at(path)
    return {name: getattr(rule, name) for name in (*WEIGHTS, "near_km")}


def households_of(run: MatchingRun, user: Any) -> Any:
    """The households of the scope in which the user arranges helpers."""
    mine = Household.objects.for_user(user, Permission.PAIRING_EDIT).active()
    if run.leaving_id:
        held = Pairing.objects.current().ordinary().filter(cadre=run.leaving_id)
        return mine.filter(among("pk", held.values_list("household_id", flat=True)))
    villages: Any
    if run.unit_id:
        villages = UnitVillage.objects.filter(in_force(), unit=run.unit_id).values_list("village_id", flat=True)
    else:
        villages = Region.objects.within(run.region).filter(level=Level.VILLAGE).values_list("pk", flat=True)
    led = Exists(Pairing.objects.current().ordinary().filter(household=OuterRef("pk"), is_lead=True))
    return mine.filter(among("village_id", villages)).filter(~Q(status__in=NOT_IN_NEED) | led)


def present_helpers(run: MatchingRun, households: Iterable[int]) -> dict[int, int]:
    """`{household: cadre}` of who leads today; of the leaving cadre, where the proposal is for one."""
    rows = Pairing.objects.current().ordinary().filter(among("household_id", households))
    rows = rows.filter(cadre=run.leaving_id) if run.leaving_id else rows.filter(is_lead=True)
    return dict(rows.values_list("household_id", "cadre_id"))


def ask(run: MatchingRun, user: Any) -> Question:
    """The question of a proposal as things stand. Some twenty queries, whatever the scope."""
    rows = with_difficulty(households_of(run, user)).order_by("pk")
    found = list(rows.values_list("pk", "village_id", "township_id", "points"))
    keys = [row[0] for row in found]
    now = present_helpers(run, keys)
    townships = {row[1]: row[2] for row in found}
    places = _places(townships)
    cadres = _cadres(run, set(townships.values()), set(townships), set(now.values()))
    rules = Rules()
    fit, unfit = _fit(cadres, run)
    inside: dict[int, int] = {}
    for cadre in now.values():
        inside[cadre] = inside.get(cadre, 0) + 1
    kin: dict[int, set[int]] = {}
    for household, cadre in kin_among([c.pk for c in fit], keys):
        kin.setdefault(household, set()).add(cadre)
    for household, cadre in _along(run, keys):
        kin.setdefault(household, set()).add(cadre)
    loads = loads_of([c.pk for c in fit])
    return Question(
        places,
        [
            House(pk, village, level_of(points), now.get(pk), frozenset(kin.get(pk, ())))
            for pk, village, _township, points in found
        ],
        _helpers(fit, rules, {c.pk: loads[c.pk] - inside.get(c.pk, 0) for c in fit}),
        weights_of(run),
        unfit,
    )


def _places(townships: Mapping[int, int]) -> list[Place]:
    profiles = {p.village_id: p for p in VillageProfile.objects.filter(among("village_id", townships))}
    units: dict[int, set[int]] = {}
    answering = UnitVillage.objects.filter(in_force(), among("village_id", townships))
    for unit, village in answering.values_list("unit_id", "village_id"):
        units.setdefault(village, set()).add(unit)
    return [
        Place(pk, township, _at(profiles.get(pk)), _languages(profiles.get(pk)), frozenset(units.get(pk, ())))
        for pk, township in townships.items()
    ]


def _at(profile: VillageProfile | None) -> tuple[float, float] | None:
    if profile is None or profile.longitude is None or profile.latitude is None:
        return None
    return float(profile.longitude), float(profile.latitude)


def _languages(profile: VillageProfile | None) -> frozenset[str]:
    spoken = frozenset(profile.languages if profile else ())
    return frozenset() if EVERYBODYS in spoken else spoken


def _cadres(run: MatchingRun, townships: set[int], villages: set[int], present: set[int]) -> list[Cadre]:
    """Who may be proposed: of the unit; or of the units of the area, of those that answer for a village of it or have somebody who helps there."""
    cadres = Cadre.objects.select_related("unit__region").order_by("pk")
    if run.unit_id:
        return list(cadres.filter(Q(unit=run.unit_id) | among("pk", present)))
    answering = UnitVillage.objects.filter(in_force(), among("village_id", villages)).values("unit")
    if run.region is not None:
        area = Q(unit__region__path__startswith=run.region.path)
    else:
        area = among("unit__region_id", townships) | among("unit__region__parent_id", townships)
    helping = Cadre.objects.filter(among("pk", present)).values("unit")
    return list(cadres.filter(area | Q(unit__in=answering) | Q(unit__in=helping)))


def _fit(cadres: Iterable[Cadre], run: MatchingRun) -> tuple[list[Cadre], dict[int, str]]:
    """Who may help anybody, and why the others may not."""
    cadres, today = list(cadres), timezone.localdate()
    poor = poor_among(c.pk for c in cadres)
    unfit: dict[int, str] = {}
    for cadre in cadres:
        if cadre.left_on is not None or cadre.pk == run.leaving_id:
            unfit[cadre.pk] = LEFT
        elif cadre.cannot_help:
            unfit[cadre.pk] = CANNOT
        elif cadre.pk in poor:
            unfit[cadre.pk] = POOR
        elif cadre.unit.closed_on is not None and cadre.unit.closed_on <= today:
            unfit[cadre.pk] = CLOSED
    return [c for c in cadres if c.pk not in unfit], unfit


def _along(run: MatchingRun, households: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Who cannot be put in a household's hands because they are in them already: whoever sees to a request there; and, where a cadre leaves
    who only helps along, whoever else helps."""
    rows = Pairing.objects.current().filter(among("household_id", households))
    busy = Q(mode=Pairing.Mode.POINT_TO_POINT)
    if run.leaving_id:
        along = Pairing.objects.current().ordinary().filter(cadre=run.leaving_id, is_lead=False)
        busy |= among("household_id", along.values_list("household_id", flat=True))
    return rows.filter(busy).exclude(cadre=run.leaving_id).values_list("household_id", "cadre_id")


def _helpers(cadres: Iterable[Cadre], rules: Rules, outside: Mapping[int, int]) -> list[Helper]:
    cadres = list(cadres)
    homes = {c.unit.region_id for c in cadres if c.unit.region.level == Level.VILLAGE}
    profiles = {p.village_id: p for p in VillageProfile.objects.filter(among("village_id", homes))}
    found = []
    for cadre in cadres:
        region = cadre.unit.region
        village = region.pk if region.level == Level.VILLAGE else None
        township = region.parent_id if village else region.pk if region.level == Level.TOWNSHIP else None
        found.append(
            Helper(
                cadre.pk, cadre.unit_id, village, township, _at(profiles.get(region.pk)) if village else None, STRENGTH[Rank(cadre.rank)],
                frozenset(cadre.languages), rules.most(cadre), outside[cadre.pk],
            )
        )  # fmt: skip
    return found


__all__ = [
    "Question",
    "ask",
    "households_of",
    "level_of",
    "present_helpers",
    "weights_at",
    "weights_of",
    "with_difficulty",
]
