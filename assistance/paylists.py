"""Subsidy lists as offices make them: which column is what, and each row in plain words, with what is wrong with it by itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.models import MeasureKind
from common import identity, pii
from common.spreadsheets import Workbook
from common.text import normalise_name

HEADING_ROWS = 15  # the heading stands somewhere in the first rows
MOST_ROWS = 50_000
NAMES_SHOWN = 6
LABELS = {
    "name": gettext_lazy("姓名"), "id": gettext_lazy("证件号码"), "number": gettext_lazy("户编号"), "amount": gettext_lazy("金额"),
    "quantity": gettext_lazy("数量"), "period": gettext_lazy("所属期"), "village": gettext_lazy("村"),
}  # fmt: skip
# Headings of lists as they circulate, without blanks, brackets and units. Of several names of people the first one counts.
ALIASES = {
    "name": ("姓名", "受益人", "受益人姓名", "补贴对象", "补助对象", "享受人", "领取人", "领款人", "户主姓名", "户主"),
    "id": ("证件号码", "身份证号", "身份证号码", "身份证", "证件号", "公民身份号码", "居民身份证号", "居民身份证号码", "受益人证件号码", "户主证件号码", "户主身份证号"),
    "number": ("户编号", "户编码", "农户编号", "户号"),
    "amount": ("金额", "发放金额", "补贴金额", "补助金额", "应发金额", "实发金额", "补贴资金", "补助资金", "小计金额"),
    "quantity": ("数量", "面积", "亩数", "补贴面积", "补贴数量", "头数", "只数", "月数", "天数"),
    "period": ("所属期", "月份", "发放月份", "补贴月份", "年月", "所属月份", "年度", "所属年度", "补贴年度"),
    "village": ("村", "村名", "行政村", "所在村", "所属村", "村居", "行政村名称"),
    "": (
        "序号", "编号", "备注", "说明", "乡镇", "乡", "镇", "所属乡镇", "县", "区县", "组", "村民小组", "小组", "自然村", "联系电话", "电话", "手机号", "手机号码", "开户银行", "开户行", "银行卡号",
        "银行账号", "银行帐号", "账号", "帐号", "卡号", "一卡通账号", "社保卡号", "签字", "签名", "领款人签字", "领取人签字", "与户主关系", "关系", "性别", "年龄", "出生日期", "民族", "住址", "家庭住址",
        "地址", "补贴标准", "标准", "补助标准", "单价", "补贴项目", "项目", "项目名称", "户属性", "健康状况", "结果", "原因",
    ),
}  # fmt: skip
KEYS = {alias: key for key, aliases in ALIASES.items() for alias in aliases}
SURE = ("name", "id", "number", "amount")  # of which a heading row has at least two
_BRACKETS = re.compile(r"[（(【\[].*?[）)】\]]")
_TOTAL = re.compile(r"(本页)?[合总小]\s*计")
_PERIOD = re.compile(r"(?:(?P<year>\d{4})\s*[年./-]?)?\s*(?:(?P<month>\d{1,2})\s*(?:月份?)?)?(?:[./-]\d{1,2})?")
_VILLAGE = re.compile(r"(村民委员会|居民委员会|村委会|居委会|社区|村)$")
CENT = Decimal("0.01")


class ListError(Exception):
    """A file that cannot be read as a subsidy list; the text is one sentence for its owner."""


@dataclass(frozen=True)
class Layout:
    """Where a list's columns stand: `columns` are {key: position}, `headings` the row as written."""

    sheet: str
    row: int
    columns: dict[str, int]
    headings: tuple[str, ...]


@dataclass(slots=True)
class Listed:
    """One row. `hash` is the keyed hash of the ID number as members carry it; `wrong` is what is wrong with the row by itself, and
    `wrong_number` what is wrong with the number, unless somebody bears it: military and foreign papers have rules of their own."""

    place: int
    name: str = ""
    hash: str = ""
    masked: str = ""
    number: str = ""
    village: str = ""
    amount: Decimal | None = None
    quantity: Decimal | None = None
    wrong: str = ""
    wrong_number: str = ""


