"""A household: identity only. What is true in a year stands in `HouseholdYear`."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Right
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.audit import SUBJECT_HOUSEHOLD
from common.pii import SecretField
from households import codelists
from households.models.status import Status
from households.querysets import HouseholdQuerySet
from regions.models import Region


class Household(models.Model):
    """户. `number` is the 户编号 of the national system where there is one: opaque text, leading zeros kept, unique.

    `township`, `householder_name`, `status` and the columns after them repeat what stands elsewhere so that lists read one table;
    the services that write the originals write them too.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("户编号"), max_length=40, unique=True)
    village = models.ForeignKey(Region, models.PROTECT, related_name="households", verbose_name=_("村"))
    township = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("乡镇"))
    hamlet = models.CharField(_("组（自然村）"), max_length=60, blank=True)
    address = models.CharField(_("家庭住址"), max_length=200, blank=True)
    phone = SecretField(_("联系电话"), blank=True, default="")
    phone_hash = models.CharField(max_length=22, blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    bank_name = models.CharField(_("开户银行"), max_length=100, blank=True)
    bank_account = SecretField(_("银行卡号"), blank=True, default="")
    bank_account_hash = models.CharField(max_length=22, blank=True)
    bank_account_masked = models.CharField(max_length=40, blank=True)
    standard = models.CharField(_("识别标准"), max_length=4, blank=True, choices=codelists.STANDARD.choices)
    identified_on = models.DateField(_("识别日期"), null=True, blank=True)
    is_military = models.BooleanField(_("军烈属"), null=True, blank=True)
    is_only_child = models.BooleanField(_("独生子女户"), null=True, blank=True)
    is_two_daughters = models.BooleanField(_("双女户"), null=True, blank=True)

    status = models.CharField(_("身份状态"), max_length=24, choices=Status, default=Status.ORDINARY)
    householder_name = models.CharField(_("户主"), max_length=60, blank=True)
    sort_key = models.CharField(max_length=120, blank=True)
    member_count = models.PositiveSmallIntegerField(_("家庭人口"), default=0)
    category = models.CharField(
        _("户属性"), max_length=4, blank=True
    )  # of the newest annual record, like the three below
    main_cause = models.CharField(_("主要致贫原因"), max_length=4, blank=True)
    open_checks = models.PositiveSmallIntegerField(_("未达标项数"), default=0)
    latest_year = models.PositiveSmallIntegerField(_("最新年度"), default=0)

    closed_on = models.DateField(_("销户日期"), null=True, blank=True)
    closed_reason = models.CharField(_("销户原因"), max_length=12, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")
    version = models.PositiveIntegerField(
        default=1
    )  # one more with every change: a form that began on an older one is stale
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = HouseholdQuerySet.as_manager()
    audit_skip = ("version", "created_at", "sort_key", "member_count", "open_checks", "uid")

    class Meta:
        verbose_name = _("户")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closed_on=None, closed_reason="") | (Q(closed_on__isnull=False) & ~Q(closed_reason="")),
                name="household_closed_iff_reason",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(closed_on__isnull=False), name="household_merged_is_closed"
            ),
            models.CheckConstraint(condition=~Q(number=""), name="household_has_number"),
        ]
        indexes: ClassVar = [
            # Of households that exist, so that a list is counted in the index alone.
            models.Index(
                fields=["village", "status", "-id"], name="household_village_status", condition=Q(closed_on=None)
            ),
            models.Index(
                fields=["township", "status", "-id"], name="household_township_status", condition=Q(closed_on=None)
            ),
            models.Index(fields=["village", "-id"], name="household_village", condition=Q(closed_on=None)),
            models.Index(fields=["township", "-id"], name="household_township", condition=Q(closed_on=None)),
            models.Index(fields=["phone_hash"], name="household_phone", condition=~Q(phone_hash="")),
            models.Index(Right("phone_masked", 4), name="household_phone_tail", condition=~Q(phone_masked="")),
        ]

    def __str__(self) -> str:
        return str(_("%(name)s户") % {"name": self.householder_name or _("（无户主）")})

    def get_absolute_url(self) -> str:
        return reverse("households:household_detail", args=[self.pk])

    @property
    def subject(self) -> str:
        """The audit chain of this household."""
        return f"{SUBJECT_HOUSEHOLD}/{self.pk}"

    @property
    def is_closed(self) -> bool:
        return self.closed_on is not None
