"""Opening what strangers made: by content, never by name, and never at the cost of the machine."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter
import xlwt

from common.spreadsheets import WorkbookError, cell_text, open_workbook


def xlsx(fill, **options):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, options)
    fill(book)
    book.close()
    return out.getvalue()


def one_sheet(*rows):
    def fill(book):
        sheet = book.add_worksheet("名单")
        for line, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(line, column, value)

    return xlsx(fill)


def rows(data):
    book = open_workbook(data)
    return [cells for _n, cells in book.rows(book.sheet_names[0])]


@pytest.mark.parametrize(
    ("value", "text"),
    [(19620105.0, "19620105"), (13800138000.0, "13800138000"), (0.1 + 0.2, "0.3"), (True, "是"), (False, "否"), (None, ""), (12, "12"),
     (dt.datetime(2020, 4, 29), "2020-04-29"), (dt.date(2020, 4, 29), "2020-04-29"), ("NA", "NA"), ("无", "无")],
)  # fmt: skip
def test_cells_read_as_people_see_them(value, text):
    assert cell_text(value) == text


def test_number_too_long_for_a_spreadsheet_is_marked():
    assert cell_text(999012196201051232.0).spoilt
    assert not hasattr(cell_text(999012620105123.0), "spoilt")


def test_rows_keep_their_numbers_and_blank_rows():
    book = open_workbook(one_sheet((), (), ("户编号", "姓名"), (), ("1", "王")))
    assert [number for number, cells in book.rows("名单") if any(cells)] == [3, 5]


def test_old_xls():
    book = xlwt.Workbook()
    sheet = book.add_sheet("甲")
    sheet.write(0, 0, "户编号")
    sheet.write(1, 0, 13800138000.0)
    out = io.BytesIO()
    book.save(out)
    assert rows(out.getvalue()) == [["户编号"], ["13800138000"]]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_csv_in_any_encoding(encoding):
    data = '户编号,姓名\r\n="00123",龙䶮\r\n'.encode(encoding)
    assert rows(data) == [["户编号", "姓名"], ["00123", "龙䶮"]]


def test_tab_separated_text():
    assert rows("户编号\t姓名\n1\t王\n".encode()) == [["户编号", "姓名"], ["1", "王"]]


def test_formula_without_result_is_told_from_a_blank():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["甲", "乙", "丙", "丁"])
        sheet.write_formula(1, 0, "=A2&B2", None, "")
        sheet.write_formula(1, 1, "=1+1", None, 2)
        sheet.write_formula(1, 2, "=NA()", None, "#N/A")

    uncomputed, computed, broken, blank = rows(xlsx(fill))[1]
    assert uncomputed.uncomputed
    assert computed == "2"
    assert broken == ""
    assert broken.broken
    assert blank == ""


def test_formula_written_by_a_program_has_no_result():
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["户编号", "=1+1", "尾"])
    out = io.BytesIO()
    book.save(out)
    cells = rows(out.getvalue())[0]
    assert cells[1].uncomputed


def test_broken_dimension_tag_loses_no_cell():
    data = one_sheet(("户编号", "姓名"), ("1", "王"))
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            text = source.read(name)
            if name.startswith("xl/worksheets/"):
                assert b"<dimension" in text
                text = text.replace(b'ref="A1:B2"', b'ref="A1"')
            target.writestr(name, text)
    assert rows(out.getvalue()) == [["户编号", "姓名"], ["1", "王"]]


def repacked(data, change):
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
    return out.getvalue()


@pytest.mark.parametrize(
    "reference", [b'r="XFD1048576"', b"r='XFD1048576'", b'r = "xfd1048576"', b'r="CA800000"', b'r="BZA2"']
)
def test_two_cells_at_opposite_corners_do_not_fill_the_memory(reference):
    data = one_sheet(("户编号", "姓名"), ("1", "王"))

    def corner(name, text):
        return text.replace(b'r="B2"', reference) if name.startswith("xl/worksheets/") else text

    with pytest.raises(WorkbookError, match="大得不合常理"):
        open_workbook(repacked(data, corner))


def test_a_far_cell_within_the_limits_is_read():
    data = one_sheet(tuple(f"列{n}" for n in range(120)), ("1",))
    assert len(rows(data)[0]) == 120


def test_zip_bomb():
    data = one_sheet(("户编号",))

    def bomb(name, text):
        return text + b" " * (64 * 1024 * 1024) if name == "xl/workbook.xml" else text

    with pytest.raises(WorkbookError, match="大得不合常理"):
        open_workbook(repacked(data, bomb))


def other_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("word/document.xml", "<w:document/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "文件是空的"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(200), "不是表格文件"),
        (b"hello world", "不是表格文件"),
        (other_zip(), "不是表格文件"),
        (b"PK\x03\x04" + b"x" * 100, "已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600 + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"<html><body><table></table></body></html>", "网页"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "另存为 .xlsx"),
    ],
)
def test_refusals_say_what_to_do(data, words):
    with pytest.raises(WorkbookError, match=words):
        open_workbook(data)


def test_size_limit():
    with pytest.raises(WorkbookError, match="文件超过 1 MB"):
        open_workbook(b"0" * (1024 * 1024 + 1), max_bytes=1024 * 1024)
