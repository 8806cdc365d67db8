"""What visits put into the pack of a phone (`surveys.pack`): when somebody was there, what is due next and why, how much is open. Neither
what was said on a visit nor a whole phone number: a phone gets lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.roles import Permission
from common.lookups import among
from households.models import Household
from surveys.pack import Part
from visits import facts, words
from visits.spoken import why


def told(user: Any, households: Sequence[Household]) -> Mapping[int, Any]:
    """{household pk: {"last": {"on", "manner"} or None, "due": {"on", "why", "manner"} or None, and numbers: "tasks", "requests",
    "missing"}}."""
    found = facts.of_households(user, [household.pk for household in households])
    return {
        pk: {
            "last": one.last,
            "due": {"on": one.duty.next_due_on.isoformat(), "why": why(one.duty), "manner": one.duty.rule.manner}
            if one.duty and one.duty.next_due_on
            else None,
            "tasks": one.tasks,
            "requests": one.requests,
            "missing": one.missing,
        }
        for pk, one in found.items()
    }


def due_households(user: Any, most: int) -> list[Household]:
    """Households where this user is to visit, the most urgent first."""
    if not user.can(Permission.VISIT_RECORD):
        return []
    wanted = list(facts.duties_of(user))[:most]
    rows = Household.objects.for_user(user, Permission.VISIT_RECORD).active().select_related("village")
    found = {household.pk: household for household in rows.filter(among("pk", wanted)).order_by("pk")}
    return [found[pk] for pk in wanted if pk in found]


PART = Part("visit", told, due_households, words.of_home)
