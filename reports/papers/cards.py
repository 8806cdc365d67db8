"""帮扶明白卡 and 结对帮扶联系卡: one page for the wall of a household. No ID number, no account and no illness; telephones of helpers whole only with
the permission and a reason, else a line to write them on. A fixed number of queries for all households of a batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

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
from surveys.paper import width_of

SHOWN_NAMES = 12
TO_WRITE = "______________"


class Room:
    """What is left of a card's page, in mm: a card is one page, so what does not fit is said to stand in the ledger.

    Heights are those of static/pdf/paper.css, widths of text those of Chinese characters; a little is kept in hand.
    """

    # height and width inside the margins, a line, the padding of a cell above and below, beside, a character, a chapter's heading, the head
    SHEETS: ClassVar = {
        "A4": (266.0, 182.0, 5.7, 3.9, 3.4, 4.06, 13.0, 27.0),
        "A5": (129.0, 190.0, 3.9, 1.5, 2.2, 3.0, 7.0, 18.0),
    }

    def __init__(self, sheet: str) -> None:
        height, self.width, self.line, self.above, self.beside, self.character, self.chapter, head = self.SHEETS[sheet]
        self.left = 0.98 * height - head

    def row(self, cells: Sequence[str | None], widths: Sequence[int]) -> float:
        """The height of a line of a table whose columns have these shares of the page."""
        whole = sum(widths)
        lines = 1
        for text, width in zip(cells, widths, strict=True):
            inside = self.width * width / whole - self.beside
            lines = max(lines, math.ceil(width_of(text or "") * self.character / inside))
        return lines * self.line + self.above

    def take(self, rows: Sequence[Sequence[str | None]], widths: Sequence[int], most: float) -> int:
        """How many of these lines fit into `most` mm; they are taken from what is left."""
        used = 0.0
        for count, cells in enumerate(rows):
            height = self.row(cells, widths)
            if used + height > most:
                self.left -= used
                return count
            used += height
        self.left -= used
        return len(rows)

    def heading(self) -> None:
        """A chapter begins: its title and the labels of its table."""
        self.left -= self.chapter + self.line + self.above


HELPERS = (("姓名", 18), ("单位和职务", 36, "start"), ("帮扶方式", 16), ("联系电话", 24))
HELP = (("序号", 8), ("措施", 40, "start"), ("受益人", 16), ("已到户金额", 18, "end"), ("落实时间", 18))
ASK = (("哪里", 20), ("联系人", 46, "start"), ("联系电话", 28))
RECORDS = (("日期", 18), ("事项", 54), ("签字", 22))
WHOSE = (11, 22, 11, 22, 11, 23)
LINE_TO_WRITE = {"A4": 11.0, "A5": 7.2}  # mm


def _widths(columns: Sequence[Any]) -> list[int]:
    return [column[1] for column in columns]


def _contact(pairing: Pairing, ask: Ask, *, one_of_many: bool) -> list[str | None]:
    cadre = pairing.cadre
    lead = "（牵头）" if pairing.is_lead and one_of_many else ""
    unit = "　".join(part for part in (cadre.unit.name, cadre.title) if part)
    return [f"{cadre.name}{lead}", unit, str(pairing.get_mode_display()), _phone(cadre, ask)]


def _phone(cadre: Any, ask: Ask) -> str:
    """Whole where it may be; a masked number helps nobody who wants to ring, so there is a line to write on instead."""
    return (cadre.phone.reveal() if ask.full and cadre.phone else "") or TO_WRITE


def _helpers_table(title: str, pairings: Sequence[Pairing], ask: Ask, room: Room) -> base.Section:
    room.heading()
    rows = [_contact(pairing, ask, one_of_many=len(pairings) > 1) for pairing in pairings]
    shown = max(1, room.take(rows, _widths(HELPERS), 0.35 * room.left))
    left_out = len(rows) - shown
    if left_out > 0:
        room.left -= room.line + 1
    return {
        "kind": "table", "title": title, "numbered": False, "empty": "尚未安排帮扶责任人", "columns": base.columns(*HELPERS),
        "rows": rows[:shown], "notes": [f"另有 {left_out} 名帮扶责任人，见台账。"] if left_out > 0 else [],
    }  # fmt: skip


def _whose(household: Household, room: Room, *more: tuple[str, str]) -> list[tuple[str, str]]:
    pairs = [
        ("户主", household.householder_name), ("家庭人口", f"{household.member_count} 人"), ("村民小组", household.hamlet),
        ("户编号", household.number), ("身份状态", str(household.get_status_display())), *more,
    ]  # fmt: skip
    for start in range(0, len(pairs), 3):
        line = [text for pair in pairs[start : start + 3] for text in pair]
        widths = [*WHOSE[: len(line) - 1], sum(WHOSE[len(line) - 1 :])]
        room.left -= room.row(line, widths)
    room.left -= 3
    return pairs


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
    room = Room(ask.sheet)
    shown = "、".join(names[:SHOWN_NAMES]) + (f" 等 {len(names)} 人" if len(names) > SHOWN_NAMES else "")
    pairs = _whose(household, room, ("识别日期", values.day(household.identified_on)), ("家庭成员", shown))
    whom_to_ask = _whom_to_ask(team, ask, room)
    signatures: list[base.Section] = []
    if ask.sheet != "A5":
        room.left -= 19
        signatures.append({
            "kind": "signatures", "title": "",
            "rows": [[{"label": "户主签字", "value": ""}, {"label": "帮扶责任人签字", "value": ""}]],
        })  # fmt: skip
    who = _helpers_table("谁来帮", helpers, ask, room)
    sections = [who, _help_table(given, room, year), whom_to_ask, *signatures]
    return _model("帮扶明白卡", household, ask, period=base.period_of(year), pairs=pairs, sections=sections)


def _help_table(given: Sequence[_Help], room: Room, year: int) -> base.Section:
    room.heading()
    one_line = room.line + room.above
    every = [line.row(place) for place, line in enumerate(given, 1)]
    shown = room.take(every, _widths(HELP), room.left - one_line)  # the sum below is one line more
    if shown < len(every):  # and so is what is left out
        shown = max(0, shown - 1)
    rows: list[Any] = list(every[:shown])
    if rest := given[shown:]:
        amount = sum((line.amount for line in rest), Decimal(0))
        rows.append([None, f"其余 {len(rest)} 项，见台账", None, format_money(amount) if amount else None, None])
    if given:
        total = sum((line.amount for line in given), Decimal(0))
        rows.append(
            {
                "role": "total",
                "cells": [None, f"合计 {len(given)} 项", None, format_money(total) if total else None, None],
            }
        )
    return {
        "kind": "table", "title": f"帮了什么（{year}年）", "numbered": False, "unit": "单位：元", "empty": "本年度还没有登记帮扶措施",
        "columns": base.columns(*HELP), "rows": rows,
    }  # fmt: skip


def _whom_to_ask(team: TeamMember | None, ask: Ask, room: Room) -> base.Section:
    leader = team.cadre if team else None
    unit = f"{leader.name}（{leader.unit.name}）" if leader else ""
    rows: list[list[str | None]] = [
        ["驻村工作队", unit, _phone(leader, ask) if leader else TO_WRITE],
        ["村民委员会", None, TO_WRITE],
    ]
    room.heading()
    room.take(rows, _widths(ASK), room.left)
    return {"kind": "table", "title": "找谁问", "numbered": False, "columns": base.columns(*ASK), "rows": rows}


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
    room = Room(ask.sheet)
    lead = helpers[0]
    pairs = _whose(household, room, ("帮扶开始", values.day(lead.starts_on)))
    sections: list[base.Section] = [_helpers_table("帮扶责任人", helpers, ask, room)]
    if lead.goal:
        room.left -= room.row(["", lead.goal], [18, 82]) + 3
        sections.append(
            {"kind": "pairs", "title": "", "columns": 1, "pairs": [{"label": "帮扶目标", "value": lead.goal}]}
        )
    room.heading()
    lines = max(1, min(14, int(room.left / LINE_TO_WRITE[ask.sheet])))
    sections.append({
        "kind": "table", "title": "联系记录", "numbered": False, "columns": base.columns(*RECORDS),
        "rows": [{"role": "blank", "cells": [None] * 3}] * lines,
    })  # fmt: skip
    return _model("结对帮扶联系卡", household, ask, period="", pairs=pairs, sections=sections)
