"""点对点服务: asked, taken, answered, and closed only by the household's word, told to somebody else."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from assistance.services import requests as verbs
from common.models import AuditEvent
from households.services import LedgerError
from tests.factories import HouseholdFactory, MemberFactory
from tests.factories.assistance import MeasureFactory, ServiceRequestFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def asked(household, by, **more):
    return verbs.ask(household=household, by=by, **({"text": "想学养蜂"} | more))


def test_a_request_goes_from_asking_to_the_households_word(household, helper, clerk, resident):
    row = asked(household, helper, column="industry", member=household.members.get())
    assert (row.state, row.due_on) == ("asked", TODAY + dt.timedelta(days=7))
    verbs.take(request=row, by=clerk)
    verbs.answer(request=row, by=clerk, text="已报名培训班")
    done = verbs.confirm(request=row, by=resident, satisfied=True, note="满意")
    assert (done.state, done.satisfied, done.confirmed_by) == ("confirmed", True, "resident")
    actions = AuditEvent.objects.filter(subject=household.subject).order_by("pk").values_list("action", flat=True)
    assert list(actions) == [f"servicerequest.{what}" for what in ("asked", "taken", "answered", "confirmed")]


def test_who_is_not_satisfied_opens_it_again(household, clerk, resident):
    row = ServiceRequestFactory(household=household)
    verbs.take(request=row, by=clerk)
    verbs.answer(request=row, by=clerk, text="办好了")
    with pytest.raises(ValidationError, match="原话"):
        verbs.confirm(request=row, by=resident, satisfied=False)
    again = verbs.confirm(request=row, by=resident, satisfied=False, note="没人来过")
    assert (again.state, again.answer, again.taker, again.satisfied) == ("taken", "", clerk, False)
    assert verbs.answer(request=row, by=clerk, text="已上门").state == "answered"


def test_nobody_speaks_for_the_household_about_their_own_answer(household, clerk):
    row = ServiceRequestFactory(household=household)
    verbs.take(request=row, by=clerk)
    verbs.answer(request=row, by=clerk, text="办好了")
    with pytest.raises(LedgerError, match="自己答复的"):
        verbs.confirm(request=row, by=clerk, satisfied=True)


def test_what_does_not_fit_its_state_is_refused(household, clerk, resident):
    row = ServiceRequestFactory(household=household)
    for verb in (
        lambda: verbs.answer(request=row, by=clerk, text="好"),
        lambda: verbs.confirm(request=row, by=resident, satisfied=True),
    ):
        with pytest.raises(LedgerError, match="不能这样办"):
            verb()
    verbs.take(request=row, by=clerk)
    with pytest.raises(LedgerError, match="不能这样办"):
        verbs.take(request=row, by=resident)
    with pytest.raises(LedgerError, match="请由受理人答复"):
        verbs.answer(request=row, by=resident, text="好")
    other = MeasureFactory(household=HouseholdFactory(village=household.village))
    with pytest.raises(ValidationError, match="另一户"):
        verbs.answer(request=row, by=clerk, text="好", measure=other)
    with pytest.raises(ValidationError, match="为什么撤销"):
        verbs.withdraw(request=row, by=clerk, note="")
    assert verbs.withdraw(request=row, by=clerk, note="不要了").state == "withdrawn"
    with pytest.raises(LedgerError, match="不能这样办"):
        verbs.withdraw(request=row, by=clerk, note="不要了")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "长" * 301}, "text"),
        ({"column": "luck"}, "column"),
        ({"due_on": TODAY - dt.timedelta(days=1)}, "due_on"),
        ({"due_on": TODAY + dt.timedelta(days=400)}, "due_on"),
    ],
)
def test_bad_input_is_refused_at_its_field(more, field, household, clerk):
    with pytest.raises(ValidationError) as refused:
        asked(household, clerk, **more)
    assert list(refused.value.message_dict) == [field]


def test_somebody_elses_member_asks_nothing_here(household, clerk):
    with pytest.raises(ValidationError, match="不是这一户的成员"):
        asked(household, clerk, member=MemberFactory(household=HouseholdFactory(village=household.village)))


def test_only_who_may_there_writes_and_answers(household, auditor, stranger):
    row = ServiceRequestFactory(household=household)
    for who in (auditor, stranger):
        with pytest.raises(PermissionDenied):
            asked(household, who)
        with pytest.raises(PermissionDenied):
            verbs.take(request=row, by=who)


def test_what_was_not_answered_in_time_is_late(household):
    late = ServiceRequestFactory(household=household, due_on=TODAY - dt.timedelta(days=1))
    assert verbs.is_late(late)
    assert not verbs.is_late(ServiceRequestFactory(household=household, due_on=TODAY))
