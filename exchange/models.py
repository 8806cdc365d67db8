"""Imports: the uploaded file, what its columns mean, what became of each household in it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, visible_region_ids
from common.models import Job
from regions.models import Region


class ImportBatchQuerySet(ScopedQuerySet):
    """Batches of one's own, and those uploaded by people of the area in which one may import."""

    view_permission = Permission.HOUSEHOLD_IMPORT

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(owner_id=user.pk) | Q(region_id__in=visible_region_ids(user, permission))


class ImportRowQuerySet(ScopedQuerySet):
    view_permission = Permission.HOUSEHOLD_IMPORT

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(batch__in=ImportBatch.objects.for_user(user, permission).order_by())


class Outcome(models.TextChoices):
    """What became of a household or a member of the file."""

    CREATED = "created", _("新增")
    UPDATED = "updated", _("更新")
    UNCHANGED = "unchanged", _("无变化")
    HELD = "held", _("暂缓")
    REJECTED = "rejected", _("未通过")


def _adds_up(prefix: str) -> Q:
    total = (
        F(f"{prefix}_created")
        + F(f"{prefix}_updated")
        + F(f"{prefix}_unchanged")
        + F(f"{prefix}_held")
        + F(f"{prefix}_rejected")
    )
    return Q(**{f"{prefix}_read": total})


def _count() -> models.PositiveIntegerField:
    return models.PositiveIntegerField(default=0)


class ImportBatch(models.Model):
    """One uploaded spreadsheet. The file is kept encrypted and goes, with the rows, after `settings.DOCUMENT_DAYS`.

    The counts are those of the last preview until the batch is applied, then those of what was written. The database refuses
    counts that do not add up.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("已上传")
        MAPPING = "mapping", _("待对应列")
        PREVIEWING = "previewing", _("核对中")
        PREVIEWED = "previewed", _("待确认")
        APPLYING = "applying", _("写入中")
        APPLIED = "applied", _("已导入")
        UNDONE = "undone", _("已撤销")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    WAITING = (State.UPLOADED, State.MAPPING, State.PREVIEWED, State.FAILED, State.CANCELLED)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上传人"))
    region = models.ForeignKey(Region, models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("进度"), max_length=12, choices=State, default=State.UPLOADED)
    filename = models.CharField(_("文件名"), max_length=200)
    file = models.CharField(max_length=200, blank=True)  # name in the storage, "" once it has been deleted
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    family = models.CharField(_("表格种类"), max_length=8, blank=True)
    year = models.PositiveSmallIntegerField(_("年度"), validators=[MinValueValidator(2010), MaxValueValidator(2100)])
    tables = models.JSONField(default=list, blank=True)  # headings.Table.as_json of every sheet with data
    notes = models.JSONField(default=list, blank=True)  # sentences about the file as a whole
    error = models.TextField(blank=True)

    lines_read = _count()  # rows below the headings, all of them
    lines_data = _count()
    lines_blank = _count()
    lines_heading = _count()  # headings and titles repeated in the middle
    lines_total = _count()  # 合计
    lines_joined = _count()  # the same person on a second sheet, read together with the first
    households_read = _count()
    households_created = _count()
    households_updated = _count()
    households_unchanged = _count()
    households_held = _count()
    households_rejected = _count()
    members_read = _count()
    members_created = _count()
    members_updated = _count()
    members_unchanged = _count()
    members_held = _count()
    members_rejected = _count()

    uploaded_at = models.DateTimeField(_("上传时间"), auto_now_add=True)
    previewed_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.CharField(max_length=60, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=60, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("导入批次")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=_adds_up("households"), name="importbatch_households_add_up"),
            models.CheckConstraint(condition=_adds_up("members"), name="importbatch_members_add_up"),
            models.CheckConstraint(
                condition=Q(lines_read=F("lines_data") + F("lines_blank") + F("lines_heading") + F("lines_total")),
                name="importbatch_lines_add_up",
            ),
            models.CheckConstraint(
                condition=Q(applied_at=None, applied_by="") | (Q(applied_at__isnull=False) & ~Q(applied_by="")),
                name="importbatch_applied_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by="") | (Q(undone_at__isnull=False) & ~Q(undone_by="")),
                name="importbatch_undone_by_and_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["applied", "undone"]) | Q(applied_at__isnull=False),
                name="importbatch_applied_is_stamped",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_open(self) -> bool:
        """Whether a worker has it now."""
        return self.state in (self.State.PREVIEWING, self.State.APPLYING)

    def counts(self, prefix: str) -> dict[str, int]:
        """`{"read": …, "created": …, …}` for "households" or "members"."""
        return {name: getattr(self, f"{prefix}_{name}") for name in ("read", *Outcome.values)}

    def receipt(self) -> dict[str, Any]:
        """The numbers of the receipt as plain data."""
        lines = {
            name: getattr(self, f"lines_{name}") for name in ("read", "data", "blank", "heading", "total", "joined")
        }
        return {"lines": lines, "households": self.counts("households"), "members": self.counts("members")}


class ImportRow(models.Model):
    """One household of a batch. `detail` tells what changed (secrets masked) or why it stayed out; `undo` puts it back.

    detail = {"rows": [numbers], "village": text, "problem": text, "notes": [text], "changes": [[label, old, new]],
    "members": [{"row", "name", "outcome", "problem", "notes", "changes"}]}
    """

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    sheet = models.CharField(max_length=100, blank=True)
    row_no = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    household_number = models.CharField(max_length=40, blank=True)
    household_id = models.BigIntegerField(null=True, blank=True)  # no foreign key: it may be undone
    name = models.CharField(max_length=60, blank=True)
    has_notes = models.BooleanField(default=False)
    detail = models.JSONField(default=dict)
    undo = models.JSONField(null=True, blank=True)

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["batch", "position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "position"], name="importrow_once")]
        indexes: ClassVar = [
            models.Index(fields=["batch", "outcome", "position"], name="importrow_outcome"),
            models.Index(fields=["batch", "household_number"], name="importrow_number"),
        ]

    def __str__(self) -> str:
        return self.household_number


class HeadingMapping(models.Model):
    """What users of a county said a heading means; asked once, used for every later file."""

    region = models.ForeignKey(Region, models.CASCADE, related_name="+")
    heading = models.CharField(max_length=80)  # headings.plain()
    key = models.CharField(max_length=60)  # headings.Target.key, or headings.IGNORED
    chosen_by = models.CharField(max_length=60)
    chosen_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["region", "heading"], name="headingmapping_once")]

    def __str__(self) -> str:
        return f"{self.heading} → {self.key}"
