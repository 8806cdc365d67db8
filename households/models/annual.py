"""What is true in a year (年度): of a household, of a member, and the money."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from households import codelists
from households.querysets import HouseholdFileQuerySet, MemberYearQuerySet, YearFileQuerySet

CHECKS = ("food", "clothing", "education", "medical", "housing", "water")  # 两不愁三保障 and drinking water
LAND = ("farmland", "irrigated", "woodland", "returned_woodland", "orchard", "pasture", "water_area")
TOTALS = (
    "wage_income",
    "business_income",
    "property_income",
    "transfer_income",
    "business_expense",
    "gross_income",
    "net_income",
)


def _area(label: str) -> models.DecimalField:
    return models.DecimalField(
        label, max_digits=9, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )


def _money(label: str = "") -> models.DecimalField:
    return models.DecimalField(label, max_digits=12, decimal_places=2, null=True, blank=True)


def _yes_no(label: str) -> models.BooleanField:
    return models.BooleanField(label, null=True, blank=True)


def _check(label: str) -> models.CharField:
    return models.CharField(label, max_length=3, blank=True, choices=codelists.CHECK_STATE.choices)


class HouseholdYear(models.Model):
    """The annual record of a household. Areas of land in 亩, dwelling in ㎡, distance in km, money in 元.

    `wage_income` … `per_head_income` are the national totals, summed from `IncomeLine` by the services and None while no line exists;
    `imported_net_income` and `imported_per_head_income` are what a file said, kept beside them. `unmapped` holds labels that no code list knows:
    `{field: label as written}`.
    """

    household = models.ForeignKey("households.Household", models.PROTECT, related_name="years")
    year = models.PositiveSmallIntegerField(_("年度"), validators=[MinValueValidator(2010), MaxValueValidator(2100)])
    population = models.PositiveSmallIntegerField(
        _("年度家庭人口"), null=True, blank=True, validators=[MaxValueValidator(60)]
    )
    category = models.CharField(_("户属性"), max_length=4, blank=True, choices=codelists.CATEGORY.every_choice)
    exit_year = models.PositiveSmallIntegerField(_("脱贫年度"), null=True, blank=True)
    main_cause = models.CharField(_("主要致贫原因"), max_length=4, blank=True, choices=codelists.CAUSE.choices)
    other_causes = ArrayField(models.CharField(max_length=4), default=list, blank=True, verbose_name=_("其他致贫原因"))
    cause_note = models.CharField(_("致贫原因说明"), max_length=300, blank=True)

    dwelling_area = _area(_("住房面积（㎡）"))
    dwelling_unsafe = _yes_no(_("危房户"))
    dwelling_grade = models.CharField(
        _("房屋安全等级"), max_length=1, blank=True, choices=codelists.DWELLING_GRADE.choices
    )
    has_toilet = _yes_no(_("有卫生厕所"))
    fuel = models.CharField(_("主要燃料"), max_length=4, blank=True, choices=codelists.FUEL.choices)
    road = models.CharField(_("入户路类型"), max_length=4, blank=True, choices=codelists.ROAD.choices)
    road_distance = models.DecimalField(
        _("与村主干路距离（公里）"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    has_power = _yes_no(_("通生活用电"))
    has_production_power = _yes_no(_("通生产用电"))
    has_broadcast = _yes_no(_("通广播电视"))
    water_source = models.CharField(_("饮水来源"), max_length=8, blank=True, choices=codelists.WATER_SOURCE.choices)
    water_safe = _yes_no(_("饮水安全"))
    water_scarce = _yes_no(_("饮水困难"))

    farmland = _area(_("耕地（亩）"))
    irrigated = _area(_("有效灌溉（亩）"))
    woodland = _area(_("林地（亩）"))
    returned_woodland = _area(_("退耕还林（亩）"))
    orchard = _area(_("林果（亩）"))
    pasture = _area(_("牧草地（亩）"))
    water_area = _area(_("水面（亩）"))

    in_cooperative = _yes_no(_("加入合作社"))
    led_by_company = _yes_no(_("有龙头企业带动"))
    led_by_leader = _yes_no(_("有致富带头人带动"))
    is_relocated = _yes_no(_("搬迁户"))
    relocation_wanted = _yes_no(_("有搬迁意愿"))
    relocation_way = models.CharField(
        _("搬迁方式"), max_length=12, blank=True, choices=codelists.RELOCATION_WAY.choices
    )
    resettlement = models.CharField(_("安置方式"), max_length=12, blank=True, choices=codelists.RESETTLEMENT.choices)
    relocation_problem = models.CharField(_("搬迁困难"), max_length=100, blank=True)

    check_food = _check(_("不愁吃"))
    check_clothing = _check(_("不愁穿"))
    check_education = _check(_("义务教育"))
    check_medical = _check(_("基本医疗"))
    check_housing = _check(_("住房安全"))
    check_water = _check(_("饮水安全"))

    wage_income = _money(_("工资性收入"))
    business_income = _money(_("生产经营性收入"))
    property_income = _money(_("财产性收入"))
    transfer_income = _money(_("转移性收入"))
    business_expense = _money(_("生产经营性支出"))
    gross_income = _money(_("年收入"))
    net_income = _money(_("纯收入"))
    per_head_income = _money(_("人均纯收入"))
    imported_net_income = _money(_("导入的纯收入"))
    imported_per_head_income = _money(_("导入的人均纯收入"))

    surveyor = models.CharField(_("填表人"), max_length=60, blank=True)
    surveyed_on = models.DateField(_("填表日期"), null=True, blank=True)
    unmapped = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = HouseholdFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("年度记录")
        ordering: ClassVar = ["household", "-year"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["household", "year"], name="householdyear_once"),
            models.CheckConstraint(condition=Q(year__gte=2010, year__lte=2100), name="householdyear_year_plausible"),
            models.CheckConstraint(
                condition=Q(population=None) | Q(population__lte=60), name="householdyear_population_plausible"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["year", "household"], name="householdyear_year")]

    def __str__(self) -> str:
        return f"{self.household_id} {self.year}"

    @property
    def income_differs(self) -> bool:
        """Whether the imported figure per head differs from the computed one by more than a rounding."""
        if self.per_head_income is None or self.imported_per_head_income is None:
            return False
        return abs(self.per_head_income - self.imported_per_head_income) > Decimal("0.01")


class MemberYear(models.Model):
    """The annual record of a member."""

    member = models.ForeignKey("households.Member", models.PROTECT, related_name="years")
    year = models.PositiveSmallIntegerField(_("年度"), validators=[MinValueValidator(2010), MaxValueValidator(2100)])
    education = models.CharField(_("文化程度"), max_length=4, blank=True, choices=codelists.EDUCATION.every_choice)
    school = models.CharField(_("在校生状况"), max_length=4, blank=True, choices=codelists.SCHOOL.every_choice)
    dropout_reason = models.CharField(_("失学或辍学原因"), max_length=60, blank=True)
    health = ArrayField(models.CharField(max_length=4), default=list, blank=True, verbose_name=_("健康状况"))
    disability_kind = models.CharField(
        _("残疾类别"), max_length=1, blank=True, choices=codelists.DISABILITY_KIND.choices
    )
    disability_level = models.CharField(
        _("残疾等级"), max_length=1, blank=True, choices=codelists.DISABILITY_LEVEL.choices
    )
    labour = models.CharField(_("劳动技能"), max_length=4, blank=True, choices=codelists.LABOUR.choices)
    work_area = models.CharField(_("务工状况"), max_length=4, blank=True, choices=codelists.WORK_AREA.choices)
    work_months = models.PositiveSmallIntegerField(
        _("务工时间（月）"), null=True, blank=True, validators=[MaxValueValidator(12)]
    )
    work_place = models.CharField(_("务工所在地"), max_length=120, blank=True)
    employer = models.CharField(_("务工企业"), max_length=120, blank=True)
    work_channel = models.CharField(_("就业渠道"), max_length=40, blank=True)
    public_post = models.CharField(_("公益性岗位"), max_length=60, blank=True)
    public_post_months = models.PositiveSmallIntegerField(
        _("公益性岗位月数"), null=True, blank=True, validators=[MaxValueValidator(12)]
    )
    politics = models.CharField(_("政治面貌"), max_length=4, blank=True, choices=codelists.POLITICS.choices)
    medical_resident = _yes_no(_("城乡居民医保"))
    medical_employee = _yes_no(_("职工医保"))
    medical_serious = _yes_no(_("大病保险"))
    medical_commercial = _yes_no(_("商业补充医疗保险"))
    pension_resident = _yes_no(_("城乡居民养老保险"))
    pension_employee = _yes_no(_("职工养老保险"))
    accident_subsidy = _yes_no(_("人身意外保险补贴"))
    low_income = _yes_no(_("享受低保"))
    special_support = _yes_no(_("特困供养"))
    serious_illness_aid = _yes_no(_("大病医疗救助"))
    other_health_aid = _yes_no(_("其他健康帮扶"))
    in_military = _yes_no(_("现役军人"))
    speaks_mandarin = _yes_no(_("会讲普通话"))
    works_abroad = _yes_no(_("国外务工"))
    unmapped = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = MemberYearQuerySet.as_manager()

    class Meta:
        verbose_name = _("成员年度记录")
        ordering: ClassVar = ["member", "-year"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "year"], name="memberyear_once"),
            models.CheckConstraint(condition=Q(work_months=None) | Q(work_months__lte=12), name="memberyear_months"),
            models.CheckConstraint(
                condition=Q(public_post_months=None) | Q(public_post_months__lte=12), name="memberyear_post_months"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.year}"


class IncomeLine(models.Model):
    """One item of income or expense of a household's year, in 元. The item's group is the part of its code before the dot."""

    household_year = models.ForeignKey(HouseholdYear, models.PROTECT, related_name="lines")
    item = models.CharField(_("项目"), max_length=32, choices=codelists.INCOME_ITEM.choices)
    amount = models.DecimalField(_("金额（元）"), max_digits=12, decimal_places=2)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    source = models.CharField(max_length=12, default="page")  # page | import | survey

    objects = YearFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("收支明细")
        ordering: ClassVar = ["household_year", "item"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["household_year", "item"], name="incomeline_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="incomeline_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.amount}"
