"""The rule machine: the vectors both languages run, and thousands of made-up rules on which they must agree."""

from __future__ import annotations

import json
import shutil
import subprocess
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.identity import age_on
from households import codelists
from households.services.annual import totals
from surveys.rules import Names, RuleError, Scope, check_rule, day, evaluate, holds, named, quotient, text
from tests.surveys.twins import ROOT, ask, vectors

RULES = vectors("rules.json")
NAMES = Names(frozenset({"area", "pop", "w", "e"}), frozenset({"edu", "months", "born", "health"}))


def scope(name: str) -> Scope:
    own = dict(RULES["scopes"][name])
    while "like" in own:
        own = RULES["scopes"][own.pop("like")] | own
    return Scope.of(own)


def test_there_are_enough_vectors():
    assert len(RULES["cases"]) >= 150


@pytest.mark.parametrize(
    "case", RULES["cases"], ids=lambda case: f"{case[0]} {json.dumps(case[1], ensure_ascii=False)}"[:60]
)
def test_a_rule_has_the_value_of_its_vector(case):
    name, rule, value = case
    found = text(evaluate(rule, scope(name)))
    assert (found, type(found)) == (value, type(value))
    assert holds(rule, scope(name)) is (value is True)


def test_quotients_and_ages_are_those_of_their_vectors():
    assert [quotient(now, last) for now, last, _times in RULES["quotients"]] == [row[2] for row in RULES["quotients"]]
    for born, today, years in RULES["ages"]:
        one, other = day(born), day(today)
        assert (age_on(one, other) if one and other and one <= other else None) == years, born


def test_sums_are_those_of_their_vectors():
    for case in vectors("income.json"):
        found = totals([(item, Decimal(amount)) for item, amount in case["lines"]], case["population"])
        assert {name: text(value) for name, value in found.items()} == case["totals"]


def test_the_scripts_run_the_same_vectors():
    node = shutil.which("node")
    assert node, "node is missing; ./run brings it"
    files = sorted(str(path) for path in (ROOT / "ui" / "test").glob("*.test.mjs"))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]


# -- both languages on rules that nobody wrote ----------------------------------------------------------------------------------

digits = st.one_of(
    st.integers(-(10**15), 10**15).map(str),
    st.decimals(-1000, 1000, places=2).map(str),
    st.decimals(-10, 10, places=8).map(lambda d: f"{d:f}"),
    st.sampled_from(["0", "-0", "0.0000005", "-0.0000005", "999999999999999", "0.333333", "1e3", "１２", "007"]),
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2000, 2000), digits, st.sampled_from(["", "01", "02", "C", "想", "2026-03-01", "2026-02-30"])
)  # fmt: skip
stored = st.one_of(scalars, st.lists(st.sampled_from(["01", "02", "04"]), max_size=3))
name = st.sampled_from(["area", "pop", "w", "e", "edu", "months", "born", "health"])
names = st.one_of(
    name, name.map("last.{}".format), name.map("base.{}".format), name.map("top.{}".format),
    st.sampled_from(["age", "members", "year", "today", "net", "gross", "per_head", "last.net", "last.per_head"]),
)  # fmt: skip


def _deeper(rules):
    two = st.tuples(rules, rules).map(list)
    return st.one_of(
        st.builds(
            lambda op, both: {op: both}, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/"]), two
        ),
        st.builds(
            lambda op, some: {op: some}, st.sampled_from(["and", "or", "+"]), st.lists(rules, min_size=1, max_size=3)
        ),
        st.builds(lambda op, one: {op: [one]}, st.sampled_from(["!", "blank", "-", "count"]), rules),
        st.builds(lambda one, some: {"in": [one, some]}, rules, st.lists(scalars, max_size=3)),
        st.builds(lambda one, field: {"in": [one, {"var": field}]}, rules, name),
        st.builds(lambda some: {"if": some}, st.lists(rules, min_size=2, max_size=3)),
    )


rules = st.recursive(
    st.one_of(scalars, names.map(lambda n: {"var": n}), name.map(lambda n: {"sum": n})), _deeper, max_leaves=12
)
values = st.dictionaries(name, stored, max_size=5)
days = st.dates().map(str)


@st.composite
def scopes(draw):
    uids = draw(st.lists(st.sampled_from(["m1", "m2", "m3"]), unique=True, max_size=3))
    people = [
        {"uid": uid, "values": draw(values), "left": draw(st.booleans()), "born": draw(st.one_of(st.just(""), days))}
        for uid in uids
    ]
    for person in people:
        person["values"] = {**person["values"], "born": draw(st.one_of(days, stored))}
    paths = st.one_of(name, st.builds(lambda uid, n: f"{uid}/{n}", st.sampled_from(["m1", "m2"]), name))
    return {
        "values": draw(values), "members": people, "last": draw(st.dictionaries(paths, stored, max_size=4)),
        "base": draw(st.dictionaries(paths, stored, max_size=4)), "year": draw(st.sampled_from([0, 2026])),
        "today": draw(st.one_of(days, st.just(""))), "income": {"w": "wage.other", "e": "expense.business", "area": "expense.subsidy"},
        "population": draw(st.sampled_from(["", "pop"])), "birth": "born", "member": draw(st.sampled_from(["", "m1", "m2", "m9"])),
    }  # fmt: skip


