"""Definitions of forms: what is wrong with them is said; the shipped form is sound, complete, and cannot be changed."""

from __future__ import annotations

import copy
import json

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from households import codelists
from households.models.annual import CHECKS
from households.services.base import HOUSEHOLD_FACTS, MEMBER_FACTS, MEMBER_YEAR_FACTS, YEAR_FACTS
from surveys import definitions, standard
from surveys.definitions import Definition, path_of, problems, split_path
from surveys.models import SurveyForm
from tests.factories.surveys import SMALL_FORM, SurveyFormFactory

HOUSEHOLD = dict(standard.definitions())["household-2026.1.json"]


def small(**changes):
    """A form of one household step with one field, changed."""
    field = {"id": "area", "type": "decimal", "label": "住房面积", "writes": "year.dwelling_area"} | changes
    return {"code": "x", "version": "1", "title": "表", "steps": [{"id": "s", "title": "住房", "fields": [field]}]}


def test_the_shipped_form_and_the_form_of_tests_are_sound():
    assert problems(HOUSEHOLD) == []
    assert problems(SMALL_FORM) == []


def test_the_shipped_form_has_every_fact_a_survey_can_know_once():
    form = Definition.of(HOUSEHOLD)
    office = {"year.exit_year", "household.standard", "household.identified_on", "household.bank_name", "household.bank_account",
              "household.number", "member.number"}  # fmt: skip
    every = (
        {f"household.{name}" for name in HOUSEHOLD_FACTS} | {f"year.{name}" for name in YEAR_FACTS}
        | {f"member.{name}" for name in MEMBER_FACTS} | {f"myear.{name}" for name in MEMBER_YEAR_FACTS}
        | {f"income.{code}" for code, _label in codelists.INCOME_ITEM.choices} | {"photo.householder", "photo.dwelling"}
    )  # fmt: skip
    by_the_survey = {"year.surveyor", "year.surveyed_on", "year.imported_net_income", "year.imported_per_head_income"}
    assert set(form.writes) == every - office - by_the_survey
    assert 10 <= len(form.steps) <= 12
    assert len(form.writes) == sum(bool(field.writes) for field in form.fields)


def test_the_shipped_form_asks_for_all_six_checks_a_photo_and_a_signature():
    form = Definition.of(HOUSEHOLD)
    assert all(form.writes[f"year.check_{name}"].required is True for name in CHECKS)
    assert [field.id for field in form.photo_fields if field.type == "signature"] == ["signature"]
    assert form.field("photo_dwelling").required == {"!": {"==": [{"var": "confirm_way"}, "sheet"]}}  # paper has none
    assert {field.id for field in form.secret_fields} == {"phone", "id_number", "member_phone"}


def test_its_texts_are_short():
    for field in Definition.of(HOUSEHOLD).fields:
        assert len(field.label) <= 24, field.label
        assert len(field.hint) <= 40, field.hint
        for ask in (*field.hard, *field.soft):
            assert len(ask.say) <= 48, ask.say
            assert ask.say[-1] in "。？", ask.say


def test_every_money_field_asks_when_it_jumps():
    for field in Definition.of(HOUSEHOLD).fields:
        if field.type == "money":
            assert any("{x}" in ask.say for ask in field.soft), field.id


def test_paths_and_fields():
    form = Definition.of(HOUSEHOLD)
    assert split_path("m1/education") == ("m1", "education")
    assert split_path("dwelling_area") == ("", "dwelling_area")
    assert split_path("m1/+") == ("m1", "+")
    assert path_of("education", "m1") == "m1/education"
    assert form.field("m1/education").writes == "myear.education"
    assert form.field("education") is None
    assert form.field("m1/dwelling_area") is None
    assert form.field("nobody") is None
    answers = {
        "values": {"dwelling_area": "92", "nobody": 1},
        "members": [{"uid": "m1", "values": {"education": "03"}}, {"uid": "m2"}],
    }
    assert [(path, value) for path, _field, value in form.paths(answers)] == [
        ("dwelling_area", "92"),
        ("m1/education", "03"),
    ]


def test_hiding_goes_behind_what_its_rules_read():
    form = Definition.of(HOUSEHOLD)
    order = [field.id for field in form.order]
    assert order.index("business_forestry") < order.index("business_award")
    assert order.index("work_area") < order.index("transfer_job_award")
    assert "dwelling_area" not in order
    assert {field.id for field in form.fields if field.is_conditional} == set(order)


