"""What is told of measures and requests: how a proposal was decided, what is to be seen to, what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import telling
from assistance.models import Measure, ServiceRequest
from common import pages
from common.models import Notice
from common.notices import Topic, topic
from households.telling import about

TASK, DECISION = Notice.Kind.TASK, Notice.Kind.DECISION


def _list(name: str, **query: str) -> Any:
    return lambda user: pages.address(reverse(name), query)


MEASURES, REQUESTS = "assistance:measure_list", "assistance:request_list"
APPROVED = topic(
    "measure.approved", DECISION, _("%(village)s%(name)s户的“%(kind)s”已批准。"),
    ngettext_lazy("您提出的 %(count)s 项帮扶措施已批准。", "您提出的 %(count)s 项帮扶措施已批准。", "count"),
    _list(MEASURES),
)  # fmt: skip
REFUSED = topic(
    "measure.refused", DECISION, _("%(village)s%(name)s户的“%(kind)s”没有批准，请看意见。"),
    ngettext_lazy("您提出的 %(count)s 项帮扶措施没有批准，请看意见。", "您提出的 %(count)s 项帮扶措施没有批准，请看意见。", "count"),
    _list(MEASURES, state=Measure.State.REFUSED.value),
)  # fmt: skip
REQUEST_GIVEN = topic(
    "request.given", TASK, _("%(village)s%(name)s户有一项诉求，请您办理。"),
    ngettext_lazy("有 %(count)s 项农户诉求请您办理。", "有 %(count)s 项农户诉求请您办理。", "count"), _list(REQUESTS, state="doing"),
)  # fmt: skip
REQUEST_ANSWERED = topic(
    "request.answered", DECISION, _("%(village)s%(name)s户的诉求已答复，请看结果。"),
    ngettext_lazy("您登记的 %(count)s 项诉求已答复，请看结果。", "您登记的 %(count)s 项诉求已答复，请看结果。", "count"),
    _list(REQUESTS),
)  # fmt: skip
REQUEST_REOPENED = topic(
    "request.reopened", TASK, _("%(village)s%(name)s户对答复不满意，请您再办。"),
    ngettext_lazy("有 %(count)s 户对答复不满意，请您再办。", "有 %(count)s 户对答复不满意，请您再办。", "count"), _list(REQUESTS, state="doing"),
)  # fmt: skip


def measures_decided(rows: Sequence[Measure], by: Any) -> None:
    """Who proposed them, all decided alike: of one by name, of several how many."""
    own: dict[str, list[Measure]] = defaultdict(list)
    for row in rows:
        own[row.proposed_by].append(row)
    for name, found in sorted(own.items()):
        row = found[-1]
        what = APPROVED if row.state == Measure.State.APPROVED else REFUSED
        url = reverse("assistance:measure_detail", args=[row.pk])
        values = {**about(row.household), "kind": row.kind.title}
        telling.tell([name], what, row=row, url=url, by=by, values=values, count=len(found))


def request_given(row: ServiceRequest, by: Any) -> None:
    """Whoever is to see to it."""
    _of_request(row, row.taker.username if row.taker else "", REQUEST_GIVEN, by)


def request_answered(row: ServiceRequest, by: Any) -> None:
    """Whoever wrote down what the household asks for."""
    _of_request(row, row.asked_by, REQUEST_ANSWERED, by)


def request_reopened(row: ServiceRequest, by: Any) -> None:
    """Whoever took it: it is theirs again."""
    _of_request(row, row.taker.username if row.taker else "", REQUEST_REOPENED, by)


def _of_request(row: ServiceRequest, to: str, what: Topic, by: Any) -> None:
    url = reverse("assistance:request_detail", args=[row.pk])
    telling.tell([to], what, row=row, url=url, by=by, values=about(row.household))
