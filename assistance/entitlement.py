"""应享与实享: what the catalogue says that households and members should get, against what they receive; and those who lack the most.

Receiving means a standing delivery of the year (or, of what one gets once, of any year). Unknown facts are said, never guessed: who may be
entitled but lacks a fact is counted apart. Everything here is worked out for one village at a time, in a fixed number of queries.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.models import Delivery
from assistance.querysets import STANDS
from catalogue.eligibility import facts_of
from catalogue.models import MeasureKind
from households.ledger import NOT_AT_SCHOOL, SCHOOL_AGE
from households.models import Household, HouseholdYear, Member, MemberYear
from surveys.prefill import Rows, rows_of

RECEIVED, MISSING, UNKNOWN, DOUBT = "received", "missing", "unknown", "doubt"
MOST_HOUSEHOLDS = 3000  # of a village, looked through at once
STATES = {
    RECEIVED: gettext_lazy("已享受"),
    MISSING: gettext_lazy("应享未享"),
    UNKNOWN: gettext_lazy("待核实"),
    DOUBT: gettext_lazy("享而不符"),
}
TONES = {RECEIVED: "green", MISSING: "red", UNKNOWN: "amber", DOUBT: "amber"}
ABLE = frozenset({"01", "02", "05"})  # 普通, 技能, 弱或半劳动力


@dataclass(frozen=True)
class Received:
    """What somebody got of a kind: how many deliveries, their sum (元), the last day."""

    times: int
    amount: Decimal
    last: dt.date


@dataclass(frozen=True)
class Due:
    """One kind for one household or member. `lacking`: labels of the facts without which nobody can say."""

    kind: MeasureKind
    household: Household
    member: Member | None
    state: str
    received: Received | None = None
    lacking: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        return self.member.name if self.member else _("整户")

    @property
    def amount(self) -> Decimal | None:
        return self.received.amount if self.received else None

    @property
    def word(self) -> Any:
        return STATES[self.state]

    @property
    def tone(self) -> str:
        return TONES[self.state]


def entitling(day: dt.date) -> list[MeasureKind]:
    """The kinds that whoever is eligible should get, in force on a day."""
    return list(MeasureKind.objects.in_force(day).filter(entitles=True))


def standing(year: int) -> Q:
    """Deliveries that stand and count for a year."""
    return STANDS & (Q(period="") | Q(period__startswith=str(year)))


def dues_of(
    households: Iterable[Household], year: int, *, today: dt.date, kinds: Sequence[MeasureKind] | None = None
) -> list[Due]:
    """Every kind that entitles, for everybody to whom it applies or may apply: those of whom the rule says no and who do not receive it
    are left out. Households have passed the row gate. Six queries."""
    households = list(households)
    kinds = entitling(today) if kinds is None else kinds
    facts = facts_of(households, year, today=today)
    got = _received([h.pk for h in households], kinds, year)
    found = []
    for household in households:
        for kind in kinds:
            for verdict in facts[household.pk].verdicts(kind):
                member = verdict.member
                received = got.get((kind.pk, household.pk, member.pk if member else None))
                state = _state(verdict.may, received)
                if state:
                    found.append(Due(kind, household, member, state, received, verdict.missing))
    return found


def _state(may: bool | None, received: Received | None) -> str:
    if received is not None:
        return DOUBT if may is False else RECEIVED
    return {True: MISSING, None: UNKNOWN, False: ""}[may]


def _received(
    households: Sequence[int], kinds: Sequence[MeasureKind], year: int
) -> dict[tuple[int, int, int | None], Received]:
    rows = Delivery.objects.filter(standing(year), household__in=households, kind__in=kinds)
    found: dict[tuple[int, int, int | None], Received] = {}
    columns = ("kind_id", "household_id", "member_id", "amount", "on")
    for kind, household, member, amount, on in rows.order_by("on", "pk").values_list(*columns):
        before = found.get((kind, household, member))
        found[kind, household, member] = Received(
            1 + (before.times if before else 0), amount + (before.amount if before else 0), on
        )
    return found


@dataclass
class Line:
    """One kind in a place: how many should get it (received or missing), how many do, how many of whom it is not known."""

    kind: MeasureKind
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def entitled(self) -> int:
        return self.counts[RECEIVED] + self.counts[MISSING]

    def count(self, state: str) -> int:
        return self.counts[state]


def by_kind(dues: Iterable[Due], kinds: Sequence[MeasureKind]) -> list[Line]:
    """A line for each kind that concerns anybody, in the order of the catalogue."""
    lines = {kind.pk: Line(kind) for kind in kinds}
    for due in dues:
        lines[due.kind.pk].counts[due.state] += 1
    return [line for line in lines.values() if line.counts]


# -- who lacks the most -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lacks:
    """A household, or a member of it, on one of the lists; `sure` is False where a fact is missing, which `say` names."""

    household: Household
    member: Member | None
    sure: bool
    say: str

    @property
    def who(self) -> str:
        return self.member.name if self.member else _("整户")


Looker = Callable[[Rows, Household, int, dt.date], Iterator[Lacks]]


def _record(rows: Rows, household: Household, year: int) -> HouseholdYear | None:
    return rows.years.get((household.pk, year))


def _people(rows: Rows, household: Household, year: int) -> Iterator[tuple[Member, MemberYear | None]]:
    for member in rows.members.get(household.pk, ()):
        yield member, rows.member_years.get((member.pk, year))


def _out_of_school(rows: Rows, household: Household, year: int, today: dt.date) -> Iterator[Lacks]:
    """Of compulsory school age on 1 September (or today, where that is earlier) and not at school."""
    day = min(dt.date(year, 9, 1), today)
    for member, own in _people(rows, household, year):
        age = member.age_on(day)
        if age is None or age not in SCHOOL_AGE:
            continue
        if own is None or not own.school:
            yield Lacks(household, member, False, _("%(age)s 岁，没有填在校情况") % {"age": age})
        elif own.school in NOT_AT_SCHOOL:
            why = own.dropout_reason or _("没有填原因")
            yield Lacks(household, member, True, _("%(age)s 岁，不在校：%(why)s") % {"age": age, "why": why})


def _uninsured(rows: Rows, household: Household, year: int, today: dt.date) -> Iterator[Lacks]:
    """Neither residents' nor employees' basic medical insurance."""
    for member, own in _people(rows, household, year):
        known = (own.medical_resident, own.medical_employee) if own else (None, None)
        if True in known:
            continue
        if known[0] is False:
            yield Lacks(household, member, True, _("居民医保和职工医保都没有参加"))
        else:
            yield Lacks(household, member, False, _("没有填是否参加医保"))


def _unsafe_dwelling(rows: Rows, household: Household, year: int, today: dt.date) -> Iterator[Lacks]:
    """The check of housing is not met, the dwelling is unsafe, or its grade is C or D."""
    record = _record(rows, household, year)
    if record is None:
        yield Lacks(household, None, False, _("没有本年度记录"))
        return
    signs = [
        _("住房安全未达标") if record.check_housing == "no" else "",
        _("危房户") if record.dwelling_unsafe else "",
        _("房屋等级 %(grade)s") % {"grade": record.dwelling_grade} if record.dwelling_grade in ("C", "D") else "",
    ]
    told = [sign for sign in signs if sign]
    if told:
        yield Lacks(household, None, True, _("，").join(told))
    elif not record.check_housing and record.dwelling_unsafe is None and not record.dwelling_grade:
        yield Lacks(household, None, False, _("没有填住房安全情况"))


def _without_labour(rows: Rows, household: Household, year: int, today: dt.date) -> Iterator[Lacks]:
    """Nobody in the household can work: 整户无劳动能力. What supports it is asked of the relief it receives (`support_of`)."""
    people = list(_people(rows, household, year))
    labour = [own.labour if own else "" for _member, own in people]
    if not people or any(each in ABLE for each in labour):
        return
    sure = "" not in labour
    said = (
        _("%(count)s 人，都没有劳动能力") % {"count": len(people)}
        if sure
        else _("有成员没有填劳动技能，其余没有劳动能力")
    )
    yield Lacks(household, None, sure, said)


LISTS: dict[str, tuple[Any, Any, Looker]] = {
    "school": (
        gettext_lazy("失学儿童"),
        gettext_lazy("当年 9 月 1 日满 6 至 15 周岁，年度记录写明不在校。"),
        _out_of_school,
    ),
    "medical": (
        gettext_lazy("没有医保"),
        gettext_lazy("居民医保写明没有参加，也没有参加职工医保。"),
        _uninsured,
    ),
    "housing": (
        gettext_lazy("住房不安全"),
        gettext_lazy("住房安全未达标、危房户，或房屋等级为 C、D。"),
        _unsafe_dwelling,
    ),
    "labour": (
        gettext_lazy("整户无劳力"),
        gettext_lazy("全部成员的劳动技能都是无劳动力或丧失劳动力。"),
        _without_labour,
    ),
}


def lacking(households: Iterable[Household], year: int, today: dt.date) -> dict[str, list[Lacks]]:
    """Every list of `LISTS` for these households. Four queries."""
    households = list(households)
    rows = rows_of(households, [year])
    return {
        code: [each for household in households for each in look(rows, household, year, today)]
        for code, (_title, _meaning, look) in LISTS.items()
    }


def support_of(households: Sequence[int], year: int) -> dict[int, list[str]]:
    """`{household: titles of the relief it or its members received in the year}`: the bottom line under who cannot work. One query."""
    rows = Delivery.objects.filter(standing(year), household__in=households, kind__column="relief")
    found: dict[int, list[str]] = {}
    for key, title in rows.order_by("household_id", "kind__code").values_list("household_id", "kind__title").distinct():
        found.setdefault(key, []).append(title)
    return found
