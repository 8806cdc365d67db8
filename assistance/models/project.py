"""区域攻坚: what a village lacks, and what is built for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assistance.codelists import BUILT, SECTOR
from assistance.models.fund import MONEY
from assistance.querysets import ProjectFileQuerySet, VillageQuerySet
from households.models import Household
from households.querysets import HouseholdFileQuerySet
from regions.models import Region


class VillageProject(models.Model):
    """村级项目 from proposal to hand-over. Its money stands in accounts of the funds that were bundled for it."""

    class Stage(models.TextChoices):
        PROPOSED = "proposed", _("申报")
        APPROVED = "approved", _("立项")
        BUILDING = "building", _("实施中")
        FINISHED = "finished", _("完工")
        ACCEPTED = "accepted", _("验收合格")
        HANDED_OVER = "handed_over", _("移交管护")
        CANCELLED = "cancelled", _("取消")

    village = models.ForeignKey(Region, models.PROTECT, related_name="projects", verbose_name=_("村"))
    sector = models.CharField(_("类别"), max_length=14, choices=[c for c in SECTOR.choices if c[0] in BUILT])
    title = models.CharField(_("项目名称"), max_length=80)
    year = models.PositiveSmallIntegerField(_("年度"))
    stage = models.CharField(_("阶段"), max_length=12, choices=Stage, default=Stage.PROPOSED)
    text = models.TextField(_("建设内容"), max_length=600, blank=True)
    quantity = models.DecimalField(_("规模"), max_digits=10, decimal_places=2, null=True, blank=True)
    unit = models.CharField(_("单位"), max_length=12, blank=True)
    budget = models.DecimalField(_("估算投资（元）"), null=True, blank=True, **MONEY)
    builder = models.CharField(_("实施单位"), max_length=80, blank=True)
    starts_on = models.DateField(_("计划开工"), null=True, blank=True)
    due_on = models.DateField(_("计划完工"), null=True, blank=True)
    proposed_by = models.CharField(_("申报人"), max_length=150)
    proposed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = VillageQuerySet.as_manager()
    audit_skip = ("version",)

    class Meta:
        verbose_name = _("村级项目")
        ordering: ClassVar = ["-year", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(title=""), name="villageproject_has_title"),
            models.CheckConstraint(condition=Q(budget=None) | Q(budget__gt=0), name="villageproject_budget_positive"),
            models.CheckConstraint(
                condition=Q(due_on=None) | Q(starts_on=None) | Q(due_on__gte=F("starts_on")),
                name="villageproject_dates",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["village", "-id"], name="villageproject_of_village")]

    def __str__(self) -> str:
        return self.title


class ProjectStep(models.Model):
    """A project reached a stage: append only."""

    project = models.ForeignKey(VillageProject, models.PROTECT, related_name="steps")
    stage = models.CharField(max_length=12, choices=VillageProject.Stage)
    on = models.DateField(_("日期"))
    note = models.CharField(_("说明"), max_length=300, blank=True)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    objects = ProjectFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("项目进展")
        ordering: ClassVar = ["project", "id"]

    def __str__(self) -> str:
        return f"{self.project_id} {self.stage}"


class Beneficiary(models.Model):
    """A household that has something of a project."""

    project = models.ForeignKey(VillageProject, models.PROTECT, related_name="beneficiaries")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")

    objects = HouseholdFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("受益户")
        ordering: ClassVar = ["project", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "household"], name="beneficiary_once")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.household_id}"


class Shortfall(models.Model):
    """村级短板: something a village lacks, until it is made good; `project` mends it where one is under way."""

    village = models.ForeignKey(Region, models.PROTECT, related_name="shortfalls", verbose_name=_("村"))
    sector = models.CharField(_("类别"), max_length=14, choices=SECTOR.choices)
    text = models.CharField(_("短板"), max_length=200)
    found_on = models.DateField(_("发现日期"))
    found_by = models.CharField(_("登记人"), max_length=150)
    project = models.ForeignKey(
        VillageProject, models.PROTECT, null=True, blank=True, related_name="shortfalls", verbose_name=_("补短板的项目")
    )
    resolved_on = models.DateField(_("补齐日期"), null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    resolved_note = models.CharField(_("怎样补齐"), max_length=200, blank=True)

    objects = VillageQuerySet.as_manager()

    class Meta:
        verbose_name = _("村级短板")
        ordering: ClassVar = ["village", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(text=""), name="shortfall_has_text"),
            models.CheckConstraint(
                condition=Q(resolved_on=None, resolved_by="", resolved_note="")
                | (Q(resolved_on__isnull=False) & ~Q(resolved_by="") & ~Q(resolved_note="")),
                name="shortfall_resolved_both",
            ),
        ]

    def __str__(self) -> str:
        return self.text
