"""Whatever is done with measures, in whatever order and by whom: nothing is given before the approval of somebody else, nobody receives the
same twice in a period, money is what its sources paid, and a measure is confirmed only by the household's word on all that stands.

A machine does the verbs at random and keeps the states as plainly as it can: what they allow must be done, what they forbid refused.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.roles import Role
from assistance.models import LIVE, Account, Confirmation, Delivery, Line, Measure
from assistance.services import measures
from assistance.services.confirmations import confirm_delivery
from assistance.services.deliveries import deliver, reverse_delivery
from households.services import LedgerError
from households.services.household import split_household
from tests.factories import FundFactory, HouseholdFactory, MemberFactory, PostingFactory, RegionFactory, UserFactory
from tests.factories.assistance import KindFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = timezone.localdate()
YEAR = TODAY.year - 1  # a year whose months have all been
MONTHS = ("", f"{YEAR}-01", f"{YEAR}-02")
CEILING = Decimal(100)
FUND = Decimal(500)
AMOUNTS = st.sampled_from([Decimal(text) for text in ("0.01", "60", "100", "100.01")])
ANY = st.integers(0, 30)
REFUSED = (LedgerError, ValidationError, PermissionDenied)


class Help(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        village = RegionFactory()
        self.officers = []
        for _n in range(2):
            user = UserFactory()
            PostingFactory(user=user, role=Role.TOWNSHIP_OFFICER, region=village.parent)
            self.officers.append(user)
        self.home = HouseholdFactory(village=village, with_householder=True)
        self.people = [self.home.members.get(), MemberFactory(household=self.home)]
        self.kinds = [
            KindFactory(of_member=True, ceiling=CEILING),
            KindFactory(of_member=True, monthly=True, ceiling=CEILING),
            KindFactory(of_member=True, once=True, in_kind=True),
        ]
        self.funds = [FundFactory(region=village.parent.parent, allotted=FUND, year=TODAY.year) for _n in range(2)]
        self.states: dict[int, str] = {}  # of measures
        self.proposers: dict[int, int] = {}
        self.standing: dict[
            int, tuple[int, int, str, Decimal, int]
        ] = {}  # delivery: measure, person, period, amount, by
        self.words: dict[int, bool] = {}
        self.moved = False

    def teardown(self):
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def do(self, act, may):
        """What it gave, which must be something exactly where the plain states allow it."""
        try:
            with transaction.atomic():
                answer = act()
        except REFUSED:
            assert not may, "refused although the states allow it"
            return None
        assert may, "done although the states forbid it"
        return answer

    def pick(self, n):
        """A measure, by chance."""
        keys = sorted(self.states)
        return Measure.objects.select_related("kind", "member").get(pk=keys[n % len(keys)])

    def person(self, member):
        """Who somebody is, in whichever household."""
        return 0 if member.id_hash == self.people[0].id_hash else 1

    def settle(self, pk):
        own = [d for d, (measure, *_rest) in self.standing.items() if measure == pk]
        self.states[pk] = "approved" if not own else "confirmed" if all(self.words.get(d) for d in own) else "delivered"

    # -- what can be done

    @rule(who=st.sampled_from([0, 1]), kind=st.sampled_from([0, 1, 2]), by=st.sampled_from([0, 1]))
    def propose(self, who, kind, by):
        member, about = self.people[who], self.kinds[kind]
        live = Measure.objects.filter(member=member, kind=about, state__in=LIVE).exists()
        row = self.do(
            lambda: measures.propose_measure(
                household=member.household, kind=about, year=YEAR, member=member, by=self.officers[by]
            ),
            not live,
        )  # fmt: skip
        if row:
            self.states[row.pk], self.proposers[row.pk] = "proposed", by

    @precondition(lambda self: self.states)
    @rule(n=ANY, by=st.sampled_from([0, 1]), yes=st.booleans())
    def decide(self, n, by, yes):
        row = self.pick(n)
        gone = row.member.left_on is not None
        may = self.states[row.pk] == "proposed" and self.proposers[row.pk] != by and not (yes and gone)
        verb = measures.approve_measure if yes else measures.refuse_measure
        if self.do(lambda: verb(measure=row, by=self.officers[by], note="看过"), may):
            self.states[row.pk] = "approved" if yes else "refused"
            # The days of this year: what was approved today cannot have been delivered before.

    @precondition(lambda self: self.states)
    @rule(n=ANY, by=st.sampled_from([0, 1]))
    def withdraw(self, n, by):
        row = self.pick(n)
        may = self.states[row.pk] in ("proposed", "approved")
        if self.do(lambda: measures.withdraw_measure(measure=row, by=self.officers[by]), may):
            self.states[row.pk] = "withdrawn"

    @precondition(lambda self: self.states)
    @rule(n=ANY, by=st.sampled_from([0, 1]), amount=AMOUNTS, two=st.booleans(), month=st.sampled_from(MONTHS))
    def give(self, n, by, amount, two, month):
        row = self.pick(n)
        kind, person = row.kind, self.person(row.member)
        period = {"year": str(YEAR), "month": month, "once": ""}[kind.period]
        shares = [(self.funds[0], amount)] if kind.has_money else []
        if shares and two:
            shares.append((self.funds[1], Decimal("0.01")))
        total = sum((share for _fund, share in shares), Decimal(0))
        twice = any(
            (Measure.objects.get(pk=m).kind_id, who, when) == (kind.pk, person, period)
            for m, who, when, _amount, _by in self.standing.values()
        )
        left = Account.objects.get(fund=self.funds[0], kind="allotted").balance
        may = (
            self.states[row.pk] in ("approved", "delivered", "confirmed")
            and not twice
            and row.member.left_on is None
            and total <= (kind.ceiling or total)
            and (not shares or left >= amount)
            and (kind.period != "month" or month != "")
        )
        done = self.do(lambda: deliver(measure=row, on=TODAY, by=self.officers[by], shares=shares, period=month), may)
        if done:
            self.standing[done.pk] = (row.pk, person, period, total, by)
            self.settle(row.pk)

    @precondition(lambda self: self.standing)
    @rule(n=ANY, by=st.sampled_from([0, 1]))
    def take_back(self, n, by):
        pk = sorted(self.standing)[n % len(self.standing)]
        measure = self.standing[pk][0]
        assert self.do(
            lambda: reverse_delivery(delivery=Delivery.objects.get(pk=pk), reason="有误", by=self.officers[by]), True
        )
        del self.standing[pk]
        self.words.pop(pk, None)
        self.settle(measure)

    @precondition(lambda self: self.standing)
    @rule(n=ANY, by=st.sampled_from([0, 1]), received=st.booleans())
    def hear(self, n, by, received):
        pk = sorted(self.standing)[n % len(self.standing)]
        may = pk not in self.words and self.standing[pk][4] != by
        done = self.do(
            lambda: confirm_delivery(
                delivery=Delivery.objects.get(pk=pk), way="visit", by=self.officers[by], received=received, note="说了"
            ),
            may,
        )  # fmt: skip
        if done:
            self.words[pk] = received
            self.settle(self.standing[pk][0])

    @precondition(lambda self: not self.moved)
    @rule()
    def move_out(self):
        """The second person founds a household of their own: the old row stays behind, the person is the same."""
        here = self.people[1]
        with transaction.atomic():
            PostingFactory(user=self.officers[0], role=Role.COUNTY_OFFICIAL, region=self.home.village.parent.parent)
            new = split_household(
                household=self.home, by=self.officers[0], members=[here], new_householder=here, relations={}, on=TODAY
            )
        self.people[1] = new.members.get()
        self.moved = True

    # -- what always holds

    @invariant()
    def the_states_are_what_was_done(self):
        assert dict(Measure.objects.values_list("pk", "state")) == self.states

    @invariant()
    def nothing_arrived_before_somebody_else_approved(self):
        for measure in Measure.objects.filter(pk__in=Delivery.objects.values("measure")):
            assert measure.decided_at is not None
            assert measure.decided_by != measure.proposed_by
            assert measure.state in ("approved", "delivered", "confirmed", "withdrawn")
        for one in Delivery.objects.filter(is_reversal=False).select_related("measure"):
            assert one.on >= timezone.localdate(one.measure.decided_at)

    @invariant()
    def nobody_has_the_same_twice_in_a_period(self):
        rows = Delivery.objects.filter(is_reversal=False, reversed_by=None).values_list("kind", "person", "period")
        assert len(rows) == len(set(rows)) == len(self.standing)

    @invariant()
    def money_is_what_its_sources_paid(self):
        for one in Delivery.objects.all():
            assert one.amount == sum(Line.objects.filter(delivery=one).values_list("amount", flat=True), Decimal(0))
        left = sum(Account.objects.filter(kind="allotted").values_list("balance", flat=True))
        assert left == 2 * FUND - sum((amount for *_rest, amount, _by in self.standing.values()), Decimal(0))

    @invariant()
    def only_the_households_word_confirms(self):
        for measure in Measure.objects.filter(state="confirmed"):
            words = list(
                Delivery.objects.filter(measure=measure, is_reversal=False, reversed_by=None).values_list(
                    "confirmation__received", flat=True
                )
            )
            assert words
            assert all(words)
        assert not Confirmation.objects.filter(way="visit", by=F("delivery__by")).exists()


def test_no_order_of_acts_breaks_what_measures_promise():
    run_state_machine_as_test(
        Help,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
