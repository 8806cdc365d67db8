"""The first page after the log-in: what there is to do, what can be done, how the own area stands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles import Permission
from common.jobs import jobs_of
from common.readonly import reads_only
from households.first_page import first_page_of
from households.lead import lead_for
from households.models import StatusChange

SHOWN = 5
TILES = 8  # what waits as tiles; the rest stands below as lines


@reads_only
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    page = first_page_of(user)
    context: dict[str, Any] = {
        "jobs": jobs_of(user)[:SHOWN],
        "news": page.news,
        "can_view": page.figures is not None,
        "waiting": page.waiting[:TILES],
        "more": page.waiting[TILES:],
        "quiet": page.quiet,
        "figures": page.figures,
        "todo": page.todo,
    }
    if page.figures is not None:
        if user.can(Permission.STATUS_CONFIRM) and page.figures.proposals.households:
            proposed = StatusChange.objects.for_user(user, Permission.STATUS_CONFIRM).filter(
                state=StatusChange.State.PROPOSED
            )
            context["proposals"] = proposed.select_related("household__village", "proposed_by").order_by(
                "proposed_at", "pk"
            )[:SHOWN]
        context["lead"] = lead_for(user)
    return render(request, "households/home.html", context)
