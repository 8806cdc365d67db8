"""What is kept of the figures is what the ledgers say: after any sequence of verbs, for every region, with and without a folding in between."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.roles import Role
from assistance.models import Measure
from assistance.services import deliveries, measures
from common.refusal import RefusedError
from figures import rollup
from figures.datasets import Numbers, every
from figures.models import Mark, RegionFigures
from households import services as s
from households.models import Household
from plans import services as p
from regions.models import Region
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PostingFactory,
    RegionFactory,
    SurveyFactory,
    VisitDutyFactory,
    VisitFactory,
)
from tests.factories.assistance import KindFactory, ServiceRequestFactory
from tests.factories.funds import FundFactory
from tests.factories.villages import ProjectFactory, ShortfallFactory
from visits.models import Visit

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = timezone.localdate()
REFUSED = (RefusedError, ValidationError, PermissionDenied, IntegrityError)
DAYS = st.integers(-400, 0).map(lambda n: TODAY + dt.timedelta(days=n))
HOUSE = st.integers(0, 2)


def live() -> dict[tuple[int, int], Numbers]:
    """The numbers of every region and year, counted from the ledgers."""
    found: dict[tuple[int, int], Numbers] = {}
    regions = Region.objects.in_bulk()
    for dataset in every():
        for (village, year), numbers in dataset.counted(TODAY).items():
            for pk in regions[village].ancestor_ids:
                rollup.add(found.setdefault((pk, year), {}), numbers)
    return found


def kept() -> dict[tuple[int, int], Numbers]:
    return {(row.region_id, row.year): row.numbers for row in RegionFigures.objects.all() if row.numbers}


def shown() -> dict[tuple[int, int], Numbers]:
    """What pages say, of every region and year."""
    years = {year for _pk, year in live()} | {row.year for row in RegionFigures.objects.all()}
    reading = rollup.read(list(Region.objects.all()), years)
    assert not reading.behind
    return {key: numbers for key, numbers in reading.numbers.items() if numbers}


class Work(RuleBasedStateMachine):
    """Three households in two villages of two townships, and whatever is done with them."""

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        first = RegionFactory()
        county = first.parent.parent
        second = RegionFactory(parent=RegionFactory(parent=county, level=4))
        self.villages = [first, second]
        self.by = PostingFactory(role=Role.COUNTY_OFFICIAL, region=county).user
        self.other = PostingFactory(role=Role.COUNTY_OFFICIAL, region=county).user
        self.homes = [
            HouseholdFactory(village=village, with_householder=True, status="out_of_poverty")
            for village in (first, first, second)
        ]
        self.cadres = CadreFactory.create_batch(2, unit__region=county)
        self.kind = KindFactory()
        self.fund = FundFactory(region=county, allotted=Decimal(1000), year=TODAY.year)
        rollup.rebuild()

    def teardown(self):
        try:
            rollup.fold()
            assert kept() == live()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def do(self, verb):
        try:
            with transaction.atomic():
                return verb()
        except REFUSED:
            return None

    def home(self, n):
        return Household.objects.get(pk=self.homes[n].pk)

    @rule(village=st.integers(0, 1))
    def register(self, village):
        self.do(lambda: s.register_household(village=self.villages[village], by=self.by, householder={"name": "赵四"}))

    @rule(n=HOUSE, village=st.integers(0, 1))
    def move(self, n, village):
        self.do(lambda: s.move_household(household=self.home(n), by=self.by, village=self.villages[village], on=TODAY))

    @rule(n=HOUSE, back=st.booleans())
    def close(self, n, back):
        self.do(lambda: s.close_household(household=self.home(n), by=self.by, on=TODAY, reason="moved_out"))
        if back:
            self.do(lambda: s.reopen_household(household=self.home(n), by=self.by))

    @rule(n=HOUSE, to=st.sampled_from(["unstable", "hardship", "returned", "risk_removed"]), on=DAYS)
    def change_status(self, n, to, on):
        self.do(
            lambda: s.change_status(
                household=self.home(n), by=self.by, to_status=to, effective_on=on, reason="核实", proposed_by=self.other
            )
        )

    @rule(
        n=HOUSE,
        year=st.sampled_from([TODAY.year, TODAY.year - 1]),
        cause=st.sampled_from(["01", "02", ""]),
        water=st.sampled_from(["yes", "no", ""]),
    )
    def correct_year(self, n, year, cause, water):
        facts = {"main_cause": cause, "check_water": water, "population": 2}
        self.do(lambda: s.correct_year(household=self.home(n), year=year, by=self.by, facts=facts))

    @rule(n=HOUSE, year=st.sampled_from([TODAY.year, TODAY.year - 1]), money=st.sampled_from([100, 9000, 50_000]))
    def set_income(self, n, year, money):
        self.do(
            lambda: s.set_income(household=self.home(n), year=year, by=self.by, lines={"wage.other": Decimal(money)})
        )

    @rule(n=HOUSE, cadre=st.integers(0, 1), ends=st.booleans())
    def pair(self, n, cadre, ends):
        row = self.do(lambda: s.pair(household=self.home(n), cadre=self.cadres[cadre], by=self.by, starts_on=TODAY))
        if row is not None and ends:
            self.do(lambda: s.end_pairing(pairing=row, by=self.by, ends_on=TODAY, reason="调整"))

    @rule(n=HOUSE, late=st.booleans())
    def plan(self, n, late):
        plan = self.do(lambda: p.draft_plan(household=self.home(n), year=TODAY.year, by=self.by))
        if plan is not None and late:
            goal = self.do(lambda: p.put_goal(plan=plan, by=self.by, text="增收"))
            self.do(lambda: p.put_task(goal=goal, by=self.by, text="养蜂", owner=self.by, due_on=TODAY))

    @rule(n=HOUSE, amount=st.sampled_from([None, Decimal("1.25")]))
    def help(self, n, amount):
        row = self.do(
            lambda: measures.propose_measure(
                household=self.home(n), kind=self.kind, year=TODAY.year, by=self.by, amount=amount
            )
        )
        if row is not None:
            self.do(lambda: measures.approve_measure(measure=row, by=self.other))

    @rule(back=st.booleans())
    def deliver(self, back):
        for row in Measure.objects.filter(state="approved").order_by("pk")[:1]:
            shares = [(self.fund, Decimal("10.50"))]
            given = self.do(
                lambda row=row, shares=shares: deliveries.deliver(measure=row, on=TODAY, by=self.by, shares=shares)
            )
            if given is not None and back:
                self.do(
                    lambda given=given: deliveries.reverse_delivery(delivery=given, reason="发错了人", by=self.other)
                )

    @rule(n=HOUSE, state=st.sampled_from(["asked", "withdrawn"]))
    def ask(self, n, state):
        self.do(lambda: ServiceRequestFactory(household=self.home(n), state=state))

    @rule(n=HOUSE, on=DAYS, void=st.booleans())
    def visit(self, n, on, void):
        row = self.do(lambda: VisitFactory(household=self.home(n), on=on))
        if void and row is not None:
            Visit.objects.filter(pk=row.pk).update(voided_at=timezone.now(), voided_by="x", void_reason="登记错了")

    @rule(n=HOUSE, days=st.integers(-5, 5), made=st.booleans())
    def duty(self, n, days, made):
        day = TODAY + dt.timedelta(days=days)
        due = None if made else day
        self.do(
            lambda: VisitDutyFactory(
                household=self.home(n), made=int(made), next_due_on=due, ends_on=TODAY + dt.timedelta(days=6)
            )
        )

    @rule(n=HOUSE, state=st.sampled_from(["draft", "returned", "approved"]))
    def survey(self, n, state):
        self.do(lambda: SurveyFactory(household=self.home(n), year=TODAY.year, **{state: True}))

    @rule(village=st.integers(0, 1), found=st.booleans())
    def village_work(self, village, found):
        if found:
            ShortfallFactory(village=self.villages[village])
        else:
            ProjectFactory(village=self.villages[village], year=TODAY.year)

    @rule()
    def fold(self):
        rollup.fold()
        assert not Mark.objects.exists()

    @invariant()
    def pages_say_what_lists_show(self):
        assert shown() == live()


def test_roll_up_equals_live_after_any_sequence_of_verbs():
    run_state_machine_as_test(
        Work,
        settings=settings(
            max_examples=12, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
