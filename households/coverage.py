"""结对帮扶 both ways: households without a helper, helpers with too many, who could help and does not, whom somebody else has to replace.

A figure counts the rows of the list it opens: of households `HouseholdFilter` (`helper`), of cadres `cadres_of`, of units `units_of`, each with
the same code and region. Point-to-point services are beside all of it, but for their own figure.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from cadres.models import Cadre, Unit
from common.lookups import among
from households.models import Member, Pairing
from households.questions import NOT_IN_NEED
from households.services.helping import Rules, is_poor, loads_of
from regions.models import Level, Region

# -- the lists ----------------------------------------------------------------------------------------------------------------------

HOUSEHOLDS: dict[str, Any] = {
    "none": _("没有帮扶责任人"), "needed": _("应有帮扶责任人而没有"), "nolead": _("没有牵头人"), "one": _("一对一"), "many": _("多对一"),
    "point": _("有点对点服务"), "unfit": _("帮扶责任人要更换"),
}  # fmt: skip
CADRES: dict[str, Any] = {
    "helpers": _("帮扶责任人"), "over": _("帮扶户数过多"), "free": _("能帮扶而没有结对的党员"), "left": _("已离岗还有结对"), "poor": _("本人是建档立卡户或监测户"),
    "kin": _("应当回避"), "cannot": _("登记为不能帮扶"),
}  # fmt: skip
UNITS: dict[str, Any] = {"idle": _("没有人结对的单位"), "busy": _("有人结对的单位")}


def _running() -> Any:
    return Pairing.objects.current().ordinary()


def unfit(today: dt.date | None = None) -> Q:
    """The condition of pairings whose cadre has left, cannot help, is poor, or is kin by ID number of the household they help."""
    today = today or timezone.localdate()
    poor = Cadre.objects.filter(is_poor(), pk=OuterRef("cadre"))
    left = Q(cadre__left_on__lte=today) | Q(cadre__cannot_help=True)
    return left | Exists(poor) | Exists(members_alike_of_help())


def narrowed(households: Any, code: str) -> Any:
    """The households behind a figure."""
    own = _running().filter(household=OuterRef("pk"))
    match code:
        case "none":
            return households.unpaired()
        case "some":
            return households.paired()
        case "needed":
            return households.unpaired().exclude(status__in=NOT_IN_NEED)
        case "nolead":
            return households.paired().filter(~Exists(own.filter(is_lead=True)))
        case "one":
            return households.filter(Exists(own), ~Exists(_others(own)))
        case "many":
            return households.filter(Exists(_others(own)))
        case "point":
            point = Pairing.objects.current().filter(household=OuterRef("pk"), mode=Pairing.Mode.POINT_TO_POINT)
            return households.filter(Exists(point))
        case "unfit":
            return households.filter(Exists(own.filter(unfit())))
    return households


def _others(own: Any) -> Any:
    """Pairings beside which the household has another."""
    again = _running().filter(household=OuterRef("household")).exclude(pk=OuterRef("pk"))
    return own.filter(Exists(again))


def villages_of(user: Any, region: Region | None, permission: Permission = Permission.CADRE_VIEW) -> list[int]:
    """The villages of the own area in a region (in all of it, where none is chosen)."""
    rows = Region.objects.filter(level=Level.VILLAGE).filter(among("pk", visible_region_ids(user, permission)))
    if region is not None:
        rows = rows.filter(path__startswith=region.path)
    return list(rows.order_by().values_list("pk", flat=True))


def over_limit() -> set[int]:
    """Cadres with more households than their rank may have where their unit is. Two queries."""
    counts, rules = loads_of(), Rules()
    cadres = Cadre.objects.filter(among("pk", counts)).select_related("unit__region")
    return {cadre.pk for cadre in cadres if counts[cadre.pk] > rules.most(cadre)}


def cadres_of(user: Any, code: str, region: Region | None) -> Any:
    """The cadres behind a figure: those who help a household of the region, or (`free`) whose unit is in it."""
    today = timezone.localdate()
    if code == "free":
        helping = Exists(_running().filter(cadre=OuterRef("pk")))
        free = (
            Cadre.objects.for_user(user).serving().filter(~helping, ~is_poor(), is_party_member=True, cannot_help=False)
        )
        return free.filter(unit__region__path__startswith=region.path) if region is not None else free
    here = _help_in(villages_of(user, region))
    found = Cadre.objects.filter(Exists(here))
    match code:
        case "over":
            return found.filter(among("pk", over_limit()))
        case "left":
            return found.filter(left_on__lte=today)
        case "poor":
            return found.filter(is_poor())
        case "cannot":
            return found.filter(cannot_help=True)
        case "kin":
            return Cadre.objects.filter(_helps_kin(here))
    return found


def _help_in(villages: list[int]) -> Any:
    """Running pairings of the outer cadre with households of these villages."""
    return _running().filter(among("household__village_id", villages), cadre=OuterRef("pk"), household__closed_on=None)


def _helps_kin(here: Any) -> Exists:
    return Exists(here.filter(Exists(members_alike_of_help())))


def with_troubles(user: Any, cadres: Any) -> Any:
    """Bring along of each cadre what `troubles` asks for: `poor`, `kin` anywhere in the own area."""
    return cadres.annotate(
        poor=ExpressionWrapper(is_poor(), BooleanField()), kin=_helps_kin(_help_in(villages_of(user, None)))
    )


def troubles(cadre: Any, load: int, rules: Rules) -> list[Any]:
    """What is the matter with a helper `with_troubles` who helps `load` households, in the words of the lists."""
    today = timezone.localdate()
    found = {
        "over": load > rules.most(cadre), "left": cadre.left_on is not None and cadre.left_on <= today, "poor": cadre.poor, "kin": cadre.kin,
        "cannot": cadre.cannot_help,
    }  # fmt: skip
    return [CADRES[code] for code, true in found.items() if true]


def members_alike_of_help() -> Any:
    """Rows of members of the outer pairing's household who are its cadre."""
    return Member.objects.filter(household=OuterRef("household"), id_hash=OuterRef("cadre__id_hash")).exclude(
        id_hash=""
    )


