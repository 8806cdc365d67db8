"""行业部门: which kinds of help are a department's own, and where. It sees the measures of its kinds, and of their households nothing else."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.roles import GRANTS, Permission, Role
from catalogue.models import MeasureKind
from common.lookups import among
from households import codelists
from households.models import Member
from regions.models import Region

MINE = Permission.MEASURE_DEPARTMENT


@dataclass(frozen=True)
class Own:
    """Keys of one posting's regions and of the kinds its department answers for."""

    regions: frozenset[int]
    kinds: frozenset[int]


def own_of(user: Any) -> list[Own]:
    """What the postings of a user make their own; a query for all kinds and one a posting, once a request."""
    if not hasattr(user, "_own_kinds"):  # by attribute: the `__dict__` of the lazy `request.user` is not the user's
        # An empty department is no department: kinds without one belong to nobody.
        postings = [p for p in user.postings_now if MINE in GRANTS[Role(p.role)] and p.department]
        kinds: dict[str, set[int]] = {p.department: set() for p in postings}
        for pk, name in (
            MeasureKind.objects.filter(department__in=list(kinds)).order_by().values_list("pk", "department")
        ):
            kinds[name].add(pk)
        user._own_kinds = [
            Own(
                frozenset(
                    Region.objects.filter(path__startswith=p.region.path).order_by().values_list("pk", flat=True)
                ),
                frozenset(kinds[p.department]),
            )
            for p in postings
            if kinds[p.department]
        ]
    found: list[Own] = user._own_kinds
    return found


def own_rows(user: Any) -> Q:
    """Rows with a `kind` and a `village` that are the department's own, as literal lists of keys."""
    ways = [among("kind_id", sorted(own.kinds)) & among("village_id", sorted(own.regions)) for own in own_of(user)]
    return functools.reduce(operator.or_, ways) if ways else Q(pk__in=[])


def own_kinds(user: Any) -> list[MeasureKind]:
    """The kinds themselves, in the order of the catalogue."""
    keys = {pk for own in own_of(user) for pk in own.kinds}
    return list(MeasureKind.objects.filter(pk__in=keys).order_by("column", "code"))


def is_own(user: Any, row: Any) -> bool:
    """Whether a measure or delivery, saved or not, is of an own kind in the own area."""
    return user.is_active and any(row.kind_id in own.kinds and row.village_id in own.regions for own in own_of(user))


def with_numbers(measures: QuerySet[Any]) -> QuerySet[Any]:
    """Bring along `number`, masked: the beneficiary's, and the householder's where it is for all of them. It is all
    that a department learns of the household, so no gate of the household stands before it."""
    head = Member.objects.filter(household=OuterRef("household"), relation=codelists.HOUSEHOLDER, left_on=None)
    return measures.annotate(number=Coalesce("member__id_masked", Subquery(head.values("id_masked")[:1])))
