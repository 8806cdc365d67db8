"""The verbs on plans: what each does, what each refuses, and what stays true whatever happens in whatever order."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from catalogue.models import MeasureKind
from common import audit
from common.models import AuditEvent
from households import services as ledger
from households import trail
from households.services import LedgerError
from plans import services, versions
from plans.models import VOUCHED, Goal, Plan, PlanRevision, Task
from plans.services.content import candidates
from plans.services.decision import missing, sort_out, why_not_mine
from tests.factories import CadreFactory, HouseholdFactory, MemberFactory, PairingFactory, UserFactory, picture
from tests.factories.households import YEAR
from tests.factories.plans import TARGETS

pytestmark = pytest.mark.django_db
END = dt.date(YEAR, 12, 31)


def fill(plan, by, owner=None):
    """A goal with a task, the targets and the household's spoken consent."""
    goal = services.put_goal(plan=plan, by=by, text="年底前住进安全房", source="check:housing")
    task = services.put_task(goal=goal, by=by, text="申请危房改造", owner=owner or by, due_on=END)
    services.set_indicators(plan=plan, by=by, targets=TARGETS)
    agree(plan, by)
    return goal, task


def agree(plan, by, **more):
    member = plan.household.members.filter(left_on=None).first()
    given = {"consent": "spoken", "member": member, "on": timezone.localdate(), "note": "村会议室，李芳在场"} | more
    return services.record_consent(plan=plan, by=by, **given)


@pytest.fixture
def plan(household, clerk):
    return services.draft_plan(household=household, year=YEAR, by=clerk)


@pytest.fixture
def running(plan, clerk, officer):
    """A plan that is carried out, with one task of the clerk's."""
    fill(plan, clerk)
    services.submit_plan(plan=plan, by=clerk)
    services.approve_plan(plan=plan, by=officer)
    return services.start_plan(plan=plan, by=clerk)


@pytest.fixture
def task(running):
    return Task.objects.get(goal__plan=running)


def fresh(row):
    return type(row)._base_manager.get(pk=row.pk)


