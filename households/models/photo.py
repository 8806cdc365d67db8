"""Photos of a householder and a dwelling, made again by the server: no EXIF, bounded in size."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from households.querysets import HouseholdFileQuerySet


class Photo(models.Model):
    """A JPEG of at most 1600 pixels a side. `removed_at` hides it; the file goes when the household's papers may go."""

    class Kind(models.TextChoices):
        HOUSEHOLDER = "householder", _("户主")
        DWELLING = "dwelling", _("住房")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", models.PROTECT, related_name="photos")
    kind = models.CharField(_("类别"), max_length=12, choices=Kind)
    file = models.FileField(upload_to="photos/%Y/%m/")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    taken_on = models.DateField(_("拍摄日期"), null=True, blank=True)
    uploaded_by = models.CharField(max_length=60)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = HouseholdFileQuerySet.as_manager()
    audit_skip = ("uploaded_at", "uid")

    class Meta:
        verbose_name = _("照片")
        ordering: ClassVar = ["household", "kind", "-id"]

    def __str__(self) -> str:
        return f"{self.household_id} {self.kind}"
