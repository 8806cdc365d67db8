"""移交: the households of a helper who leaves go to others, in one act."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cadres.models import Cadre
from households.models.pairing import Pairing
from households.querysets import HandOverQuerySet, HouseholdFileQuerySet


class HandOver(models.Model):
    """From one cadre to another, or to several by a matching proposal (`to_cadre` None). `households` repeats the number of its lines."""

    from_cadre = models.ForeignKey(Cadre, models.PROTECT, related_name="handed_over", verbose_name=_("移交人"))
    to_cadre = models.ForeignKey(
        Cadre, models.PROTECT, null=True, blank=True, related_name="taken_over", verbose_name=_("接收人")
    )
    proposal = models.ForeignKey(
        "households.MatchingRun", models.PROTECT, null=True, blank=True, related_name="hand_overs"
    )
    on = models.DateField(_("移交日期"))
    reason = models.CharField(_("移交原因"), max_length=200)
    by = models.CharField(_("办理人"), max_length=150)
    at = models.DateTimeField(_("办理时间"))
    households = models.PositiveIntegerField(_("户数"))

    objects = HandOverQuerySet.as_manager()

    class Meta:
        verbose_name = _("移交")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(to_cadre=None) | ~Q(to_cadre=F("from_cadre")), name="handover_to_another"
            ),
            models.CheckConstraint(
                condition=Q(to_cadre=None, proposal__isnull=False) | Q(to_cadre__isnull=False, proposal=None),
                name="handover_to_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"hand-over {self.pk}"


class HandOverLine(models.Model):
    """One pairing that ended, and the one that began in its place, or was there already where the receiver helped along."""

    hand_over = models.ForeignKey(HandOver, models.PROTECT, related_name="lines")
    household = models.ForeignKey("households.Household", models.PROTECT, related_name="+")
    ended = models.OneToOneField(Pairing, models.PROTECT, related_name="handed_over_in")
    began = models.ForeignKey(Pairing, models.PROTECT, related_name="taken_over_in")

    objects = HouseholdFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("移交的结对")
        ordering: ClassVar = ["hand_over", "id"]

    def __str__(self) -> str:
        return f"{self.household_id} in hand-over {self.hand_over_id}"
