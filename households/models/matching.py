"""结对方案: what a county asks of pairings (`PairingRule`), and proposals of who should help whom, computed and waiting to be applied."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cadres.models import Cadre, Rank, Unit
from common.models import Job
from households.querysets import MatchingRowQuerySet, MatchingRunQuerySet, PairingRuleQuerySet
from regions.models import Region

MOST = [MaxValueValidator(500)]
WEIGHT = [MinValueValidator(0), MaxValueValidator(10)]


class PairingRule(models.Model):
    """How many households a helper may have and what a proposal weighs, in a region and below; the nearest region's row holds. Where there
    is none, the defaults do.

    The defaults are ours: domain notes, section 4, know only local rules (a leader 6 households, a team leader 10), none national.
    """

    region = models.OneToOneField(Region, models.PROTECT, related_name="pairing_rule")
    most_leader = models.PositiveSmallIntegerField(_("县级及以上领导最多帮扶户数"), default=6, validators=MOST)
    most_section = models.PositiveSmallIntegerField(_("科级干部最多帮扶户数"), default=10, validators=MOST)
    most_ordinary = models.PositiveSmallIntegerField(_("一般干部最多帮扶户数"), default=15, validators=MOST)
    most_village = models.PositiveSmallIntegerField(_("村干部和党员最多帮扶户数"), default=15, validators=MOST)
    near_km = models.PositiveSmallIntegerField(
        _("多少公里以内算邻近村"), default=10, validators=[MaxValueValidator(100)]
    )
    difficulty = models.PositiveSmallIntegerField(_("困难户由职级高的干部帮扶"), default=3, validators=WEIGHT)
    rank = models.PositiveSmallIntegerField(_("职级高的干部留给困难户"), default=1, validators=WEIGHT)
    distance = models.PositiveSmallIntegerField(_("路程近"), default=3, validators=WEIGHT)
    unit = models.PositiveSmallIntegerField(_("由包村单位帮扶"), default=4, validators=WEIGHT)
    language = models.PositiveSmallIntegerField(_("会说村里的语言"), default=2, validators=WEIGHT)
    even = models.PositiveSmallIntegerField(_("户数均匀"), default=1, validators=WEIGHT)
    continuity = models.PositiveSmallIntegerField(_("重新分配时照顾现任"), default=5, validators=WEIGHT)

    objects = PairingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("结对要求")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(most_leader__lte=500, most_section__lte=500, most_ordinary__lte=500, most_village__lte=500),
                name="pairingrule_most",
            ),
            models.CheckConstraint(
                condition=Q(
                    near_km__lte=100, difficulty__lte=10, rank__lte=10, distance__lte=10, unit__lte=10, language__lte=10, even__lte=10,
                    continuity__lte=10,
                ),
                name="pairingrule_weights",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"pairing rule of {self.region_id}"

    @property
    def most(self) -> dict[str, int]:
        """The most households of a helper, by rank."""
        return {
            Rank.LEADER: self.most_leader,
            Rank.SECTION: self.most_section,
            Rank.ORDINARY: self.most_ordinary,
            Rank.VILLAGE: self.most_village,
        }


WEIGHTS = ("difficulty", "rank", "distance", "unit", "language", "even", "continuity")


class MatchingRun(models.Model):
    """A proposal for a region, for the villages of a unit, or for the households of a cadre who leaves: exactly one of the three.

    `weights` are the rule's numbers at the time, `figures` counts of its rows by outcome, `digest` stands for all its rows, which are no facts
    of their own and are kept for the proposal's sake alone.
    """

    class State(models.TextChoices):
        COMPUTING = "computing", _("计算中")
        PROPOSED = "proposed", _("待确认")
        APPLIED = "applied", _("已执行")
        DISCARDED = "discarded", _("已放弃")
        FAILED = "failed", _("没有算成")

    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("单位"))
    leaving = models.ForeignKey(
        Cadre, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("离岗干部")
    )
    anew = models.BooleanField(_("重新分配"), default=False)
    weights = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.COMPUTING)
    asked_by = models.CharField(_("提出人"), max_length=150)
    asked_at = models.DateTimeField(_("提出时间"))
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    figures = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = MatchingRunQuerySet.as_manager()
    audit_skip: ClassVar[tuple[str, ...]] = ("job",)

    class Meta:
        verbose_name = _("结对方案")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(region__isnull=False, unit=None, leaving=None)
                | Q(region=None, unit__isnull=False, leaving=None)
                | Q(region=None, unit=None, leaving__isnull=False),
                name="matchingrun_of_one",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by="") | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="matchingrun_decided_both",
            ),
            models.CheckConstraint(
                condition=~Q(state="applied") | Q(decided_at__isnull=False), name="matchingrun_applied_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"matching {self.pk}"


class MatchingRow(models.Model):
    """What a proposal says of one household. `parts` are what the pair costs, by weight; `why` a code of `households.matching` where nobody was
    found."""

    class Outcome(models.TextChoices):
        KEEP = "keep", _("不变")
        NEW = "new", _("新安排")
        MOVE = "move", _("换人")
        NONE = "none", _("没有合适人选")

    run = models.ForeignKey(MatchingRun, models.CASCADE, related_name="rows")
    household = models.ForeignKey("households.Household", models.PROTECT, related_name="+")
    now = models.ForeignKey(Cadre, models.PROTECT, null=True, blank=True, related_name="+")
    proposed = models.ForeignKey(Cadre, models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=4, choices=Outcome)
    difficulty = models.PositiveSmallIntegerField(default=0)
    parts = models.JSONField(default=dict, blank=True)
    why = models.CharField(max_length=12, blank=True)

    objects = MatchingRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("结对方案的一户")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "household"], name="matchingrow_once_a_household"),
            models.CheckConstraint(
                condition=Q(outcome="none", proposed=None) | (~Q(outcome="none") & Q(proposed__isnull=False)),
                name="matchingrow_proposes",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "outcome", "id"], name="matchingrow_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} → {self.proposed_id}"
