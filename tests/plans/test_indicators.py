"""The six indicators in words: what the ledger knows, what it does not, and which year it was."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from plans import indicators, paper, services
from tests.factories import (
    HouseholdFactory,
    HouseholdYearFactory,
    MemberFactory,
    MemberYearFactory,
    PlanEvidenceFactory,
    PlanFactory,
    TaskFactory,
)
from tests.factories.households import YEAR
from tests.factories.plans import TARGETS
from tests.plans.test_services import fill

pytestmark = pytest.mark.django_db


def standing(household, year=YEAR):
    return indicators.standing([household], year)[household.pk]


def member(household, age, **facts):
    one = MemberFactory(household=household, birth_date=dt.date(YEAR - age, 1, 15))
    MemberYearFactory(member=one, **facts)
    return one


@pytest.fixture
def home(land):
    return HouseholdFactory(village=land.village)


def test_nothing_known_is_nothing_said(home):
    assert standing(home) == dict.fromkeys(indicators.CODES, "")
    HouseholdYearFactory(household=home)
    MemberFactory(household=home, birth_date=None, id_text="")
    assert standing(home) == dict.fromkeys(indicators.CODES, "")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"check_housing": "yes"}, "安全"),
        ({"check_housing": "no"}, "不安全"),
        ({"check_housing": "yes", "dwelling_grade": "D"}, "不安全，D 级（危房）"),
        ({"dwelling_unsafe": True}, "不安全"),
        ({"dwelling_unsafe": False}, "安全"),
        ({"dwelling_grade": "B"}, "安全"),
    ],
)
def test_housing(facts, words, home):
    HouseholdYearFactory(household=home, **facts)
    assert standing(home)["housing"] == words


def test_income_names_its_year_and_falls_back_to_the_year_before(home):
    HouseholdYearFactory(household=home, year=YEAR - 1, per_head_income="8123.50", check_housing="no")
    HouseholdYearFactory(household=home, imported_per_head_income=9000)
    assert standing(home)["income"] == f"9,000 元（{YEAR}年）"
    assert standing(home)["housing"] == f"不安全（{YEAR - 1}年）"
    assert standing(home, YEAR + 1)["income"] == f"9,000 元（{YEAR}年）"
    assert indicators.reached([home], YEAR)[home.pk]["housing"] == ""
    assert indicators.reached([home], YEAR)[home.pk]["income"] == "9,000 元"


@pytest.mark.parametrize(
    ("children", "words"),
    [
        ([], "没有适龄学生"),
        ([(9, {"school": "03"})], "没有"),
        ([(9, {"school": "01"}), (8, {"school": "03"})], "1 人"),
        ([(9, {"school": ""})], ""),
        ([(9, {"school": ""}), (10, {"school": "01"})], "1 人"),
        ([(16, {"dropout_reason": "厌学"})], "1 人"),
        ([(5, {"school": "01"}), (16, {"school": "01"})], "没有适龄学生"),
    ],
)
def test_out_of_school(children, words, home):
    member(home, 40)
    for age, facts in children:
        member(home, age, **facts)
    assert standing(home)["school"] == words


def test_illness(home):
    record = HouseholdYearFactory(household=home, main_cause="03")
    assert standing(home)["illness"] == "不是因病"
    record.other_causes = ["01"]
    record.save()
    assert standing(home)["illness"] == "因病"
    member(home, 40, health=["02", "03"])
    member(home, 70, health=["02"])
    assert standing(home)["illness"] == "因病（患有大病 1 人，长期慢性病 2 人）"


def test_insurance(home):
    for age, facts in (
        (40, {"medical_resident": True, "pension_resident": True}), (38, {"medical_employee": True, "pension_employee": True}),
        (17, {"medical_resident": True, "school": "07"}), (10, {"medical_resident": False}), (70, {"pension_resident": False}),
    ):  # fmt: skip
        member(home, age, **facts)
    MemberFactory(household=home, left=True)
    assert standing(home)["medical"] == "参加 2 人，职工参保 1 人，未参加 1 人，未填 1 人"
    assert standing(home)["pension"] == "参加 1 人，职工参保 1 人，未参加 1 人"


def test_what_is_kept_is_chinese(home):
    HouseholdYearFactory(household=home, check_housing="yes")
    with translation.override("en"):
        assert standing(home)["housing"] == "安全"


def test_any_number_of_households_in_four_queries(home, land, count_queries):
    houses = [home, *(HouseholdFactory(village=land.village) for _n in range(5))]
    for house in houses:
        HouseholdYearFactory(household=house)
        member(house, 30)
    assert count_queries(lambda: indicators.standing(houses, YEAR)) == 4


# -- on paper -------------------------------------------------------------------------------------------------------------------


def test_the_plan_in_the_booklet(household, clerk, officer):
    plan = services.draft_plan(household=household, year=YEAR, by=clerk)
    assert "还没有批准" in str(paper.sections([household], YEAR, clerk)[household.pk])
    _goal, task = fill(plan, clerk)
    services.submit_plan(plan=plan, by=clerk)
    services.approve_plan(plan=plan, by=officer)
    services.start_plan(plan=plan, by=clerk)
    services.complete_task(task=task, by=clerk, note="已竣工")
    (section,) = paper.sections([household], YEAR, clerk)[household.pk]
    assert section["title"] == f"{YEAR}年帮扶计划"
    _head, six, tasks, people = section["parts"]
    assert [row[0] for row in six["rows"]] == [
        "人均纯收入",
        "安全住房",
        "失学辍学学生",
        "因病致贫返贫",
        "参加居民医保",
        "参加居民养老",
    ]
    assert six["rows"][0][1:3] == [f"5,000 元（{YEAR}年）", TARGETS["income"]]
    assert tasks["rows"][0] == {"role": "group", "cells": ["目标：年底前住进安全房（未达标：住房安全）"]}
    assert tasks["rows"][1][0] == "申请危房改造"
    assert tasks["rows"][1][4].endswith("完成，已竣工")
    assert people["rows"][0][0]["value"].startswith("王建国 口头同意")
    assert people["rows"][1][0]["value"].startswith("乡镇专干")
    assert paper.sections([household], YEAR - 1, clerk) == {}


def test_any_number_of_plans_on_paper_in_a_fixed_number_of_queries(land, clerk, count_queries):
    def some(count):
        houses = []
        for _n in range(count):
            task = TaskFactory(
                goal__plan=PlanFactory(household=HouseholdFactory(village=land.village), in_progress=True)
            )
            PlanEvidenceFactory(plan=task.goal.plan, task=task)
            houses.append(task.goal.plan.household)
        return houses

    one, many = some(1), some(6)
    assert count_queries(lambda: paper.sections(one, YEAR, clerk)) == 5
    assert count_queries(lambda: paper.sections(many, YEAR, clerk)) == 5