def plain(heading: str) -> str:
    """A heading without blanks, brackets and what stands in them, full-width characters made ordinary."""
    return _BRACKETS.sub("", re.sub(r"\s+", "", unicodedata.normalize("NFKC", heading))).strip("*＊:：")


def find(book: Workbook, kind: MeasureKind) -> Layout:
    """The list in a workbook. Raises ListError for none, for two, for columns that are missing, twice there, or not known."""
    found = [layout for sheet in book.sheet_names if (layout := _heading(book, sheet))]
    if not found:
        raise ListError(
            _("没有在前 %(rows)s 行找到认得的表头。请确认表头有“姓名”“身份证号”“金额”这样的列。")
            % {"rows": HEADING_ROWS}
        )
    if len(found) > 1:
        sheets = "”“".join(layout.sheet for layout in found[:4])
        raise ListError(_("文件里有几张名单（“%(sheets)s”），请分开，一个文件一张再上传。") % {"sheets": sheets})
    _refuse_gaps(found[0], kind)
    return found[0]


def _heading(book: Workbook, sheet: str) -> Layout | None:
    for row, cells in book.rows(sheet):
        if row > HEADING_ROWS:
            return None
        keys = {KEYS[plain(cell)] for cell in cells if plain(cell) in KEYS}
        if sum(key in keys for key in SURE) >= 2:
            return _layout(sheet, row, cells)
    return None


def _layout(sheet: str, row: int, cells: list[str]) -> Layout:
    columns: dict[str, int] = {}
    unknown: list[str] = []
    names = [alias for alias in ALIASES["name"] if any(plain(cell) == alias for cell in cells)]
    for position, cell in enumerate(cells):
        heading = plain(cell)
        if not heading:
            continue
        key = KEYS.get(heading)
        if key is None:
            unknown.append(cell.strip())
        elif key == "name" and heading != names[0]:
            continue  # 户主 beside 姓名: the list is of those under 姓名
        elif key and key in columns:
            raise ListError(_("“%(label)s”有两列，分不清该读哪一列。请只留一列再上传。") % {"label": LABELS[key]})
        elif key:
            columns[key] = position
    if unknown:
        shown = "”“".join(unknown[:NAMES_SHOWN])
        raise ListError(
            _("“%(headings)s”这样的列不认得。请改成认得的名称（%(known)s），不需要的列请删去。")
            % {"headings": shown, "known": _("、").join(str(label) for label in LABELS.values())}
        )
    return Layout(sheet, row, columns, tuple(cells))


def _refuse_gaps(layout: Layout, kind: MeasureKind) -> None:
    """A list says who, and how much where money is paid."""
    own = layout.columns
    if "id" not in own and not {"number", "name"} <= own.keys():
        raise ListError(_("表里没有“证件号码”这一列，也没有“户编号”和“姓名”，不知道发给谁。请补上再上传。"))
    if kind.has_money and "amount" not in own:
        raise ListError(_("表里没有“金额”这一列，不知道发多少。请补上再上传。"))


