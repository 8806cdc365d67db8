"""Conditions as people fill them in, as rules, and in words: three spellings of one thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue import conditions, spoken
from catalogue.codelists import Whose
from catalogue.conditions import (
    BLANKS,
    LISTS,
    OF_TYPE,
    Condition,
    ConditionError,
    Conditions,
    facts,
    of_rule,
    read,
    type_of,
    written,
)
from catalogue.eligibility import decide, problem
from surveys.rules import Person, Scope
from tests.plans.reviewed import kinds


@st.composite
def rows(draw, whose):
    fact = draw(st.sampled_from([name for name, _label in facts(whose)]))
    kind = type_of(fact)
    operator = draw(st.sampled_from([*OF_TYPE[kind], *BLANKS]))
    if operator in (*BLANKS, "yes", "no"):
        return Condition(fact, operator)
    if kind == "number":
        amount = draw(st.integers(0, 10**6) | st.decimals(0, 1000, places=2))
        return Condition(fact, operator, (conditions._digits(conditions.number(str(amount))),))
    codes = [code.code for code in LISTS[fact.removeprefix(conditions.ANY)].codes]
    return Condition(fact, operator, tuple(draw(st.lists(st.sampled_from(codes), min_size=1, max_size=4, unique=True))))


@st.composite
def filled_in(draw):
    whose = draw(st.sampled_from([Whose.HOUSEHOLD, Whose.MEMBER]))
    found = draw(st.lists(rows(whose), min_size=1, max_size=conditions.MOST))
    return whose, Conditions(tuple(found), draw(st.sampled_from(["and", "or"])))


@given(case=filled_in())
def test_what_is_filled_in_is_a_sound_rule_and_comes_back(case):
    whose, told = case
    assert problem(told.rule, whose) == ""
    back = of_rule(told.rule, whose)
    assert back is not None
    assert back.rule == told.rule
    for row in back.rows:
        assert read(row.fact, row.operator, written(row), whose) == row


@given(case=filled_in(), other=filled_in())
def test_two_rules_are_never_said_alike(case, other):
    """The words are enough to know the rule by."""
    one, two = case[1].rule, other[1].rule
    assert spoken.rule(one)
    if one != two:
        assert spoken.rule(one) != spoken.rule(two)


def test_a_shipped_rule_read_into_rows_decides_the_same():
    simple = 0
    for kind in kinds():
        told = of_rule(kind.eligible, kind.whose) if kind.eligible is not None else None
        if told is None:
            continue
        simple += 1
        for known in (
            {},
            {"low_income": True, "medical_employee": True, "health": ["02"]},
            {"medical_employee": False, "is_relocated": False},
        ):
            for more in (
                {"check_housing": "no", "check_water": "yes", "status": "marginal"},
                {"relocation_wanted": True, "is_relocated": True},
            ):
                scope = Scope(values=more, members=[Person("m", known, born="1990-01-01")], today="2026-11-25").at("m")
                assert decide(told.rule, scope) is decide(kind.eligible, scope), kind.code
    assert simple >= 30


def test_every_shipped_rule_is_said():
    for kind in kinds():
        if kind.eligible is not None:
            said = spoken.rule(kind.eligible)
            assert said
            assert "{" not in said
    dibao = next(kind for kind in kinds() if kind.code == "dibao")
    assert spoken.rule(dibao.eligible) == "“享受低保”：是"


@pytest.mark.parametrize(
    ("fact", "operator", "text", "said"),
    [
        ("nowhere", ">=", "1", "没有“nowhere”"),
        ("age", "in", "16", "不能用"),
        ("age", ">=", "十六", "应是数字"),
        ("age", ">=", "", "应是数字"),
        ("school", "in", "大学", "里没有“大学”，可以写：非在校生"),
        ("school", "in", " ", "没有填"),
        ("low_income", "yes", "是", "不用填值"),
        ("farmland", "has", "1", "不能用"),
    ],
)
def test_a_row_that_says_nothing_sound_is_refused_in_words(fact, operator, text, said):
    with pytest.raises(ConditionError, match=said):
        read(fact, operator, text, Whose.MEMBER)


def test_labels_of_any_era_are_understood():
    assert read("school", "in", "初一，七年级、小学", Whose.MEMBER).values == ("04", "03")


def test_a_rule_that_is_more_than_rows_has_none():
    assert of_rule({">=": [{"count": {"==": [{"var": "low_income"}, True]}}, 2]}, Whose.HOUSEHOLD) is None
    assert of_rule({">": [{"+": [{"var": "farmland"}, {"var": "orchard"}]}, 1]}, Whose.HOUSEHOLD) is None
    assert of_rule(None, Whose.MEMBER) == Conditions(())
