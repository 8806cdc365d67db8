"""反复核对: which households are looked at a second time, by whom, and where the two surveys differ."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from households.models import Household
from regions.models import Region
from surveys.models.survey import Survey
from surveys.querysets import SurveyTaskQuerySet, TaskFileQuerySet


class VerificationDraw(models.Model):
    """How a sample came about, so that anybody can draw it again: the households it was drawn from, the published seed, the size.

    `numbers` holds the household numbers drawn from, sorted, one a line, as they were on that day; `population_digest` is their SHA-256.
    Drawn are the first `size` of them in the order of SHA-256(seed + household number). A choice by hand says its reason instead.
    """

    class Method(models.TextChoices):
        RANDOM = "random", _("随机抽取")
        HAND = "hand", _("指定")

    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("范围"))
    year = models.PositiveSmallIntegerField(_("年度"))
    method = models.CharField(_("方式"), max_length=8, choices=Method)
    seed = models.CharField(_("抽样种子"), max_length=64, blank=True)
    size = models.PositiveIntegerField(_("户数"))
    population = models.PositiveIntegerField(_("总户数"), default=0)
    population_digest = models.CharField(max_length=64, blank=True)
    numbers = models.TextField(blank=True, default="")
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    drawn_by = models.CharField(max_length=150)
    drawn_at = models.DateTimeField(auto_now_add=True)

    audit_skip = ("drawn_at",)

    class Meta:
        verbose_name = _("复核抽样")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(method="random") & ~Q(seed="")) | (Q(method="hand") & ~Q(reason="")),
                name="verificationdraw_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.year} {self.get_method_display()}"


class VerificationTask(models.Model):
    """One household to be surveyed a second time by somebody who has not surveyed it this year and does not see the first answers.

    `compared` is `{field id: [times compared, times different]}` of the two surveys, None while there were not two.
    """

    class State(models.TextChoices):
        OPEN = "open", _("待复核")
        DONE = "done", _("已复核")
        CANCELLED = "cancelled", _("已取消")

    draw = models.ForeignKey(VerificationDraw, models.PROTECT, related_name="tasks")
    household = models.ForeignKey(Household, models.PROTECT, related_name="verification_tasks")
    year = models.PositiveSmallIntegerField(_("年度"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="verification_tasks",
        verbose_name=_("复核人"),
    )  # fmt: skip
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    survey = models.OneToOneField(Survey, models.PROTECT, null=True, blank=True, related_name="verification_task")
    first = models.ForeignKey(Survey, models.PROTECT, null=True, blank=True, related_name="verified_by")
    done_at = models.DateTimeField(null=True, blank=True)
    compared = models.JSONField(null=True, blank=True)
    note = models.CharField(_("取消理由"), max_length=300, blank=True)

    objects = SurveyTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("复核任务")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["household", "year"], condition=Q(state="open"), name="verificationtask_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(survey__isnull=False, done_at__isnull=False),
                name="verificationtask_done_has_survey",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.year}"


class Difference(models.Model):
    """A field on which the two surveys of a task disagree; open until somebody has said which is right, and why."""

    class Verdict(models.TextChoices):
        FIRST = "first", _("以初次调查为准")
        SECOND = "second", _("以复核为准")
        NEITHER = "neither", _("两者都不对，已另行改正")

    task = models.ForeignKey(VerificationTask, models.PROTECT, related_name="differences")
    path = models.CharField(max_length=120)
    first = models.JSONField(null=True)
    second = models.JSONField(null=True)
    verdict = models.CharField(_("结论"), max_length=8, choices=Verdict, blank=True)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True)

    objects = TaskFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("复核差异")
        ordering: ClassVar = ["task", "path"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "path"], name="difference_once"),
            models.CheckConstraint(
                condition=Q(verdict="", resolved_at=None, resolved_by="")
                | (~Q(verdict="") & ~Q(reason="") & Q(resolved_at__isnull=False) & ~Q(resolved_by="")),
                name="difference_resolved_iff_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.path}"
