"""两轮: of a village what its households get and what the village itself gets, what is missing of each, and the lists behind the figures.

A figure counts the rows of the list it opens: `OF` names the list, `households_of` is it. Records are the newest of each household,
measures those of a year that were approved.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, DecimalField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import posted_regions, visible_region_ids
from assistance import housing
from assistance.codelists import SECTOR
from assistance.models import (
    Account,
    Beneficiary,
    Delivery,
    EntitlementScan,
    IdleHouse,
    Measure,
    Shortfall,
    Tenancy,
    VillageProject,
)
from assistance.services.projects import UNFINISHED
from catalogue.codelists import COLUMN
from common.lookups import among
from households.ledger import CHECK_TITLES
from households.models import Household, HouseholdYear
from households.models.annual import CHECKS
from regions.models import Level, Region

GIVEN = ("approved", "delivered", "confirmed")  # states of measures that count
ZERO = Decimal(0)
TONES = {
    "proposed": "amber", "approved": "blue", "building": "blue", "finished": "amber", "accepted": "green", "handed_over": "green",
    "cancelled": "grey",
}  # fmt: skip
NO_HARD_ROAD = ("01", "02")  # 泥土路, 砂石路
# What annual records say that a village may lack: sector, what counts of the newest record, and the words of a shortfall of it.
LACKS: dict[str, tuple[str, Q, Any, Any]] = {
    "lack-water": ("water", Q(check_water="no") | Q(water_safe=False) | Q(water_scarce=True), _("饮水不安全或饮水困难"), _("%(count)s 户饮水不安全或饮水困难")),
    "lack-power": ("power", Q(has_power=False), _("没有通生活用电"), _("%(count)s 户没有通生活用电")),
    "lack-road": ("road", Q(road__in=NO_HARD_ROAD), _("入户路没有硬化"), _("%(count)s 户入户路没有硬化")),
    "lack-network": ("network", Q(has_broadcast=False), _("没有通广播电视"), _("%(count)s 户没有通广播电视")),
}  # fmt: skip
RECORDS: dict[str, Q] = {f"check-{name}": Q(**{f"check_{name}": "no"}) for name in CHECKS}
RECORDS |= {"unsafe": housing.UNSAFE} | {code: lack[1] for code, lack in LACKS.items()}


# -- the lists ----------------------------------------------------------------------------------------------------------------------


def measures_of(year: int) -> QuerySet[Measure]:
    """Approved measures of the outer household in a year."""
    return Measure.objects.filter(household=OuterRef("pk"), year=year, state__in=GIVEN)


def narrowed(households: Any, code: str, year: int) -> Any:
    if code in RECORDS:
        return households.filter(Exists(housing.newest_records().filter(RECORDS[code])))
    if code.startswith("column-"):
        return households.filter(Exists(measures_of(year).filter(kind__column=code.removeprefix("column-"))))
    match code:
        case "with":
            return households.filter(Exists(measures_of(year)))
        case "without":
            return households.filter(~Exists(measures_of(year)))
        case "confirmed":
            return households.filter(Exists(measures_of(year).filter(state="confirmed")))
        case "unconfirmed":
            return households.filter(Exists(measures_of(year).filter(state="delivered")))
        case "waiting":
            return housing.waiting(households)
        case "recorded":
            return households.filter(Exists(housing.newest_records()))
    return households


OF: dict[str, Any] = {
    "all": _("全部农户"), "recorded": _("有年度记录"), "with": _("有帮扶措施"), "without": _("没有帮扶措施"), "confirmed": _("有措施已经农户确认"),
    "unconfirmed": _("有措施已落实、还没有农户确认"),
    **{f"check-{name}": _("未达标：%(what)s") for name in CHECKS},
    "unsafe": _("住房不安全"), "waiting": _("住房不安全、还没有安排闲置房"), **{code: lack[2] for code, lack in LACKS.items()},
    **{f"column-{code.code}": code.label for code in COLUMN.codes},
}  # fmt: skip


def label_of(code: str) -> str:
    """What a list holds, in words."""
    text = str(OF[code])
    return text % {"what": CHECK_TITLES[code.removeprefix("check-")]} if code.startswith("check-") else text


def households_of(user: Any, village: Region, code: str, year: int) -> Any:
    """The households behind a figure of the village's page."""
    return narrowed(Household.objects.for_user(user).active().filter(village=village), code, year)


