"""The rule machine of survey forms (docs/surveys.md, Rules). Twin: `ui/src/survey/rules.js`; both answer `ui/test/rules.json`.

A rule is JSON with one operator a node. Its value is None (blank), bool, Decimal, text, or a list. Nothing here reads anything but its arguments.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from django.utils.translation import gettext as _

from common.identity import age_on
from households.services.annual import totals

MOST_DEPTH = 12
MOST_NODES = 200
PLACES = Decimal("0.000001")
BEYOND = Decimal(10) ** 15  # a result of this size is no answer of a household: blank
SUMS = ("net", "per_head", "gross")
FACTS = ("members", "year", "today", *SUMS)
RESERVED = frozenset({*FACTS, "age", "top", "last", "base"})

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,12})?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
# operator -> fewest and most operands
OPERATORS = {
    "var": (1, 1), "==": (2, 2), "!=": (2, 2), "<": (2, 2), "<=": (2, 2), ">": (2, 2), ">=": (2, 2), "and": (1, 99), "or": (1, 99),
    "!": (1, 1), "+": (1, 99), "-": (1, 2), "*": (2, 99), "/": (2, 2), "in": (2, 2), "if": (2, 3), "blank": (1, 1), "count": (1, 1),
    "sum": (1, 1),
}  # fmt: skip


class RuleError(ValueError):
    """Not a rule; a published form holds none such."""


@dataclass(frozen=True)
class Person:
    """A member as rules see it: the answers given for it, whether it left, and the birthday the ledger knows where none is answered."""

    uid: str
    values: Mapping[str, Any] = field(default_factory=dict)
    left: bool = False
    born: str = ""


@dataclass(frozen=True)
class Scope:
    """What a rule may know. `last` and `base` are `{path: value}`; `income` maps fields to income items; `population` and `birth` name fields.

    `member` is the uid of the member the rule is asked for, "" for the household.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    members: Sequence[Person] = ()
    last: Mapping[str, Any] = field(default_factory=dict)
    base: Mapping[str, Any] = field(default_factory=dict)
    year: int = 0
    today: str = ""
    income: Mapping[str, str] = field(default_factory=dict)
    population: str = ""
    birth: str = ""
    member: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Scope:
        """The scope of a test vector (`ui/test/rules.json`)."""
        members = [
            Person(one["uid"], one.get("values", {}), bool(one.get("left")), one.get("born", ""))
            for one in data.get("members", ())
        ]
        return cls(**{**data, "members": members})

    def at(self, member: str) -> Scope:
        """The same, asked for a member."""
        return replace(self, member=member)

    @property
    def present(self) -> list[Person]:
        return [person for person in self.members if not person.left]

    @property
    def person(self) -> Person | None:
        return next((one for one in self.members if one.uid == self.member), None) if self.member else None

    def var(self, name: str) -> Any:
        """The value behind a name; None where there is none."""
        head, dot, rest = name.partition(".")
        if dot and head == "top":
            return _plain(self.values.get(rest))
        if dot and head in ("last", "base"):
            return self._earlier(self.last if head == "last" else self.base, rest)
        if name == "age":
            return self._age()
        if name == "members":
            return Decimal(len(self.present))
        if name == "year":
            return Decimal(self.year) if self.year else None
        if name == "today":
            return self.today or None
        if name in SUMS:
            return self._sum(name, self.values, len(self.present))
        person = self.person
        own = _plain(person.values.get(name)) if person else None
        return _plain(self.values.get(name)) if own is None else own

    def _earlier(self, values: Mapping[str, Any], name: str) -> Any:
        if name in SUMS:
            return self._sum(name, values, 0)
        own = _plain(values.get(f"{self.member}/{name}")) if self.member else None
        return _plain(values.get(name)) if own is None else own

    def _age(self) -> Decimal | None:
        person = self.person
        if person is None:
            return None
        born, today = day(person.values.get(self.birth) or person.born), day(self.today)
        if born is None or today is None or born > today:
            return None
        return Decimal(age_on(born, today))

    def _sum(self, name: str, values: Mapping[str, Any], present: int) -> Decimal | None:
        lines = [(item, amount) for key, item in self.income.items() if (amount := number(values.get(key))) is not None]
        counted = number(values.get(self.population)) if self.population else None
        found = totals(lines, int(counted) if counted is not None else present)
        return found["per_head_income" if name == "per_head" else f"{name}_income"]


