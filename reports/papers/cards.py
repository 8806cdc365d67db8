"""帮扶明白卡 and 结对帮扶联系卡: one page for the wall of a household. No ID number, no account and no illness; telephones of helpers whole only with
the permission and a reason, else a line to write them on. A fixed number of queries for all households of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone

from assistance.models import LIVE, Delivery, Measure
from cadres.models import TeamMember
from common import dates
from common.lookups import among
from common.money import format_money
from households import values
from households.models import Household, Member, Pairing
from reports.kinds import Ask, Draft
from reports.papers import base

SHOWN_MEASURES = {"A4": 14, "A5": 4}  # lines that fit on the page; the rest is one line
SHOWN_HELPERS = {"A4": 5, "A5": 2}
SHOWN_NAMES = 12
RECORDS = {"A4": 12, "A5": 3}  # lines to write on
TO_WRITE = "______________"


def _contacts(pairings: Sequence[Pairing], ask: Ask) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    for pairing in pairings[: SHOWN_HELPERS[ask.sheet]]:
        cadre = pairing.cadre
        lead = "（牵头）" if pairing.is_lead and len(pairings) > 1 else ""
        unit = "　".join(part for part in (cadre.unit.name, cadre.title) if part)
        rows.append([f"{cadre.name}{lead}", unit, str(pairing.get_mode_display()), _phone(cadre, ask)])
    return rows


def _phone(cadre: Any, ask: Ask) -> str:
    """Whole where it may be; a masked number helps nobody who wants to ring, so there is a line to write on instead."""
    return (cadre.phone.reveal() if ask.full and cadre.phone else "") or TO_WRITE


def _helpers_table(title: str, pairings: Sequence[Pairing], ask: Ask) -> base.Section:
    left_out = len(pairings) - SHOWN_HELPERS[ask.sheet]
    return {
        "kind": "table", "title": title, "numbered": False, "empty": "尚未安排帮扶责任人",
        "columns": base.columns(("姓名", 18), ("单位和职务", 36, "start"), ("帮扶方式", 16), ("联系电话", 24)),
        "rows": _contacts(pairings, ask),
        "notes": [f"另有 {left_out} 名帮扶责任人，见台账。"] if left_out > 0 else [],
    }  # fmt: skip


def _whose(household: Household, *more: tuple[str, str]) -> list[tuple[str, str]]:
    place = f"{household.village.name} {household.hamlet}".strip()
    return [
        ("户主", household.householder_name), ("家庭人口", f"{household.member_count} 人"), ("村组", place),
        ("户编号", household.number), ("身份状态", str(household.get_status_display())), *more,
    ]  # fmt: skip


def _model(title: str, household: Household, ask: Ask, *, period: str, pairs: Any, sections: Any) -> dict[str, Any]:
    outline = f"{household.number} {household.householder_name}".strip()
    return base.model(
        title, owner=base.name_of(household.village), outline=outline, sheet=ask.sheet, look="card", period=period,
        pairs=pairs, sections=sections,
    )  # fmt: skip


# --- 帮扶明白卡 ---


def clear_cards(households: Sequence[Household], ask: Ask) -> Mapping[int, Draft | str]:
    """Who helps, what came in the year and how much, whom to ask."""
    year = ask.year or timezone.localdate().year
    keys = [h.pk for h in households]
    prefetch_related_objects(list(households), "village__parent")
    helpers, names, teams = base.helpers(keys), _names(keys), _teams(households)
    help_lines = _help(keys, ask, year)
    return {h.pk: Draft(_clear_card(h, ask, year, helpers.get(h.pk, []), names.get(h.pk, []), help_lines.get(h.pk, []),
                                    teams.get(h.village_id)), year) for h in households}  # fmt: skip


def _names(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Member.objects.present().filter(among("household_id", keys)).order_by("relation", "birth_date", "pk")
    for household, name in rows.values_list("household_id", "name"):
        found.setdefault(household, []).append(name)
    return found


def _teams(households: Sequence[Household]) -> dict[int, TeamMember]:
    """{village: the leader of its team, or its first secretary}"""
    today = timezone.localdate()
    rows = TeamMember.objects.current(today).filter(team__village__in={h.village_id for h in households})
    found: dict[int, TeamMember] = {}
    for one in rows.select_related("team", "cadre__unit").order_by("-is_leader", "-is_first_secretary", "pk"):
        if one.is_leader or one.is_first_secretary:
            found.setdefault(one.team.village_id, one)
    return found


class _Help:
    """A measure of the year and what of it stands as delivered."""

    def __init__(self, measure: Measure) -> None:
        self.measure, self.amount, self.days = measure, Decimal(0), []  # type: ignore[var-annotated]

    def row(self, place: int) -> list[str | None]:
        measure = self.measure
        whose = measure.member.name if measure.member else "整户"
        state = dates.written(max(self.days)) if self.days else "尚未落实"
        return [str(place), measure.kind.title, whose, format_money(self.amount) if self.amount else None, state]


def _help(keys: Sequence[int], ask: Ask, year: int) -> dict[int, list[_Help]]:
    measures = Measure.objects.for_user(ask.user).filter(among("household_id", keys), year=year, state__in=LIVE)
    found: dict[int, list[_Help]] = {}
    lines: dict[int, _Help] = {}
    for measure in measures.select_related("kind", "member").order_by("household", "kind__column", "pk"):
        line = lines[measure.pk] = _Help(measure)
        found.setdefault(measure.household_id, []).append(line)
    standing = Delivery.objects.standing().filter(among("measure_id", list(lines)))
    for measure_id, amount, on in standing.order_by("pk").values_list("measure_id", "amount", "on"):
        lines[measure_id].amount += amount
        lines[measure_id].days.append(on)
    return found


def _clear_card(household: Household, ask: Ask, year: int, helpers: Sequence[Pairing], names: Sequence[str], given: Sequence[_Help],
                team: TeamMember | None) -> dict[str, Any]:  # fmt: skip
    shown = "、".join(names[:SHOWN_NAMES]) + (f" 等 {len(names)} 人" if len(names) > SHOWN_NAMES else "")
    pairs = _whose(household, ("识别日期", values.day(household.identified_on)), ("家庭成员", shown))
    sections = [_helpers_table("谁来帮", helpers, ask), _help_table(given, ask, year), _whom_to_ask(team, ask)]
    if ask.sheet != "A5":
        sections.append({
            "kind": "signatures", "title": "",
            "rows": [[{"label": "户主签字", "value": ""}, {"label": "帮扶责任人签字", "value": ""}]],
        })  # fmt: skip
    return _model("帮扶明白卡", household, ask, period=base.period_of(year), pairs=pairs, sections=sections)


def _help_table(given: Sequence[_Help], ask: Ask, year: int) -> base.Section:
    most = SHOWN_MEASURES[ask.sheet]
    shown = given if len(given) <= most else given[: most - 1]
    rows: list[Any] = [line.row(place) for place, line in enumerate(shown, 1)]
    if rest := given[len(shown) :]:
        amount = sum((line.amount for line in rest), Decimal(0))
        rows.append([None, f"其余 {len(rest)} 项，见台账", None, format_money(amount) if amount else None, None])
    if given:
        total = sum((line.amount for line in given), Decimal(0))
        rows.append({"role": "total", "cells": [None, f"合计 {len(given)} 项", None, format_money(total), None]})
    return {
        "kind": "table", "title": f"帮了什么（{year}年）", "numbered": False, "unit": "单位：元", "empty": "本年度还没有登记帮扶措施",
        "columns": base.columns(("序号", 8), ("措施", 40, "start"), ("受益人", 16), ("已到户金额", 18, "end"), ("落实时间", 18)),
        "rows": rows,
    }  # fmt: skip


def _whom_to_ask(team: TeamMember | None, ask: Ask) -> base.Section:
    leader = team.cadre if team else None
    unit = f"{leader.name}（{leader.unit.name}）" if leader else ""
    rows: list[list[str | None]] = [
        ["驻村工作队", unit, _phone(leader, ask) if leader else TO_WRITE],
        ["村民委员会", None, TO_WRITE],
    ]
    return {
        "kind": "table", "title": "找谁问", "numbered": False,
        "columns": base.columns(("哪里", 20), ("联系人", 46, "start"), ("联系电话", 28)), "rows": rows,
    }  # fmt: skip


# --- 结对帮扶联系卡 ---


def pairing_cards(households: Sequence[Household], ask: Ask) -> Mapping[int, Draft | str]:
    """A card for each household with a helper of today; why not, for the others."""
    prefetch_related_objects(list(households), "village__parent")
    helpers = base.helpers([h.pk for h in households])
    year = timezone.localdate().year
    return {
        h.pk: Draft(_pairing_card(h, ask, helpers[h.pk]), year) if h.pk in helpers else "这一户还没有安排帮扶责任人，不印联系卡。"
        for h in households
    }  # fmt: skip


def _pairing_card(household: Household, ask: Ask, helpers: Sequence[Pairing]) -> dict[str, Any]:
    lead = helpers[0]
    pairs = _whose(household, ("帮扶开始", values.day(lead.starts_on)))
    goal = lead.goal or ""
    records = {
        "kind": "table", "title": "联系记录", "numbered": False, "columns": base.columns(("日期", 18), ("事项", 54), ("签字", 22)),
        "rows": [[None] * 3] * RECORDS[ask.sheet],
    }  # fmt: skip
    sections: list[base.Section] = [_helpers_table("帮扶责任人", helpers, ask)]
    if goal:
        sections.append({"kind": "pairs", "title": "", "columns": 1, "pairs": [{"label": "帮扶目标", "value": goal}]})
    sections.append(records)
    return _model("结对帮扶联系卡", household, ask, period="", pairs=pairs, sections=sections)
