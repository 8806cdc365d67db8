"""Photos of sessions and of organised activities, as evidence."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.evidence import Evidence
from party.models.classroom import Session
from party.models.life import Activity
from party.querysets import EvidenceQuerySet


class PartyEvidence(Evidence):
    """A photo of exactly one of the two."""

    session = models.ForeignKey(Session, models.PROTECT, null=True, blank=True, related_name="evidence")
    activity = models.ForeignKey(Activity, models.PROTECT, null=True, blank=True, related_name="evidence")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("照片")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(session__isnull=False, activity=None) | Q(session=None, activity__isnull=False),
                name="partyevidence_of_one_thing",
            ),
        ]
