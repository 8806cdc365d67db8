"""The proposals on screen: their reasons, ticking, and the draft that comes of it."""

import datetime as dt

import pytest
from django.utils import timezone

from households.models import MemberYear
from plans.models import Goal, Plan, Task
from tests.factories import HouseholdFactory, HouseholdYearFactory

pytestmark = pytest.mark.django_db
YEAR = dt.date.today().year


@pytest.fixture
def home(land):
    household = HouseholdFactory(village=land.village, householder_name="王建国", with_householder=True)
    HouseholdYearFactory(household=household, year=YEAR, main_cause="01", check_housing="no", dwelling_grade="D")
    MemberYear.objects.create(member=household.members.get(), year=YEAR, health=["02"])
    return household


def address(home, year=YEAR):
    return f"/plans/households/{home.pk}/{year}/proposals/"


def test_what_is_ticked_becomes_the_draft(home, client_as, clerk):
    client, member = client_as(clerk), home.members.get()
    page = client.get(address(home)).content.decode()
    assert "住房不安全（D 级（危房））" in page
    assert "王建国（长期慢性病）" in page
    take = ["rebuild-house", f"chronic-card:{member.pk}"]
    assert client.post(address(home), {"take": take}).status_code == 302
    plan = Plan.objects.get(household=home, year=YEAR)
    assert list(Goal.objects.filter(plan=plan).order_by("place").values_list("source", "text")) == [
        ("check:housing", "住上安全住房"),
        ("cause:01", "看病负担减轻，病情得到治疗和管理"),
    ]
    card = Task.objects.get(goal__plan=plan, kind__code="chronic-card")
    assert card.member == member
    assert card.reasons[0] == "主要致贫原因是“因病”。"


def test_an_empty_draft_may_be_made(home, client_as, clerk):
    client_as(clerk).post(address(home), {})
    assert Plan.objects.get(household=home).goals.count() == 0


def test_what_is_no_longer_proposed_is_refused_and_nothing_is_made(home, client_as, clerk):
    answer = client_as(clerk).post(address(home), {"take": ["rebuild-house", "toilet"]})
    assert answer.status_code == 422
    assert "不再成立" in answer.content.decode()
    assert not Plan.objects.exists()


def test_a_second_plan_of_the_year_is_refused_in_words(home, client_as, clerk):
    client = client_as(clerk)
    client.post(address(home), {"take": ["rebuild-house"]})
    assert "已经有计划" in client.get(address(home)).content.decode()
    answer = client.post(address(home), {"take": ["rebuild-house"]})
    assert answer.status_code == 422
    assert "已经有计划" in answer.content.decode()


def test_a_household_without_a_record_says_so(land, client_as, clerk):
    home = HouseholdFactory(village=land.village, with_householder=True)
    assert "还没有年度记录" in client_as(clerk).get(address(home)).content.decode()


@pytest.mark.parametrize("year", [1999, timezone.localdate().year + 2])
def test_a_year_that_no_plan_can_have_is_not_there(home, client_as, clerk, year):
    assert client_as(clerk).get(address(home, year)).status_code == 404


def test_the_page_sends_the_same_queries_for_a_large_village(home, land, client_as, clerk, count_queries):
    client = client_as(clerk)
    HouseholdYearFactory(household=HouseholdFactory(village=land.village), year=YEAR, main_cause="01")
    client.get(address(home))
    few = count_queries(lambda: client.get(address(home)))
    for _n in range(5):
        HouseholdYearFactory(household=HouseholdFactory(village=land.village), year=YEAR, main_cause="01")
    assert count_queries(lambda: client.get(address(home))) == few
