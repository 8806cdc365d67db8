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
from exchange.outgoing.models import ExportMapping, ExportMark, ExportRun, RowKind
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


class PeopleBatchQuerySet(ScopedQuerySet):
    """The same for sheets of helpers and teams: who brings them in keeps cadres and pairs households, both."""

    view_permission = Permission.CADRE_EDIT

    def scope(self, user: Any, permission: Permission) -> Q:
        if not user.can(Permission.PAIRING_EDIT):
            return Q(pk__in=[])
        return Q(owner_id=user.pk) | Q(region_id__in=visible_region_ids(user, permission))


class PeopleRowQuerySet(ScopedQuerySet):
    view_permission = Permission.CADRE_EDIT

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(batch__in=PeopleBatch.objects.for_user(user, permission).order_by())


class Outcome(models.TextChoices):
    """What became of a row, a household, a person … of the file."""

    CREATED = "created", _("新增")
    UPDATED = "updated", _("更新")
    UNCHANGED = "unchanged", _("无变化")
    HELD = "held", _("暂缓")
    REJECTED = "rejected", _("未通过")


def _adds_up(prefix: str, total: str = "") -> Q:
    parts = (
        F(f"{prefix}_created")
        + F(f"{prefix}_updated")
        + F(f"{prefix}_unchanged")
        + F(f"{prefix}_held")
        + F(f"{prefix}_rejected")
    )
    return Q(**{total or f"{prefix}_read": parts})


def _count() -> models.PositiveIntegerField:
    return models.PositiveIntegerField(default=0)


