"""A plan's tasks and the measures proposed for them, on the plan's own pages."""

import pytest
from django.urls import reverse

from assistance.models import Measure
from assistance.services import measures as verbs
from tests.factories import GoalFactory, PlanFactory, TaskFactory
from tests.factories.assistance import KindFactory, MeasureFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(household):
    return PlanFactory(household=household, in_progress=True)


@pytest.fixture
def task(plan):
    return TaskFactory(goal=GoalFactory(plan=plan), kind=KindFactory(title="种植奖补"))


def pages_of(client, plan, task):
    addresses = reverse("plans:plan_detail", args=[plan.pk]), reverse("plans:task_detail", args=[plan.pk, task.pk])
    return [client.get(address).content.decode() for address in addresses]


def test_the_way_from_a_running_plan_to_its_measures_and_back(client_as, clerk, plan, task):
    client = client_as(clerk)
    way = reverse("assistance:measure_from_plan", args=[plan.pk])
    assert f'href="{way}"' in pages_of(client, plan, task)[0]
    assert client.post(way, {"task": [task.pk]}).status_code == 302
    measure = Measure.objects.get(task=task)
    on_plan, on_task = pages_of(client, plan, task)
    assert "措施：种植奖补" in on_plan
    assert "待审批" in on_plan
    assert f'href="{reverse("assistance:measure_detail", args=[measure.pk])}"' in on_task


def test_it_follows_the_state_and_forgets_what_was_taken_back(client_as, clerk, officer, plan, task):
    client = client_as(officer)
    (measure,) = verbs.propose_many(tasks=[task], by=clerk).done
    verbs.approve_measure(measure=measure, by=officer)
    assert all("已批准" in page for page in pages_of(client, plan, task))
    verbs.withdraw_measure(measure=measure, by=clerk)
    assert "措施：种植奖补" not in pages_of(client, plan, task)[0]


@pytest.mark.parametrize("state", ["draft", "submitted", "reviewed"])
def test_a_plan_that_is_not_carried_out_offers_no_way(client_as, clerk, household, state):
    traits = {} if state == "draft" else {state: True}
    plan = PlanFactory(household=household, **traits)
    page = client_as(clerk).get(reverse("plans:plan_detail", args=[plan.pk])).content.decode()
    assert reverse("assistance:measure_from_plan", args=[plan.pk]) not in page


def test_many_tasks_cost_no_more_queries(client_as, clerk, plan, task, count_queries):
    client, address = client_as(clerk), reverse("plans:plan_detail", args=[plan.pk])
    MeasureFactory(household=plan.household, kind=task.kind, task=task, plan=plan)
    client.get(address)
    few = count_queries(lambda: client.get(address))
    for _n in range(4):
        other = TaskFactory(goal=task.goal, kind=KindFactory())
        MeasureFactory(household=plan.household, kind=other.kind, task=other, plan=plan)
    assert count_queries(lambda: client.get(address)) == few
