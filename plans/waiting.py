"""What of the plans waits for somebody, as tiles of the first page: each is the length of the list it opens. One query for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import dates, pages
from common.lookups import among
from common.tiles import Ask, Tile
from households.handover_lines import Line, listed
from plans.filters import ALL, OVERDUE, WAITING, YES, mine
from plans.models import Plan, Task

Draft = tuple[QuerySet[Any], Any]  # the rows of a list, and what makes a tile of their number


def tiles(user: Any) -> list[Ask]:
    """My tasks, those that are late, plans to be approved, plans that came back."""
    if not user.can(Permission.PLAN_EDIT):
        return []
    drafts = list(_drafts(user))
    return [Ask(rows, tile) for rows, tile in drafts]


def _drafts(user: Any) -> Iterator[Draft]:
    tasks, plans = reverse("plans:task_list"), reverse("plans:plan_list")
    rows = Task.objects.for_user(user)
    own = rows.to_do().filter(owner=user.pk)
    yield own, lambda n: Tile(_("我的任务"), n, tasks, _("帮扶计划里由我负责的"), "amber", 13)
    late = pages.address(tasks, {"who": ALL, "due": OVERDUE})
    yield rows.overdue(), lambda n: Tile(_("逾期任务"), n, late, _("管的户里过了期限的"), "red", 11)
    back = pages.address(plans, {"state": Plan.State.RETURNED.value, "mine": YES})
    returned = Plan.objects.for_user(user).filter(mine(user), state=Plan.State.RETURNED)
    yield returned, lambda n: Tile(_("退回的计划"), n, back, _("改好再提交"), "amber", 14)
    if user.can(Permission.PLAN_APPROVE):
        waiting = pages.address(plans, {"state": WAITING})
        yield (
            Plan.objects.for_user(user).waiting_for(user),
            lambda n: Tile(_("待我审批的计划"), n, waiting, _("别人提交的计划"), "amber", 21),
        )


def open_lines(households: Sequence[int], user: Any) -> dict[int, list[Line]]:
    """Open tasks of each household, for whoever takes it over. One query."""
    rows = Task.objects.for_user(user).to_do().filter(among("goal__plan__household_id", households))
    texts: dict[int, list[str]] = defaultdict(list)
    for household, text, due_on in rows.order_by("due_on", "pk").values_list(
        "goal__plan__household_id", "text", "due_on"
    ):
        texts[household].append(
            _("%(text)s（%(day)s前）") % {"text": text, "day": dates.written(due_on)} if due_on else text
        )
    return {household: [(_("未完成任务"), listed(each))] for household, each in texts.items()}
