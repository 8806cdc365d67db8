"""回避关系: which cadre is kin of a household and must not be its helper."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cadres.models import Cadre
from households.querysets import HouseholdFileQuerySet


class Relation(models.TextChoices):
    """亲属关系 that exclude from helping: those for which officials stand aside (夫妻、直系血亲、三代以内旁系血亲、近姻亲)."""

    SPOUSE = "spouse", _("夫妻")
    LINEAL = "lineal", _("父母、子女、祖孙")
    SIBLING = "sibling", _("兄弟姐妹")
    COLLATERAL = "collateral", _("叔伯姑舅姨、堂表亲")
    IN_LAW = "in_law", _("近姻亲")
    OTHER = "other", _("其他应当回避的关系")


class Kinship(models.Model):
    """A cadre is kin of a household, declared by somebody at a moment, until it is found not to be so. The cadre's own household needs no
    row: who is or was its member by ID number is kin without being declared."""

    household = models.ForeignKey("households.Household", models.PROTECT, related_name="kin")
    cadre = models.ForeignKey(Cadre, models.PROTECT, related_name="kinships", verbose_name=_("干部"))
    relation = models.CharField(_("亲属关系"), max_length=12, choices=Relation)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    declared_by = models.CharField(_("登记人"), max_length=150)
    declared_at = models.DateTimeField(_("登记时间"))
    ended_by = models.CharField(_("解除人"), max_length=150, blank=True)
    ended_at = models.DateTimeField(_("解除时间"), null=True, blank=True)
    end_note = models.CharField(_("解除理由"), max_length=200, blank=True)

    objects = HouseholdFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("回避关系")
        ordering: ClassVar = ["household", "-declared_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["household", "cadre"], condition=Q(ended_at=None), name="kinship_once",
                violation_error_message=_("这位干部与这一户的回避关系已经登记过。"),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="", end_note="") | (Q(ended_at__isnull=False) & ~Q(ended_by="") & ~Q(end_note="")),
                name="kinship_ended_with_reason",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["cadre"], condition=Q(ended_at=None), name="kinship_of_cadre")]

    def __str__(self) -> str:
        return f"{self.cadre_id} kin of {self.household_id}"
