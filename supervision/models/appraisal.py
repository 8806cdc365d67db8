"""考评: by which weights, of which period, with what figures, and what the cadre says to it. Never a ranking: nothing here orders by score."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DateRange
from cadres.models import Cadre
from regions.models import Region
from supervision.querysets import AppraisalQuerySet, FromAboveQuerySet, OfAppraisalQuerySet


class AppraisalScheme(models.Model):
    """考评办法 of a county: one version. `weights` is `{item code: whole per cent}` and sums to 100 (migration 0002).

    A version that was in force is never changed: another weight is another version, and results keep the one they were computed with.
    `reply_days` is how long a cadre may wait with a comment before the appraisal becomes final without one.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        IN_FORCE = "in_force", _("执行中")
        RETIRED = "retired", _("已停用")

    region = models.ForeignKey(Region, models.PROTECT, related_name="appraisal_schemes", verbose_name=_("县"))
    version = models.PositiveSmallIntegerField(_("版本"))
    name = models.CharField(_("名称"), max_length=80)
    weights = models.JSONField(_("权重"))
    reply_days = models.PositiveSmallIntegerField(_("申辩期限（天）"), default=7)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.DRAFT)
    made_by = models.CharField(_("制定人"), max_length=150)
    made_at = models.DateTimeField(_("制定时间"))

    objects = FromAboveQuerySet.as_manager()

    class Meta:
        verbose_name = _("考评办法")
        ordering: ClassVar = ["region", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["region", "version"], name="appraisalscheme_version_once"),
            models.UniqueConstraint(fields=["region"], condition=Q(state="in_force"), name="appraisalscheme_one_in_force"),
            models.UniqueConstraint(
                fields=["region"], condition=Q(state="draft"), name="appraisalscheme_one_draft",
                violation_error_message=_("已经有一份草稿，请改那一份，或者先施行它。"),
            ),
            models.CheckConstraint(condition=Q(reply_days__gte=1, reply_days__lte=60), name="appraisalscheme_reply_days"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class AppraisalRound(models.Model):
    """一次考评 of the people who help in a region in a period. `ends_on` is the first day after it."""

    class State(models.TextChoices):
        COMPUTING = "computing", _("计算中")
        OPEN = "open", _("进行中")
        CLOSED = "closed", _("已结束")
        DISCARDED = "discarded", _("已撤销")

    region = models.ForeignKey(Region, models.PROTECT, related_name="appraisal_rounds", verbose_name=_("范围"))
    starts_on = models.DateField(_("起始日期"))
    ends_on = models.DateField(_("截止日期"))
    scheme = models.ForeignKey(AppraisalScheme, models.PROTECT, related_name="rounds", verbose_name=_("考评办法"))
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.COMPUTING)
    opened_by = models.CharField(_("发起人"), max_length=150)
    opened_at = models.DateTimeField()
    computed_at = models.DateTimeField(_("计算时间"), null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = FromAboveQuerySet.as_manager()

    class Meta:
        verbose_name = _("考评")
        ordering: ClassVar = ["-starts_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="appraisalround_ends_after_start"),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by="") | (Q(closed_at__isnull=False) & ~Q(closed_by="")), name="appraisalround_closed_both"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["closed", "discarded"], closed_at__isnull=False) | (~Q(state__in=["closed", "discarded"]) & Q(closed_at=None)),
                name="appraisalround_closed_iff_stamped",
            ),
            models.CheckConstraint(condition=~Q(state__in=["open", "closed"]) | Q(computed_at__isnull=False), name="appraisalround_was_computed"),
            ExclusionConstraint(
                name="appraisalround_no_overlap",
                expressions=[
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("region", RangeOperators.EQUAL),
                ],
                condition=~Q(state="discarded"),
                violation_error_message=_("这个地区在这段时间里已经有一次考评，时间不能重叠。请核对起止日期。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.region_id} {self.starts_on}"

    @property
    def last_day(self) -> dt.date:
        return self.ends_on - dt.timedelta(days=1)


class Appraisal(models.Model):
    """One cadre in one round. `items` is `{item code: {"due": n, "done": n, …}}` as computed; `score` 0 to 100, None where nothing was due.

    A final one never changes again (migration 0002). What was said to it stands in `AppraisalWord`.
    """

    class State(models.TextChoices):
        COMPUTED = "computed", _("待送阅")
        SHOWN = "shown", _("待本人意见")
        COMMENTED = "commented", _("待答复")
        ANSWERED = "answered", _("已答复")
        FINAL = "final", _("已审定")

    round = models.ForeignKey(AppraisalRound, models.PROTECT, related_name="appraisals")
    cadre = models.ForeignKey(Cadre, models.PROTECT, related_name="appraisals", verbose_name=_("干部"))
    items = models.JSONField(default=dict)
    score = models.DecimalField(_("得分"), max_digits=5, decimal_places=2, null=True, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.COMPUTED)
    computed_at = models.DateTimeField(_("计算时间"))
    shown_at = models.DateTimeField(_("送阅时间"), null=True, blank=True)
    decided_by = models.CharField(_("审定人"), max_length=150, blank=True)
    decided_at = models.DateTimeField(_("审定时间"), null=True, blank=True)

    objects = AppraisalQuerySet.as_manager()
    audit_skip = ("computed_at",)

    class Meta:
        verbose_name = _("干部考评")
        ordering: ClassVar = ["round", "cadre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "cadre"], name="appraisal_once_a_cadre"),
            models.CheckConstraint(condition=Q(score=None) | Q(score__gte=0, score__lte=100), name="appraisal_score"),
            models.CheckConstraint(
                condition=Q(state="computed", shown_at=None) | (~Q(state="computed") & Q(shown_at__isnull=False)), name="appraisal_was_shown"
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by="") | (Q(decided_at__isnull=False) & ~Q(decided_by="")), name="appraisal_decided_both"
            ),
            models.CheckConstraint(
                condition=Q(state="final", decided_at__isnull=False) | (~Q(state="final") & Q(decided_at=None)), name="appraisal_final_iff_decided"
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["round", "state"], name="appraisal_of_round")]

    def __str__(self) -> str:
        return f"{self.cadre_id} in {self.round_id}"


class AppraisalWord(models.Model):
    """What a cadre says to an appraisal, and what the office answers. Append only."""

    class Kind(models.TextChoices):
        COMMENT = "comment", _("本人意见")
        ANSWER = "answer", _("答复")

    appraisal = models.ForeignKey(Appraisal, models.PROTECT, related_name="words")
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.CharField(_("内容"), max_length=600)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    objects = OfAppraisalQuerySet.as_manager()

    class Meta:
        verbose_name = _("考评意见")
        ordering: ClassVar = ["appraisal", "id"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(text=""), name="appraisalword_says_something")]

    def __str__(self) -> str:
        return self.text
