"""走访: who went to a household or called it, what the rules ask for, and what is due."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DateRange
from assistance.models import ServiceRequest
from cadres.models import Cadre
from households.models import OfHousehold
from regions.models import Region
from visits.querysets import DutyQuerySet, RuleQuerySet, TallyQuerySet, VisitQuerySet


class Capacity(models.TextChoices):
    """As what somebody visited: what a rule counts."""

    HELPER = "helper", _("帮扶责任人")
    FIRST_SECRETARY = "secretary", _("第一书记")
    TEAM = "team", _("驻村工作队")
    VILLAGE = "village", _("村干部")
    TOWNSHIP = "township", _("乡镇干部")
    COUNTY = "county", _("县级干部")


class Manner(models.TextChoices):
    """A call counts as a call, never as a visit."""

    VISIT = "visit", _("入户走访")
    CALL = "call", _("电话联系")


class Visit(OfHousehold):
    """Somebody was there, or called. `uid` is the phone's; a visit is never changed or deleted: a mistaken one is made void with a reason.

    `capacities` is as what the visitor came, worked out by the server from pairing, team place and posting on the day. The place is
    asked for once and kept to two decimals of a degree (about 1 km); `photos` are the ids of `surveys.SurveyPhoto` rows, which may
    arrive later.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    visitor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="visits", verbose_name=_("走访人")
    )
    cadre = models.ForeignKey(Cadre, models.PROTECT, null=True, blank=True, related_name="visits")
    capacities = ArrayField(models.CharField(max_length=12, choices=Capacity), verbose_name=_("以什么身份"), blank=True)
    manner = models.CharField(_("方式"), max_length=8, choices=Manner, default=Manner.VISIT)
    on = models.DateField(_("走访日期"))
    met = ArrayField(models.CharField(max_length=12), verbose_name=_("见到谁"), default=list)
    seen = ArrayField(models.CharField(max_length=12), verbose_name=_("看到什么"), default=list, blank=True)
    text = models.CharField(_("一句话记录"), max_length=300)
    request = models.OneToOneField(
        ServiceRequest, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("农户诉求")
    )
    next_on = models.DateField(_("下次走访"), null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=5, decimal_places=2, null=True, blank=True)
    latitude = models.DecimalField(_("纬度"), max_digits=4, decimal_places=2, null=True, blank=True)
    photos = ArrayField(models.UUIDField(), verbose_name=_("照片"), default=list, blank=True)
    device = models.UUIDField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)  # by the phone's clock
    recorded_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    voided_at = models.DateTimeField(_("作废时间"), null=True, blank=True)
    voided_by = models.CharField(_("作废人"), max_length=150, blank=True)
    void_reason = models.CharField(_("作废理由"), max_length=200, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("走访记录")
        ordering: ClassVar = ["-on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_by="", void_reason="") | (Q(voided_at__isnull=False) & ~Q(voided_by="") & ~Q(void_reason="")),
                name="visit_void_has_reason",
            ),
            models.CheckConstraint(condition=Q(next_on=None) | Q(next_on__gt=F("on")), name="visit_next_is_later"),
            models.CheckConstraint(condition=Q(longitude=None, latitude=None) | Q(longitude__isnull=False, latitude__isnull=False), name="visit_place_both"),
            models.CheckConstraint(condition=~Q(text="") & Q(met__len__gte=1), name="visit_says_something"),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["village", "-on", "-id"], name="visit_of_village"),
            models.Index(fields=["household", "-on", "-id"], name="visit_of_household"),
            models.Index(fields=["visitor", "-on", "-id"], name="visit_of_visitor"),
            models.Index(fields=["cadre", "on"], name="visit_of_cadre"),
            # The list of a county, and how many were made in a month by village, from the index alone.
            models.Index(fields=["-on", "-id"], include=["village", "manner"], condition=Q(voided_at=None), name="visit_by_day"),
            models.Index(fields=["-on", "-id"], include=["village"], condition=Q(voided_at__isnull=False), name="visit_void"),
            models.Index(fields=["next_on", "id"], include=["village"], condition=Q(voided_at=None, next_on__isnull=False), name="visit_planned"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def is_void(self) -> bool:
        return self.voided_at is not None


class VisitRule(models.Model):
    """How often somebody is to come: `least` times in each period, in a region and below it, from one day to another.

    No national rule exists (only local ones were found), so there is none until a county writes it. Of several rules for one capacity and
    manner that mean a household the nearest region's holds, and there the one with the narrowest audience. Changed rules are new rows:
    what was asked of a past period stays as it was.
    """

    class Period(models.TextChoices):
        MONTH = "month", _("每月")
        QUARTER = "quarter", _("每季度")
        HALF_YEAR = "half_year", _("每半年")
        YEAR = "year", _("每年")

    class Audience(models.TextChoices):
        MONITORED = "monitored", _("监测对象")
        REGISTERED = "registered", _("建档立卡和监测户")  # every status but 一般农户 and 清退
        ALL = "all", _("全部农户")

    region = models.ForeignKey(Region, models.PROTECT, related_name="visit_rules", verbose_name=_("范围"))
    capacity = models.CharField(_("谁走访"), max_length=12, choices=Capacity)
    manner = models.CharField(_("方式"), max_length=8, choices=Manner, default=Manner.VISIT)
    audience = models.CharField(_("对象"), max_length=12, choices=Audience, default=Audience.REGISTERED)
    period = models.CharField(_("周期"), max_length=12, choices=Period)
    least = models.PositiveSmallIntegerField(_("至少次数"))
    starts_on = models.DateField(_("起始日期"))
    ends_on = models.DateField(_("截止日期"), null=True, blank=True)  # the first day without
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(auto_now_add=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("走访要求")
        ordering: ClassVar = ["region", "capacity", "-starts_on", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(least__gte=1, least__lte=31), name="visitrule_least"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="visitrule_ends_after_start"
            ),
            ExclusionConstraint(
                name="visitrule_one_at_a_time",
                expressions=[
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                    *((column, RangeOperators.EQUAL) for column in ("region", "capacity", "manner", "audience")),
                ],
                violation_error_message=_("这里在同一时间已经有相同对象、相同方式的走访要求。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.capacity} {self.least}/{self.period}"


class VisitDuty(OfHousehold):
    """What a rule asks of one household in one period, and what of it was done. For a helper's rule `cadre` is the helper; else None: any
    person of that capacity does it.

    Kept by `visits.services.duties` as `visits.dues` says, from rules, pairings, visits and households: made anew for the periods that run it
    is the same. `next_due_on` is the last day for the next missing visit, None once nothing is missing. `over` says that the night has put
    the row aside: its period is over, and lists of what is due need not look at it.
    """

    rule = models.ForeignKey(VisitRule, models.PROTECT, related_name="duties")
    cadre = models.ForeignKey(Cadre, models.PROTECT, null=True, blank=True, related_name="visit_duties")
    starts_on = models.DateField(_("周期开始"))
    ends_on = models.DateField(_("周期结束"))  # the first day after it
    needed = models.PositiveSmallIntegerField(_("应走访"))
    made = models.PositiveSmallIntegerField(_("已走访"), default=0)
    next_due_on = models.DateField(_("最迟日期"), null=True, blank=True)
    over = models.BooleanField(default=False)

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("走访任务")
        ordering: ClassVar = ["next_due_on", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "household", "cadre", "starts_on"], name="visitduty_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(made__gte=F("needed"), next_due_on=None) | Q(made__lt=F("needed"), next_due_on__isnull=False), name="visitduty_due_while_missing"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="visitduty_ends_after_start"),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["next_due_on", "id"], include=["village", "ends_on"], condition=Q(next_due_on__isnull=False, over=False), name="visitduty_by_day"),
            models.Index(fields=["village", "next_due_on", "id"], condition=Q(next_due_on__isnull=False, over=False), name="visitduty_of_village"),
            models.Index(fields=["cadre", "next_due_on", "id"], condition=Q(next_due_on__isnull=False, over=False), name="visitduty_of_cadre"),
            models.Index(fields=["next_due_on", "id"], include=["village"], condition=Q(next_due_on__isnull=False, over=True), name="visitduty_missed"),
            models.Index(fields=["cadre", "starts_on"], name="visitduty_period_of_cadre"),
            # Figures of a county are counted from the index alone.
            models.Index(fields=["village", "cadre"], include=["rule", "starts_on", "ends_on", "next_due_on"], condition=Q(over=False), name="visitduty_counts"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.household_id} {self.starts_on}"


class LastVisit(OfHousehold):
    """When a household was last visited, and last called, by the visits that count; `asked` says that visits are for it: it exists and is 建档立卡
    or monitored. A row a household, kept with the duties (`visits.services.duties`); what an import brings, the night adds."""

    asked = models.BooleanField(default=False)
    visited_on = models.DateField(_("最近走访"), null=True, blank=True)
    called_on = models.DateField(_("最近电话"), null=True, blank=True)

    class Meta:
        verbose_name = _("最近走访")
        constraints: ClassVar = [models.UniqueConstraint(fields=["household"], name="lastvisit_once")]
        indexes: ClassVar = [
            # Who was not visited for long are few: they are read, not those who were.
            models.Index(fields=["visited_on", "village"], include=["household"], condition=Q(asked=True), name="lastvisit_long_ago"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.household_id} {self.visited_on}"


class Tally(models.Model):
    """Counts of a village by day, so that figures of a county are sums of some thousand rows: numbers of duties in periods that are not over
    by `day` = `next_due_on` and `ends_on`, and of visits and calls that stand by `day` = `on`.

    Written by triggers of the database in the statement that changes a row (migration 0006): each change adds a row, so that nobody waits
    for anybody, and the night sums them up. What stands in here is exactly what stands there.
    """

    class Kind(models.TextChoices):
        DUTY = "duty"
        VISIT = "visit"
        CALL = "call"

    kind = models.CharField(max_length=8, choices=Kind)
    village = models.ForeignKey(Region, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    number = models.IntegerField()

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name = _("走访计数")
        indexes: ClassVar = [
            models.Index(fields=["kind", "day"], include=["village", "ends_on", "number"], name="tally_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.village_id} {self.day} {self.number}"


# Every table whose rows the audit trail vouches for; duties follow from them.
VOUCHED = (Visit, VisitRule)
