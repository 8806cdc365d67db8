"""The pages of plans: what each role finds, that a number is as long as its list, and that a bad form says why."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from plans import services
from plans.models import Goal, Plan, Task
from tests import first_page
from tests.factories import (
    CadreFactory,
    GoalFactory,
    HouseholdFactory,
    MemberFactory,
    PairingFactory,
    PlanFactory,
    TaskFactory,
    UserFactory,
    VerificationTaskFactory,
    picture,
)
from tests.factories.households import YEAR
from tests.factories.plans import TARGETS
from tests.plans.test_services import agree, fill, fresh

pytestmark = pytest.mark.django_db
THIS = timezone.localdate().year


def url(name, *args):
    return reverse(f"plans:{name}", args=args)


def text(response):
    return response.content.decode()


@pytest.fixture
def plan(household, clerk):
    return services.draft_plan(household=household, year=YEAR, by=clerk)


@pytest.fixture
def county_of_plans(land, household, helper):
    """Plans in every state, of two counties, some late, some the helper's."""
    for place in (land.village, land.near_village, land.far_village, land.other_village):
        for state in Plan.State:
            traits = {s: True for s in ("submitted", "approved", "in_progress", "reviewed") if s == state.value}
            plan = PlanFactory(household=HouseholdFactory(village=place), year=THIS, **traits)
            if state in (Plan.State.RETURNED, Plan.State.CLOSED):
                stamp = {
                    "decided_by": "x",
                    "decided_at": timezone.now(),
                    "revision": 1,
                    "submitted_by": "y",
                    "submitted_at": timezone.now(),
                }
                if state == Plan.State.CLOSED:
                    stamp |= {
                        "reviewed_by": "x",
                        "reviewed_at": timezone.now(),
                        "closed_by": "x",
                        "closed_at": timezone.now(),
                    }
                Plan.objects.filter(pk=plan.pk).update(state=state, **stamp)
            TaskFactory(goal=GoalFactory(plan=plan), late=True)
    running = PlanFactory(household=household, year=THIS, in_progress=True)
    TaskFactory(goal=GoalFactory(plan=running), owner=helper, late=True)
    TaskFactory(goal=GoalFactory(plan=running), owner=helper)
    TaskFactory(goal=GoalFactory(plan=running), owner=helper, done=True)


@pytest.mark.parametrize("who", ["clerk", "helper", "officer", "official", "auditor"])
@pytest.mark.parametrize("query", ["", "mine=yes", "overdue=yes"])
def test_every_column_is_as_long_as_its_list(who, query, county_of_plans, client_as, request):
    client = client_as(request.getfixturevalue(who))
    board = client.get(f"{url('board')}?{query}").context
    for column in board["columns"]:
        listed = client.get(column["url"]).context
        assert listed["page"].count.value == column["count"].value, column["key"]
        assert {row.plan.pk for row in column["rows"]} <= {row.plan.pk for row in listed["rows"]}
    assert client.get(board["late"]["url"]).context["page"].count.value == board["late"]["count"].value
    if query == "" and who in ("clerk", "official"):
        assert sum(column["count"].value for column in board["columns"]) == {"clerk": 8, "official": 22}[who]
        assert board["late"]["count"].value == {"clerk": 2, "official": 4}[who]


@pytest.mark.parametrize("who", ["clerk", "helper", "officer", "official"])
def test_every_tile_is_as_long_as_its_list(who, county_of_plans, client_as, request):
    user = request.getfixturevalue(who)
    Plan.objects.filter(state="returned").update(drafted_by=user.username)
    client = client_as(user)
    tiles = [tile for tile in first_page.tiles(client) if "/plans/" in tile.url]
    assert len(tiles) == (4 if who in ("officer", "official") else 3)
    for tile in tiles:
        assert client.get(tile.url).context["page"].count.value == tile.count.value, tile.label
    counts = {str(tile.label): tile.count.value for tile in tiles}
    assert counts["我的任务"] == (2 if who == "helper" else 0)
    assert counts["逾期任务"] == {"clerk": 2, "helper": 1, "officer": 3, "official": 4}[who]


def test_an_auditor_has_no_tiles(county_of_plans, auditor, client_as):
    assert not [tile for tile in first_page.tiles(client_as(auditor)) if "/plans/" in tile.url]


