"""Formats that are there from the start: the heading families of the national system and of printouts made from it, verbatim.

Headings for which the ledger keeps nothing stay as blank columns, so that the file has the shape that the superior's program expects.
The list of villages (family C) has a row a village, with numbers counted in the ledger; the sheet of helpers that came with it is C2.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from exchange.outgoing import fields
from exchange.outgoing.models import RowKind

HEADINGS: dict[str, tuple[Any, str, str]] = {
    "A": (_("全国系统贫困户名单（28 列）"), RowKind.MEMBER,
          "序号|县(市、区、旗)|乡(镇)|行政村|自然村|户编号|人编号|姓名|证件号码|人数|与户主关系|民族|文化程度|在校生状况|健康状况|劳动技能|务工状况|务工时间（月）|参加大病医疗|脱贫属性|脱贫年度|贫困户属性|主要致贫原因|危房户|饮水安全|饮水困难|人均纯收入|联系电话"),
    "B": (_("全国系统贫困人口名单（21 列）"), RowKind.MEMBER,
          "序号|县(市、区、旗)|乡(镇)|行政村|自然村|户编号|人编号|姓名|证件号码|人数|与户主关系|民族|文化程度|在校生状况|健康状况|劳动技能|务工时间（月）|参加大病医疗|脱贫属性|贫困户属性|主要致贫原因"),
    "C": (_("贫困村名单（25 列）"), RowKind.VILLAGE,
          "序号|行政区划编码|县|乡（镇）|村|负责人|村办公电话|村属性|是否出列|总户数|总人口数|自然村数|贫困户数|贫困人口数|低保人口数|低保户数|五保人口数|五保户数|少数民族人口数|妇女人口数|残疾人口数|劳动力人数|外出务工人数|省|市（州）"),
    "C2": (_("帮扶干部和结对户名单（11 列）"), RowKind.PAIRING,
           "单位名称|姓名|性别|职务|队长/队员/结对帮扶责任人|乡镇|村|户数|户主姓名（组别）|办公电话|手机"),
    "D": (_("2017 年全国系统导出表（27 列）"), RowKind.MEMBER,
          "县(市、区、旗)|镇(乡)|行政村|户编号|人编号|姓名|性别|证件号码|人数|与户主关系|民族|文化程度|在校生状况|健康状况|劳动能力|务工状况|务工时间（月）|是否参加新农合|是否参加新型养老保险|是否参加城镇职工基本养老保险|脱贫属性|贫困户属性|主要致贫原因|人均纯收入|联系电话|开户银行名称|银行卡号"),
    "F": (_("2021 年人口导出表（47 列）"), RowKind.MEMBER,
          "省|市|县|乡|村|户编号|人口编号|姓名|性别|出生日期|证件类型|证件号码|民族|户联系电话|成员联系电话|年度|与户主关系|文化程度|在校生状况|劳动技能|务工时间（月）|健康状况|政治面貌|务工企业名称|是否享受低保|是否参加城镇职工基本养老保险|是否参加大病保险|是否参加新型农村合作医疗（城乡居民基本医疗保险）|是否参加城乡居民基本养老保险|失学或辍学原因|是否会讲普通话|是否参加商业补充医疗保险|是否国外务工|产业分类|是否接受大病医疗救助|是否接受其他健康扶贫|公益性岗位类型|公益性岗位(月数)|就业渠道|残疾类别|务工所在地|户主姓名|户主证件号码|是否参加城镇职工基本医疗保险|是否特困供养人员|残疾证办证年度|识别标准"),
    "G": (_("2021 年以后“全字段”导出表"), RowKind.MEMBER,
          "县|乡|村|户联系电话|户类型|监测对象类别|是否军烈属|工资性收入|转移性收入|养老金或离退休金|生产经营性收入|计划生育金|生态补偿金|财产性收入|最低生活保障金|其他转移性收入|资产收益扶贫分红收入|特困人员救助供养金|其他财产性收入（旧指标）|生产经营性支出|纯收入（元）|当前家庭人口数|人均纯收入（元）|年度家庭人口数|耕地面积（亩）|牧草地面积|水面面积|林地面积（亩）|退耕还林面积（亩）|林果面积（亩）|入户路类型|与村主干路距离|是否加入农民专业合作组织|是否危房户|住房面积|主要燃料类型|是否有龙头企业带动|是否有创业致富带头人带动|是否通生活用电|是否通广播电视|到户产业帮扶类型|是否解决安全饮用水|是否通生产用电|户编号|人口编号|姓名|证件号码|与户主关系|公益性岗位收入|其他工资性收入|产业奖励|就业奖励|生产经营性支出（合计）|专项用于减少生产经营性支出的补贴|年收入（元）|是否有卫生厕所|户主姓名|户主证件号码"),
    "G2": (_("帮扶责任人结对表"), RowKind.PAIRING,
           "市|县|乡|户编号|单位名称|隶属关系|姓名|性别|联系人电话|户主个人编号|户主姓名|户主证件号码|帮扶开始时间|帮扶结束时间|帮扶责任人编号|帮扶单位编号|政治面貌"),
    "H": (_("监测对象信息表"), RowKind.MEMBER,
          "县|乡|村|户编号|户主姓名|户主证件号码|户类型|监测对象类别|识别监测时间|风险是否已消除|致贫返贫风险1|人口编号|姓名|证件号码|与户主关系|性别|出生日期|健康状况|在校生状况|劳动技能|务工时间（月）|享受低保政策情况|享受特困供养政策情况"),
    "I": (_("贫困户基本情况表"), RowKind.HOUSEHOLD,
          "家庭编号|旗区|苏木乡|噶查村|户主姓名|证件号码|识别标准|贫困户属性|主要致贫原因|其他致贫原因|致贫原因说明|家庭人口|家庭住址|是否军烈属|是否独生子女户|是否双女户|联系电话|开户银行名称|银行卡号"),
    "I2": (_("家庭成员情况表"), RowKind.MEMBER,
           "家庭编号|旗区|苏木乡|噶查村|户主姓名|姓名|性别|证件号码|与户主关系|民族|文化程度|在校生状况|健康状况|劳动能力|务工状况|务工时间（月）|是否参加新农合|是否参加新型养老保险|是否参加城镇职工基本养老保险|政治面貌|是否现役军人"),
    "J": (_("县级收入表"), RowKind.HOUSEHOLD,
          "行政县|乡镇|行政村|户编号|户主姓名|户主证件号码|家庭人口数|奖扶金|低保金|特困供养金|养老保险金|生态补偿金|就业奖励|其他转移性收入合计|转移性收入合计|公益性岗位收入|其他工资性收入|工资性收入|种植业收入|养殖业收入|林业收入|产业奖励|其他生产经营性收入|生产经营性收入|资产收益扶贫分红收入|土地流转收入|其他财产性收入|家庭总收入|生产经营性支出|纯收入|人均纯收入"),
}  # fmt: skip


@dataclass(frozen=True)
class Preset:
    """A format nobody has to make. It has what a mapping has."""

    code: str
    label: Any
    row_kind: str
    columns: list[dict[str, str]]

    @property
    def name(self) -> str:
        return str(self.label)


def preset(code: str) -> Preset | None:
    if code not in HEADINGS:
        return None
    label, row_kind, texts = HEADINGS[code]
    return Preset(code, label, str(row_kind), fields.columns_for(texts.split("|"), str(row_kind)))


def names(row_kinds: Container[str] = RowKind.values) -> list[tuple[str, Any]]:
    """(code, label) of those whose rows are of one of these kinds."""
    return [(code, label) for code, (label, row_kind, _texts) in HEADINGS.items() if row_kind in row_kinds]
