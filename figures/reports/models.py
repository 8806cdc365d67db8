"""Reports that are kept: a question under a name, one that is asked by the calendar, and the files that were made."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, posted_regions
from common import dates
from common.models import Job
from regions.models import Region


class SavedReportQuerySet(ScopedQuerySet):
    """One's own, and those shared in a region in which, or above which, one stands."""

    view_permission = Permission.FIGURES_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        around = {key for region in posted_regions(user, permission) for key in region.ancestor_ids}
        return Q(owner=user) | Q(region__in=around)


class SavedReport(models.Model):
    """保存的报表: a table's code and what its address says besides the region, as `figures.reports.asking` reads it.

    `region` is where it is shared; None while it is its owner's alone. `place` is the region its owner asked for: somebody else asks for
    their own.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    place = models.ForeignKey(Region, models.PROTECT, related_name="+")
    name = models.CharField(_("名称"), max_length=40)
    code = models.CharField(max_length=40)
    query = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("保存的报表")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(region=None), name="savedreport_own_name",
                violation_error_message=_("您已经保存过一个同名的报表，请换一个名称。"),
            ),
            models.UniqueConstraint(
                fields=["region", "name"], condition=Q(region__isnull=False), name="savedreport_shared_name",
                violation_error_message=_("本地区已经有一个同名的共享报表，请换一个名称。"),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="savedreport_has_name"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class Output(models.TextChoices):
    XLSX = "xlsx", _("Excel 表格（.xlsx）")
    PDF = "pdf", _("PDF（A4）")


class Rhythm(models.TextChoices):
    WEEK = "week", _("每周一")
    MONTH = "month", _("每月 1 日")
    QUARTER = "quarter", _("每季度第一天")


def following(rhythm: str, day: dt.date) -> dt.date:
    """The first day of the rhythm after a day."""
    if rhythm == Rhythm.WEEK:
        return day + dt.timedelta(days=7 - day.weekday())
    first = dates.later(day.replace(day=1), 1)
    while rhythm == Rhythm.QUARTER and first.month % 3 != 1:
        first = dates.later(first, 1)
    return first


class OwnQuerySet(ScopedQuerySet):
    view_permission = Permission.FIGURES_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(owner=user)


class ReportSchedule(models.Model):
    """定时报表: a question asked again by the calendar until `ends_on`, as its owner. `next_on` None: it is over; `stopped` says why, in a
    sentence, where it ended before its day."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(_("名称"), max_length=40)
    code = models.CharField(max_length=40)
    query = models.JSONField(default=dict, blank=True)
    place = models.ForeignKey(Region, models.PROTECT, related_name="+")
    rhythm = models.CharField(_("多久一次"), max_length=8, choices=Rhythm)
    output = models.CharField(_("文件形式"), max_length=4, choices=Output, default=Output.XLSX)
    next_on = models.DateField(_("下次"), null=True, blank=True)
    ends_on = models.DateField(_("做到哪天"))
    stopped = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("定时报表")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(next_on__isnull=False), name="reportschedule_name",
                violation_error_message=_("您已经有一个同名的定时报表，请换一个名称。"),
            ),
            models.CheckConstraint(condition=Q(next_on=None) | Q(next_on__lte=F("ends_on")), name="reportschedule_next_before_end"),
            models.CheckConstraint(condition=Q(stopped="") | Q(next_on=None), name="reportschedule_stopped_is_over"),
            models.CheckConstraint(condition=~Q(name=""), name="reportschedule_has_name"),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["next_on"], name="reportschedule_due", condition=Q(next_on__isnull=False))
        ]

    def __str__(self) -> str:
        return self.name


class ReportFile(models.Model):
    """A file of a table that a worker makes, by the calendar or because the table is long. `file` is encrypted, "" while there is none and
    once it has expired."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    schedule = models.ForeignKey(ReportSchedule, models.SET_NULL, null=True, blank=True, related_name="files")
    job = models.OneToOneField(Job, models.PROTECT, related_name="report_file")
    name = models.CharField(max_length=120)
    code = models.CharField(max_length=40)
    query = models.JSONField(default=dict, blank=True)
    place = models.ForeignKey(Region, models.PROTECT, related_name="+")
    output = models.CharField(max_length=4, choices=Output)
    file = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(null=True, blank=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("报表文件")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(file="") | Q(made_at__isnull=False), name="reportfile_made")
        ]
        indexes: ClassVar = [models.Index(fields=["owner", "-id"], name="reportfile_owner")]

    def __str__(self) -> str:
        return self.name