def test_my_tasks_the_late_one_first(county_of_plans, helper, client_as):
    rows = client_as(helper).get(url("task_list")).context["rows"]
    assert [(row.task.owner_id, bool(row.late)) for row in rows] == [(helper.pk, True), (helper.pk, False)]
    assert "逾期 3 天" in text(client_as(helper).get(url("task_list")))


@pytest.mark.parametrize("who", [True, False])
def test_filters_that_are_nonsense(who, county_of_plans, clerk, client_as):
    client = client_as(clerk)
    for query in ("region=99", "region=x", "state=nothing", "year=abcd", "cursor=a1", "mine=maybe", "cursor=zz"):
        for name in ("board", "plan_list", "task_list"):
            response = client.get(
                f"{url(name)}?{query}", headers={"HX-Request": "true"} if who and name != "board" else {}
            )
            assert response.status_code == 200


def test_a_plan_from_proposal_to_the_end(household, clerk, officer, client_as):
    """Through the pages alone."""
    own, boss = client_as(clerk), client_as(officer)
    response = own.get(url("plan_draft", household.pk))
    assert response["Location"] == url("proposals", household.pk, THIS)
    response = own.post(response["Location"])
    plan = Plan.objects.get()
    assert response["Location"] == url("plan_detail", plan.pk)
    page = text(own.get(response["Location"]))
    assert "提交前还缺" in page
    assert "至少要有一个目标和它的任务" in page

    response = own.post(url("goal_add", plan.pk), {"text": "学会一门手艺", "source": "cause:07", "version": 1})
    goal = Goal.objects.get()
    assert response["Location"] == url("task_add", plan.pk, goal.pk)
    task = {"text": "参加电焊培训", "owner": clerk.pk, "due_on": f"{THIS}-12-31", "kind": "", "member": ""}
    assert own.post(response["Location"], task | {"more": "1"})["Location"] == response["Location"]
    own.post(url("indicators_edit", plan.pk), TARGETS)
    page = own.get(url("plan_submit", plan.pk))
    assert "农户还没有对现在的内容表示同意" in text(page)
    assert "确认提交" not in text(page)
    member = household.members.get()
    consent = {
        "consent": "signature",
        "member": member.pk,
        "on": str(timezone.localdate()),
        "note": "",
        "upload": picture(),
    }
    assert own.post(url("consent_record", plan.pk), consent).status_code == 302
    assert own.post(url("plan_submit", plan.pk)).status_code == 302
    shot = plan.evidence.get()
    picture_of = own.get(url("plan_photo", plan.pk, shot.uid) + "?size=small")
    assert (picture_of["Content-Type"], picture_of["Cache-Control"]) == ("image/jpeg", "private, no-store")

    assert "退回时必须写明理由" in text(boss.get(url("plan_decide", plan.pk)))
    response = boss.post(url("plan_decide", plan.pk), {"return": "1", "note": ""})
    assert (response.status_code, "请写明退回理由" in text(response)) == (422, True)
    boss.post(url("plan_decide", plan.pk), {"note": "同意"})
    own.post(url("plan_start", plan.pk))
    row = Task.objects.get()
    response = own.post(
        url("task_complete", plan.pk, row.pk),
        {"on": str(timezone.localdate()), "note": "拿到证书", "upload": picture()},
    )
    assert response["Location"] == url("task_detail", plan.pk, row.pk)
    page = text(own.get(response["Location"]))
    assert "拿到证书" in page
    assert url("plan_photo", plan.pk, row.evidence.get().uid) in page

    form = own.get(url("plan_review", plan.pk)).context["form"]
    assert form["income"].initial == "5,000 元"  # as the ledger of the year says
    response = own.post(url("plan_review", plan.pk), TARGETS | {"note": "都做完了"})
    assert (response.status_code, "实现没有" in text(response)) == (422, True)
    own.post(url("plan_review", plan.pk), TARGETS | {"note": "都做完了", f"goal-{goal.pk}": "reached"})
    boss.post(url("plan_close", plan.pk))
    page = text(own.get(url("plan_detail", plan.pk)))
    for words in ("已结束", "已实现", "第 1 版", "拿到证书", "制定帮扶计划", "都做完了"):
        assert words in page
    assert fresh(plan).state == "closed"


