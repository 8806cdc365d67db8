"""Answers of a survey: the vectors both languages run, what only the server knows, and made-up surveys on which both must agree."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import identity
from surveys import standard
from surveys.answers import check, restore, split_secrets
from surveys.definitions import Definition
from tests.surveys.twins import ask, vectors

VECTORS = vectors("answers.json")
FORM = Definition.of(VECTORS["form"])
STANDARD = Definition.of(dict(standard.definitions())["household-2026.1.json"])
TODAY = dt.date(2026, 11, 25)
A, B, N = (f"{n * 8}-{n * 4}-4{n * 3}-8{n * 3}-{n * 12}" for n in "124")
CARDS = [
    {"uid": A, "name": "王大山", "relation": "01", "birth_date": "1970-05-01"},
    {"uid": B, "name": "李小花", "relation": "02", "birth_date": None},
]
GOOD = "11010519491231002X"


def checked(values=None, members=None, **more):
    """Answers to the form of the vectors by a household of two, nothing wrong in them but what is told."""
    people = [
        {"uid": A, "values": {"name": "王大山", "relation": "01"}},
        {"uid": B, "values": {"name": "李小花", "relation": "02"}},
    ]
    answers = {"values": {"population": 2} | (values or {}), "members": people if members is None else members}
    return check(FORM, answers, **{"members": CARDS, "year": 2026, "today": TODAY} | more)


def first(found):
    assert found.problems, found
    return found.problems[0].code, found.problems[0].say


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_answers_are_checked_as_their_vector_says(case):
    found = check(
        FORM, case["answers"], members=case["cards"], last=case["last"], year=VECTORS["year"], today=TODAY, complete=case["complete"]
    )  # fmt: skip
    assert sorted([one.path, one.code] for one in found.problems) == sorted(case["problems"])
    assert sorted([one.path, one.say] for one in found.questions) == sorted(case["questions"])
    assert not set(case["not_asked"]) & set(found.asked)
    assert all(one.say.endswith("。") for one in found.problems)


def test_the_form_of_the_vectors_stands_there_as_pages_get_it():
    assert FORM.expanded() == VECTORS["form"]
    assert str(TODAY) == VECTORS["today"]


# -- what only the server does --------------------------------------------------------------------------------------------------


def test_answers_come_back_in_one_spelling():
    found = checked(
        {"dwelling_area": "092.50", "population": "2", "other_causes": ["07", "01", "07"], "address": " 青石村\u00a0 ", "phone": "+86 138-0000-1234",
         "wish": "", "signed": A},
        [{"uid": A, "values": {"name": "王 大山", "relation": "01", "id_number": "11010519491231002x", "birth_date": "1949-12-31"}},
         {"uid": B, "left": {"reason": "death", "on": "2026-03-01"}, "values": {"name": "李小花"}}],
    )  # fmt: skip
    assert found.problems == []
    assert found.clean == {
        "values": {"dwelling_area": "92.5", "population": 2, "other_causes": ["01", "07"], "address": "青石村", "phone": "13800001234", "signed": A},
        "members": [
            {"uid": A, "values": {"name": "王大山", "relation": "01", "id_number": GOOD, "birth_date": "1949-12-31"}},
            {"uid": B, "values": {}, "left": {"reason": "death", "on": "2026-03-01"}},
        ],
    }  # fmt: skip


def test_hidden_answers_are_not_in_the_clean_ones():
    found = checked({"is_relocated": False, "relocation_way": "single"})
    assert "relocation_way" not in found.clean["values"]
    assert "relocation_way" not in found.asked


@pytest.mark.parametrize(
    "answers",
    [None, [], "x", {"values": []}, {"members": {}}, {"values": {}, "more": 1}, {"members": [5]}, {"members": [{"uid": "x"}]},
     {"members": [{"uid": A}, {"uid": A}]}, {"members": [{"uid": A, "colour": 1}]}, {"members": [{"uid": A, "values": 5}]},
     {"members": [{"uid": str(n)} for n in range(61)]}, {"members": [{"uid": A.upper().replace("1", "A")}]}],
)  # fmt: skip
def test_what_has_not_the_shape_of_answers_is_refused_whole(answers):
    found = check(FORM, answers, members=CARDS, today=TODAY)
    assert first(found)[0] == "shape"
    assert found.clean == {}


def test_a_field_that_the_form_does_not_have_is_named():
    assert first(checked({"salary": 5})) == ("unknown_field", "这份调查表没有这一项（salary），请更新页面后重填。")
    assert first(checked({"name": "王"}))[0] == "unknown_field"
    assert first(checked({"total": "5"}))[0] == "unknown_field"
    assert first(checked({"note": "5"}))[0] == "unknown_field"


def test_a_member_of_another_household_is_found():
    found = checked(members=[{"uid": A, "values": {"name": "王", "relation": "01"}}, {"uid": N, "values": {}}])
    assert ("unknown_member", N) in [(one.code, one.path) for one in found.problems]


def test_a_new_member_cannot_be_one_the_ledger_has():
    found = checked(
        members=[
            {
                "uid": A,
                "new": True,
                "joined": {"reason": "birth", "on": "2026-01-01"},
                "values": {"name": "王", "relation": "01"},
            }
        ]
    )
    assert first(found)[0] == "unknown_member"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"new": True, "joined": {"reason": "import", "on": "2026-01-01"}}, "王小小的增加成员：请选择原因。"),
        ({"new": True}, "王小小的增加成员：请选择原因。"),
        ({"new": True, "joined": {"reason": "birth", "on": "2026-11-26"}}, "王小小的增加成员：日期在调查日期之后，请核对。"),
        ({"new": True, "joined": {"reason": "birth", "on": "昨天"}}, "王小小的增加成员：请填日期，如 2026-03-01。"),
    ],
)  # fmt: skip
def test_coming_and_going_need_a_reason_and_a_day(change, says):
    person = {"uid": N, "values": {"name": "王小小", "relation": "03"}} | change
    found = checked(members=[{"uid": A, "values": {"name": "王", "relation": "01"}}, person])
    assert says in [one.say for one in found.problems if one.code == "member"]


def test_sentences_say_whose_field_is_meant_and_never_a_number():
    people = [{"uid": A, "values": {"name": "王大山", "relation": "01", "id_number": "110105194912310021"}}]
    assert first(checked(members=people)) == (
        "id_number",
        "王大山的号码：证件号码最后一位校验不符，多半是抄错了某一位，请对照证件重填。",
    )
    people = [
        {"uid": A, "values": {"relation": "01", "work_months": 13}},
        {"uid": N, "new": True, "values": {"relation": "03", "sex": "5"}},
    ]
    says = [one.say for one in checked(members=people, complete=False).problems]
    assert "王大山的月数：应在 0 到 12 之间，请改正。" in says
    assert "新成员的性别：选项里没有这一项，请重选。" in says


def test_private_use_characters_are_refused_with_their_sentence():
    code, say = first(checked({"address": "青\ue000村"}))
    assert code == "type"
    assert "自造字" in say


def test_a_verification_knows_who_the_members_are_without_their_answers():
    found = check(FORM, {"values": {"population": 2}, "members": [{"uid": A, "values": {}}, {"uid": B, "values": {}}]}, members=CARDS, today=TODAY, complete=False)  # fmt: skip
    assert found.problems == []
    assert f"{A}/work_months" in found.asked  # by the birthday of the card


def test_questions_that_were_answered_are_not_open():
    found = checked({"population": 4})
    sentence = "人数不一样，确定吗？"
    assert [one.say for one in found.open({})] == [sentence]
    assert found.open({"population": [sentence]}) == []
    assert found.open({"dwelling_area": [sentence]}) != []


def test_secrets_are_split_off_and_put_back():
    people = [
        {"uid": A, "values": {"name": "王", "relation": "01", "id_number": GOOD}},
        {"uid": B, "values": {"id_number": "1101**********0021"}},
    ]
    clean = checked({"phone": "13800001234"}, people, complete=False).clean
    masked, plain = split_secrets(FORM, clean)
    assert plain == {"phone": "13800001234", f"{A}/id_number": GOOD}
    assert masked["values"]["phone"] == "138****1234"
    assert [one["values"]["id_number"] for one in masked["members"]] == ["1101**********002X", "1101**********0021"]
    assert restore(FORM, masked, plain) == clean
    assert GOOD not in str(masked)


@given(st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4)),
                    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)), max_leaves=6),
       st.sampled_from([field.id for field in FORM.household_fields]))  # fmt: skip
def test_no_value_of_any_field_is_an_error_of_ours(value, name):
    found = checked({name: value})
    assert all(isinstance(one.say, str) for one in found.problems)


# -- both languages on surveys that nobody made ---------------------------------------------------------------------------------


def any_value(asked, draw: random.Random):
    """An answer that a phone could hold: mostly right, sometimes beyond what can be."""
    match asked.type:
        case "integer":
            return draw.choice([0, 1, 3, 6, 12, 13, 61, 40000])
        case "decimal" | "money":
            return draw.choice(["0", "0.5", "30", "92.25", "2500", "18000", "180000", "99999999999", "1.234"])
        case "yesno":
            return draw.random() < 0.5
        case "choice":
            return draw.choice([code for code, _label in asked.options] + ["?"] * (draw.random() < 0.1))
        case "choices":
            return sorted(draw.sample([code for code, _label in asked.options], draw.randint(1, 3)))
        case "date":
            return draw.choice(
                ["1950-01-01", "1975-02-28", "2008-06-01", "2016-09-01", "2024-05-05", "2026-12-01", "2025-02-29"]
            )
        case "phone":
            return draw.choice(["13800001234", "138****1234", "12345", "0871-65123456"])
        case "id_number":
            body = "110105" + draw.choice(["19491231", "20160901", "19750228"]) + f"{draw.randint(0, 999):03d}"
            return draw.choice(
                [
                    body + identity.check_digit(body),
                    body + "0",
                    "1101**********002X",
                    body + identity.check_digit(body) + "42",
                ]
            )
        case "photo":
            return [A, B][: draw.randint(1, 2)]
        case "signature":
            return A
    return draw.choice(["青石村", "护林员", "字" * 61])


def any_survey(draw: random.Random):
    def some(fields):
        return {one.id: any_value(one, draw) for one in fields if draw.random() < 0.8}

    uids = [f"{n:08d}-0000-4000-8000-000000000000" for n in range(draw.randint(1, 4))]
    cards = [
        {
            "uid": uid,
            "relation": "01" if n == 0 else "03",
            "birth_date": draw.choice([None, "1980-01-01", "2012-01-01"]),
        }
        for n, uid in enumerate(uids)
    ]
    people = [{"uid": uid, "values": some(STANDARD.member_fields)} for uid in uids if draw.random() < 0.9]
    for one in people:
        if draw.random() < 0.1:
            one |= {"left": {"reason": "death", "on": "2026-03-01"}, "values": {}}
        elif draw.random() < 0.8:
            one["values"]["relation"] = "01" if one["uid"] == uids[0] else "03"
    last = {
        **some(STANDARD.household_fields),
        **{f"{one['uid']}/{name}": value for one in people for name, value in some(STANDARD.member_fields).items()},
    }
    return {"answers": {"values": some(STANDARD.household_fields), "members": people}, "cards": cards, "last": last, "year": 2026,
            "today": str(TODAY), "complete": draw.random() < 0.7}  # fmt: skip


@pytest.mark.slow
@settings(max_examples=3, deadline=None, database=None)
@given(st.integers(0, 10**9))
def test_python_and_javascript_agree_on_any_survey(seed):
    draw = random.Random(seed)
    surveys = [any_survey(draw) for _n in range(60)]
    form = STANDARD.expanded()
    for told, theirs in zip(surveys, ask(checks=[[form, told] for told in surveys])["checks"], strict=True):
        mine = check(
            STANDARD,
            told["answers"],
            members=told["cards"],
            last=told["last"],
            year=2026,
            today=TODAY,
            complete=told["complete"],
        )
        assert sorted(mine.asked) == sorted(theirs["asked"]), (seed, told)
        assert sorted([one.path, one.code] for one in mine.problems) == sorted(theirs["problems"]), (seed, told)
        assert sorted([one.path, one.say] for one in mine.questions) == sorted(theirs["questions"]), (seed, told)
