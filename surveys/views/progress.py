"""调查进度: how far a round is, by place and by person, and the lists behind the figures."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import charts, pages
from common.readonly import reads_only
from households.filters import RegionChoices
from households.listing import Row, counted
from regions.models import Level, Region
from surveys import progress
from surveys.filters import OVERDUE, RoundFilter
from surveys.listing import with_progress
from surveys.models import SurveyRound
from surveys.views.base import households

SHOWN_ROUNDS = 50
SHOWN_PHONES = 500
DONE = ("approved", "submitted", "returned", "drafted")  # parts of the bar; what is left of it has not begun


def _rounds(request: HttpRequest) -> tuple[list[SurveyRound], SurveyRound | None]:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    rounds = list(progress.rounds_for(request.user)[:SHOWN_ROUNDS])
    return rounds, progress.chosen_round(rounds, request.GET.get("round", ""))


def _nothing(may_open: bool) -> dict[str, Any]:
    return {"round": None, "may_open": may_open, "trail": []}


def _list_url(round: SurveyRound, *queries: Any, **more: str) -> str:
    query = {"round": str(round.pk)}
    for each in queries:
        query |= each
    return pages.address(reverse("surveys:progress_households"), query | more)


@reads_only
def progress_page(request: HttpRequest) -> HttpResponse:
    """Tiles of the place one stands in, and a line for each region below it or each surveyor in it."""
    rounds, round = _rounds(request)
    if round is None:
        may_open = request.user.can(Permission.SURVEY_REVIEW)  # type: ignore[union-attr]
        return render(request, "surveys/progress.html", _nothing(may_open))
    regions = RegionChoices(request.user, request.GET.get("region", ""))
    chosen = regions.chosen
    at = chosen or progress.top_of(request.user, round)
    households = progress.expected(request.user, round)
    if chosen is not None:
        households = progress.within(households, chosen)
    people = request.GET.get("by") == "person"
    lines = (
        progress.by_person(households, round.year)
        if people
        else progress.by_place(households, round.year, at, regions.visible)
    )
    whole = progress.total(lines)
    place = {"region": str(chosen.pk)} if chosen else {}
    late = progress.is_overdue(round)
    word, tone = progress.stage_of_round(round)
    own = {"round": str(round.pk)} | place
    here = reverse("surveys:progress")
    context = {
        "round": round, "rounds": rounds, "word": word, "tone": tone, "at": at, "regions": regions.choices, "chosen": chosen,
        "trail": _trail(regions, chosen, round), "kpis": _kpis(request, round, whole, place, chosen, late), "late": late, "people": people,
        "tabs": [(_("按地区"), pages.address(here, own), not people), (_("按调查人"), pages.address(here, own | {"by": "person"}), people)],
        "stages": progress.STAGES.values(), "legend": charts.legend([str(progress.STAGES[s]) for s in DONE]),
        "rows": _rows(round, lines, place, late), "whole": _rows(round, [whole], place, late)[0], "now": timezone.now(),
        "head": _("调查人") if people else {Level.VILLAGE: _("组"), Level.TOWNSHIP: _("村")}.get(Level(at.level) if at else Level.TOWNSHIP, _("地区")),
    }  # fmt: skip
    return render(request, "surveys/progress.html", context)


def _trail(regions: RegionChoices, chosen: Region | None, round: SurveyRound) -> list[tuple[str, str]]:
    """From the top one may see down to where one stands."""
    if chosen is None:
        return []
    above = Region.objects.filter(pk__in=[pk for pk in chosen.ancestor_ids if pk in regions.visible]).order_by("level")
    here = reverse("surveys:progress")
    trail = [(r.name, pages.address(here, {"round": str(round.pk), "region": str(r.pk)})) for r in above]
    return [(_("全部地区"), pages.address(here, {"round": str(round.pk)})), *trail]


def _kpis(request: HttpRequest, round: SurveyRound, whole: progress.Line, place: dict[str, str], chosen: Region | None,
          late: bool) -> list[dict[str, Any]]:  # fmt: skip
    found = [{"label": _("应调查"), **households(whole.expected), "url": _list_url(round, place)}]
    found += [
        {"label": label, **households(whole.counts[s]), "url": _list_url(round, place, stage=s)}
        for s, label in reversed(progress.STAGES.items())
    ]
    if late:
        url = _list_url(round, place, stage=OVERDUE)
        found.append({"label": _("逾期未调查"), **households(whole.missing), "url": url})
    if request.user.can(Permission.SURVEY_REVIEW):  # type: ignore[union-attr]
        waiting = progress.phones_of(request.user, chosen or round.region).aggregate(n=Sum("waiting"))["n"] or 0
        url = pages.address(reverse("surveys:progress_phones"), {"round": str(round.pk)} | place)
        found.append({"label": _("手机上未上传"), "value": f"{waiting:,}", "unit": _("条"), "url": url})
    return found


def _rows(round: SurveyRound, lines: list[progress.Line], place: dict[str, str], late: bool) -> list[dict[str, Any]]:
    """Lines as the table shows them: each figure with the list behind it, the bar in shares of what is expected."""
    shares = [(line.label, [100 * line.counts[s] / (line.expected or 1) for s in DONE]) for line in lines]
    rows = []
    for line, bar in zip(lines, charts.bars(shares, largest=100, text=str), strict=True):
        listed = _list_url(round, place, line.query)
        deeper = pages.address(reverse("surveys:progress"), {"round": str(round.pk)} | line.query)
        cells = [
            {"label": label, "value": line.counts[s], "url": _list_url(round, place, line.query, stage=s)}
            for s, label in reversed(progress.STAGES.items())
        ]
        if late:
            url = _list_url(round, place, line.query, stage=OVERDUE)
            cells.append({"label": _("逾期"), "value": line.missing, "url": url})
        rows.append(
            {
                "label": line.label, "url": deeper if line.deeper else listed, "expected": line.expected, "listed": listed, "cells": cells,
                "svg": bar.svg, "percent": f"{100 * line.standing // (line.expected or 1)}%",
            }
        )  # fmt: skip
    return rows


# -- the lists ------------------------------------------------------------------------------------------------------------------


@reads_only
def progress_households(request: HttpRequest) -> HttpResponse:
    """The households behind a figure."""
    rounds, round = _rounds(request)
    if round is None:
        return render(request, "surveys/progress.html", _nothing(False))
    filterset = RoundFilter(
        request.GET, progress.expected(request.user, round), round=round, rounds=rounds, request=request
    )

    def context(page: pages.Page) -> dict[str, Any]:
        names = progress.names_of(h.person for h in page.rows)
        late = progress.is_overdue(round)
        shown = [
            {
                "row": Row(h), "stage": progress.STAGES[h.stage], "tone": progress.TONES[h.stage], "who": names.get(h.person, ""),
                "on": h.surveyed_on, "late": late and h.stage in progress.MISSING,
            }
            for h in page.rows
        ]  # fmt: skip
        own = {"round": str(round.pk)}
        chips = pages.active_filters(filterset, url)
        return {
            "may_print": request.user.can(Permission.SURVEY_FILL),  # type: ignore[union-attr]
            "rows": shown, "round": round, "back": pages.address(reverse("surveys:progress"), own), "clear_url": pages.address(url, own),
            "chips": [chip for name, chip in zip(pages.query_of(filterset), chips, strict=True) if name != "round"],
        }  # fmt: skip

    url = reverse("surveys:progress_households")
    return pages.list_page(
        request, template="surveys/progress_households.html", url=url, filterset=filterset, context=context, counted=counted,
        rows=lambda found: with_progress(found, round.year, request.user),
    )  # fmt: skip


@reads_only
def progress_phones(request: HttpRequest) -> HttpResponse:
    """Whose phone said that it holds something not uploaded; the tile is the sum of these."""
    require_somewhere(request.user, Permission.SURVEY_REVIEW)
    rounds, round = _rounds(request)
    regions = RegionChoices(request.user, request.GET.get("region", ""))
    region = regions.chosen or (round.region if round else None)
    phones = progress.phones_of(request.user, region)
    back = pages.address(reverse("surveys:progress"), {"round": str(round.pk)} if round else {})
    context = {
        "phones": phones.select_related("user").order_by("seen_at", "pk")[:SHOWN_PHONES], "region": region, "back": back,
        "total": phones.aggregate(n=Sum("waiting"))["n"] or 0,
    }  # fmt: skip
    return render(request, "surveys/progress_phones.html", context)
