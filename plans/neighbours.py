"""What the proposal engine may know of a household's village: the other households with its causes and unmet guarantees, their income and what
they received. Three queries, and one for each reader of `plans.received` asked twice.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db.models import Q

from households.models import Household, HouseholdYear
from households.models.annual import CHECKS
from plans import received
from plans.proposals import Neighbour, Neighbours

MOST = 2000  # other households that are looked at


def of(household: Household, year: int, *, user: Any, today: dt.date) -> Neighbours:
    """The neighbours of a household (already through the row gate) by the sources of its record of `year`, as far as `user` sees them."""
    record = HouseholdYear.objects.filter(household=household, year=year).first()
    had = frozenset((each.kind, each.member) for each in received.receipts([household.pk]))
    if record is None:
        return Neighbours((), had)
    causes = {record.main_cause, *record.other_causes} - {""}
    unmet = [name for name in CHECKS if getattr(record, f"check_{name}") == "no"]
    if not (causes or unmet):
        return Neighbours((), had)
    last = today.year - 1
    same = Q(main_cause__in=causes) | Q(other_causes__overlap=sorted(causes)) if causes else Q(pk__in=[])
    for name in unmet:
        same |= Q(**{f"check_{name}": "no"})
    names = ("household_id", "main_cause", "other_causes", *(f"check_{name}" for name in unmet))
    sources: dict[int, set[str]] = defaultdict(set)
    found = (
        HouseholdYear.objects.for_user(user)
        .filter(same, household__village=household.village_id, household__closed_on=None, year__in=(last, today.year))
        .exclude(household=household)
        .order_by("household", "year")
    )
    for pk, main, others, *checks in found.values_list(*names)[: 2 * MOST]:
        sources[pk] |= {f"cause:{code}" for code in {main, *others} & causes}
        sources[pk] |= {f"check:{name}" for name, state in zip(unmet, checks, strict=True) if state == "no"}
    keys = list(sources)
    incomes: dict[int, dict[int, Decimal]] = defaultdict(dict)
    money = HouseholdYear.objects.filter(household__in=keys, year__in=(last - 1, last), per_head_income__isnull=False)
    for pk, of_year, amount in money.order_by().values_list("household_id", "year", "per_head_income"):
        incomes[pk][of_year] = amount
    got: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for each in received.receipts(keys, last):
        got[each.household][each.year].add(each.kind)
    return Neighbours(
        tuple(
            Neighbour(
                frozenset(sources[pk]),
                dict(incomes[pk]),
                {of_year: frozenset(kinds) for of_year, kinds in got[pk].items()},
            )
            for pk in keys
        ),
        had,
    )
