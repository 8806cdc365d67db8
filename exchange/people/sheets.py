"""Sheets of helpers and teams as they circulate: which column is what, and each row in plain words with what is wrong with it by itself."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cadres.codelists import POLITICS, SEX
from cadres.models import Affiliation
from cadres.services.base import FIRST_DAY
from common import identity, text
from common.pii import without_numbers
from common.spreadsheets import Workbook, WorkbookError
from exchange import headings
from exchange.flow import ExchangeError, sentence
from exchange.headings import IGNORED, Catalogue, Table, Target
from exchange.normalise import (
    EMPTY_IN_CODES,
    ERROR,
    HOLD,
    NOTE,
    Issue,
    UnreadableError,
    blank,
    code_value,
    date_value,
    free_text,
    half_width,
    name_value,
    parse_household_number,
    phone_value,
    special_cell,
    yes_no,
)
from exchange.reading import Lines, not_data

PAIRINGS, HELPERS = "G2", "CH"  # the two families
VILLAGES = "C"

TARGETS = (
    Target("area.county", gettext_lazy("县（市、区、旗）"), ("县(市、区、旗)", "县(区)", "县", "区县", "县区", "旗区", "旗县")),
    Target("area.township", gettext_lazy("乡（镇）"), ("乡(镇)", "镇(乡)", "乡", "乡镇", "镇", "苏木乡", "乡镇名称", "所属乡镇")),
    Target(
        "area.village", gettext_lazy("行政村"),
        ("行政村", "村", "村名", "帮扶村", "驻村", "派驻村", "所驻村", "驻村名称", "行政村名称", "所属村", "村(社区)", "嘎查村", "噶查村"),
    ),
    Target("area.code", gettext_lazy("村区划代码"), ("行政区划编码", "行政区划代码", "村区划码", "行政村代码", "村编码", "村代码", "区划代码")),
    Target(
        "unit.name", gettext_lazy("单位名称"),
        ("单位名称", "帮扶单位", "帮扶单位名称", "单位", "工作单位", "所在单位", "派出单位", "派驻单位", "选派单位", "结对单位"),
    ),
    Target("unit.number", gettext_lazy("帮扶单位编号"), ("帮扶单位编号", "单位编号")),
    Target("unit.affiliation", gettext_lazy("隶属关系"), ("隶属关系", "单位隶属关系", "单位隶属")),
    Target(
        "cadre.name", gettext_lazy("姓名"),
        ("姓名", "帮扶责任人", "帮扶责任人姓名", "帮扶人", "帮扶人姓名", "干部姓名", "帮扶干部", "结对干部", "结对帮扶人", "队员姓名"),
    ),
    Target("cadre.number", gettext_lazy("帮扶责任人编号"), ("帮扶责任人编号", "帮扶人编号", "责任人编号")),
    Target(
        "cadre.id_number", gettext_lazy("证件号码"),
        ("证件号码", "身份证号", "身份证号码", "身份证", "公民身份号码", "帮扶责任人证件号码", "帮扶责任人身份证号", "帮扶人身份证号", "帮扶人证件号码"),
    ),
    Target("cadre.sex", gettext_lazy("性别"), ("性别",)),
    Target("cadre.title", gettext_lazy("职务"), ("职务", "行政职务", "职务(职称)", "单位职务")),
    Target("cadre.politics", gettext_lazy("政治面貌"), ("政治面貌",)),
    Target(
        "cadre.phone", gettext_lazy("手机"),
        ("手机", "手机号", "手机号码", "移动电话", "联系人电话", "联系电话", "电话", "帮扶责任人电话", "帮扶责任人联系电话", "帮扶人电话", "帮扶人联系电话"),
    ),
    Target("cadre.office", gettext_lazy("办公电话"), ("办公电话", "办公室电话", "座机", "固定电话")),
    Target(
        "place.role", gettext_lazy("队长/队员/结对帮扶责任人"),
        ("队长/队员/结对帮扶责任人", "队长、队员、结对帮扶责任人", "队长队员", "人员类别", "人员类型", "类别", "身份", "帮扶身份", "帮扶类型", "队内职务", "工作队职务"),
    ),
    Target("help.count", gettext_lazy("户数"), ("户数", "帮扶户数", "结对户数", "帮扶贫困户数", "结对帮扶户数")),
    Target(
        "help.householders", gettext_lazy("户主姓名"),
        ("户主姓名(组别)", "户主姓名", "户主", "帮扶户主", "帮扶户主姓名", "贫困户户主", "贫困户姓名", "结对户", "帮扶对象", "帮扶户姓名"),
    ),
    Target("help.number", gettext_lazy("户编号"), ("户编号", "家庭编号", "户号", "农户编号", "贫困户编号", "户编码")),
    Target("help.id_number", gettext_lazy("户主证件号码"), ("户主证件号码", "户主身份证号", "户主身份证号码", "户主证件号")),
    Target("help.starts_on", gettext_lazy("帮扶开始时间"), ("帮扶开始时间", "开始时间", "结对时间", "结对开始时间", "帮扶起始时间")),
    Target("help.ends_on", gettext_lazy("帮扶结束时间"), ("帮扶结束时间", "结束时间", "结对结束时间", "帮扶终止时间")),
    Target("help.is_lead", gettext_lazy("是否牵头"), ("是否牵头", "是否牵头人", "牵头", "牵头人")),
    Target(
        IGNORED, gettext_lazy("不导入"),
        ("序号", "编号", "省", "市", "市(州)", "省(区、市)", "省(自治区)", "户主个人编号", "户主人口编号", "户主联系电话", "户主电话", "民族", "年龄", "出生日期", "出生年月",
         "文化程度", "备注", "结果", "原因"),
        ignored=True,
    ),
)  # fmt: skip
CATALOGUE = Catalogue(TARGETS)
SECRET = frozenset(("cadre.phone", "cadre.office", "cadre.id_number", "help.id_number"))
FILLED_DOWN = (
    "unit.name",
    "unit.affiliation",
    "area.county",
    "area.township",
    "area.village",
)  # merged over a block of rows
DITTO = frozenset(("同上", "〃", "″", '"', "同前"))
NEEDED = {
    PAIRINGS: (("help.number",), ("cadre.name",), ("help.starts_on",)),
    HELPERS: (("cadre.name",), ("place.role",), ("area.village", "area.code")),
}


@dataclass(slots=True)
class Named:
    """A householder as named in a cell, with the hamlet in brackets behind it."""

    name: str
    hamlet: str = ""

    def __str__(self) -> str:
        return f"{self.name}（{self.hamlet}）" if self.hamlet else self.name


@dataclass(slots=True)
class Listed:
    """One row. Texts that are not there are "", everything else None. `issues` are sentences without the row's number."""

    sheet: str
    row_no: int
    unit: str = ""
    unit_number: str = ""
    affiliation: str = ""
    name: str = ""
    number: str = ""
    identity: identity.Identity | None = None
    sex: str = ""
    title: str = ""
    politics: str = ""
    phone: str = ""
    area: dict[str, str] = field(default_factory=dict)
    is_leader: bool = False
    is_secretary: bool = False
    in_team: bool = False
    helps: bool = False
    named: list[Named] = field(default_factory=list)  # of a list of helpers
    household: str = ""  # of a list of pairings: the household's number
    householder: str = ""
    householder_id: str = ""  # as typed
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    is_lead: bool | None = None
    issues: list[Issue] = field(default_factory=list)

    def wrong(self, level: str) -> str:
        """What keeps the whole row out at a level, as one text."""
        return "；".join(dict.fromkeys(issue.text for issue in self.issues if issue.level == level))


