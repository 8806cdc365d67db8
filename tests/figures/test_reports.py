"""Tables of the report centre: every number is as long as its list, rows and columns add up, nonsense is answered with a sentence."""

from __future__ import annotations

import html
import io
import re
from types import SimpleNamespace
from urllib.parse import parse_qs, urlparse

import pikepdf
import pytest
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from common import pdf
from figures import datasets
from figures.filters import filter_for
from figures.reports import asking, definitions
from figures.reports.tables import answer
from households.models import HouseholdYear
from tests.common.test_pdf import letters
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    MemberFactory,
    MemberYearFactory,
    PairingFactory,
)
from tests.factories.cadres import TeamMemberFactory, UnitVillageFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year


@pytest.fixture
def people(work, land):
    """Somebody of every kind, and who comes to help."""
    for place, village in enumerate((land.village, land.far_village, land.other_village)):
        home = HouseholdFactory(village=village, status="unstable")
        for n in range(9):
            member = MemberFactory(
                household=home, id_text="", sex="129"[n % 3] if n % 4 else "", relation="03", ethnicity=("01", "02", "")[n % 3],
                birth_date=None if n == 8 else TODAY.replace(year=YEAR - (2, 3, 14, 15, 30, 39, 50, 77)[n], month=1 + n, day=1),
            )  # fmt: skip
            if n == 7:
                member.left_on, member.left_reason = TODAY.replace(month=1, day=1), "died"
                member.save()
            for year in (YEAR - 1, YEAR):
                MemberYearFactory(
                    member=member, year=year, education=("", "01", "05", "08")[n % 4], school=("", "01", "03", "05", "26")[n % 5],
                    health=[["01"], ["02", "04"], ["03"], []][(n + place) % 4], labour=("01", "04", "")[n % 3], work_area=("", "02", "99")[n % 3],
                    work_months=(None, 0, 7, 12)[n % 4], medical_resident=(None, True, False)[n % 3], pension_employee=n == 5 or None,
                    low_income=n == 2, public_post="护林员" if n == 4 else "", disability_kind="4" if n == 1 else "", disability_level="2" if n == 1 else "",
                )  # fmt: skip
        HouseholdYearFactory(household=home, year=YEAR, population=7 + place, other_causes=["02", "09"])
        PairingFactory(household=home, cadre=CadreFactory(unit__affiliation="city", rank="section"))
        UnitVillageFactory(village=village)
        TeamMemberFactory(team__village=village, is_first_secretary=place == 0)
    for n, record in enumerate(HouseholdYear._base_manager.order_by("pk")):
        yes = (True, False, None)[n % 3]
        HouseholdYear._base_manager.filter(pk=record.pk).update(
            dwelling_area=(None, 24.5, 25, 90, 200)[n % 5], dwelling_grade=("", "A", "C", "D")[n % 4], dwelling_unsafe=yes, has_toilet=yes, has_power=yes,
            fuel=("", "01", "04")[n % 3], road=("", "02")[n % 2], road_distance=(None, 0, 1, "12.5")[n % 4], water_source=("", "tap", "cellar")[n % 3],
            water_safe=yes, farmland=(None, 0, "3.25", 12)[n % 4], woodland=n, in_cooperative=yes, led_by_leader=n % 2 == 0, is_relocated=yes,
            relocation_wanted=yes, resettlement=("", "grouped")[n % 2], wage_income=(None, 1000, "2000.50")[n % 3], business_expense=n % 3 * 100,
        )  # fmt: skip


def list_of(cell, user) -> int:
    """What the list behind a number adds up to, as its own page reads it."""
    parts = urlparse(cell.url)
    dataset = datasets.get(parts.path.rstrip("/").rpartition("/")[2])
    data = {name: values[0] for name, values in parse_qs(parts.query).items()}
    filterset = filter_for(dataset, data, SimpleNamespace(user=user))
    assert filterset.is_valid(), filterset.errors
    measure = dataset.measure(cell.measure)
    return measure.whole(filterset.qs.aggregate(n=measure.sum())["n"])


