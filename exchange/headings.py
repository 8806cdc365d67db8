"""What the columns of other people's spreadsheets mean: the known headings, the row they stand in, and the family of the file.

The headings are those of the national system's exports from 2014 to 2023 and of printouts made from them. Counties add, rename and
reorder columns, so everything here is a known alias, never a fixed schema: what is not known is shown to the user with suggestions.
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from households import codelists
from households.models import Household, HouseholdYear, Member, MemberYear

IGNORED = "-"  # a column the user (or the catalogue) does not want
HEADING_ROWS = 30  # the heading stands somewhere in the first rows; the deepest seen is the fourth
LEAST_MATCHES = 4

_MODELS = {"household": Household, "year": HouseholdYear, "member": Member, "myear": MemberYear}


@dataclass(frozen=True)
class Target:
    """Where a column goes. `key` is "<table>.<field>"; income items are "income.<item code>"."""

    key: str
    label: Any
    headings: tuple[str, ...]
    ignored: bool = False  # known, but says nothing the ledger keeps


def _target(key: str, *headings: str, label: Any = None) -> Target:
    table, _dot, name = key.partition(".")
    if label is None:
        label = _MODELS[table]._meta.get_field(name).verbose_name
    return Target(key, label, headings)


def _income(item: str, *headings: str) -> Target:
    return Target(f"income.{item}", codelists.INCOME_ITEM.label(item), headings)


def _total(group: str, *headings: str) -> Target:
    return Target(f"total.{group}", codelists.INCOME_GROUP.label(group), headings)


TARGETS: tuple[Target, ...] = (
    # Where the household lives. Names, because the exports carry no codes; a code column wins where there is one.
    _target("area.county", "县(市、区、旗)", "县(区)", "县", "行政县", "区县", "县区", "旗区", "旗县", label=gettext_lazy("县（市、区、旗）")),
    _target("area.township", "乡(镇)", "镇(乡)", "乡", "乡镇", "镇", "苏木乡", "乡镇名称", "所属乡镇", label=gettext_lazy("乡（镇）")),
    _target("area.village", "行政村", "村", "村名", "噶查村", "嘎查村", "行政村名称", "所属村", "村(社区)", label=gettext_lazy("行政村")),
    _target("area.code", "行政区划编码", "村区划码", "行政村代码", "村编码", "村代码", "区划代码", label=gettext_lazy("村区划代码")),
    _target("household.hamlet", "自然村", "组", "村民小组", "村组", "小组", "自然村(组)", "组(自然村)"),
    # The household
    _target("household.number", "户编号", "家庭编号", "户号", "农户编号", "贫困户编号", "户编码"),
    _target("household.address", "家庭住址", "住址", "详细地址", "家庭地址"),
    _target("household.phone", "联系电话", "户联系电话", "农户联系电话", "户主联系电话", "户主电话", "电话"),
    _target("household.bank_name", "开户银行名称", "开户银行", "开户行"),
    _target("household.bank_account", "银行卡号", "银行账号", "一卡通账号", "银行帐号", "惠农卡号"),
    _target("household.standard", "识别标准"),
    _target("household.identified_on", "首次识别时间", "识别时间", "户识别时间", "认定时间", "识别日期"),
    _target("household.is_military", "是否军烈属", "军烈属"),
    _target("household.is_only_child", "是否独生子女户", "独生子女户"),
    _target("household.is_two_daughters", "是否双女户", "双女户"),
    _target("status.exit", "脱贫属性", "脱贫标志", "是否脱贫", label=gettext_lazy("脱贫属性")),
    _target("status.kind", "户类型", label=gettext_lazy("户类型")),
    _target("status.monitor", "监测对象类别", "检测对象类别", "监测对象类型", "监测户类别", label=gettext_lazy("监测对象类别")),
    _target("status.removed", "风险是否已消除", "风险是否消除", label=gettext_lazy("风险是否已消除")),
    # The household's year
    _target("row.year", "年度", "数据年度", label=gettext_lazy("年度")),
    _target("year.population", "人数", "家庭人口", "家庭人口数", "年度家庭人口数", "家庭人数", "户人数"),
    _target("year.category", "贫困户属性", "户属性", "贫困属性", "农户属性"),
    _target("year.exit_year", "脱贫年度", "脱贫时间", "脱贫年份"),
    _target("year.main_cause", "主要致贫原因", "致贫原因", "主要致贫返贫原因", "致贫返贫风险1", "致贫返贫风险", "返贫致贫风险1"),
    _target("year.other_causes", "其他致贫原因", "次要致贫原因"),
    _target("year.cause_note", "致贫原因说明", "致贫原因备注"),
    _target("year.dwelling_area", "住房面积", "住房面积(平方米)", "房屋面积"),
    _target("year.dwelling_unsafe", "危房户", "是否危房户", "是否危房", "住房是否危房"),
    _target("year.dwelling_grade", "危房级别", "房屋等级", "住房安全等级", "房屋安全等级", "危房等级"),
    _target("year.has_toilet", "是否有卫生厕所", "卫生厕所", "有无卫生厕所"),
    _target("year.fuel", "主要燃料类型", "主要燃料", "燃料类型"),
    _target("year.road", "入户路类型", "入户路", "入户道路类型"),
    _target("year.road_distance", "与村主干路距离", "与村主干路距离(公里)", "距村主干路距离", "与村主干道距离"),
    _target("year.has_power", "是否通生活用电", "生活用电", "通生活用电"),
    _target("year.has_production_power", "是否通生产用电", "生产用电", "通生产用电"),
    _target("year.has_broadcast", "是否通广播电视", "广播电视", "通广播电视"),
    _target("year.water_source", "饮水来源", "水源类型"),
    _target("year.water_safe", "饮水安全", "是否解决安全饮用水", "饮水是否安全", "安全饮水", "是否饮水安全"),
    _target("year.water_scarce", "饮水困难", "是否饮水困难"),
    _target("year.farmland", "耕地面积", "耕地面积(亩)", "耕地"),
    _target("year.irrigated", "有效灌溉面积", "有效灌溉面积(亩)", "有效灌溉"),
    _target("year.woodland", "林地面积", "林地面积(亩)", "林地"),
    _target("year.returned_woodland", "退耕还林面积", "退耕还林面积(亩)", "退耕还林"),
    _target("year.orchard", "林果面积", "林果面积(亩)", "林果"),
    _target("year.pasture", "牧草地面积", "牧草地面积(亩)", "牧草地"),
    _target("year.water_area", "水面面积", "水面面积(亩)", "水面"),
    _target("year.in_cooperative", "是否加入农民专业合作组织", "合作社", "是否加入合作社", "加入农民专业合作社", "是否加入农民专业合作社"),
    _target("year.led_by_company", "是否有龙头企业带动", "龙头企业带动", "有龙头企业带动"),
    _target("year.led_by_leader", "是否有创业致富带头人带动", "创业致富带头人带动", "致富带头人带动"),
    _target("year.is_relocated", "是否搬迁户", "易地搬迁户", "是否易地搬迁户", "是否易地扶贫搬迁户"),
    _target("year.relocation_wanted", "搬迁意愿", "是否有搬迁意愿"),
    _target("year.relocation_way", "搬迁方式"),
    _target("year.resettlement", "安置方式"),
    _target("year.relocation_problem", "搬迁困难", "搬迁可能存在的困难"),
    _target("year.surveyor", "填表人", "信息采集人"),
    _target("year.surveyed_on", "填表日期", "采集日期", "填表时间"),
    _target("year.imported_net_income", "纯收入", "纯收入(元)", "家庭纯收入", "年纯收入"),
    _target("year.imported_per_head_income", "人均纯收入", "人均纯收入(元)", "家庭人均纯收入", "年人均纯收入", "人均可支配收入"),
    # Income, 元 a year. Group totals fill what the items leave (see `exchange.normalise.income_lines`).
    _total("wage", "工资性收入", "工资性收入(元)", "工资性收入合计"),
    _income("wage.post", "公益性岗位收入", "公益岗位收入"),
    _income("wage.other", "其他工资性收入"),
    _total("business", "生产经营性收入", "生产经营性收入(元)", "生产经营性收入合计"),
    _income("business.crop", "种植业收入", "种植收入"),
    _income("business.livestock", "养殖业收入", "养殖收入"),
    _income("business.forestry", "林业收入"),
    _income("business.award", "产业奖励"),
    _income("business.other", "其他生产经营性收入"),
    _total("property", "财产性收入", "财产性收入(元)", "财产性收入合计"),
    _income("property.dividend", "资产收益扶贫分红收入", "资产收益分红收入", "资产收益扶贫分红", "资产收益分红"),
    _income("property.lease", "土地流转收入"),
    _income("property.other", "其他财产性收入", "其他财产性收入(旧指标)"),
    _total("transfer", "转移性收入", "转移性收入(元)", "转移性收入合计"),
    _income("transfer.family_planning", "计划生育金", "奖扶金"),
    _income("transfer.low_income", "最低生活保障金", "低保金"),
    _income("transfer.special_support", "特困人员救助供养金", "特困供养金", "五保金"),
    _income("transfer.pension", "养老金或离退休金", "养老保险金", "养老金"),
    _income("transfer.ecology", "生态补偿金"),
    _income("transfer.job_award", "就业奖励"),
    _income("transfer.other", "其他转移性收入", "其他转移性收入合计"),
    _total("expense", "生产经营性支出", "生产经营性支出(元)"),
    _income("expense.business", "生产经营性支出(合计)", "生产经营性支出合计"),
    _income("expense.subsidy", "专项用于减少生产经营性支出的补贴"),
    # The member
    _target("member.number", "人编号", "人口编号", "个人编号", "人员编号"),
    _target("member.name", "姓名", "家庭成员姓名", "成员姓名", "人员姓名"),
    _target("member.id_number", "证件号码", "身份证号", "身份证号码", "证件号", "公民身份号码", "身份证"),
    _target("member.id_type", "证件类型"),
    _target("member.relation", "与户主关系", "与户主的关系", "家庭关系"),
    _target("member.sex", "性别"),
    _target("member.birth_date", "出生日期", "出生年月"),
    _target("member.ethnicity", "民族"),
    _target("member.phone", "成员联系电话", "家庭成员联系电话", "本人联系电话", "本人电话"),
    _target("householder.name", "户主姓名", "户主", label=gettext_lazy("户主姓名")),
    _target("householder.id_number", "户主证件号码", "户主身份证号", "户主身份证号码", "户主证件号", label=gettext_lazy("户主证件号码")),
    # The member's year
    _target("myear.education", "文化程度"),
    _target("myear.school", "在校生状况", "在校状况", "在校生情况"),
    _target("myear.dropout_reason", "失学或辍学原因", "义务教育阶段未上学原因"),
    _target("myear.health", "健康状况", "身体状况"),
    _target("myear.disability_kind", "残疾类别", "残疾类型"),
    _target("myear.disability_level", "残疾等级", "残疾级别"),
    _target("myear.labour", "劳动技能", "劳动能力", "劳动力状况"),
    _target("myear.work_area", "务工状况", "务工区域"),
    _target("myear.work_months", "务工时间(月)", "务工时间", "务工月数", "务工时长"),
    _target("myear.work_place", "务工所在地", "务工地", "务工地点"),
    _target("myear.employer", "务工企业名称", "务工企业", "务工单位"),
    _target("myear.work_channel", "就业渠道"),
    _target("myear.public_post", "公益性岗位类型", "公益性岗位", "公益岗位类型"),
    _target("myear.public_post_months", "公益性岗位(月数)", "公益性岗位月数"),
    _target("myear.politics", "政治面貌"),
    _target(
        "myear.medical_resident",
        "是否参加新型农村合作医疗(城乡居民基本医疗保险)", "是否参加新农合", "是否参加新型农村合作医疗", "是否参加城乡居民基本医疗保险", "新农合", "城乡居民医保",
        "是否参加城乡居民医保",
    ),
    _target("myear.medical_employee", "是否参加城镇职工基本医疗保险", "职工医保", "是否参加职工医保"),
    _target("myear.medical_serious", "参加大病医疗", "是否参加大病保险", "是否参加大病医疗", "大病保险"),
    _target("myear.medical_commercial", "是否参加商业补充医疗保险", "商业补充医疗保险"),
    _target("myear.pension_resident", "是否参加城乡居民基本养老保险", "是否参加新型养老保险", "是否参加新型农村养老保险", "新农保", "城乡居民养老保险"),
    _target("myear.pension_employee", "是否参加城镇职工基本养老保险", "职工养老保险"),
    _target("myear.accident_subsidy", "是否享受人身意外保险补贴", "人身意外保险补贴"),
    _target("myear.low_income", "是否享受低保", "是否享受农村居民最低生活保障", "享受低保政策情况", "低保"),
    _target("myear.special_support", "是否特困供养人员", "享受特困供养政策情况", "特困供养"),
    _target("myear.serious_illness_aid", "是否接受大病医疗救助"),
    _target("myear.other_health_aid", "是否接受其他健康扶贫", "是否接受其他健康帮扶"),
    _target("myear.in_military", "是否现役军人", "现役军人"),
    _target("myear.speaks_mandarin", "是否会讲普通话"),
    _target("myear.works_abroad", "是否国外务工"),
    # Known, and rightly left out
    Target(
        IGNORED,
        gettext_lazy("不导入"),
        (
            "序号", "编号", "省", "市", "市(州)", "省(区、市)", "当前家庭人口数", "年收入", "年收入(元)", "家庭总收入", "产业分类", "残疾证办证年度", "到户产业帮扶类型",
            "大专或本科毕业生未就业原因", "是否事实无人抚养儿童", "公安姓名", "公安性别", "公安民族", "公安户类型", "公安人员状态", "年龄", "备注",
        ),
        ignored=True,
    ),
)  # fmt: skip

# Verbatim headings of the families, to name a file. Files differ in a few columns; the nearest family gives the name.
FAMILIES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "A": (
        gettext_lazy("全国系统贫困户名单（28 列）"),
        ("户编号", "人编号", "姓名", "证件号码", "人数", "与户主关系", "民族", "文化程度", "在校生状况", "健康状况", "劳动技能", "务工状况", "务工时间", "参加大病医疗", "脱贫属性",
         "脱贫年度", "贫困户属性", "主要致贫原因", "危房户", "饮水安全", "饮水困难", "人均纯收入", "联系电话", "行政村", "自然村"),
    ),
    "B": (
        gettext_lazy("全国系统贫困人口名单（21 列）"),
        ("户编号", "人编号", "姓名", "证件号码", "人数", "与户主关系", "民族", "文化程度", "在校生状况", "健康状况", "劳动技能", "务工时间", "参加大病医疗", "脱贫属性", "贫困户属性",
         "主要致贫原因", "行政村", "自然村"),
    ),
    "C": (
        gettext_lazy("贫困村名单"),
        ("行政区划编码", "负责人", "村办公电话", "村属性", "是否出列", "总户数", "总人口数", "自然村数", "贫困户数", "贫困人口数", "低保人口数"),
    ),
    "CH": (
        gettext_lazy("帮扶队伍名单"),
        ("单位名称", "姓名", "性别", "职务", "队长/队员/结对帮扶责任人", "户数", "户主姓名(组别)", "办公电话", "手机"),
    ),
    "D": (
        gettext_lazy("2017 年全国系统导出表（27 列）"),
        ("户编号", "人编号", "姓名", "性别", "证件号码", "人数", "与户主关系", "民族", "文化程度", "在校生状况", "健康状况", "劳动能力", "务工状况", "务工时间", "是否参加新农合",
         "是否参加新型养老保险", "是否参加城镇职工基本养老保险", "脱贫属性", "贫困户属性", "主要致贫原因", "人均纯收入", "联系电话", "开户银行名称", "银行卡号"),
    ),
    "F": (
        gettext_lazy("2021 年人口导出表（47 列）"),
        ("户编号", "人口编号", "姓名", "性别", "出生日期", "证件类型", "证件号码", "民族", "户联系电话", "成员联系电话", "年度", "与户主关系", "文化程度", "在校生状况", "劳动技能",
         "务工时间", "健康状况", "政治面貌", "务工企业名称", "是否享受低保", "是否参加大病保险", "就业渠道", "残疾类别", "户主姓名", "户主证件号码"),
    ),
    "G": (
        gettext_lazy("2021 年以后“全字段”导出表"),
        ("户编号", "户类型", "监测对象类别", "工资性收入", "转移性收入", "生产经营性收入", "财产性收入", "纯收入", "年度家庭人口数", "人均纯收入", "耕地面积", "林地面积", "入户路类型",
         "与村主干路距离", "是否危房户", "住房面积", "主要燃料类型", "是否解决安全饮用水", "公益性岗位收入", "是否有卫生厕所"),
    ),
    "G2": (
        gettext_lazy("帮扶责任人结对表"),
        ("单位名称", "隶属关系", "姓名", "联系人电话", "户主个人编号", "户主姓名", "帮扶开始时间", "帮扶结束时间", "帮扶责任人编号", "帮扶单位编号"),
    ),
    "H": (
        gettext_lazy("监测对象信息表"),
        ("户编号", "监测对象类别", "享受低保政策情况", "享受特困供养政策情况", "整户无劳动能力兜底保障户", "风险是否已消除", "识别监测时间", "在校生状况", "劳动技能"),
    ),
    "I": (
        gettext_lazy("贫困户基本情况表"),
        ("家庭编号", "旗区", "苏木乡", "户主姓名", "证件号码", "识别标准", "贫困户属性", "主要致贫原因", "其他致贫原因", "家庭人口", "家庭住址", "是否军烈属", "是否独生子女户", "是否双女户",
         "联系电话", "开户银行名称", "银行卡号"),
    ),
    "J": (
        gettext_lazy("县级收入表"),
        ("行政县", "户编号", "人编号", "身份证号", "家庭人口数", "奖扶金", "低保金", "特困供养金", "养老保险金", "生态补偿金", "其他转移性收入合计", "转移性收入合计", "工资性收入",
         "生产经营性收入", "家庭总收入", "生产经营性支出", "人均纯收入"),
    ),
}  # fmt: skip
OTHER_FAMILY = "other"
NOT_HOUSEHOLDS = ("C", "CH", "G2")  # recognised, so that the refusal can say what the file is


_BRACKETED = re.compile(r"\([^()]*\)")
_PAGE_NOTE = re.compile(r"页面.*$")


@functools.lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A heading as compared: newlines, blanks, full-width brackets, leading stars and trailing colons made equal."""
    text = unicodedata.normalize("NFKC", text)
    text = (
        re.sub(r"[\s\u200b\ufeff_]+", "", text)
        .replace("[", "(")
        .replace("]", ")")
        .replace("【", "(")
        .replace("】", ")")
    )
    text = text.replace(",", "、").replace("/", "")
    return text.strip("*:：。.·'\"").casefold()


