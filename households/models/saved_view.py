"""A list's filters under a name: a stored query string."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """常用筛选 of one user for one list. The query holds filter values, never search words: names stay out of it."""

    class Page(models.TextChoices):
        HOUSEHOLDS = "households", _("农户台账")
        SURVEYS = "surveys", _("调查审核")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=20, choices=Page, default=Page.HOUSEHOLDS)
    name = models.CharField(_("名称"), max_length=40)
    query = models.CharField(max_length=1000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("常用筛选")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "page", "name"], name="savedview_once")]

    def __str__(self) -> str:
        return self.name
