"""The catalogue: relief categories and kinds of measures. No people stand in it: everybody who is signed in may read it."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalogue.codelists import COLUMN, Period, Whose
from households import codelists
from households.models.annual import CHECKS

# Version 1 is what the software brought; every change by people counts, and what they add begins at 2. The audit trail vouches for what
# people did (`audit_rows`); what nobody touched is compared with the shipped file (`services.check`).
SHIPPED = 1


class ReliefCategory(models.Model):
    """救助类别. The ten that are shipped are a default: no source fixes the ten, so a county may rename, add and retire them."""

    code = models.SlugField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("名称"), max_length=40)
    place = models.PositiveSmallIntegerField(_("次序"), default=0)
    is_active = models.BooleanField(_("使用中"), default=True)
    version = models.PositiveIntegerField(default=SHIPPED)

    audit_rows: ClassVar = Q(version__gt=SHIPPED)

    class Meta:
        verbose_name = _("救助类别")
        ordering: ClassVar = ["place", "id"]

    def __str__(self) -> str:
        return self.name


class MeasureKindQuerySet(models.QuerySet["MeasureKind"]):
    def in_force(self, day: dt.date) -> MeasureKindQuerySet:
        """Kinds one may receive on a day."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


class MeasureKind(models.Model):
    """帮扶措施. One kind of help.

    `fields` are its own facts in the language of survey forms (docs/surveys.md, A form); `eligible` is a rule of that language over the
    facts of `catalogue.eligibility`, null where everybody may get it, and `eligible_say` the same in one sentence. `causes` and `checks`
    are the causes of poverty and the guarantees it answers. `ceiling`: 元 in one period. `entitles`: whoever is eligible should get it.
    """

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    title = models.CharField(_("名称"), max_length=60)
    column = models.CharField(_("措施类别"), max_length=12, choices=COLUMN.choices)
    category = models.ForeignKey(
        ReliefCategory, models.PROTECT, null=True, blank=True, related_name="kinds", verbose_name=_("救助类别")
    )
    whose = models.CharField(_("受益对象"), max_length=12, choices=Whose)
    unit = models.CharField(_("计量单位"), max_length=12, blank=True)
    has_money = models.BooleanField(_("发放资金"), default=True)
    period = models.CharField(_("发放周期"), max_length=8, choices=Period)
    ceiling = models.DecimalField(_("每期上限（元）"), max_digits=12, decimal_places=2, null=True, blank=True)
    fields = models.JSONField(_("填写项"), default=list, blank=True)
    eligible = models.JSONField(_("享受条件（规则）"), null=True, blank=True)
    eligible_say = models.CharField(_("享受条件"), max_length=200, blank=True)
    causes = ArrayField(
        models.CharField(max_length=4, choices=codelists.CAUSE.choices),
        default=list,
        blank=True,
        verbose_name=_("针对的致贫原因"),
    )
    checks = ArrayField(
        models.CharField(max_length=12, choices=[(name, name) for name in CHECKS]), default=list, blank=True,
        verbose_name=_("针对的保障"),
    )  # fmt: skip
    entitles = models.BooleanField(_("应享尽享"), default=False)
    department = models.CharField(_("主管部门"), max_length=40, blank=True)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    version = models.PositiveIntegerField(default=SHIPPED)

    audit_rows: ClassVar = Q(version__gt=SHIPPED)
    objects = MeasureKindQuerySet.as_manager()

    class Meta:
        verbose_name = _("帮扶措施")
        ordering: ClassVar = ["column", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ceiling=None) | Q(ceiling__gt=0), name="measurekind_ceiling_positive"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="measurekind_dates"
            ),
            models.CheckConstraint(condition=Q(eligible=None) | ~Q(eligible_say=""), name="measurekind_rule_is_said"),
        ]

    def __str__(self) -> str:
        return self.title


def department_names() -> list[str]:
    """The departments that answer for a kind, also for one that is no longer given: its deliveries are still theirs."""
    rows = MeasureKind.objects.exclude(department="").order_by("department")
    return list(rows.values_list("department", flat=True).distinct())


# Tables whose rows the audit trail vouches for.
VOUCHED = (MeasureKind, ReliefCategory)
