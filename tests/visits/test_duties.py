"""What is due is written down in the same transaction, and every night; what a past period asked for stays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from common import nightly
from households import bulk
from households.models import Household
from households.services import change_status, close_household, move_household, pair, reopen_household, replace_helper
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    VisitDutyFactory,
    VisitFactory,
    VisitRuleFactory,
    visit_body,
)
from visits.models import VisitDuty
from visits.services import duties
from visits.services.record import record_visit, void_visit

pytestmark = pytest.mark.django_db
D = dt.date


@pytest.fixture(autouse=True)
def on_day(monkeypatch):
    """`on_day(day)`: it is that day, noon; at first the 20th of May 2026."""

    def set_day(day):
        moment = dt.datetime(day.year, day.month, day.day, 12, tzinfo=timezone.get_current_timezone())
        monkeypatch.setattr(timezone, "now", lambda: moment)

    set_day(D(2026, 5, 20))
    return set_day


@pytest.fixture
def monthly(land):
    """The helper comes twice a month."""
    return VisitRuleFactory(region=land.county, least=2)


def rows(household=None):
    found = VisitDuty.objects.filter(household=household) if household else VisitDuty.objects.all()
    columns = found.values_list("cadre__name", "starts_on", "ends_on", "needed", "made", "next_due_on")
    return sorted(columns, key=lambda row: (row[0] or "", row[1]))


MAY = (D(2026, 5, 1), D(2026, 6, 1))


class TestFollows:
    def test_a_visit_and_its_end(self, household, helper, monthly):
        visit = record_visit(body=visit_body(household), by=helper)
        assert rows() == [("帮扶人", *MAY, 2, 1, D(2026, 5, 31))]
        void_visit(visit=visit, by=helper, reason="记错了户，另记")
        assert rows() == [("帮扶人", *MAY, 2, 0, D(2026, 5, 15))]

    def test_nobody_at_home_is_no_visit_and_a_call_is_none_either(self, household, helper, monthly):
        record_visit(body=visit_body(household, met=["nobody"]), by=helper)
        record_visit(body=visit_body(household, manner="call"), by=helper)
        assert rows() == [("帮扶人", *MAY, 2, 0, D(2026, 5, 15))]

    def test_pairings(self, household, helper, monthly, official):
        new = CadreFactory(name="新来的", unit__region=household.township.parent)
        replace_helper(household=household, cadre=new, by=official, on=D(2026, 5, 20))
        assert rows() == [
            ("帮扶人", D(2026, 5, 1), D(2026, 5, 20), 1, 0, D(2026, 5, 19)), ("新来的", D(2026, 5, 20), D(2026, 6, 1), 2, 0, D(2026, 5, 25)),
        ]  # fmt: skip
        other = HouseholdFactory(village=household.village)
        pair(household=other, cadre=new, by=official, starts_on=D(2026, 5, 1))
        assert len(rows(other)) == 1

    def test_closing_reopening_and_moving_away(self, household, helper, monthly, official, land):
        duties.refresh([household.pk])
        close_household(household=household, by=official, on=D(2026, 5, 19), reason="moved_out")
        assert rows() == []
        VisitRuleFactory(region=land.village, capacity="village", least=2)
        VisitRuleFactory(region=land.far_village, capacity="village", least=3)
        reopen_household(household=Household.objects.get(), by=official)
        assert [row[3] for row in rows() if row[0] is None] == [2]
        move_household(household=Household.objects.get(), by=official, village=land.far_village, on=D(2026, 5, 20))
        assert [row[3] for row in rows() if row[0] is None] == [3]

    def test_leaving_the_audience(self, household, helper, land, official):
        VisitRuleFactory(region=land.county, audience="monitored")
        Household.objects.update(status="unstable")
        duties.refresh([household.pk])
        assert len(rows()) == 1
        change_status(
            household=household, by=official, to_status="risk_removed", effective_on=D(2026, 5, 20), reason="稳定"
        )
        assert rows() == []

    def test_every_night(self, household, helper, monthly, on_day):
        nightly.run()
        assert len(rows()) == 1
        on_day(D(2026, 6, 1))
        nightly.run()
        assert [row[1] for row in rows()] == [D(2026, 5, 1), D(2026, 6, 1)]
        assert duties.refresh_all() == 1, "and nothing twice"
        assert len(rows()) == 2

    def test_many_at_once(self, land, django_assert_max_num_queries):
        VisitRuleFactory(region=land.county, capacity="village", least=4)
        for _n in range(150):
            HouseholdFactory(village=land.village)
        with django_assert_max_num_queries(13):
            duties.refresh_all()
        assert VisitDuty.objects.count() == 150
        VisitDuty.objects.update(needed=9)
        duties.refresh_all()
        assert set(VisitDuty.objects.values_list("needed", flat=True)) == {4}


class TestThePastStays:
    def test_what_it_asked_for_and_what_is_recorded_late(self, household, helper, monthly, on_day, official):
        nightly.run()
        on_day(D(2026, 6, 10))
        nightly.run()
        late = record_visit(body=visit_body(household, on="2026-05-20"), by=helper)
        may, june = rows()
        assert may == ("帮扶人", *MAY, 2, 1, D(2026, 5, 31))
        assert june[3:5] == (2, 0)
        close_household(household=household, by=official, on=D(2026, 6, 10), reason="moved_out")
        assert rows() == [may], "a past period asked for what it asked for"
        void_visit(visit=late, by=official, reason="记错了户，另记")
        assert rows() == [("帮扶人", *MAY, 2, 0, D(2026, 5, 15))]

    def test_a_lead_of_the_past_does_not_move_it(self, household, helper, monthly, on_day, official):
        nightly.run()
        on_day(D(2026, 6, 10))
        replace_helper(household=household, cadre=CadreFactory(name="新来的"), by=official, on=D(2026, 5, 10))
        assert [row[:2] for row in rows()] == [("帮扶人", D(2026, 5, 1)), ("新来的", D(2026, 6, 1))]


def test_an_undone_import_takes_what_was_derived_along(land, official, monthly):
    """Rows that only follow from a household do not keep it from going; facts of upper floors do."""
    household = HouseholdFactory(village=land.village)
    VisitDutyFactory(household=household, rule=monthly)
    entry = (
        household.pk,
        {"version": household.version, "created": [f"households.household/{household.pk}"], "old": {}},
    )
    assert bulk.undo([entry], by=official, note="撤销") == []
    assert not Household.objects.exists()
    visited = HouseholdFactory(village=land.village)
    PairingFactory(household=visited)
    VisitFactory(household=visited)
    duties.refresh([visited.pk])
    entry = (visited.pk, {"version": visited.version, "created": [f"households.household/{visited.pk}"], "old": {}})
    assert bulk.undo([entry], by=official, note="撤销") == [visited.pk]
    assert VisitDuty.objects.filter(household=visited).exists()