def gathered(strategy, count: int) -> list:
    """That many made-up examples: all of them are asked of one process of node."""
    found: list = []

    @settings(max_examples=count, deadline=None, database=None)
    @given(strategy)
    def gather(example):
        found.append(example)

    gather()
    return found


@pytest.mark.slow
def test_python_and_javascript_agree_on_any_rule():
    cases = gathered(st.tuples(rules, scopes()), 600)
    mine = [text(evaluate(rule, Scope.of(told))) for rule, told in cases]
    for (rule, told), one, other in zip(cases, mine, ask(rules=cases)["rules"], strict=True):
        assert (one, type(one)) == (other, type(other)), (rule, told)


lines = st.lists(
    st.tuples(st.sampled_from([code for code, _label in codelists.INCOME_ITEM.choices]), st.decimals(0, 9_999_999_999, places=2).map(str)),
    max_size=8, unique_by=lambda line: line[0],
)  # fmt: skip


@pytest.mark.slow
def test_python_and_javascript_agree_on_any_sum():
    cases = gathered(st.tuples(lines, st.one_of(st.none(), st.integers(0, 60))), 400)
    mine = [
        {name: text(value) for name, value in totals([(i, Decimal(a)) for i, a in some], heads).items()}
        for some, heads in cases
    ]
    assert mine == ask(sums=cases)["sums"]


# -- definitions ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"power": [1, 2]}, "没有“power”这种运算"),
        ({"var": "nobody"}, "没有“nobody”这个栏目"),
        ({"var": "last.nobody"}, "没有“last.nobody”这个栏目"),
        ({"var": "edu"}, "“edu”是成员的栏目，在这里不能用"),
        ({"var": "age"}, "“age”是成员的栏目，在这里不能用"),
        ({"var": "last.edu"}, "“last.edu”是成员的栏目，在这里不能用"),
        ({"var": 5}, "规则里的栏目名必须是文字"),
        ({"sum": "area"}, "“area”不是成员的栏目，不能合计"),
        ({"==": [1]}, "运算“==”的项数不对"),
        ({"and": []}, "运算“and”的项数不对"),
        ({"==": [1, 2], "!=": [1, 2]}, "规则的一层只能有一个运算"),
        ({}, "规则的一层只能有一个运算"),
        ([["01"]], "列表里只能写值"),
        ({"+": [10**15, 1]}, "规则里的数超过 15 位"),
        ({"==": ["字" * 201, 1]}, "规则里的文字超过 200 字"),
        ({"in": [1, object()]}, "规则里有不认识的值"),
        ({"and": [True] * 99 + [{"or": [True] * 99}]}, "运算“and”的项数不对"),
        ({"or": [{"and": [True] * 99}, {"and": [True] * 99}, {"and": [True] * 99}]}, "规则太长或套得太深"),
    ],
)
def test_an_unsound_rule_is_refused_with_a_sentence(rule, says):
    assert check_rule(rule, NAMES) == says


def test_a_rule_nested_too_deeply_is_refused():
    rule: object = True
    for _level in range(13):
        rule = {"!": [rule]}
    assert check_rule(rule, NAMES) == "规则太长或套得太深"


@pytest.mark.parametrize(
    "rule",
    [
        {"count": {"==": [{"var": "edu"}, "01"]}}, {"sum": "months"}, {"var": "last.per_head"}, {"var": "top.area"}, {"var": "base.area"},
        {"if": [{"var": "area"}, 1]}, {"count": {">": [{"var": "age"}, 3]}},
    ],
)  # fmt: skip
def test_a_sound_rule_passes(rule):
    assert check_rule(rule, NAMES) == ""


@given(rules, st.booleans())
def test_any_rule_is_checked_without_an_error(rule, inside):
    assert isinstance(check_rule(rule, Names(NAMES.household, NAMES.member, inside)), str)


def test_an_unknown_operator_is_an_error_when_evaluated():
    with pytest.raises(RuleError):
        evaluate({"power": [1, 2]}, Scope())
    with pytest.raises(RuleError):
        evaluate({"==": [1]}, Scope())
    with pytest.raises(RuleError):
        evaluate({}, Scope())


def test_the_names_a_rule_reads():
    rule = {
        "and": [
            {"==": [{"var": "area"}, {"var": "last.w"}]},
            {"count": {"in": [{"var": "top.e"}, ["1"]]}},
            {"sum": ["months"]},
        ]
    }
    assert named(rule) == {"area", "e", "months"}
