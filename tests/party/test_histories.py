"""Whatever is done with the people of a branch, by whomever, in whatever order: nobody skips a stage, goes back except by an undoing, stands at a
day ahead, or is confirmed by who proposed it.

A machine does the verbs at random with days and stages of its own choice; what was written is read back and judged by the rows alone.
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
from common.dates import later
from party import services
from party.models import CONFIRMED, MEMBERS, ORDER, VOUCHED, PartyPerson, StageChange, StageProposal
from party.services import PartyError
from party.services import people as people_verbs
from tests.factories import PostingFactory, RegionFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = timezone.localdate()
ROLES = (Role.VILLAGE_CLERK, Role.RESIDENT_TEAM, Role.TOWNSHIP_OFFICER, Role.TOWNSHIP_OFFICER, Role.AUDITOR)
WHO = st.integers(0, len(ROLES) - 1)
DAYS = st.integers(-40, 1500)  # before today
STAGE = st.sampled_from(ORDER)
N = st.integers(0, 2)


class Way(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        village = RegionFactory()
        at = {Role.TOWNSHIP_OFFICER: village.parent}
        self.users = [UserFactory() for _role in ROLES]
        for user, role in zip(self.users, ROLES, strict=True):
            PostingFactory(user=user, role=role, region=at.get(role, village))
        facts = {"name": "青石村党支部", "established_on": dt.date(2000, 7, 1)}
        self.branch = services.open_branch(village=village, facts=facts, by=self.users[2])
        self.made = 0

    def teardown(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        verdict = audit.verify(VOUCHED)
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        assert verdict.ok, verdict.broken

    def do(self, act):
        try:
            with transaction.atomic():
                return act()
        except (PartyError, ValidationError, PermissionDenied):
            return None

    def person(self, n):
        return PartyPerson.objects.order_by("pk")[n : n + 1].first()

    def facts(self):
        self.made += 1
        return {"name": f"王{self.made}", "sex": "1", "birth_date": dt.date(1996, 3, 1), "schooling": "", "phone": ""}

    @rule(who=WHO, days=DAYS)
    def register(self, who, days):
        self.do(lambda: services.register_person(branch=self.branch, facts=self.facts(), on=TODAY - dt.timedelta(days), by=self.users[who]))  # fmt: skip

    @rule(who=WHO, stage=STAGE, days=DAYS)
    def register_member(self, who, stage, days):
        self.do(lambda: services.register_member(branch=self.branch, facts=self.facts(), stage=stage, joined_on=TODAY - dt.timedelta(days), by=self.users[who]))  # fmt: skip

    @rule(who=WHO, n=N, to=STAGE, days=DAYS, propose=st.booleans())
    def step(self, who, n, to, days, propose):
        person, on = self.person(n), TODAY - dt.timedelta(days)
        if person:
            verb = services.propose_step if propose else services.take_step
            self.do(lambda: verb(person=person, to=to, on=on, by=self.users[who]))

    @rule(who=WHO, n=N, months=st.sampled_from([0, 12, 13, 24]))
    def next_step(self, who, n, months):
        """The right one, at a day that may be right: most sequences would never get far otherwise."""
        person = self.person(n)
        if person and person.stage and person.stage != "full":
            to = ORDER[ORDER.index(person.stage) + 1]
            verb = services.propose_step if to in CONFIRMED else services.take_step
            self.do(lambda: verb(person=person, to=to, on=later(person.stage_since, months), by=self.users[who]))

    @rule(who=WHO, how=st.sampled_from(["confirm", "confirm", "refuse", "withdraw"]), newest=st.booleans())
    def decide(self, who, how, newest):
        proposal = StageProposal.objects.order_by("-pk" if newest else "pk").first()
        if proposal is None:
            return
        by = self.users[who]
        verbs = {
            "confirm": lambda: services.confirm_steps(proposals=[proposal], by=by),
            "refuse": lambda: services.refuse_step(proposal=proposal, reason="材料不全", by=by),
            "withdraw": lambda: services.withdraw_step(proposal=proposal, by=by),
        }
        self.do(verbs[how])

    @rule(who=WHO, n=N)
    def undo(self, who, n):
        person = self.person(n)
        if person:
            self.do(lambda: services.undo_step(person=person, reason="登记错了人", by=self.users[who]))

    @rule(who=WHO, n=N)
    def able(self, who, n):
        person = self.person(n)
        if person:
            verb = services.unmark_able if person.is_able else services.mark_able
            self.do(lambda: verb(person=person, by=self.users[who]))

    @rule(who=WHO, n=N, reason=st.sampled_from(["moved", "dropped"]), back=st.booleans())
    def leave(self, who, n, reason, back):
        person = self.person(n)
        if person:
            self.do(lambda: services.remove_person(person=person, reason=reason, on=TODAY, by=self.users[who]))
            if back:
                self.do(lambda: services.return_person(person=person, by=self.users[who]))

    # -- read back

    @invariant()
    def every_step_is_one_that_may_be(self):
        for person in PartyPerson.objects.order_by("pk"):
            stood: list[StageChange] = []  # the steps that stand, one after the other
            for step in person.steps.order_by("id"):
                assert step.on <= TODAY
                if step.undoes_id:
                    assert stood[-1].pk == step.undoes_id
                    assert step.note
                    stood.pop()
                    continue
                if step.from_stage:
                    assert step.from_stage == stood[-1].to_stage
                    assert ORDER.index(step.to_stage) == ORDER.index(step.from_stage) + 1
                    assert step.on >= stood[-1].on
                    if step.from_stage in ("activist", "probationary"):
                        assert step.on >= later(stood[-1].on, 12)
                else:
                    assert not stood
                    assert step.to_stage == "applicant" or step.to_stage in MEMBERS
                if step.to_stage in CONFIRMED:
                    assert step.confirmed_by not in ("", step.recorded_by)
                    assert ROLES[[u.username for u in self.users].index(step.confirmed_by)] == Role.TOWNSHIP_OFFICER
                stood.append(step)
            assert person.stage == (stood[-1].to_stage if stood else "")
            assert (person.joined_on is not None) == (person.stage in MEMBERS or not person.stage)
            if person.is_able:
                assert person.cadre
                assert not person.cadre.cannot_help
                assert person.left_on is None
        assert list(people_verbs.check()) == []


def test_no_sequence_of_verbs_breaks_the_way(db):
    kept = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Way, settings=kept)
