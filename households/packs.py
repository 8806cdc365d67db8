"""移交清单: what a hand-over moved, household by household, on screen and on paper, for giver and receiver to sign. No number and no phone in
full: whoever takes over finds them in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common import dates
from households import handover_lines
from households.models import HandOver, HandOverLine, Household


@dataclass
class Entry:
    """One household: the ledger's facts, who has it now, and what is open there, as (label, text)."""

    household: Household
    receiver: str
    part: str
    lines: list[tuple[Any, str]]

    @property
    def open(self) -> str:
        return "；".join(f"{label}：{text}" for label, text in self.lines)


def entries_of(made: HandOver, user: Any) -> list[Entry]:
    """The households of a hand-over that the user may see, in order of village and householder."""
    seen = Household.objects.for_user(user).order_by()
    lines = (
        HandOverLine.objects.filter(hand_over=made, household__in=seen)
        .select_related("household__village__parent", "began__cadre")
        .order_by("household__village__code", "household__sort_key", "pk")
    )
    rows = list(lines)
    told = handover_lines.lines_of([row.household_id for row in rows], user)
    return [Entry(row.household, row.began.cadre.name, _part(row), told.get(row.household_id, [])) for row in rows]


def _part(row: HandOverLine) -> str:
    return str(_("牵头") if row.began.is_lead else row.began.get_mode_display())


def paper(made: HandOver, entries: list[Entry]) -> dict[str, Any]:
    """The print model of the pack (docs/print-model.md)."""
    receiver = made.to_cadre.name if made.to_cadre else "按结对方案"
    columns = [
        ("序号", 5),
        ("户编号", 15),
        ("户主", 9),
        ("村", 14),
        ("身份", 10),
        ("接收人", 9),
        ("未办事项和最近走访", 38),
    ]
    rows = [
        [
            str(n), entry.household.number, entry.household.householder_name, entry.household.village.name, entry.household.get_status_display(),
            entry.receiver, entry.open or "无",
        ]
        for n, entry in enumerate(entries, 1)
    ]  # fmt: skip
    return {
        "schema": 1,
        "document": {
            "title": "结对帮扶移交清单", "subtitle": "", "period": dates.written(made.on), "owner": made.from_cadre.unit.name,
            "outline": f"{made.from_cadre.name} 移交 {receiver}", "language": "zh-CN", "notes": [f"移交原因：{made.reason}"],
            "pairs": [
                {"label": "移交人", "value": f"{made.from_cadre.name}（{made.from_cadre.unit.name}）"},
                {"label": "接收人", "value": receiver if made.to_cadre is None else f"{receiver}（{made.to_cadre.unit.name}）"},
                {"label": "移交日期", "value": dates.written(made.on)}, {"label": "户数", "value": str(len(entries))},
            ],
        },
        "issue": {"number": f"YJ{made.pk:06d}", "as_of": dates.written(made.at.date()), "qr": ""},
        "sections": [
            {"kind": "table", "title": "移交农户", "columns": [{"label": label, "width": width} for label, width in columns], "rows": rows,
             "empty": "没有移交的农户"},
            {"kind": "signatures", "title": "", "statement": "以上农户的情况、未办事项和资料已当面交接清楚。",
             "rows": [
                 [{"label": "移交人签字", "value": ""}, {"label": "日期", "value": "年　　月　　日"}],
                 [{"label": "接收人签字", "value": ""}, {"label": "日期", "value": "年　　月　　日"}],
                 [{"label": "监交人签字", "value": ""}, {"label": "日期", "value": "年　　月　　日"}],
             ]},
        ],
    }  # fmt: skip
