"""The first page after the log-in: what there is to do, what can be done, how the own area stands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles import Permission
from common.jobs import jobs_of
from common.news import news_for
from common.readonly import reads_only
from common.tiles import tiles_for
from households.figures import figures_of
from households.lead import lead_for
from households.models import StatusChange

SHOWN = 5
TILES = 8  # what waits as tiles; the rest stands below as lines


@reads_only
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    tiles = tiles_for(user)
    waiting = [tile for tile in tiles if tile.count.value]
    context: dict[str, Any] = {
        "jobs": jobs_of(user)[:SHOWN],
        "news": news_for(user),
        "can_view": user.can(Permission.HOUSEHOLD_VIEW),
        "waiting": waiting[:TILES],
        "more": waiting[TILES:],
        "quiet": [tile for tile in tiles if not tile.count.value],
    }
    if context["can_view"]:
        figures = figures_of(user)
        context["figures"] = figures
        context["todo"] = _todo(user, figures)
        if user.can(Permission.STATUS_CONFIRM) and figures.proposals.households:
            proposed = StatusChange.objects.for_user(user, Permission.STATUS_CONFIRM).filter(
                state=StatusChange.State.PROPOSED
            )
            context["proposals"] = proposed.select_related("household__village", "proposed_by").order_by(
                "proposed_at", "pk"
            )[:SHOWN]
        context["lead"] = lead_for(user)
    return render(request, "households/home.html", context)


def _todo(user: Any, figures: Any) -> list[dict[str, Any]]:
    """Tiles of what waits in the own area; a tile at 0 says that it is done."""
    tiles = [{"figure": figures.unmet, "tone": "red"}]
    if user.can(Permission.PAIRING_EDIT):
        tiles.append({"figure": figures.unpaired, "tone": "amber"})
    if user.can(Permission.STATUS_CONFIRM) or user.can(Permission.STATUS_PROPOSE):
        tiles.append({"figure": figures.proposals, "tone": "amber"})
    tiles.append({"figure": figures.monitored, "tone": ""})
    return tiles
