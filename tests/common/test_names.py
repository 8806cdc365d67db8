"""Names are found as people type them: two characters, pinyin, initials."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin

from common.names import _syllables, grams, query_grams, search_keys


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("王建国", "wangjianguo", "wjg"),
        ("单雄信", "shanxiongxin", "sxx"),
        ("仇英", "qiuying", "qy"),
        ("解放", "xiefang", "xf"),
        ("曾国强", "zengguoqiang", "zgq"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("万俟雪", "moqixue", "mqx"),
        ("欧阳修", "ouyangxiu", "oyx"),
        ("吕布", "lvbu", "lb"),
        ("仰", "yang", "y"),
    ],
)
def test_readings(name, pinyin, initials):
    keys = search_keys(name)
    assert (keys.pinyin, keys.initials) == (pinyin, initials)


@pytest.mark.parametrize(
    ("name", "readings"), [("覃双喜", {"qinshuangxi", "tanshuangxi"}), ("盖文", {"gaiwen", "gewen"})]
)
def test_surnames_with_two_true_readings_keep_both(name, readings):
    assert set(search_keys(name).pinyin.split()) == readings


@given(
    st.lists(
        st.sampled_from([*"王单乐长大重庆行银朝阳会计·a 䶮", "重庆", "银行", "长大", "朝阳", "会计"]), max_size=6
    ).map("".join)
)
def test_reading_characters_alone_says_what_reading_the_whole_says(text):
    whole = lazy_pinyin(text, style=Style.NORMAL, errors="ignore", v_to_u=False)
    assert _syllables(text) == [syllable.replace("ü", "v") for syllable in whole]


def test_a_character_reads_as_a_surname_only_in_front():
    assert search_keys("王单").pinyin == "wangdan"


def test_pieces_of_a_name():
    assert grams("王建国") == ["王", "建", "国", "王建", "建国"]
    assert grams("阿卜杜·买买提")[:4] == ["阿", "卜", "杜", "买"]
    assert "杜买" in grams("阿卜杜·买买提"), "people leave the dot out"
    assert grams("𬱖") == ["𬱖"]


@pytest.mark.parametrize("query", ["王", "建国", "王建国", "王 建国"])
def test_every_part_of_a_name_finds_it(query):
    assert set(query_grams(query)) <= set(grams("王建国"))


@pytest.mark.parametrize("query", ["国建", "李", "王建军"])
def test_what_is_not_in_it_does_not(query):
    assert not set(query_grams(query)) <= set(grams("王建国"))


def test_long_and_foreign_names_fit_their_columns():
    keys = search_keys("买买提艾力·阿卜杜热依木江·吐尔逊尼亚孜·穆")
    assert len(keys.pinyin) <= 200
    assert len(keys.initials) <= 60
    assert search_keys("John").pinyin == ""
