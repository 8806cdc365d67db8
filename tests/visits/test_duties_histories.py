"""Whatever is done, in whatever order, on whatever day: duties of running periods are what rules, pairings, visits and households say, made anew
from nothing; those of past periods ask for what they asked for, and count the visits there are."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.roles import Role
from common.sync import Quarantined, Refused
from households.models import Household, Pairing, Status
from households.services import (
    LedgerError,
    close_household,
    end_pairing,
    move_household,
    pair,
    reopen_household,
    replace_helper,
)
from regions.models import Level
from tests.factories import CadreFactory, HouseholdFactory, PostingFactory, RegionFactory, UserFactory
from visits.dues import period_of
from visits.models import Capacity, LastVisit, Tally, Visit, VisitDuty, VisitRule
from visits.services import duties
from visits.services.record import record_visit, void_visit
from visits.services.rules import end_rule, set_rule

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
REFUSED = (LedgerError, ValidationError, Refused, Quarantined)
START = dt.date(2026, 2, 10)
ANY = st.integers(0, 30)
PERIODS = st.sampled_from(["month", "quarter"])
AUDIENCES = st.sampled_from(["monitored", "registered", "all"])
NOW = timezone.now


class Year(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.day = START
        timezone.now = self.noon
        village = RegionFactory()
        county = village.parent.parent
        self.villages = [village, RegionFactory(parent=RegionFactory(level=Level.TOWNSHIP, parent=county))]
        self.regions = [county, *self.villages]
        self.official = UserFactory()
        PostingFactory(user=self.official, role=Role.COUNTY_OFFICIAL, region=county)
        self.clerk = UserFactory()
        PostingFactory(user=self.clerk, role=Role.VILLAGE_CLERK, region=self.villages[0])
        self.cadres = [CadreFactory(user=UserFactory(), unit__region=county) for _n in range(2)]
        self.homes = [
            HouseholdFactory(village=self.villages[0], with_householder=True, status="unstable").pk for _n in range(2)
        ]
        self.past: dict[int, tuple] = {}

    def noon(self):
        return dt.datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=timezone.get_current_timezone())

    def teardown(self):
        timezone.now = NOW
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def do(self, act):
        try:
            with transaction.atomic():
                return act()
        except REFUSED:
            return None

    def home(self, n):
        return Household.objects.get(pk=self.homes[n % len(self.homes)])

    def who(self, n):
        """A user as they are today: what they may do is remembered with them."""
        user = [self.cadres[0].user, self.cadres[1].user, self.clerk, self.official][n % 4]
        return type(user).objects.get(pk=user.pk)

    def official_now(self):
        return type(self.official).objects.get(pk=self.official.pk)

    @initialize(period=PERIODS, least=st.integers(1, 4))
    def first_rule(self, period, least):
        set_rule(
            region=self.regions[0],
            capacity="helper",
            audience="all",
            period=period,
            least=least,
            by=self.official_now(),
        )

    @rule(
        n=ANY,
        capacity=st.sampled_from(["helper", "village"]),
        audience=AUDIENCES,
        period=PERIODS,
        least=st.integers(1, 5),
        later=st.integers(0, 40),
    )
    def set_a_rule(self, n, capacity, audience, period, least, later):
        self.do(lambda: set_rule(region=self.regions[n % 3], capacity=capacity, audience=audience, period=period, least=least,
                                 starts_on=self.day + dt.timedelta(days=later), by=self.official_now()))  # fmt: skip

    @rule(n=ANY, later=st.integers(0, 40))
    def end_a_rule(self, n, later):
        rules = list(VisitRule.objects.order_by("pk"))
        self.do(
            lambda: end_rule(
                rule=rules[n % len(rules)], ends_on=self.day + dt.timedelta(days=later), by=self.official_now()
            )
        )

    @rule(n=ANY, c=ANY, earlier=st.integers(-20, 60), lead=st.booleans())
    def pair(self, n, c, earlier, lead):
        starts_on = self.day - dt.timedelta(days=earlier)
        self.do(
            lambda: pair(
                household=self.home(n),
                cadre=self.cadres[c % 2],
                starts_on=starts_on,
                is_lead=lead,
                by=self.official_now(),
            )
        )

    @rule(n=ANY, c=ANY, earlier=st.integers(-20, 20))
    def replace(self, n, c, earlier):
        on = self.day - dt.timedelta(days=earlier)
        self.do(lambda: replace_helper(household=self.home(n), cadre=self.cadres[c % 2], on=on, by=self.official_now()))

    @rule(n=ANY, earlier=st.integers(-20, 20))
    def end(self, n, earlier):
        open_ones = list(Pairing.objects.filter(household=self.home(n), ends_on=None).order_by("pk"))
        if open_ones:
            on = self.day - dt.timedelta(days=earlier)
            self.do(lambda: end_pairing(pairing=open_ones[0], ends_on=on, by=self.official_now()))

    @rule(
        n=ANY,
        w=ANY,
        earlier=st.integers(0, 59),
        met=st.sampled_from(["householder", "nobody"]),
        manner=st.sampled_from(["visit", "visit", "call"]),
    )
    def visit(self, n, w, earlier, met, manner):
        on = self.day - dt.timedelta(days=earlier)
        body = {
            "uid": str(uuid.uuid4()), "household": str(self.home(n).uid), "manner": manner, "on": on.isoformat(), "met": [met], "seen": [],
            "text": "来过", "photos": [],
        }  # fmt: skip
        self.do(lambda: record_visit(body=body, by=self.who(w)))

    @rule(n=ANY)
    def void(self, n):
        visits = list(Visit.objects.order_by("pk"))
        if visits:
            self.do(
                lambda: void_visit(visit=visits[n % len(visits)], by=self.official_now(), reason="记错了，另行登记")
            )

    @rule(n=ANY, status=st.sampled_from(["unstable", "ordinary", "out_of_poverty"]))
    def status(self, n, status):
        home = self.home(n)
        Household.objects.filter(pk=home.pk).update(status=Status(status))  # by import; the night finds it
        duties.refresh_all()

    @rule(n=ANY)
    def close_or_reopen(self, n):
        home = self.home(n)
        if home.is_closed:
            self.do(lambda: reopen_household(household=home, by=self.official_now()))
        else:
            self.do(lambda: close_household(household=home, on=self.day, reason="moved_out", by=self.official_now()))

    @rule(n=ANY, v=ANY)
    def move(self, n, v):
        self.do(
            lambda: move_household(
                household=self.home(n), village=self.villages[v % 2], on=self.day, by=self.official_now()
            )
        )

    @rule(days=st.integers(1, 45))
    def time_passes(self, days):
        self.past |= {
            pk: row
            for pk, *row in VisitDuty.objects.values_list(
                "pk", "rule", "household", "cadre", "starts_on", "ends_on", "needed"
            )
        }
        self.day += dt.timedelta(days=days)
        duties.nightly()

    @invariant()
    def made_anew_they_are_the_same(self):
        wanted = duties.computed(self.homes, duties.rules_on(self.day), self.day)
        assert {key: duty for key, (_pk, duty) in duties.stored(self.homes, self.day).items()} == wanted

    @invariant()
    def the_past_is_as_it_was(self):
        for duty in VisitDuty.objects.select_related("rule"):
            over = duty.starts_on < period_of(duty.rule.period, self.day)[0]
            if over and duty.pk in self.past:
                row = [duty.rule_id, duty.household_id, duty.cadre_id, duty.starts_on, duty.ends_on, duty.needed]
                assert row == self.past[duty.pk]
            assert duty.made == self.count(duty)
            assert (duty.next_due_on is None) == (duty.made >= duty.needed)

    @invariant()
    def the_counts_are_what_stands_there(self):
        """What the triggers wrote, and what the night made of it, is what one counts."""
        kept = Counter()
        for kind, village, day, ends_on, number in Tally.objects.values_list(
            "kind", "village", "day", "ends_on", "number"
        ):
            kept[kind, village, day, ends_on] += number
        wanted = Counter(
            ("duty", *row)
            for row in VisitDuty.objects.filter(over=False).values_list("village", "next_due_on", "ends_on")
        )
        wanted += Counter((*row, None) for row in Visit.objects.standing().values_list("manner", "village", "on"))
        assert {key: number for key, number in kept.items() if number} == dict(wanted)

    @invariant()
    def every_household_has_its_last_visit(self):
        for home in Household.objects.filter(pk__in=self.homes):
            last = LastVisit.objects.filter(household=home).first() or LastVisit()
            visits = [
                v.on
                for v in Visit.objects.filter(household=home, voided_at=None, manner="visit")
                if v.met != ["nobody"]
            ]
            assert last.visited_on == max(visits, default=None)
            if last.pk:
                assert last.village_id == home.village_id
                assert last.asked == (home.closed_on is None and home.status not in ("ordinary", "struck_off"))

    def count(self, duty):
        visits = Visit.objects.filter(
            household=duty.household_id, voided_at=None, manner=duty.rule.manner, on__gte=duty.starts_on, on__lt=duty.ends_on, capacities__contains=[duty.rule.capacity],
        )  # fmt: skip
        if duty.rule.capacity == Capacity.HELPER:
            visits = visits.filter(cadre=duty.cadre)
        return len({v.on for v in visits if v.met != ["nobody"]})


def test_duties_made_anew_are_those_stored():
    run_state_machine_as_test(
        Year,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
