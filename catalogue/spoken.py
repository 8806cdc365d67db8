"""Facts and rules of the catalogue in words: what a rule asks, and what is known of whom."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalogue.eligibility import HOUSEHOLD_NAMES, MEMBER_FACTS, MEMBER_NAMES, YEAR_FACTS
from households import values
from households.ledger import CHECK_TITLES
from households.models import HouseholdYear, Member, MemberYear
from households.models.status import Status
from surveys import rules
from surveys.spoken import Speech

# Values that say of themselves what they are about: 长期慢性病, 省外务工; of the others the label stands before them.
_PLAIN = frozenset(["status", "relation", "sex", "health", "labour", "school", "work_area", "dwelling_grade", "road"])


def label(name: str) -> str:
    """What a fact is called, its unit left off."""
    if name.startswith("check_"):
        return _("%(check)s核查") % {"check": CHECK_TITLES[name.removeprefix("check_")]}
    if name in YEAR_FACTS:
        return values.label(HouseholdYear, name)
    if name in MEMBER_FACTS:
        return values.label(MemberYear, name)
    return str({**HOUSEHOLD_NAMES, **MEMBER_NAMES}[name])


def unit(name: str) -> str:
    """亩, ㎡, 公里, 个月, 元, 岁, 人 or ""."""
    if name in YEAR_FACTS or name in MEMBER_FACTS:
        found = values.unit(HouseholdYear if name in YEAR_FACTS else MemberYear, name)
        return _("个月") if found == "月" else found
    return {"age": _("岁"), "members": _("人")}.get(name, "")


def value(name: str, found: Any) -> str:
    """The value of a fact in words, without unit; `found` as rules have it. "" where it is not known."""
    if name == "status":
        return str(dict(Status.choices).get(found, found)) if found else ""
    if name in YEAR_FACTS:
        return values.text(HouseholdYear, name, found)
    if name in MEMBER_FACTS:
        return values.text(MemberYear, name, found)
    if name in ("sex", "relation"):
        return values.text(Member, name, found)
    return "" if found is None else str(rules.text(found))


def fact(name: str, found: Any) -> str:
    """A fact with what is known of it: "56 岁", "长期慢性病", "享受低保：是", "耕地：3.5 亩"."""
    said = value(name, found)
    if name.startswith("check_"):
        return _("%(check)s%(state)s") % {"check": CHECK_TITLES[name.removeprefix("check_")], "state": said}
    if isinstance(found, int | Decimal) and not isinstance(found, bool) or unit(name):
        said = f"{said} {unit(name)}".strip()
    if name in _PLAIN or name == "age":
        return said
    return _("%(label)s：%(value)s") % {"label": label(name), "value": said}


# -- rules ----------------------------------------------------------------------------------------------------------------------


def rule(told: Any) -> str:
    """A rule as a sentence's part: “低保”是 是 且 “年龄” ≥ 16."""
    return _Speech().say(told)


class _Speech(Speech):
    """The words of survey forms, about the facts of the ledger."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.words = {name: f"“{label(name)}”" for name in (*HOUSEHOLD_NAMES, *MEMBER_NAMES)}

    def value(self, told: Any, beside: Any = None) -> str:
        name = beside["var"] if isinstance(beside, dict) and "var" in beside else ""
        if isinstance(name, str) and name in self.words and told is not None:
            return value(name, told) or str(rules.text(told))
        return super().value(told, beside)

    def say(self, told: Any, beside: Any = None) -> str:
        match told:
            case {"==": [{"var": name}, bool(known)]}:
                return _("%(fact)s：%(value)s") % {"fact": self.name(name), "value": values.yes_no(known)}
            case {"!": [{"==": [{"var": name}, bool(known)]}]}:
                return self.say({"==": [{"var": name}, not known]})
            case {">=": [{"count": inner}, 1]}:
                return _("家里有人（%(rule)s）") % {"rule": self.say(inner)}
            case {"!": [inner]} if not (isinstance(inner, dict) and "blank" in inner):
                return _("不能（%(rule)s）") % {"rule": self.say(inner)}
        return super().say(told, beside)
