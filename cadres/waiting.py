"""What of resident teams waits for who keeps them, as tiles of the first page: each is the length of the list it opens. One query."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from cadres import teams
from common.pages import Count, address
from common.tiles import Tile

SHOWN = ("headless", "few", "over", "ending")  # a village without a team has no first secretary
WEIGHT = 46


def tiles(user: Any) -> list[Tile]:
    """Vacancies of first secretaries, too few people, terms over and about to end. What is at nothing is left out."""
    if not user.can(Permission.CADRE_EDIT):
        return []
    counts = teams.counts_of(teams.villages_of(user), codes=SHOWN)
    listed = reverse("cadres:team_list")
    found = [(teams.PROBLEMS[code], counts[code]) for code in SHOWN]
    return [
        Tile(problem.label, Count.of(number), address(listed, {"state": problem.code}), _("驻村工作队（按村算）"), problem.tone, WEIGHT)
        for problem, number in found if number
    ]  # fmt: skip
