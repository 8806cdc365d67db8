"""查缺补漏: what is missing, by place and by surveyor, and the lists that lead to the field that mends it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import pages
from common.readonly import reads_only
from households.filters import RegionChoices
from households.listing import Row as HouseholdRow
from households.listing import counted
from regions.models import Level, Region
from surveys import gaps, progress
from surveys.filters import GapFilter
from surveys.listing import with_gap_facts
from surveys.services.gaps import check_gaps
from surveys.views.base import households

SHOWN_ITEMS = 8  # of a household; the rest is a tap away
SIZE = 25  # households a page: each is looked through anew
PEOPLE_BELOW = Level.TOWNSHIP  # by surveyor: each household is asked for its person, so not for a whole county


def _may_see(request: HttpRequest) -> int:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    return timezone.localdate().year


def _list_url(*queries: Any, **more: str) -> str:
    query: dict[str, str] = {}
    for each in queries:
        query |= each
    return pages.address(reverse("surveys:gap_households"), query | more)


def _top(regions: RegionChoices) -> Region | None:
    if regions.chosen is not None:
        return regions.chosen
    return regions.tops[0] if len(regions.tops) == 1 else None


@reads_only
def gaps_page(request: HttpRequest) -> HttpResponse:
    """Tiles of the place one stands in, a line for each region below it or each surveyor in it."""
    year = _may_see(request)
    regions = RegionChoices(request.user, request.GET.get("region", ""))
    at = _top(regions)
    households = gaps.asked(request.user, year)
    if regions.chosen is not None:
        households = progress.within(households, regions.chosen)
    can_people = at is None or at.level >= PEOPLE_BELOW
    people = request.GET.get("by") == "person" and can_people
    lines = gaps.by_person(households, year) if people else gaps.by_place(households, year, at, regions.visible)
    whole = gaps.total(lines)
    items = gaps.items_of(households, year)
    place = {"region": str(regions.chosen.pk)} if regions.chosen else {}
    here = reverse("surveys:gaps")
    tabs = [
        (_("按地区"), pages.address(here, place), not people),
        (_("按调查人"), pages.address(here, place | {"by": "person"}), people),
    ]
    context = {
        "year": year, "at": at, "regions": regions.choices, "chosen": regions.chosen, "trail": _trail(regions), "people": people,
        "can_people": can_people, "tabs": tabs if can_people else [], "kpis": _kpis(whole, items, place),
        "rows": [_row(line, place) for line in lines], "whole": _row(whole, place), "kinds": gaps.KINDS.values(),
        "since": items["since"], "outdated": gaps.outdated(households, year).count(), "now": timezone.now(),
        "head": _("调查人") if people else {Level.VILLAGE: _("组"), Level.TOWNSHIP: _("村")}.get(Level(at.level) if at else Level.TOWNSHIP, _("地区")),
        "months": gaps.MONTHS, "days": gaps.DAYS,
    }  # fmt: skip
    return render(request, "surveys/gaps.html", context)


def _trail(regions: RegionChoices) -> list[tuple[str, str]]:
    if regions.chosen is None:
        return []
    above = Region.objects.filter(pk__in=[pk for pk in regions.chosen.ancestor_ids if pk in regions.visible])
    here = reverse("surveys:gaps")
    return [(_("全部地区"), here), *((r.name, f"{here}?region={r.pk}") for r in above.order_by("level"))]


def _kpis(whole: gaps.Line, items: dict[str, Any], place: dict[str, str]) -> list[dict[str, Any]]:
    found = [{"label": _("有缺漏的户"), **households(whole.counts["any"]), "url": _list_url(place),
              "note": _("应调查 %(count)s 户") % {"count": f"{whole.households:,}"}}]  # fmt: skip
    for kind, label in gaps.KINDS.items():
        note = _("%(count)s 处") % {"count": f"{items[kind]:,}"} if kind in gaps.SCANNED else ""
        found.append(
            {"label": label, **households(whole.counts[kind]), "note": note, "url": _list_url(place, kind=kind)}
        )
    return found


def _row(line: gaps.Line, place: dict[str, str]) -> dict[str, Any]:
    listed = _list_url(place, line.query)
    url = pages.address(reverse("surveys:gaps"), dict(line.query)) if line.deeper else listed
    cells = [
        {"label": label, "value": line.counts[kind], "url": _list_url(place, line.query, kind=kind)}
        for kind, label in gaps.SHORT.items()
    ]
    return {"label": line.label, "url": url, "listed": listed, "any": line.counts["any"], "households": line.households, "cells": cells}  # fmt: skip


@reads_only
def gap_households(request: HttpRequest) -> HttpResponse:
    """The households behind a figure, each with what is missing and the way to mend it."""
    year = _may_see(request)
    filterset = GapFilter(request.GET, gaps.asked(request.user, year), year=year, request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        kind = filterset.data.get("kind", "")
        shown = []
        for each in gaps.rows_of(page.rows, year, request.user):
            items = [one for one in each.items if not kind or one[0].kind == kind]
            shown.append(
                {"row": HouseholdRow(each.household), "items": items[:SHOWN_ITEMS], "more": items[SHOWN_ITEMS:]}
            )
        return {"rows": shown, "back": reverse("surveys:gaps")}

    return pages.list_page(
        request, template="surveys/gap_households.html", url=reverse("surveys:gap_households"), filterset=filterset, context=context,
        size=SIZE, counted=counted, rows=lambda found: with_gap_facts(found, year),
    )  # fmt: skip


@require_POST
def gaps_check(request: HttpRequest) -> HttpResponse:
    """Look through the ledgers again."""
    _may_see(request)
    asked = request.POST.get("region", "")
    regions = RegionChoices(request.user, asked)
    if asked and regions.chosen is None:
        raise Http404
    job = check_gaps(by=request.user, region=_top(regions))
    messages.success(request, _("已开始重新检查，完成后数字会更新。"))
    return redirect("jobs:job_detail", job.pk)
