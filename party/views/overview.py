"""党建情况: the regions below side by side, theme by theme; every figure is the length of the list it opens."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common import pages
from common.readonly import reads_only
from party import periods
from party.filters import span_choices
from party.scope import Scope
from party.themes import THEMES, Asked, Reading
from party.views.base import somebody
from party.views.life import asked_year, years
from regions.models import Level, Region


def asked_span(request: HttpRequest) -> periods.Span:
    """`?span=`, this quarter where there is none."""
    return periods.parse(request.GET.get("span", "")) or periods.span_of("quarter", timezone.localdate())


@reads_only
def overview(request: HttpRequest) -> HttpResponse:
    user = somebody(request)
    theme = request.GET.get("theme", "")
    theme = theme if theme in THEMES else "staffing"
    title, reading, tab, definition = THEMES[theme]
    scope = Scope.asked(user, request.GET.get("region", ""))
    if scope.is_village and scope.at is not None:
        return redirect(f"party:{tab}", scope.at.pk)
    cells = reading(scope, Asked(user, asked_year(request), asked_span(request)))
    kept = {name: request.GET[name] for name in ("span", "year") if request.GET.get(name)}
    rows = [_line(region, scope, cells, tab, {"theme": theme} | kept) for region in scope.below]
    inside = {"region": str(scope.at.pk)} if scope.at is not None and scope.choices.chosen else {}
    url = reverse("party:overview")
    context = {
        "theme": theme, "title": title, "definition": definition, "rows": rows, "whole": cells(scope.villages, inside), "now": timezone.now(),
        "head": _("村") if scope.at is not None and scope.at.level == Level.TOWNSHIP else _("地区"),
        "tabs": [(label, pages.address(url, inside | {"theme": code}), code == theme) for code, (label, *_more) in THEMES.items()],
        "regions": scope.choices.choices, "chosen": scope.choices.chosen, "trail": _trail(scope, theme),
        "spans": span_choices() if theme == "classroom" else [], "span": asked_span(request).code,
        "years": years() if theme == "life" else [], "year": asked_year(request), "may_courses": True,
    }  # fmt: skip
    return render(request, "party/overview.html", context)


def _line(region: Region, scope: Scope, cells: Reading, tab: str, kept: dict[str, str]) -> dict[str, Any]:
    inside = {"region": str(region.pk)}
    if region.level == Level.VILLAGE:
        url = reverse(f"party:{tab}", args=[region.pk])
    else:
        url = pages.address(reverse("party:overview"), inside | kept)
    return {"label": region.name, "url": url, "cells": cells(scope.inside(region), inside)}


def _trail(scope: Scope, theme: str) -> list[tuple[str, str]]:
    chosen = scope.choices.chosen
    if chosen is None:
        return []
    url = reverse("party:overview")
    above = [row for row in scope.choices.rows if row.pk == chosen.parent_id]
    return [
        (_("全部地区"), pages.address(url, {"theme": theme})),
        *((row.name, pages.address(url, {"theme": theme, "region": str(row.pk)})) for row in above),
        (chosen.name, ""),
    ]
