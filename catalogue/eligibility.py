"""Who may get what: the rules of the catalogue over the facts of a household's year.

A verdict is yes, no, or unknown where a fact that decides is missing; what is unknown is said, never guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
    "status": gettext_lazy("身份"),
    "members": gettext_lazy("家庭人口"),
    **{name: f.verbose_name for name, f in YEAR_FACTS.items()},
}
MEMBER_NAMES = {
    "age": gettext_lazy("年龄"), "sex": gettext_lazy("性别"), "relation": gettext_lazy("与户主关系"), **{name: f.verbose_name for name, f in MEMBER_FACTS.items()},
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


_COMPARISONS = frozenset(["==", "!=", "<", "<=", ">", ">="])


def decide(rule: Any, scope: rules.Scope) -> bool | None:
    """A rule in three values: `and`, `or`, `!` and a compared `count` stay blank where blank decides (docs/surveys.md counts it as not true)."""
    operator, parts = _parts(rule)
    if operator == "and":
        found = [decide(part, scope) for part in parts]
        return False if False in found else None if None in found else True
    if operator == "or":
        found = [decide(part, scope) for part in parts]
        return True if True in found else None if None in found else False
    if operator == "!":
        inner = decide(parts[0], scope)
        return None if inner is None else not inner
    if counted := _counted(operator, parts):
        may = [decide(counted, scope.at(person.uid)) for person in scope.present]
        fewest = may.count(True)
        told = {
            rules.evaluate({operator: [count, parts[1]]}, scope)
            for count in range(fewest, fewest + may.count(None) + 1)
        }
        value = told.pop() if len(told) == 1 else None
    else:
        value = rules.evaluate(rule, scope)
    return value if isinstance(value, bool) else None


def _parts(rule: Any) -> tuple[str, list[Any]]:
    """Operator and operands of a node; "" for a plain value."""
    if not isinstance(rule, Mapping) or len(rule) != 1:
        return "", []
    ((operator, operands),) = rule.items()
    return operator, operands if isinstance(operands, list) else [operands]


def _counted(operator: str, parts: list[Any]) -> Any:
    """The rule whose members are counted, where a node compares a `count` with a value; None where it does not."""
    inner, counted = _parts(parts[0]) if operator in _COMPARISONS and len(parts) == 2 else ("", [])
    return counted[0] if inner == "count" else None


@dataclass(frozen=True)
class Ground:
    """A fact that a rule asked for: its name, and the uid of the member it was asked of, "" for the household."""

    name: str
    member: str = ""


def grounds(rule: Any, scope: rules.Scope) -> list[Ground]:
    """The known facts by which a rule holds, as far as it is known to; none of those on which nothing hangs."""
    operator, parts = _parts(rule)
    if operator == "and":
        return _once(each for part in parts for each in grounds(part, scope))
    if decide(rule, scope) is not True:
        return []
    if operator == "or":
        return _once(each for part in parts for each in grounds(part, scope))
    if counted := _counted(operator, parts):
        return _once(each for person in scope.present for each in grounds(counted, scope.at(person.uid)))
    return [each for each in _asked(rule, scope) if _value(each, scope) is not None]


def lacking(rule: Any, scope: rules.Scope) -> list[Ground]:
    """The facts nobody knows and on which it hangs whether a rule holds."""
    if decide(rule, scope) is not None:
        return []
    operator, parts = _parts(rule)
    if operator in ("and", "or", "!"):
        return _once(each for part in parts for each in lacking(part, scope))
    if counted := _counted(operator, parts):
        return _once(each for person in scope.present for each in lacking(counted, scope.at(person.uid)))
    return [each for each in _asked(rule, scope) if _value(each, scope) is None]


def _asked(rule: Any, scope: rules.Scope) -> list[Ground]:
    """The facts a node names, in a fixed order; of the member it is asked for, or of the household where they are the household's."""
    return [
        Ground(name, "" if name in HOUSEHOLD_NAMES else scope.member)
        for name in sorted(rules.named(rule))
        if name in HOUSEHOLD_NAMES or name in MEMBER_NAMES
    ]


def _value(ground: Ground, scope: rules.Scope) -> Any:
    return scope.at(ground.member or scope.member).var(ground.name)


def _once(found: Iterable[Ground]) -> list[Ground]:
    return list(dict.fromkeys(found))


def missing(rule: Any, scope: rules.Scope) -> list[str]:
    """Labels of the facts that nobody knows and on which it hangs."""
    labels = {**HOUSEHOLD_NAMES, **MEMBER_NAMES}
    return sorted({str(labels[each.name]) for each in lacking(rule, scope)})


def problem(rule: Any, whose: str) -> str:
    """What is wrong with a rule of the catalogue, as a sentence without a full stop; "" where it is sound."""
    names = rules.Names(
        frozenset(HOUSEHOLD_NAMES) - {"members"}, frozenset(MEMBER_NAMES) - {"age"}, inside=whose == Whose.MEMBER
    )
    if wrong := rules.check_rule(rule, names):
        return wrong
    # The ledger of one year knows nothing of what a survey sums while it is filled in, nor of what stood there before.
    for name in _read(rule):
        if name in rules.SUMS or name.startswith(("last.", "base.")):
            return _("没有“%(name)s”这个栏目") % {"name": name}
    return ""


def _read(rule: Any) -> Iterator[str]:
    """Every name that a sound rule reads."""
    operator, parts = _parts(rule)
    if operator in ("var", "sum"):
        yield parts[0]
    else:
        for part in parts:
            yield from _read(part)


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
