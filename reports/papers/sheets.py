"""Survey sheets to be filled in by hand (纸质调查表), as `surveys.paper` makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils import timezone

from households.models import Household
from reports.kinds import Ask, Draft
from surveys import paper_jobs


def filled(households: Sequence[Household], ask: Ask) -> Mapping[int, Draft | str]:
    """With what the ledger and last year have."""
    return _models(households, ask, blank=False)


def blank(households: Sequence[Household], ask: Ask) -> Mapping[int, Draft | str]:
    return _models(households, ask, blank=True)


def _models(households: Sequence[Household], ask: Ask, *, blank: bool) -> Mapping[int, Draft | str]:
    year = timezone.localdate().year
    found, why_not = paper_jobs.sheets_of(ask.user, [h.pk for h in households], year, blank=blank)
    return {pk: Draft(model, year) for pk, model in found.items()} | why_not
