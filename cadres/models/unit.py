"""Units and their cadres. A cadre need not be able to log in."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DateRange
from cadres import codelists
from cadres.querysets import CadreQuerySet, UnitQuerySet, UnitVillageQuerySet
from common.pii import SecretField
from regions.models import Region


class Affiliation(models.TextChoices):
    """隶属关系 of a helping unit, as the national booklet prints it."""

    PROVINCE = "province", _("省直")
    CITY = "city", _("市直")
    COUNTY = "county", _("县直")
    TOWNSHIP = "township", _("乡镇")
    VILLAGE = "village", _("村级")


class Rank(models.TextChoices):
    """What a cadre's office is worth where hard households are shared out. Our own grouping: the booklet counts 省/市/县级领导 and others."""

    LEADER = "leader", _("县级及以上领导")
    SECTION = "section", _("科级干部")
    ORDINARY = "", _("一般干部")  # the empty value, so that rows from before ranks keep their digests
    VILLAGE = "village", _("村干部和党员")


class Unit(models.Model):
    """帮扶单位. `number` is the 帮扶单位编号 of the national system, where one is known. `closed_on` is the first day without it."""

    name = models.CharField(_("单位名称"), max_length=120)
    affiliation = models.CharField(_("隶属关系"), max_length=12, choices=Affiliation, default=Affiliation.COUNTY)
    region = models.ForeignKey(Region, models.PROTECT, related_name="units")
    number = models.CharField(_("帮扶单位编号"), max_length=30, blank=True)
    closed_on = models.DateField(_("停用日期"), null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["name", "region"], name="unit_once_per_region")]

    def __str__(self) -> str:
        return self.name


class UnitVillage(models.Model):
    """包村: a unit answers for a village from a day on. `ends_on` is the first day without."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="villages")
    village = models.ForeignKey(Region, models.PROTECT, related_name="helping_units")
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"), null=True, blank=True)

    objects = UnitVillageQuerySet.as_manager()

    class Meta:
        verbose_name = _("包村单位")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="unitvillage_ends_after_start"),
            ExclusionConstraint(
                name="unitvillage_no_overlap",
                expressions=[
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("unit", RangeOperators.EQUAL),
                    ("village", RangeOperators.EQUAL),
                ],
                violation_error_message=_("这个单位在同一时间已经联系这个村。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.unit_id} → {self.village_id}"


class Cadre(models.Model):
    """干部: who may be paired with households. `user` is the log-in, where there is one; `left_on` the first day on which they help nobody.

    `number` is the 帮扶责任人编号 of the national system. `languages` and `skills` are codes of `cadres.codelists`.
    """

    name = models.CharField(_("姓名"), max_length=60)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cadres")
    number = models.CharField(_("帮扶责任人编号"), max_length=30, blank=True)
    title = models.CharField(_("职务"), max_length=60, blank=True)
    rank = models.CharField(_("职级"), max_length=8, choices=Rank, default=Rank.ORDINARY, blank=True)
    sex = models.CharField(_("性别"), max_length=1, blank=True, choices=codelists.SEX.choices)
    phone = SecretField(_("联系电话"), blank=True, default="")
    phone_hash = models.CharField(max_length=22, blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    id_number = SecretField(_("证件号码"), blank=True, default="")
    id_hash = models.CharField(max_length=22, blank=True, db_index=True)
    id_masked = models.CharField(max_length=20, blank=True)
    politics = models.CharField(_("政治面貌"), max_length=4, blank=True, choices=codelists.POLITICS.choices)
    is_party_member = models.BooleanField(_("中共党员"), default=False)
    cannot_help = models.BooleanField(_("不能结对帮扶"), default=False)  # everybody else is 有帮带能力
    languages = ArrayField(models.CharField(max_length=12), verbose_name=_("会说的语言"), default=list, blank=True)
    skills = ArrayField(models.CharField(max_length=12), verbose_name=_("专长"), default=list, blank=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="cadre")
    left_on = models.DateField(_("离岗日期"), null=True, blank=True)
    left_reason = models.CharField(_("离岗原因"), max_length=200, blank=True)

    objects = CadreQuerySet.as_manager()

    class Meta:
        verbose_name = _("干部")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["id_hash"], condition=~Q(id_hash="") & Q(left_on=None), name="cadre_once_a_person",
                violation_error_message=_("这个证件号码已经登记为另一位干部，请核对。"),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["unit", "name"], name="cadre_of_unit")]

    def __str__(self) -> str:
        return self.name
