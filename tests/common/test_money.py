"""Reading of sums; the cases are shared with the script of the pages."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from common.money import format_money, in_words

CASES = json.loads((Path(__file__).parents[2] / "ui" / "test" / "reading.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("amount", "words"), CASES)
def test_reading(amount, words):
    assert in_words(Decimal(amount)) == words


def test_reading_of_debts_and_of_slips():
    assert in_words(-18000) == "负一万八千元"
    assert in_words(10**17) == "100,000,000,000,000,000元"


def test_rounding_to_cents():
    assert in_words(Decimal("0.005")) == "一分"
    assert format_money(Decimal("2.675")) == "2.68"
    assert format_money(Decimal("999999.999")) == "1,000,000"
