"""What of a village matters to who comes to help there."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cadres.querysets import OfVillageQuerySet
from regions.models import Region


class VillageProfile(models.Model):
    """村情: the languages people speak, the industries there are or should be, and where the village lies, to two decimals of a degree (1 km).

    `languages` and `industries` are codes of `cadres.codelists`; a helper's skills are codes of the same list as industries.
    """

    village = models.OneToOneField(Region, models.PROTECT, related_name="profile")
    languages = ArrayField(models.CharField(max_length=12), verbose_name=_("村民日常用语"), default=list, blank=True)
    industries = ArrayField(
        models.CharField(max_length=12), verbose_name=_("主要产业和需要的专长"), default=list, blank=True
    )
    longitude = models.DecimalField(_("经度"), max_digits=5, decimal_places=2, null=True, blank=True)
    latitude = models.DecimalField(_("纬度"), max_digits=4, decimal_places=2, null=True, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)

    objects = OfVillageQuerySet.as_manager()

    class Meta:
        verbose_name = _("村情")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(longitude=None, latitude=None)
                | Q(longitude__gte=73, longitude__lte=136, latitude__gte=3, latitude__lte=54),
                name="villageprofile_lies_in_the_country",
                violation_error_message=_("经纬度要一起填，经度在 73 到 136、纬度在 3 到 54 之间，请核对。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.village)
