"""What is asked of villages and branches, as data: the nearest region's rule holds, defaults where there is none (`party.rules`)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from party.models.life import Kind
from party.querysets import OfRegionQuerySet
from regions.models import Region


class PartyRule(models.Model):
    """发展党员 and 阵地 of a region and below it.

    From 发展党员工作细则 (2014): 18 years to apply, a year of training before somebody becomes a 发展对象, a year of probation; a region may ask
    for more, never for less. Ours: how long an applicant or a 发展对象 waits (nothing found, so nothing by default; too early is pointed
    out, not refused), the warning and the checks. One young member in two years is the essay's rule.
    """

    region = models.OneToOneField(Region, models.PROTECT, related_name="party_rule")
    young_years = models.PositiveSmallIntegerField(_("每几年"), default=2)
    young_least = models.PositiveSmallIntegerField(_("至少发展几名年轻党员"), default=1)
    young_age = models.PositiveSmallIntegerField(_("年轻党员的年龄上限（周岁）"), default=35)
    warn_months = models.PositiveSmallIntegerField(_("提前几个月提醒"), default=15)
    applicant_months = models.PositiveSmallIntegerField(_("申请人到积极分子，一般不少于（月）"), default=0)
    activist_months = models.PositiveSmallIntegerField(_("积极分子到发展对象，不少于（月）"), default=12)
    target_months = models.PositiveSmallIntegerField(_("发展对象到预备党员，一般不少于（月）"), default=0)
    probation_months = models.PositiveSmallIntegerField(_("预备期，不少于（月）"), default=12)
    check_months = models.PositiveSmallIntegerField(_("设施多少个月检查一次"), default=6)

    objects = OfRegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("党组织建设要求")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(young_years__gte=1, young_years__lte=5, young_least__gte=1, young_least__lte=10, young_age__gte=18, young_age__lte=60),
                name="partyrule_young",
            ),
            models.CheckConstraint(
                condition=Q(activist_months__gte=12, activist_months__lte=60, probation_months__gte=12, probation_months__lte=24),
                name="partyrule_not_less_than_a_year", violation_error_message=_("培养教育和预备期都不少于一年。"),
            ),
            models.CheckConstraint(
                condition=Q(applicant_months__lte=60, target_months__lte=60, warn_months__lte=48, check_months__gte=1, check_months__lte=36),
                name="partyrule_months",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"party rule of {self.region_id}"


class Period(models.TextChoices):
    MONTH = "month", _("每月")
    QUARTER = "quarter", _("每季度")
    YEAR = "year", _("每年")


class ActivityRule(models.Model):
    """How often branches of a region hold something, from a day on; `least` 0 asks for nothing. Never changed: a later one takes its place, so
    that what a past month asked for stays as it was."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="activity_rules")
    kind = models.CharField(_("种类"), max_length=10, choices=Kind)
    period = models.CharField(_("周期"), max_length=8, choices=Period)
    least = models.PositiveSmallIntegerField(_("至少次数"))
    starts_on = models.DateField(_("开始执行"))
    set_by = models.CharField(max_length=150)

    objects = OfRegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("组织生活要求")
        ordering: ClassVar = ["region", "kind", "starts_on", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["region", "kind", "starts_on"], name="activityrule_once_a_day",
                violation_error_message=_("这一天已经定过这项要求，请换一个开始执行的日期。"),
            ),
            models.CheckConstraint(condition=Q(least__lte=31), name="activityrule_least"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.least} a {self.period}"
