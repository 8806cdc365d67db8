"""What of party building waits for somebody, as tiles of the first page: each is the length of the list it opens."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import pages
from common.pages import Count
from common.tiles import Tile
from party import development, due
from party.models import StageProposal
from party.rules import Rules
from party.scope import villages_of


def tiles(user: Any) -> list[Tile]:
    """Steps to confirm; villages whose rule is broken or about to be; what this month and quarter still ask for."""
    found: list[Tile] = []
    if not user.can(Permission.PARTY_EDIT):
        return found
    if user.can(Permission.PARTY_CONFIRM):
        rows = StageProposal.objects.for_user(user, Permission.PARTY_CONFIRM).filter(state=StageProposal.State.OPEN)
        count = Count.of(rows.exclude(proposed_by=user.username).count())
        url = pages.address(reverse("party:proposal_list"), {"of": "me"})
        found.append(Tile(_("待我确认的发展党员"), count, url, _("别人提出或登记的"), "amber", 40))
    villages, rules = villages_of(user), Rules.load()
    alarms = len(development.villages_in(development.look(villages, rules), "alarm"))
    url = pages.address(reverse("party:development_list"), {"state": "alarm"})
    found.append(Tile(_("发展年轻党员预警"), Count.of(alarms), url, _("两年一名的要求"), "red", 41))
    now = len(due.running(villages, rules))
    url = pages.address(reverse("party:due_list"), {"state": "now"})
    found.append(Tile(_("组织生活还没开"), Count.of(now), url, _("本月、本季度应开的"), "", 42))
    return found
