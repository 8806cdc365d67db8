"""结对帮扶: which cadre helps which household, from when to when."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DateRange
from cadres.models import Cadre
from households.querysets import PairingQuerySet


class Pairing(models.Model):
    """A cadre helps a household. `ends_on` is the first day without. One lead a household at a time, one pairing a pair at a time."""

    class Mode(models.TextChoices):
        ONE_TO_ONE = "one_to_one", _("一对一")
        MANY_TO_ONE = "many_to_one", _("多对一")
        POINT_TO_POINT = "point_to_point", _("点对点")

    household = models.ForeignKey("households.Household", models.PROTECT, related_name="pairings")
    cadre = models.ForeignKey(Cadre, models.PROTECT, related_name="pairings", verbose_name=_("帮扶责任人"))
    mode = models.CharField(_("帮扶方式"), max_length=16, choices=Mode, default=Mode.ONE_TO_ONE)
    is_lead = models.BooleanField(_("牵头人"), default=True)
    starts_on = models.DateField(_("帮扶开始"))
    ends_on = models.DateField(_("帮扶结束"), null=True, blank=True)
    end_reason = models.CharField(_("结束原因"), max_length=200, blank=True)
    goal = models.CharField(_("帮扶目标"), max_length=200, blank=True)

    objects = PairingQuerySet.as_manager()

    class Meta:
        verbose_name = _("结对帮扶")
        ordering: ClassVar = ["household", "-starts_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="pairing_ends_after_start"
            ),
            ExclusionConstraint(
                name="pairing_no_overlap",
                expressions=[
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("household", RangeOperators.EQUAL),
                    ("cadre", RangeOperators.EQUAL),
                ],
                violation_error_message=_("这位干部在同一时间已经与这一户结对。"),
            ),
            ExclusionConstraint(
                name="pairing_one_lead",
                expressions=[
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("household", RangeOperators.EQUAL),
                ],
                condition=Q(is_lead=True),
                violation_error_message=_("这一户在同一时间已经有牵头的帮扶责任人。"),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["cadre", "ends_on"], name="pairing_cadre")]

    def __str__(self) -> str:
        return f"{self.cadre} → {self.household_id}"
