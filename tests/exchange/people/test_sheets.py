"""Sheets of people wherever their heading stands and however they are spelt; and files that are something else."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest

from common.spreadsheets import open_workbook
from exchange import headings
from exchange.flow import ExchangeError
from exchange.people import services, sheets, templates
from tests.data import helpers as data
from tests.data import national
from tests.exchange.people.conftest import came, said

TODAY = dt.date(2026, 6, 1)
ROLE = "队长/队员/结对帮扶责任人"


def read(file):
    """(family, rows, reader) of a workbook."""
    book = open_workbook(file)
    family, tables, _notes = sheets.find_tables(book)
    reader = sheets.Reader(book, family, tables, today=TODAY)
    return family, list(reader.rows()), reader


def refusal(file):
    with pytest.raises(ExchangeError) as caught:
        sheets.find_tables(open_workbook(file))
    return str(caught.value)


@pytest.mark.parametrize(
    ("names", "family"),
    [(data.HELPERS, "CH"), (data.PAIRINGS, "G2"), (templates.COLUMNS["CH"], "CH"), (templates.COLUMNS["G2"], "G2")],
)
def test_every_column_of_a_family_is_known(names, family):
    table = sheets.CATALOGUE.find_table("表", [(1, list(names))])
    assert table is not None
    assert not table.unknown
    assert not [column.heading for column in table.columns if column.repeated]
    assert headings.family_of([table]) == family


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("*姓名 ", "cadre.name"),
        ("帮扶\n责任人", "cadre.name"),
        ("户主姓名(组别)", "help.householders"),
        ("户主姓名【组别】", "help.householders"),
        ("队长／队员／结对帮扶责任人", "place.role"),
        ("队长、队员、结对帮扶责任人", "place.role"),
        ("联系人电话", "cadre.phone"),
        ("手 机", "cadre.phone"),
        ("乡（镇）", "area.township"),
        ("序号", headings.IGNORED),
        ("天气", None),
    ],
)
def test_known_spellings(written, key):
    assert sheets.CATALOGUE.find(written) == key


@pytest.mark.parametrize("above", [0, 1, 2, 3, 20])
def test_heading_below_any_number_of_titles(above):
    family, rows, reader = read(data.helpers({}, title_rows=above))
    assert (family, len(rows), rows[0].name) == ("CH", 1, "王伟")
    assert reader.lines.read == 1


def test_titles_totals_blanks_and_headings_in_the_middle_are_no_data():
    people = [{"姓名": f"干部{c}"} for c in "甲乙丙丁戊"]
    _family, rows, reader = read(
        data.helpers(
            *people, title_rows=2, repeat_heading_every=2, totals=True, trailing_blank=3, starred=True, junk_sheets=True
        )
    )
    assert [row.name for row in rows] == ["干部甲", "干部乙", "干部丙", "干部丁", "干部戊"]
    lines = reader.lines
    assert (lines.data, lines.heading, lines.total, lines.blank) == (5, 2, 1, 3)
    assert lines.read == 11


def test_two_sheets_of_one_kind_are_read_and_of_two_kinds_refused():
    rows = [data.HELPER | {"姓名": "甲乙"}]
    both = workbook_of(("一", data.HELPERS, rows), ("二", data.HELPERS, rows), ("说明", ("请勿修改",), [{}]))
    _family, found, _reader = read(both)
    assert [row.sheet for row in found] == ["一", "二"]
    mixed = workbook_of(("一", data.HELPERS, rows), ("二", data.PAIRINGS, [data.PAIRING | {"户编号": "1"}]))
    assert "请分成两个文件上传" in refusal(mixed)


def workbook_of(*pages):
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for name, names, rows in pages:
        page = book.add_worksheet(name)
        for line, cells in enumerate([list(names), *data.cells(names, rows)]):
            for column, cell in enumerate(cells):
                page.write(line, column, cell)
    book.close()
    return out.getvalue()


def test_a_heading_twice_reads_the_leftmost():
    names = [*data.HELPERS, "姓名"]
    book = workbook_of(("一", names, [data.HELPER]))
    _family, tables, notes = sheets.find_tables(open_workbook(book))
    assert [c.repeated for c in tables[0].columns if c.heading == "姓名"] == [False, True]
    assert "“姓名”一列重复" in " ".join(notes)


def test_a_broken_dimension_tag_hides_nothing():
    source, out = zipfile.ZipFile(io.BytesIO(data.helpers({}, {"姓名": "李新"}))), io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            part = source.read(info)
            if info.filename.startswith("xl/worksheets/"):
                start, end = part.index(b"<dimension"), part.index(b"/>", part.index(b"<dimension")) + 2
                part = part[:start] + b'<dimension ref="A1"/>' + part[end:]
            target.writestr(info, part)
    _family, rows, _reader = read(out.getvalue())
    assert [row.name for row in rows] == ["王伟", "李新"]


@pytest.mark.parametrize("make", [data.as_xls, data.as_csv, data.sheet])
def test_xls_csv_and_xlsx_are_the_same(make):
    rows = [data.HELPER | {"姓名": "王　伟", "手机": "19900000001"}, data.HELPER | {"姓名": "买买提·艾山"}]
    family, found, _reader = read(make(rows))
    assert (family, [row.name for row in found]) == ("CH", ["王伟", "买买提·艾山"])
    assert found[0].phone == "19900000001"


def test_unknown_columns_are_told():
    _family, _tables, notes = sheets.find_tables(open_workbook(data.helpers({"血型": "A"})))
    assert "“血型”这样的列不认得" in " ".join(notes)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (lambda: data.sheet([{"村": "青石村", "负责人": "某某"}], data.VILLAGES), "这是“贫困村名单”"),
        (lambda: national.workbook(2), "请到“导入农户数据”上传"),
        (
            lambda: workbook_of(("一", [h for h in data.HELPERS if h != ROLE], [data.HELPER])),
            "没有“队长/队员/结对帮扶责任人”这一列",
        ),
        (lambda: data.sheet([{}], ("甲", "乙", "丙")), "没有在前 30 行找到认得的表头"),
    ],
)
def test_a_file_that_is_something_else_says_what_it_is(file, words):
    assert words in refusal(file())


def test_a_list_of_members_is_not_taken_for_helpers():
    names = ("户编号", "姓名", "证件号码", "联系电话", "乡", "村")
    assert "没有“帮扶开始时间”这一列" in refusal(workbook_of(("一", names, [{"户编号": "1"}])))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("二组", "2组", True),
        ("第十二村民小组", "12组", True),
        ("二十组", "20", True),
        ("十组", "10组", True),
        ("二组", "三组", False),
        ("大湾", "大湾自然村", True),
    ],
)
def test_spellings_of_a_hamlet(one, other, same):
    from exchange.people.decide import same_hamlet

    assert same_hamlet(one, other) == same


@pytest.mark.django_db
def test_a_list_of_helpers_is_sent_to_the_right_page(official, land):
    from exchange.services import upload_batch

    for file in (data.helpers({}), data.pairings({"户编号": "1"})):
        with pytest.raises(ExchangeError, match="请到“导入帮扶队伍和结对”上传"):
            upload_batch(data=file, filename="名单.xlsx", by=official)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["G2", "CH"])
def test_a_template_can_be_filled_in_and_uploaded(bring, home, kind):
    """The template's own headings carry everything that we read."""
    home("张三", number="5300000001")
    file, _name = templates.workbook(kind)
    with pytest.raises(ExchangeError, match="表头下面没有数据"):
        bring(file)
    row = data.PAIRING | {"户编号": "5300000001"} if kind == "G2" else data.HELPER | {"户主姓名（组别）": "张三"}
    batch = bring(workbook_of(("名单", templates.COLUMNS[kind], [row])))
    assert batch.family == kind
    assert not batch.notes
    assert came(batch, "pairings") == {"created": 1}, said(batch)


@pytest.mark.django_db
def test_a_file_from_tomorrow_is_refused(official, land):
    with pytest.raises(ExchangeError, match="在今天之后"):
        services.upload_people(data=data.helpers({}), filename="a.xlsx", by=official, on=dt.date(2999, 1, 1))
