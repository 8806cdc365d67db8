"""A phone that keeps drafts: known by its own id, with the key of its drafts in trust, and revocable."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.pii import SecretField
from surveys.querysets import DeviceQuerySet


class Device(models.Model):
    """One browser of one user. `draft_key` is the AES key of its drafts, so that a forgotten PIN loses nothing: it is handed back
    to the same user after a log-in, never to anybody else."""

    uid = models.UUIDField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="devices")
    label = models.CharField(_("设备"), max_length=80, blank=True)
    draft_key = SecretField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(_("最近同步"), null=True, blank=True)
    waiting = models.PositiveSmallIntegerField(_("未上传"), default=0)  # what the phone said it still holds
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = DeviceQuerySet.as_manager()
    audit_skip = ("created_at", "seen_at", "waiting")

    class Meta:
        verbose_name = _("手机")
        ordering: ClassVar = ["-seen_at", "-id"]

    def __str__(self) -> str:
        return self.label or str(self.uid)
