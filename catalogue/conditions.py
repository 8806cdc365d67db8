"""Simple conditions of a kind of help, as people fill them in: rows of fact, comparison and value, of which all or any must hold.

They and the rule are two spellings of one thing; a rule that is more than that has no rows and is shown in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import spoken
from catalogue.codelists import Whose
from catalogue.eligibility import HOUSEHOLD_NAMES, MEMBER_FACTS, MEMBER_NAMES, YEAR_FACTS
from common.codes import Code, CodeList
from households import codelists
from households.models.status import Status
from households.values import CODES
from surveys.rules import number

ANY = "any."  # before a member's fact in a household's rule: at least one member
MOST = 8  # rows
STATUS = CodeList("status", "身份", tuple(Code(code, label) for code, label in Status.choices))
LISTS: dict[str, CodeList] = CODES | {"status": STATUS, "sex": codelists.SEX, "relation": codelists.RELATION}

OPERATORS = {
    "in": gettext_lazy("是（其中之一）"),
    "not_in": gettext_lazy("不是（其中任何一个）"),
    "has": gettext_lazy("包含（其中之一）"),
    ">=": gettext_lazy("不小于"),
    "<=": gettext_lazy("不大于"),
    ">": gettext_lazy("大于"),
    "<": gettext_lazy("小于"),
    "yes": gettext_lazy("为“是”"),
    "no": gettext_lazy("为“否”"),
    "blank": gettext_lazy("没有填"),
    "filled": gettext_lazy("填了"),
}
BLANKS = ("blank", "filled")
# What may be asked of a fact, by its type.
OF_TYPE = {
    "choice": ("in", "not_in"),
    "choices": ("has",),
    "yesno": ("yes", "no"),
    "number": (">=", "<=", ">", "<"),
    "text": (),
}


class ConditionError(ValueError):
    """A row that is no condition; the message is one sentence."""


@dataclass(frozen=True)
class Condition:
    """One row. `fact` is a name of `eligibility`, behind "any." where one member of the household is enough; `values` are codes, or one
    number as text."""

    fact: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conditions:
    """`joined` is "and" or "or"."""

    rows: tuple[Condition, ...]
    joined: str = "and"

    @property
    def rule(self) -> Any:
        """The rule, None for no row."""
        parts = [_rule(row) for row in self.rows]
        return None if not parts else parts[0] if len(parts) == 1 else {self.joined: parts}


def facts(whose: str) -> list[tuple[str, str]]:
    """What a kind of this beneficiary may ask: (name, label)."""
    own = [(name, spoken.label(name)) for name in HOUSEHOLD_NAMES if name != "members"]
    of_members = [(name, spoken.label(name)) for name in MEMBER_NAMES]
    if whose == Whose.MEMBER:
        return [*of_members, *((name, _("全户：%(fact)s") % {"fact": label}) for name, label in own)]
    return [*own, *((f"{ANY}{name}", _("任一成员：%(fact)s") % {"fact": label}) for name, label in of_members)]


def type_of(fact: str) -> str:
    """choice, choices, yesno, number or text."""
    name = fact.removeprefix(ANY)
    field = YEAR_FACTS.get(name) or MEMBER_FACTS.get(name)
    if name in LISTS:
        return "choices" if isinstance(field, ArrayField) else "choice"
    if isinstance(field, models.BooleanField):
        return "yesno"
    if field is None or isinstance(field, models.DecimalField | models.IntegerField):
        return "number"
    return "text"


def read(fact: str, operator: str, text: str, whose: str) -> Condition:
    """A row as it was typed: values are the labels of their list, or a number. Raises ConditionError."""
    label = dict(facts(whose)).get(fact)
    if label is None:
        raise ConditionError(_("没有“%(name)s”这项情况。") % {"name": fact[:40]})
    kind, text = type_of(fact), text.strip()
    if operator not in (*OF_TYPE[kind], *BLANKS):
        raise ConditionError(
            _("“%(fact)s”不能用“%(operator)s”比较。") % {"fact": label, "operator": OPERATORS.get(operator, operator)}
        )
    if operator in (*BLANKS, "yes", "no"):
        if text:
            raise ConditionError(_("“%(fact)s”这样比较时不用填值。") % {"fact": label})
        return Condition(fact, operator)
    if kind == "number":
        amount = number(text)
        if amount is None:
            raise ConditionError(_("“%(fact)s”的值应是数字，例如 16。") % {"fact": label})
        return Condition(fact, operator, (_digits(amount),))
    return Condition(fact, operator, _codes(LISTS[fact.removeprefix(ANY)], text, label))


def written(row: Condition) -> str:
    """The values of a row as people type them: "小学、七年级"."""
    codes = LISTS.get(row.fact.removeprefix(ANY))
    return "、".join(codes.labels(row.values) if codes and row.operator not in BLANKS else row.values)


def _codes(codes: CodeList, text: str, label: str) -> tuple[str, ...]:
    names = [name for name in text.replace("，", "、").replace(",", "、").split("、") if name.strip()]
    if not names:
        raise ConditionError(_("“%(fact)s”要和什么比较，没有填。") % {"fact": label})
    found = {codes.find(name): name for name in names}
    if None in found:
        choices = "、".join(str(code.label) for code in codes.codes[:12])
        raise ConditionError(
            _("“%(fact)s”里没有“%(name)s”，可以写：%(choices)s。")
            % {"fact": label, "name": found[None], "choices": choices}
        )
    return tuple(str(code) for code in found)


def _digits(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# -- rules ----------------------------------------------------------------------------------------------------------------------


def _rule(row: Condition) -> Any:
    name = row.fact.removeprefix(ANY)
    rule = _plain(name, row)
    return {">=": [{"count": rule}, 1]} if row.fact.startswith(ANY) else rule


def _plain(name: str, row: Condition) -> Any:
    var = {"var": name}
    match row.operator:
        case "in":
            return {"in": [var, list(row.values)]}
        case "not_in":
            return {"!": [{"in": [var, list(row.values)]}]}
        case "has":
            parts = [{"in": [code, var]} for code in row.values]
            return parts[0] if len(parts) == 1 else {"or": parts}
        case "yes" | "no":
            return {"==": [var, row.operator == "yes"]}
        case "blank":
            return {"blank": [var]}
        case "filled":
            return {"!": [{"blank": [var]}]}
    amount = Decimal(row.values[0])
    return {row.operator: [var, int(amount) if amount == amount.to_integral_value() else row.values[0]]}


def of_rule(rule: Any, whose: str) -> Conditions | None:
    """The rows of a rule; None where it is more than rows can say."""
    if rule is None:
        return Conditions(())
    known = {name for name, _label in facts(whose)}
    for joined, parts in _readings(rule):
        rows = [_row(part) for part in parts]
        if len(rows) <= MOST and all(row is not None and row.fact in known for row in rows):
            return Conditions(tuple(row for row in rows if row is not None), joined)
    return None


def _readings(rule: Any) -> Iterable[tuple[str, Sequence[Any]]]:
    """A rule as one row, and as several."""
    yield "and", [rule]
    if isinstance(rule, Mapping) and len(rule) == 1:
        ((operator, parts),) = rule.items()
        if operator in ("and", "or") and isinstance(parts, list):
            yield operator, parts


def _row(rule: Any) -> Condition | None:
    match rule:
        case {">=": [{"count": ([inner] | inner)}, 1]}:
            row = _row(inner)
            return row and Condition(ANY + row.fact, row.operator, row.values)
        case {"in": [{"var": str(name)}, list(codes)]} if type_of(name) == "choice":
            return Condition(name, "in", tuple(codes))
        case {"!": [{"in": [{"var": str(name)}, list(codes)]}]} if type_of(name) == "choice":
            return Condition(name, "not_in", tuple(codes))
        case {"in": [str(code), {"var": str(name)}]} if type_of(name) == "choices":
            return Condition(name, "has", (code,))
        case {"or": list(parts)}:
            rows = [_row(part) for part in parts]
            names = {row.fact for row in rows if row is not None and row.operator == "has"}
            if len(names) == 1 and all(row is not None and row.operator == "has" for row in rows):
                return Condition(
                    names.pop(), "has", tuple(code for row in rows if row is not None for code in row.values)
                )
        case {"==": [{"var": str(name)}, bool(known)]} if type_of(name) == "yesno":
            return Condition(name, "yes" if known else "no")
        case {"!": [{"==": [{"var": str(name)}, bool(known)]}]} if type_of(name) == "yesno":
            return Condition(name, "no" if known else "yes")
        case {"==": [{"var": str(name)}, str(code)]} if type_of(name) == "choice":
            return Condition(name, "in", (code,))
        case {"blank": ([{"var": str(name)}] | {"var": str(name)})}:
            return Condition(name, "blank")
        case {"!": [{"blank": ([{"var": str(name)}] | {"var": str(name)})}]}:
            return Condition(name, "filled")
    if isinstance(rule, Mapping) and len(rule) == 1:
        ((operator, parts),) = rule.items()
        match parts:
            case [{"var": str(name)}, amount] if operator in OF_TYPE["number"] and type_of(name) == "number":
                found = number(amount)
                return None if found is None else Condition(name, operator, (_digits(found),))
    return None
