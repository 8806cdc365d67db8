"""Cell text to typed values, column by column, with a sentence for everything that is wrong.

Three levels: an `error` keeps the row out until the file is corrected, a `hold` keeps it out until somebody decides, a `note` only
tells. Keys of identity (household number, name, ID number) make errors; every other fact that cannot be read makes a note, is not
written, and stays beside the record as it was written.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from common import codes, identity, phones, text
from exchange import headings
from households import codelists
from households.bulk import CODE_LISTS

ERROR, HOLD, NOTE = "error", "hold", "note"

YES = frozenset(
    [
        "是",
        "有",
        "享受",
        "已享受",
        "参加",
        "已参加",
        "参保",
        "已参保",
        "y",
        "yes",
        "true",
        "√",
        "✓",
        "对",
        "需要",
        "愿意",
        "1",
    ]
)
NO = frozenset(
    [
        "否",
        "无",
        "没有",
        "不享受",
        "未享受",
        "未参加",
        "不参加",
        "未参保",
        "不是",
        "非",
        "n",
        "no",
        "false",
        "×",
        "x",
        "✗",
        "不需要",
        "不愿意",
        "0",
        "未",
        "不",
        "未脱贫",
        "无房户",
    ]
)
EMPTY = frozenset(
    (
        "",
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\",
        "空",
        "null",
        "NULL",
        "None",
        "nan",
        "(空)",
        "（空）",
        "(空白)",
        "无数据",
        "#",
    )
)
# "NA" and "无" are words, not blanks, in a free text; in these lists they say that there is nothing.
EMPTY_IN_CODES = EMPTY | {"NA", "N/A", "n/a", "无"}

_DATE_PARTS = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D{0,2}(\d{1,2})(?:日|号)?(?:[T\s].*)?\Z", re.ASCII)
_DATE_8 = re.compile(r"(\d{4})(\d{2})(\d{2})\Z", re.ASCII)
_MONTH = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D?\Z", re.ASCII)
_YEAR = re.compile(r"(\d{4})年?(?:度)?\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_UNITS = re.compile(r"(元|万元|亩|平方米|平米|㎡|m2|公里|千米|km|米|个月|月|人|户|年|%)\Z", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,，、;；|/\n+]+|\s{1,}")
_SERIAL_DATE = re.compile(r"[2-5]\d{4}\Z", re.ASCII)  # days since 1899-12-30, as an unformatted date cell reads
_HANDICAP = re.compile(r"(视力|听力|言语|肢体|智力|精神|多重)(?:残疾)?")
_ZERO_WIDTH = re.compile("[\u200b\u200e\u200f\u2060\ufeff]")
_LEVEL = re.compile(r"([一二三四1-4])级")


class Issue(NamedTuple):
    """Something to say about a cell or a row; `text` is a whole Chinese sentence without its row number."""

    level: str
    label: str
    text: str


@dataclass(slots=True)
class Row:
    """One data row in typed values. Maps hold only what the row says: a blank cell leaves no entry."""

    sheet: str
    row_no: int
    household: dict[str, Any] = field(default_factory=dict)
    year: dict[str, Any] = field(default_factory=dict)
    income: dict[str, Decimal] = field(default_factory=dict)
    totals: dict[str, Decimal] = field(default_factory=dict)
    member: dict[str, Any] = field(default_factory=dict)
    myear: dict[str, Any] = field(default_factory=dict)
    area: dict[str, str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    row: dict[str, Any] = field(default_factory=dict)
    householder: dict[str, str] = field(default_factory=dict)
    year_unmapped: dict[str, str] = field(default_factory=dict)
    myear_unmapped: dict[str, str] = field(default_factory=dict)
    identity: identity.Identity | None = None
    issues: list[Issue] = field(default_factory=list)

    @property
    def number(self) -> str:
        return str(self.household.get("number", ""))

    @property
    def failed(self) -> bool:
        return any(issue.level == ERROR for issue in self.issues)


class UnreadableError(ValueError):
    """A cell that does not say what its column asks for; `args[0]` is the tail of a sentence."""


Parser = Callable[[str], Any]


def blank(raw: str) -> bool:
    return raw in EMPTY or not raw.strip()


def half_width(raw: str) -> str:
    return raw if raw.isascii() else unicodedata.normalize("NFKC", raw)


# -- parsers: text to value, None for "says nothing", UnreadableError for nonsense ---------------------------------------------------


def yes_no(raw: str) -> bool | None:
    word = half_width(raw).strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    if word.startswith(("是", "已", "享受")):
        return True
    if word.startswith(("否", "不", "未", "无", "没")):
        return False
    raise UnreadableError(_("应为“是”或“否”"))


def date_value(raw: str) -> dt.date:
    """20200429, 2020-4-29, 2020/04/29, 2020年4月29日, 202004, 2020; month and year stand for their first day."""
    word = half_width(raw).strip()
    if _SERIAL_DATE.match(word):
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(word))
    for pattern in (_DATE_8, _DATE_PARTS, _MONTH, _YEAR):
        found = pattern.match(word)
        if found:
            parts = [int(part) for part in found.groups()]
            try:
                day = dt.date(*(parts + [1, 1])[:3])
            except ValueError:
                continue
            if not 1850 <= day.year <= 2100:
                break
            return day
    raise UnreadableError(_("不是日期，应写成 2020-04-29 这样"))


def year_value(raw: str) -> int:
    word = half_width(raw).strip()
    found = re.match(r"(\d{4})(?:年|\D|\d{2}|$)", word, re.ASCII)
    if found and 1980 <= int(found[1]) <= 2100:
        return int(found[1])
    raise UnreadableError(_("不是年度，应写成 2020 这样"))


def decimal_value(raw: str) -> Decimal:
    """A number with or without unit, thousands separators and full-width digits. 万元 counts ten thousand."""
    word = re.sub(r"[\s,￥¥]", "", half_width(raw))
    scale = Decimal(10000) if word.endswith(("万元", "万")) else Decimal(1)
    word = _UNITS.sub("", word.removesuffix("万元").removesuffix("万"))
    if not _NUMBER.fullmatch(word):
        raise UnreadableError(_("不是数字"))
    try:
        return Decimal(word) * scale
    except InvalidOperation:
        raise UnreadableError(_("不是数字")) from None


def whole_value(raw: str) -> int:
    number = decimal_value(raw)
    if number != number.to_integral_value():
        raise UnreadableError(_("应为整数"))
    return int(number)


def bounded(parse: Parser, low: Any, high: Any, places: int | None = None) -> Parser:
    """`parse`, refusing what is below `low` or above `high`; decimals are rounded to `places`."""
    step = Decimal(1).scaleb(-places) if places is not None else None

    def parser(raw: str) -> Any:
        value = parse(raw)
        if step is not None:
            value = value.quantize(step)
        if value < low or value > high:
            raise UnreadableError(_("应在 %(low)s 至 %(high)s 之间") % {"low": low, "high": high})
        return value

    return parser


def code_value(code_list: codes.CodeList, allowed: frozenset[str] | None = None) -> Parser:
    def parser(raw: str) -> str | None:
        if raw.strip() in EMPTY_IN_CODES:
            return None
        code = code_list.find(raw.strip())
        if code is None or (allowed is not None and code not in allowed):
            raise UnreadableError(_("不在已知的选项中"))
        return code

    return parser


def code_values(code_list: codes.CodeList) -> Parser:
    """Several codes in any order; their stored order is the list's own, so that the order in a cell is no difference."""
    order = {code.code: position for position, code in enumerate(code_list.codes)}

    def parser(raw: str) -> list[str] | None:
        found = []
        for part in _SEPARATORS.split(raw.strip()):
            if not part or part in EMPTY_IN_CODES:
                continue
            code = code_list.find(part)
            if code is None:
                raise UnreadableError(_("其中“%(part)s”不在已知的选项中") % {"part": part[:20]})
            found.append(code)
        return sorted(dict.fromkeys(found), key=lambda code: order[code]) or None

    return parser


