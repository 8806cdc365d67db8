"""What of the visits waits for somebody, as tiles of the first page and a badge in the menu: each is the length of the list it opens."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions
from common import pages
from common.lookups import among
from common.tiles import Ask, Tile
from households.querysets import paired_household_ids
from visits.filters import DUE, OVERDUE
from visits.models import VisitDuty


def tiles(user: Any) -> list[Ask]:
    """To be visited, and late."""
    if not user.can(Permission.VISIT_RECORD):
        return []
    rows = VisitDuty.objects.for_user(user, Permission.VISIT_RECORD)
    url = reverse("visits:duty_list")
    due, overdue = pages.address(url, {"state": DUE}), pages.address(url, {"state": OVERDUE})
    return [
        Ask(rows.due(), lambda n: Tile(_("待走访"), n, due, _("本期还没走访的户次"), "", 13)),
        Ask(rows.overdue(), lambda n: Tile(_("逾期未走访"), n, overdue, _("过了最迟日期"), "red", 14)),
    ]


def late(user: Any) -> Any:
    """What is overdue where the user records visits: the number in the menu. The area is asked by path, which the postings bring along, and
    whom one helps is known already: a badge is asked on every page."""
    if not user.can(Permission.VISIT_RECORD):
        return VisitDuty.objects.none()
    area = among("household_id", paired_household_ids(user)) if user.is_helper else Q(pk__in=[])
    for region in posted_regions(user, Permission.VISIT_RECORD):
        area |= Q(village__path__startswith=region.path)
    return VisitDuty.objects.overdue().filter(area)