def test_limits_are_those_of_the_columns():
    form = Definition.of(HOUSEHOLD)
    assert form.field("dwelling_area").limit == (0, 2, "9999999.99")
    assert form.field("m/work_months").limit == (0, 0, "12")
    assert form.field("population").limit == (0, 0, "60")
    assert form.field("wage_other").limit == (0, 2, "9999999999.99")
    assert form.field("m/name").limit == (60, 0, "")
    assert form.field("wish").limit == (2000, 0, "")
    assert dict(form.field("water_source").options)["tap"] == "自来水"


def test_the_expanded_definition_reads_as_the_same_form():
    data = json.loads(json.dumps(Definition.of(HOUSEHOLD).expanded()))
    for step in data["steps"]:
        for field in step["fields"]:
            for extra in ("codes", "length", "places", "highest"):
                field.pop(extra, None)
    data.pop("order")
    again = Definition.of(data)
    assert again == Definition.of(HOUSEHOLD)


# -- what is wrong --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"type": "colour"}, "没有“colour”这种类型"),
        ({"writes": "year.nothing"}, "台账里没有“year.nothing”"),
        ({"writes": "year.surveyor"}, "或它不由调查填写"),
        ({"writes": "household.bank_account", "type": "text"}, "或它不由调查填写"),
        ({"writes": "household.number", "type": "text"}, "或它不由调查填写"),
        ({"writes": "photo.dog", "type": "photo"}, "“photo.dog”与类型“photo”不符"),
        ({"writes": "photo.dwelling"}, "“photo.dwelling”与类型“decimal”不符"),
        ({"writes": "income.wage.nothing", "type": "money"}, "台账里没有“income.wage.nothing”"),
        ({"writes": "income.wage.other"}, "收支项目“income.wage.other”只能是金额"),
        ({"writes": "member.name", "type": "text"}, "应放在按成员填写的步骤里"),
        ({"type": "integer"}, "“year.dwelling_area”与类型“integer”不符"),
        ({"writes": "year.fuel", "type": "choice", "list": "road"}, "用的是代码表“fuel”"),
        ({"writes": "year.fuel", "type": "choice", "choices": [["xx", "新能源"]]}, "用的是代码表“fuel”"),
        ({"writes": "year.has_toilet", "type": "choice", "list": "check"}, "与类型“choice”不符"),
        ({"writes": 5}, "台账里没有“5”"),
        ({"type": "choice", "list": "nothing", "writes": None}, "没有“nothing”这个代码表"),
        ({"type": "choice", "writes": None}, "要么写官方代码表的名称，要么自己列出选项"),
        ({"type": "choice", "writes": None, "choices": []}, "选项应有 1 至 300 个"),
        ({"type": "choice", "writes": None, "choices": [["a"]]}, "每个选项应是代码和文字"),
        ({"type": "choice", "writes": None, "choices": [["a", "甲"], ["a", "乙"]]}, "选项代码“a”重复"),
        ({"type": "choice", "writes": None, "choices": [["好", "甲"]]}, "选项代码“好”只能用字母"),
        ({"type": "choice", "writes": None, "choices": [["a", " "]]}, "选项“a”的文字应有 1 至 100 字"),
        ({"choices": [["a", "甲"]]}, "只有单选和多选才有选项"),
        ({"id": "Area"}, "编号应以小写字母开头"),
        ({"id": "age"}, "编号“age”是保留的名称"),
        ({"id": "constructor"}, "编号“constructor”是保留的名称"),
        ({"label": " "}, "问题应有 1 至 200 字"),
        ({"hint": "字" * 301}, "提示应有 1 至 300 字"),
        ({"last": 1}, "last 只能是 true 或 false"),
        ({"last": True, "writes": None}, "不写入台账的栏目没有去年的值"),
        ({"colour": 1}, "不认识“colour”"),
        ({"type": "info", "required": True, "writes": None}, "说明和合计只显示"),
        ({"most": 3}, "most 是照片或多选最多几个"),
        ({"type": "photo", "writes": None, "most": 21}, "most 是照片或多选最多几个"),
        ({"show": {"==": [{"var": "nobody"}, 1]}}, "show 没有“nobody”这个栏目"),
        ({"required": {"power": 1}}, "required 没有“power”这种运算"),
        ({"hard": [{"if": True}]}, "hard 的每一条应有 if 和 say"),
        ({"soft": [{"if": {"var": "age"}, "say": "？"}]}, "soft “age”是成员的栏目，在这里不能用"),
        ({"soft": [{"if": True, "say": ""}]}, "soft say应有 1 至 200 字"),
        ({"soft": 5}, "soft 应是最多 10 条的列表"),
        ({"show": {">": [{"var": "area"}, 5]}}, "显示条件互相依赖，绕成了圈：住房面积"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_field_is_said_with_step_and_field(changes, says):
    form = small(**changes)
    if form["steps"][0]["fields"][0]["writes"] is None:
        form["steps"][0]["fields"][0].pop("writes")
    found = problems(form)
    assert any(says in sentence for sentence in found), found
    assert all(sentence.endswith("。") for sentence in found)


def test_the_sentence_names_step_and_field():
    assert problems(small(type="colour")) == ["第 1 步“住房”的“住房面积”：没有“colour”这种类型。"]


def test_circles_over_several_fields_and_sums_are_found():
    form = small()
    form["steps"][0]["fields"] = [
        {"id": "a", "type": "integer", "label": "甲", "show": {"==": [{"var": "b"}, 1]}},
        {"id": "b", "type": "integer", "label": "乙", "show": {"==": [{"var": "c"}, 1]}},
        {"id": "c", "type": "integer", "label": "丙", "show": {"==": [{"var": "a"}, 1]}},
    ]
    assert problems(form) == ["显示条件互相依赖，绕成了圈：甲、乙、丙。"]
    form["steps"][0]["fields"] = [
        {
            "id": "wage",
            "type": "money",
            "label": "工资",
            "writes": "income.wage.other",
            "show": {">": [{"var": "net"}, 1]},
        }
    ]
    assert problems(form) == ["显示条件互相依赖，绕成了圈：工资。"]


def test_repeated_ids_and_targets_are_found():
    form = small()
    form["steps"][0]["fields"] *= 2
    assert problems(form) == ["栏目编号“area”重复。", "有两个栏目都写入“year.dwelling_area”。"]
    form = small()
    form["steps"] *= 2
    assert "步骤编号“s”重复。" in problems(form)


def test_facts_of_the_household_stand_in_no_card_of_a_member():
    form = small()
    form["steps"][0]["repeat"] = "member"
    assert problems(form) == ["第 1 步“住房”的“住房面积”：“year.dwelling_area”属于全户，不能放在按成员填写的步骤里。"]


def test_cards_of_members_need_name_and_relation():
    form = small(writes="member.sex", type="choice", list="sex")
    form["steps"][0]["repeat"] = "member"
    assert problems(form) == [
        "表里有家庭成员的信息，就要有“姓名”（member.name）。", "表里有家庭成员的信息，就要有“与户主关系”（member.relation）。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [None, [], "x", {}, {"steps": [5]}, {"steps": []}, {"steps": [{"fields": [5]}]}, {"steps": [{"fields": {}}]}],
)
def test_what_is_no_form_at_all_is_said(data):
    assert problems(data)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_sound_form_broken_anywhere_is_answered_with_sentences_or_still_works(data):
    form = copy.deepcopy(SMALL_FORM)
    spot = form
    for _depth in range(data.draw(st.integers(1, 6))):
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(spot[key], dict | list) and data.draw(st.booleans()):
            spot = spot[key]
            continue
        spot[key] = data.draw(json_values)
        break
    found = problems(form)
    assert all(isinstance(sentence, str) for sentence in found)
    if not found:
        assert Definition.of(form).expanded()


# -- published means fixed ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_shipped_form_is_published_once():
    standard.ensure_standard_forms()
    assert standard.ensure_standard_forms() == 0
    form = SurveyForm.objects.get(code="household", version="2026.1")
    assert (form.state, form.region, form.published_by) == ("published", None, "系统")
    assert form.digest == definitions.digest_of(HOUSEHOLD)
    assert definitions.read(form).title == "农户入户调查表"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [{"definition": {}}, {"digest": "0" * 64}, {"code": "other"}, {"version": "other"}, {"title": "别的"}, {"published_by": "somebody"},
     {"state": "draft", "published_at": None, "published_by": ""}],
)  # fmt: skip
def test_the_database_refuses_to_change_a_published_form(change):
    form = SurveyFormFactory()
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        SurveyForm.objects.filter(pk=form.pk).update(**change)
    form.refresh_from_db()
    assert form.state == "published"


@pytest.mark.django_db
def test_the_database_refuses_to_delete_a_published_form_or_revive_a_retired_one():
    form = SurveyFormFactory()
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        form.delete()
    form = SurveyForm.objects.get(code=form.code, version=form.version)
    SurveyForm.objects.filter(pk=form.pk).update(state="retired")
    for state in ("published", "draft"):
        with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
            SurveyForm.objects.filter(pk=form.pk).update(state=state)


@pytest.mark.django_db
def test_a_draft_may_be_changed_and_thrown_away():
    form = SurveyFormFactory(draft=True)
    SurveyForm.objects.filter(pk=form.pk).update(title="改过", definition={})
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        SurveyForm.objects.filter(pk=form.pk).update(state="retired", published_by="x", published_at=form.created_at)
    SurveyForm.objects.get(pk=form.pk).delete()