def health_values(raw: str) -> list[str] | None:
    found = _codes_of_health(raw)
    if found and len(found) > 1 and "01" in found:
        raise UnreadableError(_("“健康”不能与其他状况并列"))
    return found


_codes_of_health = code_values(codelists.HEALTH)


def free_text(limit: int) -> Parser:
    def parser(raw: str) -> str:
        value = " ".join(raw.split())
        if len(value) > limit:
            raise UnreadableError(_("超过 %(limit)s 个字") % {"limit": limit})
        return value

    return parser


def phone_value(raw: str) -> str | None:
    word = half_width(raw).strip()
    if word in EMPTY_IN_CODES or set(word) <= {"0"}:
        return None
    try:
        return phones.parse(word)
    except phones.PhoneError:
        raise UnreadableError(_("不像电话号码")) from None


def account_value(raw: str) -> str | None:
    word = re.sub(r"[\s-]", "", half_width(raw))
    if word in EMPTY_IN_CODES:
        return None
    if not re.fullmatch(r"\d{8,30}", word, re.ASCII):
        raise UnreadableError(_("不像银行卡号"))
    return word


def _parser_of(key: str) -> Parser:
    table, _dot, name = key.partition(".")
    special = SPECIAL.get(key)
    if special is not None:
        return special
    if table in ("income", "total"):
        return bounded(decimal_value, Decimal(0), Decimal("9999999999"), 2)
    model_field = headings._MODELS[table]._meta.get_field(name)
    if isinstance(model_field, models.BooleanField):
        return yes_no
    if isinstance(model_field, models.DecimalField):
        top = Decimal(10) ** (model_field.max_digits - model_field.decimal_places) - 1
        low = -top if name.startswith("imported_") else Decimal(0)
        return bounded(decimal_value, low, top, model_field.decimal_places)
    if isinstance(model_field, models.DateField):
        return date_value
    if isinstance(model_field, models.PositiveSmallIntegerField):
        return bounded(whole_value, 0, LIMITS.get(key, 60))
    code_list = CODE_LISTS.get(key)
    if code_list is not None:
        return (
            code_values(code_list)
            if code_list.multiple and not isinstance(model_field, models.CharField)
            else code_value(code_list)
        )
    return free_text(model_field.max_length or 200)


