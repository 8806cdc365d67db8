"""The posting that comes with a place in a team: 驻村工作队 in the village, for who has a log-in; it ends with the place.

Given and taken by the verbs of `accounts`, which ask whether whoever acts may; what could not be done is said on the team's page.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import services as accounts
from accounts.models import Posting, User
from accounts.postings import accounts_for, may_grant
from accounts.roles import Role
from cadres.models import Cadre, TeamMember
from regions.models import Region

ROLE = Role.RESIDENT_TEAM


def posting_of(user: User | None, village: Region) -> Posting | None:
    """The posting as resident team in the village, in force or to come."""
    if user is None:
        return None
    found = Posting.objects.filter(user=user, role=ROLE, region=village).order_by("-starts_on")
    return next((posting for posting in found if not posting.is_over), None)


def why_not(cadre: Cadre, village: Region, by: Any) -> str:
    """Why `by` cannot post the cadre in the village now, in a sentence; "" where it can be done."""
    user = cadre.user
    if user is None:
        return _("%(name)s没有登录账号。") % {"name": cadre.name}
    if not user.is_active:
        return _("%(name)s的账号已经停用，请先启用。") % {"name": cadre.name}
    if posting_of(user, village) is not None:
        return _("%(name)s在这个村已经有驻村工作队的权限。") % {"name": cadre.name}
    if not may_grant(by, ROLE, village) or not _managed(user, by):
        return _("%(name)s的账号不归您管理，请县级管理人员安排任职。") % {"name": cadre.name}
    return ""


def _managed(user: User, by: Any) -> bool:
    """Whether `by` looks after the account; nobody posts themselves."""
    return user.pk != by.pk and accounts_for(by).filter(pk=user.pk).exists()


def give(place: TeamMember, *, by: Any) -> Posting | None:
    """Post the member in the village, where that can be done."""
    cadre, village = place.cadre, place.team.village
    if why_not(cadre, village, by) or cadre.user is None:
        return None
    return accounts.post_user(user=cadre.user, role=ROLE, region=village, by=by)


def take(place: TeamMember, *, by: Any) -> None:
    """End the posting with the place, unless another place in the same team goes on or the account is not in `by`'s care."""
    user, village = place.cadre.user, place.team.village
    posting = posting_of(user, village)
    if user is None or posting is None or not _managed(user, by):
        return
    if TeamMember.objects.filter(team__village=village, cadre=place.cadre_id, ends_on=None).exists():
        return
    today = timezone.localdate()
    accounts.end_posting(posting=posting, by=by, ends_on=max(place.ends_on or today, today))


def left_open(place: TeamMember, today: dt.date | None = None) -> bool:
    """Whether the place is over and the posting is not: somebody who manages the account has to end it."""
    over = place.ends_on is not None and place.ends_on <= (today or timezone.localdate())
    return over and posting_of(place.cadre.user, place.team.village) is not None
