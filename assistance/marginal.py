"""临界户: one household beside the carded households of its own village, on income, guarantees and measures received.

Those of the same 组 stand first. Nothing here decides anything: it shows where a household is not much better off than its neighbours and
receives much less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from assistance.effects import FEW, Median
from assistance.entitlement import standing
from assistance.models import Delivery
from catalogue.codelists import COLUMN
from households import curtain
from households.ledger import CHECK_TITLES
from households.models import Household, HouseholdYear, Status

# Households with a card: registered, out of poverty or fallen back, and two of the three monitored kinds. The third, 边缘易致贫户, is what is
# compared.
CARDED = (Status.REGISTERED, Status.OUT_OF_POVERTY, Status.RETURNED, Status.UNSTABLE, Status.HARDSHIP)
SHOWN = 12  # neighbours listed one by one


@dataclass(frozen=True)
class Neighbour:
    """A carded household of the village in the year; money in 元."""

    household: Household
    per_head: Decimal | None
    unmet: list[str]
    measures: int
    amount: Decimal
    same_hamlet: bool


@dataclass(frozen=True)
class Comparison:
    """`own` beside `neighbours` (all that are carded, same 组 first, then by how near the income is)."""

    own: Neighbour
    neighbours: list[Neighbour]
    columns: list[
        tuple[str, int, int]
    ]  # national column, households among the neighbours that received it, own deliveries
    year: int

    @property
    def shown(self) -> list[Neighbour]:
        return self.neighbours[:SHOWN]

    @property
    def incomes(self) -> list[Decimal]:
        return sorted(n.per_head for n in self.neighbours if n.per_head is not None)

    @property
    def median_income(self) -> Decimal | None:
        return Decimal(median(self.incomes)).quantize(Decimal("0.01")) if self.incomes else None

    @property
    def median_measures(self) -> Decimal | None:
        return Decimal(median(n.measures for n in self.neighbours)) if self.neighbours else None

    @property
    def poorer(self) -> int:
        """Neighbours whose income per head is lower than the own."""
        own = self.own.per_head
        return 0 if own is None else sum(income < own for income in self.incomes)

    @property
    def warning(self) -> str:
        if len(self.incomes) >= FEW:
            return ""
        return _("本村只有 %(count)s 户建档户有这一年度的收入记录，比较仅供参考。") % {"count": len(self.incomes)}


def compare(household: Household, year: int) -> Comparison:
    """The comparison of one household, which has passed the row gate; the neighbours are of its village, which `neighbours_of` has
    asked the gate for. Four queries."""
    return _compare(household, list(neighbours_of(household)), year)


def neighbours_of(household: Household) -> Any:
    return Household.objects.filter(village=household.village_id, closed_on=None, status__in=CARDED).exclude(
        pk=household.pk
    )


def _compare(household: Household, carded: Sequence[Household], year: int) -> Comparison:
    keys = [h.pk for h in (household, *carded)]
    records = {r.household_id: r for r in HouseholdYear.objects.filter(household__in=keys, year=year).order_by()}
    got: dict[int, tuple[int, Decimal]] = {}
    columns: dict[str, set[int]] = {}
    rows = Delivery.objects.filter(standing(year), household__in=keys).order_by()
    for key, column, count, amount in rows.values("household_id", "kind__column").annotate(
        n=Count("pk"), money=Sum("amount")
    ).values_list("household_id", "kind__column", "n", "money"):  # fmt: skip
        times, sum_ = got.get(key, (0, Decimal(0)))
        got[key] = (times + count, sum_ + amount)
        columns.setdefault(column, set()).add(key)

    def one(each: Household) -> Neighbour:
        record = records.get(each.pk)
        times, amount = got.get(each.pk, (0, Decimal(0)))
        unmet = [
            str(title) for name, title in CHECK_TITLES.items() if record and getattr(record, f"check_{name}") == "no"
        ]
        near = bool(household.hamlet) and each.hamlet == household.hamlet
        return Neighbour(each, record.per_head_income if record else None, unmet, times, amount, near)

    own = one(household)
    base = own.per_head or Decimal(0)
    found = sorted(
        (one(each) for each in carded),
        key=lambda n: (not n.same_hamlet, n.per_head is None, abs((n.per_head or 0) - base), n.household.pk),
    )
    table = [
        (COLUMN.label(code.code), len(columns[code.code] - {household.pk}), int(household.pk in columns[code.code]))
        for code in COLUMN.codes
        if code.code in columns
    ]
    return Comparison(own, found, table, year)


def medians(villages: Iterable[int], year: int) -> dict[int, tuple[Decimal, int]]:
    """`{village: (median income per head of its carded households, how many)}`. One query."""
    rows = HouseholdYear.objects.filter(
        year=year, household__village__in=list(villages), household__closed_on=None, household__status__in=CARDED,
        per_head_income__isnull=False,
    ).order_by()  # fmt: skip
    found = rows.values_list("household__village_id").annotate(middle=Median(F("per_head_income")), n=Count("pk"))
    return {village: (Decimal(middle).quantize(Decimal("0.01")), n) for village, middle, n in found}


def median_of(found: Mapping[int, tuple[Decimal, int]], village: int) -> dict[str, Any]:
    """The median of one village for a row of the list, with how many households stand behind it."""
    middle, count = found.get(village, (None, 0))
    return {"median": middle, "carded": count}


def deliveries_of(households: Sequence[int], year: int) -> dict[int, int]:
    """`{household: deliveries that stand in the year}`. One query."""
    rows = Delivery.objects.filter(standing(year), household__in=households).order_by()
    return dict(rows.values_list("household_id").annotate(n=Count("pk")))


@dataclass(frozen=True)
class Beside:
    """A marginal household beside the median of the carded ones of its village (元 per head; None where nobody knows, or may know yet)."""

    household: Household
    income: Decimal | None
    median: Decimal | None
    carded: int
    got: int


def poorest_first(rows: QuerySet[Household], year: int) -> QuerySet[Household]:
    """边缘易致贫户 among the rows, with `income` of the year; those without a record come last."""
    rows = rows.filter(status=Status.MARGINAL)
    rows = rows.annotate(now=FilteredRelation("years", condition=Q(years__year=year)), income=F("now__per_head_income"))
    return rows.select_related("village").order_by(F("income").asc(nulls_last=True), "pk")


def beside(user: Any, found: Sequence[Any], year: int) -> list[Beside]:
    """What a list says of some of `poorest_first`. Who is to look at a household a second time is not told its income."""
    keys = [h.pk for h in found]
    hidden = curtain.hidden_from(user, keys)
    middle = medians({h.village_id for h in found}, year)
    got = deliveries_of(keys, year)
    return [
        Beside(
            h,
            None if hidden.get(h.pk, year + 1) <= year else h.income,
            **median_of(middle, h.village_id),
            got=got.get(h.pk, 0),
        )
        for h in found
    ]