# -- which sheets ---------------------------------------------------------------------------------------------------------------


def find_tables(book: Workbook) -> tuple[str, list[Table], list[str]]:
    """(family, its tables, sentences about the file). Raises ExchangeError where the workbook holds no such sheet, or none we can use."""
    tables: list[tuple[str, Table]] = []
    lacking: list[str] = []
    left_out: list[str] = []
    for sheet in book.sheet_names:
        try:
            table = CATALOGUE.find_table(sheet, book.rows(sheet))
            other = headings.find_table(sheet, book.rows(sheet))
        except WorkbookError as error:
            raise ExchangeError(sentence(str(error))) from error
        best = max((each for each in (table, other) if each), key=lambda each: each.score, default=None)
        family = headings.family_of([best]) if best else ""
        if family not in (headings.OTHER_FAMILY, PAIRINGS, HELPERS, ""):
            lacking.append(_not_people(family))
        elif table is None:
            left_out.append(sheet)
        elif missing := _missing(table):
            lacking.append(missing)
        else:
            tables.append((_kind(table), table))
    kinds = {kind for kind, _table in tables}
    if not tables:
        raise ExchangeError(lacking[0] if lacking else _nothing_found())
    if len(kinds) > 1:
        raise ExchangeError(_("文件里既有结对名单，又有帮扶队伍名单，请分成两个文件上传。"))
    found = [table for _kind_of, table in tables]
    return kinds.pop(), found, lacking + _notes(found, left_out)