LIMITS = {"myear.work_months": 12, "myear.public_post_months": 12, "year.population": 60}
SPECIAL: dict[str, Parser] = {
    "row.year": year_value,
    "year.exit_year": year_value,
    "year.other_causes": code_values(codelists.CAUSE),
    "myear.health": health_values,
    "household.phone": phone_value,
    "member.phone": phone_value,
    "household.bank_account": account_value,
    **{
        key: free_text(60)
        for key in (
            "area.county", "area.township", "area.village", "area.code", "status.exit", "status.kind", "status.monitor", "status.removed",
            "householder.name", "householder.id_number",
        )
    },
}  # fmt: skip
_WRITTEN = ("household", "year", "member", "myear")
NEVER_MEMOISED = frozenset(
    ("household.phone", "member.phone", "household.bank_account", "household.address", "householder.id_number")
)

_MISSING = object()


class _ColumnReader:
    """Reads one column; the same text is parsed once, since most columns hold a handful of different texts."""

    __slots__ = ("index", "keep_raw", "key", "label", "memo", "name", "parse", "plain", "table")

    def __init__(self, column: headings.Column) -> None:
        self.index = column.index
        self.key = column.key
        self.table, _dot, self.name = column.key.partition(".")
        self.label = str(headings.BY_KEY[column.key].label)
        self.parse = _parser_of(column.key)
        self.plain = self.table not in ("income", "total") and not self.name.startswith("disability_")
        self.memo: dict[str, tuple[Any, str]] | None = None if column.key in NEVER_MEMOISED else {}
        self.keep_raw = self.table in ("year", "myear", "member") and column.key in CODE_LISTS

    def read(self, raw: str) -> tuple[Any, str]:
        """(value or None, what is wrong or "")."""
        memo = self.memo
        if memo is not None:
            known = memo.get(raw)
            if known is not None:
                return known
        if blank(raw):
            answer: tuple[Any, str] = (None, "")
        else:
            try:
                answer = (self.parse(raw), "")
            except UnreadableError as error:
                answer = (None, str(error))
        if memo is not None and len(memo) < 2_000:
            memo[raw] = answer
        return answer


