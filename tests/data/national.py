"""Writes workbooks as the national systems export them, with invented people and, on request, every quirk seen in real files.

Deterministic by seed. Used by the tests, the bench and by hand: `python -m tests.data.national --households 300 out.xlsx`.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt

from households.people import TWENTY_CHARACTERS, Family, People, Person

COUNTY = "示范县"
NOT_THE_DEMO_COUNTY = 200_000  # numbers of a file made by hand begin above those of the demonstration county

FAMILY_A = (
    "序号", "县(市、区、旗)", "乡(镇)", "行政村", "自然村", "户编号", "人编号", "姓名", "证件号码", "人数", "与户主关系", "民族", "文化程度", "在校生状况", "健康状况", "劳动技能",
    "务工状况", "务工时间（月）", "参加大病医疗", "脱贫属性", "脱贫年度", "贫困户属性", "主要致贫原因", "危房户", "饮水安全", "饮水困难", "人均纯收入", "联系电话",
)  # fmt: skip
FAMILY_B = (
    "序号", "县(市、区、旗)", "乡(镇)", "行政村", "自然村", "户编号", "人编号", "姓名", "证件号码", "人数", "与户主关系", "民族", "文化程度", "在校生状况", "健康状况", "劳动技能",
    "务工时间（月）", "参加大病医疗", "脱贫属性", "贫困户属性", "主要致贫原因",
)  # fmt: skip
FAMILY_D = (
    "县(市、区、旗)", "镇(乡)", "行政村", "户编号", "人编号", "姓名", "性别", "证件号码", "人数", "与户主关系", "民族", "文化程度", "在校生状况", "健康状况",
    "劳动能力\n页面（劳动技能）", "务工状况", "务工时间（月）", "是否参加新农合\n页面（是否参加新型农村合作医疗）", "是否参加新型养老保险\n页面（是否参加新型农村养老保险）", "是否参加城镇职工基本养老保险",
    "脱贫属性", "贫困户属性", "主要致贫原因", "人均纯收入", "联系电话", "开户银行名称", "银行卡号",
)  # fmt: skip
FAMILY_F = (
    "省", "市", "县", "乡", "村", "户编号", "人口编号", "姓名", "性别", "出生日期", "证件类型", "证件号码", "民族", "户联系电话", "成员联系电话", "年度", "与户主关系", "文化程度",
    "在校生状况", "劳动技能", "务工时间（月）", "健康状况", "政治面貌", "务工企业名称", "是否享受低保", "是否参加城镇职工基本养老保险", "是否参加大病保险",
    "是否参加新型农村合作医疗（城乡居民基本医疗保险）", "是否参加城乡居民基本养老保险", "失学或辍学原因", "是否会讲普通话", "是否参加商业补充医疗保险", "是否国外务工", "产业分类",
    "是否接受大病医疗救助", "是否接受其他健康扶贫", "公益性岗位类型", "公益性岗位(月数)", "就业渠道", "残疾类别", "务工所在地", "户主姓名", "户主证件号码",
    "是否参加城镇职工基本医疗保险", "是否特困供养人员", "残疾证办证年度", "识别标准",
)  # fmt: skip
FAMILY_G = (
    "县", "乡", "村", "户联系电话", "户类型", "监测对象类别", "是否军烈属", "工资性收入", "转移性收入", "养老金或离退休金", "生产经营性收入", "计划生育金", "生态补偿金",
    "财产性收入", "最低生活保障金", "其他转移性收入", "资产收益扶贫分红收入", "特困人员救助供养金", "其他财产性收入（旧指标）", "生产经营性支出", "纯收入（元）", "当前家庭人口数",
    "人均纯收入（元）", "年度家庭人口数", "耕地面积（亩）", "牧草地面积", "水面面积", "林地面积（亩）", "退耕还林面积（亩）", "林果面积（亩）", "入户路类型", "与村主干路距离",
    "是否加入农民专业合作组织", "是否危房户", "住房面积", "主要燃料类型", "是否有龙头企业带动", "是否有创业致富带头人带动", "是否通生活用电", "是否通广播电视", "到户产业帮扶类型",
    "是否解决安全饮用水", "是否通生产用电", "户编号", "人口编号", "姓名", "证件号码", "与户主关系", "公益性岗位收入", "其他工资性收入", "产业奖励", "就业奖励",
    "生产经营性支出（合计）", "专项用于减少生产经营性支出的补贴", "年收入（元）", "是否有卫生厕所", "户主姓名", "户主证件号码",
)  # fmt: skip
FAMILY_I = (
    "家庭编号", "旗区", "苏木乡", "噶查村", "户主姓名", "证件号码", "识别标准", "贫困户属性", "主要致贫原因", "其他致贫原因", "致贫原因说明", "家庭人口", "家庭住址", "是否军烈属", "是否独生子女户",
    "是否双女户", "联系电话", "开户银行名称", "银行卡号",
)  # fmt: skip
FAMILY_G2 = (
    "市", "县", "乡", "户编号", "单位名称", "隶属关系", "姓名", "性别", "联系人电话", "户主个人编号", "户主姓名", "户主证件号码", "帮扶开始时间", "帮扶结束时间", "帮扶责任人编号", "帮扶单位编号",
    "政治面貌",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A village as files name it."""

    township: str = "石门乡"
    village: str = "青石村"
    county: str = COUNTY