def evaluate(rule: Any, scope: Scope) -> Any:
    """The value of a rule: None (blank), bool, Decimal, text, list. Raises RuleError where it is none."""
    if isinstance(rule, dict):
        if len(rule) != 1:
            raise RuleError(str(rule))
        ((operator, operands),) = rule.items()
        if operator not in OPERATORS:
            raise RuleError(str(operator))
        return _apply(operator, operands if isinstance(operands, list) else [operands], scope)
    if isinstance(rule, list):
        return [evaluate(one, scope) for one in rule] or None
    return _plain(rule)


def holds(rule: Any, scope: Scope) -> bool:
    """Whether a rule is true: blank is not."""
    return evaluate(rule, scope) is True


def number(value: Any) -> Decimal | None:
    """A JSON number or plain digits as a decimal of six places; None for anything else, and for more than 15 digits."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        return _from_digits(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value) if abs(value) < 10**15 else None
    if isinstance(value, float):
        return _from_digits(f"{value:.12f}") if abs(value) < 1e15 else None
    return None


@functools.lru_cache(maxsize=4096)
def _from_digits(text: str) -> Decimal | None:
    return _rounded(Decimal(text)) if _NUMBER.match(text) else None


def day(value: Any) -> date | None:
    """The date written 2026-03-01; None for anything else."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and _DATE.match(value) else None
    except ValueError:
        return None


def text(value: Any) -> Any:
    """A value as vectors and sentences write it: a decimal without the zeros behind it."""
    if isinstance(value, Decimal):
        written = f"{value:f}"
        written = written.rstrip("0").rstrip(".") if "." in written else written
        return "0" if written == "-0" else written
    if isinstance(value, list):
        return [text(one) for one in value]
    return value


def quotient(value: Any, last: Any) -> str:
    """How many times last year's value a value is, to one place: "2.5"; "" where that cannot be said."""
    above, below = number(value), number(last)
    if above is None or not below:
        return ""
    return str(text(_EXACT.divide(above, below).quantize(Decimal("0.1"), context=_EXACT)))


def _rounded(value: Decimal) -> Decimal | None:
    value = value.quantize(PLACES, context=_EXACT)
    return value if abs(value) < BEYOND else None


def _plain(value: Any) -> Any:
    """A stored value as the machine takes it: "" and [] are blank, numbers are decimals."""
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return list(value) if isinstance(value, list | tuple) else value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        one, other = number(one), number(other)
        return one is not None and one == other
    return type(one) is type(other) and one == other


def _apply(operator: str, rules: list[Any], scope: Scope) -> Any:
    fewest, most = OPERATORS[operator]
    if not fewest <= len(rules) <= most:
        raise RuleError(operator)
    match operator:
        case "var":
            return scope.var(rules[0])
        case "sum":
            found = [n for one in scope.present if (n := number(one.values.get(rules[0]))) is not None]
            return _rounded(sum(found, Decimal(0))) if found else None
        case "count":
            return Decimal(sum(holds(rules[0], scope.at(one.uid)) for one in scope.present))
        case "and":
            return all(holds(rule, scope) for rule in rules)
        case "or":
            return any(holds(rule, scope) for rule in rules)
        case "!":
            return not holds(rules[0], scope)
        case "if":
            if holds(rules[0], scope):
                return evaluate(rules[1], scope)
            return evaluate(rules[2], scope) if len(rules) > 2 else None
    values = [evaluate(rule, scope) for rule in rules]
    match operator:
        case "blank":
            return values[0] is None
        case "==" | "!=":
            if None in values:
                return (operator == "==") if values == [None, None] else None
            return _same(*values) is (operator == "==")
        case "in":
            if values[0] is None or not isinstance(values[1], list):
                return None
            return any(_same(values[0], one) for one in values[1])
        case "<" | "<=" | ">" | ">=":
            return _compare(operator, *values)
    return _calculate(operator, values)


def _compare(operator: str, one: Any, other: Any) -> bool | None:
    if not (isinstance(one, str) and isinstance(other, str) and _DATE.match(one) and _DATE.match(other)):
        one, other = number(one), number(other)
        if one is None or other is None:
            return None
    match operator:
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return one > other
    return one >= other


