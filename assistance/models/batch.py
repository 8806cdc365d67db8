"""发放批次: a subsidy list for many households, as it was uploaded, row by row with what became of each."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assistance.models.fund import MONEY, Fund
from assistance.models.measure import Delivery
from assistance.querysets import BatchQuerySet, BatchRowQuerySet
from catalogue.models import MeasureKind
from common.models import Job
from households.models import Household, Member
from regions.models import Region


class PayBatch(models.Model):
    """One list: which kind, for which period, from which fund. The receipt: read = paid + unchanged + rejected (before paying, `paid`
    counts the rows that can be paid)."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("已上传")
        CHECKING = "checking", _("核对中")
        CHECKED = "checked", _("待发放")
        PAYING = "paying", _("发放中")
        PAID = "paid", _("已发放")
        DISCARDED = "discarded", _("已放弃")

    region = models.ForeignKey(Region, models.PROTECT, related_name="pay_batches", verbose_name=_("范围"))
    kind = models.ForeignKey(MeasureKind, models.PROTECT, related_name="+", verbose_name=_("帮扶措施"))
    fund = models.ForeignKey(
        Fund, models.PROTECT, related_name="batches", verbose_name=_("资金"), null=True, blank=True
    )
    year = models.PositiveSmallIntegerField(_("年度"))
    period = models.CharField(_("所属期"), max_length=7, blank=True)
    on = models.DateField(_("发放日期"))
    filename = models.CharField(_("文件"), max_length=120)
    file = models.CharField(max_length=200, blank=True)  # a name in common.vault
    sha256 = models.CharField(max_length=64)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.UPLOADED)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    read = models.PositiveIntegerField(_("读到"), default=0)
    paid = models.PositiveIntegerField(_("发放"), default=0)
    unchanged = models.PositiveIntegerField(_("已发过"), default=0)
    rejected = models.PositiveIntegerField(_("未通过"), default=0)
    total = models.DecimalField(_("金额（元）"), default=0, **MONEY)
    uploaded_by = models.CharField(_("上传"), max_length=150)
    uploaded_at = models.DateTimeField()
    paid_by = models.CharField(_("发放人"), max_length=150, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    objects = BatchQuerySet.as_manager()
    audit_skip = ("file", "job")

    class Meta:
        verbose_name = _("发放批次")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(read=F("paid") + F("unchanged") + F("rejected")), name="paybatch_receipt_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(paid_at=None, paid_by="") | (Q(paid_at__isnull=False) & ~Q(paid_by="")),
                name="paybatch_paid_both",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(paid_at__isnull=False), name="paybatch_paid_is_stamped"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period}"


class PayRow(models.Model):
    """A row of the list as it was read (number masked), and its outcome in one sentence."""

    class Outcome(models.TextChoices):
        READY = "ready", _("可以发放")
        PAID = "paid", _("已发放")
        UNCHANGED = "unchanged", _("以前已发过")
        REJECTED = "rejected", _("未通过")

    class Why(models.TextChoices):
        """Of what kind the reason is: by these the page counts what is to be mended, and finds the rows that only lack a measure."""

        ROW = "row", _("这一行本身有误")
        PERSON = "person", _("台账中找不到人")
        GONE = "gone", _("已减少或已销户")
        AREA = "area", _("不在本批范围")
        MEASURE = "measure", _("没有提出过这项措施")
        PENDING = "pending", _("措施还没有批准")
        CEILING = "ceiling", _("超过上限")
        TWICE = "twice", _("清单中重复")
        PAID = "paid", _("已发过，金额不同")
        ELIGIBLE = "eligible", _("不符合享受条件")

    batch = models.ForeignKey(PayBatch, models.CASCADE, related_name="rows")
    place = models.PositiveIntegerField(_("行号"))  # in the file, from 1
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    id_masked = models.CharField(_("证件号码"), max_length=22, blank=True)
    amount = models.DecimalField(_("金额（元）"), null=True, blank=True, **MONEY)
    quantity = models.DecimalField(_("数量"), max_digits=10, decimal_places=2, null=True, blank=True)
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome)
    say = models.CharField(_("原因"), max_length=300, blank=True)
    why = models.CharField(_("原因种类"), max_length=8, choices=Why, blank=True)
    household = models.ForeignKey(Household, models.PROTECT, null=True, blank=True, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    delivery = models.ForeignKey(Delivery, models.PROTECT, null=True, blank=True, related_name="+")

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("清单行")
        ordering: ClassVar = ["batch", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "place"], name="payrow_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["ready", "paid", "unchanged"]) | ~Q(say=""), name="payrow_rejection_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="paid") | Q(delivery__isnull=False), name="payrow_paid_has_delivery"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.place}"
