"""What of party building waits for somebody, as tiles of the first page: each is the length of the list it opens."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import pages
from common.tiles import Ask, Tile
from party.models import StageProposal


def tiles(user: Any) -> list[Ask]:
    """Steps to confirm. What rules still ask for is worked out village by village and stands on the page of all villages."""
    if not user.can(Permission.PARTY_CONFIRM):
        return []
    rows = StageProposal.objects.for_user(user, Permission.PARTY_CONFIRM).filter(state=StageProposal.State.OPEN)
    url = pages.address(reverse("party:proposal_list"), {"of": "me"})
    mine = rows.exclude(proposed_by=user.username)
    return [Ask(mine, lambda n: Tile(_("待我确认的发展党员"), n, url, _("别人提出或登记的"), "amber", 40))]
