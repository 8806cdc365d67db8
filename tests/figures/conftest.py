"""A county in which something of everything has happened, in every village of the land."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from assistance.services import deliveries
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    PairingFactory,
    PlanFactory,
    StatusChangeFactory,
    SurveyFactory,
    TaskFactory,
    UserFactory,
    VisitDutyFactory,
    VisitFactory,
    VisitRuleFactory,
)
from tests.factories.assistance import MeasureFactory, ServiceRequestFactory
from tests.factories.funds import FundFactory
from tests.factories.villages import ProjectFactory, ShortfallFactory

TODAY = timezone.localdate()
YEAR = TODAY.year
DAY = dt.timedelta(days=1)


@pytest.fixture
def work(land, official):
    """Five households a village, told apart in everything that figures ask; two years of records, visits, measures, money and plans."""
    fund = FundFactory(region=land.county, source="province", allotted=Decimal(100_000), year=YEAR)
    rule, call = VisitRuleFactory(region=land.county), VisitRuleFactory(region=land.county, manner="call")
    visitor, cadre = UserFactory(), CadreFactory(unit__region=land.county)
    villages = (land.village, land.near_village, land.far_village, land.last_village, land.other_village)
    for place, village in enumerate(villages):
        for n, status in enumerate(("ordinary", "out_of_poverty", "unstable", "marginal", "hardship")):
            home = HouseholdFactory(
                village=village,
                status=status,
                with_householder=True,
                latest_year=YEAR,
                main_cause=("01", "02", "")[n % 3],
            )
            for year in (YEAR - 1, YEAR):
                HouseholdYearFactory(
                    household=home, year=year, main_cause=home.main_cause, category=("01", "05")[n % 2], population=n + 1,
                    per_head_income=(None, 2500, 6000, 30_000, -10)[n], net_income=(None, 5000, 18_000, 120_000, -50)[n],
                    check_water=("yes", "no")[n % 2], check_housing=("no", "yes", "")[(n + year) % 3],
                )  # fmt: skip
            if n:
                StatusChangeFactory(
                    household=home,
                    confirmed=True,
                    from_status="ordinary",
                    to_status=status,
                    effective_on=TODAY.replace(year=YEAR - (n + 1) % 2, day=1),
                )
            if n % 2:
                PairingFactory(household=home, cadre=cadre)
                SurveyFactory(household=home, year=YEAR, **{("draft", "returned", "approved")[n % 3]: True})
            VisitFactory(household=home, visitor=visitor, on=TODAY - n * 90 * DAY, manner=("visit", "call")[n % 2])
            for offset, kind in ((-1, rule), (2, call), (None, rule)):
                day = None if offset is None else TODAY + offset * DAY
                VisitDutyFactory(
                    household=home,
                    rule=kind,
                    cadre=cadre,
                    starts_on=TODAY - (offset or 9) * DAY,
                    ends_on=TODAY + 4 * DAY,
                    made=int(day is None),
                    next_due_on=day,
                )
            plan = PlanFactory(household=home, year=YEAR - n % 2, in_progress=True)
            TaskFactory(goal__plan=plan, due_on=TODAY + (n - 2) * DAY)
            measure = MeasureFactory(
                household=home,
                approved=True,
                amount=Decimal(300),
                year=YEAR,
                kind__column=("industry", "health")[n % 2],
            )
            deliveries.deliver(
                measure=measure, on=TODAY, by=official, shares=[(fund, Decimal("20.50"))]
            ) if village != land.other_village else None
            ServiceRequestFactory(
                household=home,
                state=("asked", "taken")[n % 2],
                due_on=TODAY + (n - 3) * DAY,
                **({"taker": visitor, "taken_at": timezone.now()} if n % 2 else {}),
            )
        ProjectFactory(
            village=village, year=YEAR, stage="building", due_on=TODAY - DAY * place, starts_on=TODAY - 90 * DAY
        )
        ProjectFactory(village=village, year=YEAR - 1, sector="road", budget=None)
        ShortfallFactory(village=village, sector=("water", "road")[place % 2])
