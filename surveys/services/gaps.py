"""The verb of 查缺补漏: look through the ledgers of a place again."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import may_in
from common import jobs
from common.models import Job
from regions.models import Region


def check_gaps(*, by: Any, region: Region | None = None) -> Job:
    """Queue a look through the households of a region, or of all that `by` may see; asked for twice it is one job.

    Nothing of a ledger changes; the job looks only at households that `by` may see.
    """
    if not by.can(Permission.HOUSEHOLD_VIEW) or (
        region is not None and not may_in(by, Permission.HOUSEHOLD_VIEW, region)
    ):
        raise PermissionDenied(Permission.HOUSEHOLD_VIEW)
    year = timezone.localdate().year
    title = _("查缺补漏：%(place)s") % {"place": region.name if region else _("我的农户")}
    return jobs.submit(
        "surveys.gaps", by=by, title=title, params={"region": region.pk if region else None, "year": year},
        key=f"{by.pk}:{region.pk if region else ''}:{year}", region_path=region.path if region else "",
    )  # fmt: skip
