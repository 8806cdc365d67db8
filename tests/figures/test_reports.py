"""Tables of the report centre: every number is as long as its list, rows and columns add up, nonsense is answered with a sentence."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import parse_qs, urlparse

import pytest
from django.utils import timezone

from figures import datasets
from figures.filters import filter_for
from figures.reports import asking, definitions
from figures.reports.tables import answer
from households.models import HouseholdYear
from tests.factories import CadreFactory, HouseholdFactory, HouseholdYearFactory, MemberFactory, MemberYearFactory, PairingFactory
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


def check(grid, user) -> int:
    """Every cell against its list, totals against their parts; how many cells had a number."""
    seen = 0
    for line in grid.lines:
        for cell in line.cells:
            assert bool(cell.url) == bool(cell.number), cell
            if cell.number:
                seen += 1
                assert list_of(cell, user) == cell.number, (grid.question.title, line.heads, cell)
    wide, measures = len(grid.columns), len(grid.question.measures)
    if grid.columns and grid.columns[-1][0] == "合计":
        for line in grid.lines:
            for n in range(measures):
                assert line.cells[n - measures].number == sum(cell.number for cell in line.cells[n : (wide - 1) * measures : measures])
    if grid.lines and grid.lines[-1].total:
        for n, cell in enumerate(grid.lines[-1].cells):
            assert cell.number == sum(line.cells[n].number for line in grid.lines[:-1])
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("who", ["official", "officer"])
def test_every_number_of_every_table_is_as_long_as_its_list(who, people, request):
    user = request.getfixturevalue(who)
    empty = []
    for table in definitions.TABLES:
        grid = answer(asking.parse(table.code, {}, user))
        if not check(grid, user):
            empty.append(table.code)
    assert empty == []
