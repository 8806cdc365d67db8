"""The first page: what each role is shown, and that a number is as long as the list behind it."""

import re

import pytest

from figures import rollup
from households.models import Status
from tests.factories import HouseholdFactory, JobFactory, PairingFactory, StatusChangeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def area(land, household):
    """Every kind of household in every village of two counties."""
    for place in (land.village, land.near_village, land.far_village, land.other_village):
        for n, status in enumerate(Status):
            house = HouseholdFactory(village=place, status=status, open_checks=n % 3, member_count=n)
            if n % 2:
                PairingFactory(household=house)
            if n == 2:
                StatusChangeFactory(household=house)
        PairingFactory(household=HouseholdFactory(village=place), ended=True)
        HouseholdFactory(village=place, closed=True, status=Status.MARGINAL, open_checks=2)


def every_figure(figures):
    return [figures.total, figures.monitored, figures.unmet, figures.unpaired, figures.proposals, *figures.by_status]


@pytest.mark.parametrize("who", ["clerk", "resident", "helper", "officer", "official", "auditor"])
def test_every_number_is_as_long_as_its_list(who, area, client_as, request):
    client = client_as(request.getfixturevalue(who))
    figures = client.get("/").context["figures"]
    assert figures.total.households
    for figure in every_figure(figures):
        listed = client.get(figure.url).context
        assert listed["page"].count.value == figure.households, figure
        assert sum(row["people"] for row in listed["rows"]) == figure.people, figure
    assert sum(f.households for f in figures.by_status) == figures.total.households


def labels(client):
    return [item.figure.label for item in client.get("/").context["todo"]]


def test_what_each_role_is_asked_to_do(area, client_as, clerk, officer, official):
    assert labels(client_as(clerk)) == ["两不愁三保障有未达标项", "三类监测对象"]
    assert labels(client_as(officer)) == [
        "两不愁三保障有未达标项",
        "没有帮扶责任人",
        "身份变更待县级确认",
        "三类监测对象",
    ]
    assert "等您确认的身份变更" in client_as(official).get("/").content.decode()
    assert "等您确认的身份变更" not in client_as(officer).get("/").content.decode()


def test_actions_are_those_one_may_do(household, client_as, clerk, admin):
    def main(user):
        return re.search(r"<main.*</main>", client_as(user).get("/").content.decode(), re.S)[0]

    assert 'href="/households/"' in main(clerk)
    assert "查农户" in main(clerk)
    assert 'href="/households/"' not in main(admin)
    assert "查农户" not in main(admin)


def test_somebody_without_a_posting_is_told_whom_to_ask(client_as, stranger):
    assert "请联系管理员安排" in client_as(stranger).get("/").content.decode()


def test_a_helper_sees_the_own_households_first(household, helper, client_as):
    text = client_as(helper).get("/").content.decode()
    assert "我的农户" in text
    assert household.get_absolute_url() in text


def test_own_jobs_and_nobody_else_s(household, client_as, clerk):
    own = JobFactory(owner=clerk.username, title="打印青石村台账")
    JobFactory(owner="somebody", title="别人的任务")
    text = client_as(clerk).get("/").content.decode()
    assert "打印青石村台账" in text
    assert f"/jobs/{own.pk}/" in text
    assert "别人的任务" not in text


def test_searching_from_here_leads_to_the_list(household, client_as, clerk):
    answer = client_as(clerk).post("/households/find/", {"q": "王建国"}, follow=True)
    assert answer.context["page"].rows == [household]


def test_at_most_fifteen_queries_and_no_more_for_more(area, land, client_as, official, helper, count_queries):
    for user in (official, helper):
        client = client_as(user)
        rollup.fold()  # what just changed is counted on the spot: as the page is some seconds later
        few = count_queries(lambda client=client: client.get("/"))
        for house in HouseholdFactory.create_batch(5, village=land.village):
            PairingFactory(household=house, cadre=helper.cadre)
        StatusChangeFactory(household=HouseholdFactory(village=land.village))
        rollup.fold()
        assert count_queries(lambda client=client: client.get("/")) == few <= 15


@pytest.mark.parametrize("who", ["clerk", "resident", "helper", "officer", "official", "auditor", "admin"])
def test_programs_read_the_same(who, area, client_as, request):
    client = client_as(request.getfixturevalue(who))
    page, said = client.get("/").context, client.get("/api/first-page/").json()
    waiting = [
        (str(tile.label), tile.count.value, tile.url) for tile in (*page["waiting"], *page["more"], *page["quiet"])
    ]
    assert [(tile["label"], tile["number"], tile["page"]) for tile in said["waiting"]] == waiting
    assert [(each["label"], each["number"], each["page"]) for each in said["news"]] == [
        (each.label, each.number, each.url) for each in page["news"]
    ]
    todo = [(item.figure.label, item.figure.households, item.figure.people, item.tone) for item in page["todo"]]
    assert [(item["label"], item["households"], item["people"], item["tone"]) for item in said["todo"]] == todo
    if page["figures"] is None:
        assert said["area"] is None
    else:
        assert said["area"]["total"]["households"] == page["figures"].total.households
        assert {each["label"]: each["people"] for each in said["area"]["by_status"]} == {
            figure.label: figure.people for figure in page["figures"].by_status
        }
    assert client.get("/api/first-page/?regoin=1").status_code == 400
