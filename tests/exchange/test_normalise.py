"""Cells of real exports: every spelling that was seen, and the sentence for what cannot be read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from common.spreadsheets import Broken, Spoilt, Uncomputed
from exchange import headings
from exchange.normalise import ERROR, HOLD, NOTE, RowReader, income_lines

TODAY = dt.date(2026, 11, 1)
ID = "999012196201051235"


def read(row, *, year=2026):
    table = headings.find_table("表", [(1, list(row))]) or headings.Table(
        "表", 1, [headings.Column(i, h, headings.find(h) or "") for i, h in enumerate(row)]
    )
    return RowReader(table, year=year, today=TODAY).read(7, list(row.values()))


def whole(**more):
    return {"户编号": "0012345678", "姓名": "王建国", "证件号码": ID, "与户主关系": "户主", **more}


def said(row, level):
    return [issue.text for issue in row.issues if issue.level == level]


@pytest.mark.parametrize(
    ("heading", "text", "table", "name", "value"),
    [
        ("务工时间（月）", "10", "myear", "work_months", 10),
        ("务工时间（月）", "10个月", "myear", "work_months", 10),
        ("务工时间（月）", "3.0", "myear", "work_months", 3),
        ("健康状况", "残疾,长期慢性病", "myear", "health", ["02", "04"]),
        ("健康状况", "长期慢性病，残疾", "myear", "health", ["02", "04"]),
        ("健康状况", "健康", "myear", "health", ["01"]),
        ("民族", "彝", "member", "ethnicity", "07"),
        ("民族", "彝族", "member", "ethnicity", "07"),
        ("文化程度", "文盲/半文盲", "myear", "education", "01"),
        ("在校生状况", "高中一年级", "myear", "school", "07"),
        ("劳动技能", "弱劳动力", "myear", "labour", "05"),
        ("务工状况", "乡(镇)内务工", "myear", "work_area", "01"),
        ("参加大病医疗", "参加", "myear", "medical_serious", True),
        ("参加大病医疗", "未参加", "myear", "medical_serious", False),
        ("是否享受低保", "不享受", "myear", "low_income", False),
        ("是否享受低保", "未享受", "myear", "low_income", False),
        ("危房户", "否", "year", "dwelling_unsafe", False),
        ("脱贫年度", "2019", "year", "exit_year", 2019),
        ("脱贫年度", "2019年", "year", "exit_year", 2019),
        ("脱贫年度", "201912", "year", "exit_year", 2019),
        ("首次识别时间", "20140105", "household", "identified_on", dt.date(2014, 1, 5)),
        ("首次识别时间", "2016-2-2", "household", "identified_on", dt.date(2016, 2, 2)),
        ("首次识别时间", "2020/04/29", "household", "identified_on", dt.date(2020, 4, 29)),
        ("首次识别时间", "2020年4月29日", "household", "identified_on", dt.date(2020, 4, 29)),
        ("首次识别时间", "201404", "household", "identified_on", dt.date(2014, 4, 1)),
        ("首次识别时间", "2014", "household", "identified_on", dt.date(2014, 1, 1)),
        ("人均纯收入", "12,345.678元", "year", "imported_per_head_income", Decimal("12345.68")),
        ("人均纯收入", "1.2万元", "year", "imported_per_head_income", Decimal("12000.00")),
        ("住房面积", "８０平方米", "year", "dwelling_area", Decimal("80.00")),
        ("联系电话", "138 0013 8000", "household", "phone", "13800138000"),
        ("银行卡号", "6200 1234 5678 9012 345", "household", "bank_account", "6200123456789012345"),
        ("主要致贫原因", "因灾", "year", "main_cause", "04"),
        ("其他致贫原因", "缺技术,因学", "year", "other_causes", ["03", "07"]),
        ("残疾类别", "肢体三级", "myear", "disability_kind", "4"),
        ("政治面貌", "群众", "myear", "politics", "13"),
        ("务工企业名称", "NA", "myear", "employer", "NA"),
    ],
)  # fmt: skip
def test_a_cell(heading, text, table, name, value):
    row = read(whole(**{heading: text}))
    assert getattr(row, table)[name] == value
    assert not said(row, ERROR)


@pytest.mark.parametrize("text", ["", " ", "-", "—", "空", "null", "/"])
def test_blank_says_nothing(text):
    row = read(whole(务工状况=text, 人均纯收入=text, 危房户=text))
    assert not row.year
    assert "work_area" not in row.myear
    assert not row.issues


def test_unknown_label_is_a_note_and_is_kept_as_written():
    row = read(whole(文化程度="自学成才", 主要致贫原因="运气不好"))
    assert row.myear_unmapped == {"education": "自学成才"}
    assert row.year_unmapped == {"main_cause": "运气不好"}
    assert len(said(row, NOTE)) == 2
    assert not said(row, ERROR)


def test_impossible_number_of_months_is_a_note():
    row = read(whole(**{"务工时间（月）": "15"}))
    assert "0 至 12" in said(row, NOTE)[0]
    assert "work_months" not in row.myear


@pytest.mark.parametrize("text", [Spoilt("9.99012E+17"), "9.99012E+17"])
def test_id_number_spoilt_by_the_spreadsheet(text):
    row = read(whole(证件号码=text))
    assert "科学计数法" in said(row, ERROR)[0]
    assert "文本" in said(row, ERROR)[0]


def test_formula_text_and_error_cells():
    row = read(whole(务工状况=Uncomputed("=A1"), 人均纯收入=Broken("")))
    assert any("公式" in text and "粘贴为数值" in text for text in said(row, ERROR))
    assert any("错误值" in text for text in said(row, NOTE))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"户编号": ""}, "没有户编号"),
        ({"户编号": "1.23457E+20"}, "科学计数法"),
        ({"户编号": "张三家"}, "数字、字母和横线"),
        ({"姓名": "王3"}, "数字或符号"),
        ({"姓名": "王\ue863\uf123"}, "自造字"),
        ({"证件号码": "99901219620105123"}, "17 位"),
        ({"出生日期": "2030-01-01"}, "今天之后"),
        ({"出生日期": "18900101"}, "超过 130 岁"),
    ],
)
def test_errors_of_a_row(more, words):
    assert any(words in text for text in said(read(whole(**more)), ERROR))


def test_missing_id_number_is_held():
    assert "没有证件号码" in said(read(whole(证件号码="")), HOLD)[0]


def test_other_year_is_held():
    row = read({**whole(), "年度": "2021"})
    assert "2021 年度" in said(row, HOLD)[0]


def test_what_the_id_number_says_wins():
    row = read(whole(性别="2", 出生日期="19620106"))
    assert row.member["sex"] == "1"
    assert row.member["birth_date"] == dt.date(1962, 1, 5)
    assert len(said(row, NOTE)) == 2


def test_names_are_kept_to_the_last_stroke():
    for name in ("龙", "阿卜杜热合曼·买买提", "欧阳䶮", "王\U00030edd明", "李𠅤"):
        assert read(whole(姓名=name)).member["name"] == name
    assert read(whole(姓名="王　伟")).member["name"] == "王伟"
    assert read(whole(姓名="王\ue863")).member["name"] == "王䶮"


def test_one_row_a_household_is_its_householder():
    row = read({"家庭编号": "1", "户主姓名": "王建国", "证件号码": ID, "识别标准": "国家标准", "家庭住址": "青石村"})
    assert row.member["name"] == "王建国"
    assert row.member["relation"] == "01"


def test_group_total_fills_what_the_items_leave():
    lines, notes = income_lines(
        {"transfer.low_income": Decimal(300)}, {"transfer": Decimal(1000), "wage": Decimal(500), "expense": Decimal(80)}
    )
    assert lines == {
        "transfer.low_income": 300, "transfer.other": 700, "wage.other": 500, "expense.business": 80,
    }  # fmt: skip
    assert notes == []


def test_group_total_smaller_than_its_items_is_told():
    lines, notes = income_lines({"wage.post": Decimal(900)}, {"wage": Decimal(500)})
    assert lines == {"wage.post": 900}
    assert "不一致" in notes[0].text
