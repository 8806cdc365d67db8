"""Money as figures: what a fund holds, where it went, whether it was spread thin, and the books for the finance office."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assistance.codelists import SOURCE
from assistance.models import Account, Entry, Fund, Line, VillageProject
from common import xlsx
from regions.models import Region

ZERO = Decimal(0)
STEP = 2_000  # lines between two reports of progress
Kind = Account.Kind


@dataclass
class Figures:
    """A fund in 元, or several together. `promised` = `planned` + `allotted`; `allotted` = `reserved` + `paid` + `left`."""

    ceiling: Decimal = ZERO
    planned: Decimal = ZERO
    reserved: Decimal = ZERO
    paid: Decimal = ZERO
    left: Decimal = ZERO

    @property
    def allotted(self) -> Decimal:
        return self.reserved + self.paid + self.left

    @property
    def promised(self) -> Decimal:
        return self.planned + self.allotted

    def add(self, other: Figures) -> None:
        for name in ("ceiling", "planned", "reserved", "paid", "left"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


_FIGURE = {Kind.PLANNED: "planned", Kind.ALLOTTED: "left", Kind.RESERVED: "reserved", Kind.PAID: "paid"}


def figures_of(funds: Iterable[Fund]) -> dict[int, Figures]:
    """`{fund pk: figures}` in one query."""
    found = {fund.pk: Figures(ceiling=fund.ceiling) for fund in funds}
    balances = Account._base_manager.filter(fund__in=list(found), kind__in=list(_FIGURE)).order_by()
    for pk, kind, amount in (
        balances.values("fund_id", "kind").annotate(amount=Sum("balance")).values_list("fund_id", "kind", "amount")
    ):
        setattr(found[pk], _FIGURE[Kind(kind)], amount)
    return found


def together(figures: Iterable[Figures]) -> Figures:
    whole = Figures()
    for each in figures:
        whole.add(each)
    return whole


# -- where it went ----------------------------------------------------------------------------------------------------------------


@dataclass
class Share:
    """What a kind, a village or a project got: payouts that stand, households, 元."""

    label: str
    payouts: int
    households: int
    amount: Decimal
    url: str = ""


def _standing(fund: Fund) -> Any:
    """Lines that paid households of a fund and stand."""
    return Line._base_manager.filter(
        account__fund=fund, account__kind=Kind.PAID, delivery__is_reversal=False, delivery__reversed_by=None
    ).exclude(delivery=None)


_SHARE = {"payouts": Count("pk"), "households": Count("delivery__household", distinct=True), "amount": Sum("amount")}


def by_kind(fund: Fund) -> list[Share]:
    found = _standing(fund).order_by().values("delivery__kind__title").annotate(**_SHARE).order_by("-amount")
    return [Share(row["delivery__kind__title"], row["payouts"], row["households"], row["amount"]) for row in found]


def by_village(fund: Fund) -> list[Share]:
    found = _standing(fund).order_by().values("delivery__village").annotate(**_SHARE).order_by("-amount")
    rows = list(found)
    names = Region.objects.in_bulk([row["delivery__village"] for row in rows])
    return [
        Share(
            (village := names[row["delivery__village"]]).full_name or village.name,
            row["payouts"],
            row["households"],
            row["amount"],
        )
        for row in rows
    ]


@dataclass
class ProjectMoney:
    """A village project in a fund, in 元."""

    project: VillageProject
    reserved: Decimal = ZERO
    paid: Decimal = ZERO


def projects_of(fund: Fund) -> list[ProjectMoney]:
    """The projects a fund has set money aside for or paid; one query."""
    found: dict[int, ProjectMoney] = {}
    accounts = Account._base_manager.filter(fund=fund, project__isnull=False).select_related("project__village")
    for account in accounts.order_by("project", "pk"):
        assert account.project is not None
        row = found.setdefault(account.project.pk, ProjectMoney(account.project))
        setattr(row, "paid" if account.kind == Kind.PAID else "reserved", account.balance)
    return list(found.values())


# -- spread thin? -----------------------------------------------------------------------------------------------------------------


def told_of(entries: Sequence[int]) -> dict[int, str]:
    """`{entry: 医疗救助，12 笔}` of the movements that paid households: what, and how many. One query."""
    rows = Line._base_manager.filter(entry__in=entries, delivery__isnull=False).order_by()
    found: dict[int, list[str]] = {}
    for entry, kind, count in rows.values_list("entry_id", "delivery__kind__title").annotate(n=Count("pk")):
        said = ngettext("%(kind)s，%(count)s 笔", "%(kind)s，%(count)s 笔", count) % {
            "kind": kind,
            "count": f"{count:,}",
        }
        found.setdefault(entry, []).append(said)
    return {entry: _("；").join(sorted(said)) for entry, said in found.items()}


@dataclass
class Spread:
    """资金是否撒胡椒面: a fund's payouts to households that stand, and what went into projects. `small` are payouts below
    `settings.FUND_SMALL` 元."""

    fund: Fund | None
    payouts: int = 0
    small: int = 0
    households: int = 0
    amount: Decimal = ZERO
    small_amount: Decimal = ZERO
    projects: int = 0
    project_amount: Decimal = ZERO

    @property
    def small_share(self) -> int | None:
        """Percent of the payouts, None where there are none."""
        return round(100 * self.small / self.payouts) if self.payouts else None

    @property
    def project_share(self) -> int | None:
        """Percent of the money that went into projects."""
        whole = self.amount + self.project_amount
        return round(100 * self.project_amount / whole) if whole else None

    @property
    def small_text(self) -> str:
        return "—" if self.small_share is None else f"{self.small_share}%"

    @property
    def project_text(self) -> str:
        return "—" if self.project_share is None else f"{self.project_share}%"

    @property
    def mean(self) -> Decimal | None:
        return (self.amount / self.payouts).quantize(Decimal("0.01")) if self.payouts else None


# Payouts that stand, put together by household first: to count households among hundred thousands of lines by DISTINCT takes twice as long.
# A line for each fund, and one (without a fund) for all of them.
_SPREAD = """
WITH household AS (
    SELECT a.fund_id, d.household_id, count(*) AS payouts, count(*) FILTER (WHERE l.amount < %(small)s) AS small, sum(l.amount) AS amount,
        coalesce(sum(l.amount) FILTER (WHERE l.amount < %(small)s), 0) AS small_amount
    FROM assistance_line l JOIN assistance_account a ON a.id = l.account_id JOIN assistance_delivery d ON d.id = l.delivery_id
    WHERE a.fund_id = ANY(%(funds)s) AND a.kind = 'paid' AND NOT d.is_reversal AND d.reversed_by_id IS NULL
    GROUP BY a.fund_id, d.household_id
)
SELECT fund_id, sum(payouts), sum(small), count(*), sum(amount), sum(small_amount) FROM household GROUP BY fund_id
UNION ALL
SELECT NULL, 0, 0, count(*), 0, 0 FROM (SELECT household_id FROM household GROUP BY household_id) once
"""


def spread_of(funds: Sequence[Fund]) -> tuple[list[Spread], Spread]:
    """One line a fund, and all together (a household that was paid from two funds counts once there); two queries."""
    keys = [fund.pk for fund in funds]
    found = {fund.pk: Spread(fund) for fund in funds}
    whole = Spread(None)
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, {"funds": keys, "small": settings.FUND_SMALL})
        for pk, payouts, small, households, amount, small_amount in cursor.fetchall():
            if pk is None:
                whole.households = households
                continue
            own = found[pk]
            own.payouts, own.small, own.households, own.amount, own.small_amount = (
                int(payouts),
                int(small),
                households,
                amount,
                small_amount,
            )
    projects = Account._base_manager.filter(fund__in=keys, kind=Kind.PAID, project__isnull=False, balance__gt=0)
    whose: set[int] = set()
    for fund, project, paid in projects.values_list("fund_id", "project_id", "balance"):
        found[fund].projects += 1
        found[fund].project_amount += paid
        whose.add(project)
    rows = [found[pk] for pk in keys]
    for name in ("payouts", "small", "amount", "small_amount", "project_amount"):
        setattr(whole, name, sum((getattr(row, name) for row in rows), type(getattr(whole, name))(0)))
    whole.projects = len(whose)
    return rows, whole


# -- the books --------------------------------------------------------------------------------------------------------------------


@dataclass
class Books:
    """What moved in a fund in a period (both days included): entries and lines, with the sums that the file ends in."""

    fund: Fund
    first: dt.date | None = None
    last: dt.date | None = None

    def entries(self) -> Any:
        found = Entry._base_manager.filter(fund=self.fund)
        if self.first:
            found = found.filter(on__gte=self.first)
        if self.last:
            found = found.filter(on__lte=self.last)
        return found

    def lines(self) -> Any:
        return Line._base_manager.filter(entry__in=self.entries().order_by())

    def sums(self) -> dict[str, Decimal]:
        """`{kind of account: 元}` moved in the period; over the whole life of a fund these are its balances."""
        found = self.lines().order_by().values("account__kind").annotate(amount=Sum("amount"))
        return {str(row["account__kind"]): row["amount"] for row in found}


_LINE = (
    "pk", "entry_id", "entry__on", "entry__kind", "entry__reference", "entry__note", "entry__by", "account__kind", "account__project__title", "amount",
    "delivery_id", "delivery__village_id", "delivery__household__number", "delivery__household__householder_name", "delivery__member__name",
    "delivery__member__id_masked", "delivery__kind__title", "delivery__period",
)  # fmt: skip
HEADINGS = (
    "序号", "日期", "变动", "凭证号或文号", "摘要", "经办", "账户", "金额（元）", "村级项目", "村", "户编号", "户主", "受益人", "证件号码", "措施", "所属期",
)  # fmt: skip


def workbook(books: Books, step: Callable[[int], None] = lambda done: None) -> bytes:
    """The books as .xlsx: a sheet of sums, and a sheet of every line in order, its sum at the end. ID numbers are masked."""
    out = xlsx.Writer()
    sums = books.sums()
    _cover(out, books, sums)
    out.sheet(_("明细"), [8, 12, 12, 22, 30, 12, 14, 14, 20, 24, 14, 12, 12, 22, 20, 10])
    out.heading([str(heading) for heading in HEADINGS])
    whole, number = ZERO, 0
    kinds, accounts = dict(Entry.Kind.choices), dict(Kind.choices)
    villages = {region.pk: region for region in Region.objects.filter(path__startswith=books.fund.region.path)}
    for number, row in enumerate(_rows(books), start=1):
        _pk, _entry, on, kind, reference, note, by, account, project, amount, _delivery, village, *who = row
        at = villages.get(village)
        where = (at.full_name or at.name) if at else ""
        out.row([number, on, str(kinds[kind]), reference, note, by, str(accounts[account]), amount, project or "", where, *(each or "" for each in who)])  # fmt: skip
        whole += amount
        if number % STEP == 0:
            step(number)
    out.row([_("合计"), "", "", "", "", "", "", whole], bold=True)
    return out.close()


def _rows(books: Books) -> Iterator[tuple[Any, ...]]:
    yield from books.lines().order_by("entry__on", "entry", "pk").values_list(*_LINE).iterator(chunk_size=STEP)


def _cover(out: xlsx.Writer, books: Books, sums: dict[str, Decimal]) -> None:
    fund, figures = books.fund, figures_of([books.fund])[books.fund.pk]
    out.sheet(_("汇总"), [24, 24])
    days = [str(day) if day else _("不限") for day in (books.first, books.last)]
    for name, value in (
        (_("资金名称"), fund.title), (_("资金来源"), str(SOURCE.label(fund.source))), (_("年度"), fund.year), (_("文号"), fund.document),
        (_("期间"), f"{days[0]} – {days[1]}"), (_("导出日期"), timezone.localdate()), (_("规模上限（元）"), figures.ceiling),
        (_("列入计划"), figures.promised), (_("已下达"), figures.allotted), (_("已安排项目"), figures.reserved), (_("已支付"), figures.paid),
        (_("可用余额"), figures.left),
    ):  # fmt: skip
        out.row([str(name), value])
    out.row([])
    out.row([_("本期变动"), _("金额（元）")], bold=True)
    for kind in Kind:
        out.row([str(kind.label), sums.get(kind, ZERO)])
    out.row([_("合计"), sum(sums.values(), ZERO)], bold=True)


__all__ = [
    "Books",
    "Figures",
    "ProjectMoney",
    "Share",
    "Spread",
    "by_kind",
    "by_village",
    "figures_of",
    "projects_of",
    "spread_of",
    "together",
    "workbook",
]
