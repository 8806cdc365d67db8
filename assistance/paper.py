"""The measures of a year in the printed booklet, as sections of the print model (docs/print-model.md). Three queries for all households."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from assistance.listing import Line, lines_of
from assistance.models import LIVE, Delivery, Measure
from catalogue.codelists import COLUMN
from common import dates
from common.lookups import among
from common.money import format_money
from households import values
from households.models import Household
from households.papers import Section

WIDTHS = (5, 12, 18, 9, 9, 11, 18, 16, 14)


def sections(households: Sequence[Household], year: int, user: Any) -> dict[int, list[Section]]:
    """{household: sections} for `households.papers`; households without a measure are left out. The caller has passed the row gate."""
    keys = [household.pk for household in households]
    measures = (
        Measure.objects.for_user(user)
        .filter(among("household_id", keys), year=year, state__in=LIVE)
        .select_related("kind", "member")
        .order_by("household", "kind__column", "pk")
    )
    by_household: dict[int, list[Measure]] = {}
    for measure in measures:
        by_household.setdefault(measure.household_id, []).append(measure)
    deliveries = Delivery.objects.standing().filter(measure__in=[m.pk for rows in by_household.values() for m in rows])
    lines: dict[int, list[Line]] = {}
    for line in lines_of(list(deliveries.select_related("confirmation", "kind", "member").order_by("on", "pk"))):
        lines.setdefault(line.delivery.measure_id, []).append(line)
    return {pk: _sections(rows, year, lines) for pk, rows in by_household.items()}


def _sections(measures: Sequence[Measure], year: int, lines: dict[int, list[Line]]) -> list[Section]:
    found = [_table(measures, year, lines)]
    if any(measure.effect for measure in measures):
        found.append(_effects(measures))
    return found


def _table(measures: Sequence[Measure], year: int, lines: dict[int, list[Line]]) -> Section:
    """A row for every delivery that stands, one for a measure of which nothing has arrived, and the sum."""
    labels = (
        _("序号"), _("类别"), _("措施"), _("受益人"), _("数量"), _("金额"), _("资金来源"), _("落实时间"), _("农户确认"),
    )  # fmt: skip
    rows: list[Any] = []
    total = Decimal(0)
    for place, measure in enumerate(measures, 1):
        whose = measure.member.name if measure.member else _("整户")
        head = [str(place), COLUMN.label(measure.kind.column), measure.kind.title, whose]
        given = lines.get(measure.pk, [])
        if not given:
            rows.append([*head, _quantity(measure.quantity, measure.kind.unit), "", "", _("尚未落实"), ""])
        for number, line in enumerate(given):
            delivery = line.delivery
            total += delivery.amount
            rows.append([
                *(head if not number else ["", "", "", ""]),
                _quantity(delivery.quantity, measure.kind.unit),
                format_money(delivery.amount) if delivery.amount else "",
                "\n".join(f"{source} {format_money(amount)}" for source, amount in line.sources),
                "\n".join(part for part in (dates.written(delivery.on), line.period) if part),
                _word(line),
            ])  # fmt: skip
    summed = _("合计 %(count)s 项") % {"count": len(measures)}
    rows.append({"role": "total", "cells": ["", summed, "", "", "", format_money(total), "", "", ""]})
    denied = [line for each in lines.values() for line in each if line.word and not line.word.received]
    mine = {measure.pk for measure in measures}
    return {
        "kind": "table",
        "title": _("帮扶措施（%(year)s 年）") % {"year": year},
        "unit": _("单位：元"),
        "columns": [
            {"label": label, "width": width, "align": "end" if place == 5 else "center"}
            for place, (label, width) in enumerate(zip(labels, WIDTHS, strict=True))
        ],
        "rows": rows,
        "notes": [
            _("%(kind)s：农户说没有收到（%(note)s）。") % {"kind": line.delivery.kind.title, "note": line.word.note}
            for line in denied
            if line.delivery.measure_id in mine and line.word
        ],
    }


def _quantity(quantity: Decimal | None, unit: str) -> str:
    return f"{values.number(quantity)} {unit}".strip() if quantity is not None else ""


def _word(line: Line) -> str:
    """What the household said, and when."""
    if line.word is None:
        return _("未确认")
    said = line.word.get_way_display() if line.word.received else _("说未收到")
    return f"{said}\n{dates.written(line.word.on)}"


def _effects(measures: Sequence[Measure]) -> Section:
    return {
        "kind": "table",
        "title": _("帮扶成效"),
        "columns": [
            {"label": _("措施"), "width": 20},
            {"label": _("受益人"), "width": 12},
            {"label": _("成效"), "width": 52, "align": "start"},
            {"label": _("日期"), "width": 16},
        ],
        "rows": [
            [m.kind.title, m.member.name if m.member else _("整户"), m.effect, dates.written(m.effect_on) if m.effect_on else ""]
            for m in measures
            if m.effect
        ],
    }  # fmt: skip
