"""村统计表: what stands on it is what the report centre answers, for who may see it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone, translation

from common import pdf
from figures.reports import asking, tables
from reports import kinds
from reports.kinds import Ask
from reports.papers import statistics
from tests.common.test_pdf import letters
from tests.factories import HouseholdFactory, HouseholdYearFactory, MemberFactory, MemberYearFactory
from tests.factories.assistance import DeliveryFactory, MeasureFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
YEAR = timezone.localdate().year


def fill(village, count: int = 4) -> None:
    """Households with members, records of two years and something given."""
    for n in range(count):
        home = HouseholdFactory(
            village=village, status=("unstable", "marginal", "ordinary")[n % 3], with_householder=True, latest_year=YEAR, main_cause=("01", "02")[n % 2]
        )  # fmt: skip
        for year in (YEAR - 1, YEAR):
            HouseholdYearFactory(
                household=home, year=year, population=n + 1, per_head_income=1000 + 4000 * n, wage_income=Decimal("1000.50"), dwelling_area=20 * n,
                dwelling_grade="ABCD"[n % 4], check_water=("yes", "no")[n % 2], water_safe=bool(n % 2),
            )  # fmt: skip
            for member in (*home.members.all(), MemberFactory(household=home, relation="03")) if year == YEAR else ():
                MemberYearFactory(
                    member=member, year=year, education=("01", "05")[n % 2], school=("01", "03")[n % 2], health=[["01"], ["02", "04"]][n % 2],
                    labour=("01", "04")[n % 2], work_area="02", medical_resident=bool(n % 2), low_income=n == 2,
                )  # fmt: skip
        MeasureFactory(household=home, approved=True, amount=Decimal(300), year=YEAR)
        DeliveryFactory(measure=MeasureFactory(household=home, approved=True, year=YEAR, kind__in_kind=True))


def sheet_of(village, user, year: int | None = None, sheet: str = "A4"):
    return kinds.KINDS["statistics"].maker([village], Ask(user, year, False, sheet))[village.pk]


@pytest.mark.parametrize("year", [None, YEAR, YEAR - 1])
def test_numbers_are_those_of_the_report_centre(official, land, year):
    fill(land.village)
    draft = sheet_of(land.village, official, year)
    assert draft.year == (year or YEAR)
    printed = {section["title"]: section for section in draft.model["sections"]}
    seen = 0
    with translation.override("zh-hans"):
        for code in statistics.TABLES:
            grid = tables.answer(
                asking.parse(code, {"region": str(land.village.pk), "year": str(draft.year)}, official)
            )
            section = printed.pop(grid.question.title, None)
            assert (section is None) == grid.is_empty, code
            if section is None:
                assert grid.question.title in draft.model["document"]["notes"][-1]
                continue
            rows = [row["cells"] if isinstance(row, dict) else row for row in section["rows"]]
            wanted = [[*(t for t, _u in line.heads), *(cell.text for cell in line.cells)] for line in grid.lines]
            assert rows == (
                wanted if len(wanted) > 2 else [w for w, line in zip(wanted, grid.lines, strict=True) if not line.total]
            )
            assert len(section["columns"]) == len(rows[0])
            seen += 1
    assert not printed
    assert seen >= (15 if year != YEAR - 1 else 5)


@pytest.mark.parametrize("sheet", ["A4", "A3"])
def test_the_paper_shows_them(official, land, sheet):
    fill(land.village)
    draft = sheet_of(land.village, official, sheet=sheet)
    content = pdf.render([draft.model], kinds.KINDS["statistics"].template)
    assert not pdf.scan_glyphs(content)
    text = letters(content)
    for section in draft.model["sections"]:
        for row in section["rows"]:
            assert "".join(row["cells"] if isinstance(row, dict) else row).replace(" ", "") in text, section["title"]


def test_money_is_for_who_may_see_it(officer, clerk, land):
    fill(land.village)

    def titles(user):
        model = sheet_of(land.village, user).model
        return " ".join([*(s["title"] for s in model["sections"]), *model["document"]["notes"]])

    assert "资金来源和用途" in titles(officer)
    assert "资金来源和用途" not in titles(clerk)
    assert "人口年龄和性别" in titles(clerk)


def test_what_cannot_be_asked_is_a_sentence(officer, land):
    assert "年度要在" in sheet_of(land.village, officer, 1999)
    assert "不在您的管理范围内" in sheet_of(land.other_village, officer, YEAR)


def test_a_larger_village_takes_no_more_queries(officer, land):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            sheet_of(land.village, officer)
        return len(queries)

    fill(land.village, 2)
    before = counted()
    fill(land.village, 6)
    assert counted() <= before
