"""Whose dwelling is not safe, by the newest annual record; and what of the ledger matters when a house is sought for a household."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q

from assistance.matching import ELDERLY, House, Need, Place
from assistance.models import IdleHouse, Tenancy
from households.models import Household, HouseholdYear, Member, MemberYear

LIVE = (Tenancy.State.OFFERED, Tenancy.State.ACCEPTED, Tenancy.State.MOVED_IN)
UNSAFE_GRADES = ("C", "D")
DISABLED, LIMB = "04", "4"
# What makes a dwelling unsafe: the guarantee is known not to be met, the dwelling is called unsafe, or it is graded C or D. A record that
# says none of it leaves it open, and an open question is no reason to move anybody.
UNSAFE = Q(check_housing="no") | Q(dwelling_unsafe=True) | Q(dwelling_grade__in=UNSAFE_GRADES) | Q(dwelling_area=0)


def newest_records() -> Any:
    """The newest annual record of the outer household."""
    return HouseholdYear.objects.filter(household=OuterRef("pk"), year=OuterRef("latest_year"))


def without_safe_housing(households: Any) -> Any:
    """Those of `households` whose newest record says that they have no dwelling or an unsafe one."""
    return households.filter(Exists(newest_records().filter(UNSAFE)))


def waiting(households: Any) -> Any:
    """Those without safe housing to whom no house has been offered."""
    taken = Tenancy.objects.filter(household=OuterRef("pk"), state__in=LIVE)
    return without_safe_housing(households.active()).filter(~Exists(taken))


def is_unsafe(household: Household) -> bool:
    """The same of one household."""
    return household.years.filter(UNSAFE, year=household.latest_year).exists()


# -- for the matching -----------------------------------------------------------------------------------------------------------------


def needs_of(households: Sequence[Household], today: dt.date) -> list[Need]:
    """What each household needs of a house; two queries for all. `village` comes with `parent`."""
    keys = [h.pk for h in households]
    people: dict[int, list[Member]] = {}
    for member in Member.objects.filter(household__in=keys, left_on=None).only("household_id", "birth_date"):
        people.setdefault(member.household_id, []).append(member)
    disabled = _disabled(keys)
    found = []
    for household in households:
        members = people.get(household.pk, [])
        ages = [age for m in members if (age := m.age_on(today)) is not None]
        found.append(
            Need(
                key=household.pk,
                place=place_of(household.village, household.hamlet),
                members=max(len(members), 1),
                elderly=sum(age >= ELDERLY for age in ages),
                disabled=sum(m.pk in disabled for m in members),
            )
        )
    return found


def _disabled(households: Iterable[int]) -> set[int]:
    """Members whose newest record says so; a record of any year counts, because a disability of the limbs is not cured by a new year."""
    rows = MemberYear.objects.filter(member__household__in=list(households), member__left_on=None)
    marked = Q(health__contains=[DISABLED]) | ~Q(disability_kind="")
    return set(rows.filter(marked).order_by().values_list("member_id", flat=True))


def house_of(house: IdleHouse, today: dt.date, taken: bool = False) -> House:
    """A row as the matching sees it; `village` comes with `parent`. `taken`: a live tenancy stands on it."""
    return House(
        key=house.pk,
        place=place_of(house.village, house.hamlet),
        area=house.area,
        rooms=house.rooms,
        step_free=house.is_step_free,
        grade=house.grade,
        free=house.state == IdleHouse.State.FREE and not taken,
        rent=house.rent,
        inspection_late=house.next_inspection_on is not None and house.next_inspection_on < today,
    )


def place_of(village: Any, hamlet: str) -> Place:
    """Keys from the county down; a village without county above it stands alone."""
    above = village.ancestor_ids
    return Place(above[-3] if len(above) > 2 else 0, above[-2] if len(above) > 1 else 0, village.pk, hamlet.strip())


def free_houses(houses: Any) -> Any:
    """Those of `houses` that may be offered: free, graded A or B, nobody's."""
    taken = Tenancy.objects.filter(house=OuterRef("pk"), state__in=LIVE)
    return houses.filter(~Exists(taken), state=IdleHouse.State.FREE, grade__in=("A", "B"))
