"""What is told of surveys: whoever filled one in, that it came back."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import telling
from common import pages
from common.models import Notice
from common.notices import topic
from households.models import Household
from households.telling import about
from surveys.models import Survey


def _returned(user: Any) -> str:
    query = {"state": Survey.State.RETURNED.value, "who": str(user.pk), "purpose": "any"}
    return pages.address(reverse("surveys:survey_list"), query)


RETURNED = topic(
    "survey.returned", Notice.Kind.DECISION, _("%(village)s%(name)s户的入户调查被退回，请按意见修改后重新提交。"),
    ngettext_lazy("您填的 %(count)s 份调查被退回，请按意见修改后重新提交。", "您填的 %(count)s 份调查被退回，请按意见修改后重新提交。", "count"),
    _returned,
)  # fmt: skip


def returned(survey: Survey, household: Household, by: Any) -> None:
    url = reverse("surveys:survey_detail", args=[survey.pk])
    telling.tell([survey.surveyor.username], RETURNED, row=survey, url=url, by=by, values=about(household))
