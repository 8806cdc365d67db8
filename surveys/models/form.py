"""A survey form: versioned data, immutable once published. The language of a definition is described in docs/surveys.md."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regions.models import Region


class SurveyForm(models.Model):
    """One version of a form. `region` is the county whose own it is, None for the standard form that ships with the software.

    The database refuses to change or delete a published one: drafts on phones hold its code and version for as long as they live.
    A retired version is offered for no new survey and still accepted.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("待发布")
        PUBLISHED = "published", _("使用中")
        RETIRED = "retired", _("已停用")

    code = models.SlugField(_("表号"), max_length=40)
    version = models.CharField(_("版本"), max_length=20)
    title = models.CharField(_("名称"), max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("县"))
    definition = models.JSONField()
    digest = models.CharField(max_length=64)  # SHA-256 of the canonical definition
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT)
    source = models.CharField(_("来源文件"), max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=150, blank=True)

    audit_skip = ("definition", "created_at")  # the digest stands for the definition

    class Meta:
        verbose_name = _("调查表")
        ordering: ClassVar = ["code", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "version"],
                name="surveyform_once",
                violation_error_message=_("这个表号和版本已经有了，请换一个版本号。"),
            ),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None, published_by="")
                | (~Q(state="draft") & Q(published_at__isnull=False) & ~Q(published_by="")),
                name="surveyform_published_iff_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}@{self.version}"
