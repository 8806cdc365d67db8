"""What somebody hears without looking: decisions on their matters, tasks, ended work, and one reminder a morning."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Posting
from accounts.roles import Role
from assistance.services import measures, requests
from common import jobs, notices
from common.models import AuditEvent, Job, Notice
from common.news import News
from figures.reports import asking
from figures.reports import jobs as reports_jobs
from figures.reports import services as reports
from figures.reports.models import ReportSchedule
from households import digest, tasks
from households import services as ledger
from households.services import hand_overs
from plans import services as plans
from supervision.services import orders
from surveys.services import return_survey
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    JobFactory,
    PairingFactory,
    PlanFactory,
    RoundFactory,
    StatusChangeFactory,
    SurveyFactory,
    TaskFactory,
    UserFactory,
)
from tests.factories.assistance import MeasureFactory, ServiceRequestFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
TOPIC = notices.topic(
    "test.topic", Notice.Kind.DECISION, "%(name)s户已办结。", "%(count)s 户已办结。", lambda user: "/"
)


def heard(user) -> list[str]:
    return [notices.sentence(row) for row in notices.of(user).order_by("pk")]


def told(user, n=1, url="/accounts/me/") -> Notice:
    notices.put([notices.draft(user.username, TOPIC, url, {"name": f"农户{n}"})])
    return notices.of(user).latest("pk")


@pytest.fixture
def follow(client_as):
    """Opening the only new notice of a user: the status of the page it leads to, which is read then."""

    def opened(user):
        row = notices.of(user).get(read_at=None)
        answer = client_as(user).post(reverse("notices:notice_open", args=[row.pk]), follow=True)
        assert not notices.of(user).filter(read_at=None).exists()
        return answer.status_code

    return opened


def named(household) -> str:
    return f"{household.village.name}{household.householder_name}户"


def cadre_of(user, land):
    return CadreFactory(user=user, name=user.name, unit__region=land.county)


# -- plans, surveys ------------------------------------------------------------------------------------------------------------------------


def ready(household, author, owner) -> object:
    """A plan that can be submitted."""
    plan = PlanFactory(
        household=household, drafted_by=author.username, consent="spoken", consent_on=TODAY, consent_note="村会议室",
        consent_member=household.members.first(), consent_revision=1,
    )  # fmt: skip
    TaskFactory(goal__plan=plan, owner=owner)
    plan.refresh_from_db()
    return plan


def test_a_plan_goes_up_and_its_answer_comes_down(household, resident, officer, official, auditor, follow):
    plan = ready(household, resident, resident)
    before = AuditEvent.objects.count()
    plan = plans.submit_plan(plan=plan, by=resident)
    assert heard(officer) == [f"{named(household)}的{plan.year}年度帮扶计划已提交，请您审批。"]
    assert heard(official) == heard(auditor) == heard(resident) == []  # the township decides first
    assert AuditEvent.objects.count() == before + 1
    assert follow(officer) == 200
    plans.return_plan(plan=plan, by=officer, note="目标写得不清楚")
    assert heard(resident) == [f"{named(household)}的{plan.year}年度帮扶计划被退回，请按意见修改。"]
    assert follow(resident) == 200
    assert AuditEvent.objects.count() == before + 2
    assert len(heard(officer)) == 1


def test_the_county_is_asked_where_the_township_wrote_it(household, officer, official, post, land):
    elsewhere = post(Role.TOWNSHIP_OFFICER, land.next_township)
    former = post(Role.COUNTY_OFFICIAL, land.county, ends_on=TODAY)
    plans.submit_plan(plan=ready(household, officer, officer), by=officer)
    assert len(heard(official)) == 1
    assert heard(officer) == heard(elsewhere) == heard(former) == []


def test_plans_approved_one_by_one_are_one_line(land, household, resident, officer, client_as):
    found = [
        PlanFactory(household=each, submitted=True, drafted_by=resident.username, submitted_by=resident.username)
        for each in (household, HouseholdFactory(village=land.village, with_householder=True))
    ]
    for plan in found:
        plans.approve_plan(plan=plan, by=officer)
    assert heard(resident) == ["您的 2 份帮扶计划已批准。"]
    answer = client_as(resident).post(reverse("notices:notice_open", args=[notices.of(resident).get().pk]))
    assert answer.url == reverse("plans:plan_list") + "?mine=yes"


def test_who_may_no_longer_see_it_is_not_told(household, resident, officer):
    plan = PlanFactory(household=household, submitted=True, drafted_by=resident.username, submitted_by="gone")
    Posting.objects.filter(user=resident).update(ends_on=TODAY)
    plans.return_plan(plan=plan, by=officer, note="目标写得不清楚")
    assert not Notice.objects.exists()


def test_a_returned_survey(household, clerk, officer, follow):
    RoundFactory(region=household.township.parent)
    return_survey(survey=SurveyFactory(household=household, surveyor=clerk), by=officer, note="请补照片")
    assert heard(clerk) == [f"{named(household)}的入户调查被退回，请按意见修改后重新提交。"]
    assert follow(clerk) == 200


# -- measures, requests, status ------------------------------------------------------------------------------------------------------------


def test_measures_approved_together_are_one_line(household, resident, officer, follow):
    rows = [MeasureFactory(household=household, proposed_by=resident.username) for _n in range(3)]
    measures.approve_many(measures=rows, by=officer)
    assert heard(resident) == ["您提出的 3 项帮扶措施已批准。"]
    assert follow(resident) == 200
    one = MeasureFactory(household=household, proposed_by=resident.username)
    measures.refuse_measure(measure=one, by=officer, note="名额已满，明年再报")
    assert heard(resident)[1] == f"{named(household)}的“{one.kind.title}”没有批准，请看意见。"
    assert follow(resident) == 200


def test_a_status_is_proposed_and_decided(household, officer, official, follow):
    facts = {"to_status": "unstable", "effective_on": TODAY, "reason": "户主患大病"}
    change = ledger.propose_status(household=household, by=officer, **facts)
    assert heard(official) == [f"{named(household)}的身份变更已提出，请您确认。"]
    assert follow(official) == 200
    ledger.decide_status(change=change, by=official, confirm=False, note="材料不全")
    assert heard(officer) == [f"{named(household)}的身份变更被退回，请看意见。"]
    assert follow(officer) == 200


def test_a_request_from_hand_to_hand(household, helper, clerk, officer, follow):
    request = ServiceRequestFactory(household=household, text="想学养蜂", asked_by=clerk.username)
    request = requests.assign(request=request, cadre=helper.cadre, by=officer)
    assert heard(helper) == [f"{named(household)}有一项诉求，请您办理。"]
    assert follow(helper) == 200
    request = requests.answer(request=request, text="已报名参加培训", by=helper)
    assert heard(clerk) == [f"{named(household)}的诉求已答复，请看结果。"]
    assert follow(clerk) == 200
    requests.confirm(request=request, satisfied=False, by=clerk, note="还没有开班")
    assert heard(helper)[1] == f"{named(household)}对答复不满意，请您再办。"
    assert heard(officer) == []


# -- pairing -------------------------------------------------------------------------------------------------------------------------------


def test_whoever_helps_a_household_from_now_on_hears_of_it(household, helper, officer, land, follow):
    new = UserFactory(name="新来的")
    ledger.replace_helper(household=household, cadre=cadre_of(new, land), by=officer, on=TODAY)
    assert heard(new) == [f"您已与{named(household)}结对，请开展帮扶。"]
    assert follow(new) == 200
    written = f"{TODAY.year}年{TODAY.month}月{TODAY.day}日"
    assert heard(helper) == [f"从{written}起，{named(household)}不再由您帮扶。"]
    assert follow(helper) == 200  # who sees no household any more still lands somewhere


def test_a_household_that_is_closed_needs_no_helper(household, helper, officer):
    ledger.close_household(household=household, by=officer, on=TODAY, reason="moved_out")
    assert heard(helper)[0].endswith(f"{named(household)}不再由您帮扶。")


def test_households_handed_over_are_one_line_for_each(land, household, helper, officer, follow):
    PairingFactory(household=HouseholdFactory(village=land.village, with_householder=True), cadre=helper.cadre)
    new = UserFactory()
    hand_overs.hand_over(giver=helper.cadre, receiver=cadre_of(new, land), on=TODAY, reason="工作调动", by=officer)
    assert heard(new) == ["您新结对 2 户，请开展帮扶。"]
    assert heard(helper) == ["有 2 户不再由您帮扶。"]
    assert follow(new) == follow(helper) == 200


def test_a_change_of_the_lead_is_no_news(household, helper, officer, land):
    other = CadreFactory(user=UserFactory(), unit__region=land.county)
    along = ledger.pair(household=household, cadre=other, by=officer, starts_on=TODAY, is_lead=False)
    assert Notice.objects.count() == 1
    ledger.change_lead(pairing=along, by=officer, on=TODAY)
    assert Notice.objects.count() == 1
    with pytest.raises(ledger.LedgerError):
        ledger.change_lead(pairing=along, by=officer, on=TODAY)
    assert heard(helper) == []


# -- orders, reports, work -----------------------------------------------------------------------------------------------------------------


def test_an_order_reaches_who_stands_for_its_villages(land, clerk, resident, officer, official, auditor, post, follow):
    far = post(Role.VILLAGE_CLERK, land.far_village)
    facts = {"title": "雨季住房排查", "text": "逐户看住房。", "due_on": TODAY, "audience": "all"}
    order = orders.issue(region=land.county, villages=[land.village], facts=facts, by=official)
    for user in (clerk, resident, officer):
        assert heard(user) == ["新的工作部署“雨季住房排查”，请签收。"]
        assert follow(user) == 200
    order = orders.amend(order=order, title=order.title, text="看住房和水。", due_on=TODAY, by=official)
    orders.withdraw(order=order, reason="另有安排", by=official)
    assert heard(clerk)[1:] == ["工作部署“雨季住房排查”有改动，请重新签收。", "工作部署“雨季住房排查”已撤回，不用再办。"]  # fmt: skip
    assert heard(official) == heard(auditor) == heard(far) == []


def test_work_that_ended_is_told_once(officer, follow, monkeypatch):
    monkeypatch.setitem(jobs.KINDS, "test.kind", jobs.Kind("test.kind", lambda run: 1 / 0))
    job = JobFactory(owner=officer.username, kind="test.kind", title="导出农户", state="queued")
    for n in range(jobs.MAX_ATTEMPTS):
        assert heard(officer) == [], n
        jobs.run(job.pk)
    assert jobs.run(job.pk) is None
    assert heard(officer) == ["“导出农户”没有完成，请看原因。"]
    assert follow(officer) == 200
    monkeypatch.setitem(jobs.KINDS, "test.kind", jobs.Kind("test.kind", lambda run: {}))
    jobs.retry_job(job=Job.objects.get(), by=officer)
    jobs.run(job.pk)
    assert heard(officer)[1:] == ["“导出农户”已完成，请查看结果。"]


def test_a_scheduled_report_that_is_ready_and_one_that_stops(officer, land, follow, django_capture_on_commit_callbacks):
    question = asking.parse("status", {"region": str(land.township.pk)}, officer)
    end = TODAY + dt.timedelta(days=300)
    reports.schedule_report(question=question, name="月报", rhythm="month", output="xlsx", ends_on=end, by=officer)
    ReportSchedule.objects.update(next_on=TODAY)
    with django_capture_on_commit_callbacks(execute=True):
        assert reports_jobs.run_due() == 1
    jobs.run(Job.objects.get().pk)
    assert heard(officer) == [f"“报表 月报 {TODAY.isoformat()}”已完成，请查看结果。"]
    assert follow(officer) == 200
    ReportSchedule.objects.update(next_on=TODAY)
    Posting.objects.filter(user=officer).update(ends_on=TODAY)
    assert reports_jobs.run_due() == 0
    assert heard(officer)[1:] == ["定时报表“月报”已停止，不再自动生成。"]
    assert follow(officer) == 200


# -- what is kept --------------------------------------------------------------------------------------------------------------------------


def test_the_same_matter_is_one_and_others_are_counted(clerk):
    told(clerk)
    told(clerk)
    assert heard(clerk) == ["农户1户已办结。"]
    told(clerk, 2, "/jobs/")
    assert heard(clerk) == ["2 户已办结。"]
    notices.mark_read(by=clerk)
    told(clerk, 3)
    assert heard(clerk) == ["2 户已办结。", "农户3户已办结。"]
    notices.put(notices.draft(clerk.username, TOPIC, "/", {"name": str(n)}) for n in range(1000))
    assert heard(clerk)[1:] == ["1001 户已办结。"]


def test_a_notice_leads_nowhere_else(clerk):
    for url in ("https://example.com/", "//example.com/", ""):
        with pytest.raises(IntegrityError), transaction.atomic():
            told(clerk, url=url)


def test_notices_end_after_a_quarter_and_unknown_topics_do_no_harm(clerk, client_as):
    told(clerk)
    notices.of(clerk).update(at=timezone.now() - dt.timedelta(days=91), read_at=timezone.now())
    row = told(clerk, 2)
    assert notices.expire_notices() == 1
    assert heard(clerk) == ["农户2户已办结。"]
    Notice.objects.filter(pk=row.pk).update(topic="of.before", count=3)
    assert "办理结果" in client_as(clerk).get(reverse("notices:notice_list")).content.decode()


# -- the page ------------------------------------------------------------------------------------------------------------------------------


def test_the_page_shows_them_and_takes_note(client, clerk, officer):
    client.force_login(clerk)
    assert "还没有通知" in client.get(reverse("notices:notice_list")).content.decode()
    row = told(clerk)
    assert '<span class="badge">1<' in client.get(reverse("home")).content.decode()
    shown = client.get(reverse("notices:notice_list")).content.decode()
    assert "农户1户已办结。" in shown
    assert "未读" in shown
    assert client.post(reverse("notices:notice_open", args=[row.pk])).url == row.url
    assert client.get(reverse("notices:notice_open", args=[row.pk])).status_code == 405
    shown = client.get(reverse("notices:notice_list")).content.decode()
    assert "农户1户已办结。" in shown
    assert "已读" in shown
    assert '<span class="badge">' not in shown
    told(clerk, 2)
    told(officer)
    assert client.post(reverse("notices:notices_read")).url == reverse("notices:notice_list")
    assert not notices.of(clerk).filter(read_at=None).exists()
    assert notices.of(officer).filter(read_at=None).count() == 1


def test_what_was_not_read_comes_first_and_old_ones_page_by_page(client, clerk):
    for n in range(60):
        told(clerk, n)
        notices.mark_read(by=clerk)
    last = told(clerk, 77)
    Notice.objects.filter(pk=last.pk).update(at=timezone.now() - dt.timedelta(days=30))
    client.force_login(clerk)
    first = client.get(reverse("notices:notice_list"))
    page = first.content.decode()
    assert page.index("农户77户") < page.index("农户59户")
    assert "农户9户" not in page
    second = client.get(first.context["next_url"]).content.decode()
    assert "农户9户" in second
    assert "农户77户" not in second


def test_nobody_opens_another_s(client, clerk, officer):
    row = told(clerk)
    client.force_login(officer)
    assert client.post(reverse("notices:notice_open", args=[row.pk])).status_code == 404
    client.post(reverse("notices:notices_read"))
    row.refresh_from_db()
    assert row.read_at is None


def test_an_english_page_says_it_in_english(clerk, client_as):
    notices.put([notices.draft(clerk.username, jobs.TOLD[Job.State.DONE], "/jobs/", {"title": "X"})])
    own = client_as(clerk)
    own.cookies["django_language"] = "en"
    page = own.get(reverse("notices:notice_list")).content.decode()
    assert "X" in page
    assert "已完成" not in page


# -- every morning -------------------------------------------------------------------------------------------------------------------------


def test_the_morning_says_what_waits_once(official, officer, clerk, stranger, land, follow):
    StatusChangeFactory(household=HouseholdFactory(village=land.village))
    TaskFactory(goal__plan=PlanFactory(household=HouseholdFactory(village=land.village), in_progress=True), late=True)
    assert tasks.tell_what_waits() == 3
    assert tasks.tell_what_waits() == 0
    text = heard(official)[0]
    assert "要抓紧：" in text
    assert "逾期任务\u00a01" in text
    assert "等您办：身份变更待县级确认\u00a01" in text
    assert "身份变更" not in heard(clerk)[0]
    assert heard(stranger) == []
    notices.of(official).update(at=timezone.now() - dt.timedelta(days=1))
    tasks.tell_what_waits()
    assert len(heard(official)) == 1  # the unread one of yesterday gives way
    assert follow(official) == 200


def test_it_can_be_switched_off(client, officer, land):
    TaskFactory(goal__plan=PlanFactory(household=HouseholdFactory(village=land.village), in_progress=True), late=True)
    client.force_login(officer)
    address = reverse("accounts:preferences")
    assert "每天早上提醒我要办的事" in client.get(reverse("accounts:profile")).content.decode()
    client.post(address, {"language": "zh-hans"})
    assert tasks.tell_what_waits() == 0
    client.post(address, {"language": "zh-hans", "digest": "on"})
    assert tasks.tell_what_waits() == 1


def test_it_says_how_far_the_numbers_of_the_area_have_grown(officer, monkeypatch):
    month = [News("入户走访", 5, "次", "/figures/rows/visits/?month=3"), News("落实措施", 2, "项", "/x/")]
    monkeypatch.setattr(digest, "news_for", lambda user: month)
    before = {"text": "", "news": {month[0].url: 3, month[1].url: 2}}
    yesterday = Notice(to=officer.username, topic="digest", kind="digest", url="/", values=before)
    yesterday.at = timezone.now() - dt.timedelta(days=1)
    yesterday.save()
    assert tasks.tell_what_waits() == 1
    assert heard(officer)[-1].endswith("上次提醒以来新增：入户走访\u00a02\u00a0次。")


def test_many_accounts_are_told_in_turns(officer, clerk, official, land):
    TaskFactory(goal__plan=PlanFactory(household=HouseholdFactory(village=land.village), in_progress=True), late=True)
    told, last, turns = 0, 0, 0
    while last is not None:
        n, last = digest.tell_what_waits(after=last, most=1)
        told, turns = told + n, turns + 1
    assert (told, turns >= 3) == (3, True)
    assert [len(heard(user)) for user in (officer, clerk, official)] == [1, 1, 1]


def test_one_account_that_fails_keeps_nobody_from_hearing(officer, clerk, land, monkeypatch):
    TaskFactory(goal__plan=PlanFactory(household=HouseholdFactory(village=land.village), in_progress=True), late=True)
    tell = digest._tell

    def failing(user):
        if user.pk == officer.pk:
            raise ValidationError("x")
        return tell(user)

    monkeypatch.setattr(digest, "_tell", failing)
    assert tasks.tell_what_waits() == 1
    assert len(heard(clerk)) == 1
