"""The ledger booklet (一户一本台账), as the ledger's own read model and what upper floors put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from households import ledger, papers
from households.models import Household
from reports.kinds import Ask, Draft


def models(households: Sequence[Household], ask: Ask) -> Mapping[int, Draft | str]:
    """A fixed number of queries, about thirty, whatever the households."""
    ledgers = ledger.load_many(households, ask.user, year=ask.year)
    more = papers.sections_of(ledgers, ask.user)
    return {
        one.household.pk: Draft(
            ledger.print_model(one, full=ask.full, document={}, more=more.get(one.household.pk, ())), one.year
        )
        for one in ledgers
    }
