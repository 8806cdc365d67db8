"""What goes out comes in again unchanged: the cell, the row, the ledger."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal

import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st

from common import streamed
from common.audit import AuditEvent
from common.spreadsheets import open_workbook
from exchange.models import ImportRow
from exchange.outgoing import fields, making, presets
from exchange.outgoing.models import ExportRun, RowKind
from households.models import Household, HouseholdYear, Member
from tests.exchange.outgoing.conftest import YEAR, content, full, sheets

CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\ufffe\uffff"), max_size=12)
RISKY = st.builds(
    str.__add__,
    st.sampled_from(["=", "+", "-", "@", "\t", "\r", "'", "'=", '="1"', " =", "#N/A", "_x000D_", "&lt;"]),
    CELLS,
)


def written(stream, rows, kinds):
    out = io.BytesIO()
    book = stream(out)
    book.sheet("数据", [f"列{n}" for n in range(len(kinds))], kinds)
    book.write(rows)
    book.close()
    return out.getvalue()


FILLER = "名单" * 40  # a csv is known as a table by its commas and by being text nearly throughout


@pytest.mark.parametrize("stream", [streamed.XlsxStream, streamed.CsvStream])
@given(texts=st.lists(CELLS | RISKY, min_size=1, max_size=5))
def test_every_text_comes_back_as_it_was(stream, texts):
    if stream is streamed.CsvStream:
        texts = [re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", "", text) for text in texts]
    texts = [*texts, FILLER]
    kinds = [streamed.TEXT, *[streamed.IDENTIFIER] * (len(texts) - 1)]
    book = open_workbook(written(stream, [*[[FILLER] * len(texts)] * 40, texts], kinds))
    lines = [list(cells) for _number, cells in book.rows(book.sheet_names[0])]
    assert lines[-1] == texts


@given(texts=st.lists(RISKY, min_size=1, max_size=3), number=st.decimals("0", "9999999999", places=2))
def test_calamine_reads_the_same_and_nothing_is_a_formula(texts, number):
    kinds = [*[streamed.TEXT] * len(texts), streamed.MONEY]
    data = written(streamed.XlsxStream, [[*texts, number]], kinds)
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    *found, money = list(sheet.iter_rows())[1]
    assert found == texts
    assert Decimal(str(money)) == number
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert b"<f" not in parts.read("xl/worksheets/sheet1.xml").replace(b"<fo", b"")


@given(text=RISKY)
def test_no_cell_of_a_csv_begins_like_a_formula(text):
    line = written(streamed.CsvStream, [[text]], [streamed.TEXT]).decode("utf-8-sig").split("\r\n", 1)[1]
    assert line.lstrip('"')[:1] not in ("=", "+", "-", "@", "\t", "\r")


def test_numbers_of_identity_are_texts_in_both():
    kinds = [streamed.IDENTIFIER]
    data = written(streamed.XlsxStream, [["530102199001011234"], ["0012"]], kinds)
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    assert [row[0] for row in sheet.iter_rows()][1:] == ["530102199001011234", "0012"]
    data = written(streamed.CsvStream, [["530102199001011234"], ["53**34"]], kinds)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").splitlines()[1:] == ['"=""530102199001011234"""', "53**34"]


def test_fields_that_come_in_can_go_out_and_their_own_headings_find_them():
    for field in fields.BY_KEY.values():
        kinds = [kind for kind in RowKind if fields.fits(field, kind)]
        assert kinds
        if field.key.startswith(("income.", "total.", "year.", "household.", "member.", "myear.")):
            assert fields.meant(field.heading, RowKind.MEMBER) in (field.key, ""), field.key


@pytest.mark.django_db
@pytest.mark.parametrize("code", [code for code, _name in presets.names() if code not in ("C", "C2", "G2")])
def test_importing_what_was_exported_changes_nothing(ledger, export, bring_in, official, code):
    run = export(official, code, **full(output="csv" if code in "BJ" else "xlsx"))
    assert run.job.state == "done", run.job.error
    events = AuditEvent.objects.exclude(action__startswith="import.").count()
    batch = bring_in(content(run), official, year=YEAR, filename=f"x.{run.output}")
    told = [row.detail for row in ImportRow.objects.filter(batch=batch).exclude(outcome="unchanged")][:2]
    assert batch.households_read == batch.households_unchanged == 14, told
    assert batch.members_unchanged == batch.members_read == (Member.objects.count() if run.row_kind == "member" else 14)
    assert batch.lines_total == 1  # the control line is known as one
    assert AuditEvent.objects.exclude(action__startswith="import.").count() == events


