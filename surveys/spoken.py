"""Rules of a form in words, for those who look a form over before it is published."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from common.codes import CodeList
from households import values
from households.models import Household, HouseholdYear, Member, MemberYear
from surveys.definitions import Definition, Field
from surveys.rules import text

MODELS = {"household": Household, "year": HouseholdYear, "member": Member, "myear": MemberYear}


def rule(told: Any, form: Definition) -> str:
    """A rule as a sentence's part: 「房屋安全等级」是 C 级（危房）、D 级（危房）之一 且 年龄 ≥ 16."""
    return Speech(form).say(told)


def where(asked: Field) -> str:
    """Where an answer goes in the ledger: 年度记录：住房面积; "" where it stays in the survey."""
    part, column = asked.part, asked.column
    if part == "income":
        return _("收支明细：%(name)s") % {"name": values.CODES["item"].label(column)}
    if part == "photo":
        return _("台账照片")
    if part not in MODELS:
        return ""
    model = MODELS[part]
    return _("%(table)s：%(name)s") % {"table": model._meta.verbose_name, "name": values.label(model, column)}


def kind(asked: Field) -> str:
    """How a field is answered."""
    return {
        "text": _("文字"), "note": _("长文字"), "integer": _("整数"), "decimal": _("数"), "money": _("金额"), "date": _("日期"), "yesno": _("是或否"),
        "choice": _("单选"), "choices": _("多选"), "phone": _("电话"), "id_number": _("证件号码"), "photo": _("照片"), "signature": _("签名"),
        "info": _("说明"), "total": _("合计"),
    }[asked.type]  # fmt: skip


class Speech:
    def __init__(self, form: Definition) -> None:
        self.fields = {asked.id: asked for asked in form.fields}
        self.words = {
            "age": _("年龄"), "members": _("成员人数"), "year": _("年度"), "today": _("调查日期"), "net": _("纯收入"), "per_head": _("人均纯收入"),
            "gross": _("年收入"),
        }  # fmt: skip

    def name(self, name: str) -> str:
        head, dot, rest = name.partition(".")
        if dot and head == "last":
            return _("去年的%(name)s") % {"name": self.name(rest)}
        if dot and head == "base":
            return _("开始填写时台账的%(name)s") % {"name": self.name(rest)}
        name = rest if dot else name
        asked = self.fields.get(name)
        return f"“{asked.label}”" if asked else self.words.get(name, name)

    def value(self, told: Any, beside: Any = None) -> str:
        """A literal, as the field it is compared with writes it."""
        if told is None:
            return _("空白")
        if isinstance(told, bool):
            return _("是") if told else _("否")
        name = beside["var"].rpartition(".")[2] if isinstance(beside, dict) and "var" in beside else ""
        asked = self.fields.get(name)
        if asked and asked.type in ("choice", "choices") and isinstance(told, str):
            codes = asked.codes
            return codes.label(told) if isinstance(codes, CodeList) else str(codes.get(told, told))
        return str(text(told))

    def say(self, told: Any, beside: Any = None) -> str:
        if isinstance(told, list):
            return _("、").join(self.say(one, beside) for one in told)
        if not isinstance(told, dict):
            return self.value(told, beside)
        ((operator, operands),) = told.items()
        parts = operands if isinstance(operands, list) else [operands]
        match operator:
            case "var":
                return self.name(parts[0])
            case "sum":
                return _("各成员%(name)s之和") % {"name": self.name(parts[0])}
            case "count":
                return _("（%(rule)s）的人数") % {"rule": self.say(parts[0])}
            case "blank":
                return _("没有填%(name)s") % {"name": self.say(parts[0])}
            case "!":
                inner = parts[0]
                if isinstance(inner, dict) and "blank" in inner:
                    return _("填了%(name)s") % {"name": self.say(inner["blank"])}
                return _("不是（%(rule)s）") % {"rule": self.say(inner)}
            case "and" | "or":
                word = _(" 且 ") if operator == "and" else _(" 或 ")
                return word.join(f"（{self.say(one)}）" if _is_joined(one) else self.say(one) for one in parts)
            case "in":
                return self.within(*parts)
            case "if":
                otherwise = self.say(parts[2]) if len(parts) > 2 else _("空白")
                return _("（%(rule)s 时取 %(one)s，否则取 %(other)s）") % {
                    "rule": self.say(parts[0]), "one": self.say(parts[1]), "other": otherwise,
                }  # fmt: skip
        if len(parts) == 1:
            return f"{operator}{self.say(parts[0])}"
        word = {"==": _("是"), "!=": _("不是"), "<=": "≤", ">=": "≥", "*": "×", "/": "÷"}.get(operator, operator)
        said = [self.say(one, other) for one, other in zip(parts, reversed(parts), strict=True)]
        if operator in ("+", "-", "*", "/"):
            return f"（{f' {word} '.join(said)}）"
        return f" {word} ".join(said)

    def within(self, one: Any, many: Any) -> str:
        if isinstance(many, list):
            return _("%(name)s是 %(codes)s 之一") % {"name": self.say(one), "codes": self.say(many, one)}
        return _("%(name)s包含 %(code)s") % {"name": self.say(many), "code": self.say(one, many)}


def _is_joined(told: Any) -> bool:
    return isinstance(told, dict) and bool({"and", "or"} & set(told))
