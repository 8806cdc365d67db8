"""帮扶前后: income by source before and after help. It shows what changed, never that the help was the cause.

Before is the annual record of one year, after that of a later one; only households with both are compared, and each figure says how many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Count, DecimalField, Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from assistance.models import Delivery
from catalogue.models import MeasureKind
from households import values
from households.models import Household, HouseholdYear

SHOWN_YEARS = 6
FEW = 10  # households: below it a median says little
SOURCES = (
    "per_head_income",
    "wage_income",
    "business_income",
    "property_income",
    "transfer_income",
    "business_expense",
)


def label(name: str) -> str:
    """A source of income as the ledger names it."""
    return str(values.label(HouseholdYear, name))


class Median(Aggregate):
    """The middle value: one rich household does not move it."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DecimalField(max_digits=14, decimal_places=2)


@dataclass(frozen=True)
class Change:
    """One source of income (元): its median before and after. `count` households have both."""

    name: str
    before: Decimal | None
    after: Decimal | None
    count: int

    @property
    def label(self) -> str:
        return label(self.name)

    @property
    def difference(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Group:
    """Households compared: those who received and, beside them, those who did not."""

    title: str
    changes: list[Change]
    count: int

    @property
    def is_few(self) -> bool:
        return self.count < FEW

    @property
    def warning(self) -> str:
        if not self.is_few:
            return ""
        return _("只有 %(count)s 户同时有两个年度的收入记录，数字仅供参考，不能说明普遍情况。") % {"count": self.count}


def with_both(households: QuerySet[Household], before: int, after: int) -> QuerySet[Household]:
    """Households with income on record in both years, as `b` and `a`."""
    rows = households.annotate(
        b=FilteredRelation("years", condition=Q(years__year=before)),
        a=FilteredRelation("years", condition=Q(years__year=after)),
    )
    return rows.filter(b__net_income__isnull=False, a__net_income__isnull=False)


def compare(households: QuerySet[Household], before: int, after: int, title: str) -> Group:
    """Medians of one group of households. One query."""
    wanted: dict[str, Any] = {"n": Count("pk")}
    for name in SOURCES:
        wanted |= {f"b_{name}": Median(F(f"b__{name}")), f"a_{name}": Median(F(f"a__{name}"))}
    found = with_both(households, before, after).order_by().aggregate(**wanted)
    changes = [Change(name, _cents(found[f"b_{name}"]), _cents(found[f"a_{name}"]), found["n"]) for name in SOURCES]
    return Group(title, changes, found["n"])


def _cents(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("0.01"))


def helped(
    households: QuerySet[Household], before: int, after: int, kinds: Iterable[int] | None = None
) -> tuple[Any, Any]:
    """(households that received something after the earlier year and up to the later one, those that did not). `kinds` None: anything."""
    got = Delivery.objects.standing().filter(household=OuterRef("pk"), on__year__gt=before, on__year__lte=after)
    if kinds is not None:
        got = got.filter(kind__in=list(kinds))
    return households.filter(Exists(got.order_by())), households.filter(~Exists(got.order_by()))


def groups(households: QuerySet[Household], before: int, after: int, kind: MeasureKind | None) -> list[Group]:
    """Those who received something of the kind (None: anything) in between, and those who did not."""
    got, others = helped(households, before, after, [kind.pk] if kind else None)
    what = {"what": kind.title if kind else _("任何措施")}
    return [
        compare(got, before, after, _("期间得到过：%(what)s") % what),
        compare(others, before, after, _("期间没有得到过：%(what)s") % what),
    ]


def years() -> list[int]:
    """Those that may be chosen as before and after, this one first."""
    this_year = timezone.localdate().year
    return list(range(this_year, this_year - SHOWN_YEARS, -1))


@dataclass(frozen=True)
class History:
    """Income of one household by source and year, oldest first, and how many deliveries stand in each of these years."""

    years: list[int]
    rows: list[tuple[str, list[Decimal | None]]]
    got: list[int]
    first: int | None  # year of the first delivery, in these years or before


def history_of(household: Household, upto: int) -> History:
    """Two queries. The household has passed the row gate, and the year may be seen."""
    records = {r.year: r for r in HouseholdYear.objects.filter(household=household, year__lte=upto).order_by("year")}
    years = sorted(records)[-SHOWN_YEARS:]
    rows = Delivery.objects.standing().filter(household=household).order_by()
    got = dict(rows.values_list("on__year").annotate(n=Count("pk")))
    return History(
        years,
        [(label(name), [getattr(records[year], name) for year in years]) for name in SOURCES],
        [got.get(year, 0) for year in years],
        min(got, default=None),
    )
