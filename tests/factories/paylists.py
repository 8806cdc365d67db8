"""Subsidy lists as bytes."""

import datetime as dt
import io

import xlsxwriter

HEADINGS = ("序号", "村", "姓名", "身份证号", "金额（元）", "备注")


def list_csv(rows, headings=HEADINGS):
    """A subsidy list as csv; `rows` are sequences of cells."""
    return "\n".join(",".join(str(cell) for cell in row) for row in (headings, *rows)).encode()


def list_xlsx(rows, headings=HEADINGS, title="补贴发放清单"):
    """The same as .xlsx with a title above; numbers are numbers. The same rows are always the same bytes."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    book.set_properties({"created": dt.datetime(2026, 1, 1)})
    sheet = book.add_worksheet("清单")
    sheet.write_string(0, 0, title)
    for line, row in enumerate((headings, *rows), start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, int | float):
                sheet.write_number(line, column, cell)
            else:
                sheet.write_string(line, column, str(cell))
    book.close()
    return out.getvalue()
