"""Photos as evidence of what upper floors record: a task done, money received, a project accepted, a house inspected."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Evidence(models.Model):
    """A JPEG of at most 1600 pixels a side, made again by the server (no EXIF), encrypted at rest. Evidence is never deleted; a mistake is
    hidden by `removed_at`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file = models.CharField(max_length=200)  # a name in common.vault
    sha256 = models.CharField(max_length=64)  # of the picture as the server made it
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    taken_on = models.DateField(_("拍摄日期"), null=True, blank=True)
    uploaded_by = models.CharField(max_length=150)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    audit_skip: ClassVar[tuple[str, ...]] = (
        "file",
        "uploaded_at",
        "uid",
    )  # the file has another name after the keys were rotated

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.uid)