def with_sums(households: Any, year: int, code: str = "") -> Any:
    """Bring along how many measures each household has (of a column, where the list is of one), what is planned and what was delivered."""
    column = {"kind__column": code.removeprefix("column-")} if code.startswith("column-") else {}
    measures = measures_of(year).filter(**column).order_by().values("household")
    given = Delivery.objects.filter(
        household=OuterRef("pk"), measure__year=year, measure__state__in=GIVEN, **{f"measure__{k}": v for k, v in column.items()}
    ).order_by().values("household")  # fmt: skip
    money: Any = DecimalField(max_digits=14, decimal_places=2)
    return households.annotate(
        measure_count=Coalesce(Subquery(measures.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
        planned=Coalesce(Subquery(measures.annotate(n=Sum("amount")).values("n"), output_field=money), Value(ZERO)),
        received=Coalesce(Subquery(given.annotate(n=Sum("amount")).values("n"), output_field=money), Value(ZERO)),
    )


# -- projects and their money -------------------------------------------------------------------------------------------------------


def is_late(project: VillageProject, today: dt.date | None = None) -> bool:
    """Past the planned day of completion, and not finished."""
    return (
        project.stage in UNFINISHED and project.due_on is not None and project.due_on < (today or timezone.localdate())
    )


def late(projects: Any, today: dt.date | None = None) -> Any:
    return projects.filter(stage__in=UNFINISHED, due_on__lt=today or timezone.localdate())


def with_money(projects: Any) -> Any:
    """Bring along what was set aside and not paid (`reserved`), what was paid, and how many households benefit."""
    money: Any = DecimalField(max_digits=14, decimal_places=2)

    def sums(kind: str) -> Any:
        rows = Account.objects.filter(project=OuterRef("pk"), kind=kind).order_by().values("project")
        return Coalesce(Subquery(rows.annotate(n=Sum("balance")).values("n"), output_field=money), Value(ZERO))

    people = Beneficiary.objects.filter(project=OuterRef("pk")).order_by().values("project")
    return projects.annotate(
        reserved=sums(Account.Kind.RESERVED),
        paid=sums(Account.Kind.PAID),
        benefits=Coalesce(Subquery(people.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
    )


class Source(NamedTuple):
    """What one fund brings to a project, in 元."""

    fund: Any
    reserved: Decimal
    paid: Decimal

    @property
    def arranged(self) -> Decimal:
        return self.reserved + self.paid


@dataclass(frozen=True)
class Money:
    """The money of a project: what is arranged is what is set aside and what was paid. `lacks` None where no budget is known."""

    budget: Decimal | None
    reserved: Decimal
    paid: Decimal
    sources: list[Source] | None = None  # None for who may not see funds
    wanted: bool = True  # not that of a project which was cancelled

    @classmethod
    def of(cls, project: Any) -> Money:
        """That of a project read by `with_money`."""
        wanted = project.stage != VillageProject.Stage.CANCELLED
        return cls(project.budget, project.reserved, project.paid, wanted=wanted)

    @property
    def arranged(self) -> Decimal:
        return self.reserved + self.paid

    @property
    def lacks(self) -> Decimal | None:
        return max(self.budget - self.arranged, ZERO) if self.budget is not None and self.wanted else None

    @property
    def share(self) -> int | None:
        """Per cent of what is arranged that was paid."""
        return int(100 * self.paid / self.arranged) if self.arranged else None


def money_of(project: VillageProject, user: Any) -> Money:
    """Two sums for everybody who sees the project; fund by fund for who sees funds."""
    rows = list(Account.objects.filter(project=project).select_related("fund").order_by("fund__source", "fund_id"))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    by_fund: dict[Any, dict[str, Decimal]] = {}
    for row in rows:
        sums[row.kind] += row.balance
        by_fund.setdefault(row.fund, defaultdict(Decimal))[row.kind] += row.balance
    found = [Source(fund, own[Account.Kind.RESERVED], own[Account.Kind.PAID]) for fund, own in by_fund.items()]
    may = user.can(Permission.FUND_VIEW)
    shown = [source for source in found if source.arranged] if may else None
    wanted = project.stage != VillageProject.Stage.CANCELLED
    return Money(project.budget, sums[Account.Kind.RESERVED], sums[Account.Kind.PAID], shown, wanted)


# -- one village --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """Help of one national column: households that have it, measures, 元 planned and delivered, measures confirmed."""

    code: str
    households: int
    measures: int
    planned: Decimal
    received: Decimal
    confirmed: int

    @property
    def label(self) -> str:
        return COLUMN.label(self.code)


@dataclass(frozen=True)
class Lack:
    """A suggestion of a shortfall: how many of how many households, from the newest records."""

    code: str
    sector: str
    count: int
    of: int
    known: bool  # a shortfall of the sector is open already

    @property
    def label(self) -> str:
        return str(LACKS[self.code][2])

    @property
    def text(self) -> str:
        """The words a shortfall would begin with."""
        return str(LACKS[self.code][3]) % {"count": self.count}


@dataclass
class Wheels:
    """Both wheels of a village in a year."""

    village: Region
    year: int
    counts: dict[str, int] = field(default_factory=dict)  # by the codes of `OF`
    columns: list[Column] = field(default_factory=list)
    projects: list[VillageProject] = field(default_factory=list)
    shortfalls: list[Shortfall] = field(default_factory=list)
    houses: dict[str, int] = field(default_factory=dict)  # idle houses by state
    scan: EntitlementScan | None = None  # the last look for what is due and not received
    at: dt.datetime | None = None

    @property
    def planned(self) -> Decimal:
        return sum((c.planned for c in self.columns), ZERO)

    @property
    def received(self) -> Decimal:
        return sum((c.received for c in self.columns), ZERO)

    @property
    def running(self) -> list[VillageProject]:
        return [p for p in self.projects if p.stage != VillageProject.Stage.CANCELLED]

    @property
    def reserved(self) -> Decimal:
        return sum((p.reserved for p in self.projects), ZERO)  # type: ignore[attr-defined]

    @property
    def paid(self) -> Decimal:
        return sum((p.paid for p in self.projects), ZERO)  # type: ignore[attr-defined]

    @property
    def late(self) -> list[VillageProject]:
        return [p for p in self.projects if is_late(p)]

    @property
    def by_sector(self) -> list[tuple[str, str, list[VillageProject]]]:
        """[(code, label, projects)] of the sectors that have any, in the order of the code list."""
        found: dict[str, list[VillageProject]] = defaultdict(list)
        for project in self.projects:
            found[project.sector].append(project)
        return [(c.code, c.label, found[c.code]) for c in SECTOR.codes if found.get(c.code)]

    @property
    def by_stage(self) -> list[tuple[str, Any, int]]:
        """[(code, label, number)] of every stage that has any."""
        counts: dict[str, int] = defaultdict(int)
        for project in self.projects:
            counts[project.stage] += 1
        return [(s.value, s.label, counts[s.value]) for s in VillageProject.Stage if counts[s.value]]

    @property
    def lacks(self) -> list[Lack]:
        """What the newest records of households point at, the most frequent first."""
        there = {row.sector for row in self.shortfalls}
        found = [
            Lack(code, sector, self.counts[code], self.counts["recorded"], sector in there)
            for code, (sector, *_rest) in LACKS.items()
            if self.counts[code]
        ]
        return sorted(found, key=lambda lack: (-lack.count, lack.code))


def wheels_of(user: Any, village: Region, year: int) -> Wheels:
    """Everything of the page, in a fixed number of queries."""
    own = Household.objects.for_user(user).active().filter(village=village)
    wheels = Wheels(village, year, at=timezone.now())
    given = Measure.objects.for_user(user).filter(
        village=village, year=year, state__in=GIVEN, household__closed_on=None
    )
    counts = _counts(own)
    wheels.counts = counts | _helped(given, counts)
    wheels.columns = _columns(user, given, village, year)
    projects = VillageProject.objects.for_user(user).filter(village=village)
    wheels.projects = list(with_money(projects).order_by("-year", "-pk"))
    shortfalls = Shortfall.objects.for_user(user).filter(village=village, resolved_on=None)
    wheels.shortfalls = list(shortfalls.select_related("project").order_by("found_on", "pk"))
    houses = IdleHouse.objects.for_user(user).filter(village=village)
    wheels.scan = EntitlementScan.objects.for_user(user).filter(village=village, year=year).order_by("pk").first()
    wheels.houses = dict(houses.order_by().values_list("state").annotate(n=Count("pk")))
    return wheels


def _counts(own: Any) -> dict[str, int]:
    records = HouseholdYear.objects.filter(household__in=own.order_by().values("pk"), year=F("household__latest_year"))
    housed = Tenancy.objects.filter(household=OuterRef("household"), state__in=housing.LIVE)
    found = records.annotate(housed=Exists(housed)).aggregate(
        recorded=Count("pk"), waiting=Count("pk", filter=housing.UNSAFE & Q(housed=False)),
        **{code: Count("pk", filter=fits) for code, fits in RECORDS.items()},
    )  # fmt: skip
    return found | {"all": own.order_by().count()}


def _helped(given: Any, counts: dict[str, int]) -> dict[str, int]:
    """Of the village's measures of the year: households with any, with one confirmed, with one delivered that is not."""

    def homes(**state: str) -> Count:
        return Count("household", distinct=True, filter=Q(**state) if state else None)

    found = given.order_by().aggregate(
        confirmed=homes(state="confirmed"), unconfirmed=homes(state="delivered"), **{"with": homes()}
    )
    return found | {"without": counts["all"] - found["with"]}


def _columns(user: Any, measures: Any, village: Region, year: int) -> list[Column]:
    """Of households that are not closed, as the lists are."""
    rows = measures.order_by().values("kind__column").annotate(
        households=Count("household", distinct=True), n=Count("pk"), planned=Sum("amount", default=ZERO),
        confirmed=Count("pk", filter=Q(state="confirmed")),
    )  # fmt: skip
    given = Delivery.objects.for_user(user).filter(
        village=village, measure__year=year, measure__state__in=GIVEN, household__closed_on=None
    )
    sums = dict(given.order_by().values_list("measure__kind__column").annotate(n=Sum("amount", default=ZERO)))
    by_code = {
        row["kind__column"]: Column(
            row["kind__column"], row["households"], row["n"], row["planned"], sums.get(row["kind__column"], ZERO), row["confirmed"]
        )
        for row in rows
    }  # fmt: skip
    return [by_code[c.code] for c in COLUMN.codes if c.code in by_code]


# -- many villages ------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """A village, or all villages of a township or county, in one line."""

    region: Region
    households: int = 0
    helped: int | None = 0  # households with a measure of the year; None where that has not been counted
    shortfalls: int = 0  # open ones
    stages: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    reserved: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def arranged(self) -> Decimal:
        return self.reserved + self.paid

    def projects(self, *stages: str) -> int:
        return sum(self.stages[stage] for stage in stages)

    def add(self, other: Line) -> None:
        self.households += other.households
        self.helped = None if self.helped is None or other.helped is None else self.helped + other.helped
        self.shortfalls += other.shortfalls
        self.reserved += other.reserved
        self.paid += other.paid
        for stage, number in other.stages.items():
            self.stages[stage] += number


def lines_of(user: Any, at: Region | None, below: Iterable[Region], year: int) -> tuple[list[Line], dt.datetime | None]:
    """A line for each of the regions `below` `at` (None: for each of one's own), of the area the user sees. A fixed number of queries, however
    many villages there are.

    Who has a measure is counted now for villages. Above a township that would be half a million measures: there it is what the last
    look through each village counted (`assistance.scans`), and the second value is when the oldest of these looks was; None for now.
    """
    visible = set(visible_region_ids(user, Permission.HOUSEHOLD_VIEW))
    tops = posted_regions(user, Permission.HOUSEHOLD_VIEW)
    if at is None:
        rows = sorted({top.pk: top for top in tops}.values(), key=lambda r: (r.path, r.code))
        area = rows
    elif at.level == Level.VILLAGE:
        rows, area = [at], [at]
    else:
        rows, area = sorted(below, key=lambda r: (r.code, r.pk)), [at]
    inside = Q(pk__in=[])
    for region in area:
        inside |= Q(path__startswith=region.path)
    found = Region.objects.filter(inside, level=Level.VILLAGE).order_by("pk").values_list("pk", "path")
    villages = {pk: path for pk, path in found if pk in visible}
    lines = _by_village(user, list(villages), year)
    since = None
    if all(region.level >= Level.TOWNSHIP for region in area):
        _count_helped(user, lines, year)
    else:
        since = _read_helped(user, lines, year)
    return _rolled_up(rows, villages, lines), since


def _rolled_up(rows: Iterable[Region], villages: Mapping[int, str], found: Mapping[int, Line]) -> list[Line]:
    lines = []
    for region in rows:
        line = Line(region)
        for pk, path in villages.items():
            if path.startswith(region.path):
                line.add(found[pk])
        lines.append(line)
    return lines


def _by_village(user: Any, keys: list[int], year: int) -> dict[int, Line]:
    nowhere = Region()
    found = {key: Line(nowhere) for key in keys}
    here = among("village_id", keys)

    def grouped(rows: Any, **sums: Any) -> Any:
        return rows.order_by().values("village_id").annotate(**sums)

    for row in grouped(Household.objects.for_user(user).active().filter(here), n=Count("pk")):
        found[row["village_id"]].households = row["n"]
    for row in grouped(Shortfall.objects.for_user(user).filter(here, resolved_on=None), n=Count("pk")):
        found[row["village_id"]].shortfalls = row["n"]
    projects = VillageProject.objects.for_user(user).filter(here)
    for pk, stage, number in projects.order_by().values_list("village_id", "stage").annotate(n=Count("pk")):
        found[pk].stages[stage] = number
    accounts = Account.objects.filter(project__in=projects.order_by().values("pk"))
    for pk, kind, balance in accounts.order_by().values_list("project__village_id", "kind").annotate(n=Sum("balance")):
        if kind == Account.Kind.RESERVED:
            found[pk].reserved += balance
        else:
            found[pk].paid += balance
    return found


def _count_helped(user: Any, lines: dict[int, Line], year: int) -> None:
    given = Measure.objects.for_user(user).filter(
        among("village_id", lines), year=year, state__in=GIVEN, household__closed_on=None
    )
    counted = given.order_by().values_list("village_id").annotate(n=Count("household", distinct=True))
    for pk, number in counted:
        lines[pk].helped = number


def _read_helped(user: Any, lines: dict[int, Line], year: int) -> dt.datetime | None:
    looks = EntitlementScan.objects.for_user(user).filter(among("village_id", lines), year=year, helped__isnull=False)
    known = {
        pk: (helped, at) for pk, helped, at in looks.order_by("pk").values_list("village_id", "helped", "scanned_at")
    }
    for pk, line in lines.items():
        line.helped = known[pk][0] if pk in known else (None if line.households else 0)
    return min((at for _helped, at in known.values()), default=None)


def total(lines: Iterable[Line]) -> Line:
    whole = Line(Region())
    for line in lines:
        whole.add(line)
    return whole