def _nothing_found() -> str:
    return _(
        "没有在前 %(rows)s 行找到认得的表头。结对名单要有“户编号”“姓名”“帮扶开始时间”等列，帮扶队伍名单要有“姓名”“队长/队员/结对帮扶责任人”“村”等列。"
    ) % {"rows": headings.HEADING_ROWS}


def _not_people(family: str) -> str:
    if family == VILLAGES:
        return _(
            "这是“贫困村名单”。其中贫困户、低保、五保等户数和人数由台账算出，负责人、办公电话、村属性、是否出列和全村的总户数、总人口数系统里没有这些栏目，所以没有可以导入的内容；村的语言、产业和位置请在村情中填写。"
        )
    return _("这是“%(family)s”，不是帮扶队伍或结对名单，请到“导入农户数据”上传。") % {
        "family": headings.family_name(family)
    }


def _kind(table: Table) -> str:
    return PAIRINGS if "help.number" in table.keys else HELPERS


def _missing(table: Table) -> str:
    lacking = [
        str(_("、").join(str(CATALOGUE.by_key[key].label) for key in keys))
        for keys in NEEDED[_kind(table)] if not table.keys.intersection(keys)
    ]  # fmt: skip
    if not lacking:
        return ""
    words = {"labels": "”“".join(lacking), "sheet": table.sheet}
    return _("工作表“%(sheet)s”没有“%(labels)s”这一列，请补上再上传；可以下载模板对照表头。") % words


def _notes(tables: Sequence[Table], left_out: Sequence[str]) -> list[str]:
    notes = []
    if left_out:
        notes.append(_("工作表“%(sheets)s”没有这类数据，没有读取。") % {"sheets": "”“".join(left_out[:10])})
    for table in tables:
        unread = [column.heading for column in table.columns if not column.key]
        if unread:
            notes.append(_("“%(headings)s”这样的列不认得，没有读取。") % {"headings": "”“".join(unread[:10])})
        repeated = [column.heading for column in table.columns if column.repeated]
        if repeated:
            notes.append(_("“%(headings)s”一列重复，只读最左边的一列。") % {"headings": "”“".join(repeated[:10])})
    return notes


# -- values ---------------------------------------------------------------------------------------------------------------------

_AFFILIATIONS = {
    "省": Affiliation.PROVINCE, "中央": Affiliation.PROVINCE, "市": Affiliation.CITY, "州": Affiliation.CITY, "县": Affiliation.COUNTY,
    "区": Affiliation.COUNTY, "旗": Affiliation.COUNTY, "乡": Affiliation.TOWNSHIP, "镇": Affiliation.TOWNSHIP, "村": Affiliation.VILLAGE,
}  # fmt: skip
_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,30}")


def affiliation_value(raw: str) -> str | None:
    """省直, 市直, 县直机关, 乡镇, 村级: by its first character, as no two begin with the same."""
    word = "".join(half_width(raw).split())
    if word in EMPTY_IN_CODES:
        return None
    found = next((value for start, value in _AFFILIATIONS.items() if word.startswith(start)), None)
    if found is None:
        raise UnreadableError(_("应为省直、市直、县直、乡镇或村级"))
    return found.value


