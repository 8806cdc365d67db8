"""What the engine is told of the village: who is like this household, what they received, and that nobody is told of others' villages."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assistance.models import Delivery, Measure
from assistance.received import received
from catalogue.models import MeasureKind
from plans import drafting, neighbours
from plans.received import Receipt
from tests.factories import HouseholdFactory, HouseholdYearFactory, MemberFactory

TODAY = dt.date(2026, 11, 25)
pytestmark = pytest.mark.django_db


def give(household, code, year=2025, member=None, *, period=None):
    """A delivery in kind, as the database lets it stand."""
    kind = MeasureKind.objects.get(code=code)
    at = timezone.make_aware(dt.datetime(year, 3, 1))
    measure = Measure.objects.create(
        household=household, member=member, kind=kind, year=year, state="approved", proposed_by="a", proposed_at=at, decided_by="b", decided_at=at
    )  # fmt: skip
    return Delivery.objects.create(
        measure=measure, household=household, member=member, kind=kind, on=dt.date(year, 4, 1), by="c", at=at,
        period=str(year) if period is None else period,
    )  # fmt: skip


@pytest.fixture
def home(land):
    household = HouseholdFactory(village=land.village, with_householder=True)
    HouseholdYearFactory(household=household, year=2026, main_cause="01", check_housing="no")
    return household


def near(village, cause="01", incomes=(8000, 9000), **year):
    other = HouseholdFactory(village=village)
    HouseholdYearFactory(household=other, year=2024, per_head_income=incomes[0])
    HouseholdYearFactory(household=other, year=2025, main_cause=cause, per_head_income=incomes[1], **year)
    return other


def test_the_neighbours_of_one_cause_with_what_they_received(land, home, official):
    ill, other = near(land.village), near(land.village, "03", check_housing="no")
    near(land.village, "05")
    near(land.near_village)
    HouseholdFactory(village=land.village, closed=True)
    give(ill, "medical-aid", member=MemberFactory(household=ill))
    give(ill, "donation", 2023)
    found = neighbours.of(home, 2026, user=official, today=TODAY)
    by_source = {tuple(one.sources): one for one in found.others}
    assert set(by_source) == {("cause:01",), ("check:housing",)}
    assert by_source["cause:01",].received == {2025: frozenset(["medical-aid"])}
    assert by_source["cause:01",].per_head == {2024: 8000, 2025: 9000}
    assert by_source["check:housing",].received == {}
    assert other.pk


def test_who_sees_one_household_is_told_of_no_other(land, home, helper):
    near(land.village)
    assert neighbours.of(home, 2026, user=helper, today=TODAY).others == ()


def test_what_came_once_is_not_proposed_again(land, home, official):
    def codes():
        found = drafting.drafting_of(home, 2026, user=official, today=TODAY).found
        return {each.kind.code for each in found.proposals}

    assert "rebuild-house" in codes()
    given = give(home, "rebuild-house", 2019, period="")
    assert "rebuild-house" not in codes()
    back = Delivery.objects.create(
        measure=given.measure, household=home, kind=given.kind, on=given.on, by="c", at=given.at, is_reversal=True
    )
    Delivery.objects.filter(pk=given.pk).update(reversed_by=back)
    assert "rebuild-house" in codes()


def test_a_receipt_for_each_kind_and_year(land):
    household = near(land.village)
    for month in ("01", "02"):
        member = MemberFactory(household=household)
        give(household, "dibao", member=member, period=f"2025-{month}")
    give(household, "temporary-aid", 2024)
    found = received([household.pk], 2025)
    assert {(each.household, each.kind, each.year) for each in found} == {(household.pk, "dibao", 2025)}
    assert Receipt(household.pk, None, "temporary-aid", 2024) in received([household.pk], 0)
    assert list(received([], 0)) == []


def test_the_newest_record_up_to_the_plan_s_year_is_asked(home, official):
    HouseholdYearFactory(household=home, year=2025, main_cause="03")
    assert drafting.drafting_of(home, 2027, user=official, today=TODAY).year == 2026
    assert drafting.drafting_of(home, 2025, user=official, today=TODAY).year == 2025
    nothing = drafting.drafting_of(home, 2020, user=official, today=TODAY)
    assert (nothing.year, nothing.found.proposals) == (0, ())


def test_the_queries_do_not_follow_the_village(land, home, official):
    def ask():
        with CaptureQueriesContext(connection) as captured:
            drafting.drafting_of(home, 2026, user=official, today=TODAY)
        return len(captured)

    give(near(land.village), "medical-aid")
    official.can("plan.edit")
    ask()
    few = ask()
    for _n in range(5):
        give(near(land.village), "donation")
    assert ask() == few
