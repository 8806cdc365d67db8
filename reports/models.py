"""What was printed: booklets with their document numbers, and the runs that made them."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet
from common.models import Job
from households.models import Household
from households.querysets import HouseholdFileQuerySet
from regions.models import Region


def new_token() -> str:
    """What the QR code carries: 96 random bits, no personal data, nothing to guess."""
    return secrets.token_urlsafe(12)


class BookletQuerySet(HouseholdFileQuerySet):
    view_permission = Permission.LEDGER_PRINT


class Booklet(models.Model):
    """One rendered ledger (一户一本台账). Unchanged content is not rendered again: it keeps number, time and code of its first printing.

    `key` is the digest of the print model, the template and the fonts. `file` is an encrypted PDF that up to ten booklets share
    (they share its fonts); this one is `pages` pages from `first_page` (0 = the first). "" once it has expired.
    """

    household = models.ForeignKey(Household, models.PROTECT, related_name="booklets")
    year = models.PositiveSmallIntegerField(_("年度"))
    is_full = models.BooleanField(default=False)
    key = models.CharField(max_length=64)
    token = models.CharField(max_length=24, unique=True, default=new_token)
    household_version = models.PositiveIntegerField()
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=60)
    file = models.CharField(max_length=200, blank=True)
    first_page = models.PositiveSmallIntegerField(default=0)
    pages = models.PositiveSmallIntegerField(default=0)

    objects = BookletQuerySet.as_manager()

    class Meta:
        verbose_name = _("台账册")
        ordering: ClassVar = ["household", "-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["household", "key"], name="booklet_once_per_content")]
        indexes: ClassVar = [models.Index(fields=["household", "year", "-id"], name="booklet_household")]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """文号, printed on the cover and at every foot."""
        return f"TZ-{self.year}-{self.pk:08d}"


class PrintRunQuerySet(ScopedQuerySet):
    view_permission = Permission.LEDGER_PRINT

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(owner=user)


class PrintRun(models.Model):
    """One request of the print centre; its job does the work. `file` is the merged PDF or the zip, encrypted, "" once expired."""

    class Output(models.TextChoices):
        MERGED = "merged", _("合并成一个文件")
        ZIPPED = "zipped", _("每户一个文件（压缩包）")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="print_runs")
    job = models.OneToOneField(Job, models.PROTECT, related_name="print_run")
    title = models.CharField(max_length=200)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True)  # None = each household's newest
    is_full = models.BooleanField(_("完整证件号"), default=False)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    output = models.CharField(_("文件形式"), max_length=8, choices=Output, default=Output.MERGED)
    total = models.PositiveIntegerField(default=0)
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
    def extension(self) -> str:
        return "pdf" if self.output == self.Output.MERGED else "zip"


class PrintItem(models.Model):
    """A household of a run. Workers claim ten at a time; a claim that ran out is claimed again by another worker."""

    class State(models.TextChoices):
        WAITING = "waiting", _("等待")
        DONE = "done", _("完成")
        FAILED = "failed", _("未打印")

    run = models.ForeignKey(PrintRun, models.CASCADE, related_name="items")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
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
            models.CheckConstraint(
                condition=~Q(state="done") | Q(booklet__isnull=False), name="printitem_done_has_booklet"
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="printitem_failed_has_error"),
        ]
        indexes: ClassVar = [models.Index(fields=["run", "state", "place"], name="printitem_claim")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.place}"
