"""What is told of plans: those who decide that one was submitted, those who wrote it how it was decided."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import telling
from accounts.roles import Permission
from common import pages
from common.models import Notice
from common.notices import topic
from households.models import Household
from households.telling import about
from plans.models import Plan

TASK, DECISION = Notice.Kind.TASK, Notice.Kind.DECISION


def _list(**query: str) -> Any:
    return lambda user: pages.address(reverse("plans:plan_list"), query)


SUBMITTED = topic(
    "plan.submitted", TASK, _("%(village)s%(name)s户的%(year)s年度帮扶计划已提交，请您审批。"),
    ngettext_lazy("有 %(count)s 份帮扶计划提交给您审批。", "有 %(count)s 份帮扶计划提交给您审批。", "count"), _list(state="waiting"),
)  # fmt: skip
APPROVED = topic(
    "plan.approved", DECISION, _("%(village)s%(name)s户的%(year)s年度帮扶计划已批准。"),
    ngettext_lazy("您的 %(count)s 份帮扶计划已批准。", "您的 %(count)s 份帮扶计划已批准。", "count"), _list(mine="yes"),
)  # fmt: skip
RETURNED = topic(
    "plan.returned", DECISION, _("%(village)s%(name)s户的%(year)s年度帮扶计划被退回，请按意见修改。"),
    ngettext_lazy("您的 %(count)s 份帮扶计划被退回，请按意见修改。", "您的 %(count)s 份帮扶计划被退回，请按意见修改。", "count"),
    _list(state=Plan.State.RETURNED.value, mine="yes"),
)  # fmt: skip
REVIEW_RETURNED = topic(
    "plan.review_returned", DECISION, _("%(village)s%(name)s户的%(year)s年度帮扶计划的年终总结被退回，请按意见修改。"),
    ngettext_lazy("您的 %(count)s 份年终总结被退回，请按意见修改。", "您的 %(count)s 份年终总结被退回，请按意见修改。", "count"),
    _list(state=Plan.State.IN_PROGRESS.value, mine="yes"),
)  # fmt: skip


def submitted(plan: Plan, household: Household, by: Any, *, writers: Collection[str]) -> None:
    """Those who decide first: of the township, where somebody there had no hand in it, else of the county."""
    deciders = telling.nearest(Permission.PLAN_APPROVE, household.village, but={*writers, by.username})
    telling.tell_users(deciders, SUBMITTED, url=_url(plan), by=by, values=_values(plan, household))


def decided(plan: Plan, household: Household, by: Any) -> None:
    """Who drafted it and who submitted it."""
    what = APPROVED if plan.state == Plan.State.APPROVED else RETURNED
    _to({plan.drafted_by, plan.submitted_by}, what, plan, household, by)


def review_returned(plan: Plan, household: Household, by: Any) -> None:
    _to({plan.reviewed_by}, REVIEW_RETURNED, plan, household, by)


def _to(names: set[str], what: Any, plan: Plan, household: Household, by: Any) -> None:
    telling.tell(names, what, row=plan, url=_url(plan), by=by, values=_values(plan, household))


def _url(plan: Plan) -> str:
    return reverse("plans:plan_detail", args=[plan.pk])


def _values(plan: Plan, household: Household) -> dict[str, Any]:
    return {**about(household), "year": plan.year}
