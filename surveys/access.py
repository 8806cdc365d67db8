"""Whose household it is, for whoever surveys: mine, once mine, never mine."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from accounts.models import Posting
from accounts.roles import GRANTS, Permission, Role
from common import audit
from households.models import Household, Pairing
from regions.models import Region
from surveys.models import Survey, VerificationTask

FILL = Permission.SURVEY_FILL
FILL_ROLES = [role for role, grants in GRANTS.items() if FILL in grants and role != Role.HELPER]


def mine(user: Any, uid: uuid.UUID, *, lock: bool = False) -> Household | None:
    """The household in which the user may fill surveys today; None where there is none. `lock`: nobody writes its ledger meanwhile."""
    rows = Household.objects.for_user(user, FILL).filter(uid=uid).select_related("village")
    found: Household | None = (rows.select_for_update(of=("self",), no_key=True) if lock else rows).first()
    return found


def once_mine(user: Any, household: Household) -> bool:
    """Whether the user had to do with the household before: a pairing, a posting that covered its village of today or of an earlier
    day, a survey begun. Whoever never had is no surveyor whose work could be lost."""
    if Pairing.objects.filter(household=household, cadre__user_id=user.pk).exists():
        return True
    if Survey.objects.filter(household=household, surveyor_id=user.pk).exists():
        return True
    villages = {household.village_id, *_earlier_villages(household)}
    regions = {pk for path in _paths(villages) for pk in path}
    return Posting.objects.filter(user_id=user.pk, role__in=FILL_ROLES, region__in=regions).exists()


def _earlier_villages(household: Household) -> set[int]:
    """Where the household has moved from, as its history tells."""
    moves = audit.trail_of(household.subject).filter(action="household.moved")
    pairs = [audit.content_of(event)["changes"].get("village_id", []) for event in moves]
    return {int(pk) for pair in pairs for pk in pair if pk}


def _paths(villages: set[int]) -> list[list[int]]:
    return [region.ancestor_ids for region in Region.objects.filter(pk__in=villages)]


def open_task(user: Any, household: Household, year: int) -> VerificationTask | None:
    """The second look at this household that waits for this user."""
    tasks = VerificationTask.objects.filter(
        household=household, year=year, assignee_id=user.pk, state=VerificationTask.State.OPEN
    )
    return tasks.first()


def had_task(user: Any, household: Household, year: int) -> bool:
    return VerificationTask.objects.filter(household=household, year=year, assignee_id=user.pk).exists()


def second_looks(user: Any, households: Iterable[int]) -> Any:
    """The second looks at these households that wait for this user, (household_id, year), latest year first; None where the user fills
    no surveys."""
    if not user.can(FILL):
        return None
    tasks = VerificationTask._base_manager.filter(
        assignee_id=user.pk, state=VerificationTask.State.OPEN, household__in=households
    )
    return tasks.order_by("-year", "pk").values_list("household_id", "year")
