"""A request for paper sheets of before the print centre: which households, blank or filled in, and the file that came of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet
from common.models import Job
from regions.models import Region


class PaperRunQuerySet(ScopedQuerySet):
    view_permission = Permission.SURVEY_FILL

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(owner=user)


class PaperRun(models.Model):
    """`households` are keys in the order of the paper; `failed` is `{key: sentence}`. `file` is the encrypted PDF, "" once expired."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="paper_runs")
    job = models.OneToOneField(Job, models.PROTECT, related_name="paper_run")
    title = models.CharField(max_length=200)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    year = models.PositiveSmallIntegerField(_("年度"))
    is_blank = models.BooleanField(_("空白表"), default=False)
    households = ArrayField(models.BigIntegerField())
    failed = models.JSONField(default=dict)
    file = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PaperRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("纸质调查表")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.title

    @property
    def total(self) -> int:
        return len(self.households)
