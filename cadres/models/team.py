"""驻村工作队 and 第一书记: who stays in a village, from when to when, and what a team must be."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DateRange
from cadres.models.unit import Cadre, Unit
from cadres.querysets import OfVillageQuerySet, TeamMemberQuerySet, TeamRuleQuerySet
from regions.models import Region


class TeamRule(models.Model):
    """What a team must be in a region and below it; the nearest region's rule holds. Where there is none, the defaults do.

    Defaults: at least three people, at least two years, the leader in principle the first secretary (厅字〔2017〕50号; some provinces ask
    for three years). They are a setting because they are no law everywhere.
    """

    region = models.OneToOneField(Region, models.PROTECT, related_name="team_rule")
    least_people = models.PositiveSmallIntegerField(_("最少人数"), default=3)
    least_months = models.PositiveSmallIntegerField(_("最短任期（月）"), default=24)
    leader_is_secretary = models.BooleanField(_("队长由第一书记担任"), default=True)
    warn_days = models.PositiveSmallIntegerField(_("任期届满前多少天提醒"), default=90)

    objects = TeamRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("驻村工作队要求")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(least_people__gte=1, least_people__lte=20), name="teamrule_people"),
            models.CheckConstraint(condition=Q(least_months__lte=120), name="teamrule_months"),
            models.CheckConstraint(condition=Q(warn_days__lte=730), name="teamrule_warning"),
        ]

    def __str__(self) -> str:
        return f"team rule of {self.region_id}"


class ResidentTeam(models.Model):
    """The team of a village in a period; one at a time. `ends_on` is the first day without it."""

    village = models.ForeignKey(Region, models.PROTECT, related_name="resident_teams")
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="teams", verbose_name=_("派出单位")
    )
    starts_on = models.DateField(_("进驻日期"))
    ends_on = models.DateField(_("撤出日期"), null=True, blank=True)

    objects = OfVillageQuerySet.as_manager()

    class Meta:
        verbose_name = _("驻村工作队")
        ordering: ClassVar = ["village", "-starts_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="team_ends_after_start"),
            ExclusionConstraint(
                name="team_one_a_village",
                expressions=[
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("village", RangeOperators.EQUAL),
                ],
                violation_error_message=_("这个村在同一时间已经有驻村工作队。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"team of {self.village_id}"


class TeamMember(models.Model):
    """A cadre in a team from a day on, planned until `term_ends_on`; `ends_on` is the first day without, once it has ended.

    A full-time member is in one team at a time; a team has one leader and one first secretary at a time.
    """

    team = models.ForeignKey(ResidentTeam, models.PROTECT, related_name="members")
    cadre = models.ForeignKey(Cadre, models.PROTECT, related_name="team_places")
    is_leader = models.BooleanField(_("队长"), default=False)
    is_first_secretary = models.BooleanField(_("第一书记"), default=False)
    is_full_time = models.BooleanField(_("全脱产"), default=True)
    starts_on = models.DateField(_("任期开始"))
    term_ends_on = models.DateField(_("任期届满"), null=True, blank=True)
    ends_on = models.DateField(_("离任日期"), null=True, blank=True)
    end_reason = models.CharField(_("离任原因"), max_length=200, blank=True)

    objects = TeamMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("工作队队员")
        ordering: ClassVar = ["team", "-is_leader", "-is_first_secretary", "starts_on", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(ends_on=None) | Q(ends_on__gte=F("starts_on")))
                & (Q(term_ends_on=None) | Q(term_ends_on__gt=F("starts_on"))),
                name="teammember_ends_after_start",
            ),
            *(
                ExclusionConstraint(
                    name=name,
                    expressions=[
                        (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                        *((column, RangeOperators.EQUAL) for column in columns),
                    ],
                    condition=condition,
                    violation_error_message=message,
                )
                for name, columns, condition, message in (
                    ("teammember_once", ("team", "cadre"), None, _("这位干部在同一时间已经是这个工作队的队员。")),
                    ("teammember_one_full_time", ("cadre",), Q(is_full_time=True), _("这位干部在同一时间已经是另一个工作队的全脱产队员。")),
                    ("team_one_leader", ("team",), Q(is_leader=True), _("这个工作队在同一时间已经有队长。")),
                    ("team_one_secretary", ("team",), Q(is_first_secretary=True), _("这个村在同一时间已经有第一书记。")),
                )
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["term_ends_on"], condition=Q(ends_on=None), name="teammember_terms")]

    def __str__(self) -> str:
        return f"{self.cadre_id} in {self.team_id}"
