"""What was found missing in a household's ledger when it was last looked through."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from households.models import Household
from households.querysets import HouseholdFileQuerySet
from surveys.models.form import SurveyForm


class GapScan(models.Model):
    """One look through the ledger of a household and year with the form in use; renewed in place, nothing in it is a fact of its own.

    `missing` are the paths of what the form asks for and nobody ever told, `stale` those that only an older year has, `doubts`
    `[[path, sentence], …]` of what contradicts itself. `version` is the household's when it was looked through: another one now means
    that the ledger has changed since.
    """

    household = models.ForeignKey(Household, models.CASCADE, related_name="gap_scans")
    year = models.PositiveSmallIntegerField(_("年度"))
    form = models.ForeignKey(SurveyForm, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    scanned_at = models.DateTimeField()
    missing = models.JSONField(default=list)
    stale = models.JSONField(default=list)
    doubts = models.JSONField(default=list)
    missing_count = models.PositiveSmallIntegerField(default=0)
    stale_count = models.PositiveSmallIntegerField(default=0)
    doubt_count = models.PositiveSmallIntegerField(default=0)

    objects = HouseholdFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("缺漏检查")
        constraints: ClassVar = [models.UniqueConstraint(fields=["household", "year"], name="gapscan_once")]
        indexes: ClassVar = [
            # Figures of a county are counted from the index alone.
            models.Index(
                fields=["year", "household"],
                include=["version", "scanned_at", "missing_count", "stale_count", "doubt_count"],
                name="gapscan_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.year}"