def _spellings(heading: str) -> list[str]:
    """Ever looser spellings of a heading, the exact one first."""
    exact = plain(heading)
    found = [exact, _PAGE_NOTE.sub("", exact)]
    found.append(_BRACKETED.sub("", found[-1]))
    found += [re.sub(r"^(是否|有无)", "", found[-1]), re.sub(r"^(户|家庭)(?=联系电话)", "", found[-1])]
    return [text for text in dict.fromkeys(found) if text]


class Catalogue:
    """The headings known of one kind of sheet, and the keys they stand for. `least` different ones make a row the heading."""

    def __init__(self, targets: Sequence[Target], least: int = LEAST_MATCHES) -> None:
        self.by_key = {target.key: target for target in targets}
        self.least = least
        self.known: dict[str, str] = {}
        for target in targets:
            for heading in target.headings:
                self.known.setdefault(plain(heading), target.key)
        for target in targets:
            for heading in target.headings:
                for spelling in _spellings(heading):
                    self.known.setdefault(spelling, target.key)

    def find(self, heading: str, remembered: Mapping[str, str] | None = None) -> str | None:
        """The key of a heading, `IGNORED` for a known but unwanted one, None for an unknown one.

        `remembered` maps plain headings to keys chosen by users earlier; it goes before the catalogue.
        """
        if not heading or len(heading) > 80:
            return None
        exact = plain(heading)
        if remembered and exact in remembered:
            return remembered[exact]
        return next((self.known[spelling] for spelling in _spellings(heading) if spelling in self.known), None)

    def find_table(
        self, sheet: str, rows: Iterable[tuple[int, Sequence[str]]], remembered: Mapping[str, str] | None = None
    ) -> Table | None:
        """The heading in the first rows of a sheet: the row, or two neighbouring rows, that know most headings.

        None where no row knows `least` different ones.
        """
        first: list[tuple[int, list[str]]] = []
        for number, cells in rows:
            first.append((number, [str(cell) for cell in cells]))
            if len(first) >= HEADING_ROWS:
                break
        best: tuple[int, int, list[str]] | None = None
        for position, (number, cells) in enumerate(first):
            score = self._score(cells, remembered)
            if score >= self.least and (best is None or score > best[0]):
                best = (score, number, cells)
            if position + 1 < len(first) and score >= 2:
                below_number, below = first[position + 1]
                if self._score(below, remembered) >= 2 and not _looks_like_data(below):
                    merged = self._merged(cells, below, remembered)
                    both = self._score(merged, remembered)
                    if both >= self.least and both > max(score, best[0] if best else 0):
                        best = (both, below_number, merged)
        if best is None:
            return None
        score, number, texts = best
        columns: list[Column] = []
        taken: set[str] = set()
        for index, text in enumerate(texts):
            if not text.strip():
                continue
            key = self.find(text, remembered) or ""
            repeated = key in taken and key != IGNORED
            columns.append(Column(index, re.sub(r"\s+", "", text)[:60], key, repeated))
            taken.add(key)
        return Table(sheet, number, columns, heading_texts(columns), score)

    def _score(self, texts: Sequence[str], remembered: Mapping[str, str] | None) -> int:
        keys = {self.find(text, remembered) for text in texts if text}
        return len(keys - {None})

    def _merged(self, upper: Sequence[str], lower: Sequence[str], remembered: Mapping[str, str] | None) -> list[str]:
        """One heading a column out of two rows, where the upper one spans several columns (only its first cell carries text)."""
        found, group = [], ""
        for index in range(max(len(upper), len(lower))):
            above = upper[index].strip() if index < len(upper) else ""
            below = lower[index].strip() if index < len(lower) else ""
            group = above or group
            if not below or above and not self.find(below, remembered) and self.find(above, remembered):
                found.append(above)
            elif self.find(below, remembered) or not group:
                found.append(below)
            else:
                found.append(f"{group}{below}" if group != below else below)
        return found


