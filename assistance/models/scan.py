"""How a village stood between 应享 and 实享 when it was last looked through: figures of a county are sums of these."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistance.querysets import VillageQuerySet
from regions.models import Region


class EntitlementScan(models.Model):
    """One look through a village and year; renewed in place, nothing in it is a fact of its own.

    `households` looked through; `states` `{state: number}` over all kinds that entitle, `lists` `{list: [sure, unsure]}`
    (`assistance.entitlement`).
    """

    village = models.ForeignKey(Region, models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField(_("年度"))
    scanned_at = models.DateTimeField()
    households = models.PositiveIntegerField(default=0)
    helped = models.PositiveIntegerField(null=True, blank=True)  # of them with an approved measure of the year
    states = models.JSONField(default=dict)
    lists = models.JSONField(default=dict)

    objects = VillageQuerySet.as_manager()

    class Meta:
        verbose_name = _("应享实享统计")
        constraints: ClassVar = [models.UniqueConstraint(fields=["village", "year"], name="entitlementscan_once")]

    def __str__(self) -> str:
        return f"{self.village_id} {self.year}"
