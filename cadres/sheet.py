"""The spreadsheet of new accounts: its template, its reading, and the answer with the one-time passwords."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from cadres.services import CadreError, SheetRow
from common.spreadsheets import WorkbookError, open_workbook

MOST_ROWS = 500
MOST_BYTES = 2 * 1024 * 1024
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# Heading -> attribute of SheetRow; other spellings people use.
HEADINGS = {
    "用户名": "username", "账号": "username", "登录名": "username",
    "姓名": "name",
    "角色": "role",
    "区划代码": "code", "行政区划代码": "code",
    "乡镇": "township", "乡": "township", "镇": "township", "乡(镇)": "township", "乡（镇）": "township",
    "村": "village", "行政村": "village",
    "手机": "phone", "手机号": "phone", "手机号码": "phone", "联系电话": "phone", "电话": "phone",
    "单位": "unit", "工作单位": "unit", "职务": "title",
}  # fmt: skip
COLUMNS = ("用户名", "姓名", "角色", "区划代码", "乡镇", "村", "手机", "单位", "职务")
NEEDED = {"username": "用户名", "name": "姓名", "role": "角色"}


def read_sheet(data: Any) -> list[SheetRow]:
    """The rows of an uploaded workbook. Raises `CadreError` with a sentence when it is not such a sheet."""
    try:
        book = open_workbook(data, max_bytes=MOST_BYTES)
        rows: list[SheetRow] = []
        columns: dict[int, str] = {}
        for number, cells in book.rows(book.sheet_names[0]):
            plain = ["".join(str(cell).split()) for cell in cells]
            if not columns:
                found = {n: HEADINGS[text.rstrip("*")] for n, text in enumerate(plain) if text.rstrip("*") in HEADINGS}
                if len(set(found.values())) >= 2:
                    columns = found
                elif number > 20:
                    break
                continue
            if not any(plain):
                continue
            rows.append(SheetRow(number, **{columns[n]: str(cells[n]).strip() for n in columns if n < len(cells)}))
            if len(rows) > MOST_ROWS:
                raise CadreError(_("一次最多开通 %(most)s 个账号，请分成几个表。") % {"most": MOST_ROWS})
    except WorkbookError as error:
        raise CadreError(f"{error}。") from None
    if missing := [text for name, text in NEEDED.items() if name not in columns.values()]:
        raise CadreError(_("表头缺少“%(missing)s”，请用模板填写。") % {"missing": _("、").join(missing)})
    if not rows:
        raise CadreError(_("表里没有要开通的账号，请在表头下面填写。"))
    return rows


def _workbook(write: Any) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    write(
        book, book.add_format({"bold": True, "bg_color": "#e8eef6", "border": 1}), book.add_format({"num_format": "@"})
    )
    book.close()
    return file.getvalue()


def template() -> bytes:
    """An empty sheet with headings, the roles to choose from, and a second sheet that says how to fill it."""

    def write(book: xlsxwriter.Workbook, head: Any, text: Any) -> None:
        sheet = book.add_worksheet("账号")
        sheet.set_column(0, len(COLUMNS) - 1, 16, text)
        sheet.write_row(0, 0, COLUMNS, head)
        sheet.freeze_panes(1, 0)
        sheet.data_validation(1, 2, MOST_ROWS, 2, {"validate": "list", "source": [str(role.label) for role in Role]})
        notes = book.add_worksheet("说明")
        notes.set_column(0, 0, 100)
        for n, line in enumerate(
            (
                _("用户名、姓名、角色必填；地区填区划代码，或者填乡镇和村。"),
                _("角色只能填：%(roles)s。") % {"roles": _("、").join(str(role.label) for role in Role)},
                _("帮扶责任人不任职，结对后自动有权限；地区填由谁管理这个账号，要填单位。"),
                _("填了单位的会同时登记为干部，可以结对帮扶。"),
                _("一次最多 %(most)s 行。任何一行有错，整个表都不开通。") % {"most": MOST_ROWS},
            )
        ):
            notes.write_string(n, 0, line)

    return _workbook(write)


def passwords(rows: Sequence[SheetRow], opened: Sequence[tuple[User, str]]) -> bytes:
    """The answer: who got which one-time password. Written to the reader's browser and nowhere else."""

    def write(book: xlsxwriter.Workbook, head: Any, text: Any) -> None:
        sheet = book.add_worksheet("初始密码")
        sheet.set_column(0, 4, 20, text)
        sheet.write_row(0, 0, ("姓名", "用户名", "一次性密码", "角色", "地区"), head)
        for n, (row, (user, password)) in enumerate(zip(rows, opened, strict=True), start=1):
            place = user.home.full_name if user.home else ""
            for column, value in enumerate((user.name, user.username, password, row.role, place)):
                sheet.write_string(n, column, value)

    return _workbook(write)
