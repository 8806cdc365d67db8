"""Whatever is done in whatever order: schemes, an appraisal and an order go only the ways they may, and what is over stays as it was.

Machines do the verbs at random beside a plain model of what may be done; what the model allows must be done, what it does not must be refused.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.roles import Role
from households.services import LedgerError
from supervision import computing, steps
from supervision.models import Appraisal, AppraisalRound, AppraisalScheme, Order, OrderReceipt
from supervision.services import appraisals, orders, schemes
from tests.factories import (
    HouseholdFactory,
    PostingFactory,
    RegionFactory,
    UserFactory,
    VisitDutyFactory,
    VisitRuleFactory,
)
from tests.factories.supervision import SchemeFactory
from tests.supervision.conftest import helper_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = timezone.localdate()
REFUSED = (LedgerError, ValidationError, PermissionDenied)


class Machine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.village = RegionFactory()
        self.township, self.county = self.village.parent, self.village.parent.parent
        self.official, self.officer, self.clerk = (UserFactory() for _n in range(3))
        for user, role, place in (
            (self.official, Role.COUNTY_OFFICIAL, self.county), (self.officer, Role.TOWNSHIP_OFFICER, self.township),
            (self.clerk, Role.VILLAGE_CLERK, self.village),
        ):  # fmt: skip
            PostingFactory(user=user, role=role, region=place)

    def teardown(self):
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def do(self, act, may):
        """What the verb answers where it may be done; None, and nothing else, where not."""
        try:
            with transaction.atomic():
                answer = act()
        except REFUSED:
            assert not may, "refused although it may be done"
            return None
        assert may, "done although it may not be"
        return answer if answer is not None else True


class Appraising(Machine):
    """A county's schemes, and one cadre's appraisal in a township's round."""

    def __init__(self):
        super().__init__()
        self.household = HouseholdFactory(village=self.village)
        self.cadre = helper_of(self.household)
        self.rule = VisitRuleFactory(region=self.county)
        SchemeFactory(region=self.county)
        self.draft, self.versions = None, 1
        self.round, self.state, self.silent = None, None, False
        self.fixed = {}  # figures and score of what is final

    def row(self):
        return Appraisal.objects.get(round=self.round, cadre=self.cadre)

    @rule(visits=st.integers(1, 99))
    def draft_scheme(self, visits):
        weights = {"visits": visits, "calls": 100 - visits}
        made = self.do(
            lambda: schemes.draft_scheme(region=self.county, name="办法", weights=weights, by=self.official),
            self.draft is None,
        )
        if made:
            self.draft, self.versions = made, self.versions + 1

    @rule()
    def enforce(self):
        if self.draft is not None:
            self.do(lambda: schemes.put_in_force(scheme=self.draft, by=self.official), True)
            self.draft = None

    @rule()
    def open(self):
        live = self.round is not None and self.round_state() != "discarded"
        made = self.do(
            lambda: appraisals.open_round(region=self.township, starts_on=TODAY - dt.timedelta(days=60), last_day=TODAY - dt.timedelta(days=1), by=self.officer),
            not live,
        )  # fmt: skip
        if made:
            self.round, self.state, self.silent = made, None, False

    def round_state(self):
        return AppraisalRound.objects.get(pk=self.round.pk).state if self.round else None

    @rule(made=st.integers(0, 2))
    def work(self, made):
        start = TODAY - dt.timedelta(days=40 + VisitDutyFactory._meta.model.objects.count() % 15)
        VisitDutyFactory(
            rule=self.rule, household=HouseholdFactory(village=self.village), cadre=self.cadre, starts_on=start, ends_on=start + dt.timedelta(days=20),
            needed=2, made=made, next_due_on=None if made == 2 else start,
        )  # fmt: skip

    @rule()
    def compute(self):
        if self.round is None:
            return
        before = None if self.state is None else self.row().items
        if self.do(
            lambda: appraisals.recompute(round=self.round, by=self.officer) or True,
            self.round_state() in ("computing", "open"),
        ):
            if self.state is None:
                self.state = "computed"
            elif before != self.row().items and self.state != "final":
                self.silent = False
                if self.state == "answered":
                    self.state = "shown"
            if self.state != "final":
                assert computing.drift_of(self.round) == []

    @rule()
    def show(self):
        if self.round and self.do(lambda: appraisals.show_round(round=self.round, by=self.officer), self.state == "computed" and self.round_state() == "open"):  # fmt: skip
            self.state = "shown"

    @rule()
    def wait(self):
        """The days to comment go by."""
        if self.state in ("shown", "commented"):
            Appraisal.objects.filter(round=self.round).update(shown_at=timezone.now() - dt.timedelta(days=99))
            self.silent = True

    @rule(own=st.booleans())
    def comment(self, own):
        if self.state is None:
            return
        by = self.cadre.user if own else self.official
        may = own and self.state in ("shown", "commented") and self.round_state() == "open"
        if self.do(lambda: appraisals.comment(appraisal=self.row(), text="意见", by=by), may):
            self.state = "commented"

    @rule()
    def answer(self):
        if self.state and self.do(lambda: appraisals.answer(appraisal=self.row(), text="答复", by=self.officer), self.state == "commented" and self.round_state() == "open"):  # fmt: skip
            self.state = "answered"

    @rule()
    def finalise(self):
        if self.state is None:
            return
        may = self.round_state() == "open" and (self.state == "answered" or (self.state == "shown" and self.silent))
        if self.do(lambda: appraisals.finalise(appraisal=self.row(), by=self.officer), may):
            self.state = "final"
            row = self.row()
            self.fixed[row.pk] = (row.items, row.score, row.decided_at)

    @rule()
    def close(self):
        if self.round is not None:
            self.do(
                lambda: appraisals.close_round(round=self.round, by=self.officer),
                self.state == "final" and self.round_state() == "open",
            )

    @rule()
    def discard(self):
        if self.round is not None:
            may = self.round_state() in ("computing", "open") and self.state != "final"
            if self.do(lambda: appraisals.discard_round(round=self.round, reason="重来", by=self.officer), may):
                self.round = self.state = None

    @invariant()
    def as_the_model_says(self):
        if self.state is not None:
            assert self.row().state == self.state
        for pk, figures in self.fixed.items():
            row = Appraisal.objects.get(pk=pk)
            assert (row.items, row.score, row.decided_at) == figures
        found = AppraisalScheme.objects.filter(region=self.county)
        assert found.filter(state="in_force").count() == 1
        assert found.count() == self.versions
        if self.round is not None:
            assert AppraisalRound.objects.get(pk=self.round.pk).scheme_id == self.round.scheme_id


