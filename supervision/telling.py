"""What is told of orders: the villages and townships that are to receive one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import telling
from accounts.roles import Permission
from common import pages
from common.models import Notice
from common.notices import Topic, topic
from regions.models import Region
from supervision.models import Order


def _list(**query: str) -> Any:
    return lambda user: pages.address(reverse("supervision:order_list"), query)


ISSUED = topic(
    "order.issued", Notice.Kind.TASK, _("新的工作部署“%(title)s”，请签收。"),
    ngettext_lazy("有 %(count)s 件新的工作部署，请签收。", "有 %(count)s 件新的工作部署，请签收。", "count"), _list(state="unreceived"),
)  # fmt: skip
AMENDED = topic(
    "order.amended", Notice.Kind.TASK, _("工作部署“%(title)s”有改动，请重新签收。"),
    ngettext_lazy("有 %(count)s 件工作部署有改动，请重新签收。", "有 %(count)s 件工作部署有改动，请重新签收。", "count"), _list(state="unreceived"),
)  # fmt: skip
WITHDRAWN = topic(
    "order.withdrawn", Notice.Kind.DECISION, _("工作部署“%(title)s”已撤回，不用再办。"),
    ngettext_lazy("有 %(count)s 件工作部署已撤回，不用再办。", "有 %(count)s 件工作部署已撤回，不用再办。", "count"), _list(),
)  # fmt: skip


def order_changed(order: Order, places: Iterable[Region], what: Topic, by: Any) -> None:
    """Everybody who stands for one of the places."""
    users = telling.posted_in(Permission.ORDER_ACT, places)
    url = reverse("supervision:order_detail", args=[order.pk])
    telling.tell_users(users, what, url=url, by=by, values={"title": order.title})
