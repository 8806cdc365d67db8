"""资金 in double entry: every movement takes from one account what it gives to another, and the database keeps the balances.

A fund's money stands in its accounts: what the `source` has promised comes into `planned`, is allotted (下达) into `allotted`, is set
aside for a village project in `reserved`, and leaves into `paid`. `source` counts downwards and may not pass the ceiling; no other
account falls below zero. Balances are kept by triggers on `Line` alone (migration 0003): whoever writes one otherwise is refused, entries
and lines are never changed, the lines of an entry come in one statement and sum to zero.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assistance.codelists import SOURCE
from assistance.querysets import FundFileQuerySet, FundQuerySet, LineQuerySet
from regions.models import Region

MONEY = {"max_digits": 14, "decimal_places": 2}


class Fund(models.Model):
    """A pot of money of a county: source, year, what the paper calls it, and how much there may be of it (元)."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="funds", verbose_name=_("所属县"))
    source = models.CharField(_("资金来源"), max_length=12, choices=SOURCE.choices)
    year = models.PositiveSmallIntegerField(_("年度"))
    title = models.CharField(_("资金名称"), max_length=80)
    document = models.CharField(_("文号"), max_length=80, blank=True)
    ceiling = models.DecimalField(_("规模上限（元）"), **MONEY)
    opened_by = models.CharField(max_length=150)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = FundQuerySet.as_manager()
    audit_skip = ("opened_at",)

    class Meta:
        verbose_name = _("资金")
        ordering: ClassVar = ["-year", "source", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["region", "source", "year", "title"],
                name="fund_once",
                violation_error_message=_("这一年度已经有同名的资金。"),
            ),
            models.CheckConstraint(condition=Q(ceiling__gt=0), name="fund_ceiling_positive"),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by="") | (Q(closed_at__isnull=False) & ~Q(closed_by="")),
                name="fund_closed_both",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Account(models.Model):
    """Where money of a fund stands. `project` on `reserved` and, for what a project has been paid, on `paid`."""

    class Kind(models.TextChoices):
        SOURCE = "source", _("来源")
        PLANNED = "planned", _("计划未下达")
        ALLOTTED = "allotted", _("已下达可用")
        RESERVED = "reserved", _("已安排项目")
        PAID = "paid", _("已支付")

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=8, choices=Kind)
    project = models.ForeignKey(
        "assistance.VillageProject", models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    balance = models.DecimalField(_("余额（元）"), default=0, editable=False, **MONEY)

    objects = FundFileQuerySet.as_manager()
    audit_skip = ("balance",)  # the database keeps it: see `assistance.services.funds.check`

    class Meta:
        verbose_name = _("账户")
        ordering: ClassVar = ["fund", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fund", "kind"], condition=Q(project=None), name="account_once"),
            models.UniqueConstraint(
                fields=["fund", "kind", "project"], condition=Q(project__isnull=False), name="account_once_a_project"
            ),
            models.CheckConstraint(
                condition=Q(kind="reserved", project__isnull=False)
                | Q(kind="paid")
                | Q(kind__in=["source", "planned", "allotted"], project=None),
                name="account_kind_and_project",
            ),
            models.CheckConstraint(
                condition=Q(kind="source", balance__lte=0) | (~Q(kind="source") & Q(balance__gte=0)),
                name="account_not_overdrawn",
                violation_error_message=_("资金余额不够。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fund_id} {self.kind}"


class Entry(models.Model):
    """One movement of a fund's money, with the day it counts for, who did it, and the paper behind it.

    `reverses` names the payout for a village project that this one takes back, once. Of a delivery to a household `Delivery.reversed_by`
    says the same.
    """

    class Kind(models.TextChoices):
        PLAN = "plan", _("列入计划")
        CUT = "cut", _("调减计划")
        ALLOT = "allot", _("下达")
        RECALL = "recall", _("收回")
        RESERVE = "reserve", _("安排项目")
        RELEASE = "release", _("退回未用项目资金")
        PAY = "pay", _("支付")
        REVERSE = "reverse", _("冲回")

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="entries")
    kind = models.CharField(_("类型"), max_length=8, choices=Kind)
    on = models.DateField(_("日期"))
    reference = models.CharField(_("凭证号或文号"), max_length=80, blank=True)
    note = models.CharField(_("摘要"), max_length=200, blank=True)
    by = models.CharField(_("经办"), max_length=150)
    at = models.DateTimeField(auto_now_add=True)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")

    objects = FundFileQuerySet.as_manager()
    audit_skip = ("at",)

    class Meta:
        verbose_name = _("资金变动")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(reverses=None) | Q(kind="reverse"), name="entry_reversal_is_named"),
        ]
        indexes: ClassVar = [models.Index(fields=["fund", "-id"], name="entry_of_fund")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"


class Line(models.Model):
    """What an entry gives to (positive) or takes from (negative) an account, in 元. On `paid` accounts `delivery` says for whom."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="lines")
    account = models.ForeignKey(Account, models.PROTECT, related_name="lines")
    amount = models.DecimalField(_("金额（元）"), **MONEY)
    delivery = models.ForeignKey(
        "assistance.Delivery", models.PROTECT, null=True, blank=True, related_name="lines", db_index=False
    )

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = _("分录")
        ordering: ClassVar = ["entry", "id"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(amount=0), name="line_moves_money")]
        indexes: ClassVar = [
            models.Index(fields=["delivery"], condition=Q(delivery__isnull=False), name="line_of_delivery"),
            models.Index(
                fields=["entry"], condition=Q(delivery=None), name="line_of_no_delivery"
            ),  # what an entry moved
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount}"