def special_cell(issues: list[Issue], label: str, raw: str, level: str) -> str:
    """What an error value, a formula without result or a rounded number leaves of a cell: nothing, and an issue of it. `level` is what
    lost digits are."""
    if getattr(raw, "broken", False):
        issues.append(Issue(NOTE, label, _("「%(label)s」是错误值（如 #N/A），按空白处理") % {"label": label}))
        return ""
    if getattr(raw, "uncomputed", False):
        issues.append(
            Issue(
                ERROR,
                label,
                _("「%(label)s」是没有结果的公式，请在表格中选择性粘贴为数值后再上传") % {"label": label},
            )
        )
        return ""
    if level == ERROR:
        issues.append(
            Issue(
                ERROR, label,
                _("「%(label)s」被表格软件改成了科学计数法，末尾几位已经丢失，请把该列设为文本后重新导出") % {"label": label},
            )
        )  # fmt: skip
        return ""
    issues.append(
        Issue(
            NOTE,
            label,
            _("「%(label)s」的数字太长，末尾几位已经丢失，没有写入；请把该列设为文本后重新导出") % {"label": label},
        )
    )
    return ""


def name_value(raw: str) -> str:
    """A person's name. Raises UnreadableError with a whole sentence."""
    try:
        name = text.normalise_name(_ZERO_WIDTH.sub("", raw))
    except ValidationError as error:
        raise UnreadableError(error.messages[0].rstrip("。")) from error
    if not name:
        raise UnreadableError(_("没有姓名，请补上"))
    if len(name) > 60:
        raise UnreadableError(_("姓名超过 60 个字，请核对后重填"))
    if re.search(r"[\d=<>@|]", name):
        raise UnreadableError(_("姓名中有数字或符号，请核对后重填"))
    return name