def history_is_whole():
    """Every row is vouched for by the chain, which closes at commit: a test's transaction never reaches it by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    verdict = audit.verify(VOUCHED)
    assert verdict.ok, verdict.broken


# -- the whole way --------------------------------------------------------------------------------------------------------------


def test_the_year_of_a_plan(plan, household, clerk, officer):
    assert plan.state == "draft"
    income = plan.indicators.get(code="income")
    assert income.now == f"5,000 元（{YEAR}年）"
    goal, task = fill(plan, clerk)
    submitted = services.submit_plan(plan=plan, by=clerk)
    assert (submitted.state, submitted.revision) == ("submitted", 1)
    body = PlanRevision.objects.get(plan=plan).body
    assert body["goals"][0]["tasks"][0]["owner"] == "村信息员"
    assert services.approve_plan(plan=plan, by=officer, note="同意").decided_by == "officer"
    services.start_plan(plan=plan, by=clerk)
    done = services.complete_task(task=task, by=clerk, note="已竣工", upload=picture())
    assert (done.state, done.done_on) == ("done", timezone.localdate())
    assert task.evidence.get().uploaded_by == "clerk"
    services.review_plan(plan=plan, by=clerk, done=TARGETS, goals={goal.pk: "reached"}, note="住房安全已解决")
    assert services.close_plan(plan=plan, by=officer).state == "closed"
    assert fresh(goal).state == "reached"
    titles = [change.title for change in trail.recent(household, 20)]
    assert titles[0] == "结束帮扶计划"
    assert titles[-1] == "制定帮扶计划"
    history_is_whole()


def test_the_history_is_in_words(plan, clerk, helper):
    goal = services.put_goal(plan=plan, by=clerk, text="学会一门手艺")
    services.put_task(goal=goal, by=clerk, text="参加电焊培训", owner=helper, due_on=END)
    change = trail.recent(plan.household, 1)[0]
    assert change.title == "写入计划任务"
    assert "责任人 帮扶人" in change.sentence
    assert f"责任人 {helper.pk}" not in change.sentence


def test_taking_over_proposals(household, clerk):
    kind = MeasureKind.objects.filter(whose="member").first()
    other = MeasureKind.objects.filter(whose="household").first()
    member = household.members.get()
    plan = services.draft_plan(
        household=household, year=YEAR, by=clerk,
        proposals=[
            {"source": "cause:01", "goal": "看得起病", "kind": kind, "member": member, "reasons": ["户主患大病"]},
            {"source": "cause:01", "goal": "看得起病", "kind": other.code, "member": None, "reasons": []},
            {"source": "check:housing", "goal": "住房安全", "kind": None, "member": None, "reasons": []},
        ],
    )  # fmt: skip
    assert [(g.source, g.text, g.tasks.count()) for g in plan.goals.all()] == [
        ("cause:01", "看得起病", 2), ("check:housing", "住房安全", 0),
    ]  # fmt: skip
    first = Task.objects.get(goal__plan=plan, kind=kind)
    assert (first.text, first.reasons) == (f"{kind.title}（{member.name}）", ["户主患大病"])


# -- what is refused ------------------------------------------------------------------------------------------------------------


def test_one_plan_a_year(plan, household, clerk):
    with pytest.raises(LedgerError, match="已经有计划"), transaction.atomic():
        services.draft_plan(household=household, year=YEAR, by=clerk)


@pytest.mark.parametrize("year", [1999, timezone.localdate().year + 2])
def test_a_year_that_is_none(household, clerk, year):
    with pytest.raises(ValidationError, match="年度应在"):
        services.draft_plan(household=household, year=year, by=clerk)


def test_a_closed_household_takes_no_plan(plan, household, clerk, officer):
    ledger.close_household(household=household, by=officer, reason="empty", on=timezone.localdate())
    with pytest.raises(LedgerError, match="已经销户"):
        services.edit_plan(plan=plan, by=clerk, summary="x")
    with pytest.raises(LedgerError, match="已经销户"):
        services.draft_plan(household=household, year=YEAR + 1, by=clerk)


def test_only_where_one_may(plan, land, auditor, stranger, post):
    far = post(Role.VILLAGE_CLERK, land.far_village)
    for user in (auditor, stranger, far):
        with pytest.raises(PermissionDenied):
            services.edit_plan(plan=plan, by=user, summary="x")
        with pytest.raises(PermissionDenied):
            services.draft_plan(household=HouseholdFactory(village=land.village), year=YEAR, by=user)


def test_a_stale_form_is_refused(plan, clerk):
    services.edit_plan(plan=plan, by=clerk, summary="先治病，再就业")
    with pytest.raises(LedgerError, match="被别人修改过"):
        services.edit_plan(plan=plan, by=clerk, summary="别的", version=1)


def test_nothing_changed_is_nothing_written(plan, clerk):
    before = AuditEvent.objects.count()
    services.edit_plan(plan=plan, by=clerk, summary="")
    assert AuditEvent.objects.count() == before


def test_what_a_plan_lacks_is_said_at_once(plan, clerk):
    goal = services.put_goal(plan=plan, by=clerk, text="稳定增收")
    services.put_task(goal=goal, by=clerk, text="找工作")
    with pytest.raises(LedgerError) as refused:
        services.submit_plan(plan=plan, by=clerk)
    said = str(refused.value)
    for words in (
        "没有责任人：找工作",
        "没有完成期限：找工作",
        "年度指标没有填计划：人均纯收入",
        "还没有对现在的内容表示同意",
    ):
        assert words in said
    assert fresh(plan).revision == 0


def test_a_goal_without_tasks_is_not_enough(plan, clerk):
    services.put_goal(plan=plan, by=clerk, text="稳定增收")
    services.set_indicators(plan=plan, by=clerk, targets=TARGETS)
    agree(plan, clerk)
    with pytest.raises(LedgerError, match="至少要有一个目标和它的任务"):
        services.submit_plan(plan=plan, by=clerk)


@pytest.mark.parametrize(
    "change",
    [
        lambda plan, goal, task, by: services.edit_plan(plan=plan, by=by, summary="改了思路"),
        lambda plan, goal, task, by: services.put_goal(plan=plan, by=by, text="再加一个目标"),
        lambda plan, goal, task, by: services.put_task(goal=goal, by=by, task=task, text="改了", owner=by, due_on=END),
        lambda plan, goal, task, by: services.drop_task(task=task, by=by),
        lambda plan, goal, task, by: services.drop_goal(goal=goal, by=by),
        lambda plan, goal, task, by: services.set_indicators(plan=plan, by=by, targets={"income": "15,000 元"}),
    ],
)
def test_whatever_changes_is_asked_about_again(change, plan, clerk):
    goal, task = fill(plan, clerk)
    assert fresh(plan).consent == "spoken"
    change(plan, goal, task, clerk)
    row = fresh(plan)
    assert (row.consent, row.consent_on, row.consent_member_id, row.consent_note) == ("", None, None, "")
    with pytest.raises(LedgerError, match="还没有对现在的内容表示同意"):
        services.submit_plan(plan=plan, by=clerk)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"consent": "nod"}, "请选择农户怎样同意"),
        ({"note": "嗯"}, "口头同意请写明"),
        ({"on": timezone.localdate() + dt.timedelta(days=1)}, "在今天之后"),
        ({"on": dt.date(YEAR - 2, 1, 1)}, "早一年以上"),
        ({"member": None}, "请选择是哪一位"),
        ({"consent": "signature"}, "请拍下农户签字"),
    ],
)
def test_consent_that_is_none(given, sentence, plan, clerk):
    services.put_goal(plan=plan, by=clerk, text="稳定增收")
    with pytest.raises((ValidationError, LedgerError), match=sentence):
        agree(plan, clerk, **given)
    assert fresh(plan).consent == ""


def test_a_child_or_somebody_elses_member_does_not_consent(plan, household, clerk):
    services.put_goal(plan=plan, by=clerk, text="稳定增收")
    child = MemberFactory(household=household, birth_date=timezone.localdate() - dt.timedelta(days=3000))
    for member in (child, MemberFactory(), MemberFactory(household=household, left=True)):
        with pytest.raises(ValidationError):
            agree(plan, clerk, member=member)


def test_a_signature_is_a_picture_of_the_plan(plan, clerk):
    services.put_goal(plan=plan, by=clerk, text="稳定增收")
    agree(plan, clerk, consent="signature", note="", upload=picture())
    shot = plan.evidence.get()
    assert (shot.task_id, fresh(plan).consent) == (None, "signature")
    with pytest.raises(LedgerError, match="不能删去"):
        services.remove_evidence(picture=shot, by=clerk)


def test_nobody_approves_their_own(plan, clerk, officer, official, post, land):
    other = post(Role.TOWNSHIP_OFFICER, land.township)
    services.edit_plan(plan=plan, by=other, summary="一人稳岗，全家脱贫")
    fill(plan, clerk)
    services.submit_plan(plan=plan, by=officer)
    for user in (officer, other):
        with pytest.raises(LedgerError, match="不能由自己审批"):
            services.approve_plan(plan=plan, by=user)
        with pytest.raises(LedgerError, match="不能由自己审批"):
            services.return_plan(plan=plan, by=user, note="请再改改")
        assert "不能由自己审批" in why_not_mine(fresh(plan), user)
    with pytest.raises(PermissionDenied):
        services.approve_plan(plan=plan, by=clerk)
    assert services.approve_plan(plan=plan, by=official).state == "approved"


def test_returned_with_a_reason_and_again(plan, clerk, officer):
    fill(plan, clerk)
    services.submit_plan(plan=plan, by=clerk)
    with pytest.raises(ValidationError, match="请写明退回理由"):
        services.return_plan(plan=plan, by=officer, note="不")
    back = services.return_plan(plan=plan, by=officer, note="任务太少，请补就业")
    assert (back.state, back.decision_note) == ("returned", "任务太少，请补就业")
    again = services.submit_plan(plan=plan, by=clerk)
    assert (again.revision, again.decided_at, again.decision_note) == (2, None, "")


def test_an_approved_plan_is_changed_as_another_version(running, clerk, officer, task):
    with pytest.raises(LedgerError, match="不能修改内容"):
        services.edit_plan(plan=running, by=clerk, summary="x")
    with pytest.raises(ValidationError, match="请写明为什么要改计划"):
        services.amend_plan(plan=running, by=clerk, note="改")
    services.amend_plan(plan=running, by=clerk, note="户主住院，先治病")
    services.put_task(goal=task.goal, by=clerk, task=task, text="先送医，后改造", owner=clerk, due_on=END)
    services.drop_task(task=services.put_task(goal=task.goal, by=clerk, text="多写的"), by=clerk)
    with pytest.raises(LedgerError, match="还没有对现在的内容"):
        services.submit_plan(plan=running, by=clerk)
    agree(running, clerk)
    services.submit_plan(plan=running, by=clerk)
    first, second = PlanRevision.objects.filter(plan=running).order_by("revision")
    assert versions.differences(first.body, second.body) == [
        {"label": "任务", "old": "申请危房改造", "new": "先送医，后改造"}
    ]
    assert Task.objects.get(text="多写的").state == "dropped"
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanRevision.objects.filter(pk=first.pk).update(by="x")


# -- tasks ----------------------------------------------------------------------------------------------------------------------


def test_a_task_is_whole(plan, household, clerk, stranger):
    goal = services.put_goal(plan=plan, by=clerk, text="稳定增收")
    kind = MeasureKind.objects.filter(whose="household").first()
    for given, sentence in (
        ({"text": " "}, "请写明任务"), ({"text": "好" * 201}, "最多 200 个字"), ({"due_on": dt.date(YEAR + 1, 1, 1)}, "应在"),
        ({"owner": stranger}, "看不到这一户"), ({"member": MemberFactory()}, "不是这一户的成员"),
        ({"member": MemberFactory(household=household, left=True)}, "已经不在这一户"),
        ({"kind": kind, "member": household.members.get(relation="01")}, "按户享受"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=sentence):
            services.put_task(**{"goal": goal, "by": clerk, "text": "做事"} | given)
    assert not goal.tasks.exists()


def test_who_may_be_given_a_task(household, clerk, officer, helper, auditor, land, post):
    post(Role.VILLAGE_CLERK, land.far_village)
    assert candidates(household) == [helper, clerk, officer]


def test_only_while_it_is_carried_out(plan, clerk, officer):
    _goal, task = fill(plan, clerk)
    for verb in (services.complete_task, services.progress_task):
        with pytest.raises(LedgerError, match="现在是“草稿”"):
            verb(task=task, by=clerk, note="做完了")
    services.submit_plan(plan=plan, by=clerk)
    services.approve_plan(plan=plan, by=officer)
    with pytest.raises(LedgerError, match="现在是“已批准”"):
        services.complete_task(task=task, by=clerk)


def test_the_owner_completes_or_who_writes_plans_there(running, task, household, clerk, auditor, helper, post, land):
    Task.objects.filter(pk=task.pk).update(owner=auditor)  # sees the household, writes no plans
    task.refresh_from_db()
    with pytest.raises(PermissionDenied):
        services.complete_task(task=task, by=post(Role.VILLAGE_CLERK, land.far_village))
    other_auditor = post(Role.AUDITOR, land.county)
    with pytest.raises(PermissionDenied):
        services.complete_task(task=task, by=other_auditor)
    services.progress_task(task=task, by=auditor, note="材料已交")
    services.complete_task(task=task, by=auditor)
    services.reopen_task(task=task, by=helper, note="点错了，还没完工")
    assert fresh(task).state == "open"
    with pytest.raises(ValidationError, match="请写一句进展"):
        services.progress_task(task=task, by=helper, note=" ")


def test_a_day_that_cannot_be(running, task, clerk):
    for day, sentence in (
        (timezone.localdate() + dt.timedelta(days=1), "在今天之后"),
        (dt.date(YEAR - 1, 12, 31), "早于计划年度"),
    ):
        with pytest.raises(ValidationError, match=sentence):
            services.complete_task(task=task, by=clerk, on=day)
    services.complete_task(task=task, by=clerk)
    with pytest.raises(LedgerError, match="不用再登记"):
        services.complete_task(task=task, by=clerk)


def test_photos_of_a_task(running, task, clerk):
    services.progress_task(task=task, by=clerk, upload=picture())
    with pytest.raises(ValidationError, match="已经传过"):
        services.progress_task(task=task, by=clerk, upload=picture())
    broken = SimpleUploadedFile("photo.jpg", b"no picture", "image/jpeg")
    with pytest.raises(ValidationError, match="不是照片"):
        services.progress_task(task=task, by=clerk, upload=broken)
    shot = task.evidence.get()
    services.remove_evidence(picture=shot, by=clerk)
    with pytest.raises(LedgerError, match="已经删去"):
        services.remove_evidence(picture=shot, by=clerk)
    services.progress_task(task=task, by=clerk, upload=picture())  # what was taken away may come again


def test_done_work_is_not_taken_out(running, task, clerk):
    services.complete_task(task=task, by=clerk)
    services.amend_plan(plan=running, by=clerk, note="再加一个任务")
    with pytest.raises(LedgerError, match="有已完成的任务"):
        services.drop_goal(goal=task.goal, by=clerk)
    with pytest.raises(LedgerError, match="已完成，不能再取消"):
        services.drop_task(task=task, by=clerk)


# -- the end of the year --------------------------------------------------------------------------------------------------------


def test_a_review_says_all_of_it(running, clerk, officer):
    goal = running.goals.get()
    with pytest.raises(ValidationError) as refused:
        services.review_plan(plan=running, by=clerk, done={"income": "13,000 元"}, goals={}, note="")
    assert set(refused.value.message_dict) == {
        "housing",
        "school",
        "illness",
        "medical",
        "pension",
        f"goal-{goal.pk}",
        "note",
    }
    assert fresh(running).state == "in_progress"
    services.review_plan(plan=running, by=officer, done=TARGETS, goals={goal.pk: "missed"}, note="没有完工，明年接着做")
    with pytest.raises(LedgerError, match="不能由自己结束"):
        services.close_plan(plan=running, by=officer)
    assert running.indicators.get(code="income").done == TARGETS["income"]


def test_a_review_is_returned(running, clerk, officer):
    goal = running.goals.get()
    services.review_plan(plan=running, by=clerk, done=TARGETS, goals={goal.pk: "reached"}, note="都做完了")
    back = services.return_review(plan=running, by=officer, note="房子还没验收")
    assert (back.state, back.reviewed_at, fresh(goal).state) == ("in_progress", None, "open")


# -- copies ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def neighbours(land):
    return [HouseholdFactory(village=land.village, with_householder=True) for _n in range(2)]


def test_a_copy_is_visible_as_one(plan, household, neighbours, clerk, helper, officer, land):
    kind = MeasureKind.objects.filter(whose="member").first()
    goal, _task = fill(plan, clerk, owner=helper)
    services.put_task(
        goal=goal,
        by=clerk,
        text=f"{kind.title}（王建国）",
        kind=kind,
        member=household.members.get(),
        owner=clerk,
        due_on=END,
    )
    own_helper = UserFactory(name="李四")
    PairingFactory(household=neighbours[0], cadre=CadreFactory(user=own_helper))
    services.draft_plan(household=neighbours[1], year=YEAR, by=clerk)
    far = HouseholdFactory(village=land.far_village)
    done = services.copy_plan(plan=plan, to=[*neighbours, far], by=clerk)
    copy = done.drafted[0]
    assert [h.pk for h, _why in done.skipped] == [neighbours[1].pk, far.pk]
    assert (copy.household, copy.copied_from, copy.consent) == (neighbours[0], plan, "")
    tasks = list(Task.objects.filter(goal__plan=copy).order_by("place"))
    assert [(t.text, t.owner, t.member) for t in tasks] == [
        ("申请危房改造", own_helper, None),
        (kind.title, clerk, None),
    ]
    change = trail.recent(neighbours[0], 1)[0]
    assert f"由王建国户（{household.number}）{YEAR} 年计划复制" in change.sentence
    assert versions.marks_of([copy])[copy.pk] == [("与原计划相同", "amber")]
    agree(copy, clerk)
    services.submit_plan(plan=copy, by=clerk)
    assert sort_out([fresh(copy)], officer).approved == []
    services.return_plan(plan=copy, by=officer, note="请按这一户的情况改")
    services.edit_plan(plan=copy, by=clerk, summary="这一户缺劳力")
    assert versions.marks_of([fresh(copy)])[copy.pk][0] == ("复制后改过", "grey")
    # The source may go on: it was a copy of what was there.
    services.edit_plan(plan=copy, by=clerk, summary="")
    agree(plan, clerk)
    services.submit_plan(plan=plan, by=clerk)
    services.return_plan(plan=plan, by=officer, note="请再改一改")
    services.edit_plan(plan=plan, by=clerk, summary="另有打算")
    assert ("与原计划相同", "amber") in versions.marks_of([fresh(copy)])[copy.pk]
    history_is_whole()


def test_copying_to_nobody_or_too_many(plan, clerk):
    with pytest.raises(LedgerError, match="还没有选择"):
        services.copy_plan(plan=plan, to=[], by=clerk)


def test_a_batch_leaves_marked_plans_alone(plan, clerk, officer, neighbours, land):
    plain = services.draft_plan(household=neighbours[0], year=YEAR, by=clerk)
    for each in (plan, plain):
        fill(each, clerk)
        services.submit_plan(plan=each, by=clerk)
    services.return_plan(plan=plain, by=officer, note="请再改一改")
    services.submit_plan(plan=plain, by=clerk)
    done = services.approve_batch(plans=[fresh(plan), fresh(plain)], by=officer)
    assert [p.pk for p in done.approved] == [plan.pk]
    assert done.skipped[0][1] == "第 2 版"
    assert "已批准 1 份" in done.sentence
    assert missing(fresh(plan)) == []
    assert plan.goals.get().state == Goal.State.OPEN
    assert Plan.objects.get(pk=plain.pk).state == "submitted"
