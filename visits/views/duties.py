"""待走访 and 覆盖情况: what is due and overdue, how far each place and helper is, who was not visited for long."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, npgettext

from accounts.roles import Permission
from accounts.scoping import posted_regions, require_somewhere
from common import dates, pages
from common.readonly import reads_only
from households.filters import RegionChoices
from households.listing import Row
from households.listing import counted as counted_households
from regions.models import Level, Region
from visits import coverage
from visits.filters import ALL, DONE, DUE, OVERDUE, DutyFilter, VisitedFilter
from visits.listing import DUTY_FACTS, duty_rows, with_last_visits
from visits.models import Manner, VisitDuty
from visits.views.base import parts


@reads_only
def duty_list(request: HttpRequest) -> HttpResponse:
    """What is due in the periods that run, the latest first."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = DutyFilter(request.GET, VisitDuty.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        query = pages.query_of(filterset)
        return {
            "parts": parts(request, "duty_list"), "rows": duty_rows(page.rows),
            "fields": [filterset.form[name] for name in ("state", "rule")],
            "kept": {name: query[name] for name in ("household", "cadre", "last") if name in query},
        }  # fmt: skip

    return pages.list_page(
        request, template="visits/duty_list.html", url=reverse("visits:duty_list"), filterset=filterset, context=context, counted=_counted,
        order=filterset.order, rows=lambda found: found.select_related(*DUTY_FACTS).defer("household__phone", "household__bank_account"),
    )  # fmt: skip


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万项以上")
    return ngettext("共 %(count)s 项", "共 %(count)s 项", count.value) % {"count": f"{count.value:,}"}


# -- coverage -----------------------------------------------------------------------------------------------------------------------------


@reads_only
def coverage_page(request: HttpRequest) -> HttpResponse:
    """Tiles of where one stands, and a line for each region below it or each helper in it."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    user: Any = request.user
    day = timezone.localdate()
    regions = RegionChoices(user, request.GET.get("region", ""))
    chosen, tops = regions.chosen, posted_regions(user, Permission.HOUSEHOLD_VIEW)
    at = chosen or (tops[0] if len(tops) == 1 else None)
    here = coverage.stand(user, chosen)
    villages = coverage.by_village(here, day)
    people = request.GET.get("by") == "helper" or not regions.visible
    wide = people and at is not None and at.level < Level.TOWNSHIP  # too many helpers to be counted one by one
    lines = [] if wide else coverage.by_helper(user, here, day) if people else coverage.by_place(villages, at)
    place = {"region": str(chosen.pk)} if chosen else {}
    url = reverse("visits:coverage")
    tabs = [(_("按地区"), pages.address(url, place), not people)] if regions.visible else []
    context = {
        "parts": parts(request, "coverage"), "kpis": _kpis(coverage.whole(here, villages, day), place, day), "chosen": chosen, "regions": regions.choices, "people": people,
        "trail": _trail(regions, chosen), "head": _("帮扶责任人") if people else _("地区"), "day": day, "month": dates.month(day),
        "tabs": [*tabs, (_("按帮扶责任人"), pages.address(url, place | {"by": "helper"}), people)],
        "labels": [label for name, label in coverage.LABELS.items() if not (people and name == "unvisited")], "rules": coverage.has_rules(user, day),
        "rows": [_row(line, place, day, people) for line in lines], "clipped": len(lines) >= coverage.MOST_LINES, "wide": wide,
    }  # fmt: skip
    return render(request, "visits/coverage.html", context)


SHORT = {"made": gettext_lazy("本月"), "unvisited": gettext_lazy("一年未访")}  # beside a figure on a phone


def list_url(figure: str, query: dict[str, str], day: Any) -> str:
    """The list that is as long as a figure says."""
    match figure:
        case "made":
            first, last = coverage.month_of(day)
            more = {"manner": Manner.VISIT.value, "since": first.isoformat(), "until": last.isoformat()}
            return pages.address(reverse("visits:visit_list"), query | more)
        case "unvisited":
            return pages.address(reverse("visits:visited_list"), query | {"since": "365"})
    state = {"asked": ALL, "done": DONE, "due": DUE, "overdue": OVERDUE}[figure]
    return pages.address(reverse("visits:duty_list"), query | {"state": state})


def _kpis(counts: Counter[str], place: dict[str, str], day: Any) -> list[dict[str, Any]]:
    notes = {
        "asked": _("正在进行的周期"),
        "due": _("还没到期"),
        "overdue": _("周期还没结束，过了最迟日期"),
        "made": _("入户，不含电话"),
    }
    found = []
    for name, label in coverage.LABELS.items():
        count = counts[name]
        unit = npgettext("计数单位", "户", "户", count) if name == "unvisited" else ""
        found.append(
            {
                "label": label,
                "value": f"{count:,}",
                "unit": unit,
                "url": list_url(name, place, day),
                "note": notes.get(name, ""),
            }
        )
    return found


def _row(line: coverage.Line, place: dict[str, str], day: Any, people: bool) -> dict[str, Any]:
    query = place | line.query
    cells = [
        {"label": SHORT.get(name, label), "value": line.counts[name], "url": list_url(name, query, day)}
        for name, label in coverage.LABELS.items()
        if not (people and name == "unvisited")
    ]
    here = pages.address(reverse("visits:coverage"), line.query) if line.deeper else list_url("asked", query, day)
    return {"label": line.label, "url": here, "cells": cells}


def _trail(regions: RegionChoices, chosen: Region | None) -> list[tuple[str, str]]:
    """From the top one may see down to where one stands."""
    if chosen is None:
        return []
    above = Region.objects.filter(pk__in=[pk for pk in chosen.ancestor_ids if pk in regions.visible]).order_by("level")
    here = reverse("visits:coverage")
    return [(_("全部地区"), here), *((r.name, pages.address(here, {"region": str(r.pk)})) for r in above)]


# -- households ---------------------------------------------------------------------------------------------------------------------------


@reads_only
def visited_list(request: HttpRequest) -> HttpResponse:
    """多久没走访: 建档立卡 and monitored households, each with its last visit and call."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = VisitedFilter(request.GET, coverage.households_for(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        query = pages.query_of(filterset)
        return {
            "parts": parts(request, "visited_list"), "rows": [(Row(h), h) for h in page.rows], "fields": [filterset.form["since"]],
            "kept": {name: query[name] for name in ("helper",) if name in query},
        }  # fmt: skip

    return pages.list_page(
        request, template="visits/visited_list.html", url=reverse("visits:visited_list"), filterset=filterset, rows=with_last_visits, context=context,
        counted=counted_households,
    )  # fmt: skip
