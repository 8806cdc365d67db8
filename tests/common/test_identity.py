"""ID numbers: what is accepted, what is told, what can never slip through."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import identity

TODAY = dt.date(2026, 11, 1)
births = st.dates(dt.date(1900, 1, 1), TODAY)
bodies = st.builds(
    lambda area, born, order: f"999{area:03d}{born:%Y%m%d}{order:03d}", st.integers(0, 98), births, st.integers(0, 999)
)
numbers = bodies.map(lambda body: body + identity.check_digit(body))


def test_check_digit_of_the_standards_own_examples():
    # GB 11643-1999, annex: area 110105 and 440524
    assert identity.check_digit("11010519491231002") == "X"
    assert identity.check_digit("44052418800101001") == "4"


@given(numbers)
def test_every_valid_number_tells_birth_date_and_sex(number):
    found = identity.parse(number, today=TODAY)
    assert found.number == found.base == number
    assert f"{found.birth_date:%Y%m%d}" == number[6:14]
    assert found.sex == ("1" if int(number[16]) % 2 else "2")


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_caught(number, at, other):
    wrong = number[:at] + other + number[at + 1 :]
    if wrong == number or wrong.startswith("999999"):
        return
    with pytest.raises(identity.IdentityError):
        identity.parse(wrong, today=TODAY)


@given(numbers, st.integers(0, 16))
def test_two_neighbours_swapped_are_always_caught(number, at):
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    if swapped == number or swapped.startswith("999999"):
        return
    with pytest.raises(identity.IdentityError):
        identity.parse(swapped, today=TODAY)


@given(numbers, st.sampled_from([str.lower, lambda n: f" {n} ", lambda n: f"{n[:6]} {n[6:14]}\u3000{n[14:]}", lambda n: f"'{n}",
                                 lambda n: n.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})]))  # fmt: skip
def test_spelling_does_not_matter(number, respell):
    assert identity.parse(respell(number), today=TODAY).number == number


@given(st.dates(dt.date(1900, 1, 1), dt.date(1999, 12, 31)), st.integers(0, 999))
def test_fifteen_digits_are_upgraded_to_the_number_of_today(born, order):
    old = f"999012{born:%y%m%d}{order:03d}"
    found = identity.parse(old, today=TODAY)
    assert found.upgraded
    assert found.number == identity.parse(found.number, today=TODAY).number
    assert found.birth_date.strftime("%y%m%d") == old[6:12]


@given(numbers, st.sampled_from("1234567"), st.sampled_from("1234"), st.sampled_from(["", "B1"]))
def test_disability_certificate_is_the_same_person(number, kind, level, reissue):
    found = identity.parse(number + kind + level + reissue, today=TODAY)
    assert found.base == number
    assert found.kind == identity.Kind.DISABILITY
    assert found.disability_type == identity.DISABILITY_TYPES[kind]
    assert found.disability_level == identity.DISABILITY_LEVELS[level]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5.13E+17", "科学计数法"),
        ("9.9901E+17", "科学计数法"),
        ("1234", "有 4 位"),
        ("99901219620105123", "有 17 位"),
        ("999012196213051237", "校验不符"),
        ("99901219620105A23X", "不该出现的字符"),
        ("999999", "999999"),
    ],
)
def test_what_is_wrong_is_said(text, words):
    with pytest.raises(identity.IdentityError, match=words):
        identity.parse(text, today=TODAY)


def _number(born: str) -> str:
    body = f"999012{born}123"
    return body + identity.check_digit(body)


@pytest.mark.parametrize(("born", "words"), [("18950101", "130"), ("20300101", "今天之后"), ("19620230", "不存在")])
def test_impossible_birth_dates(born, words):
    with pytest.raises(identity.IdentityError, match=words):
        identity.parse(_number(born), today=TODAY)


def test_somebody_without_a_document():
    found = identity.parse("9999990000000012", today=TODAY)
    assert found.kind == identity.Kind.NONE
    assert found.birth_date is None
    assert found.sex == ""
