"""What is kept of the figures: sums of each region, where they are out of date, and how they stood at the end of each month."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regions.models import Region


class RegionFigures(models.Model):
    """The numbers of a region and everything below it in a year (0: how things stand), as `figures.datasets.Numbers`.

    Derived, and made anew at any time by `rebuild_figures`. Written by `figures.rollup` alone.
    """

    region = models.ForeignKey(Region, models.CASCADE, related_name="+", db_constraint=False)
    year = models.PositiveSmallIntegerField(_("年度"))
    numbers = models.JSONField(default=dict)
    counted_at = models.DateTimeField(_("统计时间"))
    declared = models.CharField(max_length=12, default="")  # by which declarations: see `figures.datasets.signature`

    class Meta:
        verbose_name = _("汇总数")
        constraints: ClassVar = [models.UniqueConstraint(fields=["region", "year"], name="regionfigures_once")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.year}"


class Mark(models.Model):
    """Something changed in a table, in a village (None: perhaps in any), since its figures were counted.

    Written by triggers of the database in the statement that changes the rows (migration 0002): each change adds a row, so that nobody
    waits for anybody. `figures.rollup.fold` takes them away.
    """

    table = models.CharField(max_length=63)
    village_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("待汇总")

    def __str__(self) -> str:
        return f"{self.table} {self.village_id}"


class MonthEnd(models.Model):
    """How a region's figures stood when a month was over: what stands (year 0) and what the month's year holds, put together.

    Frozen once: a later correction changes the ledgers, not what was reported. `reckoned`: made afterwards from what history tells,
    so it holds those figures only.
    """

    region = models.ForeignKey(Region, models.CASCADE, related_name="+", db_constraint=False)
    month = models.DateField(_("月份"))  # its first day
    numbers = models.JSONField(default=dict)
    reckoned = models.BooleanField(default=False)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("月末留存")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["region", "month"], name="monthend_once"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="monthend_is_a_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} {self.month}"


class MapPlace(models.Model):
    """Where a region is drawn: a tile of the grid of the region above (`column`, `row`, from 0), its position, or an outline that the county
    brought (rings of [longitude, latitude]). All of them are optional."""

    region = models.OneToOneField(Region, models.CASCADE, related_name="+")
    column = models.PositiveSmallIntegerField(_("列"), null=True, blank=True)
    row = models.PositiveSmallIntegerField(_("行"), null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=7, decimal_places=4, null=True, blank=True)
    latitude = models.DecimalField(_("纬度"), max_digits=6, decimal_places=4, null=True, blank=True)
    shape = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = _("地图位置")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(column=None, row=None) | models.Q(column__isnull=False, row__isnull=False), name="mapplace_tile_both"),
            models.CheckConstraint(condition=models.Q(longitude=None, latitude=None) | models.Q(longitude__isnull=False, latitude__isnull=False), name="mapplace_position_both"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.region_id}"


from figures.reports.models import ReportFile, ReportSchedule, SavedReport  # noqa: E402  Django looks for models here

__all__ = ["MapPlace", "Mark", "MonthEnd", "RegionFigures", "ReportFile", "ReportSchedule", "SavedReport"]
