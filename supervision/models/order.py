"""工作部署 on its way down: which villages it was given to, who received it, what was done, and what households saw of it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import MeasureKind
from households.models import OfHousehold
from households.querysets import OfHouseholdQuerySet
from regions.models import Region
from supervision.querysets import OfOrderQuerySet, OrderQuerySet, OrderReceiptQuerySet, OrderVillageQuerySet
from surveys.models import SurveyRound
from visits.models import VisitRule


class Order(models.Model):
    """What a county or township asks of the villages below it. `version` counts amendments: each is received anew.

    `kind` says what counts as acted on and as seen by a household (`supervision.steps`): a survey of a round, a visit by a rule, a measure of
    a kind, or what villages register by hand. `audience` says which households of the villages are meant.
    """

    class Kind(models.TextChoices):
        SURVEY = "survey", _("入户调查")
        VISIT = "visit", _("走访")
        MEASURE = "measure", _("帮扶措施")
        MANUAL = "manual", _("手工登记")

    class Audience(models.TextChoices):
        MONITORED = "monitored", _("监测对象")
        REGISTERED = "registered", _("建档立卡和监测户")  # every status but 一般农户 and 清退
        ALL = "all", _("全部农户")

    class State(models.TextChoices):
        ISSUED = "issued", _("办理中")
        CLOSED = "closed", _("已办结")
        WITHDRAWN = "withdrawn", _("已撤回")

    region = models.ForeignKey(Region, models.PROTECT, related_name="orders", verbose_name=_("下达单位"))
    title = models.CharField(_("标题"), max_length=100)
    text = models.TextField(_("内容"), max_length=2000)
    issued_on = models.DateField(_("下达日期"))
    due_on = models.DateField(_("完成期限"))
    kind = models.CharField(_("怎样算落实"), max_length=8, choices=Kind, default=Kind.MANUAL)
    audience = models.CharField(_("对象"), max_length=12, choices=Audience, default=Audience.REGISTERED)
    survey_round = models.ForeignKey(
        SurveyRound, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("调查任务")
    )
    visit_rule = models.ForeignKey(
        VisitRule, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("走访要求")
    )
    measure_kind = models.ForeignKey(
        MeasureKind, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("帮扶措施")
    )
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.ISSUED)
    issued_by = models.CharField(_("下达人"), max_length=150)
    issued_at = models.DateTimeField()
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_note = models.CharField(_("说明"), max_length=200, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("工作部署")
        ordering: ClassVar = ["-issued_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(due_on__gte=F("issued_on")), name="order_due_after_issue"),
            models.CheckConstraint(
                condition=Q(kind="survey", survey_round__isnull=False, visit_rule=None, measure_kind=None)
                | Q(kind="visit", survey_round=None, visit_rule__isnull=False, measure_kind=None)
                | Q(kind="measure", survey_round=None, visit_rule=None, measure_kind__isnull=False)
                | Q(kind="manual", survey_round=None, visit_rule=None, measure_kind=None),
                name="order_kind_has_its_link",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="") | (Q(ended_at__isnull=False) & ~Q(ended_by="")), name="order_ended_both"
            ),
            models.CheckConstraint(
                condition=Q(state="issued", ended_at=None) | (~Q(state="issued") & Q(ended_at__isnull=False)), name="order_ended_iff_stamped"
            ),
            models.CheckConstraint(condition=~Q(state="withdrawn") | ~Q(end_note=""), name="order_withdrawal_says_why"),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["region", "-issued_on", "-id"], name="order_of_region")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.ISSUED

    @property
    def is_late(self) -> bool:
        """Whether its day has gone by while it runs."""
        return self.is_open and self.due_on < timezone.localdate()

    @property
    def until(self) -> dt.date:
        """The last day on which something counts: today, or the day it ended."""
        return timezone.localtime(self.ended_at).date() if self.ended_at else timezone.localdate()


class OrderRevision(models.Model):
    """An order as it was issued or amended. Append only."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="revisions")
    version = models.PositiveSmallIntegerField(_("版本"))
    title = models.CharField(_("标题"), max_length=100)
    text = models.TextField(_("内容"), max_length=2000)
    due_on = models.DateField(_("完成期限"))
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("工作部署版本")
        ordering: ClassVar = ["order", "-version"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "version"], name="orderrevision_once")]

    def __str__(self) -> str:
        return f"{self.order_id} v{self.version}"


