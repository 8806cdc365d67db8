"""Months, quarters and years: what rules count in and pages choose from."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from common import dates
from common.dates import later
from party.models import Period

MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
_CODE = re.compile(r"(20\d\d)(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?\Z", re.ASCII)


@dataclass(frozen=True, order=True)
class Span:
    """From `first` up to, not including, `end`."""

    first: dt.date
    end: dt.date
    period: str

    @property
    def code(self) -> str:
        """2026, 2026-Q4, 2026-11: as it stands in an address."""
        match self.period:
            case Period.YEAR:
                return str(self.first.year)
            case Period.QUARTER:
                return f"{self.first.year}-Q{(self.first.month + 2) // 3}"
        return f"{self.first.year}-{self.first.month:02d}"

    @property
    def label(self) -> str:
        match self.period:
            case Period.YEAR:
                return _("%(year)s年") % {"year": self.first.year}
            case Period.QUARTER:
                return _("%(year)s年第%(quarter)s季度") % {
                    "year": self.first.year,
                    "quarter": (self.first.month + 2) // 3,
                }
        return dates.month(self.first)

    @property
    def short(self) -> str:
        """Inside its year: 11月, 4季度, 全年."""
        match self.period:
            case Period.YEAR:
                return _("全年")
            case Period.QUARTER:
                return _("%(quarter)s季度") % {"quarter": (self.first.month + 2) // 3}
        return _("%(month)s月") % {"month": self.first.month}

    @property
    def months(self) -> range:
        """Its months, by number in its year."""
        return range(self.first.month, self.first.month + MONTHS[Period(self.period)])

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day < self.end


def span_of(period: str, day: dt.date) -> Span:
    """The period of that length in which the day lies."""
    months = MONTHS[Period(period)]
    first = dt.date(day.year, (day.month - 1) // months * months + 1, 1)
    return Span(first, later(first, months), period)


def spans_of_year(period: str, year: int) -> list[Span]:
    months = MONTHS[Period(period)]
    return [span_of(period, dt.date(year, month, 1)) for month in range(1, 13, months)]


def parse(code: str) -> Span | None:
    """The period of an address; None where it is none."""
    found = _CODE.match(code)
    if not found:
        return None
    year, quarter, month = int(found[1]), found[2], found[3]
    if quarter:
        return span_of(Period.QUARTER, dt.date(year, int(quarter) * 3, 1))
    return span_of(Period.MONTH, dt.date(year, int(month), 1)) if month else span_of(Period.YEAR, dt.date(year, 1, 1))


def offered(today: dt.date | None = None) -> list[Span]:
    """This quarter, this year, and those before them, newest first: what coverage is asked for."""
    today = today or timezone.localdate()
    quarters = [span_of(Period.QUARTER, later(today.replace(day=1), -3 * n)) for n in range(5)]
    years = [span_of(Period.YEAR, dt.date(today.year - n, 1, 1)) for n in range(3)]
    return [*quarters, *years]