def test_a_task_page_offers_only_what_one_may(plan, clerk, officer, auditor, helper, client_as):
    _goal, task = fill(plan, clerk, owner=helper)
    address = url("task_detail", plan.pk, task.pk)
    assert "登记完成" not in text(client_as(helper).get(address)).split("<main")[1].split("开始执行后")[0]
    services.submit_plan(plan=plan, by=clerk)
    services.approve_plan(plan=plan, by=officer)
    services.start_plan(plan=plan, by=clerk)
    assert client_as(helper).get(address).context["done_form"]
    assert not client_as(auditor).get(address).context["done_form"]
    Task.objects.filter(pk=task.pk).update(owner=auditor)
    assert client_as(auditor).get(address).context["done_form"]


def test_bad_input_says_why_and_keeps_what_was_typed(plan, household, clerk, stranger, client_as):
    client = client_as(clerk)
    goal = services.put_goal(plan=plan, by=clerk, text="稳定增收")
    for address, data, sentence in (
        (url("goal_add", plan.pk), {"text": "", "source": "own"}, "请写明目标"),
        (url("goal_add", plan.pk), {"text": "好" * 201, "source": "own"}, "200"),
        (url("goal_add", plan.pk), {"text": "好", "source": "cause:77"}, "cause:77"),
        (url("task_add", plan.pk, goal.pk), {"text": ""}, "请写明任务"),
        (url("task_add", plan.pk, goal.pk), {"text": "做", "due_on": "2019-02-30"}, "日期"),
        (url("task_add", plan.pk, goal.pk), {"text": "做", "due_on": f"{YEAR - 1}-05-01"}, f"应在 {YEAR} 年之内"),
        (url("task_add", plan.pk, goal.pk), {"text": "做", "owner": stranger.pk}, "选择"),
        (url("task_add", plan.pk, goal.pk), {"text": "做", "member": MemberFactory().pk}, "选择"),
        (url("summary_edit", plan.pk), {"summary": "字" * 601}, "600"),
        (url("summary_edit", plan.pk), {"summary": "好", "version": "99"}, "被别人修改过"),
        (url("indicators_edit", plan.pk), {"income": "元" * 61}, "60"),
        (url("consent_record", plan.pk), {"consent": "spoken"}, "请选择是哪一位家庭成员同意的"),
        (url("plan_submit", plan.pk), {}, "计划还不能提交"),
        (url("plan_amend", plan.pk), {"note": "要改一改"}, "现在是“草稿”"),
        (url("plan_copy", plan.pk), {}, "还没有选择农户"),
    ):  # fmt: skip
        response = client.post(address, data)
        assert (response.status_code, sentence in text(response)) == (422, True), (
            address,
            data,
            text(response)[-1500:],
        )
    typed = client.post(url("task_add", plan.pk, goal.pk), {"text": "种三亩辣椒", "due_on": "1999-01-01"})
    assert "种三亩辣椒" in text(typed)
    assert goal.tasks.count() == 0


def test_rows_of_another_plan_are_not_found_here(plan, clerk, client_as, land):
    other = PlanFactory(household=HouseholdFactory(village=land.village))
    task = TaskFactory(goal=GoalFactory(plan=other))
    client = client_as(clerk)
    for address in (
        url("goal_edit", plan.pk, task.goal_id), url("task_edit", plan.pk, task.pk), url("task_detail", plan.pk, task.pk),
        url("plan_versions", plan.pk, 1, 2), url("plan_versions", plan.pk, 3, 0),
    ):  # fmt: skip
        assert client.get(address).status_code == 404


def test_two_versions_beside_each_other(plan, clerk, officer, client_as):
    goal, task = fill(plan, clerk)
    services.submit_plan(plan=plan, by=clerk)
    services.return_plan(plan=plan, by=officer, note="期限太紧，请放宽")
    services.put_task(
        goal=goal, task=task, by=clerk, text="申请危房改造并验收", owner=officer, due_on=dt.date(YEAR, 11, 30)
    )
    client = client_as(officer)
    now = text(client.get(url("plan_versions", plan.pk, 1, 0)))
    assert "现在的内容" in now
    for words in ("申请危房改造并验收", "乡镇专干", f"{YEAR}年11月30日"):
        assert words in now
    agree(plan, clerk)
    services.submit_plan(plan=plan, by=clerk)
    assert "两版内容相同" not in text(client.get(url("plan_versions", plan.pk, 1, 2)))
    assert "期限太紧" in text(client.get(url("plan_detail", plan.pk)))


