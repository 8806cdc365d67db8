"""A proposal in words: why this cadre for this household, why another than now, why nobody."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cadres.models import Cadre
from households import matching, questions
from households.models import MatchingRow

DIFFICULTY = (gettext_lazy("一般"), gettext_lazy("有些困难"), gettext_lazy("困难"), gettext_lazy("很困难"))
# Why the present helper cannot stay.
GOES: dict[str, Any] = {
    questions.LEFT: gettext_lazy("%(name)s已离岗或将离岗"), questions.CANNOT: gettext_lazy("%(name)s登记为不能帮扶"),
    questions.POOR: gettext_lazy("%(name)s本人是困难户"), questions.KIN: gettext_lazy("%(name)s应当回避"),
    questions.CLOSED: gettext_lazy("%(name)s的单位已停用"), questions.FULL: gettext_lazy("%(name)s的户数超过上限"),
    questions.BETTER: gettext_lazy("重新分配"),
}  # fmt: skip
# Why nobody was found.
NOBODY: dict[str, Any] = {
    matching.NOBODY: gettext_lazy("范围里没有能帮扶的干部，请先登记干部，或扩大范围。"),
    matching.FULL: gettext_lazy("能帮扶的干部都已满额，请增加干部，或请县里调整户数上限。"),
    matching.KIN: gettext_lazy("还有余额的干部都要回避这一户，请从别的单位找人。"),
}  # fmt: skip
WAYS: dict[str, Any] = {
    "village": gettext_lazy("就在本村"), "near": gettext_lazy("在邻近的村，约 %(km)s 公里"), "township": gettext_lazy("在本乡镇"), "county": gettext_lazy("在县级单位"),
    "far": gettext_lazy("在别的乡镇"),
}  # fmt: skip


def sentence(row: MatchingRow) -> str:
    """One sentence, with full stop. The row brings `now` and `proposed` with their units."""
    if row.proposed is None:
        return str(NOBODY.get(row.why, ""))
    who = _("%(name)s（%(unit)s，%(rank)s）") % {
        "name": row.proposed.name, "unit": row.proposed.unit.name, "rank": row.proposed.get_rank_display(),
    }  # fmt: skip
    reasons = _("，").join(_reasons(row, row.proposed))
    match row.outcome:
        case MatchingRow.Outcome.KEEP:
            return _("继续由%(who)s帮扶：%(reasons)s。") % {"who": who, "reasons": reasons}
        case MatchingRow.Outcome.MOVE:
            goes = str(GOES.get(row.why, "")) % {"name": row.now.name if row.now else ""}
            return _("%(goes)s，换成%(who)s：%(reasons)s。") % {"goes": goes, "who": who, "reasons": reasons}
    return _("由%(who)s帮扶：%(reasons)s。") % {"who": who, "reasons": reasons}


def _reasons(row: MatchingRow, cadre: Cadre) -> list[str]:
    parts = row.parts
    found = [str(WAYS[parts["way"]]) % {"km": parts.get("km", 0)}]
    if parts.get("answers"):
        found.append(_("单位包这个村"))
    if parts.get("speaks"):
        found.append(_("会说村里的语言"))
    if parts.get("language"):
        found.append(_("不会说村里的语言"))
    level = str(DIFFICULTY[min(row.difficulty, len(DIFFICULTY) - 1)])
    if parts.get("difficulty"):
        found.append(_("户情“%(level)s”，职级偏低") % {"level": level})
    elif row.difficulty:
        found.append(_("户情“%(level)s”，职级合适") % {"level": level})
    return found
