"""What is told of scheduled reports: their owner, that one goes on no more. That one is ready, long work tells (`common.jobs`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import telling
from accounts.roles import Permission
from common.models import Notice
from common.notices import topic
from figures.reports.models import ReportSchedule


def _page(user: Any) -> str:
    """Reports, for who may still see them."""
    return reverse("figures:reports") if user.can(Permission.FIGURES_VIEW) else reverse("home")


STOPPED = topic(
    "report.stopped", Notice.Kind.JOB, _("定时报表“%(name)s”已停止，不再自动生成。"),
    ngettext_lazy("有 %(count)s 个定时报表已停止，不再自动生成。", "有 %(count)s 个定时报表已停止，不再自动生成。", "count"), _page,
)  # fmt: skip


def schedule_stopped(schedule: ReportSchedule, by: Any) -> None:
    owner = schedule.owner
    if owner.is_active:
        telling.tell_users([owner], STOPPED, url=_page(owner), by=by, values={"name": schedule.name})
