"""帮扶计划: one plan a household and year, from draft to closing; its goals, tasks and six indicators, and every version that was submitted."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import GRANTS, Permission, Role
from accounts.scoping import ScopedQuerySet, posted_regions, visible_region_ids
from catalogue.models import MeasureKind
from common.lookups import among
from households.models import Evidence, Member, OfHousehold
from households.querysets import HouseholdFileQuerySet, OfHouseholdQuerySet, paired_household_ids


class PlanQuerySet(OfHouseholdQuerySet):
    def waiting_for(self, user: Any) -> PlanQuerySet:
        """Submitted plans that this user may decide on. Approving is never a matter of pairing."""
        area = Q()
        for region in posted_regions(user, Permission.PLAN_APPROVE):  # postings are in memory: no query of their own
            area |= Q(village__path__startswith=region.path)
        if not area:
            return self.none()
        mine = Q(drafted_by=user.username) | Q(submitted_by=user.username)
        return self.filter(area, ~mine, state="submitted")

    def overdue(self) -> PlanQuerySet:
        """Plans that are carried out and have a task whose day has gone by."""
        return self.filter(state="in_progress", next_due_on__lt=timezone.localdate())


class PlanFileQuerySet(HouseholdFileQuerySet):
    """What hangs off a plan."""

    household_lookup = "plan__household"


class TaskQuerySet(ScopedQuerySet):
    """Tasks, by the village that their plan carries: lists of a county are read in indexes."""

    view_permission = Permission.HOUSEHOLD_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        regions = visible_region_ids(user, permission)
        area = among("goal__plan__village_id", regions) if regions else Q(pk__in=[])
        paired = paired_household_ids(user) if permission in GRANTS[Role.HELPER] else []
        return area | among("goal__plan__household_id", paired) if paired else area

    def to_do(self) -> TaskQuerySet:
        """Open tasks of plans that are carried out."""
        return self.filter(state="open", goal__plan__state="in_progress")

    def overdue(self, day: dt.date | None = None) -> TaskQuerySet:
        return self.to_do().filter(due_on__lt=day or timezone.localdate())


class Plan(OfHousehold):
    """帮扶计划 of a household and year. `revision` counts the submissions. `copied_from`: the plan it began as a copy of.

    The household's consent is to a revision: a changed plan is asked about again.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待审批")
        RETURNED = "returned", _("已退回")
        APPROVED = "approved", _("已批准")
        IN_PROGRESS = "in_progress", _("执行中")
        REVIEWED = "reviewed", _("已总结")
        CLOSED = "closed", _("已结束")

    class Consent(models.TextChoices):
        SIGNATURE = "signature", _("签字")
        SPOKEN = "spoken", _("口头同意")

    year = models.PositiveSmallIntegerField(_("年度"))
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.DRAFT)
    summary = models.TextField(_("帮扶思路"), max_length=600, blank=True)
    revision = models.PositiveIntegerField(_("版本"), default=0)
    version = models.PositiveIntegerField(
        default=1
    )  # counts every change: a form that began on an older one is refused
    # The first day by which an open task is due, as `services.base.PlanEdit` left it: lists of a county ask for it by index.
    next_due_on = models.DateField(null=True, blank=True, editable=False)
    drafted_by = models.CharField(_("制定人"), max_length=150)
    drafted_at = models.DateTimeField()
    copied_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="copies")
    submitted_by = models.CharField(_("提交人"), max_length=150, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(_("审批人"), max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(_("审批意见"), max_length=300, blank=True)
    reviewed_by = models.CharField(_("总结人"), max_length=150, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_note = models.TextField(_("年终总结"), max_length=600, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    consent = models.CharField(_("农户意见"), max_length=10, choices=Consent, blank=True)
    consent_on = models.DateField(_("同意日期"), null=True, blank=True)
    consent_member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("同意人")
    )
    consent_note = models.CharField(_("说明"), max_length=200, blank=True)
    consent_revision = models.PositiveIntegerField(default=0)

    objects = PlanQuerySet.as_manager()
    audit_skip = ("village", "version", "next_due_on")

    class Meta:
        verbose_name = _("帮扶计划")
        ordering: ClassVar = ["-year", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["household", "year"],
                name="plan_one_a_year",
                violation_error_message=_("这一户这一年度已经有计划。"),
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None, submitted_by="") | (Q(submitted_at__isnull=False) & ~Q(submitted_by="")),
                name="plan_submitted_both",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by="") | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="plan_decided_both",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, reviewed_by="") | (Q(reviewed_at__isnull=False) & ~Q(reviewed_by="")),
                name="plan_reviewed_both",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by="") | (Q(closed_at__isnull=False) & ~Q(closed_by="")),
                name="plan_closed_both",
            ),
            models.CheckConstraint(
                condition=Q(consent="", consent_on=None) | (~Q(consent="") & Q(consent_on__isnull=False)),
                name="plan_consent_has_day",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(submitted_at__isnull=False, revision__gte=1), name="plan_was_submitted"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted"]) | Q(decided_at__isnull=False), name="plan_was_decided"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["reviewed", "closed"]) | Q(reviewed_at__isnull=False), name="plan_was_reviewed"
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at=None)),
                name="plan_closed_iff_stamped",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["village", "year", "state", "-id"], name="plan_board"),
            models.Index(fields=["year", "state", "-id"], name="plan_year"),
            models.Index(fields=["next_due_on", "village"], condition=Q(state="in_progress"), name="plan_due"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.year}"


