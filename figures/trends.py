"""Lines over the last months: what was kept at their ends, and today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext as _

from common import charts, dates
from figures.board import Board
from figures.datasets import ROWS, place
from figures.models import MonthEnd
from figures.months import TREND, first_of
from figures.sums import Sums
from households.models import Status

CUT = place("households", ("status",), ROWS)
SERIES = ("monitored", Status.RISK_REMOVED.value)


@dataclass(frozen=True)
class Trend:
    """A chart in two widths, and the same numbers as rows: (month, numbers, whether it was reckoned afterwards)."""

    wide: Any
    narrow: Any
    heads: list[str]
    rows: list[tuple[str, list[int], bool]]

    @property
    def reckoned(self) -> bool:
        return any(after for _month, _numbers, after in self.rows)


def line_of(board: Board) -> Trend | None:
    """Monitored households and those whose risk is removed; None for another year than this, or with less than two points."""
    if not board.is_now:
        return None
    this = first_of(board.today)
    rows = MonthEnd.objects.filter(region=board.region, month__gte=first_of(this, -TREND), month__lt=this).order_by(
        "month"
    )
    kept = rows.values_list("month", "reckoned", KeyTransform(CUT, "numbers"))  # of wide rows the one cut that is drawn
    points = [(month, Sums({CUT: numbers or {}}, first_of(month, 1)), reckoned) for month, reckoned, numbers in kept]
    points.append((this, board.own, False))
    if len(points) < 2:
        return None
    names = [_("三类监测对象"), str(Status.RISK_REMOVED.label)]
    numbers = [[sums.number("households", status=code) for code in SERIES] for _m, sums, _r in points]
    series = [(name, [line[n] for line in numbers]) for n, name in enumerate(names)]
    labels = [_("%(month)s月") % {"month": month.month} for month, _s, _r in points]
    title, desc = _("监测对象户数变化"), _("各月末的户数，最后一点是现在")
    draw: dict[str, Any] = {"title": title, "desc": desc, "unit": _("户")}
    return Trend(
        charts.line(labels, series, name="svg-w", **draw),
        charts.line(labels, series, width=320, height=220, name="svg-n", **draw),
        names,
        [(dates.month(month), line, after) for (month, _s, after), line in zip(points, numbers, strict=True)],
    )