def number_value(raw: str) -> str | None:
    """A number of the national system, which must have kept all its digits."""
    word = re.sub(r"[\s\u200b\ufeff'`‘’]+", "", half_width(raw)).removesuffix(".0")
    if word in EMPTY_IN_CODES:
        return None
    if identity.looks_scientific(word):
        raise UnreadableError(_("被表格软件改成了科学计数法，末尾几位已经丢失，请把该列设为文本后重新导出"))
    if not _NUMBER.fullmatch(word):
        raise UnreadableError(_("只能由数字、字母和横线组成，最多 30 位"))
    return word


def unit_value(raw: str) -> str:
    try:
        name = "".join(text.normalise_text(raw).split())
    except ValidationError as error:
        raise UnreadableError(error.messages[0].rstrip("。")) from error
    if not 1 < len(name) <= 120:
        raise UnreadableError(_("应为 2 至 120 个字"))
    return name


def role_value(raw: str) -> dict[str, bool]:
    """队长, 队员, 副队长, 第一书记, 队长（第一书记）, 第一书记兼队长, 结对帮扶责任人, and several of them in one cell."""
    word = "".join(half_width(raw).split())
    is_secretary = "第一书记" in word
    is_leader = "队长" in word.replace("副队长", "")
    in_team = is_secretary or is_leader or "队员" in word or "副队长" in word
    helps = any(part in word for part in ("帮扶", "结对", "责任人"))
    if not in_team and not helps:
        raise UnreadableError(_("应为队长、队员、第一书记或结对帮扶责任人"))
    return {"is_leader": is_leader, "is_secretary": is_secretary, "in_team": in_team, "helps": helps}


_BETWEEN = re.compile(r"[、，,;；/|\n\r]+")
_COUNTED = re.compile(r"(?:等|共)\s*\d*\s*户?$")
_ORDER = re.compile(r"^\s*\d+\s*[.、):：）]?\s*|\d+\s*$")
_HAMLET = re.compile(r"\s*\(([^()]*)\)\s*")


def householders(raw: str) -> list[Named]:
    """The names of a cell: 张三（一组）、李四 (二组)，王　五 赵六; a blank inside a name of two characters divides nothing."""
    plain = half_width(raw).replace("[", "(").replace("]", ")").replace("【", "(").replace("】", ")")
    plain = re.sub(r"\s*\(([^()]*)\)", lambda found: "(" + "".join(found[1].split()) + ")", plain)
    found: list[Named] = []
    for part in _BETWEEN.split(_COUNTED.sub("", plain.strip())):
        for piece in _pieces(part):
            hamlet = _HAMLET.search(piece)
            name = _ORDER.sub("", _HAMLET.sub("", piece)).strip()
            if name:
                found.append(Named(name_value(name), hamlet[1] if hamlet else ""))
    return found


def _pieces(part: str) -> list[str]:
    """A part between two separators, divided at its blanks; 王 五 is one name, and so is a name in letters or with a middle dot."""
    words = re.sub(r"\)(?=\S)", ") ", part).split()
    if not any("\u3400" <= character <= "\u9fff" for character in part) or "·" in part:
        return [" ".join(words)] if words else []
    pieces: list[str] = []
    for word in words:
        if pieces and len(pieces[-1]) == 1 and len(_HAMLET.sub("", word)) == 1:
            pieces[-1] += word
        else:
            pieces.append(word)
    return pieces


def count_value(raw: str) -> int | None:
    word = re.sub(r"[\s户]", "", half_width(raw)).removesuffix(".0")
    if word in EMPTY_IN_CODES:
        return None
    if not re.fullmatch(r"\d{1,4}", word):
        raise UnreadableError(_("不是整数"))
    return int(word)


def _code(code_list: Any) -> Callable[[str], Any]:
    return code_value(code_list)


