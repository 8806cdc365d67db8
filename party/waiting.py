"""What of party building waits for somebody, as tiles of the first page: each is the length of the list it opens."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import pages
from common.tiles import Ask, Tile
from party import development, due
from party.models import Branch, StageProposal
from party.rules import Rules
from party.scope import in_view


def tiles(user: Any) -> list[Ask]:
    """Steps to confirm; villages that must develop somebody young; what the month and the quarter that run still ask for."""
    if not user.can(Permission.PARTY_EDIT):
        return []
    found = []
    if user.can(Permission.PARTY_CONFIRM):
        steps = StageProposal.objects.for_user(user, Permission.PARTY_CONFIRM).filter(state=StageProposal.State.OPEN)
        mine = pages.address(reverse("party:proposal_list"), {"of": "me"})
        found.append(
            Ask(
                steps.exclude(proposed_by=user.username),
                lambda n: Tile(_("待我确认的发展党员"), n, mine, _("别人提出或登记的"), "amber", 40),
            )
        )
    rules, villages = Rules.load(), in_view(user)
    young = pages.address(reverse("party:development_list"), {"state": "open"})
    now = pages.address(reverse("party:due_list"), {"state": "now"})
    branches = Branch.objects.filter(village__in=villages)
    return [
        *found,
        Ask(
            development.in_need(villages, rules),
            lambda n: Tile(_("要发展年轻党员的村"), n, young, _("每村两年至少一名，提前提醒"), "amber", 41),
        ),
        Ask(
            due.unmet_now(branches, rules), lambda n: Tile(_("组织生活还没开"), n, now, _("本月、本季度应开的"), "", 42)
        ),
    ]
