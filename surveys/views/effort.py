"""填写负担: what a survey costs who fills it in, per household and year, by place, surveyor, month and way of filling in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions, require_somewhere
from common import charts, pages
from common.readonly import reads_only
from households.filters import RegionChoices
from surveys import effort, progress
from surveys.views.base import households


@reads_only
def effort_page(request: HttpRequest) -> HttpResponse:
    user = request.user
    require_somewhere(user, Permission.HOUSEHOLD_VIEW)
    regions = RegionChoices(user, request.GET.get("region", ""))
    tops = posted_regions(user, Permission.HOUSEHOLD_VIEW)
    at = regions.chosen or (tops[0] if len(tops) == 1 else None)
    every = effort.surveys_of(user)
    if regions.chosen is not None:
        every = progress.within(every, regions.chosen, "household__")
    through = effort.by_year(every)
    years = [int(one.label) for one in reversed(through)]
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and int(asked) in years else next(iter(years), timezone.localdate().year)
    by = request.GET.get("by", "place")
    surveys = every.filter(year=year)
    here = reverse("surveys:effort")
    query = {"year": str(year)} | ({"region": str(regions.chosen.pk)} if regions.chosen else {})
    heads = {"place": _("地区"), "person": _("调查人"), "month": _("月份"), "channel": _("填写方式")}
    tabs = {"place": _("按地区"), "person": _("按调查人"), "month": _("按月"), "channel": _("按填写方式")}
    by = by if by in heads else "place"
    whole = next((one for one in through if one.label == str(year)), None)
    context = {
        "years": years, "year": year, "regions": regions.choices, "chosen": regions.chosen, "by": by, "head": heads[by],
        "tabs": [(label, pages.address(here, query | {"by": name}), name == by) for name, label in tabs.items()],
        "rows": list(effort.chosen(surveys, by, at, user)) if whole else [], "whole": whole, "foot": replace(whole, label=_("合计")) if whole else None, "kpis": _kpis(whole) if whole else [],
        "through": through, "lines": _lines(through), "few": effort.FEW, "now": timezone.now(),
    }  # fmt: skip
    return render(request, "surveys/effort.html", context)


def _kpis(whole: effort.Effort) -> list[dict[str, Any]]:
    per = _("每户")
    few = _("只有 %(count)s 户，仅供参考") % {"count": whole.households} if whole.is_few else ""
    return [
        {"label": _("统计户数"), **households(whole.households), "note": few},
        {"label": _("按键次数"), "value": whole.keys, "unit": _("次"), "note": per},
        {"label": _("手填项"), "value": whole.by_hand, "unit": _("项"), "note": per},
        {"label": _("与去年相同"), "value": whole.taps, "unit": _("项"), "note": per},
        {"label": _("重复录入"), "value": whole.again, "unit": _("项"), "note": _("每户；台账或去年已有同样的值")},
        {"label": _("填写时间"), "value": whole.minutes, "unit": _("分钟"), "note": per},
    ]


def _lines(through: list[effort.Effort]) -> list[Any]:
    """Keys a household through the years, for a wide and a narrow screen; nothing before there are two years."""
    if len(through) < 2:
        return []
    labels = [one.label for one in through]
    series = [(_("按键次数"), [one.keys or 0 for one in through])]
    title = _("每户按键次数")
    return [
        charts.line(labels, series, title=title, width=width, name=name)
        for width, name in ((560, "svg-w"), (320, "svg-n"))
    ]
