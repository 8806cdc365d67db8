"""What somebody hears without looking: decisions on their matters, tasks, ended work, and one summary a morning."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import digest
from assistance.services import measures, requests
from common import jobs, notices
from common.models import Notice
from households import services as ledger
from plans import services as plans
from tests.factories import HouseholdFactory, JobFactory, PlanFactory, StatusChangeFactory
from tests.factories.assistance import MeasureFactory, ServiceRequestFactory

pytestmark = pytest.mark.django_db


def heard(user) -> list[str]:
    return list(notices.of(user).order_by("pk").values_list("text", flat=True))


def test_a_returned_plan_comes_back_with_a_word(household, resident, officer):
    plan = PlanFactory(
        household=household, submitted=True, drafted_by=resident.username, submitted_by=resident.username
    )
    plans.return_plan(plan=plan, by=officer, note="目标写得不清楚")
    assert heard(resident) == [f"{household}的{plan.year}年度计划被退回，请按意见修改。"]
    assert heard(officer) == []
    assert notices.of(resident).get().url == reverse("plans:plan_detail", args=[plan.pk])


def test_measures_approved_together_are_one_notice(household, resident, officer):
    rows = [MeasureFactory(household=household, proposed_by=resident.username) for _n in range(3)]
    measures.approve_many(measures=rows, by=officer)
    assert heard(resident) == ["您提出的 3 条帮扶措施已批准。"]
    one = MeasureFactory(household=household, proposed_by=resident.username)
    measures.refuse_measure(measure=one, by=officer, note="名额已满，明年再报")
    assert heard(resident)[1] == f"{household}的{one.kind.title}没有批准，请看意见。"


def test_a_status_that_is_sent_back(household, officer, official):
    change = StatusChangeFactory(household=household, proposed_by=officer)
    ledger.decide_status(change=change, by=official, confirm=False, note="材料不全")
    assert "被退回，请看意见" in heard(officer)[0]


def test_whoever_is_given_a_request_hears_of_it(household, helper, officer):
    request = ServiceRequestFactory(household=household, text="想学养蜂")
    requests.assign(request=request, cadre=helper.cadre, by=officer)
    assert heard(helper) == [f"{household}的诉求请您办理：想学养蜂"]
    assert notices.of(helper).get().kind == Notice.Kind.TASK


def test_work_that_ended_is_told_once(officer):
    job = JobFactory(owner=officer.username, kind="no.such", title="导出农户")
    jobs._finish(job, job.State.FAILED, error="坏了")
    jobs._finish(job, job.State.FAILED, error="坏了")
    assert heard(officer) == ["“导出农户”没有完成，请看原因。"]


def test_the_morning_says_what_waits_and_only_once(official, land):
    StatusChangeFactory(household=HouseholdFactory(village=land.village))
    assert digest.tell_what_waits() >= 1
    digest.tell_what_waits()
    own = notices.of(official)
    assert own.count() == 1
    assert own.get().text.startswith("今天等您办的：")


def test_the_page_shows_them_and_takes_note(client, clerk, officer):
    notices.tell([clerk.username, officer.username], "计划已批准。", "/plans/", by=officer)
    client.force_login(clerk)
    page = client.get(reverse("home")).content.decode()
    assert '<span class="badge">1</span>' in page
    shown = client.get(reverse("notices:notice_list")).content.decode()
    assert "计划已批准。" in shown
    assert "未读" in shown
    row = notices.of(clerk).get()
    assert client.post(reverse("notices:notice_read"), {"pk": row.pk}).url == "/plans/"
    assert "未读" not in client.get(reverse("notices:notice_list")).content.decode()
    client.force_login(officer)
    assert "还没有通知" in client.get(reverse("notices:notice_list")).content.decode()


def test_nobody_reads_or_marks_another_s(client, clerk, officer):
    notices.tell([clerk.username], "计划已批准。", "/plans/")
    row = notices.of(clerk).get()
    client.force_login(officer)
    for pk in (row.pk, "", "x", 10**20):
        assert client.post(reverse("notices:notice_read"), {"pk": pk}).url == reverse("notices:notice_list")
    row.refresh_from_db()
    assert row.read_at is None


def test_notices_end_after_a_quarter(clerk):
    notices.tell([clerk.username], "旧的", "/")
    notices.of(clerk).update(at=timezone.now() - dt.timedelta(days=91))
    notices.tell([clerk.username], "新的", "/")
    assert notices.expire_notices() == 1
    assert heard(clerk) == ["新的"]
