"""What of 区域攻坚 and 闲置房 waits for somebody, as tiles of the first page: each is the length of the list it opens. One query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from assistance import villages
from assistance.models import IdleHouse, VillageProject
from assistance.village_filters import LATE, to_inspect
from common.pages import Count, address
from common.tiles import Ask, Tile

Stage = VillageProject.Stage
Draft = tuple[Any, Callable[[Count], Tile]]  # the rows of a list, and what makes a tile of their number


def tiles(user: Any) -> list[Ask]:
    """Projects to approve, to accept, late; houses to inspect. What is at nothing is left out."""
    drafts = list(_drafts(user))
    return [Ask(rows, tile, always=False) for rows, tile in drafts]


def _drafts(user: Any) -> Iterator[Draft]:
    listed = reverse("assistance:project_list")
    if user.can(Permission.PROJECT_APPROVE):
        mine = VillageProject.objects.for_user(user)
        asked = address(listed, {"stage": Stage.PROPOSED.value})
        yield (
            mine.filter(stage=Stage.PROPOSED),
            lambda n: Tile(_("待审批的项目"), n, asked, _("村级项目申报"), "amber", 40),
        )
        finished = address(listed, {"stage": Stage.FINISHED.value})
        yield (
            mine.filter(stage=Stage.FINISHED),
            lambda n: Tile(_("待验收的项目"), n, finished, _("已经完工"), "amber", 41),
        )
    if user.can(Permission.PROJECT_EDIT):
        own = VillageProject.objects.for_user(user)
        late = address(listed, {"stage": LATE})
        yield villages.late(own), lambda n: Tile(_("逾期的项目"), n, late, _("过了计划完工日期"), "red", 42)
    if user.can(Permission.HOUSE_EDIT):
        houses = to_inspect(IdleHouse.objects.for_user(user))
        due = address(reverse("assistance:house_list"), {"inspection": "todo"})
        yield houses, lambda n: Tile(_("要检查的闲置房"), n, due, _("到期、过期或没有检查"), "amber", 44)
