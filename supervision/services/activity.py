"""The verb behind 现在统计 of a month."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_somewhere, visible_region_ids
from common import dates, jobs
from common.lookups import among
from common.models import Job
from regions.models import Level, Region

RECOUNT = "activity.recount"


@transaction.atomic
def ask_recount(*, month: dt.date, by: Any) -> Job:
    """Count what the villages of the user's area recorded in a month, as a job. Permission ORDER_VIEW."""
    require_somewhere(by, Permission.ORDER_VIEW)
    return jobs.submit(
        RECOUNT, by=by, title=_("统计%(month)s各级工作量") % {"month": dates.month(month)}, params={"month": month.isoformat(), "user": by.pk},
        key=f"activity/{month}/{by.pk}",
    )  # fmt: skip


def villages_for(user: Any) -> list[int]:
    """The villages of where the user sees orders."""
    keys = visible_region_ids(user, Permission.ORDER_VIEW)
    rows = Region.objects.filter(among("pk", keys), level=Level.VILLAGE)
    return list(rows.order_by().values_list("pk", flat=True))
