"""What is counted of people: the members of households with what is recorded of them in a year. Reports alone ask for it, so nothing is rolled up."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from figures.datasets import ROWS, UNKNOWN, Dataset, Dimension, Measure, Told, cases, column
from figures.shipped.kinds import UNSAID, bands, listed, said, yes_no
from figures.shipped.ledgers import status_of
from households import codelists
from households.models import MemberYear

AGES = (0, 16, 30, 40, 50, 60)
SCHOOL_AGES = (0, 3, 6, 15, 18, 22, 60)
YEARS_OLD = gettext_lazy("岁")


def _members(rows: Any, today: dt.date) -> Any:
    """Whoever was there when the year ended, or still is. Age is that of 31 December: the year less the year of birth."""
    return rows.filter(_there("member__left_on"), _there("member__household__closed_on")).annotate(
        age=F("year") - ExtractYear("member__birth_date")
    )


def _there(field: str) -> Q:
    """A day of leaving that is none, or after the year of the record."""
    return Q(**{field: None}) | Q(**{f"{field}__year__gt": F("year")})


STAGES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "out": (gettext_lazy("不在校"), ("01", "00")),
    "nursery": (gettext_lazy("学前教育"), ("02",)),
    "primary": (gettext_lazy("小学"), ("03",)),
    "junior": (gettext_lazy("初中"), ("04", "05", "06")),
    "senior": (gettext_lazy("普通高中"), ("07", "08", "09")),
    "vocational": (gettext_lazy("中职"), ("10", "11", "12")),
    "college": (gettext_lazy("高职高专、技师学院"), ("13", "14", "15", "17", "18", "19", "20")),
    "university": (gettext_lazy("大专本科及以上"), ("16", "21", "22", "23", "24", "25", "26")),
    UNKNOWN: (UNSAID, ("",)),
}


def _months() -> dict[str, Any]:
    return {str(n): _("%(count)s 个月") % {"count": n} for n in range(13)} | {UNKNOWN: UNSAID}


def _work_months() -> Dimension:
    return Dimension(
        "months", gettext_lazy("务工时间"), _months, raw=F("work_months"),
        condition=lambda key, today: Q(work_months=None if key == UNKNOWN else int(key)),
    )  # fmt: skip


def tell_member(row: MemberYear) -> Told:
    member, household = row.member, row.member.household
    old = "" if member.birth_date is None else " · " + _("%(age)s 岁") % {"age": row.year - member.birth_date.year}
    relation = member.get_relation_display()
    meta = f"{household} · {relation} · {household.township.name}{household.village.name} · " + _("%(year)s 年度") % {
        "year": row.year
    }
    return Told(f"{member.name}{old}", meta, f"{household.get_absolute_url()}?year={row.year}")


members = Dataset(
    "members", gettext_lazy("家庭成员"), gettext_lazy("有这一年度记录、当年年末还在户内的家庭成员；年龄按当年 12 月 31 日的周岁，身份按现在的"),
    MemberYear, _members, (Measure(ROWS, gettext_lazy("人数"), gettext_lazy("人")),),
    (
        status_of("member__household__status"),
        column("sex", gettext_lazy("性别"), "member__sex", codelists.SEX.every_choice, blank=True),
        bands("age", gettext_lazy("年龄"), "age", AGES, YEARS_OLD, unsaid=gettext_lazy("没有出生日期"), whole=True),
        bands("school_age", gettext_lazy("学龄段"), "age", SCHOOL_AGES, YEARS_OLD, unsaid=gettext_lazy("没有出生日期"), whole=True),
        column("education", gettext_lazy("文化程度"), "education", codelists.EDUCATION.every_choice, blank=True),
        cases("stage", gettext_lazy("在校阶段"), {key: (words, Q(school__in=codes)) for key, (words, codes) in STAGES.items()}),
        column("school", gettext_lazy("在校生状况"), "school", codelists.SCHOOL.every_choice, blank=True),
        listed("health", gettext_lazy("健康状况"), "health", codelists.HEALTH.every_choice),
        column("labour", gettext_lazy("劳动技能"), "labour", codelists.LABOUR.every_choice, blank=True),
        column("work", gettext_lazy("务工区域"), "work_area", codelists.WORK_AREA.every_choice, blank=True),
        _work_months(),
        yes_no("abroad", gettext_lazy("国外务工"), "works_abroad", gettext_lazy("在国外务工"), gettext_lazy("不在国外")),
        column("ethnicity", gettext_lazy("民族"), "member__ethnicity", codelists.ETHNICITY.every_choice, blank=True),
        column("relation", gettext_lazy("与户主关系"), "member__relation", codelists.RELATION.every_choice),
        column("politics", gettext_lazy("政治面貌"), "politics", codelists.POLITICS.every_choice, blank=True),
        column("disability", gettext_lazy("残疾类别"), "disability_kind", codelists.DISABILITY_KIND.every_choice, blank=True),
        column("level", gettext_lazy("残疾等级"), "disability_level", codelists.DISABILITY_LEVEL.every_choice, blank=True),
        said(
            "medical", gettext_lazy("医疗保险"),
            {
                "resident": (gettext_lazy("城乡居民医保"), "medical_resident"), "employee": (gettext_lazy("职工医保"), "medical_employee"),
                "serious": (gettext_lazy("大病保险"), "medical_serious"), "commercial": (gettext_lazy("商业补充医疗保险"), "medical_commercial"),
            },
            others={"without": (gettext_lazy("没有基本医保"), ~Q(medical_resident=True) & ~Q(medical_employee=True))},
        ),
        said(
            "pension", gettext_lazy("养老保险"),
            {"resident": (gettext_lazy("城乡居民养老保险"), "pension_resident"), "employee": (gettext_lazy("职工养老保险"), "pension_employee")},
            others={"without": (gettext_lazy("没有养老保险"), ~Q(pension_resident=True) & ~Q(pension_employee=True))},
        ),
        said(
            "support", gettext_lazy("保障和救助"),
            {
                "low": (gettext_lazy("享受低保"), "low_income"), "special": (gettext_lazy("特困供养"), "special_support"),
                "illness": (gettext_lazy("大病医疗救助"), "serious_illness_aid"), "health": (gettext_lazy("其他健康帮扶"), "other_health_aid"),
                "accident": (gettext_lazy("人身意外保险补贴"), "accident_subsidy"),
            },
            others={"post": (gettext_lazy("公益性岗位"), ~Q(public_post=""))},
        ),
    ),
    (), (), tell_member, village="member__village_id", year=F("year"),
    related=("member__household__village", "member__household__township"), weight=15,
)  # fmt: skip

DATASETS = (members,)
