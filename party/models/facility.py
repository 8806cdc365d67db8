"""阵地设施: public facilities and distance-learning equipment of a village."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from party.codelists import FACILITIES
from party.querysets import OfVillageQuerySet
from regions.models import Region


class Facility(models.Model):
    """One thing, or one set of things, at one place. `next_check_on` follows from the last check and the rule of the region; None: never checked."""

    class State(models.TextChoices):
        WORKS = "works", _("正常")
        BROKEN = "broken", _("损坏")
        MISSING = "missing", _("缺失")

    village = models.ForeignKey(Region, models.PROTECT, related_name="facilities", verbose_name=_("村"))
    kind = models.CharField(_("种类"), max_length=10, choices=FACILITIES.choices)
    name = models.CharField(_("名称"), max_length=60)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.WORKS)
    installed_on = models.DateField(_("启用日期"), null=True, blank=True)
    checked_on = models.DateField(_("上次检查"), null=True, blank=True)
    checked_by = models.CharField(_("检查人"), max_length=60, blank=True)
    next_check_on = models.DateField(_("下次检查"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.CharField(max_length=150, blank=True)
    removed_reason = models.CharField(_("注销理由"), max_length=200, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = OfVillageQuerySet.as_manager()

    class Meta:
        verbose_name = _("阵地设施")
        ordering: ClassVar = ["village", "kind", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(checked_on=None, checked_by="", next_check_on=None)
                | (Q(checked_on__isnull=False) & ~Q(checked_by="") & Q(next_check_on__isnull=False)),
                name="facility_checked_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by="", removed_reason="")
                | (Q(removed_at__isnull=False) & ~Q(removed_by="") & ~Q(removed_reason="")),
                name="facility_removed_for_a_reason",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["village", "state"], condition=Q(removed_at=None), name="facility_of_village")
        ]

    def __str__(self) -> str:
        return self.name
