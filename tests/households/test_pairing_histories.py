"""Whatever is done with the helpers of a household, by whatever verb, in whatever order: nobody helps twice on a day, nobody leads beside another,
kin never helps, and whoever helps has a lead, until a day comes that was set ahead."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.roles import Role
from cadres.models import Cadre
from common import audit, jobs
from households import services as s
from households.models import AUDITED, Kinship, MatchingRun, Pairing
from tests.factories import CadreFactory, HouseholdFactory, MemberFactory, PostingFactory, RegionFactory, UnitFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = timezone.localdate()
DAYS = st.integers(-40, 3).map(lambda n: TODAY + dt.timedelta(days=n))
ENDS = st.integers(-40, 40).map(lambda n: TODAY + dt.timedelta(days=n))
HOUSE, CADRE, PLACE = st.integers(0, 1), st.integers(0, 4), st.integers(0, 5)
REFUSED = (s.LedgerError, ValidationError, PermissionDenied)


class Helping(RuleBasedStateMachine):
    """Two households, five cadres; the last of them is a member of the first household by ID number."""

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        village = RegionFactory()
        county = village.parent.parent
        self.by = PostingFactory(role=Role.COUNTY_OFFICIAL, region=county).user
        self.houses = HouseholdFactory.create_batch(2, village=village, status="out_of_poverty")
        unit = UnitFactory(region=county)
        self.cadres = CadreFactory.create_batch(5, unit=unit)
        member = MemberFactory(household=self.houses[0])
        own = self.cadres[-1]
        own.id_number, own.id_hash, own.id_masked = member.id_number, member.id_hash, member.id_masked
        own.save()
        rows = [village, *self.houses, member, unit, *self.cadres]
        audit.record("test.made", by="factory", target="test", rows=[row for row in rows if type(row) in AUDITED])

    def teardown(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        verdict = audit.verify(AUDITED)
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        assert verdict.ok, verdict.broken

    def do(self, verb):
        try:
            with transaction.atomic():
                return verb()
        except REFUSED:
            return None

    def pairing(self, house, place):
        rows = list(self.houses[house].pairings.order_by("pk"))
        return rows[place % len(rows)] if rows else None

    @rule(house=HOUSE, cadre=CADRE, on=DAYS, leads=st.booleans())
    def pair(self, house, cadre, on, leads):
        self.do(
            lambda: s.pair(
                household=self.houses[house], cadre=self.cadres[cadre], by=self.by, starts_on=on, is_lead=leads
            )
        )

    @rule(house=HOUSE, place=PLACE, on=ENDS, heir=st.none() | PLACE)
    def end(self, house, place, on, heir):
        row = self.pairing(house, place)
        if row is not None:
            lead = self.pairing(house, heir) if heir is not None else None
            self.do(lambda: s.end_pairing(pairing=row, by=self.by, ends_on=on, reason="x", lead=lead))

    @rule(house=HOUSE, cadre=CADRE, on=DAYS)
    def replace(self, house, cadre, on):
        self.do(lambda: s.replace_helper(household=self.houses[house], cadre=self.cadres[cadre], by=self.by, on=on))

    @rule(house=HOUSE, place=PLACE, on=DAYS)
    def change_lead(self, house, place, on):
        row = self.pairing(house, place)
        if row is not None:
            self.do(lambda: s.change_lead(pairing=row, by=self.by, on=on))

    @rule(house=HOUSE, cadre=CADRE)
    def begin_point(self, house, cadre):
        self.do(lambda: s.begin_point(household=self.houses[house], cadre=self.cadres[cadre], by=self.by, goal="诉求"))

    @rule(house=HOUSE, place=PLACE)
    def end_point(self, house, place):
        row = self.pairing(house, place)
        if row is not None:
            self.do(lambda: s.end_point(pairing=row, by=self.by, reason="办结"))

    @rule(house=HOUSE, cadre=CADRE)
    def declare(self, house, cadre):
        self.do(
            lambda: s.declare_kin(household=self.houses[house], cadre=self.cadres[cadre], relation="spouse", by=self.by)
        )

    @rule()
    def end_kinship(self):
        for row in Kinship.objects.filter(ended_at=None).order_by("pk")[:1]:
            self.do(lambda row=row: s.end_kinship(kinship=row, by=self.by, note="x"))

    @rule(giver=CADRE, receiver=CADRE, on=DAYS)
    def hand_over(self, giver, receiver, on):
        self.do(
            lambda: s.hand_over(giver=self.cadres[giver], receiver=self.cadres[receiver], on=on, reason="x", by=self.by)
        )

    @rule(giver=st.none() | CADRE, anew=st.booleans())
    def match(self, giver, anew):
        scope = (
            {"leaving": self.cadres[giver]} if giver is not None else {"region": self.houses[0].township, "anew": anew}
        )
        run = self.do(lambda: s.propose_matching(by=self.by, **scope))
        if run is not None:
            jobs.run(run.job_id)
            if self.do(lambda: s.apply_matching(run=run, by=self.by)) is None:
                self.do(lambda: s.discard_matching(run=MatchingRun.objects.get(pk=run.pk), by=self.by))

    @invariant()
    def holds_on_every_day(self):
        kin = set(Kinship.objects.filter(ended_at=None).values_list("household", "cadre")) | {
            (self.houses[0].pk, self.cadres[-1].pk)
        }
        rows = list(Pairing.objects.order_by("pk"))
        days = {TODAY, *(p.starts_on for p in rows), *(p.ends_on for p in rows if p.ends_on)}
        for day in days:
            there = [p for p in rows if p.starts_on <= day and (p.ends_on is None or p.ends_on > day)]
            assert max(Counter((p.household_id, p.cadre_id) for p in there).values(), default=0) <= 1, "twice on a day"
            assert max(Counter(p.household_id for p in there if p.is_lead).values(), default=0) <= 1, "two leads"
            if day >= TODAY:
                assert not kin & {(p.household_id, p.cadre_id) for p in there}, "kin"
        assert not [p for p in rows if p.is_lead and p.mode == "point_to_point"]
        assert not [p for p in rows if p.starts_on > TODAY], "begins in the future"

    @invariant()
    def whoever_helps_today_has_a_lead(self):
        for house in self.houses:
            helpers = list(house.pairings.current().ordinary())
            lasting = [p for p in helpers if p.ends_on is None]
            if helpers and not any(p.is_lead for p in helpers):
                raise AssertionError("nobody leads")
            assert {p.mode for p in lasting} <= ({"one_to_one"} if len(lasting) == 1 else {"many_to_one"}), (
                "the wrong word"
            )


def test_no_sequence_of_verbs_breaks_what_holds():
    run_state_machine_as_test(
        Helping,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_only_the_calendar_takes_a_lead_away(land, officer):
    """An end set ahead while the lead was alone, and somebody else later: nobody leads when the day has come, until the lead is changed."""
    house = HouseholdFactory(village=land.village)
    lead = s.pair(household=house, cadre=CadreFactory(), by=officer, starts_on=TODAY - dt.timedelta(days=9))
    s.end_pairing(pairing=lead, by=officer, ends_on=TODAY + dt.timedelta(days=1))
    along = s.pair(household=house, cadre=CadreFactory(), by=officer, starts_on=TODAY, is_lead=False)
    Pairing.objects.filter(pk=lead.pk).update(ends_on=TODAY)  # the day has come
    assert list(house.pairings.current().values_list("is_lead", flat=True)) == [False]
    s.change_lead(pairing=along, by=officer, on=TODAY)
    assert list(house.pairings.current().values_list("is_lead", flat=True)) == [True]
    assert Cadre.objects.count() == 2