class Goal(models.Model):
    """目标. `source` says what it answers: "cause:01" (code of 致贫原因), "check:housing" (a guarantee that is not met), or "own"."""

    class State(models.TextChoices):
        OPEN = "open", _("进行中")
        REACHED = "reached", _("已实现")
        MISSED = "missed", _("未实现")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="goals")
    source = models.CharField(_("针对"), max_length=20, default="own")
    text = models.CharField(_("目标"), max_length=200)
    place = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN)

    objects = PlanFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("目标")
        ordering: ClassVar = ["plan", "place", "id"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(text=""), name="goal_has_text")]

    def __str__(self) -> str:
        return self.text


class Task(models.Model):
    """任务 of a goal: who does what until when. `kind` is the measure of the catalogue it is about, `reasons` why the proposal engine named
    it (sentences, as they were on that day)."""

    class State(models.TextChoices):
        OPEN = "open", _("未完成")
        DONE = "done", _("已完成")
        DROPPED = "dropped", _("已取消")

    goal = models.ForeignKey(Goal, models.PROTECT, related_name="tasks")
    text = models.CharField(_("任务"), max_length=200)
    kind = models.ForeignKey(
        MeasureKind, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("帮扶措施")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("受益人")
    )
    reasons = models.JSONField(_("依据"), default=list, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("责任人")
    )
    due_on = models.DateField(_("完成期限"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN)
    done_on = models.DateField(_("完成日期"), null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True)
    note = models.CharField(_("进展"), max_length=300, blank=True)
    place = models.PositiveSmallIntegerField(default=0)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("任务")
        ordering: ClassVar = ["goal", "place", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(text=""), name="task_has_text"),
            models.CheckConstraint(
                condition=Q(state="done", done_on__isnull=False) | (~Q(state="done") & Q(done_on=None)),
                name="task_done_iff_day",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "due_on"], condition=Q(state="open"), name="task_open_of_owner"),
            models.Index(fields=["due_on"], condition=Q(state="open"), name="task_open_due"),
        ]

    def __str__(self) -> str:
        return self.text


class Indicator(models.Model):
    """One of the six yearly indicators (domain: the ledger users print): 现状, 计划, 完成, as the ledger puts them in words."""

    class Code(models.TextChoices):
        INCOME = "income", _("人均纯收入")
        HOUSING = "housing", _("安全住房")
        SCHOOL = "school", _("失学辍学学生")
        ILLNESS = "illness", _("因病致贫返贫")
        MEDICAL = "medical", _("参加居民医保")
        PENSION = "pension", _("参加居民养老")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="indicators")
    code = models.CharField(_("指标"), max_length=8, choices=Code)
    now = models.CharField(_("现状"), max_length=60, blank=True)
    target = models.CharField(_("计划"), max_length=60, blank=True)
    done = models.CharField(_("完成"), max_length=60, blank=True)

    objects = PlanFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("年度指标")
        ordering: ClassVar = ["plan", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "code"], name="indicator_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.code}"


class PlanRevision(models.Model):
    """A plan as it was submitted: append only. `body` holds summary, goals with tasks, indicators."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="revisions")
    revision = models.PositiveIntegerField(_("版本"))
    body = models.JSONField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    objects = PlanFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("计划版本")
        ordering: ClassVar = ["plan", "-revision"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "revision"], name="planrevision_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.revision}"


class PlanEvidence(Evidence):
    """A photo of a task's progress, or of the household's signature under the plan (`task` is null then)."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="evidence")
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="evidence")

    objects = PlanFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("计划照片")
        ordering: ClassVar = ["plan", "id"]


# Tables whose rows the audit trail vouches for.
VOUCHED = (Plan, Goal, Task, Indicator, PlanRevision, PlanEvidence)
