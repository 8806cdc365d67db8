"""Who may get what: the rules of the catalogue over the facts of a household's year.

A verdict is yes, no, or unknown where a fact that decides is missing; what is unknown is said, never guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.codelists import Whose
from catalogue.models import MeasureKind
from households.models import Household, HouseholdYear, Member, MemberYear
from surveys import rules
from surveys.prefill import Rows, plain, rows_of

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
    """What rules know of a household in a year, and its present members."""

    members: tuple[Member, ...]
    scope: rules.Scope

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
    rows = rows_of(households, [year])
    return {pk: _facts(rows, pk, year, today) for pk in rows.households}


def _facts(rows: Rows, household: int, year: int, today: dt.date) -> Facts:
    members = rows.members.get(household, [])
    lines = rows.lines.get((household, year), {})
    values = {
        "status": rows.households[household].status,
        **_columns(rows.years.get((household, year)), YEAR_FACTS),
        **{item.replace(".", "_"): plain(amount) for item, amount in lines.items()},
    }
    persons = [
        rules.Person(
            str(member.uid),
            {"sex": member.sex, "relation": member.relation, **_columns(rows.member_years.get((member.pk, year)), MEMBER_FACTS)},
            born=plain(member.birth_date) or "",
        )
        for member in members
    ]  # fmt: skip
    return Facts(tuple(members), rules.Scope(values=values, members=persons, year=year, today=today.isoformat()))


def _columns(record: models.Model | None, names: Iterable[str]) -> dict[str, Any]:
    return {name: plain(getattr(record, name)) for name in names} if record is not None else {}