@pytest.mark.django_db
def test_sums_of_groups_whose_items_are_not_in_the_file_change_nothing(ledger, export, bring_in, official, mapping):
    columns = fields.columns_for(["户编号", "户主姓名", "户主证件号码", "工资性收入", "生产经营性收入", "转移性收入", "生产经营性支出", "纯收入", "人均纯收入"], "household")  # fmt: skip
    assert all(column["field"] for column in columns)
    run = export(official, mapping(official, columns=columns, row_kind="household"), **full())
    batch = bring_in(content(run), official, year=YEAR)
    assert batch.households_unchanged == 14
    assert HouseholdYear.objects.filter(year=YEAR).exclude(net_income=None).count() == 14


@pytest.mark.django_db
def test_masked_files_bring_nothing_in(ledger, export, bring_in, official):
    run = export(official, "A")
    assert all("*" in line[8] for line in sheets(run)[f"{YEAR}年数据"][1:-1])
    batch = bring_in(content(run), official, year=YEAR)
    assert (batch.households_created, batch.households_updated) == (0, 0)
    assert "证件号码是遮盖过的" in ImportRow.objects.filter(batch=batch).first().detail["problem"]
    assert Household.objects.count() == 14


@pytest.mark.django_db
def test_pairings_come_in_again_unchanged(ledger, export, official):
    from exchange.people import services as people
    from tests.exchange.conftest import Steps
    from tests.factories import PairingFactory

    for household in Household.objects.order_by("pk")[:5]:
        PairingFactory(
            household=household, cadre__name="申志远", cadre__unit__region=household.township, starts_on="2025-03-01"
        )
    run = export(official, "G2", **full())
    assert (run.rows_written, run.people, run.households) == (5, 5, 5)
    batch = people.upload_people(data=content(run), filename="结对.xlsx", by=official)
    batch = people.run_people(batch, by=official, write=False, run=Steps())
    assert batch.pairings_unchanged == batch.pairings_read == 5, [r.detail for r in batch.rows.all()]
    assert batch.lines_total == 1


@pytest.mark.django_db
def test_the_sheet_of_helpers_has_its_columns(ledger, export, official):
    """It names no household by number, so it is for reading, not for coming in again."""
    from tests.factories import PairingFactory

    household = Household.objects.order_by("pk").first()
    pairing = PairingFactory(
        household=household, cadre__name="申志远", cadre__title="副局长", cadre__unit__region=household.township
    )
    heads, row, *_control = sheets(export(official, "C2", **full()))[f"{YEAR}年数据"]
    assert heads == presets.HEADINGS["C2"][2].split("|")
    found = dict(zip(heads, row, strict=True))
    assert found["单位名称"] == pairing.cadre.unit.name
    assert (found["姓名"], found["职务"], found["队长/队员/结对帮扶责任人"]) == ("申志远", "副局长", "结对帮扶责任人")
    assert (found["乡镇"], found["村"]) == (household.township.name, household.village.name)
    assert found["户主姓名（组别）"] == household.householder_name
    assert (found["户数"], found["办公电话"]) == ("", "")


@pytest.mark.django_db
def test_a_full_sheet_is_followed_by_another(ledger, official, bring_in):
    from exchange.outgoing import services
    from tests.exchange.conftest import Steps

    run = services.request_export(by=official, mapping=presets.preset("A"), year=YEAR, **full(), send=False)
    made = making.make(run, by=official, run=Steps(), most_rows=10, lot=3)
    ExportRun.objects.filter(pk=run.pk).update(made_at=made.made_at)
    found = sheets(made)
    assert list(found) == ["2026年数据", *(f"2026年数据-{n}" for n in range(2, len(found) + 1))]
    assert all(len(lines) == 10 for lines in list(found.values())[:-1])
    assert len({tuple(lines[0]) for lines in found.values()}) == 1  # the headings stand on each
    people = Member.objects.count()
    assert sum(len(lines) - 1 for lines in found.values()) == people + 1
    assert [line[0] for lines in found.values() for line in lines[1:]][:people] == [str(n + 1) for n in range(people)]
    batch = bring_in(content(made), official, year=YEAR)
    assert batch.households_unchanged == 14
