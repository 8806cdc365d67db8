"""Photos of deliveries, village projects and idle houses: one table, one gate."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assistance.querysets import EvidenceQuerySet
from households.models import Evidence


class AssistanceEvidence(Evidence):
    """A photo of exactly one thing. `stage` says when it was taken, where that matters: before, during, after, at the acceptance."""

    class Stage(models.TextChoices):
        BEFORE = "before", _("实施前")
        DURING = "during", _("实施中")
        AFTER = "after", _("实施后")
        ACCEPTANCE = "acceptance", _("验收")

    delivery = models.ForeignKey("assistance.Delivery", models.PROTECT, null=True, blank=True, related_name="evidence")
    project = models.ForeignKey(
        "assistance.VillageProject", models.PROTECT, null=True, blank=True, related_name="evidence"
    )
    house = models.ForeignKey("assistance.IdleHouse", models.PROTECT, null=True, blank=True, related_name="evidence")
    stage = models.CharField(_("时段"), max_length=10, choices=Stage, blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("照片")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(delivery__isnull=False, project=None, house=None)
                | Q(delivery=None, project__isnull=False, house=None)
                | Q(delivery=None, project=None, house__isnull=False),
                name="assistanceevidence_of_one_thing",
            ),
        ]