class OrderVillage(models.Model):
    """A village that an order was given to, and what of its households had been reached when it was last counted.

    `asked`, `acted`, `seen` are households; `acted_days` and `seen_days` sums of days from issue to the first act, and from there to the
    household's word. They follow from other tables (`supervision.steps`): lists are read anew, sums of a county are not.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="villages")
    village = models.ForeignKey(Region, models.PROTECT, related_name="orders_received")
    asked = models.PositiveIntegerField(_("应办户"), default=0)
    acted = models.PositiveIntegerField(_("已办户"), default=0)
    seen = models.PositiveIntegerField(_("农户见到"), default=0)
    acted_days = models.PositiveIntegerField(default=0)
    seen_days = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField(_("统计时间"), null=True, blank=True)

    objects = OrderVillageQuerySet.as_manager()
    audit_skip = ("asked", "acted", "seen", "acted_days", "seen_days", "counted_at")

    class Meta:
        verbose_name = _("部署到村")
        ordering: ClassVar = ["order", "village"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "village"], name="ordervillage_once"),
            models.CheckConstraint(condition=Q(acted__lte=F("asked"), seen__lte=F("asked")), name="ordervillage_within_asked"),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["village", "order"], name="ordervillage_of_village")]

    def __str__(self) -> str:
        return f"{self.order_id} → {self.village_id}"


class OrderReceipt(models.Model):
    """签收 of a version by a township or a village."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="receipts")
    region = models.ForeignKey(Region, models.PROTECT, related_name="order_receipts")
    version = models.PositiveSmallIntegerField(_("版本"))
    by = models.CharField(_("签收人"), max_length=150)
    at = models.DateTimeField(_("签收时间"))
    note = models.CharField(_("说明"), max_length=200, blank=True)

    objects = OrderReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("签收")
        ordering: ClassVar = ["order", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "region", "version"], name="orderreceipt_once",
                violation_error_message=_("这件工作部署已经签收过了。"),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["region", "at"], name="orderreceipt_of_region")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.region_id}"


class OrderAction(OfHousehold):
    """What was done for a household because of an order that is followed by hand. Rows of one act share `act`; a mistaken act is void."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="actions")
    act = models.UUIDField(default=uuid.uuid4)
    on = models.DateField(_("办理日期"))
    text = models.CharField(_("办了什么"), max_length=200)
    by = models.CharField(_("登记人"), max_length=150)
    at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.CharField(max_length=150, blank=True)
    void_reason = models.CharField(_("作废理由"), max_length=200, blank=True)

    objects = OfHouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("部署办理")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["act", "household"], name="orderaction_once_an_act"),
            models.CheckConstraint(condition=~Q(text=""), name="orderaction_says_what"),
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_by="", void_reason="") | (Q(voided_at__isnull=False) & ~Q(voided_by="") & ~Q(void_reason="")),
                name="orderaction_void_has_reason",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["order", "household", "on"], name="orderaction_of_order"),
            models.Index(fields=["act"], name="orderaction_act"),
        ]

    def __str__(self) -> str:
        return self.text


class ActivityCount(models.Model):
    """What a village recorded in a month, as last counted: for the page that puts the levels side by side. `month` is its first day."""

    village = models.ForeignKey(Region, models.PROTECT, related_name="+")
    month = models.DateField(_("月份"))
    visits = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    surveys = models.PositiveIntegerField(default=0)
    deliveries = models.PositiveIntegerField(default=0)
    confirmations = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField()

    objects = OrderVillageQuerySet.as_manager()

    class Meta:
        verbose_name = _("每月工作量")
        ordering: ClassVar = ["month", "village"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["village", "month"], name="activitycount_once")]

    def __str__(self) -> str:
        return f"{self.village_id} {self.month}"