class Batch(models.Model):
    """One uploaded spreadsheet. The file is kept encrypted and goes, with the rows, after `settings.DOCUMENT_DAYS`.

    The counts are those of the last preview until the batch is applied, then those of what was written. The database refuses
    counts that do not add up. `permissions` are those that every act on it asks for; `noun` begins the names of its events and jobs.
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
    BUSY = (State.PREVIEWING, State.APPLYING)
    permissions: ClassVar[tuple[Permission, ...]]
    noun: ClassVar[str]

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上传人"))
    region = models.ForeignKey(Region, models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("进度"), max_length=12, choices=State, default=State.UPLOADED)
    filename = models.CharField(_("文件名"), max_length=200)
    file = models.CharField(max_length=200, blank=True)  # name in the storage, "" once it has been deleted
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    family = models.CharField(_("表格种类"), max_length=8, blank=True)
    tables = models.JSONField(default=list, blank=True)  # headings.Table.as_json of every sheet with data
    notes = models.JSONField(default=list, blank=True)  # sentences about the file as a whole
    error = models.TextField(blank=True)

    lines_read = _count()  # rows below the headings, all of them
    lines_data = _count()
    lines_blank = _count()
    lines_heading = _count()  # headings and titles repeated in the middle
    lines_total = _count()  # 合计

    uploaded_at = models.DateTimeField(_("上传时间"), auto_now_add=True)
    previewed_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.CharField(max_length=60, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(lines_read=F("lines_data") + F("lines_blank") + F("lines_heading") + F("lines_total")),
                name="%(class)s_lines_add_up",
            ),
            models.CheckConstraint(
                condition=Q(applied_at=None, applied_by="") | (Q(applied_at__isnull=False) & ~Q(applied_by="")),
                name="%(class)s_applied_by_and_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["applied", "undone"]) | Q(applied_at__isnull=False),
                name="%(class)s_applied_is_stamped",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_open(self) -> bool:
        """Whether a worker has it now."""
        return self.state in self.BUSY

    def counts(self, prefix: str) -> dict[str, int]:
        """`{"read": …, "created": …, …}` for "households", "members" …"""
        return {name: getattr(self, f"{prefix}_{name}") for name in ("read", *Outcome.values)}

    @property
    def rows_kept_out(self) -> int:
        """How many rows of the file were held or rejected."""
        raise NotImplementedError


class ImportBatch(Batch):
    """A list of households and their members."""

    permissions = (Permission.HOUSEHOLD_IMPORT,)
    noun = "import"

    year = models.PositiveSmallIntegerField(_("年度"), validators=[MinValueValidator(2010), MaxValueValidator(2100)])
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
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=60, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta(Batch.Meta):
        verbose_name = _("导入批次")
        constraints: ClassVar = [
            *Batch.Meta.constraints,
            models.CheckConstraint(condition=_adds_up("households"), name="importbatch_households_add_up"),
            models.CheckConstraint(condition=_adds_up("members"), name="importbatch_members_add_up"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by="") | (Q(undone_at__isnull=False) & ~Q(undone_by="")),
                name="importbatch_undone_by_and_at",
            ),
        ]

    @property
    def rows_kept_out(self) -> int:
        return self.members_held + self.members_rejected

    def receipt(self) -> dict[str, Any]:
        """The numbers of the receipt as plain data."""
        lines = {
            name: getattr(self, f"lines_{name}") for name in ("read", "data", "blank", "heading", "total", "joined")
        }
        return {"lines": lines, "households": self.counts("households"), "members": self.counts("members")}


class PeopleBatch(Batch):
    """A sheet of helpers and their households, or of resident teams. `on` is the day from which what the sheet does not date holds.

    `rows_*` are outcomes of the data rows; units and cadres are counted once, however many rows name them.
    """

    permissions = (Permission.CADRE_EDIT, Permission.PAIRING_EDIT)
    noun = "people_import"
    COUNTED: ClassVar = ("units", "cadres", "places", "pairings")

    on = models.DateField(_("从哪一天起"))
    rows_created = _count()
    rows_updated = _count()
    rows_unchanged = _count()
    rows_held = _count()
    rows_rejected = _count()
    units_read = _count()
    units_created = _count()
    units_updated = _count()
    units_unchanged = _count()
    units_held = _count()
    units_rejected = _count()
    cadres_read = _count()
    cadres_created = _count()
    cadres_updated = _count()
    cadres_unchanged = _count()
    cadres_held = _count()
    cadres_rejected = _count()
    places_read = _count()  # in resident teams
    places_created = _count()
    places_updated = _count()
    places_unchanged = _count()
    places_held = _count()
    places_rejected = _count()
    pairings_read = _count()
    pairings_created = _count()
    pairings_updated = _count()
    pairings_unchanged = _count()
    pairings_held = _count()
    pairings_rejected = _count()

    objects = PeopleBatchQuerySet.as_manager()

    class Meta(Batch.Meta):
        verbose_name = _("帮扶队伍导入批次")
        constraints: ClassVar = [
            *Batch.Meta.constraints,
            models.CheckConstraint(condition=_adds_up("rows", "lines_data"), name="peoplebatch_rows_add_up"),
            *(
                models.CheckConstraint(condition=_adds_up(prefix), name=f"peoplebatch_{prefix}_add_up")
                for prefix in ("units", "cadres", "places", "pairings")
            ),
        ]

    @property
    def rows_kept_out(self) -> int:
        return self.rows_held + self.rows_rejected

    @property
    def to_write(self) -> int:
        """How many units, cadres, places and pairings the preview found to be new or different."""
        return sum(getattr(self, f"{each}_created") + getattr(self, f"{each}_updated") for each in self.COUNTED)

    def counts(self, prefix: str) -> dict[str, int]:
        if prefix != "rows":
            return super().counts(prefix)
        return {"read": self.lines_data} | {name: getattr(self, f"rows_{name}") for name in Outcome.values}

    def receipt(self) -> dict[str, Any]:
        """The numbers of the receipt as plain data."""
        lines = {name: getattr(self, f"lines_{name}") for name in ("read", "data", "blank", "heading", "total")}
        return {"lines": lines} | {prefix: self.counts(prefix) for prefix in ("rows", *self.COUNTED)}


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


class PeopleRow(models.Model):
    """One data row of a sheet of people.

    detail = {"problem": all that keeps parts of it out, "whole": what keeps all of it out, "notes": [sentence], "parts": [{"kind": "cadre", "label", "outcome", "problem", "changes": [[label, old, new]]}]}
    """

    batch = models.ForeignKey(PeopleBatch, models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    sheet = models.CharField(max_length=100, blank=True)
    row_no = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    name = models.CharField(max_length=60, blank=True)
    has_notes = models.BooleanField(default=False)
    detail = models.JSONField(default=dict)

    objects = PeopleRowQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["batch", "position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "position"], name="peoplerow_once")]
        indexes: ClassVar = [
            models.Index(fields=["batch", "outcome", "position"], name="peoplerow_outcome"),
            models.Index(fields=["batch", "name"], name="peoplerow_name"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.row_no}"


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


__all__ = [
    "Batch", "ExportMapping", "ExportMark", "ExportRun", "HeadingMapping", "ImportBatch", "ImportRow", "Outcome", "PeopleBatch", "PeopleRow", "RowKind",
]  # fmt: skip