def units_of(user: Any, code: str, region: Region | None) -> Any:
    """Open units of the own area by whether any of their cadres helps a household anywhere."""
    units = Unit.objects.for_user(user).open()
    units = units.filter(region__path__startswith=region.path) if region is not None else units
    helping = Exists(_running().filter(cadre__unit=OuterRef("pk")))
    match code:
        case "idle":
            return units.filter(~helping)
        case "busy":
            return units.filter(helping)
    return units


# -- the figures --------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """The figures of a region, by code: `households`, `cadres`, `units` as in the lists, and all households."""

    region: Region | None
    all: int = 0
    households: dict[str, int] = field(default_factory=dict)
    cadres: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)


_BY_VILLAGE = """
SELECT h.village_id, count(*),
    count(*) FILTER (WHERE p.n IS NULL), count(*) FILTER (WHERE p.n IS NULL AND h.status <> ALL(%(idle)s)),
    count(*) FILTER (WHERE p.n IS NOT NULL AND NOT p.led), count(*) FILTER (WHERE p.n = 1), count(*) FILTER (WHERE p.n > 1)
FROM households_household h
LEFT JOIN (
    SELECT household_id, count(*) AS n, bool_or(is_lead) AS led FROM households_pairing
    WHERE starts_on <= %(today)s AND (ends_on IS NULL OR ends_on > %(today)s) AND mode <> 'point_to_point' GROUP BY household_id
) p ON p.household_id = h.id
WHERE h.closed_on IS NULL AND h.village_id = ANY(%(villages)s) GROUP BY h.village_id
"""
_COUNTED = ("none", "needed", "nolead", "one", "many")


class Helpers:
    """Who helps where, read once a page: which cadre in which village, and what is the matter with them."""

    def __init__(self, villages: Iterable[int]) -> None:
        self.villages = list(villages)
        self.today = timezone.localdate()

    @cached_property
    def pairs(self) -> set[tuple[int, int]]:
        """(village, cadre)"""
        rows = _running().filter(among("household__village_id", self.villages), household__closed_on=None)
        return set(rows.order_by().values_list("household__village_id", "cadre_id").distinct())

    @cached_property
    def ill(self) -> dict[str, set[Any]]:
        """Cadres by what is the matter with them; of kin the (village, cadre)."""
        cadres = Cadre.objects.filter(among("pk", {cadre for _village, cadre in self.pairs}))
        own = _running().filter(among("household__village_id", self.villages), household__closed_on=None)
        kin = own.filter(Exists(members_alike_of_help()))

        def those(condition: Q) -> set[int]:
            return set(cadres.filter(condition).values_list("pk", flat=True))

        return {
            "left": those(Q(left_on__lte=self.today)), "cannot": those(Q(cannot_help=True)), "poor": those(is_poor()), "over": over_limit(),
            "kin": set(kin.values_list("household__village_id", "cadre_id")),
        }  # fmt: skip

    def figures(self, villages: set[int]) -> dict[str, int]:
        """How many of each kind help in these villages."""
        here = {cadre for village, cadre in self.pairs if village in villages}
        found = {code: len(here & self.ill[code]) for code in ("over", "left", "poor", "cannot")}
        kin = {cadre for village, cadre in self.ill["kin"] if village in villages}
        return {"helpers": len(here), **found, "kin": len(kin)}


