"""一次录入: what a survey costs whoever fills it in, from `Survey.effort` as phones and pages counted it, per household and year.

Keys pressed, fields typed, fields answered by 「与去年相同」, fields typed although the ledger or last year had the same value already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, IntegerField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, TruncMonth

from accounts.models import User
from accounts.roles import Permission
from common import dates
from regions.models import Level, Region
from surveys.models import Survey

COUNTED = ("keystrokes", "typed", "same", "retyped", "seconds")
FEW = 10  # households; an average of fewer says little


@dataclass(frozen=True)
class Effort:
    """Sums over the surveys of `households` households, each household once a year."""

    label: str
    households: int
    surveys: int
    keystrokes: int
    typed: int
    same: int
    retyped: int
    seconds: int

    @property
    def is_few(self) -> bool:
        return self.households < FEW

    def each(self, name: str, per: int = 1) -> Decimal | None:
        """The mean a household to one place, in units of `per`; None without a household."""
        if not self.households:
            return None
        return (Decimal(getattr(self, name)) / per / self.households).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def keys(self) -> Decimal | None:
        return self.each("keystrokes")

    @property
    def by_hand(self) -> Decimal | None:
        return self.each("typed")

    @property
    def taps(self) -> Decimal | None:
        return self.each("same")

    @property
    def again(self) -> Decimal | None:
        return self.each("retyped")

    @property
    def minutes(self) -> Decimal | None:
        return self.each("seconds", 60)

    @property
    def same_share(self) -> int | None:
        """How many of the fields answered by hand took one tap, in whole percent."""
        answered = self.same + self.typed
        return 100 * self.same // answered if answered else None


def surveys_of(user: Any, year: int | None = None) -> Any:
    """First-hand surveys that were sent and of which the effort is known, of households the user may see."""
    rows = Survey.objects.for_user(user).counted().filter(purpose=Survey.Purpose.SURVEY, effort__has_key="keystrokes")
    return (rows if year is None else rows.filter(year=year)).order_by()


def _sums() -> dict[str, Any]:
    number = {name: Coalesce(Sum(Cast(KT(f"effort__{name}"), IntegerField())), 0) for name in COUNTED}
    return {f"sum_{name}": total for name, total in number.items()} | {
        "households": Count("household", distinct=True),
        "surveys": Count("pk"),
    }


def _effort(label: str, row: dict[str, Any]) -> Effort:
    return Effort(label, row["households"], row["surveys"], *(row[f"sum_{name}"] for name in COUNTED))


def by_place(surveys: Any, at: Region | None) -> list[Effort]:
    """By township for a county and above, else by village."""
    column = "household__township" if at is not None and at.level <= Level.COUNTY else "household__village"
    rows = list(surveys.values(column).annotate(**_sums()))
    regions = Region.objects.in_bulk([row[column] for row in rows])
    found = [(regions[row[column]], row) for row in rows]
    return [
        _effort(region.name if at is not None else region.full_name, row)
        for region, row in sorted(found, key=lambda each: (each[0].code, each[0].pk))
    ]


def by_person(surveys: Any, user: Any) -> list[Effort]:
    """By surveyor, who typed most first; somebody who reviews nowhere sees only the own line."""
    if not user.can(Permission.SURVEY_REVIEW):
        surveys = surveys.filter(surveyor=user.pk)
    rows = list(surveys.values("surveyor").annotate(**_sums()))
    names = dict(User.objects.filter(pk__in=[row["surveyor"] for row in rows]).values_list("pk", "name"))
    found = [_effort(names[row["surveyor"]], row) for row in rows]
    return sorted(found, key=lambda one: (-(one.keys or 0), one.label))


def by_channel(surveys: Any) -> list[Effort]:
    rows = {row["channel"]: row for row in surveys.values("channel").annotate(**_sums())}
    return [_effort(str(channel.label), rows[channel]) for channel in Survey.Channel if channel in rows]


def by_month(surveys: Any) -> list[Effort]:
    """By month of the survey, oldest first."""
    months = surveys.annotate(month=TruncMonth("surveyed_on")).values("month").annotate(**_sums())
    return [_effort(dates.month(row["month"]), row) for row in sorted(months, key=lambda row: row["month"])]


def by_year(surveys: Any) -> list[Effort]:
    """By year, oldest first."""
    rows = sorted(surveys.values("year").annotate(**_sums()), key=lambda row: row["year"])
    return [_effort(str(row["year"]), row) for row in rows]


def chosen(surveys: Any, dimension: str, at: Region | None, user: Any) -> Iterable[Effort]:
    match dimension:
        case "person":
            return by_person(surveys, user)
        case "month":
            return by_month(surveys)
        case "channel":
            return by_channel(surveys)
    return by_place(surveys, at)
