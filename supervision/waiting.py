"""What of appraisals and orders waits for somebody, as tiles of the first page: each is the length of the list it opens. One query for all."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions
from common import pages
from common.tiles import Ask, Tile
from supervision.models import Appraisal, Order, OrderReceipt, OrderVillage
from supervision.querysets import own

UNRECEIVED, LATE = "unreceived", "late"
TO_ANSWER = "commented"


def own_regions(user: Any) -> list[Any]:
    """The townships and villages that the user stands for: what reaches them, they receive."""
    return posted_regions(user, Permission.ORDER_ACT)


def unreceived(user: Any, orders: Any) -> Any:
    """Those of the orders that run and that a village or township the user stands for has not received as they are now."""
    found = Q(pk__in=[])
    for region in own_regions(user):
        got = OrderReceipt._base_manager.filter(order=OuterRef("pk"), region=region.pk, version=OuterRef("version"))
        below = OrderVillage._base_manager.filter(order=OuterRef("pk"), village__path__startswith=region.path)
        found |= Q(Exists(below)) & ~Q(Exists(got)) & ~Q(region=region.pk) & Q(region__level__lt=region.level)
    return orders.filter(found, state=Order.State.ISSUED)


def late(user: Any, orders: Any) -> Any:
    """Those that run past their day with a household in the user's villages for whom nothing was done, as last counted."""
    idle = OrderVillage.objects.for_user(user).filter(order=OuterRef("pk"), acted__lt=F("asked"))
    return orders.filter(Exists(idle), state=Order.State.ISSUED, due_on__lt=timezone.localdate())


def mine(user: Any) -> Any:
    """One's own appraisals that wait for a word."""
    return Appraisal.objects.for_user(user).filter(own(user), state=Appraisal.State.SHOWN, round__state="open")


def to_answer(user: Any) -> Any:
    """Comments of others that one may answer."""
    rows = Appraisal.objects.for_user(user, Permission.APPRAISAL_EDIT)
    return rows.filter(state=Appraisal.State.COMMENTED, round__state="open").exclude(cadre__user=user.pk)


def tiles(user: Any) -> list[Ask]:
    """One's own appraisals to be read; comments to answer; orders to receive, orders that are late."""
    drafts: list[tuple[Any, Any]] = []
    orders, own_url = reverse("supervision:order_list"), reverse("supervision:mine")
    drafts.append((mine(user), lambda n: Tile(_("我的考评待阅"), n, pages.address(own_url, {"state": "shown"}), _("请看过各项数字，提出意见"), "amber", 18)))  # fmt: skip
    if user.can(Permission.APPRAISAL_EDIT):
        url = pages.address(reverse("supervision:appraisal_list"), {"state": TO_ANSWER})
        drafts.append((to_answer(user), lambda n: Tile(_("考评意见待答复"), n, url, _("本人提了意见"), "amber", 44)))
    if user.can(Permission.ORDER_ACT):
        rows = unreceived(user, Order.objects.for_user(user))
        drafts.append((rows, lambda n: Tile(_("待签收的工作部署"), n, pages.address(orders, {"state": UNRECEIVED}), _("请看过后签收"), "amber", 16)))  # fmt: skip
    if user.can(Permission.ORDER_VIEW):
        rows = late(user, Order.objects.for_user(user))
        drafts.append((rows, lambda n: Tile(_("超期的工作部署"), n, pages.address(orders, {"state": LATE}), _("过了期限还没有办完"), "red", 46)))  # fmt: skip
    helps = user.can(Permission.VISIT_RECORD)  # who helps nobody has no appraisal to look for
    return [Ask(rows, tile, always=helps or n > 0) for n, (rows, tile) in enumerate(drafts)]
