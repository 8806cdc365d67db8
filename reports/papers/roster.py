"""户花名册: every household of a village in one table, by hamlet. Numbers are masked, whoever prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.utils import timezone

from accounts.roles import Permission
from common.lookups import among
from households import codelists, values
from households.models import Household, Member
from regions.models import Region
from reports.kinds import Ask, Draft
from reports.papers import base

WIDE = (
    ("序号", 4), ("户编号", 10), ("户主", 9, "start"), ("人口", 4), ("身份状态", 9), ("户主证件号码", 14), ("联系电话", 9), ("主要致贫原因", 9),
    ("人均纯收入（元）", 9, "end"), ("未达标", 10, "start"), ("帮扶责任人", 8, "start"), ("帮扶单位", 14, "start"), ("备注", 8),
)  # fmt: skip
NARROW = (
    ("序号", 4), ("户编号", 11), ("户主", 11, "start"), ("人口", 4), ("身份状态", 11), ("主要致贫原因", 11), ("人均纯收入（元）", 9, "end"),
    ("未达标", 12, "start"), ("帮扶责任人", 16, "start"), ("备注", 8),
)  # fmt: skip


def models(villages: Sequence[Region], ask: Ask) -> Mapping[int, Draft | str]:
    """Five queries a village."""
    return {village.pk: _roster(village, ask) for village in villages}


def _roster(village: Region, ask: Ask) -> Draft:
    households = sorted(base.in_village(village, ask.user, Permission.LEDGER_PRINT), key=lambda h: h.hamlet == "")
    keys = [h.pk for h in households]
    wide = ask.sheet == "A3"
    known = _Known(
        base.annual(households, ask.user, ask.year), base.helpers(keys), _id_numbers(keys) if wide else {}, wide
    )
    rows: list[Any] = []
    place = 0
    for hamlet, group in groupby(households, key=lambda h: h.hamlet):
        members = list(group)
        if hamlet:
            people = sum(h.member_count for h in members)
            rows.append({"role": "group", "cells": [f"{hamlet}　{len(members)} 户 {people} 人"]})
        elif rows:
            rows.append({"role": "group", "cells": [f"未登记村民小组　{len(members)} 户"]})
        for household in members:
            place += 1
            rows.append(known.row(place, household))
    people = sum(h.member_count for h in households)
    labels = WIDE if wide else NARROW
    if households:
        rows.append(
            {
                "role": "total",
                "cells": [None, "合计", f"{len(households)} 户", str(people), *[None] * (len(labels) - 4)],
            }
        )
    table = {
        "kind": "table", "title": "", "columns": base.columns(*labels), "rows": rows, "empty": "本村没有在册的农户",
        "notes": ["证件号码和电话已作遮盖；“—”表示未登记。“未达标”列是两不愁三保障和饮水安全中登记为未达标的项，没有的空着。"],
    }  # fmt: skip
    signatures = {
        "kind": "signatures", "title": "",
        "rows": [[{"label": "填表人", "value": ""}, {"label": "村负责人", "value": ""}, {"label": "日期", "value": ""}]],
    }  # fmt: skip
    model = base.model(
        "户花名册", owner=base.name_of(village), outline=village.name, sheet="A3" if wide else "A4L", look="table",
        period=base.period_of(ask.year) or "各户最新年度", sections=[table, signatures],
    )  # fmt: skip
    return Draft(model, ask.year or timezone.localdate().year)


def _id_numbers(keys: Sequence[int]) -> dict[int, str]:
    rows = Member.objects.present().filter(among("household_id", keys), relation=codelists.HOUSEHOLDER)
    return dict(rows.order_by().values_list("household_id", "id_masked"))


class _Known:
    """What is known of the households of a village, and a line of the table from it."""

    def __init__(self, annual: Any, helpers: Any, id_numbers: Mapping[int, str], wide: bool) -> None:
        self.annual, self.helpers, self.id_numbers, self.wide = annual, helpers, id_numbers, wide

    def row(self, place: int, h: Household) -> list[str | None]:
        year = self.annual.get(h.pk)
        lead = next(iter(self.helpers.get(h.pk, ())), None)
        cells: list[str | None] = [
            str(place),
            h.number,
            h.householder_name,
            str(h.member_count),
            str(h.get_status_display()),
        ]
        if self.wide:
            cells += [self.id_numbers.get(h.pk, ""), h.phone_masked]
        cells += [
            codelists.CAUSE.label(year.main_cause) if year and year.main_cause else "",
            values.money(year.per_head_income) if year else "",
            ("、".join(_unmet(year)) or None) if year else "",
        ]
        unit = lead.cadre.unit.name if lead else ""
        if self.wide:
            cells += [lead.cadre.name if lead else "", unit]
        else:
            cells += [f"{lead.cadre.name}（{unit}）" if lead else ""]
        return [*cells, None]


def _unmet(year: Any) -> list[str]:
    return [
        values.label(type(year), f"check_{name}") for name in values.CHECKS if getattr(year, f"check_{name}") == "no"
    ]
