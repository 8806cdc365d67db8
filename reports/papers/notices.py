"""公示: lists that hang on a wall for everybody. Householder, people, status, help: no number of anybody, masked or not, no cause and no illness.

They say what is registered. The procedures behind a public notice belong to a floor that does not exist yet; days and telephone are
lines to be written on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.roles import Permission
from assistance.models import Delivery
from common import dates
from common.lookups import among
from common.money import format_money
from households import values
from households.models import Household, Status
from households.models.status import MONITORED
from regions.models import Region
from reports.kinds import Ask, Draft
from reports.papers import base

P = Permission.LEDGER_PRINT
SHOWN = (Status.REGISTERED, Status.OUT_OF_POVERTY, *MONITORED, Status.RETURNED, Status.RISK_REMOVED)
NOTE = "本公示不含证件号码、电话、银行账号和健康信息。"


def households(villages: Sequence[Region], ask: Ask) -> Mapping[int, Draft | str]:
    """Who is on the books and as what. One query a village."""
    return {village.pk: _households(village, ask) for village in villages}


def _households(village: Region, ask: Ask) -> Draft:
    everybody = base.in_village(village, ask.user, P)
    rows: list[Any] = []
    place = people = 0
    for status in SHOWN:
        group = [h for h in everybody if h.status == status]
        if not group:
            continue
        counted = sum(h.member_count for h in group)
        people += counted
        rows.append({"role": "group", "cells": [f"{status.label}　{len(group)} 户 {counted} 人"]})
        for h in group:
            place += 1
            identified = dates.written(h.identified_on) if h.identified_on else ""
            rows.append([str(place), h.householder_name, h.hamlet, str(h.member_count), identified])
    if place:
        rows.append({"role": "total", "cells": [None, f"{place} 户", None, str(people), None]})
    text = f"现将{village.name}登记在册的脱贫户、监测对象等帮扶对象名单公示如下，请村民监督。有不同意见的，请在公示期内向村民委员会或乡镇反映。"
    columns = base.columns(("序号", 8), ("户主姓名", 30), ("村民小组", 20), ("家庭人口", 12), ("识别日期", 20))
    table = {"kind": "table", "title": "", "columns": columns, "rows": rows, "empty": "本村没有登记在册的帮扶对象"}
    return _notice("帮扶对象公示", village, ask, text, table, timezone.localdate().year, period="")


def help_given(villages: Sequence[Region], ask: Ask) -> Mapping[int, Draft | str]:
    """What arrived in the year and how much, household by household. Two queries a village."""
    return {village.pk: _help_given(village, ask) for village in villages}


def _help_given(village: Region, ask: Ask) -> Draft:
    year = ask.year or timezone.localdate().year
    everybody = base.in_village(village, ask.user, P)
    given = _given(everybody, ask, year)
    rows: list[Any] = []
    total = Decimal(0)
    place = 0
    for h in everybody:
        lines = given.get(h.pk)
        if not lines:
            continue
        place += 1
        for number, line in enumerate(lines):
            total += line.amount
            head = [None] * 3 if number else [str(place), h.householder_name, h.hamlet]
            money = format_money(line.amount) if line.amount else None
            rows.append([*head, line.title, line.quantity or None, money, line.when])
    if place:
        rows.append({"role": "total", "cells": [None, f"{place} 户", None, None, None, format_money(total), None]})
    text = f"现将{village.name}{year}年已经落实到户的帮扶措施和资金公示如下，请村民监督。有不同意见的，请在公示期内向村民委员会或乡镇反映。"
    columns = base.columns(
        ("序号", 6),
        ("户主姓名", 20),
        ("村民小组", 13),
        ("帮扶措施", 25),
        ("数量", 10),
        ("金额（元）", 13, "end"),
        ("落实时间", 13),
    )
    table = {"kind": "table", "title": "", "columns": columns, "rows": rows, "empty": f"{year}年没有登记落实到户的帮扶"}
    return _notice("帮扶措施和资金公示", village, ask, text, table, year, period=base.period_of(year))


class _Given:
    """What a household got of one kind of help in a year: several deliveries are one line."""

    def __init__(self, title: str, unit: str) -> None:
        self.title, self.unit = title, unit
        self.amount, self.count = Decimal(0), Decimal(0)
        self.days: list[Any] = []

    def add(self, delivery: Delivery) -> None:
        self.amount += delivery.amount
        self.count += delivery.quantity or 0
        self.days.append(delivery.on)

    @property
    def quantity(self) -> str:
        return f"{values.number(self.count)} {self.unit}".strip() if self.count else ""

    @property
    def when(self) -> str:
        first, last = min(self.days), max(self.days)
        until = f"至{last.month}月" if (last.year, last.month) != (first.year, first.month) else ""
        return (
            f"{dates.month(first)}{until}" if last.year == first.year else f"{dates.month(first)}至{dates.month(last)}"
        )


def _given(everybody: Sequence[Household], ask: Ask, year: int) -> dict[int, list[_Given]]:
    rows = (
        Delivery.objects.for_user(ask.user, P).standing()
        .filter(among("household_id", [h.pk for h in everybody]), measure__year=year)
        .select_related("kind").order_by("household", "kind__column", "kind", "on", "pk")
    )  # fmt: skip
    found: dict[int, dict[int, _Given]] = defaultdict(dict)
    for delivery in rows:
        mine = found[delivery.household_id]
        if delivery.kind_id not in mine:
            mine[delivery.kind_id] = _Given(delivery.kind.title, delivery.kind.unit)
        mine[delivery.kind_id].add(delivery)
    return {pk: list(kinds.values()) for pk, kinds in found.items()}


def _notice(
    title: str, village: Region, ask: Ask, text: str, table: dict[str, Any], year: int, *, period: str
) -> Draft:
    lines = {
        "kind": "signatures", "title": "",
        "rows": [
            [{"label": "公示期", "value": ""}, {"label": "监督电话", "value": ""}],
            [{"label": "村民委员会（盖章）", "value": ""}, {"label": "公示日期", "value": ""}],
        ],
    }  # fmt: skip
    model = base.model(
        title, owner=base.name_of(village), outline=village.name, sheet=ask.sheet, look="notice", period=period,
        sections=[{"kind": "text", "title": "", "paragraphs": [text]}, table | {"notes": [NOTE]}, lines],
    )  # fmt: skip
    return Draft(model, year)
