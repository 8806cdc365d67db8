"""Whatever is done with a plan, by whomever, in whatever order: only the ways of its life are open, nobody decides on their own, versions grow
and are never changed, and what is carried out is what the household agreed to.

A machine does the verbs at random and keeps its own small account of the plan; what it says may be done must be done, what it says may not
must be refused.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.roles import Role
from common import audit
from households.services import LedgerError
from plans import services, versions
from plans.models import VOUCHED, Plan, PlanRevision, Task
from tests.factories import HouseholdFactory, MemberFactory, PostingFactory, RegionFactory, UserFactory
from tests.factories.plans import TARGETS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = timezone.localdate()
END = dt.date(TODAY.year, 12, 31)
EDITABLE, RUNNING = ("draft", "returned"), "in_progress"
# Two of the village, two of the township, an auditor: (role, writes, approves).
PEOPLE = [
    (Role.VILLAGE_CLERK, True, False), (Role.RESIDENT_TEAM, True, False), (Role.TOWNSHIP_OFFICER, True, True),
    (Role.TOWNSHIP_OFFICER, True, True), (Role.AUDITOR, False, False),
]  # fmt: skip
WHO = st.integers(0, len(PEOPLE) - 1)
NOTE = st.sampled_from(["", "不行", "理由写得清楚", "另一个理由"])


class Life(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        village = RegionFactory()
        at = {
            Role.VILLAGE_CLERK: village,
            Role.RESIDENT_TEAM: village,
            Role.TOWNSHIP_OFFICER: village.parent,
            Role.AUDITOR: village,
        }
        self.users = [UserFactory() for _who in PEOPLE]
        for user, (role, _writes, _approves) in zip(self.users, PEOPLE, strict=True):
            PostingFactory(user=user, role=role, region=at[role])
        self.household = HouseholdFactory(village=village)
        self.member = MemberFactory(household=self.household)
        self.plan = services.draft_plan(household=self.household, year=TODAY.year, by=self.users[0])
        self.state, self.revision, self.agreed, self.reviewer = "draft", 0, False, None
        self.writers, self.bodies = {0}, []

    def teardown(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        verdict = audit.verify(VOUCHED)
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        assert verdict.ok, verdict.broken

    # -- the small account

    def do(self, act, may, who):
        """Whether it was done, which must be what the account says."""
        try:
            with transaction.atomic():
                answer = act(self.users[who])
        except (LedgerError, ValidationError, PermissionDenied):
            assert not may, "refused although it may be done"
            return None
        assert may, "done although it may not"
        return answer or True

    def writes(self, who):
        return PEOPLE[who][1]

    def may_write(self, who):
        return self.writes(who) and self.state in EDITABLE

    def changed(self, who):
        self.agreed = False
        self.writers.add(who)

    @property
    def tasks(self):
        return Task.objects.filter(goal__plan=self.plan).order_by("pk")

    # -- content

    @rule(who=WHO, text=st.sampled_from(["先治病", "再就业", ""]))
    def edit(self, who, text):
        before = Plan.objects.get(pk=self.plan.pk).summary
        if (
            self.do(lambda by: services.edit_plan(plan=self.plan, by=by, summary=text), self.may_write(who), who)
            and before != text
        ):
            self.changed(who)

    @rule(who=WHO)
    def put_goal_with_task(self, who):
        def act(by):
            goal = services.put_goal(plan=self.plan, by=by, text="住上安全房")
            return services.put_task(goal=goal, by=by, text="申请改造", owner=self.users[0], due_on=END)

        if self.do(act, self.may_write(who) and self.plan.goals.count() < 20, who):
            self.changed(who)

    @rule(who=WHO, n=st.integers(0, 3))
    def drop_task(self, who, n):
        task = self.tasks[n : n + 1].first()
        if task and self.do(
            lambda by: services.drop_task(task=task, by=by), self.may_write(who) and task.state == "open", who
        ):
            self.changed(who)

    @rule(who=WHO, n=st.integers(0, 2))
    def drop_goal(self, who, n):
        goal = self.plan.goals.order_by("pk")[n : n + 1].first()
        if goal is None:
            return
        may = self.may_write(who) and not goal.tasks.filter(state="done").exists()
        if self.do(lambda by: services.drop_goal(goal=goal, by=by), may, who):
            self.changed(who)

    @rule(who=WHO)
    def aim(self, who):
        new = self.plan.indicators.filter(target="").exists()
        if (
            self.do(
                lambda by: services.set_indicators(plan=self.plan, by=by, targets=TARGETS), self.may_write(who), who
            )
            and new
        ):
            self.changed(who)

    @rule(who=WHO)
    def agree(self, who):
        def act(by):
            return services.record_consent(
                plan=self.plan, by=by, consent="spoken", member=self.member, on=TODAY, note="村会议室"
            )

        if self.do(act, self.may_write(who) and self.plan.goals.exists(), who):
            self.agreed = True

    @rule(who=WHO)
    def whole(self, who):
        """All that a submission asks for, so that the machine gets that far."""
        self.put_goal_with_task(who)
        self.aim(who)
        self.agree(who)

    # -- its way

    @rule(who=WHO)
    def submit(self, who):
        tasks = self.tasks.exclude(state="dropped").exists()
        ready = tasks and self.agreed and not self.plan.indicators.filter(target="").exists()
        if self.do(lambda by: services.submit_plan(plan=self.plan, by=by), self.may_write(who) and ready, who):
            self.state, self.revision = "submitted", self.revision + 1
            self.writers.add(who)
            self.bodies.append(versions.body_of(Plan.objects.get(pk=self.plan.pk)))

    def may_decide(self, who):
        return PEOPLE[who][2] and self.state == "submitted" and who not in self.writers

    @rule(who=WHO)
    def approve(self, who):
        if self.do(lambda by: services.approve_plan(plan=self.plan, by=by), self.may_decide(who), who):
            self.state = "approved"

    @rule(who=WHO, note=NOTE)
    def send_back(self, who, note):
        may = self.may_decide(who) and len(note) >= 4
        if self.do(lambda by: services.return_plan(plan=self.plan, by=by, note=note), may, who):
            self.state = "returned"

    @rule(who=WHO)
    def start(self, who):
        if self.do(
            lambda by: services.start_plan(plan=self.plan, by=by), self.writes(who) and self.state == "approved", who
        ):
            self.state = RUNNING

    @rule(who=WHO, note=NOTE)
    def amend(self, who, note):
        may = self.writes(who) and self.state in ("approved", RUNNING) and len(note) >= 4
        if self.do(lambda by: services.amend_plan(plan=self.plan, by=by, note=note), may, who):
            self.state = "draft"

    @rule(who=WHO, n=st.integers(0, 3))
    def complete(self, who, n):
        task = self.tasks[n : n + 1].first()
        if task:
            may = self.writes(who) and self.state == RUNNING and task.state == "open"
            self.do(lambda by: services.complete_task(task=task, by=by), may, who)

    @rule(who=WHO, n=st.integers(0, 3), note=NOTE)
    def reopen(self, who, n, note):
        task = self.tasks[n : n + 1].first()
        if task:
            may = self.writes(who) and self.state == RUNNING and task.state == "done" and len(note) >= 4
            self.do(lambda by: services.reopen_task(task=task, by=by, note=note), may, who)

    @rule(who=WHO, every=st.booleans())
    def review(self, who, every):
        goals = {goal.pk: "reached" for goal in self.plan.goals.all()} if every else {}
        may = self.writes(who) and self.state == RUNNING and (every or not self.plan.goals.exists())

        def act(by):
            return services.review_plan(plan=self.plan, by=by, done=TARGETS, goals=goals, note="一年做了什么")

        if self.do(act, may, who):
            self.state, self.reviewer = "reviewed", who

    @rule(who=WHO, note=NOTE)
    def send_review_back(self, who, note):
        may = PEOPLE[who][2] and self.state == "reviewed" and len(note) >= 4
        if self.do(lambda by: services.return_review(plan=self.plan, by=by, note=note), may, who):
            self.state = RUNNING

    @rule(who=WHO)
    def close(self, who):
        may = PEOPLE[who][2] and self.state == "reviewed" and who != self.reviewer
        if self.do(lambda by: services.close_plan(plan=self.plan, by=by), may, who):
            self.state = "closed"

    @rule(writer=st.sampled_from([0, 1]), ends=st.booleans())
    def forward(self, writer, ends):
        """One step of the way by who may take it, so that the machine gets far."""
        if self.state in EDITABLE:
            self.whole(writer)
            self.submit(writer)
        elif self.state == "submitted":
            judge = next((who for who in (2, 3) if self.may_decide(who)), None)
            if judge is not None:
                self.approve(judge)
            else:  # both officers have written in it
                self.submit(writer)
        elif self.state == "approved":
            self.start(writer)
        elif self.state == RUNNING and ends:
            self.review(writer, True)
        elif self.state == "reviewed" and ends:
            self.close(2)

    @rule(writer=st.sampled_from([0, 1]))
    def forward_again(self, writer):
        self.forward(writer, False)

    @rule(judge=st.sampled_from([2, 3]))
    def back(self, judge):
        if self.state == "submitted":
            self.send_back(judge, "理由写得清楚")
        elif self.state in ("approved", RUNNING):
            self.amend(0, "另一个理由")
        elif self.state == "reviewed":
            self.send_review_back(judge, "理由写得清楚")

    # -- what always holds

    @invariant()
    def the_plan_is_what_the_account_says(self):
        row = Plan.objects.get(pk=self.plan.pk)
        assert (row.state, row.revision, bool(row.consent)) == (self.state, self.revision, self.agreed)

    @invariant()
    def the_next_day_is_that_of_the_open_tasks(self):
        days = [
            day
            for day in Task.objects.filter(goal__plan=self.plan, state="open").values_list("due_on", flat=True)
            if day
        ]
        assert Plan.objects.get(pk=self.plan.pk).next_due_on == min(days, default=None)

    @invariant()
    def nobody_decided_on_their_own(self):
        row = Plan.objects.get(pk=self.plan.pk)
        if row.state not in ("draft", "submitted"):
            assert row.decided_by not in ("", row.drafted_by, row.submitted_by)
        if row.state == "closed":
            assert row.closed_by != row.reviewed_by

    @invariant()
    def versions_only_grow(self):
        kept = list(PlanRevision.objects.filter(plan=self.plan).order_by("revision").values_list("revision", "body"))
        assert kept == list(enumerate(self.bodies, 1))

    @invariant()
    def what_is_carried_out_was_agreed_and_approved(self):
        if self.state in ("submitted", "approved", RUNNING, "reviewed", "closed"):
            row = Plan.objects.get(pk=self.plan.pk)
            assert row.consent
            assert versions.body_of(row) == self.bodies[-1]


def test_any_life_of_a_plan(db):
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
