"""A round of surveys: which households are to be surveyed from when to when. What is expected and overdue is counted against it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from regions.models import Region


class SurveyRound(models.Model):
    """调查任务 of a region and year."""

    class Audience(models.TextChoices):
        REGISTERED = "registered", _("建档立卡和监测户")  # every status but 一般农户 and 清退
        ALL = "all", _("全部农户")

    region = models.ForeignKey(Region, models.PROTECT, related_name="survey_rounds", verbose_name=_("范围"))
    year = models.PositiveSmallIntegerField(_("年度"))
    title = models.CharField(_("名称"), max_length=100)
    audience = models.CharField(_("对象"), max_length=12, choices=Audience, default=Audience.REGISTERED)
    starts_on = models.DateField(_("开始"))
    due_on = models.DateField(_("截止"))
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("调查任务")
        ordering: ClassVar = ["-year", "due_on", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(due_on__gte=F("starts_on")), name="surveyround_due_after_start"),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by="") | (Q(closed_at__isnull=False) & ~Q(closed_by="")),
                name="surveyround_closed_both",
            ),
        ]

    def __str__(self) -> str:
        return self.title
