"""What a column of an outgoing spreadsheet can hold: one declared list, keyed like the targets of an import where there is one.

A field says where its value stands (`source`), which columns of that table it reads and how the value is written; `SOURCES` says which
of them rows of a kind can tell. Labels of official lists are written in Chinese in every language, because the file goes to the superior.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from cadres import codelists as cadre_codelists
from cadres.models import Affiliation
from common.codes import CodeList
from common.streamed import IDENTIFIER, MONEY, NUMBER, TEXT
from exchange import headings
from exchange.outgoing.counts import COUNTS
from exchange.outgoing.models import RowKind
from exchange.people import sheets
from households import codelists
from households.bulk import CODE_LISTS
from households.models import Household, HouseholdYear, Member, MemberYear, Pairing, Status
from households.models.annual import CHECKS
from households.models.status import MONITORED
from households.values import MONEY as SUMS

LABEL, CODE = "label", "code"
Record = Any  # a tuple of the columns asked for, in their order; of "income" a mapping of items to 元
Getter = Callable[[Record], Any]
Index = Mapping[str, int]

HOUSEHOLD, YEAR, INCOME, AREA, HEAD, HELPER, MEMBER, MYEAR = "household", "year", "income", "area", "head", "helper", "member", "myear"  # fmt: skip
SEQUENCE, MONITOR, VILLAGE = "sequence", "monitor", "village"
OF_MEMBER = frozenset((MEMBER, MYEAR))
OF_HOUSEHOLD = frozenset((HOUSEHOLD, YEAR, INCOME, AREA, HEAD, HELPER, SEQUENCE, MONITOR))
SOURCES: Mapping[str, frozenset[str]] = {  # of what rows of a kind can tell: rows of pairings know no single member
    RowKind.HOUSEHOLD: OF_HOUSEHOLD | OF_MEMBER, RowKind.MEMBER: OF_HOUSEHOLD | OF_MEMBER, RowKind.PAIRING: OF_HOUSEHOLD,
    RowKind.VILLAGE: frozenset((AREA, SEQUENCE, VILLAGE)),
}  # fmt: skip
GROUPS = {
    "area": _("所在地"), "village": _("村的户数和人数"), "household": _("户"), "year": _("户年度情况"), "checks": _("两不愁三保障"), "income": _("收入和支出"),
    "member": _("家庭成员"), "myear": _("成员年度情况"), "helper": _("结对帮扶"),
}  # fmt: skip
AREA_COLUMNS = ("province", "city", "county", "township", "village", "code")


@dataclass(frozen=True)
class Field:
    """One thing a column can hold. `make(index, form, full)` gives what reads it out of a record; `secret` has a masked and a full way."""

    key: str
    label: Any
    heading: str  # what the column is called unless somebody says otherwise
    group: str
    source: str
    columns: tuple[str, ...]
    make: Callable[[Index, str, bool], Getter]
    kind: str = TEXT
    has_codes: bool = False
    secret: tuple[str, str] | None = None  # (column of the full value, of the masked one)
    digested: bool = True  # whether a change of it is a change of the row

    def needs(self, full: bool) -> tuple[str, ...]:
        """Columns of the source that are read."""
        if self.secret:
            return (self.secret[0 if full else 1],)
        return self.columns


# -- how a value is written -------------------------------------------------------------------------------------------------------


def _text(column: str) -> Callable[[Index, str, bool], Getter]:
    def make(index: Index, form: str, full: bool) -> Getter:
        at = index[column]
        return lambda record: record[at]

    return make


def _day(column: str) -> Callable[[Index, str, bool], Getter]:
    def make(index: Index, form: str, full: bool) -> Getter:
        at = index[column]
        return lambda record: record[at].isoformat() if record[at] else ""

    return make


def _chosen(column: str, labels: Any, codes: Mapping[Any, str] | None = None) -> Callable[[Index, str, bool], Getter]:
    """A value out of a list: its label, or its code."""

    def make(index: Index, form: str, full: bool) -> Getter:
        at = index[column]
        words = dict(labels() if callable(labels) else labels)
        if form == CODE:
            words = dict(codes) if codes is not None else {value: str(value) for value in words}
        return lambda record: words.get(record[at], record[at])

    return make


def _yes_no(column: str) -> Callable[[Index, str, bool], Getter]:
    return _chosen(column, {True: "是", False: "否", None: ""}, {True: "1", False: "0", None: ""})


def _listed(
    column: str, codes: CodeList, many: bool = False, unmapped: bool = False
) -> Callable[[Index, str, bool], Getter]:
    """A code, or several of them with commas between. What an import could not recognise is written as it was written there."""

    def make(index: Index, form: str, full: bool) -> Getter:
        at = index[column]
        words = {code.code: code.code if form == CODE else str(code.label) for code in codes.codes}
        memo: dict[Any, str] = {}

        def read(record: Record) -> Any:
            value = record[at]
            if many:
                key = tuple(value or ())
                if key not in memo:
                    memo[key] = ",".join(words.get(part, part) for part in key)
                found = memo[key]
            else:
                found = words.get(value, value)
            return found

        if not unmapped:
            return read
        kept = index["unmapped"]
        return lambda record: read(record) or (record[kept] or {}).get(column, "")

    return make


def _sealed(open_column: str, masked_column: str) -> Callable[[Index, str, bool], Getter]:
    def make(index: Index, form: str, full: bool) -> Getter:
        if not full:
            at = index[masked_column]
            return lambda record: record[at]
        own = index[open_column]
        return lambda record: record[own].reveal() if record[own] else ""

    return make


def _first(*columns: str) -> Callable[[Index, str, bool], Getter]:
    """The first of these columns that says something."""

    def make(index: Index, form: str, full: bool) -> Getter:
        places = [index[column] for column in columns]

        def read(record: Record) -> Any:
            return next((record[at] for at in places if record[at] is not None), None)

        return read

    return make


def _item(item: str) -> Callable[[Index, str, bool], Getter]:
    return lambda index, form, full: lambda record: record.get(item)


# -- fields of the tables -----------------------------------------------------------------------------------------------------------

_MODELS: dict[str, type[models.Model]] = {
    HOUSEHOLD: Household, YEAR: HouseholdYear, MEMBER: Member, MYEAR: MemberYear,
}  # fmt: skip
_SECRETS = {
    "household.phone": ("phone", "phone_masked"), "household.bank_account": ("bank_account", "bank_account_masked"),
    "member.phone": ("phone", "phone_masked"), "member.id_number": ("id_number", "id_masked"), "householder.id_number": ("id_number", "id_masked"),
    "cadre.phone": ("cadre__phone", "cadre__phone_masked"), "cadre.id_number": ("cadre__id_number", "cadre__id_masked"),
}  # fmt: skip
_IDENTIFIERS = frozenset(("household.number", "member.number", "householder.number", "area.code", "cadre.number", "unit.number"))  # fmt: skip
_IMPORTED = {
    "year.imported_net_income": ("net_income", "imported_net_income"),
    "year.imported_per_head_income": ("per_head_income", "imported_per_head_income"),
}  # what the ledger adds up goes before what a file said


def _of_column(key: str, label: Any, heading: str, source: str, column: str, group: str) -> Field:
    """The field that writes one column of one of our tables."""
    if key in _SECRETS:
        return Field(
            key, label, heading, group, source, (), _sealed(*_SECRETS[key]), kind=IDENTIFIER, secret=_SECRETS[key]
        )
    column_of: Any = _MODELS[source]._meta.get_field(column)
    codes = CODE_LISTS.get(f"{source}.{column}") or (codelists.CHECK_STATE if column.startswith("check_") else None)
    if codes is not None:
        many = not isinstance(column_of, models.CharField)
        keeps = source in (YEAR, MYEAR)
        columns = (column, "unmapped") if keeps else (column,)
        return Field(key, label, heading, group, source, columns, _listed(column, codes, many, keeps), has_codes=True)
    if isinstance(column_of, models.BooleanField):
        return Field(key, label, heading, group, source, (column,), _yes_no(column), has_codes=True)
    if isinstance(column_of, models.DateField):
        return Field(key, label, heading, group, source, (column,), _day(column))
    kind = TEXT
    if key in _IDENTIFIERS:
        kind = IDENTIFIER
    elif column in SUMS:
        kind = MONEY
    elif isinstance(column_of, models.DecimalField | models.IntegerField):
        kind = NUMBER
    return Field(key, label, heading, group, source, (column,), _text(column), kind=kind)


# Status in the words of the superior's columns. Where the status alone does not say it, the cell stays blank.
_EXIT = {Status.OUT_OF_POVERTY: "已脱贫", Status.UNSTABLE: "已脱贫", Status.REGISTERED: "未脱贫", Status.RETURNED: "返贫", Status.STRUCK_OFF: "清退"}  # fmt: skip
_KIND = {
    Status.ORDINARY: "一般农户", Status.MARGINAL: "一般农户", Status.OUT_OF_POVERTY: "脱贫户", Status.UNSTABLE: "脱贫户", Status.REGISTERED: "建档立卡户",
    Status.RETURNED: "返贫户",
}  # fmt: skip
_WORDS = {
    Status.ORDINARY: "一般农户", Status.REGISTERED: "建档立卡户", Status.OUT_OF_POVERTY: "脱贫户", Status.UNSTABLE: "脱贫不稳定户",
    Status.MARGINAL: "边缘易致贫户", Status.HARDSHIP: "突发严重困难户", Status.RISK_REMOVED: "风险已消除", Status.RETURNED: "返贫户", Status.STRUCK_OFF: "清退",
}  # fmt: skip


def _spoken(words: Mapping[Any, str]) -> Callable[[Index, str, bool], Getter]:
    def make(index: Index, form: str, full: bool) -> Getter:
        at = index["status"]
        said = {str(status): word for status, word in words.items()}
        return lambda record: said.get(record[at], "")

    return make


def _monitored(index: Index, form: str, full: bool) -> Getter:
    """监测对象类别; of a household whose risk is removed, what it was before (in the record's second place)."""
    said = {str(status): _WORDS[status] for status in MONITORED}
    return lambda record: said.get(record[0], said.get(record[1], ""))


def _removed(index: Index, form: str, full: bool) -> Getter:
    said = dict.fromkeys(map(str, MONITORED), "否") | {str(Status.RISK_REMOVED): "是"}
    return lambda record: said.get(record[0], "")


def _age(index: Index, form: str, full: bool) -> Getter:
    at, today = index["birth_date"], dt.date.today()  # noqa: DTZ011  a calendar day

    def read(record: Record) -> Any:
        born = record[at]
        return "" if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    return read


_TOTALS = {
    "wage": "wage_income", "business": "business_income", "property": "property_income", "transfer": "transfer_income",
    codelists.EXPENSE: "business_expense",
}  # fmt: skip
_MODES = {Pairing.Mode.ONE_TO_ONE: "一对一", Pairing.Mode.MANY_TO_ONE: "多对一", Pairing.Mode.POINT_TO_POINT: "点对点"}
_AFFILIATIONS = {
    Affiliation.PROVINCE: "省直", Affiliation.CITY: "市直", Affiliation.COUNTY: "县直", Affiliation.TOWNSHIP: "乡镇", Affiliation.VILLAGE: "村级",
}  # fmt: skip


def _imported() -> list[Field]:
    """A field for every target of an import: what can be read can be written, under the same key."""
    found = []
    for target in headings.TARGETS:
        if target.ignored:
            continue
        key, label, heading = target.key, target.label, target.headings[0]
        table, _dot, name = key.partition(".")
        if key in _IMPORTED:
            own = HouseholdYear._meta.get_field(_IMPORTED[key][0]).verbose_name
            found.append(Field(key, own, heading, INCOME, YEAR, _IMPORTED[key], _first(*_IMPORTED[key]), kind=MONEY))
        elif table in _MODELS:
            found.append(_of_column(key, label, heading, table, name, table))
        elif table == "householder":
            column = "id_number" if name == "id_number" else name
            found.append(_of_column(key, label, heading, MEMBER, column, "household"))
            found[-1] = _with(found[-1], source=HEAD)
        elif table == "income":
            found.append(Field(key, label, heading, INCOME, INCOME, (), _item(name), kind=MONEY))
        elif table == "total":
            column = _TOTALS[name]
            found.append(Field(key, label, heading, INCOME, YEAR, (column,), _first(column), kind=MONEY))
        elif table == "area":
            kind = IDENTIFIER if key in _IDENTIFIERS else TEXT
            found.append(Field(key, label, heading, AREA, AREA, (name,), _text(name), kind=kind))
    return found


def _with(field: Field, **changes: Any) -> Field:
    return Field(**{name: getattr(field, name) for name in field.__dataclass_fields__} | changes)


def _more() -> list[Field]:
    """What only goes out."""
    h, m, y = HOUSEHOLD, MEMBER, YEAR
    return [
        Field(
            "row.sequence", _("序号"), "序号", AREA, SEQUENCE, (), lambda index, form, full: lambda record: record,
            kind=NUMBER, digested=False,
        ),
        Field("row.year", _("年度"), "年度", AREA, SEQUENCE, (), lambda index, form, full: lambda record: index["year"], kind=NUMBER),
        Field("area.province", _("省"), "省", AREA, AREA, ("province",), _text("province")),
        Field("area.city", _("市"), "市", AREA, AREA, ("city",), _text("city")),
        Field("household.status", _("身份状态"), "身份状态", h, h, ("status",), _spoken(_WORDS)),
        Field("status.exit", _("脱贫属性"), "脱贫属性", h, h, ("status",), _spoken(_EXIT)),
        Field("status.kind", _("户类型"), "户类型", h, h, ("status",), _spoken(_KIND)),
        Field("status.monitor", _("监测对象类别"), "监测对象类别", h, MONITOR, (), _monitored),
        Field("status.removed", _("风险是否已消除"), "风险是否已消除", h, MONITOR, (), _removed),
        Field("household.member_count", _("当前家庭人口"), "当前家庭人口数", h, h, ("member_count",), _text("member_count"), kind=NUMBER),
        Field("household.closed_on", _("销户日期"), "销户日期", h, h, ("closed_on",), _day("closed_on")),
        _with(_of_column("householder.number", _("户主人编号"), "户主个人编号", m, "number", h), source=HEAD, kind=IDENTIFIER),
        *(_of_column(f"year.check_{name}", HouseholdYear._meta.get_field(f"check_{name}").verbose_name, title, y, f"check_{name}", "checks")
          for name, title in zip(CHECKS, ("不愁吃", "不愁穿", "义务教育有保障", "基本医疗有保障", "住房安全有保障", "饮水安全有保障"), strict=True)),
        Field("year.gross_income", _("年收入"), "年收入（元）", INCOME, y, ("gross_income",), _first("gross_income"), kind=MONEY),
        Field("member.age", _("年龄"), "年龄", m, m, ("birth_date",), _age, kind=NUMBER, digested=False),
        _of_column("member.joined_on", _("增加日期"), "增加日期", m, "joined_on", m),
        Field("unit.name", _("帮扶单位"), "帮扶单位名称", HELPER, HELPER, ("cadre__unit__name",), _text("cadre__unit__name")),
        Field("unit.number", _("帮扶单位编号"), "帮扶单位编号", HELPER, HELPER, ("cadre__unit__number",), _text("cadre__unit__number"), kind=IDENTIFIER),
        Field("unit.affiliation", _("单位隶属关系"), "隶属关系", HELPER, HELPER, ("cadre__unit__affiliation",),
              _chosen("cadre__unit__affiliation", {str(k): v for k, v in _AFFILIATIONS.items()})),
        Field("cadre.name", _("帮扶责任人"), "帮扶责任人", HELPER, HELPER, ("cadre__name",), _text("cadre__name")),
        Field("cadre.number", _("帮扶责任人编号"), "帮扶责任人编号", HELPER, HELPER, ("cadre__number",), _text("cadre__number"), kind=IDENTIFIER),
        Field("cadre.sex", _("帮扶责任人性别"), "性别", HELPER, HELPER, ("cadre__sex",), _listed("cadre__sex", cadre_codelists.SEX), has_codes=True),
        Field("cadre.title", _("帮扶责任人职务"), "职务", HELPER, HELPER, ("cadre__title",), _text("cadre__title")),
        Field("cadre.politics", _("帮扶责任人政治面貌"), "政治面貌", HELPER, HELPER, ("cadre__politics",), _listed("cadre__politics", cadre_codelists.POLITICS), has_codes=True),
        Field("cadre.phone", _("帮扶责任人电话"), "联系人电话", HELPER, HELPER, (), _sealed(*_SECRETS["cadre.phone"]), kind=IDENTIFIER, secret=_SECRETS["cadre.phone"]),
        Field("cadre.id_number", _("帮扶责任人证件号码"), "帮扶责任人证件号码", HELPER, HELPER, (), _sealed(*_SECRETS["cadre.id_number"]), kind=IDENTIFIER, secret=_SECRETS["cadre.id_number"]),
        Field("help.starts_on", _("帮扶开始时间"), "帮扶开始时间", HELPER, HELPER, ("starts_on",), _day("starts_on")),
        Field("help.ends_on", _("帮扶结束时间"), "帮扶结束时间", HELPER, HELPER, ("ends_on",), _day("ends_on")),
        Field("help.is_lead", _("是否牵头"), "是否牵头", HELPER, HELPER, ("is_lead",), _yes_no("is_lead")),
        Field("help.role", _("帮扶身份"), "帮扶身份", HELPER, HELPER, ("is_lead",), lambda index, form, full: lambda record: "结对帮扶责任人"),
        Field("help.mode", _("帮扶方式"), "帮扶方式", HELPER, HELPER, ("mode",), _chosen("mode", {str(k): v for k, v in _MODES.items()})),
    ]  # fmt: skip


def _counted() -> list[Field]:
    """What is counted of a village."""
    return [
        Field(each.key, each.label, each.headings[0], VILLAGE, VILLAGE, (), _item(each.key), kind=NUMBER) for each in COUNTS
    ]  # fmt: skip


def _all() -> dict[str, Field]:
    found = {field.key: field for field in (*_imported(), *_more(), *_counted())}
    order = list(GROUPS)
    return dict(sorted(found.items(), key=lambda pair: order.index(pair[1].group)))


BY_KEY: Any = SimpleLazyObject(_all)  # {key: Field}, made when it is first asked: labels and lists are complete then


def placed(columns: Sequence[Mapping[str, str]]) -> list[tuple[int, Mapping[str, str], Field | None]]:
    """The columns of a format as (place, column, its field); None where the column stays blank."""
    return [(place, column, BY_KEY.get(column["field"])) for place, column in enumerate(columns)]


def fits(field: Field, row_kind: str) -> bool:
    """Whether rows of this kind can hold the field."""
    return field.source in SOURCES[row_kind]


def choices(row_kind: str) -> list[tuple[str, list[Field]]]:
    """Fields of rows of a kind, by group."""
    found: dict[str, list[Field]] = {name: [] for name in GROUPS}
    for field in BY_KEY.values():
        if fits(field, row_kind):
            found[field.group].append(field)
    return [(str(GROUPS[name]), fields) for name, fields in found.items() if fields]


# -- which field a heading asks for ---------------------------------------------------------------------------------------------------

_ONLY_OUT = {
    headings.plain(heading): key
    for key, names in {
        "row.sequence": ("序号",), "area.province": ("省", "省(区、市)"), "area.city": ("市", "市(州)"), "household.member_count": ("当前家庭人口数",),
        "year.gross_income": ("年收入", "年收入(元)", "家庭总收入"), "member.age": ("年龄",), "householder.number": ("户主个人编号", "户主人口编号"),
        "household.identified_on": ("识别监测时间",), "household.status": ("身份状态",), "help.mode": ("帮扶方式",), "help.role": ("帮扶身份", "队长/队员/结对帮扶责任人"),
    }.items()
    for heading in names
}  # fmt: skip
_OF_PAIRING = {
    "help.number": "household.number", "help.householders": "householder.name", "help.id_number": "householder.id_number",
}  # fmt: skip
_OF_VILLAGE = {headings.plain(heading): each.key for each in COUNTS for heading in each.headings}


def meant(heading: str, row_kind: str) -> str:
    """The key of the field that a heading asks for in rows of a kind, "" where none is known."""
    words = _OF_VILLAGE | _ONLY_OUT if row_kind == RowKind.VILLAGE else _ONLY_OUT
    key = words.get(headings.plain(heading))
    if key is None and row_kind != RowKind.PAIRING:
        key = headings.find(heading)
    if key in (None, headings.IGNORED):
        of_people = sheets.CATALOGUE.find(heading)
        if of_people and (row_kind == RowKind.PAIRING or of_people.startswith(("cadre.", "unit.", "help."))):
            key = _OF_PAIRING.get(of_people, of_people)
    if key in (None, headings.IGNORED) and row_kind == RowKind.PAIRING:
        key = headings.find(heading)
    field = BY_KEY.get(key or "")
    return field.key if field is not None and fits(field, row_kind) else ""


def columns_for(texts: Sequence[str], row_kind: str) -> list[dict[str, str]]:
    """Columns of a mapping under these headings; what is not known, or asked for twice, stays blank."""
    found, taken = [], set()
    for text in texts:
        key = meant(text, row_kind)
        if key in taken:
            key = ""
        taken.add(key)
        found.append({"heading": text, "field": key, "form": LABEL})
    return found
