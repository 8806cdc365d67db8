"""The people of a branch, in the party and on the way into it, and every step they took."""

from __future__ import annotations

import functools
import operator
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cadres.codelists import SEX
from cadres.models import Cadre
from common.pii import SecretField
from party.codelists import LEAVING, SCHOOLING
from party.models.branch import Branch
from party.querysets import OfPersonQuerySet, PersonQuerySet


class Stage(models.TextChoices):
    """The five stages of 发展党员工作细则 (2014), in their order. No stage yet: registered, to be confirmed."""

    APPLICANT = "applicant", _("入党申请人")
    ACTIVIST = "activist", _("入党积极分子")
    TARGET = "target", _("发展对象")
    PROBATIONARY = "probationary", _("预备党员")
    FULL = "full", _("正式党员")


ORDER = tuple(Stage)
MEMBERS = (Stage.PROBATIONARY, Stage.FULL)  # 党员
COMING = (Stage.APPLICANT, Stage.ACTIVIST, Stage.TARGET)  # 培养对象
CONFIRMED = (
    Stage.TARGET,
    Stage.PROBATIONARY,
    Stage.FULL,
)  # a step here is confirmed by somebody else than who proposed it


class PartyPerson(models.Model):
    """Somebody of a branch. No ID number is kept. `stage` and `stage_since` repeat the newest step that stands; `joined_on` is the day of
    becoming a probationary member, `developed_here` whether this branch took them in (else they moved here as members).

    `cadre` is their entry among those who help; with `is_able` (有帮带能力) they may be paired with households.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="people", verbose_name=_("党支部"))
    name = models.CharField(_("姓名"), max_length=60)
    sex = models.CharField(_("性别"), max_length=1, choices=SEX.choices)
    birth_date = models.DateField(_("出生日期"))
    schooling = models.CharField(_("学历"), max_length=10, blank=True, choices=SCHOOLING.choices)
    phone = SecretField(_("联系电话"), blank=True, default="")
    phone_hash = models.CharField(max_length=22, blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    stage = models.CharField(_("阶段"), max_length=14, blank=True, choices=Stage)
    stage_since = models.DateField(_("到这一阶段的日期"), null=True, blank=True)
    joined_on = models.DateField(_("入党日期"), null=True, blank=True)
    developed_here = models.BooleanField(_("本支部发展"), default=True)
    is_able = models.BooleanField(_("有帮带能力"), default=False)
    cadre = models.OneToOneField(Cadre, models.PROTECT, null=True, blank=True, related_name="party_person")
    left_on = models.DateField(_("离开日期"), null=True, blank=True)
    left_reason = models.CharField(_("离开原因"), max_length=10, blank=True, choices=LEAVING.choices)
    version = models.PositiveIntegerField(default=0)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("党员和培养对象")
        ordering: ClassVar = ["branch", "name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(left_on=None, left_reason="") | (Q(left_on__isnull=False) & ~Q(left_reason="")), name="partyperson_left_for_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(stage="", stage_since=None) | (~Q(stage="") & Q(stage_since__isnull=False)), name="partyperson_stage_since"
            ),
            models.CheckConstraint(
                condition=Q(stage="") | Q(stage__in=COMING, joined_on=None) | Q(stage__in=MEMBERS, joined_on__isnull=False),
                name="partyperson_joined_iff_member",
            ),
            models.CheckConstraint(
                condition=Q(is_able=False) | Q(cadre__isnull=False, stage__in=MEMBERS, left_on=None), name="partyperson_able_is_a_cadre",
                violation_error_message=_("有帮带能力的要是在册党员，并在干部名册里。"),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["branch", "stage"], condition=Q(left_on=None), name="partyperson_of_branch"),
            models.Index(fields=["joined_on"], condition=Q(joined_on__isnull=False), name="partyperson_joined"),
        ]

    def __str__(self) -> str:
        return self.name


def _pairs(*pairs: tuple[str, str]) -> Q:
    """`from_stage` and `to_stage` are one of these."""
    return functools.reduce(operator.or_, (Q(from_stage=before, to_stage=after) for before, after in pairs))


FORWARDS = tuple(zip(ORDER, ORDER[1:], strict=False))
BACKWARDS = tuple((after, before) for before, after in FORWARDS)


class StageChange(models.Model):
    """A step that was taken: append only (a trigger refuses every change). A mistaken one is undone by another row that `undoes` it.

    A step into one of `CONFIRMED` has two names: who proposed it and who, somebody else, confirmed it.
    """

    person = models.ForeignKey(PartyPerson, models.PROTECT, related_name="steps")
    from_stage = models.CharField(_("原阶段"), max_length=14, blank=True, choices=Stage)
    to_stage = models.CharField(_("阶段"), max_length=14, choices=Stage)
    on = models.DateField(_("日期"))
    note = models.CharField(_("说明"), max_length=300, blank=True)
    recorded_by = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=150, blank=True)
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("发展党员的步骤")
        ordering: ClassVar = ["person", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(undoes=None) & (Q(from_stage="") | _pairs(*FORWARDS)))
                | (Q(undoes__isnull=False) & _pairs(*BACKWARDS)), name="stagechange_one_step"
            ),
            models.CheckConstraint(
                condition=Q(undoes__isnull=False)
                | (~Q(to_stage__in=CONFIRMED) & Q(confirmed_by=""))
                | (Q(to_stage__in=CONFIRMED) & ~Q(confirmed_by="") & ~Q(confirmed_by=F("recorded_by"))),
                name="stagechange_confirmed_by_another", violation_error_message=_("这一步要由提出人以外的人确认。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person_id}: {self.from_stage} → {self.to_stage}"


class StageProposal(models.Model):
    """A step into one of `CONFIRMED` that waits for somebody else. One at a time; decided once."""

    class State(models.TextChoices):
        OPEN = "open", _("待确认")
        CONFIRMED = "confirmed", _("已确认")
        REFUSED = "refused", _("未同意")
        WITHDRAWN = "withdrawn", _("已撤回")

    person = models.ForeignKey(PartyPerson, models.PROTECT, related_name="proposals")
    from_stage = models.CharField(_("原阶段"), max_length=14, blank=True, choices=Stage)
    to_stage = models.CharField(_("阶段"), max_length=14, choices=[(s.value, s.label) for s in CONFIRMED])
    on = models.DateField(_("日期"))
    note = models.CharField(_("说明"), max_length=300, blank=True)
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPEN)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(_("意见"), max_length=200, blank=True)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("待确认的步骤")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(state="open"), name="stageproposal_one_at_a_time",
                violation_error_message=_("这个人已经有一步在等确认。"),
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_by="", decided_at=None)
                | (~Q(state="open") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
                name="stageproposal_decided_iff_signed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "refused"]) | ~Q(decided_by=F("proposed_by")), name="stageproposal_by_another",
                violation_error_message=_("自己提出的不能由自己确认，请另一位同志办理。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person_id} → {self.to_stage}"
