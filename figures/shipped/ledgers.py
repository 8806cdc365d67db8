"""What is counted of the ledgers: households as they stand, their newest annual records, the records of each year, changes of status."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import ExtractMonth, ExtractYear
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import dates
from figures.datasets import ROWS, Dataset, Dimension, Measure, Told, cases, column, flags
from households import codelists
from households.ledger import CHECK_TITLES
from households.models import Household, HouseholdYear, Pairing, Status, StatusChange
from households.models.status import MONITORED
from supervision.counted import whose
from surveys import progress

HOUSEHOLDS = Measure(ROWS, gettext_lazy("户数"), gettext_lazy("户"))
REGISTERED = tuple(s for s in Status if s not in (Status.ORDINARY, Status.STRUCK_OFF))

# 元 a head and year. The steps are those of the income tables counties print (domain notes, 9), carried on to what is earned today.
BANDS = (0, 3000, 5000, 8000, 10000, 15000, 20000)


def months() -> dict[str, str]:
    return {str(n): _("%(month)s 月") % {"month": n} for n in range(1, 13)}


def month_of(field: str) -> Dimension:
    return Dimension(
        "month", gettext_lazy("月份"), months, raw=ExtractMonth(field),
        condition=lambda key, today: Q(**{f"{field}__month": int(key)}),
    )  # fmt: skip


def status_of(field: str = "status") -> Dimension:
    groups = {
        "monitored": (gettext_lazy("三类监测对象"), tuple(MONITORED)),
        "on_register": (gettext_lazy("建档立卡和监测户"), REGISTERED),
    }
    return column("status", gettext_lazy("身份"), field, Status.choices, groups=groups)


def band_of(field: str) -> Dimension:
    """A column of money a head, in bands that are told apart at their lower end."""
    kinds: dict[str, tuple[Any, Q]] = {"negative": (gettext_lazy("负数"), Q(**{f"{field}__lt": 0}))}
    for low, high in zip(BANDS, (*BANDS[1:], None), strict=True):
        words = gettext_lazy("%(low)s 元以上") if high is None else gettext_lazy("%(low)s–%(high)s 元")
        condition = Q(**{f"{field}__gte": low}) & (Q() if high is None else Q(**{f"{field}__lt": high}))
        kinds[str(low)] = (_Filled(words, low, high), condition)
    kinds["unknown"] = (gettext_lazy("没有收入记录"), Q(**{field: None}))
    return cases("band", gettext_lazy("人均纯收入"), kinds)


class _Filled:
    """The words of a band in the language of the page."""

    def __init__(self, words: Any, low: int, high: int | None) -> None:
        self.words, self.values = words, {"low": f"{low:,}", "high": f"{high - 1:,}" if high else ""}

    def __str__(self) -> str:
        return str(self.words) % self.values


def of_years() -> tuple[Dimension, ...]:
    """What divides annual records."""
    unmet = {name: (words, Q(**{f"check_{name}": "no"})) for name, words in CHECK_TITLES.items()}
    any_of_them = Q()
    for _words, condition in unmet.values():
        any_of_them |= condition
    return (
        status_of("household__status"),
        column("cause", gettext_lazy("主要致贫原因"), "main_cause", codelists.CAUSE.choices, blank=True),
        column(
            "category",
            gettext_lazy("户属性"),
            "category",
            [(c.code, c.label) for c in codelists.CATEGORY.codes],
            blank=True,
        ),
        band_of("per_head_income"),
        flags("check", gettext_lazy("两不愁三保障未达标"), {"any": (gettext_lazy("有未达标项"), any_of_them), **unmet}),
    )


def tell_household(row: Household) -> Told:
    meta = f"{row.township.name}{row.village.name} · {row.get_status_display()} · " + _("%(count)s 人") % {
        "count": row.member_count
    }
    return Told(f"{row} · {row.number}", meta, row.get_absolute_url())


def tell_record(row: HouseholdYear) -> Told:
    # Nothing of what the record says: whoever is to look a second time reads this list, too (households.curtain).
    household = row.household
    meta = f"{household.township.name}{household.village.name} · " + _("%(year)s 年度") % {"year": row.year}
    return Told(f"{household} · {household.number}", meta, f"{household.get_absolute_url()}?year={row.year}")


def tell_change(row: StatusChange) -> Told:
    return Told(f"{row}", f"{whose(row)} · {dates.written(row.effective_on)}", row.household.get_absolute_url())


def _helped() -> Exists:
    return Exists(Pairing.objects.current().ordinary().filter(household=OuterRef("pk")))


def _helper() -> Dimension:
    kinds: dict[str, Any] = {"with": gettext_lazy("有帮扶责任人"), "without": gettext_lazy("没有帮扶责任人")}
    return Dimension(
        "helper", gettext_lazy("帮扶责任人"), lambda: kinds, raw=F("is_helped"),
        key=lambda raw, today: "with" if raw == "true" else "without",
        condition=lambda key, today: Q(is_helped=key == "with"),
    )  # fmt: skip


def _households(rows: Any, today: dt.date) -> Any:
    return rows.filter(closed_on=None).annotate(is_helped=_helped())


households = Dataset(
    "households", gettext_lazy("农户"), gettext_lazy("现在在册、没有销户的农户"),
    Household, _households,
    (HOUSEHOLDS, Measure("people", gettext_lazy("人数"), gettext_lazy("人"), F("member_count"))),
    (status_of(), column("cause", gettext_lazy("主要致贫原因"), "main_cause", codelists.CAUSE.choices, blank=True), _helper()),
    (("status",), ("status", "cause"), ("status", "helper")),
    ("households_household", "households_pairing"), tell_household, related=("village", "township"), weight=10,
)  # fmt: skip

records = Dataset(
    "records", gettext_lazy("最新年度记录"), gettext_lazy("在册农户最新的一份年度记录"),
    HouseholdYear, lambda rows, today: rows.filter(household__closed_on=None, year=F("household__latest_year")),
    (HOUSEHOLDS, Measure("people", gettext_lazy("人数"), gettext_lazy("人"), F("household__member_count"))),
    of_years(), (("status", "band"), ("status", "check")),
    ("households_householdyear", "households_household"), tell_record, village="household__village_id",
    related=("household__village", "household__township"), weight=11,
)  # fmt: skip

years = Dataset(
    "years", gettext_lazy("各年年度记录"), gettext_lazy("有这一年度记录的农户，后来销户的也算；身份按现在的"),
    HouseholdYear, lambda rows, today: rows,
    (
        HOUSEHOLDS, Measure("people", gettext_lazy("年度家庭人口"), gettext_lazy("人"), F("population")),
        Measure("income", gettext_lazy("纯收入"), gettext_lazy("元"), F("net_income"), 100),
    ),
    of_years(), (("category",), ("band",), ("check",)),
    ("households_householdyear", "households_household"), tell_record, village="household__village_id", year=F("year"),
    related=("household__village", "household__township"), weight=12,
)  # fmt: skip

NEW = (Status.REGISTERED, Status.UNSTABLE, Status.MARGINAL, Status.HARDSHIP)
changes = Dataset(
    "changes", gettext_lazy("身份变更"), gettext_lazy("县级已确认的身份变更，按生效日期"),
    StatusChange, lambda rows, today: rows.filter(state=StatusChange.State.CONFIRMED).exclude(from_status=F("to_status")),
    (Measure(ROWS, gettext_lazy("户次"), gettext_lazy("户次")),),
    (
        column(
            "to", gettext_lazy("变更为"), "to_status", Status.choices,
            groups={
                "new": (gettext_lazy("新识别"), NEW),
                "out": (gettext_lazy("退出和消除风险"), (Status.OUT_OF_POVERTY, Status.RISK_REMOVED)),
            },
        ),
        month_of("effective_on"),
    ),
    (("to", "month"),), ("households_statuschange", "households_household"), tell_change,
    village="household__village_id", year=ExtractYear("effective_on"), related=("household__village", "household__township"), weight=13,
)  # fmt: skip


def _surveyed(rows: Any, today: dt.date) -> Any:
    return progress.with_stage(rows.filter(closed_on=None).exclude(status__in=progress.NOT_REGISTERED), today.year)


surveyed = Dataset(
    "surveyed", gettext_lazy("入户调查"), gettext_lazy("建档立卡和监测户今年的入户调查到了哪一步"),
    Household, _surveyed, (HOUSEHOLDS,),
    (
        Dimension(
            "stage", gettext_lazy("调查进度"), lambda: dict(progress.STAGES), raw=F("stage"), condition=lambda key, today: Q(stage=key)
        ),
    ),
    (("stage",),), ("surveys_survey", "households_household"), tell_household, related=("village", "township"), weight=14,
)  # fmt: skip

DATASETS = (households, records, years, changes, surveyed)