def _calculate(operator: str, values: list[Any]) -> Decimal | None:
    result: Decimal | None = None
    for place, value in enumerate(values):
        operand = number(value)
        if operand is None:
            return None
        if place == 0:
            result = -operand if operator == "-" and len(values) == 1 else operand
            continue
        if result is None:
            return None
        match operator:
            case "+":
                result = _rounded(_EXACT.add(result, operand))
            case "-":
                result = _rounded(_EXACT.subtract(result, operand))
            case "*":
                result = _rounded(_EXACT.multiply(result, operand))
            case _:
                result = _rounded(_EXACT.divide(result, operand)) if operand else None
    return result


# -- definitions ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """The fields a rule may name: those of the household, those of a member, and whether it is asked for a member."""

    household: frozenset[str] = frozenset()
    member: frozenset[str] = frozenset()
    inside: bool = False


def check_rule(rule: Any, names: Names) -> str:
    """What is wrong with a rule, as a sentence without a full stop; "" where it is sound."""
    try:
        _check(rule, names, 0, [0])
    except RuleError as error:
        return str(error)
    return ""


def named(rule: Any) -> set[str]:
    """The names a rule reads of the survey itself: fields, `age`, sums; what last year and the base held is left out."""
    if isinstance(rule, list):
        return set().union(*map(named, rule)) if rule else set()
    if not isinstance(rule, Mapping):
        return set()
    found: set[str] = set()
    for operator, operands in rule.items():
        if operator in ("var", "sum"):
            name = operands[0] if isinstance(operands, list) else operands
            if not name.startswith(("last.", "base.")):
                found.add(name.removeprefix("top."))
        else:
            found |= named(operands)
    return found


def _check(rule: Any, names: Names, depth: int, seen: list[int]) -> None:
    seen[0] += 1
    if depth > MOST_DEPTH or seen[0] > MOST_NODES:
        raise RuleError(_("规则太长或套得太深"))
    if isinstance(rule, list):
        for one in rule:
            if isinstance(one, list | Mapping):
                raise RuleError(_("列表里只能写值"))
            _check(one, names, depth + 1, seen)
        return
    if not isinstance(rule, Mapping):
        if rule is not None and not isinstance(rule, bool | str | int | float):
            raise RuleError(_("规则里有不认识的值"))
        if isinstance(rule, int | float) and not isinstance(rule, bool) and number(rule) is None:
            raise RuleError(_("规则里的数超过 15 位"))
        if isinstance(rule, str) and len(rule) > 200:
            raise RuleError(_("规则里的文字超过 200 字"))
        return
    if len(rule) != 1:
        raise RuleError(_("规则的一层只能有一个运算"))
    operator, operands = next(iter(rule.items()))
    if operator not in OPERATORS:
        raise RuleError(_("没有“%(operator)s”这种运算") % {"operator": str(operator)[:40]})
    operands = operands if isinstance(operands, list) else [operands]
    fewest, most = OPERATORS[operator]
    if not fewest <= len(operands) <= most:
        raise RuleError(_("运算“%(operator)s”的项数不对") % {"operator": operator})
    if operator == "sum":
        if operands[0] not in names.member:
            raise RuleError(_("“%(name)s”不是成员的栏目，不能合计") % {"name": str(operands[0])[:60]})
    elif operator == "var":
        _check_name(operands[0], names)
    else:
        inner = replace(names, inside=True) if operator == "count" else names
        for one in operands:
            _check(one, inner, depth + 1, seen)


def _check_name(name: Any, names: Names) -> None:
    if not isinstance(name, str):
        raise RuleError(_("规则里的栏目名必须是文字"))
    known = names.household | names.member if names.inside else names.household
    head, dot, rest = name.partition(".")
    if dot:
        found = (
            rest in names.household if head == "top" else head in ("last", "base") and (rest in known or rest in SUMS)
        )
    else:
        found = name in known or name in FACTS or (name == "age" and names.inside)
    if not found:
        if name in names.member or name == "age" or (dot and rest in names.member):
            raise RuleError(_("“%(name)s”是成员的栏目，在这里不能用") % {"name": name[:60]})
        raise RuleError(_("没有“%(name)s”这个栏目") % {"name": name[:60]})
