"""Whatever is done with money, in whatever order: balances are their movements, nothing passes a ceiling, is overdrawn or paid twice.

A machine does the verbs at random and keeps its own books, as plain as they can be; what it says may be done must be done, what it says may
not must be refused, and afterwards both books agree.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.roles import Role
from assistance.models import Account, Delivery, VillageProject
from assistance.services import funds
from assistance.services.base import refusals
from households.services import LedgerError
from tests.assistance.test_funds import delivery_of, measure_of
from tests.factories import FundFactory, HouseholdFactory, PostingFactory, RegionFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = timezone.localdate()
CEILING = Decimal("100")
# Few and round, so that the last yuan and the ceiling are met often; one that is a cent off.
AMOUNTS = st.sampled_from([Decimal(text) for text in ("10", "25", "40", "0.01", "60.99", "100")])
FUNDS = st.sampled_from([0, 1])
ACCOUNTS = ("source", "planned", "allotted", "reserved", "paid", "project")


class Books(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        village = RegionFactory()
        county = village.parent.parent
        self.official = UserFactory()
        PostingFactory(user=self.official, role=Role.COUNTY_OFFICIAL, region=county)
        self.funds = [FundFactory(region=county, allotted=0, ceiling=CEILING) for _n in range(2)]
        self.measures = [measure_of(HouseholdFactory(village=village)) for _n in range(2)]
        self.project = VillageProject.objects.create(
            village=village, sector="road", title="路", year=TODAY.year, stage="building", proposed_by="x", proposed_at=timezone.now(),
        )  # fmt: skip
        self.books = [dict.fromkeys(ACCOUNTS, Decimal(0)) for _fund in self.funds]
        self.ceilings = [CEILING, CEILING]
        self.standing: dict[tuple[int, str], tuple[Delivery, list[tuple[int, Decimal]]]] = {}
        self.paid_project: list[tuple[int, Decimal, object]] = []

    def teardown(self):
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    # -- the plain books

    def may(self, n, source, amount):
        left = self.books[n][source] if source != "source" else self.ceilings[n] + self.books[n]["source"]
        return left >= amount

    def book(self, n, source, target, amount):
        self.books[n][source] -= amount
        self.books[n][target] += amount

    def do(self, act, may):
        """Whether it was done, which must be what the plain books say."""
        try:
            with transaction.atomic():
                answer = act()
        except (LedgerError, ValidationError):
            assert not may, "refused although the books allow it"
            return None
        assert may, "done although the books forbid it"
        return answer or True

    def move(self, verb, n, source, target, amount, **more):
        done = self.do(
            lambda: verb(fund=self.funds[n], amount=amount, on=TODAY, by=self.official, **more),
            self.may(n, source, amount),
        )
        if done:
            self.book(n, source, target, amount)
        return done

    # -- what can be done

    @rule(n=FUNDS, amount=AMOUNTS)
    def plan(self, n, amount):
        self.move(funds.plan, n, "source", "planned", amount)

    @rule(n=FUNDS, amount=AMOUNTS)
    def cut(self, n, amount):
        self.move(funds.cut, n, "planned", "source", amount)

    @rule(n=FUNDS, amount=AMOUNTS)
    def allot(self, n, amount):
        self.move(funds.allot, n, "planned", "allotted", amount)

    @rule(n=FUNDS)
    def fill(self, n):
        """All that the source gives, allotted: without it most of what follows would find nothing."""
        for verb, source, target in ((funds.plan, "source", "planned"), (funds.allot, "planned", "allotted")):
            left = self.ceilings[n] + self.books[n]["source"] if source == "source" else self.books[n][source]
            if left:
                self.move(verb, n, source, target, left)

    @rule(n=FUNDS, amount=AMOUNTS)
    def recall(self, n, amount):
        self.move(funds.recall, n, "allotted", "planned", amount)

    @rule(n=FUNDS, amount=AMOUNTS)
    def reserve(self, n, amount):
        self.move(funds.reserve, n, "allotted", "reserved", amount, project=self.project)

    @rule(n=FUNDS, amount=AMOUNTS)
    def release(self, n, amount):
        self.move(funds.release, n, "reserved", "allotted", amount, project=self.project)

    @rule(n=FUNDS, amount=AMOUNTS)
    def pay_project(self, n, amount):
        entry = self.move(funds.pay_project, n, "reserved", "project", amount, project=self.project, reference="凭证")
        if entry:
            self.paid_project.append((n, amount, entry))

    @precondition(lambda self: self.paid_project)
    @rule(data=st.data())
    def unpay_project(self, data):
        """Taken back once; a second time is refused."""
        n, amount, entry = self.paid_project.pop(data.draw(st.integers(0, len(self.paid_project) - 1)))
        act = lambda: funds.unpay_project(entry=entry, on=TODAY, by=self.official, note="错")  # noqa: E731
        self.do(act, True)
        self.book(n, "project", "reserved", amount)
        self.do(act, False)

    @rule(
        which=FUNDS,
        period=st.sampled_from(["2026", "2027"]),
        parts=st.lists(st.tuples(FUNDS, AMOUNTS), min_size=1, max_size=3),
    )
    def pay(self, which, period, parts):
        """From one fund or several, some of them twice; for a period that may have been paid."""
        total = sum(amount for _n, amount in parts)
        needed = [sum((amount for own, amount in parts if own == n), Decimal(0)) for n in range(2)]
        may = (which, period) not in self.standing and all(self.may(n, "allotted", needed[n]) for n in range(2))
        given = []

        def act():
            with refusals():
                given.append(delivery_of(self.measures[which], total, period))
            funds.pay([(given[0], [(self.funds[n], amount) for n, amount in parts])], on=TODAY, by=self.official)

        if self.do(act, may):
            self.standing[which, period] = given[0], parts
            for n, amount in parts:
                self.book(n, "allotted", "paid", amount)

    @precondition(lambda self: self.standing)
    @rule(data=st.data())
    def unpay(self, data):
        key = data.draw(st.sampled_from(sorted(self.standing)))
        delivery, parts = self.standing.pop(key)

        def act():
            reversal = delivery_of(delivery.measure, -delivery.amount, delivery.period, is_reversal=True)
            funds.unpay(delivery, reversal, by=self.official, on=TODAY)
            Delivery.objects.filter(pk=delivery.pk).update(reversed_by=reversal)

        self.do(act, True)
        for n, amount in parts:
            self.book(n, "paid", "allotted", amount)
        self.do(act, False)

    @rule(n=FUNDS, ceiling=st.sampled_from([Decimal("50"), Decimal("100"), Decimal("161")]))
    def change_ceiling(self, n, ceiling):
        fund = self.funds[n]
        if self.do(
            lambda: funds.change_fund(fund=fund, title=fund.title, document="", ceiling=ceiling, by=self.official),
            ceiling >= -self.books[n]["source"],
        ):
            self.ceilings[n] = ceiling

    # -- what holds at any time

    @invariant()
    def both_books_agree(self):
        for fund, book, ceiling in zip(self.funds, self.books, self.ceilings, strict=True):
            kept = dict.fromkeys(ACCOUNTS, Decimal(0))
            for account in Account.objects.filter(fund=fund):
                kept["project" if account.kind == "paid" and account.project_id else account.kind] += account.balance
            assert kept == book
            assert sum(kept.values()) == 0
            assert -kept["source"] <= ceiling
            assert all(amount >= 0 for kind, amount in kept.items() if kind != "source")
        assert not list(funds.check())


def test_no_sequence_of_verbs_breaks_the_books():
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