PARSERS: dict[str, Callable[[str], Any]] = {
    "area.county": free_text(60), "area.township": free_text(60), "area.village": free_text(60), "area.code": free_text(20),
    "unit.name": unit_value, "unit.number": number_value, "unit.affiliation": affiliation_value, "cadre.name": name_value,
    "cadre.number": number_value, "cadre.sex": _code(SEX), "cadre.title": free_text(60), "cadre.politics": _code(POLITICS),
    "cadre.phone": phone_value, "cadre.office": phone_value, "place.role": role_value, "help.count": count_value,
    "help.number": parse_household_number, "help.starts_on": date_value, "help.ends_on": date_value, "help.is_lead": yes_no,
}  # fmt: skip
# What cannot be read keeps the row out where it says who or what is meant; elsewhere it is told and not written.
KEYS = frozenset(
    (
        "unit.name",
        "cadre.name",
        "cadre.number",
        "unit.number",
        "place.role",
        "help.number",
        "help.starts_on",
        "help.ends_on",
        "help.is_lead",
    )
)


def _label(key: str) -> str:
    return str(CATALOGUE.by_key[key].label)


# -- rows -----------------------------------------------------------------------------------------------------------------------


class Reader:
    """The rows of all tables of a file. `lines` counts what stood there, complete when `rows` has ended."""

    def __init__(self, book: Workbook, family: str, tables: Sequence[Table], *, today: dt.date) -> None:
        self.book = book
        self.family = family
        self.tables = tables
        self.today = today
        self.lines = Lines()
        self._above: dict[str, str] = {}

    def rows(self) -> Iterator[Listed]:
        for table in self.tables:
            at = {c.key: c.index for c in table.columns if c.key and c.key != IGNORED and not c.repeated}
            self._above = {}
            for row_no, cells in self.book.rows(table.sheet):
                if row_no <= table.heading_row:
                    continue
                filled = [cell for cell in cells if cell and not cell.isspace()]
                kind = not_data(cells, filled, table) or self._remark(at, cells, filled)
                if self.lines.counts(kind):
                    if kind != "blank":
                        self._above = {}  # a new block begins
                    continue
                self.lines.data += 1
                yield self._listed(table.sheet, row_no, at, cells)

    @staticmethod
    def _remark(at: dict[str, int], cells: Sequence[str], filled: Sequence[str]) -> str:
        """A title or a note between the data: hardly anything, and nobody's name."""
        name_at = at["cadre.name"]
        return "heading" if len(filled) <= 2 and (name_at >= len(cells) or blank(cells[name_at])) else ""

    def _listed(self, sheet: str, row_no: int, at: dict[str, int], cells: Sequence[str]) -> Listed:
        row = Listed(sheet, row_no)
        found: dict[str, Any] = {}
        for key, index in at.items():
            value = self._value(row, key, cells[index] if index < len(cells) else "")
            if value not in (None, ""):
                found[key] = value
        self._put(row, found)
        return row

    def _value(self, row: Listed, key: str, raw: str) -> Any:
        if raw.__class__ is not str:
            raw = special_cell(row.issues, _label(key), raw, ERROR if key in KEYS or key in SECRET else NOTE)
            if not raw:
                return None
        if key in FILLED_DOWN:
            raw = self._filled(row, key, raw)
        if blank(raw):
            return None
        if key in ("help.householders", "cadre.id_number", "help.id_number"):
            return raw
        try:
            return PARSERS[key](raw)
        except UnreadableError as error:
            shown = "" if key in SECRET else f"“{without_numbers(raw.strip()[:30])}”"
            tail = str(error) if key in KEYS else _("%(wrong)s，没有写入") % {"wrong": error}
            text = tail if key in ("cadre.name", "help.number") else f"「{_label(key)}」{shown}{tail}"
            row.issues.append(Issue(ERROR if key in KEYS else NOTE, _label(key), text))
            return None

    def _filled(self, row: Listed, key: str, raw: str) -> str:
        """The cell, or where it is blank the one above: units and villages are merged over their people."""
        if not blank(raw) and raw.strip() not in DITTO:
            self._above[key] = raw
            return raw
        above = self._above.get(key, "")
        if above and key == "unit.name":
            row.issues.append(Issue(NOTE, _label(key), _("没有写单位，按上面一行的“%(unit)s”") % {"unit": above}))
        return above

    def _put(self, row: Listed, found: dict[str, Any]) -> None:
        row.unit, row.unit_number = found.get("unit.name", ""), found.get("unit.number", "")
        row.affiliation = found.get("unit.affiliation", "")
        row.name, row.number = found.get("cadre.name", ""), found.get("cadre.number", "")
        row.sex, row.title = found.get("cadre.sex", ""), found.get("cadre.title", "")
        row.politics = found.get("cadre.politics", "")
        row.phone = found.get("cadre.phone", "") or found.get("cadre.office", "")
        row.area = {key.partition(".")[2]: value for key, value in found.items() if key.startswith("area.")}
        row.is_lead = found.get("help.is_lead")
        if not row.name and not any(issue.level == ERROR for issue in row.issues):
            row.issues.append(Issue(ERROR, _("姓名"), _("没有写姓名，请补上")))
        self._put_identity(row, found.get("cadre.id_number", ""))
        if self.family == PAIRINGS:
            self._put_pairing(row, found)
        else:
            self._put_helper(row, found)

    def _put_identity(self, row: Listed, raw: str) -> None:
        if not raw:
            return
        try:
            row.identity = identity.parse(raw, today=self.today)
        except identity.IdentityError as error:
            row.issues.append(Issue(ERROR, _("证件号码"), str(error)))
            return
        if row.identity.kind == identity.Kind.NONE:
            row.identity = None
        elif row.sex and row.identity.sex != row.sex:
            row.issues.append(Issue(NOTE, _("性别"), _("性别与证件号码不一致，以证件号码为准")))
        row.sex = (row.identity.sex if row.identity else "") or row.sex

    def _put_pairing(self, row: Listed, found: dict[str, Any]) -> None:
        row.household = found.get("help.number", "")
        row.householder_id = found.get("help.id_number", "")
        row.starts_on, row.ends_on = found.get("help.starts_on"), found.get("help.ends_on")
        label = _label("help.number")
        if not row.household and not any(issue.label == label for issue in row.issues):
            row.issues.append(Issue(ERROR, label, _("没有写户编号，不知道帮扶哪一户，请补上")))
        if raw := found.get("help.householders", ""):
            try:
                row.householder = name_value(_HAMLET.sub("", half_width(raw)))
            except UnreadableError as error:
                row.issues.append(Issue(NOTE, _("户主姓名"), str(error)))
        if row.starts_on and row.starts_on < FIRST_DAY:
            row.issues.append(Issue(ERROR, _("帮扶开始时间"), _("帮扶开始时间早于 1990 年，请核对")))
        if row.starts_on and row.starts_on > self.today:
            row.issues.append(Issue(ERROR, _("帮扶开始时间"), _("帮扶开始时间在今天之后，请核对")))
        if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
            row.issues.append(Issue(ERROR, _("帮扶结束时间"), _("帮扶结束时间早于开始时间，请核对")))
        elif row.ends_on and row.ends_on > self.today:
            row.issues.append(Issue(NOTE, _("帮扶结束时间"), _("帮扶结束时间还没有到，按现任帮扶责任人登记")))
            row.ends_on = None

    def _put_helper(self, row: Listed, found: dict[str, Any]) -> None:
        for name, value in (found.get("place.role") or {}).items():
            setattr(row, name, value)
        if not found.get("place.role") and not row.wrong(ERROR):
            row.issues.append(
                Issue(ERROR, _("队长/队员/结对帮扶责任人"), _("没有写是队长、队员还是结对帮扶责任人，请补上"))
            )
        try:
            row.named = householders(found.get("help.householders", ""))
        except UnreadableError as error:
            row.issues.append(Issue(HOLD, _("户主姓名"), _("户主姓名这一格读不出来：%(wrong)s") % {"wrong": error}))
        row.helps = row.helps or bool(row.named)
        count = found.get("help.count")
        if count is not None and count != len(row.named):
            words = {"count": count, "named": len(row.named)}
            row.issues.append(
                Issue(HOLD, _("户数"), _("户数是 %(count)s，户主姓名却有 %(named)s 个，请核对后重填") % words)
            )
