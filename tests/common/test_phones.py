"""Telephone numbers as people write them."""

import pytest

from common import phones


@pytest.mark.parametrize(
    "text",
    ["13800138000", "138 0013 8000", "138-0013-8000", "13800138000.0", "8613800138000", "+86 13800138000", "１３８００１３８０００", "013800138000",
     "13800138000、13900139000", " 13800138000\u200b"],
)  # fmt: skip
def test_one_mobile_number(text):
    assert phones.parse(text) == "13800138000"


def test_landlines_keep_their_area_code():
    assert phones.parse("0859-2234567") == "0859-2234567"
    assert phones.parse("2234567") == "2234567"


@pytest.mark.parametrize("text", ["", "无", "12345", "1380013800", "138001380001", "23800138000x", "10086111111"])
def test_not_a_number(text):
    with pytest.raises(phones.PhoneError):
        phones.parse(text)
