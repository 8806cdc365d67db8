"""What is counted of visits: what was made in a year, and what is due now."""

from __future__ import annotations

import datetime as dt

from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat, ExtractYear
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import dates
from figures.datasets import ROWS, Dataset, Dimension, Measure, Told, column
from figures.shipped.ledgers import month_of
from supervision.counted import whose
from visits.models import Manner, Visit, VisitDuty

PLACE = ("household__village", "household__township")


def tell_visit(row: Visit) -> Told:
    meta = f"{whose(row)} · {row.get_manner_display()} · {row.visitor.name} · {dates.written(row.on)}"
    return Told(row.text, meta, row.household.get_absolute_url())


def tell_duty(row: VisitDuty) -> Told:
    day = dates.written(row.next_due_on) if row.next_due_on else dates.written(row.ends_on)
    who = row.cadre.name if row.cadre else row.rule.get_capacity_display()
    made = _("已走 %(made)s 次，应走 %(needed)s 次") % {"made": row.made, "needed": row.needed}
    return Told(
        whose(row), f"{row.rule.get_manner_display()} · {who} · {made} · {day}", row.household.get_absolute_url()
    )


visits = Dataset(
    "visits", gettext_lazy("走访"), gettext_lazy("这一年的走访和电话联系，作废的不算"), Visit, lambda rows, today: rows.filter(voided_at=None),
    (Measure(ROWS, gettext_lazy("次数"), gettext_lazy("次")),),
    (column("manner", gettext_lazy("方式"), "manner", Manner.choices), month_of("on")), (("manner", "month"),), ("visits_visit",),
    tell_visit, year=ExtractYear("on"), related=(*PLACE, "visitor"), weight=30,
)  # fmt: skip

DUE = {"late": gettext_lazy("已超期"), "ahead": gettext_lazy("还没到期"), "done": gettext_lazy("已完成")}


def _due(raw: str, today: dt.date) -> str:
    """`raw`: the end of the period, a tilde, and the day by which something is missing."""
    ends_on, _tilde, next_on = raw.partition("~")
    if ends_on <= today.isoformat():
        return ""
    return "done" if not next_on else "late" if next_on < today.isoformat() else "ahead"


def _is_due(key: str, today: dt.date) -> Q:
    still = Q(ends_on__gt=today)
    match key:
        case "done":
            return still & Q(next_due_on=None)
        case "late":
            return still & Q(next_due_on__lt=today)
    return still & Q(next_due_on__gte=today)


duties = Dataset(
    "duties", gettext_lazy("走访任务"), gettext_lazy("本期要求的走访和电话，一户一人一期一条"), VisitDuty,
    lambda rows, today: rows.filter(over=False, ends_on__gt=today), (Measure(ROWS, gettext_lazy("条数"), gettext_lazy("条")),),
    (
        column("manner", gettext_lazy("方式"), "rule__manner", Manner.choices),
        Dimension(
            "due", gettext_lazy("期限"), lambda: DUE, key=_due, condition=_is_due,
            raw=Concat(
                Cast("ends_on", CharField()), Value("~"), Coalesce(Cast("next_due_on", CharField()), Value("")), output_field=CharField()
            ),
        ),
    ),
    (("manner", "due"),), ("visits_visitduty",), tell_duty, related=(*PLACE, "rule", "cadre"), weight=31,
)  # fmt: skip

DATASETS = (visits, duties)
