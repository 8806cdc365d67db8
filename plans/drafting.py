"""What the engine proposes for a stored household, read from ledger, catalogue and village; the same for the page and for whoever takes it over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from catalogue.eligibility import facts_of
from catalogue.models import MeasureKind
from households import curtain
from households.models import Household
from plans import neighbours
from plans.models import Task
from plans.proposals import Considered, Proposal, consider


@dataclass(frozen=True)
class Drafting:
    """`year`: of the annual record it was found in, the newest up to the plan's year; 0 where there is none."""

    found: Considered
    year: int

    def chosen(self, keys: set[str]) -> list[Proposal]:
        return [each for each in self.found.proposals if each.key in keys]


def drafting_of(household: Household, year: int, *, user: Any, today: dt.date) -> Drafting:
    """For a household (already through the row gate) and the year of the plan, in a fixed number of queries. A year that is hidden from the
    user counts for nothing."""
    hidden = curtain.hidden_from(user, [household.pk]).get(household.pk, year + 1)
    records = household.years.filter(year__lte=year, year__lt=hidden).order_by("-year")
    known = records.values_list("year", flat=True).first() or 0
    facts = facts_of([household], known, today=today)[household.pk]
    near = neighbours.of(household, known, user=user, today=today)
    return Drafting(consider(facts, MeasureKind.objects.in_force(today), near, today), known)


def taken_over(proposal: Proposal) -> dict[str, Any]:
    """A proposal as `services.draft_plan` takes it; what the village received is among the reasons, as it was on that day."""
    reasons = [*proposal.reasons, *(proposal.like.sentences if proposal.like else ())]
    return {
        "source": proposal.source, "goal": proposal.goal, "kind": proposal.kind, "member": proposal.member, "reasons": reasons,
    }  # fmt: skip


def used(kind: MeasureKind) -> bool:
    """For `catalogue.usage`: whether a task names the kind."""
    return Task.objects.filter(kind=kind).exists()
