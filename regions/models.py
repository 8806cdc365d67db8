"""Where: the tree of regions from province to village, with the codes of the 12-digit statistical lists."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Level(models.IntegerChoices):
    PROVINCE = 1, _("省")
    CITY = 2, _("市")
    COUNTY = 3, _("县")
    TOWNSHIP = 4, _("乡镇")
    VILLAGE = 5, _("村")


class RegionQuerySet(models.QuerySet["Region"]):
    def current(self, day: dt.date | None = None) -> RegionQuerySet:
        """Regions in force on a day (today by default)."""
        day = day or dt.date.today()  # noqa: DTZ011  a calendar day of the installation's own zone
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)

    def within(self, region: Region) -> RegionQuerySet:
        """The region itself and everything below it."""
        return self.filter(path__startswith=region.path)


class Region(models.Model):
    """One region in one period. `path` is the chain of primary keys from the root, closed by a slash ("1/11/111/"):
    without the slash "1/11" would also match "1/110"."""

    code = models.CharField(_("区划代码"), max_length=12)  # always 12 digits, upper levels padded with zeros
    name = models.CharField(_("名称"), max_length=60)
    full_name = models.CharField(max_length=200, blank=True)  # "示范县石门乡青石村", from the county down
    pinyin = models.CharField(max_length=200, blank=True)
    initials = models.CharField(max_length=60, blank=True)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=120, blank=True)
    valid_from = models.DateField(_("启用日期"), default=dt.date(2000, 1, 1))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)  # the first day on which it is no longer in force
    is_demo = models.BooleanField(default=False)

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("区划")
        ordering: ClassVar = ["code", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], condition=Q(valid_to=None), name="region_one_current_per_code"),
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{12}$"), name="region_code_has_12_digits"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="region_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(level=1) | Q(parent__isnull=False), name="region_has_parent"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["path"], name="region_path", opclasses=["text_pattern_ops"]),
            models.Index(fields=["parent", "code"], name="region_children"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ancestor_ids(self) -> list[int]:
        """Primary keys from the root down to this region itself."""
        return [int(pk) for pk in self.path.split("/") if pk]

    @property
    def is_current(self) -> bool:
        return self.valid_to is None or self.valid_to > dt.date.today()  # noqa: DTZ011


class Succession(models.Model):
    """What became of a region: the old → new map of merged, split, renamed and moved villages."""

    class Kind(models.TextChoices):
        MERGED = "merged", _("合并")
        RENAMED = "renamed", _("更名")
        RECODED = "recoded", _("改代码")
        SPLIT = "split", _("拆分")

    old = models.ForeignKey(Region, models.PROTECT, related_name="successions")
    new = models.ForeignKey(Region, models.PROTECT, related_name="predecessions")
    kind = models.CharField(max_length=16, choices=Kind)
    on = models.DateField(_("生效日期"))
    old_name = models.CharField(max_length=60)
    old_code = models.CharField(max_length=12)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["old", "new", "on"], name="succession_once"),
        ]

    def __str__(self) -> str:
        return f"{self.old_name} → {self.new}"
