"""Measures, deliveries and requests as lists and pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import DecimalField, Exists, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from assistance.models import Confirmation, Delivery, Measure, ServiceRequest
from assistance.services.deliveries import said_period
from assistance.services.requests import is_late
from assistance.shares import Shares, added, in_words, shares_of
from catalogue.codelists import COLUMN

TONES = {
    "proposed": "blue", "approved": "amber", "refused": "red", "delivered": "amber", "confirmed": "green", "withdrawn": "grey",
}  # fmt: skip
REQUEST_TONES = {"asked": "amber", "taken": "blue", "answered": "amber", "confirmed": "green", "withdrawn": "grey"}


def with_row_facts(measures: QuerySet[Measure]) -> QuerySet[Measure]:
    """Bring along what a row shows: the sum of what stands, and whether the household denied any of it."""
    standing = Delivery.objects.standing().filter(measure=OuterRef("pk"))
    total = standing.order_by().values("measure").annotate(total=Sum("amount")).values("total")
    denied = Confirmation.objects.filter(delivery__measure=OuterRef("pk"), delivery__reversed_by=None, received=False)
    return (
        measures.select_related("household__village", "household__township", "kind", "member")
        .defer("household__phone", "household__bank_account", "member__phone", "member__id_number", "values")
        .annotate(given=Subquery(total, output_field=DecimalField()), denied=Exists(denied))
    )


@dataclass(slots=True)
class Row:
    """One line of a list of measures."""

    measure: Measure

    @property
    def whose(self) -> str:
        """The beneficiary beside the household's name."""
        return self.measure.member.name if self.measure.member else _("整户")

    @property
    def place(self) -> str:
        h = self.measure.household
        return f"{h.township.name}{h.village.name} {h.hamlet}".strip()

    @property
    def choose(self) -> str:
        return _("选择%(household)s的“%(kind)s”") % {
            "household": self.measure.household,
            "kind": self.measure.kind.title,
        }

    @property
    def tone(self) -> str:
        return TONES[self.measure.state]

    @property
    def given(self) -> Decimal | None:
        """元 that stand as delivered."""
        return self.measure.given or None  # type: ignore[attr-defined]

    @property
    def denied(self) -> bool:
        return bool(self.measure.denied)  # type: ignore[attr-defined]


@dataclass(slots=True)
class DepartmentRow(Row):
    """A measure as a department sees it: `measure` is read by `with_numbers`, too."""

    @property
    def who(self) -> str:
        return self.measure.member.name if self.measure.member else self.measure.household.householder_name

    @property
    def number(self) -> str:
        return self.measure.number or ""  # type: ignore[attr-defined]

    @property
    def village(self) -> str:
        h = self.measure.household
        return f"{h.township.name}{h.village.name}"


@dataclass(slots=True)
class Line:
    """One delivery on a page. `word` is what the household said, None where nothing."""

    delivery: Delivery
    shares: Shares = field(default_factory=list)
    word: Confirmation | None = None

    @property
    def period(self) -> str:
        return said_period(self.delivery.period)

    @property
    def sources(self) -> list[tuple[str, Decimal]]:
        return in_words(self.shares)

    @property
    def state(self) -> str:
        if self.delivery.is_reversal:
            return _("冲回")
        if self.delivery.reversed_by_id:
            return _("已冲回")
        if self.word is None:
            return _("待农户确认")
        return _("农户已确认") if self.word.received else _("农户说未收到")

    @property
    def tone(self) -> str:
        if not self.delivery.stands:
            return "grey"
        return "amber" if self.word is None else "green" if self.word.received else "red"

    @property
    def stands(self) -> bool:
        return self.delivery.stands

    @property
    def open(self) -> bool:
        """Whether the household has still to speak."""
        return self.delivery.stands and self.word is None


def lines_of(deliveries: Sequence[Delivery]) -> list[Line]:
    """Deliveries (read with their `confirmation`) as lines, with their money by source. One query."""
    shares = shares_of(d.pk for d in deliveries)
    return [Line(d, shares.get(d.pk, []), getattr(d, "confirmation", None)) for d in deliveries]


@dataclass(slots=True)
class YearOf:
    """What a household had in a year, for the tab on its ledger."""

    year: int
    rows: list[tuple[Row, list[Line]]]

    @property
    def standing(self) -> list[Line]:
        return [line for _row, lines in self.rows for line in lines if line.stands]

    @property
    def total(self) -> Decimal:
        return sum((line.delivery.amount for line in self.standing), Decimal(0))

    @property
    def sources(self) -> list[tuple[str, Decimal]]:
        return in_words(added(line.shares for line in self.standing))


def years_of(measures: Iterable[Measure], deliveries: Sequence[Delivery]) -> list[YearOf]:
    """Measures (read by `with_row_facts`) and their deliveries by year, newest first."""
    by_measure: dict[int, list[Line]] = {}
    for line in lines_of(deliveries):
        by_measure.setdefault(line.delivery.measure_id, []).append(line)
    years: dict[int, YearOf] = {}
    for measure in measures:
        years.setdefault(measure.year, YearOf(measure.year, [])).rows.append(
            (Row(measure), by_measure.get(measure.pk, []))
        )
    return [years[year] for year in sorted(years, reverse=True)]


@dataclass(slots=True)
class RequestRow:
    """One line of a list of requests."""

    request: ServiceRequest

    @property
    def place(self) -> str:
        h = self.request.household
        return f"{h.township.name}{h.village.name} {h.hamlet}".strip()

    @property
    def column(self) -> str:
        return COLUMN.label(self.request.column) if self.request.column else ""

    @property
    def tone(self) -> str:
        return "red" if self.late else REQUEST_TONES[self.request.state]

    @property
    def late(self) -> bool:
        return is_late(self.request)