def check(grid, user, known=None, lines=None) -> int:
    """Cells against their lists, totals against their parts; how many cells had a number. `known` keeps lists that were read before; `lines`
    are those to look at, all by default."""
    seen, known = 0, {} if known is None else known
    for line in grid.lines if lines is None else lines:
        for cell in line.cells:
            assert bool(cell.url) == bool(cell.number), cell
            if cell.number:
                seen += 1
                at = (cell.url, cell.measure)
                known[at] = known[at] if at in known else list_of(cell, user)
                assert known[at] == cell.number, (grid.question.title, line.heads, cell)
    wide, measures = len(grid.columns), len(grid.question.measures)
    if grid.columns and grid.columns[-1][0] == "合计":
        for line in grid.lines:
            for n in range(measures):
                assert line.cells[n - measures].number == sum(
                    cell.number for cell in line.cells[n : (wide - 1) * measures : measures]
                )
    parts = [line for line in grid.lines if not line.total]
    for whole in (line for line in grid.lines if line.total):
        of = [line for line in parts if not whole.sub or line.heads[0] == whole.heads[0]]
        for n, cell in enumerate(whole.cells):
            assert cell.number == sum(line.cells[n].number for line in of)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("who", ["official", "officer"])
def test_every_number_of_every_table_is_as_long_as_its_list(who, people, request):
    user = request.getfixturevalue(who)
    empty, known = [], {}
    for table in definitions.TABLES:
        grid = answer(asking.parse(table.code, {}, user))
        # The gate is the same for every line: the officer's first and last are enough.
        lines = grid.lines if who == "official" else [grid.lines[0], grid.lines[-1]]
        if not check(grid, user, known, lines) and not any(cell.number for line in grid.lines for cell in line.cells):
            empty.append(table.code)
    assert empty == []


@pytest.mark.slow
def test_tables_by_filter_year_place_and_hand(people, official, land):
    """Filters, groups of choices, two axes of rows, choices that overlap on both sides, rows that are in none, a village."""
    asked = [
        ("age", {"status": "monitored", "sex": "1", "year": str(YEAR - 1)}),
        ("health-places", {"medical": "without", "region": str(land.township.pk)}),
        ("check", {"band": "0"}), ("status-places", {"region": str(land.village.pk), "helper": "without"}),
        ("pivot", {"dataset": "members", "row": "health", "across": "medical"}),
        ("pivot", {"dataset": "members", "row": "place", "row2": "labour", "across": "age", "status": "on_register"}),
        ("pivot", {"dataset": "living", "row": "size", "row2": "check", "value": "income"}),
        ("pivot", {"dataset": "measures", "row": "state", "across": "column", "value": "amount", "column": "industry"}),
        ("pivot", {"dataset": "projects", "row": "due", "across": "stage"}), ("pivot", {"dataset": "requests", "row": "due"}),
        ("pivot", {"dataset": "villages", "row": "monitored", "across": "unit", "value": "people"}),
        ("pivot", {"dataset": "duties", "row": "due", "row2": "place", "across": "manner"}),
    ]  # fmt: skip
    for code, data in asked:
        assert check(answer(asking.parse(code, data, official)), official), (code, data)
    two = answer(asking.parse("pivot", asked[5][1], official))
    subs = [line for line in two.lines if line.sub]
    assert subs
    assert {line.heads[1][0] for line in subs} == {"小计"}
    overlapping = answer(asking.parse("pivot", asked[6][1], official))
    assert not any(line.sub for line in overlapping.lines)  # a household falls short of several things
    partial = answer(asking.parse("pivot", {"dataset": "projects", "row": "due", "year": str(YEAR - 1)}, official))
    assert not any(line.total for line in partial.lines)
    assert any("没有列入" in note for note in partial.notes)
    both = answer(asking.parse("pivot", {"dataset": "members", "row": "health", "across": "medical"}, official))
    assert not both.lines[-1].total
    assert "合计" not in dict(both.columns)


