"""What the pages of visits share: rows through their gate, the tabs that lead from one page to the other."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from households.models import Household
from visits.models import Visit


def household_or_404(request: HttpRequest, pk: int, act: Permission | None = None) -> Household:
    """A household that one sees (404), and on which one holds the permission (403)."""
    rows = Household.objects.for_user(request.user).select_related("village", "township")
    household: Household = get_object_or_404(rows, pk=pk)
    if act is not None:
        require(request.user, act, household)
    return household


def visit_or_404(request: HttpRequest, pk: int) -> Visit:
    rows = Visit.objects.for_user(request.user).select_related(
        "household__village", "household__township", "visitor", "request", "cadre__unit"
    )
    visit: Visit = get_object_or_404(rows, pk=pk)
    return visit


def parts(request: HttpRequest, here: str) -> list[tuple[str, str, bool]]:
    """The pages of 走访, for `{% tabs %}`: those this user may open."""
    user: Any = request.user
    pages = [
        ("visit_list", _("走访记录"), Permission.HOUSEHOLD_VIEW),
        ("duty_list", _("待走访"), Permission.HOUSEHOLD_VIEW),
        ("coverage", _("覆盖情况"), Permission.HOUSEHOLD_VIEW),
        ("visited_list", _("多久没走访"), Permission.HOUSEHOLD_VIEW),
        ("month", _("日历"), Permission.HOUSEHOLD_VIEW),
        ("rule_list", _("走访要求"), Permission.CADRE_VIEW),
    ]
    return [(title, reverse(f"visits:{name}"), name == here) for name, title, needed in pages if user.can(needed)]
