"""The verb of 应享实享: look through the villages of one's own area again."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions, require_somewhere
from common import jobs
from common.models import Job


def look_again(*, by: Any) -> Job:
    """Queue a look through every village that `by` may see; asked for twice it is one job. No fact changes."""
    require_somewhere(by, Permission.HOUSEHOLD_VIEW)
    region = next(iter(posted_regions(by, Permission.HOUSEHOLD_VIEW)), None)
    return jobs.submit(
        "assistance.entitlement",
        by=by,
        title=_("统计应享实享"),
        key=str(by.pk),
        region_path=region.path if region else "",
    )
