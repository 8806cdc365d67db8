"""The six yearly indicators in words, from what the ledger holds: 现状 when a plan is drafted, 完成 when its year is reviewed.

What is not known stays "": nothing is guessed. Whoever calls has passed the row gate of the households.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from households import codelists, values
from households.models import Household, HouseholdYear, Member, MemberYear
from plans.models import Indicator
from surveys.prefill import Rows, rows_of

Code = Indicator.Code
CODES = tuple(Code.values)
KEPT_IN = "zh-hans"  # what is kept and signed is Chinese, whoever wrote it
ILL = "01"  # 因病
NOT_AT_SCHOOL = "01"
SCHOOL_AGE = range(6, 15)  # full years on 31 August: nine years of compulsory schooling from six on
INSURED_FROM = 16  # the pension insurance of residents
UNSAFE = ("C", "D")
MOST = Indicator._meta.get_field("now").max_length or 0


def standing(households: Iterable[Household], year: int) -> dict[int, dict[str, str]]:
    """`{household pk: {code: words}}` as far as is known in a year; what its record does not say yet, from the year before, with that
    year named. The money always names its year. Four queries."""
    rows = rows_of(households, [year, year - 1])
    with translation.override(KEPT_IN):
        return {pk: _standing(rows, pk, year) for pk in rows.households}


def _standing(rows: Rows, pk: int, year: int) -> dict[str, str]:
    now, before = _of(rows, pk, year), _of(rows, pk, year - 1)
    return {
        code: _dated(now[code], year, code == Code.INCOME) or _dated(before[code], year - 1, True) for code in CODES
    }


def reached(households: Iterable[Household], year: int) -> dict[int, dict[str, str]]:
    """`{household pk: {code: words}}` of that very year. Four queries."""
    rows = rows_of(households, [year])
    with translation.override(KEPT_IN):
        return {pk: _of(rows, pk, year) for pk in rows.households}


def _dated(words: str, year: int, named: bool) -> str:
    return _("%(words)s（%(year)s年）") % {"words": words, "year": year} if words and named else words


def _of(rows: Rows, pk: int, year: int) -> dict[str, str]:
    record = rows.years.get((pk, year))
    members = rows.members.get(pk, [])
    years = {member.pk: rows.member_years.get((member.pk, year)) for member in members}
    return {
        Code.INCOME: _income(record),
        Code.HOUSING: _housing(record),
        Code.SCHOOL: _school(members, years, year),
        Code.ILLNESS: _illness(record, years),
        Code.MEDICAL: _insured(members, years, "medical"),
        Code.PENSION: _insured([member for member in members if _pays(member, years, year)], years, "pension"),
    }


def _income(record: HouseholdYear | None) -> str:
    if record is None:
        return ""
    amount = record.per_head_income if record.per_head_income is not None else record.imported_per_head_income
    return _("%(amount)s 元") % {"amount": values.money(amount)} if amount is not None else ""


def _housing(record: HouseholdYear | None) -> str:
    if record is None:
        return ""
    grade = codelists.DWELLING_GRADE.label(record.dwelling_grade) if record.dwelling_grade else ""
    unsafe = record.check_housing == "no" or record.dwelling_unsafe is True or record.dwelling_grade in UNSAFE
    if unsafe:
        return _("不安全，%(grade)s") % {"grade": grade} if grade else _("不安全")
    if record.check_housing == "yes" or record.dwelling_unsafe is False or record.dwelling_grade:
        return _("安全")
    return ""


def _school(members: Sequence[Member], years: Mapping[int, MemberYear | None], year: int) -> str:
    """How many who ought to be at school are not."""
    out = asked = unknown = 0
    for member in members:
        own, age = years[member.pk], member.age_on(dt.date(year, 8, 31))
        if own is not None and own.dropout_reason:
            out, asked = out + 1, asked + 1
        elif age is None or age in SCHOOL_AGE:
            school = own.school if own is not None else ""
            if age is None and not school:
                unknown += 1
            elif age is not None:
                asked, unknown = asked + 1, unknown + (not school)
                out += school == NOT_AT_SCHOOL
    if out:
        return _("%(count)s 人") % {"count": out}
    if unknown or not members:
        return ""
    return _("没有") if asked else _("没有适龄学生")


def _illness(record: HouseholdYear | None, years: Mapping[int, MemberYear | None]) -> str:
    if record is None or not record.main_cause:
        return ""
    if ILL not in (record.main_cause, *record.other_causes):
        return _("不是因病")
    ill = Counter(code for own in years.values() if own is not None for code in own.health if code in ("02", "03"))
    said = [
        _("%(what)s %(count)s 人") % {"what": codelists.HEALTH.label(code), "count": ill[code]}
        for code in ("03", "02")
        if ill[code]
    ]
    return _("因病（%(who)s）") % {"who": _("，").join(said)} if said else _("因病")


def _insured(members: Sequence[Member], years: Mapping[int, MemberYear | None], kind: str) -> str:
    """How many of these members are insured as residents, how many as employees, how many not; "" where nobody's is known."""
    if not members:
        return ""
    found: Counter[str] = Counter()
    for member in members:
        own = years[member.pk]
        resident, employee = (getattr(own, f"{kind}_{whose}", None) for whose in ("resident", "employee"))
        if resident or employee:
            found["resident" if resident else "employee"] += 1
        else:
            found["out" if resident is False else "unknown"] += 1
    if found["unknown"] == len(members):
        return ""
    if found["resident"] == len(members):
        return _("全部参加（%(count)s 人）") % {"count": len(members)}
    words = {
        "resident": _("参加 %(n)s 人"),
        "employee": _("职工参保 %(n)s 人"),
        "out": _("未参加 %(n)s 人"),
        "unknown": _("未填 %(n)s 人"),
    }
    return _("，").join(word % {"n": found[key]} for key, word in words.items() if found[key])


def _pays(member: Member, years: Mapping[int, MemberYear | None], year: int) -> bool:
    """Of an age to be in the pension insurance, and not at school."""
    age, own = member.age_on(dt.date(year, 12, 31)), years[member.pk]
    at_school = own is not None and own.school not in ("", NOT_AT_SCHOOL)
    return age is not None and age >= INSURED_FROM and not at_school


# What a plan usually aims at; a person looks at it and changes it. The income is nobody's to guess.
USUAL_TARGETS = {
    Code.HOUSING: "安全",
    Code.SCHOOL: "没有",
    Code.ILLNESS: "不因病返贫",
    Code.MEDICAL: "全部参加",
    Code.PENSION: "全部参加",
}
