"""Looking through ledgers for gaps: on request, and every night what has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common import jobs, nightly
from households.models import Household
from regions.models import Region
from surveys import gaps, progress


@jobs.kind("surveys.gaps")
def look_through(job: jobs.Run) -> dict[str, Any]:
    """The households of a region whose ledger has changed since they were last looked through."""
    user = User.objects.get(username=job.job.owner)
    year = job.params["year"]
    households = gaps.asked(user, year)
    if job.params["region"] is not None:
        households = progress.within(households, Region.objects.get(pk=job.params["region"]))

    def step(done: int, total: int) -> None:
        message = _("已检查 %(done)s / %(total)s 户") % {"done": done, "total": total}
        job.step(done, total=total, message=message, force=True)

    done = refresh(households, year, step)
    return {"url_name": "surveys:gaps", "args": [], "checked": done}


@nightly.nightly
def look_through_all() -> int:
    """Every household whose ledger has changed; the number looked through."""
    return refresh(Household.objects.active(), timezone.localdate().year)


def refresh(households: Any, year: int, step: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Look again through those of `households` that are outdated, `gaps.BATCH` at a time; each batch is kept at once."""
    keys = list(gaps.outdated(households, year).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), gaps.BATCH):
        rows = (
            Household.objects.filter(pk__in=keys[start : start + gaps.BATCH]).select_related("village").order_by("pk")
        )
        gaps.keep(gaps.scan(list(rows), year))
        step(min(start + gaps.BATCH, len(keys)), len(keys))
    return len(keys)
