"""各级工作量: what was ordered and what was done in a month, township by township, and the rows behind each figure."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.places import RegionChoices
from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import dates, pages
from common.readonly import reads_only
from regions.models import Level
from supervision import activity
from supervision.filters import months
from supervision.services import activity as verbs


@reads_only
def side_by_side(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.ORDER_VIEW)
    month = activity.month_of(request.GET.get("month", ""))
    regions = RegionChoices(request.user, request.GET.get("region", ""), Permission.ORDER_VIEW)
    at = regions.chosen or (regions.tops[0] if len(regions.tops) == 1 else None)
    below = [row for row in regions.rows if at is not None and row.parent_id == at.pk]
    found = activity.side_by_side(request.user, at, below, month)
    context = {
        "month": month, "months": months(), "chosen_month": f"{month:%Y-%m}", "regions": regions.choices, "chosen": regions.chosen,
        "rows": [_line(line, month) for line in found.lines], "whole": _line(found.whole, month, at), "since": found.since,
        "heads": _heads(), "kinds": activity.KINDS.values(), "head": _("村") if at and at.level >= Level.TOWNSHIP else _("乡镇"),
        "trail": [(_("工作部署"), reverse("supervision:order_list")), (_("各级工作量"), "")],
    }  # fmt: skip
    return render(request, "supervision/activity.html", context)


def _heads() -> list[Any]:
    return [_("县下达"), _("乡镇下达"), _("签收"), *(kind.title for kind in activity.KINDS.values())]


def _line(line: activity.Line, month: Any, top: Any = None) -> dict[str, Any]:
    region = line.region or top
    query = {"month": f"{month:%Y-%m}"} | ({"region": str(region.pk)} if region is not None else {})
    orders = reverse("supervision:order_list")
    cells = [
        {"label": _("县下达"), "value": line.county, "url": pages.address(orders, query | {"level": "3"})},
        {"label": _("乡镇下达"), "value": line.township, "url": pages.address(orders, query | {"level": "4"})},
        {"label": _("签收"), "value": line.receipts, "url": _list("receipts", query)},
    ]
    for code, kind in activity.KINDS.items():
        value = line.counts[code] if line.counts is not None else None
        cells.append({"label": kind.title, "value": value, "url": _list(code, query)})
    deeper = line.region is not None and line.region.level < Level.VILLAGE
    return {
        "label": line.region.name if line.region is not None else _("合计"), "cells": cells,
        "url": pages.address(reverse("supervision:activity"), query) if deeper else "",
    }  # fmt: skip


def _list(code: str, query: dict[str, str]) -> str:
    return pages.address(reverse("supervision:activity_list", args=[code]), query)


class _Rows(django_filters.FilterSet):
    """Month and region are chosen by the figure that opened the list."""

    month = django_filters.CharFilter(label=_("月份"), method="as_it_is")
    region = django_filters.CharFilter(label=_("地区"), method="as_it_is")

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset


@reads_only
def activity_list(request: HttpRequest, code: str) -> HttpResponse:
    """The rows behind a figure."""
    require_somewhere(request.user, Permission.ORDER_VIEW)
    kind = activity.KINDS.get(code)
    if kind is None and code != "receipts":
        raise Http404
    month = activity.month_of(request.GET.get("month", ""))
    regions = RegionChoices(request.user, request.GET.get("region", ""), Permission.ORDER_VIEW)
    if request.GET.get("region") and regions.chosen is None:
        raise Http404
    rows = activity.receipts(request.user, month, regions.chosen, regions.visible) if kind is None else activity.listed(request.user, kind, month, regions.chosen)  # fmt: skip
    filterset = _Rows(request.GET, rows, request=request)
    where = regions.chosen.name if regions.chosen else _("全部地区")
    query = {name: request.GET[name] for name in ("month", "region") if request.GET.get(name)}
    back = pages.address(reverse("supervision:activity"), query)

    def context(page: pages.Page) -> dict[str, Any]:
        told = [activity.tell_receipt(row) if kind is None else kind.tell(row) for row in page.rows]
        return {
            "rows": told, "title": kind.title if kind else _("签收"), "sub": f"{where} · {dates.month(month)}", "chips": [],
            "meaning": kind.meaning if kind else _("本月签收的工作部署"),
            "trail": [(_("工作部署"), reverse("supervision:order_list")), (_("各级工作量"), back), (str(kind.title if kind else _("签收")), "")],
        }  # fmt: skip

    related = kind.related if kind else ("order", "region")
    return pages.list_page(
        request, template="supervision/rows.html", url=reverse("supervision:activity_list", args=[code]), filterset=filterset,
        counted=_counted, context=context, rows=lambda found: found.select_related(*related),
    )  # fmt: skip


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万条以上")
    return _("共 %(count)s 条") % {"count": f"{count.value:,}"}


@require_POST
def activity_recount(request: HttpRequest) -> HttpResponse:
    """Count a month now, as a job: everything of the areas in which one sees orders."""
    require_somewhere(request.user, Permission.ORDER_VIEW)
    month = activity.month_of(request.POST.get("month", ""))
    job = verbs.ask_recount(month=month, by=request.user)
    messages.info(request, _("正在统计%(month)s。") % {"month": dates.month(month)})
    return redirect("jobs:job_detail", job.pk)
