"""The people who help: units and their cadres. A cadre need not be able to log in."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.pii import SecretField
from regions.models import Region


class Affiliation(models.TextChoices):
    """隶属关系 of a helping unit, as the national booklet prints it."""

    PROVINCE = "province", _("省直")
    CITY = "city", _("市直")
    COUNTY = "county", _("县直")
    TOWNSHIP = "township", _("乡镇")
    VILLAGE = "village", _("村级")


class Unit(models.Model):
    """帮扶单位."""

    name = models.CharField(_("单位名称"), max_length=120)
    affiliation = models.CharField(_("隶属关系"), max_length=12, choices=Affiliation, default=Affiliation.COUNTY)
    region = models.ForeignKey(Region, models.PROTECT, related_name="units")

    class Meta:
        verbose_name = _("单位")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["name", "region"], name="unit_once_per_region")]

    def __str__(self) -> str:
        return self.name


class Cadre(models.Model):
    """干部: who may be paired with households. `user` is the log-in, where there is one."""

    name = models.CharField(_("姓名"), max_length=60)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cadres")
    title = models.CharField(_("职务"), max_length=60, blank=True)
    phone = SecretField(_("联系电话"), blank=True, default="")
    phone_hash = models.CharField(max_length=22, blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    is_party_member = models.BooleanField(_("中共党员"), default=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="cadre")

    class Meta:
        verbose_name = _("干部")
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name
