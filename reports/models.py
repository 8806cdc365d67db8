"""What was printed: papers with their document numbers, and the runs that made them. What kinds of paper there are: `reports.kinds`."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, visible_region_ids
from common.models import Job
from households.models import Household
from households.querysets import HouseholdFileQuerySet
from regions.models import Region


def new_token() -> str:
    """What the QR code carries: 96 random bits, no personal data, nothing to guess."""
    return secrets.token_urlsafe(12)


LEDGER = "ledger"  # the kind of paper that everything began with


class BookletQuerySet(HouseholdFileQuerySet):
    view_permission = Permission.LEDGER_PRINT

    def scope(self, user: Any, permission: Permission) -> Q:
        return super().scope(user, permission) | Q(village__in=visible_region_ids(user, permission))


class Booklet(models.Model):
    """One paper of a household or of a village. Unchanged content is not rendered again: it keeps number, time and code of its first printing.

    `key` is the digest of the print model, the template and the fonts. `file` is an encrypted PDF that up to ten papers share
    (they share its fonts); this one is `pages` pages from `first_page` (0 = the first). "" once it has expired. `used_at` is when a run
    last took its pages: a file ends so many days after that.
    """

    kind = models.CharField(max_length=24, default=LEDGER)
    household = models.ForeignKey(Household, models.PROTECT, null=True, blank=True, related_name="booklets")
    village = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    year = models.PositiveSmallIntegerField(_("年度"))
    is_full = models.BooleanField(default=False)
    key = models.CharField(max_length=64)
    token = models.CharField(max_length=24, unique=True, default=new_token)
    household_version = models.PositiveIntegerField(default=0)  # 0 for a village's paper
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=60)
    file = models.CharField(max_length=200, blank=True)
    first_page = models.PositiveSmallIntegerField(default=0)
    pages = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(default=timezone.now)

    objects = BookletQuerySet.as_manager()

    class Meta:
        verbose_name = _("台账册")
        ordering: ClassVar = ["household", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["household", "key"], name="booklet_once_per_content"),
            models.UniqueConstraint(fields=["village", "key"], name="booklet_once_per_village_content"),
            models.CheckConstraint(
                condition=Q(household=None, village__isnull=False) | Q(household__isnull=False, village=None),
                name="booklet_of_household_or_village",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["household", "year", "-id"], name="booklet_household"),
            models.Index(fields=["file"], name="booklet_file", condition=~Q(file="")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """文号, printed on the cover and at every foot."""
        from reports.kinds import KINDS  # here, because what makes papers reads ledgers

        return f"{KINDS[self.kind].prefix if self.kind in KINDS else 'ZL'}-{self.year}-{self.pk:08d}"


class PrintRunQuerySet(ScopedQuerySet):
    view_permission = Permission.LEDGER_PRINT

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(owner=user)


class PrintRun(models.Model):
    """One request of the print centre; its job does the work, its volumes are what comes out, a village each.

    `kind` is a code of `reports.kinds`. `file` is the one PDF of several volumes, encrypted, where it was asked for; "" once expired.
    `paused_at` stands while its owner holds it: then its job has ended, and resuming starts it again. `pace` is what the newest samples of
    progress say, [[seconds since the epoch, papers done], …]: from it speed and time left.
    """

    class Output(models.TextChoices):
        MERGED = "merged", _("合并成一个文件")
        VILLAGES = "villages", _("每村一个文件（压缩包）")
        ZIPPED = "zipped", _("每户一个文件（压缩包）")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="print_runs")
    job = models.OneToOneField(Job, models.PROTECT, related_name="print_run")
    kind = models.CharField(_("材料"), max_length=24, default=LEDGER)
    sheet = models.CharField(_("纸张"), max_length=4, default="A4")
    title = models.CharField(max_length=200)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True)  # None = each household's newest
    is_full = models.BooleanField(_("完整证件号"), default=False)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    output = models.CharField(_("文件形式"), max_length=8, choices=Output, default=Output.MERGED)
    total = models.PositiveIntegerField(default=0)
    paused_at = models.DateTimeField(null=True, blank=True)
    pace = models.JSONField(default=list)
    merging_until = models.DateTimeField(null=True, blank=True)
    file = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PrintRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("打印任务")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(is_full=False) | ~Q(reason=""), name="printrun_full_has_reason"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def standing(self) -> str:
        """The state of its job, or "pausing" and "paused": a job that its owner holds has been cancelled, and is started again."""
        if self.paused_at and self.job.state == Job.State.CANCELLED:
            return "paused"
        if self.paused_at and self.job.is_open and self.job.cancel_requested:
            return "pausing"
        return self.job.state


class PrintVolume(models.Model):
    """The papers of one village in a run, bound into one file as soon as the last of them is there. Who binds it holds it `binding_until`.

    `finished` counts papers that are done or could not be made, `failed` the latter; they change with the items, in one transaction.
    """

    run = models.ForeignKey(PrintRun, models.CASCADE, related_name="volumes")
    village = models.ForeignKey(Region, models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    finished = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    reused = models.PositiveIntegerField(default=0)
    binding_until = models.DateTimeField(null=True, blank=True)
    bound_at = models.DateTimeField(null=True, blank=True)
    file = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["run", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "village"], name="printvolume_once"),
            models.CheckConstraint(
                condition=Q(finished__lte=models.F("total"), failed__lte=models.F("finished")),
                name="printvolume_counts",
            ),
            models.CheckConstraint(
                condition=Q(bound_at=None) | Q(finished=models.F("total")), name="printvolume_bound_when_finished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.village_id}"


class PrintItem(models.Model):
    """A paper of a run: of a household, or of the village of its volume. Workers claim ten at a time; a claim that ran out is claimed
    again by another worker."""

    class State(models.TextChoices):
        WAITING = "waiting", _("等待")
        DONE = "done", _("完成")
        FAILED = "failed", _("未打印")

    run = models.ForeignKey(PrintRun, models.CASCADE, related_name="items")
    volume = models.ForeignKey(PrintVolume, models.CASCADE, related_name="items")
    household = models.ForeignKey(Household, models.PROTECT, null=True, blank=True, related_name="+")
    place = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    claimed_until = models.DateTimeField(null=True, blank=True)
    booklet = models.ForeignKey(Booklet, models.PROTECT, null=True, blank=True, related_name="+")
    is_reused = models.BooleanField(default=False)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["run", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "household"], name="printitem_once"),
            models.UniqueConstraint(fields=["volume"], condition=Q(household=None), name="printitem_once_a_village"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(booklet__isnull=False), name="printitem_done_has_booklet"
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="printitem_failed_has_error"),
        ]
        indexes: ClassVar = [models.Index(fields=["run", "state", "place"], name="printitem_claim")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.place}"