def lines_of(user: Any, regions: Iterable[Region | None]) -> list[Line]:
    """The figures of each region (None: all of the own area). Some fifteen queries, whatever their number."""
    regions = list(regions)
    rows = Region.objects.filter(level=Level.VILLAGE).filter(
        among("pk", visible_region_ids(user, Permission.CADRE_VIEW))
    )
    paths = dict(rows.order_by().values_list("pk", "path"))
    counts, helpers = _counts(list(paths)), Helpers(paths)
    free = list(cadres_of(user, "free", None).values_list("unit__region__path", flat=True))
    units = {code: list(units_of(user, code, None).values_list("region__path", flat=True)) for code in UNITS}
    return [_line(region, paths, counts, helpers, free, units) for region in regions]


def _line(region: Region | None, paths: dict[int, str], counts: dict[int, Counter[str]], helpers: Helpers, free: list[str],
          units: dict[str, list[str]]) -> Line:  # fmt: skip
    path = region.path if region is not None else ""
    villages = {pk for pk, own in paths.items() if own.startswith(path)}
    found: Counter[str] = Counter()
    for village in villages:
        found.update(counts.get(village, ()))
    cadres = helpers.figures(villages) | {"free": sum(each.startswith(path) for each in free)}
    return Line(
        region, found["all"], {code: found[code] for code in HOUSEHOLDS}, cadres,
        {code: sum(each.startswith(path) for each in those) for code, those in units.items()},
    )  # fmt: skip


def _counts(villages: list[int]) -> dict[int, Counter[str]]:
    """Figures of households, by village."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    values = {"today": timezone.localdate(), "villages": villages, "idle": [str(status) for status in NOT_IN_NEED]}
    with connection.cursor() as cursor:
        cursor.execute(_BY_VILLAGE, values)
        for village, *numbers in cursor.fetchall():
            found[village].update(dict(zip(("all", *_COUNTED), numbers, strict=True)))
    for code, rows in _rarer(villages):
        for village, household in rows:
            found[village][code] += household is not None
    return found


def _rarer(villages: list[int]) -> Iterator[tuple[str, set[tuple[int, int]]]]:
    """Households with a service of one request, and whose helper has to be replaced: few, so they are read one by one."""
    current = (
        Pairing.objects.current().filter(among("household__village_id", villages), household__closed_on=None).order_by()
    )
    point = current.filter(mode=Pairing.Mode.POINT_TO_POINT)
    yield "point", set(point.values_list("household__village_id", "household_id"))
    yield "unfit", set(current.ordinary().filter(unfit()).values_list("household__village_id", "household_id"))


def with_unit_counts(user: Any, units: Any, region: Region | None) -> Any:
    """Bring along of units: who serves today (`serving`), and of the households in the region the user sees how many are helped (`helped`) by
    how many of them (`helpers`); None for none."""
    own = (
        Pairing.objects.for_user(user)
        .current()
        .ordinary()
        .filter(cadre__unit=OuterRef("pk"), household__closed_on=None)
    )
    if region is not None:
        own = own.filter(household__village__in=villages_of(user, region))
    per = own.order_by().values("cadre__unit")
    serving = Q(cadres__left_on=None) | Q(cadres__left_on__gt=timezone.localdate())
    return units.select_related("region").annotate(
        serving=Count("cadres", filter=serving),
        helpers=Subquery(per.annotate(n=Count("cadre", distinct=True)).values("n")),
        helped=Subquery(per.annotate(n=Count("household", distinct=True)).values("n")),
    )