class RowReader:
    """Reads the data rows of one table. `today` bounds birth dates; `year` is the year the file is imported for."""

    KEYS_OF_IDENTITY = frozenset(("household.number", "member.number", "member.name", "member.id_number"))

    def __init__(self, table: headings.Table, *, year: int, today: dt.date | None = None) -> None:
        self.sheet = table.sheet
        self.year = year
        self.today = today or timezone.localdate()
        columns = [c for c in table.columns if c.key and c.key != headings.IGNORED and not c.repeated]
        by_key = {c.key: c for c in columns}
        self.one_row_a_household = "member.relation" not in by_key and "member.name" not in by_key
        if "member.name" not in by_key and "householder.name" in by_key:
            by_key["member.name"] = headings.Column(by_key["householder.name"].index, "", "member.name")
        if self.one_row_a_household and "member.id_number" not in by_key and "householder.id_number" in by_key:
            by_key["member.id_number"] = headings.Column(by_key["householder.id_number"].index, "", "member.id_number")
        self.number_at, self.member_number_at, self.name_at, self.id_at = (
            by_key[key].index if key in by_key else None
            for key in ("household.number", "member.number", "member.name", "member.id_number")
        )
        self.has_ids = self.id_at is not None
        self.words = {word: str(headings.BY_KEY[word].label) for word in self.KEYS_OF_IDENTITY}
        readers = [_ColumnReader(c) for key, c in by_key.items() if key not in self.KEYS_OF_IDENTITY]
        self._columns = [(reader.index, {} if reader.memo is None else reader.memo, reader) for reader in readers]

    def key_cells(self, cells: Sequence[str]) -> tuple[str, str]:
        """(household number, first 18 characters of the ID number) for the first, light pass."""
        number = (
            household_number(cells[self.number_at])
            if self.number_at is not None and self.number_at < len(cells)
            else ""
        )
        raw = cells[self.id_at] if self.id_at is not None and self.id_at < len(cells) else ""
        base = identity.clean(raw) if raw else ""
        return number, identity.upgrade(base) if len(base) == 15 and base.isdigit() else base[:18]

    def read(self, row_no: int, cells: Sequence[str]) -> Row:
        row = Row(self.sheet, row_no)
        width = len(cells)
        for index, memo, reader in self._columns:
            if index >= width:
                continue
            raw = cells[index]
            if not raw:  # a mark such as Broken is empty too, and has something to say
                if raw.__class__ is not str:
                    special_cell(row.issues, reader.label, raw, NOTE)
                continue
            if raw.__class__ is not str and not (raw := special_cell(row.issues, reader.label, raw, NOTE)):
                continue
            value, wrong = memo.get(raw) or reader.read(raw)
            if value is not None:
                if reader.plain:
                    getattr(row, reader.table)[reader.name] = value
                else:
                    _place(row, reader, value)
            elif wrong:
                self._unreadable(row, reader, raw, wrong)
        self._keys(row, cells)
        self._person(row)
        return row

    def _unreadable(self, row: Row, reader: _ColumnReader, raw: str, wrong: str) -> None:
        secret = reader.key in NEVER_MEMOISED
        shown = "" if secret else raw.strip()[:30]
        row.issues.append(
            Issue(NOTE, reader.label, _("「%(label)s」%(shown)s%(wrong)s，没有写入") % {
                "label": reader.label, "shown": f"“{shown}”" if shown else "", "wrong": wrong})
        )  # fmt: skip
        if reader.keep_raw and not secret:
            store = row.year_unmapped if reader.table == "year" else row.myear_unmapped
            store[reader.name] = raw.strip()[:60]

    def _keys(self, row: Row, cells: Sequence[str]) -> None:
        width = len(cells)

        def cell(at: int | None, label: str) -> str:
            if at is None or at >= width:
                return ""
            raw = cells[at]
            return raw if raw.__class__ is str else special_cell(row.issues, label, raw, ERROR)

        spoilt_before = len(row.issues)
        number = cell(self.number_at, self.words["household.number"])
        if number:
            try:
                row.household["number"] = parse_household_number(number)
            except UnreadableError as error:
                row.issues.append(Issue(ERROR, _("户编号"), str(error)))
        elif len(row.issues) == spoilt_before:
            row.issues.append(Issue(ERROR, _("户编号"), _("没有户编号，请补上；如果是合并单元格，请先取消合并再填满")))
        member_number = cell(self.member_number_at, self.words["member.number"]).strip()
        if member_number and member_number not in EMPTY:
            if len(member_number) > 40:
                row.issues.append(Issue(ERROR, _("人编号"), _("人编号超过 40 个字，请核对后重填")))
            else:
                row.member["number"] = member_number
        spoilt_before = len(row.issues)
        raw_name = cell(self.name_at, self.words["member.name"])
        if raw_name and not blank(raw_name):
            self._name(row, raw_name)
        spoilt_before = len(row.issues)
        raw_id = cell(self.id_at, self.words["member.id_number"])
        if raw_id and not blank(raw_id):
            try:
                row.identity = identity.parse(raw_id, today=self.today)
            except identity.IdentityError as error:
                row.issues.append(Issue(ERROR, _("证件号码"), str(error)))
        elif self.has_ids and len(row.issues) == spoilt_before:
            row.issues.append(
                Issue(
                    HOLD, _("证件号码"),
                    _("没有证件号码，无法确定是哪一个人，请补上；确实没有证件的，填 999999 开头的编号"),
                )
            )  # fmt: skip

    def _name(self, row: Row, raw: str) -> None:
        try:
            row.member["name"] = name_value(raw)
        except UnreadableError as error:
            row.issues.append(Issue(ERROR, _("姓名"), str(error)))

    def _person(self, row: Row) -> None:
        """What the ID number says about the person fills the gaps, and contradictions are told."""
        member, who = row.member, row.identity
        if (
            self.one_row_a_household
            or "relation" not in member
            and member.get("name")
            and member.get("name") == row.householder.get("name")
        ):
            member["relation"] = codelists.HOUSEHOLDER
        born = member.get("birth_date")
        if born is not None and born > self.today:
            row.issues.append(Issue(ERROR, _("出生日期"), _("出生日期在今天之后，请核对后重填")))
        elif born is not None and identity.age_on(born, self.today) > identity.OLDEST_AGE:
            row.issues.append(
                Issue(
                    ERROR, _("出生日期"),
                    _("出生日期是 %(day)s，年龄超过 %(age)s 岁，请核对后重填") % {"day": born, "age": identity.OLDEST_AGE},
                )
            )  # fmt: skip
        if row.row.get("year") is not None and row.row["year"] != self.year:
            row.issues.append(
                Issue(
                    HOLD, _("年度"),
                    _("这一行是 %(row)s 年度的数据，而本次导入的是 %(year)s 年度，请分开导入")
                    % {"row": row.row["year"], "year": self.year},
                )
            )  # fmt: skip
        if who is None:
            return
        if who.kind == identity.Kind.NONE:
            member["id_type"] = "none"
            row.issues.append(Issue(NOTE, _("证件号码"), _("这个人没有证件（999999 开头的编号），办证后请补上")))
            return
        member["id_type"] = "disability" if who.kind == identity.Kind.DISABILITY else "id"
        if born is not None and born != who.birth_date:
            row.issues.append(Issue(NOTE, _("出生日期"), _("出生日期与证件号码不一致，以证件号码为准")))
        member["birth_date"] = who.birth_date
        if member.get("sex") in ("1", "2") and member["sex"] != who.sex:
            row.issues.append(Issue(NOTE, _("性别"), _("性别与证件号码不一致，以证件号码为准")))
        member["sex"] = who.sex
        if who.disability_type:
            row.myear.setdefault("disability_kind", codelists.DISABILITY_KIND.find(who.disability_type))
            row.myear.setdefault("disability_level", codelists.DISABILITY_LEVEL.find(who.disability_level))


