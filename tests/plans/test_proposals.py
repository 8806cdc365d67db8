"""The proposal engine: the reviewed households, and what holds of every household."""

import datetime as dt
import os
import random
from pathlib import Path

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.codelists import Whose
from households import codelists
from households.models.annual import CHECKS
from plans.proposals import GOALS, Neighbour, Neighbours, consider, propose
from tests.plans import reviewed

TODAY = reviewed.TODAY
PAGE = Path(__file__).parents[2] / "docs" / "proposals" / "reviewed.md"
KINDS = reviewed.kinds()
CAUSES = [code.code for code in codelists.CAUSE.codes]
MAYBE = st.sampled_from([True, False, None])

MEMBER = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["王甲", "王乙", "王丙"]),
        "relation": st.sampled_from(["01", "02", "03", "12"]),
        "sex": st.sampled_from(["1", "2"]),
        "born": st.dates(dt.date(1930, 1, 1), TODAY).map(str) | st.just(""),
        "school": st.sampled_from([None, "00", "01", "02", "03", "06", "07", "10", "13", "21"]),
        "health": st.sampled_from([None, ["01"], ["02"], ["03"], ["04"], ["02", "04"]]),
        "disability_level": st.sampled_from([None, "1", "3"]),
        "labour": st.sampled_from([None, "01", "02", "03", "04", "05"]),
        "medical_resident": MAYBE,
        "medical_employee": MAYBE,
        "low_income": MAYBE,
        "special_support": MAYBE,
    }
)
YEAR = st.fixed_dictionaries(
    {
        "main_cause": st.sampled_from([None, *CAUSES]),
        "other_causes": st.lists(st.sampled_from(CAUSES), max_size=2, unique=True),
        **{f"check_{name}": st.sampled_from(["yes", "no", None]) for name in CHECKS},
        "dwelling_unsafe": MAYBE,
        "dwelling_grade": st.sampled_from([None, "A", "D"]),
        "water_safe": MAYBE,
        "water_scarce": MAYBE,
        "farmland": st.sampled_from([None, "0", "3.5"]),
        "relocation_wanted": MAYBE,
    }
)
HOMES = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["ordinary", "out_of_poverty", "marginal"]),
        "year": YEAR,
        "members": st.lists(MEMBER, max_size=4),
        "had": st.lists(st.sampled_from([("rebuild-house", None), ("chronic-card", 1)]), unique=True),
    }
)


@settings(max_examples=200, deadline=None)
@given(home=HOMES)
def test_never_what_is_forbidden_never_twice_always_with_reasons(home):
    facts = reviewed.facts(home)
    found = propose(facts, KINDS, reviewed.neighbours(home), TODAY)
    assert len({each.key for each in found}) == len(found)
    for each in found:
        assert (each.member is None) is (each.kind.whose == Whose.HOUSEHOLD)
        (verdict,) = (one for one in facts.verdicts(each.kind) if one.member is each.member)
        assert verdict.may is not False
        assert (verdict.may is None) is bool(each.missing)
        assert len(each.reasons) >= 2
        assert all(sentence.endswith("。") for sentence in each.reasons)
        assert each.goal
        assert (each.kind.code, each.member.pk if each.member else None) not in home["had"]
    unknown = [bool(each.missing) for each in found]
    assert unknown == sorted(unknown)
    certain = [each for each in found if not each.missing]
    order = [("check", "gap", "cause").index(each.source.partition(":")[0]) for each in certain]
    assert order == sorted(order)


@settings(max_examples=60, deadline=None)
@given(home=HOMES, seed=st.integers(0, 1000))
def test_the_order_of_kinds_and_members_does_not_matter(home, seed):
    facts, kinds = reviewed.facts(home), list(KINDS)
    mixed = type(facts)(
        tuple(random.Random(seed).sample(facts.members, len(facts.members))),
        type(facts.scope)(
            values=facts.scope.values,
            members=random.Random(seed + 1).sample(facts.scope.members, len(facts.scope.members)),
            year=facts.scope.year,
            today=facts.scope.today,
        ),
    )
    random.Random(seed).shuffle(kinds)
    near = reviewed.neighbours(home)
    assert consider(mixed, kinds, near, TODAY) == consider(facts, KINDS, near, TODAY)


def test_every_source_has_a_goal():
    assert set(GOALS) >= {f"cause:{code}" for code in CAUSES} | {f"check:{name}" for name in CHECKS}


def _home(**year):
    return {"status": "out_of_poverty", "year": year, "members": [{"name": "王甲", "relation": "01", "sex": "1", "born": "1970-01-01", "health": ["02"]}]}  # fmt: skip


def test_few_neighbours_are_said_to_be_few_and_no_cause_is_claimed():
    others = [
        Neighbour(frozenset(["cause:01"]), {2024: 5000, 2025: 6000 + n}, {2025: frozenset(["medical-aid"])})
        for n in range(3)
    ]
    facts = reviewed.facts(_home(main_cause="01"))
    aid = next(each for each in propose(facts, KINDS, Neighbours(others), TODAY) if each.kind.code == "medical-aid")
    assert (aid.like.same, aid.like.got, aid.like.before, aid.like.after) == (3, 3, 5000, 6001)
    assert aid.like.sentences[-1] == "只有 3 户，仅供参考。"
    many = propose(facts, KINDS, Neighbours(others * 4), TODAY)
    assert not next(each for each in many if each.kind.code == "medical-aid").like.few


def test_a_kind_out_of_force_is_not_proposed():
    facts = reviewed.facts(_home(main_cause="01"))
    early = propose(facts, KINDS, Neighbours(), dt.date(2020, 12, 31))
    assert early == []


@pytest.mark.parametrize("number", range(1, len(reviewed.HOUSEHOLDS) + 1))
def test_a_reviewed_household_gets_what_was_judged_right(number):
    home = reviewed.HOUSEHOLDS[number - 1]
    assert reviewed.lines(reviewed.considered(home)) == home["expect"], home["who"]
    assert home["review"]


def test_sixty_households_with_every_cause_and_every_guarantee():
    years = [home["year"] for home in reviewed.HOUSEHOLDS]
    assert len(reviewed.HOUSEHOLDS) == 60
    assert {year.get("main_cause") for year in years} >= set(CAUSES)
    assert {name for name in CHECKS for year in years if year.get(f"check_{name}") == "no"} == set(CHECKS)


def test_the_reviewed_page_is_what_the_engine_says():
    with override("zh-hans"):
        text = reviewed.page()
    if os.environ.get("YIHU_RECORD"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text
