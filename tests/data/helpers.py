"""Writes sheets of helpers and resident teams as offices make them, with invented people and, on request, the quirks seen in real files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from tests.data.national import FAMILY_G2, csv_bytes, write_xls, write_xlsx

HELPERS = (
    "单位名称", "姓名", "性别", "职务", "队长/队员/结对帮扶责任人", "乡镇", "村", "户数", "户主姓名（组别）", "办公电话", "手机",
)  # fmt: skip
VILLAGES = (
    "序号", "行政区划编码", "县", "乡（镇）", "村", "负责人", "村办公电话", "村属性", "是否出列", "总户数", "总人口数", "自然村数", "贫困户数", "贫困人口数", "低保人口数", "低保户数",
    "五保人口数", "五保户数", "少数民族人口数", "妇女人口数", "残疾人口数", "劳动力人数", "外出务工人数", "省", "市（州）",
)  # fmt: skip
PAIRINGS = FAMILY_G2

HELPER = {
    "单位名称": "县农业农村局", "姓名": "王伟", "性别": "男", "职务": "股长", "队长/队员/结对帮扶责任人": "结对帮扶责任人", "乡镇": "石门乡", "村": "青石村", "手机": "19900000001",
}  # fmt: skip
PAIRING = {
    "市": "示范市", "县": "示范县", "乡": "石门乡", "单位名称": "县农业农村局", "隶属关系": "县直", "姓名": "王伟", "性别": "男", "联系人电话": "19900000001",
    "帮扶开始时间": "2020-03-01", "帮扶责任人编号": "BF0001", "帮扶单位编号": "DW01", "政治面貌": "中共党员",
}  # fmt: skip


def cells(headings: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [[row.get(heading, "") for heading in headings] for row in rows]


def sheet(rows: Sequence[Mapping[str, Any]], headings: Sequence[str] = HELPERS, **layout: Any) -> bytes:
    """An .xlsx of these rows below these headings and whatever else the rows have; `layout` as `national.write_xlsx` takes it."""
    names = list(dict.fromkeys([*headings, *(name for row in rows for name in row)]))
    out = io.BytesIO()
    write_xlsx(out, names, cells(names, rows), **layout)
    return out.getvalue()


def helpers(*rows: Mapping[str, Any], **layout: Any) -> bytes:
    """A list of helpers and teams; each row is what differs from `HELPER`."""
    return sheet([HELPER | row for row in rows], HELPERS, **layout)


def pairings(*rows: Mapping[str, Any], **layout: Any) -> bytes:
    """A list of pairings; each row is what differs from `PAIRING`."""
    return sheet([PAIRING | row for row in rows], PAIRINGS, **layout)


def as_xls(rows: Sequence[Mapping[str, Any]], headings: Sequence[str] = HELPERS) -> bytes:
    out = io.BytesIO()
    write_xls(out, headings, iter(cells(headings, rows)))
    return out.getvalue()


def as_csv(rows: Sequence[Mapping[str, Any]], headings: Sequence[str] = HELPERS) -> bytes:
    """GBK, long numbers wrapped as ="…"."""
    return csv_bytes(headings, iter(cells(headings, rows)))


def merged(blocks: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> bytes:
    """Units as cells merged over their people, below a title that is merged over everything, two rows of headings with phones grouped."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet("花名册")
    page.merge_range(0, 0, 0, len(HELPERS) - 1, "示范县 2026 年帮扶队伍花名册")
    for column, heading in enumerate(HELPERS):
        page.write_string(1, column, heading)
    line = 2
    for unit, rows in blocks:
        if len(rows) > 1:
            page.merge_range(line, 0, line + len(rows) - 1, 0, unit)
        else:
            page.write_string(line, 0, unit)
        for row in rows:
            for column, heading in enumerate(HELPERS[1:], start=1):
                page.write(line, column, row.get(heading, HELPER.get(heading, "")))
            line += 1
    book.close()
    return out.getvalue()