def test_copying_is_on_the_page_of_both(plan, household, clerk, helper, client_as, land):
    fill(plan, clerk)
    neighbours = [HouseholdFactory(village=land.village, householder_name=name) for name in ("李四", "赵五")]
    PlanFactory(household=HouseholdFactory(village=land.village, householder_name="有计划"), year=YEAR)
    client = client_as(clerk)
    page = client.get(url("plan_copy", plan.pk))
    assert {h.pk for h in page.context["households"]} == {h.pk for h in neighbours}
    far = HouseholdFactory(village=land.far_village)
    client.post(url("plan_copy", plan.pk), {"pk": [neighbours[0].pk, far.pk, "x", "9" * 30]})
    copy = Plan.objects.get(copied_from=plan)
    assert copy.household == neighbours[0]
    page = text(client.get(url("plan_detail", copy.pk)))
    assert "由王建国户的计划复制" in page
    assert "与原计划相同" in page
    assert "被复制成另外 1 份计划" in text(client.get(url("plan_detail", plan.pk)))
    # A helper of the copy's household alone learns that it is a copy, not of whom.
    own = UserFactory()
    PairingFactory(household=neighbours[0], cadre=CadreFactory(user=own))
    page = text(client_as(own).get(url("plan_detail", copy.pk))).split("<main")[1]
    assert "由另一户的计划复制" in page
    assert url("plan_detail", plan.pk) not in page


def test_many_at_once(plan, clerk, officer, client_as, land):
    fill(plan, clerk)
    services.submit_plan(plan=plan, by=clerk)
    copy = PlanFactory(household=HouseholdFactory(village=land.village), submitted=True, copied_from=plan)
    client = client_as(officer)
    page = client.post(url("approve_bulk"), {"pk": [plan.pk, copy.pk]})
    assert [p.pk for p in page.context["approved"]] == [plan.pk]
    assert [p.pk for p, _why in page.context["skipped"]] == [copy.pk]
    client.post(url("approve_bulk"), {"chosen": page.context["chosen"].token, "confirmed": "1"})
    assert (fresh(plan).state, fresh(copy).state) == ("approved", "submitted")
    for data in ({}, {"pk": "x"}, {"chosen": "forged"}):
        assert client.post(url("approve_bulk"), data).status_code == 302


def test_the_tab_on_the_ledger(plan, household, clerk, auditor, client_as):
    ledger = text(client_as(clerk).get(household.get_absolute_url()))
    assert url("household_plans", household.pk) in ledger
    assert url("plan_draft", household.pk) in ledger
    address = url("household_plans", household.pk)
    fragment = text(client_as(clerk).get(address, headers={"HX-Request": "true"}))
    assert "<html" not in fragment
    assert url("plan_detail", plan.pk) in fragment
    assert url("proposals", household.pk, THIS + 1 if THIS == YEAR else THIS) in fragment
    assert "制定" not in text(client_as(auditor).get(address, headers={"HX-Request": "true"}))


def test_a_closed_household_is_only_read(plan, household, clerk, officer, client_as):
    type(household).objects.filter(pk=household.pk).update(closed_on=timezone.localdate(), closed_reason="empty")
    client = client_as(clerk)
    page = client.get(url("plan_detail", plan.pk))
    assert "计划只能查看" in text(page)
    assert not any(page.context["may"].values())
    response = client.post(url("summary_edit", plan.pk), {"summary": "x"})
    assert (response.status_code, "已经销户" in text(response)) == (422, True)


def test_who_looks_a_second_time_does_not_read_the_plan_of_that_year(plan, household, resident, client_as):
    address = url("plan_detail", plan.pk)
    assert client_as(resident).get(address).status_code == 200
    VerificationTaskFactory(household=household, year=YEAR, assignee=resident)
    assert client_as(resident).get(address).status_code == 403


def test_another_township_sees_nothing(plan, land, post, client_as):
    client = client_as(post(Role.TOWNSHIP_OFFICER, land.next_township))
    assert client.get(url("plan_detail", plan.pk)).status_code == 404
    assert client.get(url("plan_list")).context["page"].count.value == 0