def suggest(heading: str, limit: int = 3) -> list[Target]:
    """The targets of ledgers whose headings read most like this one, best first."""
    exact = _BRACKETED.sub("", plain(heading)) or plain(heading)
    scored: dict[str, float] = {}
    for text, key in HOUSEHOLDS.known.items():
        if key == IGNORED:
            continue
        score = difflib.SequenceMatcher(None, exact, text).ratio()
        if len(exact) > 1 and (exact in text or text in exact):
            score += 0.3
        scored[key] = max(score, scored.get(key, 0))
    best = sorted(scored, key=lambda key: -scored[key])[:limit]
    return [BY_KEY[key] for key in best if scored[key] >= 0.5]


@dataclass
class Column:
    """One column of a table: its heading as written and where it goes ("" = not decided, `IGNORED` = nowhere)."""

    index: int
    heading: str
    key: str = ""
    repeated: bool = False  # the same target stands further left; that one is read

    def as_json(self) -> dict[str, Any]:
        return {"index": self.index, "heading": self.heading, "key": self.key, "repeated": self.repeated}


@dataclass
class Table:
    """Where the data of one sheet stand. Rows are numbered as the spreadsheet numbers them."""

    sheet: str
    heading_row: int  # the last row of the heading; data follow
    columns: list[Column]
    heading_texts: frozenset[str] = frozenset()
    score: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def keys(self) -> set[str]:
        return {column.key for column in self.columns if column.key and column.key != IGNORED and not column.repeated}

    @property
    def unknown(self) -> list[Column]:
        return [column for column in self.columns if not column.key]

    def as_json(self) -> dict[str, Any]:
        return {
            "sheet": self.sheet,
            "heading_row": self.heading_row,
            "columns": [column.as_json() for column in self.columns],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Table:
        columns = [Column(**column) for column in data["columns"]]
        return cls(data["sheet"], data["heading_row"], columns, heading_texts(columns))


def heading_texts(columns: Iterable[Column]) -> frozenset[str]:
    return frozenset(plain(column.heading) for column in columns if column.heading)


def _looks_like_data(cells: Sequence[str]) -> bool:
    return any(re.fullmatch(r"\d{6,}[\dXx]?|1[3-9]\d{9}", cell.strip()) for cell in cells)


def family_of(tables: Iterable[Table]) -> str:
    """The letter of the nearest family, `OTHER_FAMILY` where none is near."""
    texts = {spelling for table in tables for column in table.columns for spelling in _spellings(column.heading)}
    best, best_share = OTHER_FAMILY, 0.6
    for letter, (_name, headings) in FAMILIES.items():
        share = sum(plain(heading) in texts for heading in headings) / len(headings)
        if share > best_share or (share == best_share and best == OTHER_FAMILY):
            best, best_share = letter, share
    return best


def family_name(letter: str) -> str:
    """The family in words."""
    return str(FAMILIES[letter][0]) if letter in FAMILIES else _("其他表格")


def missing_keys(tables: Sequence[Table]) -> list[str]:
    """Labels of the columns without which nothing can be matched: the household number. Every table needs one of its own."""
    return [] if tables and all("household.number" in table.keys for table in tables) else [_("户编号")]


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Targets for a select, grouped by table."""
    groups: dict[str, tuple[Any, Callable[[str], bool]]] = {
        "area": (_("所在地"), lambda key: key.startswith("area.")),
        "household": (_("户"), lambda key: key.startswith(("household.", "status.", "row."))),
        "year": (_("户年度情况"), lambda key: key.startswith("year.")),
        "income": (_("收入和支出"), lambda key: key.startswith(("income.", "total."))),
        "member": (_("家庭成员"), lambda key: key.startswith(("member.", "householder."))),
        "myear": (_("成员年度情况"), lambda key: key.startswith("myear.")),
    }
    return [
        (str(label), [(target.key, str(target.label)) for target in TARGETS if not target.ignored and test(target.key)])
        for label, test in groups.values()
    ]


HOUSEHOLDS = Catalogue(TARGETS)
BY_KEY, find, find_table = HOUSEHOLDS.by_key, HOUSEHOLDS.find, HOUSEHOLDS.find_table