def test_ages_are_those_of_the_last_day_of_the_year(land, official):
    """Whoever was born in a year is as old at its end as the years say, whatever the day; who left before it ended is not there."""
    home = HouseholdFactory(village=land.village)
    for month, day in ((1, 1), (12, 31)):
        member = MemberFactory(
            household=home, id_text="", birth_date=TODAY.replace(year=YEAR - 16, month=month, day=day)
        )
        MemberYearFactory(member=member, year=YEAR)
        MemberYearFactory(member=member, year=YEAR - 1)
    gone = MemberFactory(
        household=home,
        id_text="",
        birth_date=TODAY.replace(year=YEAR - 40),
        left_on=TODAY.replace(month=1, day=1),
        left_reason="died",
    )
    for year in (YEAR, YEAR - 1):
        MemberYearFactory(member=gone, year=year)

    def ages(year):
        grid = answer(asking.parse("age", {"year": str(year)}, official))
        return {line.heads[0][0]: line.cells[-1].number for line in grid.lines if line.cells[-1].number}

    assert ages(YEAR) == {"16–29 岁": 2, "合计": 2}
    assert ages(YEAR - 1) == {"不到 16 岁": 2, "30–39 岁": 1, "合计": 3}


class TestPages:
    def test_the_centre_names_what_one_may_see(self, client, official, clerk):
        client.force_login(official)
        page = client.get(reverse("figures:reports")).content.decode()
        for table in definitions.TABLES:
            assert reverse("figures:report", args=[table.code]) in page
        client.force_login(clerk)
        page = client.get(reverse("figures:reports")).content.decode()
        assert reverse("figures:report", args=["age"]) in page
        assert reverse("figures:report", args=["payments"]) not in page
        assert client.get(reverse("figures:report", args=["payments"])).status_code == 403

    def test_a_number_leads_to_its_list(self, client, people, official, land):
        client.force_login(official)
        page = client.get(reverse("figures:report", args=["age"]), {"sex": "1"}).content.decode()
        assert "性别：男" in page
        assert "数据截至" in page
        links = re.findall(r'<a href="(/figures/rows/members/[^"]+)">(\d+)</a>', page)
        assert links
        for url, number in links[:3]:
            rows = client.get(html.unescape(url)).content.decode()
            assert f"共 {number} 人" in rows, url

    def test_a_place_goes_one_level_down(self, client, work, official, land):
        client.force_login(official)
        page = client.get(reverse("figures:report", args=["status-places"])).content.decode()
        assert f"?region={land.township.pk}" in page
        page = client.get(
            reverse("figures:report", args=["status-places"]), {"region": land.township.pk}
        ).content.decode()
        assert land.village.name in page

    @pytest.mark.parametrize(
        ("code", "data", "says"),
        [
            ("age", {"year": "1999"}, "年度要在"), ("age", {"sex": "\x00"}, "没有“"), ("age", {"year": "abc"}, "年度要在"), ("age", {"region": "9" * 30}, "不在您的管理范围内"),
            ("age", {"region": "other"}, "不在您的管理范围内"), ("age", {"sex": "nonsense"}, "没有“nonsense”这一项"),
            ("health", {"health": "01"}, "不能再用它筛选"), ("pivot", {"dataset": "nonsense"}, "没有这种数据"),
            ("pivot", {"dataset": "members", "row": "nonsense"}, "不能按“nonsense”分"), ("pivot", {"dataset": "members", "row": "sex", "across": "sex"}, "选了同一项"),
            ("pivot", {"dataset": "members", "row": "sex", "across": "place"}, "地区只能放在行里"), ("pivot", {"dataset": "members", "value": "x"}, "没有这个统计数"),
            ("pivot", {"dataset": "members", "row": "ethnicity", "row2": "school", "across": "relation"}, "最多 5,000 格"),
        ],
    )  # fmt: skip
    def test_nonsense_is_answered_with_a_sentence(self, client, officer, land, code, data, says):
        client.force_login(officer)
        data = {name: str(land.far_village.pk) if value == "other" else value for name, value in data.items()}
        for name, more in (("figures:report", []), ("figures:report_file", ["xlsx"]), ("figures:report_save", [])):
            answered = client.get(reverse(name, args=[code, *more]), data)
            assert answered.status_code == 422
            assert says in html.unescape(answered.content.decode())

    def test_what_is_not_there(self, client, officer):
        client.force_login(officer)
        assert client.get(reverse("figures:report", args=["nonsense"])).status_code == 404
        assert client.get(reverse("figures:report_file", args=["age", "doc"])).status_code == 404

    def test_another_dataset_lets_go_of_what_the_last_one_had(self, client, officer):
        client.force_login(officer)
        page = client.get(
            reverse("figures:report", args=["pivot"]),
            {"dataset": "visits", "was": "members", "row": "ethnicity", "sex": "1"},
        )
        assert page.status_code == 200
        assert page.context["question"].rows == ("place",)