def cells_a(order: int, place: Place, family: Family, who: Person) -> list[Any]:
    return [
        str(order), place.county, place.township, place.village, family.hamlet, family.number, who.number, who.name, who.id_number,
        len(family.members), who.relation, who.ethnicity, who.education, who.school, who.health, who.labour, who.work_area,
        "" if who.work_months is None else who.work_months, who.medical_serious, family.status, family.exit_year or "", family.category,
        family.cause, family.unsafe, family.water_safe, family.water_scarce, float(family.per_head), family.phone,
    ]  # fmt: skip


def cells_b(order: int, place: Place, family: Family, who: Person) -> list[Any]:
    full = dict(zip(FAMILY_A, cells_a(order, place, family, who), strict=True))
    return [full[heading] for heading in FAMILY_B]


def cells_d(order: int, place: Place, family: Family, who: Person) -> list[Any]:
    return [
        place.county, place.township, place.village, family.number, who.number, who.name, float(who.sex), who.id_number, len(family.members),
        who.relation, who.ethnicity.removesuffix("族"), who.education, who.school, who.health, who.labour, who.work_area,
        who.work_months if who.work_months is not None else "", "是", "未参加", "否", family.status, family.category, family.cause,
        family.per_head, float(family.phone), "示范县农村信用社", family.bank_account,
    ]  # fmt: skip


def cells_f(order: int, place: Place, family: Family, who: Person) -> list[Any]:
    head = family.householder
    handicap = f"{who.disability[0]}{who.disability[1]}" if who.disability else ""
    return [
        "示范省", "示范市", place.county, place.township, place.village, family.number, who.number, who.name, "男" if who.sex == "1" else "女",
        f"{who.birth_date:%Y%m%d}.0", "居民身份证", who.id_number.lower(), who.ethnicity, family.phone, who.phone, "2021", who.relation,
        who.education, who.school, who.labour, who.work_months if who.work_months is not None else "", who.health, "群众", "NA",
        "否", "否", "是", "是", "是", "", "是", "否", "否", "", "否", "否", "", "", "外出务工" if who.work_months else "", handicap, "",
        head.name, head.id_number, "否", "否", "", "国家标准",
    ]  # fmt: skip


def cells_g(order: int, place: Place, family: Family, who: Person) -> list[Any]:
    head = family.householder
    net = family.wage + family.business + family.assets + family.transfer - family.expense
    return [
        place.county, place.township, place.village, family.phone, "脱贫户", "", "否", family.wage, family.transfer, 0, family.business, 0, 0,
        family.assets, 0, family.transfer, 0, 0, family.assets, family.expense, net, len(family.members), family.per_head, len(family.members),
        family.farmland, 0, 0, 1.5, 0, 0, "水泥路", "0.3", "是", family.unsafe, family.dwelling_area, "清洁能源", "否", "否", "是", "是", "",
        family.water_safe, "是", family.number, who.number, who.name, who.id_number, who.relation, 0, family.wage, 0, 0, family.expense, 0,
        family.wage + family.business + family.assets + family.transfer, "是", head.name, head.id_number,
    ]  # fmt: skip


