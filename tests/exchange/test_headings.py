"""Headings of other people's spreadsheets: found wherever they stand and however they are spelt."""

from __future__ import annotations

import pytest

from exchange import headings
from tests.data import national


def table(*rows):
    return headings.find_table("表", list(enumerate(rows, start=1)))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("户编号", "household.number"),
        ("*户编号 ", "household.number"),
        ("家庭编号", "household.number"),
        ("务工时间（月）", "myear.work_months"),
        ("务工时间(月)", "myear.work_months"),
        ("务工时间", "myear.work_months"),
        ("劳动能力\n页面（劳动技能）", "myear.labour"),
        ("是否参加新农合\n页面（是否参加新型农村合作医疗）", "myear.medical_resident"),
        ("检测对象类别", "status.monitor"),
        ("公益性岗位(月数)", "myear.public_post_months"),
        ("公益性岗位类型", "myear.public_post"),
        ("生产经营性支出（合计）", "income.expense.business"),
        ("生产经营性支出", "total.expense"),
        ("县（市、区、旗）", "area.county"),
        ("苏木乡", "area.township"),
        ("噶查村", "area.village"),
        ("其他财产性收入（旧指标）", "income.property.other"),
        ("当前家庭人口数", headings.IGNORED),
        ("年度家庭人口数", "year.population"),
        ("序号", headings.IGNORED),
        ("房子颜色", None),
    ],
)
def test_known_spellings(written, key):
    assert headings.find(written) == key


@pytest.mark.parametrize("frame", sorted(national.FRAMES))
def test_every_column_of_a_national_frame_is_known(frame):
    names, _cells = national.FRAMES[frame]
    found = table(names)
    assert not found.unknown, [column.heading for column in found.unknown]
    assert not [column.heading for column in found.columns if column.repeated]
    assert headings.family_of([found]) == frame


def test_a_list_of_helpers_is_recognised_for_what_it_is():
    assert headings.family_of([table(national.FAMILY_G2)]) == "G2"


@pytest.mark.parametrize("above", [0, 1, 2, 3, 20])
def test_heading_below_any_number_of_titles(above):
    rows = [["建档立卡贫困户信息表"]] * above + [list(national.FAMILY_A), ["1"] * 28]
    assert table(*rows).heading_row == above + 1


def test_heading_in_two_rows():
    found = table(
        ["户编号", "姓名", "证件号码", "收入情况", "", "住房", ""],
        ["", "", "", "工资性收入", "财产性收入", "住房面积", "是否危房户"],
        ["99", "王", "1", "5", "6", "7", "否"],
    )
    assert found.heading_row == 2
    assert [column.key for column in found.columns] == [
        "household.number", "member.name", "member.id_number", "total.wage", "total.property", "year.dwelling_area",
        "year.dwelling_unsafe",
    ]  # fmt: skip


def test_data_are_not_taken_for_a_second_heading_row():
    found = table(["户编号", "姓名", "证件号码", "与户主关系"], ["9900000001", "户主", "999012196201051235", "户主"])
    assert found.heading_row == 1


def test_repeated_heading_reads_the_first():
    found = table(["户编号", "姓名", "证件号码", "健康状况", "健康状况"])
    assert [column.repeated for column in found.columns] == [False, False, False, False, True]


def test_nothing_to_find():
    assert table(["甲", "乙"], ["1", "2"]) is None


def test_suggestions_put_the_likely_one_first():
    assert headings.suggest("住房总面积")[0].key == "year.dwelling_area"
    assert headings.suggest("家庭详细住址")[0].key == "household.address"
    assert headings.suggest("ＱＱ号") == []


def test_what_a_user_chose_goes_before_the_catalogue():
    assert headings.find("房子颜色", {"房子颜色": "year.cause_note"}) == "year.cause_note"
