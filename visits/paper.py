"""The visits of a year in the printed booklet, as a section of the print model (docs/print-model.md). One query for all households."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from common import dates
from common.lookups import among
from households.models import Household
from households.papers import Section
from visits.codelists import SEEN
from visits.models import Capacity, Visit

MOST = 24  # a household and year; of more, the newest


def sections(households: Sequence[Household], year: int, user: Any) -> dict[int, list[Section]]:
    """{household: sections} for `households.papers`; households without a visit are left out. The caller has passed the row gate."""
    keys = [household.pk for household in households]
    visits = (
        Visit.objects.for_user(user)
        .standing()
        .filter(among("household_id", keys), on__year=year)
        .select_related("visitor")
        .order_by("household", "on", "pk")
    )
    found: dict[int, list[Visit]] = {}
    for visit in visits:
        found.setdefault(visit.household_id, []).append(visit)
    return {pk: [_table(rows, year)] for pk, rows in found.items()}


def _table(visits: Sequence[Visit], year: int) -> Section:
    shown = visits[-MOST:]
    left_out = len(visits) - len(shown)
    return {
        "kind": "table",
        "title": _("走访记录（%(year)s 年）") % {"year": year},
        "columns": [
            {"label": _("日期"), "width": 15},
            {"label": _("方式"), "width": 10},
            {"label": _("走访人"), "width": 18},
            {"label": _("看到什么"), "width": 17},
            {"label": _("记录"), "width": 40, "align": "start"},
        ],
        "rows": [
            [
                dates.written(visit.on), visit.get_manner_display(), "\n".join(part for part in (visit.visitor.name, _as_what(visit)) if part),
                "、".join(SEEN.labels(visit.seen)), visit.text,
            ]
            for visit in shown
        ],
        "notes": [_("只印最近 %(most)s 次，另有 %(count)s 次。") % {"most": MOST, "count": left_out}] if left_out else [],
    }  # fmt: skip


def _as_what(visit: Visit) -> str:
    return "、".join(str(Capacity(each).label) for each in visit.capacities)