def cells_i(order: int, place: Place, family: Family, who: Person) -> list[Any]:
    return [
        family.number, place.county, place.township, place.village, who.name, who.id_number, "国家标准", family.category, family.cause, "", "",
        len(family.members), f"{place.village}{family.hamlet}", "否", "否", "否", family.phone, "示范县农村信用社", family.bank_account,
    ]  # fmt: skip


FRAMES: dict[str, tuple[Sequence[str], Callable[[int, Place, Family, Person], list[Any]]]] = {
    "A": (FAMILY_A, cells_a),
    "B": (FAMILY_B, cells_b),
    "D": (FAMILY_D, cells_d),
    "F": (FAMILY_F, cells_f),
    "G": (FAMILY_G, cells_g),
    "I": (FAMILY_I, cells_i),
}


def rows_of(frame: str, families: Sequence[Family], places: Sequence[Place]) -> Iterator[list[Any]]:
    """Data rows: one a member, or for frame I one a household."""
    _headings, cells = FRAMES[frame]
    order = 0
    for family in families:
        for who in family.members[:1] if frame == "I" else family.members:
            order += 1
            yield cells(order, places[family.village % len(places)], family, who)


def quirky(rows: list[list[Any]], headings: Sequence[str]) -> list[list[Any]]:
    """The same facts as real files spell them: none of these may change what is imported."""
    at = {heading: index for index, heading in enumerate(headings)}

    def respell(position: int, heading: str, change: Callable[[str], Any]) -> None:
        if heading in at and position < len(rows) and rows[position][at[heading]] not in ("", None):
            rows[position][at[heading]] = change(str(rows[position][at[heading]]))

    respell(0, "证件号码", lambda number: number.lower())
    respell(1, "证件号码", lambda number: f" {number[:6]} {number[6:]} ")
    respell(
        2, "证件号码", lambda number: number.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    )
    respell(3, "证件号码", lambda number: "'" + number)
    respell(4, "联系电话", lambda phone: float(phone))
    respell(5, "联系电话", lambda phone: f"{phone[:3]} {phone[3:7]} {phone[7:]}")
    respell(6, "姓名", lambda name: f"{name[0]}\u3000{name[1:]}" if len(name) == 2 else f" {name} ")
    respell(7, "民族", lambda group: group.removesuffix("族"))
    respell(8, "健康状况", lambda health: ",".join(reversed(health.split(","))))
    respell(9, "务工时间（月）", lambda months: f"{months}个月")
    respell(10, "人均纯收入", lambda money: f"{float(money):,.2f}元")
    respell(11, "脱贫年度", lambda year: f"{year}年")
    respell(12, "务工状况", lambda place: place.replace("（", "(").replace("）", ")"))
    respell(13, "参加大病医疗", lambda word: "参加" if word == "是" else "未参加")
    respell(14, "自然村", lambda hamlet: f" {hamlet}\u200b")
    return rows


def write_xlsx(
    target: Path | io.BytesIO,
    headings: Sequence[str],
    rows: Sequence[Sequence[Any]] | Iterator[Sequence[Any]],
    *,
    title_rows: int = 0,
    repeat_heading_every: int = 0,
    totals: bool = False,
    trailing_blank: int = 0,
    starred: bool = False,
    junk_sheets: bool = False,
) -> None:
    """One sheet of data. IDs go in as text, as real exports do; numbers as numbers."""
    book = xlsxwriter.Workbook(target if isinstance(target, io.BytesIO) else str(target), {"constant_memory": True})
    sheet = book.add_worksheet("Sheet1")
    line = 0
    for order in range(title_rows):
        sheet.write_string(line, 0, "建档立卡贫困户信息表" if order == 0 else f"导出时间：2026-11-0{order}")
        line += 1
    shown = [("*" if starred and index % 3 == 0 else "") + heading for index, heading in enumerate(headings)]
    shown = [heading + ("  " if starred and index % 4 == 1 else "") for index, heading in enumerate(shown)]
    for column, heading in enumerate(shown):
        sheet.write_string(line, column, heading)
    line += 1
    for order, row in enumerate(rows):
        if repeat_heading_every and order and order % repeat_heading_every == 0:
            for column, heading in enumerate(shown):
                sheet.write_string(line, column, heading)
            line += 1
        for column, value in enumerate(row):
            if value == "" or value is None:
                continue
            if isinstance(value, str):
                sheet.write_string(line, column, value)
            else:
                sheet.write_number(line, column, value)
        line += 1
    if totals:
        sheet.write_string(line, 0, "合计")
        sheet.write_number(line, 9, 1234)
        line += 1
    for _n in range(trailing_blank):
        sheet.write_string(line, 2, "")
        sheet.write_string(line, 0, " ")
        line += 1
    if junk_sheets:
        book.add_worksheet("Sheet2")
        notes = book.add_worksheet("填表说明")
        notes.write_string(0, 0, "请勿修改表头")
        notes.write_string(2, 1, "联系电话填 11 位手机号")
    book.close()


