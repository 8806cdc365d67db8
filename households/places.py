"""What households do when the tree of regions changes: they follow, or the change does not happen."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import ngettext

from households.models import Household
from households.services import follow_merge
from regions.models import Region
from regions.services import RegionError


def follow_region(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    """Called inside the change of regions. Who keeps the tree but may not move households (a system administrator) is refused as
    soon as there are any: otherwise they would be left behind in a village that is no more."""
    follow_merge(old=old, new=new, by=by)
    there = Household.objects.filter(village=old)
    left = (there if old.pk != new.pk else there.exclude(township=new.parent)).count()
    if left:
        raise RegionError(
            ngettext(
                "%(region)s有 %(count)s 户要一并转移，您没有迁移农户的权限，请由县级管理人员办理。",
                "%(region)s有 %(count)s 户要一并转移，您没有迁移农户的权限，请由县级管理人员办理。",
                left,
            )
            % {"region": old.full_name, "count": left}
        )


def why_occupied(region: Region) -> str:
    """A village with households cannot be closed."""
    count = Household.objects.active().filter(village=region).count()
    if not count:
        return ""
    return ngettext("还有 %(count)s 户登记在这里", "还有 %(count)s 户登记在这里", count) % {"count": count}
