"""As what somebody came to a household on a day: worked out from pairing, team place and posting, never told by who came."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from accounts.models import Posting
from accounts.roles import Permission, Role
from accounts.scoping import visible_region_ids
from cadres.models import Cadre, TeamMember
from common.lookups import among
from households.models import Household, Pairing
from visits.models import Capacity

OF_ROLE = {
    Role.VILLAGE_CLERK: Capacity.VILLAGE,
    Role.RESIDENT_TEAM: Capacity.TEAM,
    Role.TOWNSHIP_OFFICER: Capacity.TOWNSHIP,
    Role.COUNTY_OFFICIAL: Capacity.COUNTY,
}


def own_duties(user: Any) -> Q:
    """Of `VisitDuty`: what this user is to do, as the helper of the household or as what they are in its village. Asked together with
    the row scope, which is what finds the rows; no query of its own beside those that every page has asked already."""
    own = Q(cadre__user_id=user.pk)
    posted = {OF_ROLE[Role(posting.role)] for posting in user.postings_now if posting.role in OF_ROLE}
    if posted:
        area = among("village_id", visible_region_ids(user, Permission.VISIT_RECORD))
        own |= Q(cadre=None, rule__capacity__in=posted) & area
    places = TeamMember.objects.current().filter(cadre__user_id=user.pk).order_by().values("team__village")
    leading = places.filter(is_first_secretary=True)
    own |= Q(cadre=None, rule__capacity=Capacity.TEAM, village__in=places)
    return own | Q(cadre=None, rule__capacity=Capacity.FIRST_SECRETARY, village__in=leading)


def capacities_on(day: dt.date, household: Household, *, visitor: Any, cadre: Cadre | None) -> list[str]:
    """The capacities in their own order; empty for who was nothing to the household on that day. A first secretary is of the team, too.
    Three queries at most."""
    found = {
        OF_ROLE[Role(role)]
        for role in Posting.objects.current(day)
        .filter(user=visitor, region__in=household.village.ancestor_ids, role__in=OF_ROLE)
        .values_list("role", flat=True)
    }
    if cadre is not None:
        if Pairing.objects.current(day).filter(household=household, cadre=cadre).exists():
            found.add(Capacity.HELPER)
        places = TeamMember.objects.current(day).filter(cadre=cadre, team__village=household.village_id)
        for is_secretary in places.values_list("is_first_secretary", flat=True):
            found.add(Capacity.TEAM)
            if is_secretary:
                found.add(Capacity.FIRST_SECRETARY)
    return [each.value for each in Capacity if each in found]
