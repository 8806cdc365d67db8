"""移交任务: who leaves hands over what is open in plans, to each household's lead helper or to one person; nobody leaves with a task in hand."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from cadres import holdings
from cadres import services as cadres
from common import audit
from common.models import AuditEvent
from households.services import LedgerError
from plans.models import Plan
from plans.services import hand_tasks
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    PlanFactory,
    PostingFactory,
    TaskFactory,
    UnitFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def giver(land):
    """A cadre of the township who logs in, posted in the village."""
    user = UserFactory(name="要走的人", home=land.village)
    PostingFactory(user=user, role=Role.RESIDENT_TEAM, region=land.village)
    return CadreFactory(name="要走的人", unit=UnitFactory(region=land.township), user=user)


def task_of(giver, village, state="in_progress", **more):
    household = HouseholdFactory(village=village)
    plan = PlanFactory(household=household, **({} if state == "draft" else {state: True}))
    return TaskFactory(goal__plan=plan, owner=giver.user, **more)


def lead_of(household, **user):
    cadre = CadreFactory(unit__region=household.township, user=UserFactory(**user))
    PairingFactory(household=household, cadre=cadre, starts_on=dt.date(2024, 1, 1))
    return cadre


def test_tasks_follow_the_lead_helper_of_each_household(land, giver, officer):
    rows = [task_of(giver, land.village, state) for state in ("draft", "approved", "in_progress")]
    done = task_of(giver, land.village, done=True)
    over = task_of(giver, land.village, "reviewed")
    leads = [lead_of(row.goal.plan.household) for row in rows]
    alone = task_of(giver, land.village)
    assert [str(h) for h in holdings.of(giver)] == ["帮扶计划里的任务 4 项"]
    assert hand_tasks(cadre=giver, by=officer) == (3, 1)
    for row, lead in zip(rows, leads, strict=True):
        row.refresh_from_db()
        assert row.owner == lead.user
    for row in (done, over, alone):
        row.refresh_from_db()
        assert row.owner == giver.user
    event = AuditEvent.objects.filter(action="plan.tasks_handed").first()
    assert list(audit.content_of(event)["changes"].values()) == [["要走的人", event_name(event)]]


def event_name(event):
    return audit.content_of(event)["note"].split(" → ")[1]


def test_the_consent_of_the_household_stays(land, giver, officer):
    row = task_of(giver, land.village)
    lead_of(row.goal.plan.household)
    Plan.objects.filter(pk=row.goal.plan_id).update(
        consent="spoken", consent_on=timezone.localdate(), consent_note="同意", consent_revision=1
    )
    hand_tasks(cadre=giver, by=officer)
    row.goal.plan.refresh_from_db()
    assert row.goal.plan.consent == "spoken"


def test_nobody_leaves_and_no_account_closes_with_an_open_task(land, giver, officer):
    row = task_of(giver, land.village)
    with pytest.raises(cadres.CadreError, match="帮扶计划里的任务 1 项"):
        cadres.deactivate_cadre(cadre=giver, by=officer, reason="调动")
    other = UserFactory()
    PostingFactory(user=other, role=Role.VILLAGE_CLERK, region=land.village)
    assert hand_tasks(cadre=giver, by=officer, receiver=other) == (1, 0)
    row.refresh_from_db()
    assert row.owner == other
    assert cadres.deactivate_cadre(cadre=giver, by=officer, reason="调动").left_on


def test_a_task_goes_only_to_who_sees_the_household_and_only_where_one_writes_plans(land, giver, officer, official):
    near, far = task_of(giver, land.village), task_of(giver, land.far_village)
    stranger = UserFactory()
    assert hand_tasks(cadre=giver, by=officer, receiver=stranger) == (0, 2)
    county = UserFactory()
    PostingFactory(user=county, role=Role.COUNTY_OFFICIAL, region=land.county)
    assert hand_tasks(cadre=giver, by=officer, receiver=county) == (1, 1)
    near.refresh_from_db()
    far.refresh_from_db()
    assert (near.owner, far.owner) == (county, giver.user)
    assert hand_tasks(cadre=giver, by=official, receiver=county) == (1, 0)


def test_what_cannot_be_handed_over_is_refused(land, giver, officer, clerk, auditor):
    with pytest.raises(LedgerError, match="没有要移交的任务"):
        hand_tasks(cadre=giver, by=officer)
    with pytest.raises(LedgerError, match="没有要移交的任务"):
        hand_tasks(cadre=CadreFactory(unit=giver.unit), by=officer)
    task_of(giver, land.village)
    with pytest.raises(ValidationError, match="就是本人"):
        hand_tasks(cadre=giver, by=officer, receiver=giver.user)
    with pytest.raises(ValidationError, match="已经停用"):
        hand_tasks(cadre=giver, by=officer, receiver=UserFactory(is_active=False))
    for who in (clerk, auditor):
        with pytest.raises(PermissionDenied):
            hand_tasks(cadre=giver, by=who)


def test_the_page_names_the_tasks_and_hands_them_over(land, giver, officer, client_as):
    row, alone = task_of(giver, land.village), task_of(giver, land.village, text="申请危房改造")
    lead_of(row.goal.plan.household)
    client, url = client_as(officer), reverse("plans:tasks_hand", args=[giver.pk])
    assert f'href="{url}"' in client.get(reverse("cadres:cadre_leave", args=[giver.pk])).content.decode()
    page = client.get(url).content.decode()
    assert "还有 2 项任务没有完成" in page
    assert "申请危房改造" in page
    left = client.post(url, follow=True).content.decode()
    assert "已移交 1 项任务" in left
    assert "有 1 项没有移交" in left
    taker = CadreFactory(name="接手的人", unit=giver.unit, user=UserFactory())
    PostingFactory(user=taker.user, role=Role.TOWNSHIP_OFFICER, region=land.township)
    assert "交给接手的人" in client.get(url, {"q": "接手"}).content.decode()
    assert "没有找到能登录的在岗干部" in client.get(url, {"q": "无此人"}).content.decode()
    client.post(url, {"to": taker.pk})
    alone.refresh_from_db()
    assert alone.owner == taker.user
    assert "没有要移交的任务" in client.get(url).content.decode()
    for wrong in ("x", "99999999", "9" * 30):
        assert client.post(url, {"to": wrong}).status_code == 404