class TestFiles:
    def test_the_spreadsheet_has_the_same_numbers(self, client, people, official):
        client.force_login(official)
        grid = answer(asking.parse("deliveries", {}, official))
        data = client.get(reverse("figures:report_file", args=["deliveries", "xlsx"])).content
        rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
        found = [row for row in rows if row[0] in {line.heads[0][0] for line in grid.lines}]
        scales = [measure.scale for measure in grid.question.measures]
        assert [row[1:3] for row in found] == [
            [cell.number / scale for cell, scale in zip(line.cells, scales, strict=True)] for line in grid.lines
        ]
        assert rows[0][0] == "落实的措施和金额"

    def test_two_axes_of_rows_have_their_subtotals_everywhere(self, client, people, official):
        client.force_login(official)
        asked = {"dataset": "members", "row": "labour", "row2": "education", "across": "age"}
        grid = answer(asking.parse("pivot", asked, official))
        subs = [line for line in grid.lines if line.sub]
        assert len(subs) > 1
        page = client.get(reverse("figures:report", args=["pivot"]), asked).content.decode()
        assert page.count(">小计<") == len(subs)
        data = client.get(reverse("figures:report_file", args=["pivot", "xlsx"]), asked).content
        rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
        found = [row for row in rows if row[1:2] == ["小计"]]
        assert [row[2:] for row in found] == [[cell.number for cell in line.cells] for line in subs]
        text = letters(client.get(reverse("figures:report_file", args=["pivot", "pdf"]), asked).content)
        for line in subs:
            assert f"{line.heads[0][0]}小计{''.join(cell.text for cell in line.cells)}" in text

    def test_paper_lies_where_it_is_wide(self, client, people, official):
        client.force_login(official)
        sides = {}
        for code in ("age", "band-places"):
            data = client.get(reverse("figures:report_file", args=[code, "pdf"])).content
            assert not pdf.scan_glyphs(data)
            with pikepdf.open(io.BytesIO(data)) as book:
                box = [float(side) for side in book.pages[0].mediabox]
                sides[code] = "upright" if box[3] > box[2] else "lies"
        assert sides == {"age": "upright", "band-places": "lies"}

    def test_a_long_table_is_a_workers(self, client, people, official, monkeypatch):
        monkeypatch.setattr("figures.reports.views.AT_ONCE", 5)
        client.force_login(official)
        assert "后台生成 PDF" in client.get(reverse("figures:report", args=["age"])).content.decode()
        assert client.get(reverse("figures:report_file", args=["age", "pdf"])).status_code == 422
        assert client.get(reverse("figures:report_file", args=["age", "xlsx"])).status_code == 200
