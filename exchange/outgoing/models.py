"""Formats of outgoing spreadsheets, the files made in them, and what each row of a file was, as digests."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, posted_regions
from common.models import Job
from regions.models import Level, Region


class RowKind(models.TextChoices):
    """What a row of the file is."""

    HOUSEHOLD = "household", _("一户一行")
    MEMBER = "member", _("一人一行（户的内容每行都写）")
    PAIRING = "pairing", _("一对结对一行")
    VILLAGE = "village", _("一村一行")


class ExportMappingQuerySet(ScopedQuerySet):
    """One's own, and those shared in the counties in which one may export."""

    view_permission = Permission.HOUSEHOLD_EXPORT

    def scope(self, user: Any, permission: Permission) -> Q:
        counties = {
            key for region in posted_regions(user, permission) for key in region.ancestor_ids[: int(Level.COUNTY)]
        }
        return Q(owner=user) | Q(region__in=counties)


class ExportMapping(models.Model):
    """导出格式: the columns of an outgoing spreadsheet in order, `[{"heading", "field", "form"}]`.

    `field` is a key of `exchange.outgoing.fields`, "" for a column that stays blank; `form` is "code" where codes are wanted instead of
    their labels. `region` is the county in which it is shared; None while it is its owner's alone.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(_("名称"), max_length=40)
    row_kind = models.CharField(_("一行是什么"), max_length=10, choices=RowKind, default=RowKind.MEMBER)
    columns = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(auto_now=True)

    objects = ExportMappingQuerySet.as_manager()

    class Meta:
        verbose_name = _("导出格式")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(region=None), name="exportmapping_own_name",
                violation_error_message=_("您已经有一个同名的导出格式，请换一个名称。"),
            ),
            models.UniqueConstraint(
                fields=["region", "name"], condition=Q(region__isnull=False), name="exportmapping_shared_name",
                violation_error_message=_("县里已经有一个同名的导出格式，请换一个名称。"),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="exportmapping_has_name"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


def new_token() -> str:
    """Names a file in the storage."""
    return secrets.token_hex(16)


class ExportRunQuerySet(ScopedQuerySet):
    view_permission = Permission.HOUSEHOLD_EXPORT

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(owner=user)


class ExportRun(models.Model):
    """One request for a file; its job makes it. What was asked for is kept as it was asked, whatever becomes of the mapping.

    `query` are the filters of the household list, words that were searched for sealed; `chosen` the households ticked, None where the
    filters choose; where rows are villages, `query` names a region at most. `scope` tells requests apart whose rows can be compared: who, which columns, which households, which year. `file` is
    encrypted, "" while there is none and once it has expired. Counts are those of the finished file; `amount` sums its money columns in
    元, those of a household once. `villages` are those of the households in it, or those that are its rows.
    """

    class Output(models.TextChoices):
        XLSX = "xlsx", _("Excel 表格（.xlsx）")
        CSV = "csv", _("文本表格（.csv）")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, models.PROTECT, related_name="export_run")
    mapping = models.ForeignKey(ExportMapping, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=40)  # of the mapping
    row_kind = models.CharField(max_length=10, choices=RowKind)
    columns = models.JSONField(default=list)
    year = models.PositiveSmallIntegerField(_("年度"))
    query = models.JSONField(default=dict, blank=True)
    chosen = ArrayField(models.BigIntegerField(), null=True, blank=True)
    is_full = models.BooleanField(_("完整号码"), default=False)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    output = models.CharField(_("文件形式"), max_length=4, choices=Output, default=Output.XLSX)
    only_changed = models.BooleanField(_("只要有变化的行"), default=False)
    scope = models.CharField(max_length=32)
    base = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")  # compared with
    token = models.CharField(max_length=32, default=new_token)
    file = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    rows_found = models.PositiveIntegerField(default=0)
    rows_written = models.PositiveIntegerField(default=0)
    rows_same = models.PositiveIntegerField(default=0)
    rows_left = models.PositiveIntegerField(default=0)  # of the file compared with, no longer found
    households = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    amount = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    left_out = models.PositiveIntegerField(default=0)  # households in the list that one may not export
    villages = ArrayField(models.BigIntegerField(), default=list, blank=True)
    has_marks = models.BooleanField(default=False)  # whether the digests of its rows are there to compare with
    created_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(null=True, blank=True)

    objects = ExportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("导出")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(is_full=False) | ~Q(reason=""), name="exportrun_full_has_reason"),
            models.CheckConstraint(
                condition=Q(rows_found=F("rows_written") + F("rows_same")), name="exportrun_rows_add_up"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-id"], name="exportrun_owner"),
            models.Index(fields=["scope", "-id"], name="exportrun_scope", condition=Q(has_marks=True)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def file_name(self) -> str:
        """Under which the finished file is saved: 一户一档-2026-20261126.xlsx."""
        return f"{self.name}-{self.year}-{timezone.localtime(self.made_at):%Y%m%d}.{self.output}"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.Output(self.output)]


MEDIA_TYPES = {
    ExportRun.Output.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportRun.Output.CSV: "text/csv; charset=utf-8",
}


class ExportMarkQuerySet(ScopedQuerySet):
    view_permission = Permission.HOUSEHOLD_EXPORT

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(run__owner=user)


class ExportMark(models.Model):
    """What the rows of a household were in a file, or of a village where rows are villages (`source_id`): for each row its key and a keyed
    digest of its cells, 8 bytes each. No cell can be read out of it, nor guessed without our key."""

    run = models.ForeignKey(ExportRun, models.CASCADE, related_name="marks", db_index=False)
    source_id = models.BigIntegerField()  # no foreign key: it may be gone when it is compared
    rows = models.BinaryField()

    objects = ExportMarkQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "source_id"], name="exportmark_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.source_id}"
