"""A photo or signature on its way from a phone: it arrives in pieces, by itself, perhaps before the survey it belongs to."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from surveys.models.survey import Survey
from surveys.querysets import SurveyPhotoQuerySet


class SurveyPhoto(models.Model):
    """Evidence. `uid` and `survey_uid` are the phone's; `survey` is set when both are here. `path` is the field it answers.

    While it arrives the bytes lie in `file` under `received`; complete, the picture has been made again by the server (no EXIF).
    """

    class State(models.TextChoices):
        ARRIVING = "arriving", _("上传中")
        COMPLETE = "complete", _("已到达")
        REFUSED = "refused", _("已拒收")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    survey_uid = models.UUIDField(db_index=True)
    survey = models.ForeignKey(Survey, models.PROTECT, null=True, blank=True, related_name="photos")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    path = models.CharField(max_length=120)
    size = models.PositiveIntegerField()  # bytes, as the phone made it
    sha256 = models.CharField(max_length=64)  # of what the phone sends
    kept_sha256 = models.CharField(max_length=64, blank=True)  # of the picture as the server made it
    received = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.ARRIVING)
    problem = models.CharField(max_length=200, blank=True)
    file = models.CharField(max_length=200, blank=True)  # a name in common.vault
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    taken_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = SurveyPhotoQuerySet.as_manager()
    audit_skip = ("file",)  # another name after the keys were rotated
    audit_rows: ClassVar = ~Q(state="arriving")

    class Meta:
        verbose_name = _("调查照片")
        ordering: ClassVar = ["survey", "path", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="surveyphoto_received_within_size"),
            models.CheckConstraint(
                condition=~Q(state="complete") | Q(received=F("size"), completed_at__isnull=False),
                name="surveyphoto_complete_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uid)
