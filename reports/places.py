"""Which villages papers are printed of."""

from __future__ import annotations

from typing import Any

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from common.lookups import among
from regions.models import Level, Region


def villages_of(region: Region, user: Any, permission: Permission = Permission.LEDGER_PRINT) -> Any:
    """The villages of an area that the user may print papers of; a helper has households, not villages."""
    mine = visible_region_ids(user, permission)
    return Region.objects.current().within(region).filter(among("pk", mine), level=Level.VILLAGE)