def raw_rows(book: Workbook, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells) of the rows below the heading that are people: not blank, no totals, no notes at the foot."""
    whose = [layout.columns[key] for key in ("id", "number") if key in layout.columns]
    for row, cells in book.rows(layout.sheet):
        if row <= layout.row or not any(cells):
            continue
        texts = [cell.strip() for cell in cells if cell.strip()]
        if not texts:
            continue
        told = any(place < len(cells) and cells[place].strip() for place in whose)
        if not told and (_TOTAL.match(texts[0].replace(" ", "")) or any("：" in text or ":" in text for text in texts)):
            continue
        yield row, cells


def read(book: Workbook, layout: Layout, kind: MeasureKind, period: str) -> list[Listed]:
    """Every row of the list. Raises ListError where there are none, or far too many."""
    rows: list[Listed] = []
    for row, cells in raw_rows(book, layout):
        if len(rows) >= MOST_ROWS:
            raise ListError(_("名单超过 %(rows)s 行，请按乡镇拆成几个文件再上传。") % {"rows": f"{MOST_ROWS:,}"})
        rows.append(_listed(row, cells, layout.columns, kind, period))
    if not rows:
        raise ListError(_("表头下面没有数据，请检查文件。"))
    return rows


def _listed(place: int, cells: list[str], columns: dict[str, int], kind: MeasureKind, period: str) -> Listed:
    def text(key: str) -> str:
        position = columns.get(key)
        return cells[position] if position is not None and position < len(cells) else ""

    row = Listed(place, village=text("village").strip(), number=text("number").strip()[:40])
    problems = [
        _put_name(row, text("name")),
        _put_id(row, text("id")),
        _wrong_period(text("period"), period),
        _put_amount(row, text("amount")) if kind.has_money else "",
        _put_quantity(row, text("quantity")),
    ]
    row.wrong = next(filter(None, problems), "")
    return row


def _put_name(row: Listed, text: str) -> str:
    try:
        row.name = normalise_name(text)[:60] if text.strip() else ""
    except ValidationError as error:
        row.name = text.strip()[:60]
        return str(error.messages[0])
    return ""


def _put_id(row: Listed, text: str) -> str:
    if not text.strip():
        if not (row.number and row.name):
            return _("没有证件号码。请填写证件号码，或者填写户编号和姓名。")
        return ""
    if getattr(text, "uncomputed", False):
        return _("证件号码是没有结果的公式，请改成号码本身。")
    number = identity.clean(text)
    try:
        found = identity.parse(text)
    except identity.IdentityError as error:
        row.masked, row.hash, row.wrong_number = pii.mask_id(number)[:22], pii.lookup_hash("id", number), f"{error}。"
        return ""
    row.masked, row.hash = pii.mask_id(found.number)[:22], pii.lookup_hash("id", found.base)
    return ""


def _decimal(text: str) -> Decimal | None:
    """The number a cell shows; None for none."""
    try:
        found = Decimal(unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "").strip("元¥"))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _put_amount(row: Listed, text: str) -> str:
    if getattr(text, "uncomputed", False):
        return _("金额是没有结果的公式，请改成数字。")
    if getattr(text, "broken", False):
        return _("金额这一格是错误值，请改成数字。")
    if not text.strip():
        return _("没有填金额。")
    amount = _decimal(text)
    if amount is None:
        return _("金额“%(text)s”不是数字，请写成 1200 或 1200.50 这样。") % {"text": text.strip()[:20]}
    if amount < 0:
        return _("金额是负数。要收回已发的钱，请到那次落实中冲回。")
    if amount == 0:
        return _("金额是 0。不发的请从名单中删去。")
    if amount >= Decimal("1e10"):
        return _("金额太大，请核对有没有多写了零。")
    if amount != amount.quantize(CENT):
        return _("金额“%(text)s”超过两位小数，请核对。") % {"text": text.strip()[:20]}
    row.amount = amount.quantize(CENT)
    return ""


def _put_quantity(row: Listed, text: str) -> str:
    if not text.strip():
        return ""
    quantity = _decimal(text)
    if quantity is None or quantity <= 0 or quantity >= Decimal("1e8") or quantity != quantity.quantize(CENT):
        return _("数量“%(text)s”应是大于 0、最多两位小数的数字。") % {"text": text.strip()[:20]}
    row.quantity = quantity.quantize(CENT)
    return ""


def _wrong_period(text: str, period: str) -> str:
    """A row that names another month or year than the list is for."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text or not period:
        return ""
    found = _PERIOD.fullmatch(text)
    if found is None or not (found["year"] or found["month"]):
        return _("所属期“%(text)s”看不懂，请写成 2026-03 这样。") % {"text": text[:20]}
    year, month = found["year"] or period[:4], int(found["month"]) if found["month"] else None
    own_month = int(period[5:]) if len(period) > 4 else None
    if year != period[:4] or (own_month and month and month != own_month):
        return _("这一行写的是 %(text)s，本批发的是 %(period)s。请放到另一批。") % {"text": text[:20], "period": period}
    return ""


def village_name(text: str) -> str:
    """A village's name as lists write it, without what it ends in."""
    return _VILLAGE.sub("", re.sub(r"\s+", "", text))