def _place(row: Row, reader: _ColumnReader, value: Any) -> None:
    table = reader.table
    if table == "myear" and reader.name in ("disability_kind", "disability_level"):
        row.myear.setdefault(reader.name, value)
    elif table == "income":
        row.income[reader.name] = value
    elif table == "total":
        row.totals[reader.name] = value
    else:
        getattr(row, table)[reader.name] = value


def disability_value(raw: str) -> str | None:
    """视力, 肢体残疾, 肢体三级 …: the kind alone."""
    if raw.strip() in EMPTY_IN_CODES:
        return None
    found = _HANDICAP.search(raw)
    if not found:
        return code_value(codelists.DISABILITY_KIND)(raw)
    return codelists.DISABILITY_KIND.find(found[1])


def disability_level_value(raw: str) -> str | None:
    if raw.strip() in EMPTY_IN_CODES:
        return None
    found = _LEVEL.search(half_width(raw))
    if not found:
        return code_value(codelists.DISABILITY_LEVEL)(raw)
    return found[1] if found[1].isdigit() else str("一二三四".index(found[1]) + 1)


SPECIAL["myear.disability_kind"] = disability_value
SPECIAL["myear.disability_level"] = disability_level_value


def household_number(raw: str) -> str:
    """The number as compared; "" where the cell holds none."""
    try:
        return parse_household_number(raw) if raw.__class__ is str else ""
    except UnreadableError:
        return ""


def parse_household_number(raw: str) -> str:
    if raw.isascii() and raw.isdigit() and len(raw) <= 40:
        return raw
    number = re.sub(r"[\s\u200b\ufeff'`‘’]+", "", half_width(raw))
    if identity.looks_scientific(number):
        raise UnreadableError(_("户编号被表格软件改成了科学计数法，末尾几位已经丢失，请把该列设为文本后重新导出"))
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,40}", number):
        raise UnreadableError(_("户编号只能由数字、字母和横线组成，请核对后重填"))
    return number


def income_lines(rows: Mapping[str, Decimal], totals: Mapping[str, Decimal]) -> tuple[dict[str, Decimal], list[Issue]]:
    """Income items of a household: those given, and for a group whose total is larger, the rest as its "other" item."""
    lines = dict(rows)
    issues = []
    for group, total in totals.items():
        other = "expense.business" if group == codelists.EXPENSE else f"{group}.other"
        given = sum((amount for item, amount in rows.items() if codelists.income_group(item) == group), Decimal(0))
        if other in rows or (group == codelists.EXPENSE and given):
            rest = None
        else:
            rest = total - given
        if rest is None or rest < 0:
            if given != total and group != codelists.EXPENSE:
                label = codelists.INCOME_GROUP.label(group)
                issues.append(
                    Issue(
                        NOTE, label,
                        _("「%(label)s」合计 %(total)s 元与各项之和 %(sum)s 元不一致，以各项为准") % {"label": label, "total": total, "sum": given},
                    )
                )  # fmt: skip
        elif rest > 0 or not any(codelists.income_group(item) == group for item in rows):
            lines[other] = rest
    return lines, issues