def write_xls(
    target: Path | io.BytesIO, headings: Sequence[str], rows: Iterator[Sequence[Any]], *, title_rows: int = 2
) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("导出")
    for order in range(title_rows):
        sheet.write(order, 0, "贫困人口信息")
    for column, heading in enumerate(headings):
        sheet.write(title_rows, column, heading)
    for line, row in enumerate(rows, start=title_rows + 1):
        for column, value in enumerate(row):
            if value not in ("", None):
                sheet.write(line, column, value)
    book.save(target if isinstance(target, io.BytesIO) else str(target))


def csv_bytes(
    headings: Sequence[str], rows: Iterator[Sequence[Any]], *, encoding: str = "gb18030", wrapped: bool = True
) -> bytes:
    """Comma separated, IDs and long numbers wrapped as ="…" when asked, as these systems do to keep them text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    for row in rows:
        writer.writerow(
            [f'="{v}"' if wrapped and isinstance(v, str) and v[:-1].isdigit() and len(v) >= 10 else v for v in row]
        )
    return out.getvalue().encode(encoding)


def families_with_everything(count: int, *, seed: int = 1, villages: int = 1, first: int = 0) -> list[Family]:
    """`count` households numbered from `first`; the first few carry the names that break software."""
    families = People(seed, first=first).families(count, villages)
    odd = ["龙", TWENTY_CHARACTERS, "阿卜杜热合曼·买买提", "欧阳䶮", "王\U00030edd明", "李𠅤", "单田芳"]
    for name, family in zip(odd, families, strict=False):
        family.householder.name = name
    return families


def workbook(
    households: int = 300, *, frame: str = "A", seed: int = 1, places: Sequence[Place] = (Place(),), quirks: bool = False,
    families: Sequence[Family] | None = None,
) -> bytes:  # fmt: skip
    """An .xlsx in one frame. With `quirks`: title rows, starred headings, repeated headings, totals, blank rows, junk sheets, odd cells."""
    if families is None:
        families = families_with_everything(households, seed=seed, villages=len(places))
    headings, _cells = FRAMES[frame]
    out = io.BytesIO()
    if quirks:
        rows = quirky(list(rows_of(frame, families, places)), headings)
        write_xlsx(
            out, headings, rows, title_rows=2, repeat_heading_every=100, totals=True, trailing_blank=5, starred=True, junk_sheets=True,
        )  # fmt: skip
    else:
        write_xlsx(out, headings, rows_of(frame, families, places))
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--households", type=int, default=300)
    parser.add_argument("--frame", choices=sorted(FRAMES), default="A")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--place", action="append", default=[], help="乡镇/村, may be repeated")
    parser.add_argument("--quirks", action="store_true")
    options = parser.parse_args()
    places = [Place(*name.split("/", 1)) for name in options.place] or [Place()]
    families = families_with_everything(
        options.households, seed=options.seed, villages=len(places), first=NOT_THE_DEMO_COUNTY * options.seed
    )
    headings = FRAMES[options.frame][0]
    if options.target.suffix == ".xls":
        write_xls(options.target, headings, rows_of(options.frame, families, places))
    elif options.target.suffix == ".csv":
        options.target.write_bytes(csv_bytes(headings, rows_of(options.frame, families, places)))
    else:
        options.target.write_bytes(
            workbook(frame=options.frame, places=places, quirks=options.quirks, families=families)
        )


if __name__ == "__main__":
    main()
