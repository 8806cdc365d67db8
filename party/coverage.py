"""四大课堂 by village: what was held in a period, how many came of how many, and where nothing was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum

from common.lookups import among
from party.models import Attendance, Classroom, PartyPerson, Session
from party.periods import Span
from regions.models import Region

HELD = Session.State.HELD


def held_in(sessions: Any, span: Span) -> Any:
    """Sessions that were held in the period."""
    return sessions.filter(state=HELD, held_on__gte=span.first, held_on__lt=span.end)


def people_there() -> Q:
    """Who is counted: everybody of a branch, members and those on the way, who has not left and is confirmed."""
    return Q(left_on=None) & ~Q(stage="")


def attended(span: Span) -> Exists:
    """Of a person: was at a session that was held in the period."""
    return Exists(
        Attendance._base_manager.filter(
            person=OuterRef("pk"), session__state=HELD, session__held_on__gte=span.first, session__held_on__lt=span.end
        )
    )


@dataclass
class Coverage:
    """One region, or the sum of several, in a period."""

    sessions: Counter[str] = field(default_factory=Counter)  # classroom: sessions
    villagers: int = 0
    attended: int = 0
    people: int = 0
    villages: int = 0
    unreached: int = 0

    @property
    def total(self) -> int:
        return sum(self.sessions.values())

    @property
    def missing(self) -> list[str]:
        return [str(Classroom(c).label) for c in Classroom if not self.sessions[c]]

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.sessions + other.sessions, self.villagers + other.villagers, self.attended + other.attended, self.people + other.people,
            self.villages + other.villages, self.unreached + other.unreached,
        )  # fmt: skip


def look(villages: Iterable[Region], span: Span) -> dict[int, Coverage]:
    """{village key: its coverage}; three queries."""
    found = {village.pk: Coverage(villages=1) for village in villages}
    sessions = held_in(Session._base_manager.filter(among("village_id", found)), span).order_by()
    counted = sessions.values_list("village_id", "course__classroom").annotate(Count("pk"), Sum("villagers"))
    for key, classroom, number, villagers in counted:
        found[key].sessions[classroom] += number
        found[key].villagers += villagers or 0
    people = PartyPerson._base_manager.filter(among("branch__village_id", found), people_there()).order_by()
    for key, number in people.values_list("branch__village_id").annotate(Count("pk")):
        found[key].people = number
    for key, number in people.filter(attended(span)).values_list("branch__village_id").annotate(Count("pk")):
        found[key].attended = number
    for coverage in found.values():
        coverage.unreached = int(not coverage.total)
    return found


def unreached(coverage: dict[int, Coverage], classroom: str = "") -> list[int]:
    """Villages without any session in the period, or without one of a classroom."""
    return [key for key, each in coverage.items() if not (each.sessions[classroom] if classroom else each.total)]
