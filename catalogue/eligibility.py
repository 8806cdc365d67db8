"""Who may get what: the rules of the catalogue over the facts of a household's year.

A verdict is yes, no, or unknown where a fact that decides is missing; what is unknown is said, never guessed.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalogue.codelists import Whose
from catalogue.models import MeasureKind
from households.models import Household, HouseholdYear, IncomeLine, Member, MemberYear
from surveys import rules

_HIDDEN = {"id", "household", "member", "year", "unmapped", "updated_at", "surveyor", "surveyed_on", "cause_note"}
YEAR_FACTS = {f.name: f for f in HouseholdYear._meta.concrete_fields if f.name not in _HIDDEN}
MEMBER_FACTS = {f.name: f for f in MemberYear._meta.concrete_fields if f.name not in _HIDDEN}
# What a rule may name: {name: label}.
HOUSEHOLD_NAMES = {
    "status": _("身份"),
    "members": _("家庭人口"),
    **{name: f.verbose_name for name, f in YEAR_FACTS.items()},
}
MEMBER_NAMES = {
    "age": _("年龄"), "sex": _("性别"), "relation": _("与户主关系"), **{name: f.verbose_name for name, f in MEMBER_FACTS.items()},
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """Whether one may get a kind of help: `may` is True, False, or None where `missing` (labels) decides. `member` is None for the household."""

    may: bool | None
    member: Member | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What rules know of a household in a year."""

    household: Household
    year: int
    hyear: HouseholdYear | None = None
    members: tuple[Member, ...] = ()
    scope: rules.Scope = field(default_factory=rules.Scope)

    @property
    def causes(self) -> list[str]:
        """Codes of the causes of poverty, the main one first."""
        if self.hyear is None:
            return []
        return list(dict.fromkeys(filter(None, [self.hyear.main_cause, *self.hyear.other_causes])))

    def verdicts(self, kind: MeasureKind) -> list[Verdict]:
        """One for the household, or one for each member."""
        if kind.whose == Whose.HOUSEHOLD:
            return [self._verdict(kind, self.scope, None)]
        return [self._verdict(kind, self.scope.at(str(member.uid)), member) for member in self.members]

    def _verdict(self, kind: MeasureKind, scope: rules.Scope, member: Member | None) -> Verdict:
        if kind.eligible is None:
            return Verdict(True, member)
        may = decide(kind.eligible, scope)
        return Verdict(may, member, () if may is not None else tuple(missing(kind.eligible, scope)))


def decide(rule: Any, scope: rules.Scope) -> bool | None:
    """A rule in three values: `and`, `or` and `!` of blank stay blank where blank decides (docs/surveys.md counts it as not true)."""
    if isinstance(rule, Mapping) and len(rule) == 1:
        ((operator, operands),) = rule.items()
        parts = operands if isinstance(operands, list) else [operands]
        if operator == "and":
            found = [decide(part, scope) for part in parts]
            return False if False in found else None if None in found else True
        if operator == "or":
            found = [decide(part, scope) for part in parts]
            return True if True in found else None if None in found else False
        if operator == "!":
            inner = decide(parts[0], scope)
            return None if inner is None else not inner
    value = rules.evaluate(rule, scope)
    return value if isinstance(value, bool) else None


def missing(rule: Any, scope: rules.Scope) -> list[str]:
    """Labels of the facts that a rule asks for and nobody knows."""
    labels = {**HOUSEHOLD_NAMES, **MEMBER_NAMES}
    return sorted({str(labels[name]) for name in rules.named(rule) if name in labels and scope.var(name) is None})


def problem(rule: Any, whose: str) -> str:
    """What is wrong with a rule of the catalogue, as a sentence without a full stop; "" where it is sound."""
    names = rules.Names(
        frozenset(HOUSEHOLD_NAMES) - {"members"}, frozenset(MEMBER_NAMES) - {"age"}, inside=whose == Whose.MEMBER
    )
    return rules.check_rule(rule, names)


def facts_of(households: Iterable[Household], year: int, *, today: dt.date) -> dict[int, Facts]:
    """The facts of households (already through the row gate) in a year, in a fixed number of queries."""
    rows = list(households)
    keys = [row.pk for row in rows]
    hyears = {row.household_id: row for row in HouseholdYear._base_manager.filter(household__in=keys, year=year)}
    members: dict[int, list[Member]] = defaultdict(list)
    for member in Member._base_manager.filter(household__in=keys, left_on=None).order_by("relation", "pk"):
        members[member.household_id].append(member)
    people = [member.pk for group in members.values() for member in group]
    myears = {row.member_id: row for row in MemberYear._base_manager.filter(member__in=people, year=year)}
    lines: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for line in IncomeLine._base_manager.filter(household_year__in=[row.pk for row in hyears.values()]):
        lines[line.household_year_id][line.item.replace(".", "_")] = line.amount
    found = {}
    for row in rows:
        hyear = hyears.get(row.pk)
        values: dict[str, Any] = {"status": row.status}
        if hyear is not None:
            values |= {name: _value(getattr(hyear, name)) for name in YEAR_FACTS} | lines[hyear.pk]
        persons = [
            rules.Person(
                str(one.uid),
                _of_member(one, myears.get(one.pk)),
                born=one.birth_date.isoformat() if one.birth_date else "",
            )
            for one in members[row.pk]
        ]
        scope = rules.Scope(values=values, members=persons, year=year, today=today.isoformat())
        found[row.pk] = Facts(row, year, hyear, tuple(members[row.pk]), scope)
    return found


def _of_member(member: Member, myear: MemberYear | None) -> dict[str, Any]:
    values: dict[str, Any] = {"sex": member.sex, "relation": member.relation}
    if myear is not None:
        values |= {name: _value(getattr(myear, name)) for name in MEMBER_FACTS}
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _value(value: Any) -> Any:
    """A column's value as rules see it; blank text and lists are blank."""
    if value in (None, "", []):
        return None
    return str(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, dt.date) else value
