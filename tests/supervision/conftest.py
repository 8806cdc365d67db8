"""A round over last quarter with recorded work of two cadres and a resident, and what tests ask of it."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django.utils import timezone

from assistance.models import Confirmation
from supervision.services import appraisals
from tests.factories import (
    CadreFactory,
    DifferenceFactory,
    HouseholdFactory,
    PairingFactory,
    PlanFactory,
    SurveyFactory,
    TaskFactory,
    TeamFactory,
    TeamMemberFactory,
    UserFactory,
    VerificationTaskFactory,
    VisitDutyFactory,
    VisitRuleFactory,
)
from tests.factories.assistance import DeliveryFactory, MeasureFactory, ServiceRequestFactory
from tests.factories.supervision import SchemeFactory

TODAY = timezone.localdate()
LAST = TODAY - dt.timedelta(days=1)  # the last day of the round
FIRST = TODAY - dt.timedelta(days=91)
MIDDLE = TODAY - dt.timedelta(days=40)
BEFORE = FIRST - dt.timedelta(days=10)


def at(day: dt.date) -> dt.datetime:
    """Nine in the morning of a day."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(9)))


def duty(rule, household, cadre=None, *, needed=1, made=0, starts_on=MIDDLE):
    """A duty of a month that ends inside the round where it starts in its middle."""
    ends_on = starts_on + dt.timedelta(days=30)
    return VisitDutyFactory(
        rule=rule, household=household, cadre=cadre, starts_on=starts_on, ends_on=ends_on, needed=needed, made=made,
        next_due_on=None if made >= needed else ends_on,
    )  # fmt: skip


def helper_of(*households, name="何帮扶", user=True, unit=None):
    """A cadre paired with households since long ago; with an account unless told otherwise."""
    more = {"unit": unit} if unit else {"unit__region": households[0].township.parent}
    cadre = CadreFactory(name=name, user=UserFactory(name=name) if user else None, **more)
    for household in households:
        PairingFactory(household=household, cadre=cadre)
    return cadre


@pytest.fixture
def scheme(county):
    return SchemeFactory(region=county)


@pytest.fixture
def work(land, scheme):
    """Recorded work of `first` (two households), `second` (one household) and `member` (in the village's team); all in the round's period."""
    w = SimpleNamespace(scheme=scheme)
    w.home, w.other, w.third = (HouseholdFactory(village=land.village, with_householder=True) for _n in range(3))
    w.first, w.second = helper_of(w.home, w.other, name="何一"), helper_of(w.third, name="何二")
    w.team = TeamFactory(village=land.village, starts_on=dt.date(2020, 1, 1))
    w.member = CadreFactory(name="郑驻村", user=UserFactory(name="郑驻村"), unit__region=land.county)
    TeamMemberFactory(team=w.team, cadre=w.member, starts_on=dt.date(2020, 1, 1))
    rule = w.rule = VisitRuleFactory(region=land.county)
    calls = VisitRuleFactory(region=land.county, manner="call")
    team = VisitRuleFactory(region=land.county, capacity="team")
    duty(rule, w.home, w.first, needed=2, made=1)
    duty(rule, w.other, w.first, needed=1, made=3)  # more than asked counts as asked
    duty(rule, w.home, w.first, needed=5, starts_on=LAST - dt.timedelta(days=5))  # still runs
    duty(calls, w.home, w.first, made=1)
    duty(team, w.home, needed=4, made=1)
    duty(team, w.third, needed=1, made=1)
    for state, day, late in (
        ("done", MIDDLE, False),
        ("done", LAST, True),
        ("open", None, False),
        ("dropped", None, False),
    ):
        plan = PlanFactory(household=HouseholdFactory(village=land.village), in_progress=True)
        TaskFactory(goal__plan=plan, owner=w.first.user, due_on=MIDDLE, state=state, done_on=day)
        assert late is (day == LAST)
    for word in (True, False, None):
        delivery = DeliveryFactory(
            measure=MeasureFactory(household=w.home, approved=True, kind__in_kind=True), on=MIDDLE
        )
        if word is not None:
            Confirmation.objects.create(
                delivery=delivery, way="visit", on=LAST, by="clerk", at=timezone.now(), received=word, note="" if word else "没有收到"
            )  # fmt: skip
    DeliveryFactory(measure=MeasureFactory(household=w.home, approved=True, kind__in_kind=True), on=BEFORE)
    asked = {"taker": w.first.user, "taken_at": at(FIRST), "due_on": MIDDLE}
    for satisfied, day in ((True, MIDDLE), (True, LAST), (None, MIDDLE)):
        ServiceRequestFactory(
            household=w.home, state="answered" if satisfied is None else "confirmed", answer="办好了", answered_by="x", answered_at=at(day),
            satisfied=satisfied, confirmed_by="" if satisfied is None else "y", confirmed_at=None if satisfied is None else at(LAST), **asked,
        )  # fmt: skip
    ServiceRequestFactory(household=w.home, state="taken", **asked)
    for verdict in ("", "first", "second"):
        survey = SurveyFactory(household=HouseholdFactory(village=land.village), surveyor=w.first.user)
        second = SurveyFactory(household=survey.household, form=survey.form, purpose="verification")
        task = VerificationTaskFactory(
            household=survey.household, state="done", done_at=at(MIDDLE), first=survey, survey=second, compared={}
        )
        if verdict:
            DifferenceFactory(task=task, verdict=verdict, reason="看过房子", resolved_by="x", resolved_at=at(MIDDLE))
    return w


EXPECTED = {
    "visits": {"due": 3, "done": 2},
    "calls": {"due": 1, "done": 1},
    "tasks": {"due": 3, "done": 1},
    "measures": {"due": 3, "done": 1, "denied": 1},
    "requests": {"due": 4, "done": 1, "answered": 2},
    "surveys": {"due": 3, "done": 2},
}


@pytest.fixture
def open_round(work, officer, township):
    """The round of the township, computed."""
    row = appraisals.open_round(region=township, starts_on=FIRST, last_day=LAST, by=officer)
    appraisals.recompute(round=row, by=officer)
    row.refresh_from_db()
    return row


@pytest.fixture
def of(open_round):
    """`of(cadre)`: that cadre's appraisal, as it is now."""
    return lambda cadre: open_round.appraisals.get(cadre=cadre)
