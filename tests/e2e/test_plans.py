"""A plan in a real browser on a phone: drafted, signed, submitted, approved by the township, a task done with a photo; every page by axe."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from catalogue import standard
from catalogue.models import MeasureKind, ReliefCategory
from common import audit
from households import services as ledger
from plans import services
from plans.models import VOUCHED, Plan, Task
from tests.browser import follow, wrong_with
from tests.factories import HouseholdFactory, TaskFactory, invented_id_number, picture
from tests.plans.test_services import fill

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
THIS = timezone.localdate().year


def jpeg(colour=(120, 140, 90)):
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


@pytest.fixture
def home(officer, village):
    standard.put_in(ReliefCategory, MeasureKind)  # an emptied database has no catalogue
    household = ledger.register_household(
        village=village, by=officer, householder={"name": "王建国", "id_number": invented_id_number()}, facts={"hamlet": "5组"}
    )  # fmt: skip
    facts = {"main_cause": "01", "check_housing": "no", "dwelling_unsafe": True, "dwelling_grade": "D"}
    ledger.correct_year(household=household, year=THIS, by=officer, facts=facts)
    ledger.set_income(household=household, year=THIS, by=officer, lines={"wage.other": 9000})
    return household


def test_from_draft_to_done_on_a_phone(home, clerk, officer, sign_in):
    page = sign_in(clerk, 390)
    page.goto(home.get_absolute_url())
    follow(page.get_by_role("link", name="制定计划").first)
    page.locator("input[name=take]").first.check()
    follow(page.locator("main form button").last)
    page.get_by_text("提交前还缺").wait_for()
    plan = Plan.objects.get()
    tasks = Task.objects.filter(goal__plan=plan)
    assert tasks.count() == 1
    assert tasks.get().reasons

    follow(page.get_by_role("link", name="修改任务").first)
    page.get_by_label("责任人").select_option(label="村信息员")
    page.get_by_label("完成期限").fill(f"{THIS}-12-31")
    follow(page.get_by_role("button", name="保存"))
    follow(page.get_by_role("link", name="填计划"))
    assert page.get_by_label("安全住房").input_value() == "安全"
    page.get_by_label("人均纯收入").fill("12,000 元")
    follow(page.get_by_role("button", name="保存"))
    follow(page.locator("#consent").get_by_role("link", name="登记"))
    page.get_by_text("签字", exact=True).click()
    page.get_by_label("谁同意的").select_option(index=1)
    page.get_by_label("签字的照片").set_input_files(jpeg())
    follow(page.get_by_role("button", name="保存"))
    page.get_by_text("已登记农户意见").wait_for()
    assert page.locator("#consent img").count() == 1
    follow(page.get_by_role("link", name="提交审批"))
    follow(page.get_by_role("button", name="确认提交"))
    page.get_by_text("已提交，等乡镇审批。").wait_for()
    plan.refresh_from_db()
    assert (plan.state, plan.revision) == ("submitted", 1)

    boss = sign_in(officer, 390)
    follow(boss.locator("a.tile", has_text="待我审批的计划"))
    follow(boss.locator("main").get_by_role("link", name="王建国"))
    follow(boss.get_by_role("link", name="审批", exact=True))
    follow(boss.get_by_role("button", name="批准"))
    boss.get_by_text("已批准。").wait_for()

    page.goto(reverse("plans:plan_detail", args=[plan.pk]))
    follow(page.get_by_role("button", name="开始执行"))
    page.goto("/")
    follow(page.locator("a.tile", has_text="我的任务"))
    follow(page.locator("main .rows a").first)
    done = page.locator("#complete")
    done.get_by_label("完成情况").fill("已验收")
    done.get_by_label("照片").set_input_files(jpeg((90, 120, 140)))
    follow(done.get_by_role("button", name="登记完成"))
    page.get_by_text("已完成：").first.wait_for()
    shot = page.locator("#photos img")
    shot.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=shot.element_handle())
    task = tasks.get()
    assert (task.state, task.note, task.evidence.count()) == ("done", "已验收", 1)
    page.goto(home.get_absolute_url())
    page.get_by_role("heading", name="帮扶计划").first.scroll_into_view_if_needed()
    page.locator("a.row", has_text=f"{THIS} 年帮扶计划").wait_for()
    verdict = audit.verify(VOUCHED)
    assert verdict.ok, verdict.broken


@pytest.fixture
def addresses(home, clerk, officer, land):
    """Pages of plans, by name."""
    neighbour = HouseholdFactory(village=land.village, with_householder=True)
    plan = services.draft_plan(household=home, year=THIS, by=clerk)
    goal, task = fill(plan, clerk)
    services.submit_plan(plan=plan, by=clerk)
    services.return_plan(plan=plan, by=officer, note="期限太紧，请放宽")
    services.submit_plan(plan=plan, by=clerk)
    copy = services.copy_plan(plan=plan, to=[neighbour], by=clerk).drafted[0]
    HouseholdFactory(village=land.village, with_householder=True)
    services.approve_plan(plan=plan, by=officer)
    services.start_plan(plan=plan, by=clerk)
    services.progress_task(task=task, by=clerk, note="材料已交", upload=picture())
    TaskFactory(goal=goal, owner=clerk, due_on=timezone.localdate() - dt.timedelta(days=3))
    own = [plan.pk]
    draft_goal = copy.goals.get()
    return {
        "board": reverse("plans:board"),
        "list": reverse("plans:plan_list"),
        "nothing": reverse("plans:plan_list") + "?state=closed",
        "tasks": reverse("plans:task_list") + "?who=all",
        "no tasks": reverse("plans:task_list") + "?due=soon",
        "plan": reverse("plans:plan_detail", args=own),
        "draft": reverse("plans:plan_detail", args=[copy.pk]),
        "versions": reverse("plans:plan_versions", args=[plan.pk, 1, 2]),
        "task": reverse("plans:task_detail", args=[plan.pk, task.pk]),
        "of a household": reverse("plans:household_plans", args=[home.pk]),
        "summary": reverse("plans:summary_edit", args=[copy.pk]),
        "goal": reverse("plans:goal_edit", args=[copy.pk, draft_goal.pk]),
        "task form": reverse("plans:task_add", args=[copy.pk, draft_goal.pk]),
        "indicators": reverse("plans:indicators_edit", args=[copy.pk]),
        "consent": reverse("plans:consent_record", args=[copy.pk]),
        "submit": reverse("plans:plan_submit", args=[copy.pk]),
        "decide": reverse("plans:plan_decide", args=own),
        "amend": reverse("plans:plan_amend", args=own),
        "review": reverse("plans:plan_review", args=own),
        "copying": reverse("plans:plan_copy", args=own),
    }


def test_axe_finds_nothing_and_nothing_is_too_wide(addresses, official, sign_in):
    assert wrong_with(sign_in(official), addresses) == {}
