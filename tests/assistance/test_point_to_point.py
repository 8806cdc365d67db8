"""点对点: a cadre sees to one request, and to nothing else, until it is closed."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from assistance.models import ServiceRequest
from assistance.services import requests as verbs
from assistance.waiting import open_lines
from common.models import AuditEvent
from households.models import Household, Pairing
from households.services import LedgerError, hand_over, pair
from plans import waiting
from tests.factories import CadreFactory, PlanFactory, UnitFactory, UserFactory
from tests.factories.assistance import MeasureFactory, ServiceRequestFactory
from tests.factories.plans import TaskFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def cadre(county):
    return CadreFactory(name="王专干", user=UserFactory(name="王专干"), unit=UnitFactory(region=county))


@pytest.fixture
def row(household):
    return ServiceRequestFactory(household=household)


def sees(user, household):
    return Household.objects.for_user(User.objects.get(pk=user.pk)).filter(pk=household.pk).exists()


def test_from_the_asking_to_the_households_word(row, household, cadre, officer, resident):
    verbs.assign(request=row, cadre=cadre, by=officer)
    row.refresh_from_db()
    assert (row.state, row.taker, row.pairing.mode, row.pairing.is_lead) == (
        "taken",
        cadre.user,
        "point_to_point",
        False,
    )
    assert sees(cadre.user, household)
    verbs.answer(request=row, by=cadre.user, text="已报名")
    assert row.pairing.ends_on is None
    verbs.confirm(request=row, by=resident, satisfied=True)
    row.pairing.refresh_from_db()
    assert (row.pairing.ends_on, row.pairing.end_reason) == (TODAY, "诉求已办结")
    assert not sees(cadre.user, household)
    actions = AuditEvent.objects.filter(subject=household.subject).order_by("pk").values_list("action", flat=True)
    assert list(actions) == [
        "pairing.point_started",
        "servicerequest.assigned",
        "servicerequest.answered",
        "pairing.ended",
        "servicerequest.confirmed",
    ]


def test_who_is_not_satisfied_keeps_the_cadre(row, cadre, officer, resident):
    verbs.assign(request=row, cadre=cadre, by=officer)
    verbs.answer(request=row, by=cadre.user, text="已报名")
    verbs.confirm(request=row, by=resident, satisfied=False, note="没人来过")
    assert Pairing.objects.current().filter(cadre=cadre).exists()


def test_it_ends_with_the_last_request(row, household, cadre, officer):
    second = ServiceRequestFactory(household=household)
    verbs.assign(request=row, cadre=cadre, by=officer)
    verbs.assign(request=second, cadre=cadre, by=officer)
    verbs.withdraw(request=row, by=officer, note="登记重复")
    assert Pairing.objects.current().filter(cadre=cadre).exists()
    verbs.withdraw(request=second, by=officer, note="登记重复")
    assert not Pairing.objects.current().filter(cadre=cadre).exists()


def test_another_cadre_takes_it_over(row, household, cadre, officer):
    other = CadreFactory(unit=cadre.unit)  # cannot log in
    verbs.assign(request=row, cadre=cadre, by=officer)
    with pytest.raises(LedgerError, match="已经由"):
        verbs.assign(request=row, cadre=cadre, by=officer)
    verbs.assign(request=row, cadre=other, by=officer)
    row.refresh_from_db()
    assert row.taker == officer
    assert list(Pairing.objects.current().filter(household=household).values_list("cadre", flat=True)) == [other.pk]


def test_the_helper_of_the_household_needs_no_service(row, household, cadre, officer, resident):
    own = pair(household=household, cadre=cadre, by=officer, starts_on=TODAY)
    verbs.assign(request=row, cadre=cadre, by=officer)
    row.refresh_from_db()
    assert row.pairing == own
    verbs.answer(request=row, by=cadre.user, text="已报名")
    verbs.confirm(request=row, by=resident, satisfied=True)
    own.refresh_from_db()
    assert own.ends_on is None


def test_who_may_not_help_is_refused(row, officer, clerk, county):
    with pytest.raises(LedgerError, match="离岗"):
        verbs.assign(request=row, cadre=CadreFactory(left_on=TODAY), by=officer)
    with pytest.raises(PermissionDenied):
        verbs.assign(request=row, cadre=CadreFactory(), by=clerk)
    assert ServiceRequest.objects.get().state == "asked"


def test_requests_follow_a_hand_over(row, household, cadre, officer):
    verbs.assign(request=row, cadre=cadre, by=officer)
    successor = CadreFactory(unit=cadre.unit, user=UserFactory())
    hand_over(giver=cadre, receiver=successor, on=TODAY, reason="调动", by=officer)
    row.refresh_from_db()
    assert (row.pairing.cadre, row.taker) == (successor, successor.user)
    assert row.pairing.mode == "point_to_point"


def test_what_is_open_stands_on_the_pack(row, household, officer):
    MeasureFactory(household=household, state="approved", decided_by="boss", decided_at=timezone.now())
    task = TaskFactory(goal__plan=PlanFactory(household=household, in_progress=True))
    labels = [str(label) for label, _text in open_lines([household.pk], officer)[household.pk]]
    assert labels == ["待落实措施", "未办结诉求"]
    assert task.text in waiting.open_lines([household.pk], officer)[household.pk][0][1]


def test_the_page_assigns(row, cadre, officer, clerk, client_as):
    page = reverse("assistance:request_assign", args=[row.pk])
    client = client_as(officer)
    assert "指定干部办理" in client.get(reverse("assistance:request_detail", args=[row.pk])).content.decode()
    kept_away = CadreFactory(unit=cadre.unit, name="王不能", cannot_help=True)
    text = client.get(page, {"q": "王"}).content.decode()
    assert f'value="{cadre.pk}"' in text
    assert f'value="{kept_away.pk}"' not in text
    assert "不能结对帮扶" in client.post(page, {"cadre": kept_away.pk}).content.decode()
    assert client.post(page, {"cadre": "x"}).status_code == 422
    client.post(page, {"cadre": cadre.pk})
    row.refresh_from_db()
    assert row.pairing.cadre == cadre
    assert "王专干" in client.get(reverse("assistance:request_detail", args=[row.pk])).content.decode()
    assert client_as(clerk).get(page).status_code == 403