class Ordering(Machine):
    """One order of the county to a village of three households."""

    def __init__(self):
        super().__init__()
        self.homes = [HouseholdFactory(village=self.village) for _n in range(3)]
        self.order, self.state, self.version = None, None, 0
        self.got, self.done, self.acts = set(), {}, []

    @rule()
    def issue(self):
        facts = {"title": "排查", "text": "看房", "due_on": TODAY, "audience": "all"}
        made = self.do(
            lambda: orders.issue(region=self.county, villages=[self.village], facts=facts, by=self.official), True
        )
        self.order, self.state, self.version = made, "issued", 1
        self.got, self.done, self.acts = set(), {}, []

    @rule(text=st.sampled_from(["看房", "看房和水", "看房和电"]), stale=st.booleans())
    def amend(self, text, stale):
        if self.order is None:
            return
        now = Order.objects.get(pk=self.order.pk)
        version = now.version - 1 if stale else now.version
        done = self.do(
            lambda: orders.amend(order=now, title="排查", text=text, due_on=TODAY, by=self.official, version=version),
            self.state == "issued" and not stale,
        )
        if done and text != now.text:
            self.version += 1
            self.got = set()

    @rule(who=st.sampled_from(["clerk", "officer", "official"]), where=st.sampled_from(["village", "township"]))
    def receive(self, who, where):
        if self.order is None:
            return
        stands = (who, where) in (("clerk", "village"), ("officer", "township"), ("officer", "village"))
        may = self.state == "issued" and stands and where not in self.got
        region, by = getattr(self, where), getattr(self, who)
        if self.do(lambda: orders.receive(order=self.order, region=region, by=by, note="电话通知"), may):
            self.got.add(where)

    @rule(chosen=st.sets(st.integers(0, 2)))
    def act(self, chosen):
        if self.order is None:
            return
        homes = [self.homes[n] for n in sorted(chosen)] if chosen else None
        new = chosen or {n for n in range(3) if not self.done.get(n)}
        may = self.state == "issued" and bool(new)
        if self.do(
            lambda: orders.record_action(
                order=self.order, village=self.village, households=homes, text="看过", by=self.clerk
            ),
            may,
        ):
            self.acts.append(new)
            for n in new:
                self.done[n] = self.done.get(n, 0) + 1

    @rule()
    def void(self):
        if not self.acts or self.order is None:
            return
        act = self.order.actions.filter(voided_at=None).order_by("-pk").values_list("act", flat=True)[0]
        if self.do(
            lambda: orders.void_act(order=self.order, act=act, reason="记错了", by=self.clerk), self.state == "issued"
        ):
            for n in self.acts.pop():
                self.done[n] -= 1

    @rule(how=st.sampled_from(["close", "withdraw"]))
    def end(self, how):
        if self.order is None:
            return
        verb = {"close": lambda: orders.close(order=self.order, by=self.official), "withdraw": lambda: orders.withdraw(order=self.order, reason="重复", by=self.official)}[how]  # fmt: skip
        if self.do(verb, self.state == "issued"):
            self.state = {"close": "closed", "withdraw": "withdrawn"}[how]

    @invariant()
    def as_the_model_says(self):
        if self.order is None:
            return
        row = Order.objects.get(pk=self.order.pk)
        assert (row.state, row.version, row.revisions.count()) == (self.state, self.version, self.version)
        assert OrderReceipt.objects.filter(order=row, version=row.version).count() == len(self.got)
        acted = sum(number > 0 for number in self.done.values())
        counted = row.villages.get()
        assert (counted.asked, counted.acted) == (3, acted)
        (fresh,) = steps.count(row, [self.village.pk])
        assert (fresh.acted, fresh.seen) == (counted.acted, counted.seen)


@pytest.mark.parametrize("machine", [Appraising, Ordering])
def test_histories(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
