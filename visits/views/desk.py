"""待办: what one is to do, at home on a phone and beside a side bar."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common.readonly import reads_only
from common.tiles import tiles_for
from visits import desk


@reads_only
def desk_page(request: HttpRequest) -> HttpResponse:
    """My households with what is due next and why, my tasks, what I have taken on, and what else waits."""
    user = request.user
    require_somewhere(user, Permission.VISIT_RECORD)
    piles = desk.piles_of(user)
    listed = {pile.url for pile in piles}
    waiting = [tile for tile in tiles_for(user) if tile.count.value and tile.url not in listed]
    context = {"homes": desk.homes_of(user, desk.ON_PAGE), "piles": piles, "waiting": waiting}
    return render(request, "visits/desk.html", context)
