"""应享与实享 on screen: figures by place, one village by kind, the lists behind its figures, and one household."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import require_somewhere, visible_region_ids
from assistance import effects, entitlement
from assistance.scans import entitled, sums_of
from assistance.services.scans import look_again
from catalogue.models import MeasureKind
from common import pages
from common.readonly import reads_only
from households import curtain
from households.filters import RegionChoices
from households.models import Household
from regions.models import Level, Region


def _page(request: HttpRequest) -> tuple[RegionChoices, Region | None, dt.date]:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    regions = RegionChoices(request.user, request.GET.get("region", ""))
    at = regions.chosen or (regions.tops[0] if len(regions.tops) == 1 else None)
    return regions, at, timezone.localdate()


def _households(request: HttpRequest, village: Region) -> list[Household]:
    rows = Household.objects.for_user(request.user).active().filter(village=village)
    return list(rows.order_by("sort_key", "pk")[: entitlement.MOST_HOUSEHOLDS])


def _place_url(region: Region) -> str:
    return pages.address(reverse("assistance:entitlement"), {"region": str(region.pk)})


@reads_only
def entitlement_page(request: HttpRequest) -> HttpResponse:
    """A village kind by kind, counted now; above it one line a place, as of the last look."""
    regions, at, today = _page(request)
    context: dict[str, Any] = {
        "regions": regions.choices, "chosen": regions.chosen, "at": at, "year": today.year, "now": timezone.now(),
        "states": entitlement.STATES.items(), "lists": [(title, meaning) for title, meaning, _look in entitlement.LISTS.values()],
    }  # fmt: skip
    if at is not None and at.level == Level.VILLAGE:
        return render(request, "assistance/entitlement_village.html", context | _village(request, at, today))
    return render(request, "assistance/entitlement.html", context | _places(request.user, regions, at, today.year))


def _village(request: HttpRequest, village: Region, today: dt.date) -> dict[str, Any]:
    households = _households(request, village)
    kinds = entitlement.entitling(today)
    lines = entitlement.by_kind(entitlement.dues_of(households, today.year, today=today, kinds=kinds), kinds)
    rows = [
        {
            "kind": line.kind,
            "entitled": line.entitled,
            "cells": [
                {"label": word, "value": line.count(state), "url": reverse("assistance:entitlement_people", args=[village.pk, line.kind.code, state])}
                for state, word in entitlement.STATES.items()
            ],
        }
        for line in lines
    ]  # fmt: skip
    found = entitlement.lacking(households, today.year, today)
    tiles = []
    for code, (title, meaning, _look) in entitlement.LISTS.items():
        sure = sum(each.sure for each in found[code])
        note = _("另有 %(count)s 待核实") % {"count": len(found[code]) - sure} if len(found[code]) > sure else meaning
        tiles.append(
            {
                "label": title,
                "value": sure,
                "note": note,
                "url": reverse("assistance:lacking_list", args=[village.pk, code]),
            }
        )
    return {"village": village, "rows": rows, "kpis": tiles, "looked": len(households)}


def _places(user: Any, regions: RegionChoices, at: Region | None, year: int) -> dict[str, Any]:
    """Sums of the last looks: a line for each region one level down."""
    found = sums_of(user, regions.visible, at, year)
    whole = _place(None, found.whole) if len(found.lines) > 1 else None
    rows = [_place(region, line) for region, line in found.lines]
    return {"rows": rows, "whole": whole, "since": found.since, "not_yet": found.not_yet}


def _place(region: Region | None, line: Counter[str]) -> dict[str, Any]:
    return {
        "region": region, "households": line["households"], "entitled": entitled(line),
        "cells": [(word, line[state]) for state, word in entitlement.STATES.items()]
        + [(title, line[code]) for code, (title, _meaning, _look) in entitlement.LISTS.items()],
        "url": _place_url(region) if region else "",
    }  # fmt: skip


@require_POST
def entitlement_look(request: HttpRequest) -> HttpResponse:
    """Look through the villages again."""
    job = look_again(by=request.user)
    messages.success(request, _("已开始重新统计，完成后数字会更新。"))
    return redirect("jobs:job_detail", job.pk)


def _asked_village(request: HttpRequest, pk: int) -> Region:
    """A village of the own area; 403 for who sees no households at all, 404 for any other place."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    rows = Region.objects.filter(
        level=Level.VILLAGE, pk__in=visible_region_ids(request.user, Permission.HOUSEHOLD_VIEW)
    )
    return get_object_or_404(rows, pk=pk)


@reads_only
def entitlement_people(request: HttpRequest, pk: int, code: str, state: str) -> HttpResponse:
    """Who in a village stands behind a figure: one kind, one state."""
    village, today = _asked_village(request, pk), timezone.localdate()
    kind = get_object_or_404(MeasureKind, code=code)
    if state not in entitlement.STATES:
        raise Http404
    dues = entitlement.dues_of(_households(request, village), today.year, today=today, kinds=[kind])
    context = {
        "village": village, "kind": kind, "word": entitlement.STATES[state], "tone": entitlement.TONES[state], "year": today.year,
        "dues": [due for due in dues if due.state == state], "now": timezone.now(), "back": _place_url(village),
        "lacks": state == entitlement.UNKNOWN, "got": state in (entitlement.RECEIVED, entitlement.DOUBT),
    }  # fmt: skip
    return render(request, "assistance/entitlement_people.html", context)


@reads_only
def lacking_list(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Children out of school, members without insurance, unsafe dwellings, households that cannot work, in a village."""
    village, today = _asked_village(request, pk), timezone.localdate()
    if code not in entitlement.LISTS:
        raise Http404
    title, meaning, _look = entitlement.LISTS[code]
    found = entitlement.lacking(_households(request, village), today.year, today)[code]
    support = entitlement.support_of([each.household.pk for each in found], today.year) if code == "labour" else {}
    rows = [(each.sure, {"row": each, "support": _("、").join(support.get(each.household.pk, []))}) for each in found]
    context = {
        "village": village, "title": title, "meaning": meaning, "year": today.year, "now": timezone.now(), "supported": code == "labour",
        "sure": [row for sure, row in rows if sure], "unsure": [row for sure, row in rows if not sure], "back": _place_url(village),
    }  # fmt: skip
    return render(request, "assistance/lacking_list.html", context)


@reads_only
def household_entitlement(request: HttpRequest, pk: int) -> HttpResponse:
    """One household: what each of its people should get and gets, and its income before and after."""
    household = get_object_or_404(
        Household.objects.for_user(request.user).select_related("village__parent__parent"), pk=pk
    )
    today = timezone.localdate()
    hidden = curtain.hidden_from(request.user, [household.pk]).get(household.pk)
    year = today.year if hidden is None else min(today.year, hidden - 1)
    dues = entitlement.dues_of([household], year, today=today)
    context = {
        "household": household, "dues": dues, "year": year, "now": timezone.now(), "history": effects.history_of(household, year),
    }  # fmt: skip
    return render(request, "assistance/household_entitlement.html" + "#dues" * pages.is_fragment(request), context)
