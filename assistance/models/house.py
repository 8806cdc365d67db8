"""闲置房: houses that stand empty, and the households that move into them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assistance.models.evidence import AssistanceEvidence
from assistance.models.fund import MONEY
from assistance.querysets import HouseFileQuerySet, VillageQuerySet
from common.pii import SecretField
from households import codelists
from households.models import OfHousehold
from households.querysets import OfHouseholdQuerySet
from regions.models import Region


class IdleHouse(models.Model):
    """A house whose owner lets it stand empty. `grade` is the newest inspection's (A to D; C and D are unsafe and are never offered)."""

    class Ownership(models.TextChoices):
        PRIVATE = "private", _("个人")
        COLLECTIVE = "collective", _("村集体")
        STATE = "state", _("国有")

    class State(models.TextChoices):
        FREE = "free", _("可安排")
        REPAIR = "repair", _("待修缮")
        LET = "let", _("已入住")
        WITHDRAWN = "withdrawn", _("不再提供")

    village = models.ForeignKey(Region, models.PROTECT, related_name="idle_houses", verbose_name=_("村"))
    hamlet = models.CharField(_("组（自然村）"), max_length=40, blank=True)
    address = models.CharField(_("位置"), max_length=100)
    ownership = models.CharField(_("产权"), max_length=10, choices=Ownership)
    owner_name = models.CharField(_("房主"), max_length=60)
    owner_phone = SecretField(_("房主电话"), blank=True, default="")
    owner_phone_hash = models.CharField(max_length=22, blank=True)
    owner_phone_masked = models.CharField(max_length=20, blank=True)
    area = models.DecimalField(_("面积（㎡）"), max_digits=7, decimal_places=2)
    rooms = models.PositiveSmallIntegerField(_("间数"))
    is_step_free = models.BooleanField(_("平层，出入无台阶"), default=False)
    has_water = models.BooleanField(_("通自来水"), null=True, blank=True)
    has_power = models.BooleanField(_("通电"), null=True, blank=True)
    grade = models.CharField(_("安全等级"), max_length=1, choices=codelists.DWELLING_GRADE.choices, blank=True)
    rent = models.DecimalField(_("月租金（元）"), default=0, **MONEY)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.FREE)
    next_inspection_on = models.DateField(_("下次检查"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    registered_by = models.CharField(_("登记人"), max_length=150)
    registered_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = VillageQuerySet.as_manager()
    audit_skip = ("version",)

    class Meta:
        verbose_name = _("闲置房")
        ordering: ClassVar = ["village", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(area__gt=0, rooms__gt=0, rent__gte=0), name="idlehouse_sizes"),
            models.CheckConstraint(
                condition=~Q(state__in=["free", "let"]) | ~Q(grade__in=["C", "D"]),
                name="idlehouse_unsafe_is_not_offered",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Inspection(models.Model):
    """Somebody looked at the house and graded it: append only."""

    house = models.ForeignKey(IdleHouse, models.PROTECT, related_name="inspections")
    on = models.DateField(_("检查日期"))
    grade = models.CharField(_("安全等级"), max_length=1, choices=codelists.DWELLING_GRADE.choices)
    by = models.CharField(_("检查人"), max_length=150)
    at = models.DateTimeField()
    note = models.CharField(_("情况"), max_length=300, blank=True)
    evidence = models.ForeignKey(AssistanceEvidence, models.PROTECT, null=True, blank=True, related_name="+")

    objects = HouseFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("房屋检查")
        ordering: ClassVar = ["house", "-id"]

    def __str__(self) -> str:
        return f"{self.house_id} {self.on}"


class Tenancy(OfHousehold):
    """A household in an idle house, from the offer to moving in and out. One live tenancy a house and a household."""

    class State(models.TextChoices):
        OFFERED = "offered", _("已推荐")
        ACCEPTED = "accepted", _("农户同意")
        MOVED_IN = "moved_in", _("已入住")
        REFUSED = "refused", _("农户不同意")
        ENDED = "ended", _("已退租")

    house = models.ForeignKey(IdleHouse, models.PROTECT, related_name="tenancies")
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OFFERED)
    offered_on = models.DateField(_("推荐日期"))
    accepted_on = models.DateField(_("同意日期"), null=True, blank=True)
    moved_in_on = models.DateField(_("入住日期"), null=True, blank=True)
    ended_on = models.DateField(_("结束日期"), null=True, blank=True)
    rent = models.DecimalField(_("月租金（元）"), default=0, **MONEY)
    subsidy = models.DecimalField(_("其中补助（元）"), default=0, **MONEY)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    offered_by = models.CharField(max_length=150)
    version = models.PositiveIntegerField(default=1)

    objects = OfHouseholdQuerySet.as_manager()
    audit_skip = ("village", "version")

    class Meta:
        verbose_name = _("入住安排")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["house"], condition=Q(state__in=["offered", "accepted", "moved_in"]), name="tenancy_one_a_house",
                violation_error_message=_("这处房屋已经安排给一户。"),
            ),
            models.UniqueConstraint(
                fields=["household"], condition=Q(state__in=["offered", "accepted", "moved_in"]), name="tenancy_one_a_household",
                violation_error_message=_("这一户已经安排了一处房屋。"),
            ),
            models.CheckConstraint(condition=Q(subsidy__gte=0, rent__gte=F("subsidy")), name="tenancy_subsidy_within_rent"),
            models.CheckConstraint(
                condition=~Q(state="moved_in") | Q(moved_in_on__isnull=False), name="tenancy_moved_in_has_day"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "ended"]) | (Q(ended_on__isnull=False) & ~Q(reason="")),
                name="tenancy_end_says_why",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.house_id} {self.household_id}"
