"""A batch of approvals that is too long for a page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Permission
from common import jobs
from common.pages import in_order
from surveys.models import Survey
from surveys.services import review


@jobs.kind("surveys.approve")
def approve_surveys(job: jobs.Run) -> dict[str, Any]:
    """Approve what needs no reader, as the job's owner; started anew it leaves alone what is approved already."""
    owner = User.objects.get(username=job.job.owner)
    pks = job.params["surveys"]
    approved = skipped = 0
    for start in range(0, len(pks), review.CHUNK):
        rows = Survey.objects.for_user(owner, Permission.SURVEY_REVIEW).select_related("form", "surveyor", "household")
        done = review.approve_batch(surveys=in_order(rows, pks[start : start + review.CHUNK]), by=owner)
        approved, skipped = approved + len(done.approved), skipped + len(done.skipped)
        said = _("已通过 %(approved)s 份，%(skipped)s 份没有动，要逐份看") % {"approved": approved, "skipped": skipped}
        job.step(min(start + review.CHUNK, len(pks)), total=len(pks), message=said, force=True)
    return {"approved": approved, "skipped": skipped, "url_name": "surveys:survey_list"}
