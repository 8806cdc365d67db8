"""走访覆盖: every figure is as long as the list it opens, for every tile, role and region."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from common.tiles import tiles_for
from households.models import Household
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    VisitDutyFactory,
    VisitFactory,
    VisitRuleFactory,
)
from visits import waiting
from visits.models import LastVisit, VisitRule
from visits.services import duties

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
ROLES = ["clerk", "resident", "helper", "officer", "official", "auditor"]


def days(count):
    return TODAY + dt.timedelta(days=count)


def period(**more):
    """A period that runs, whatever the day."""
    return {"starts_on": days(-20), "ends_on": days(20)} | more


@pytest.fixture
def area(land, household, helper):
    """In every village of two counties: a duty in each state, visits and calls, and the kinds that a count may get wrong."""
    rule = VisitRuleFactory(region=land.county)
    own = helper.cadre
    for place in (land.village, land.near_village, land.far_village, land.other_village):
        house = household if place == land.village else HouseholdFactory(village=place)
        cadre = own if place == land.village else CadreFactory(name="邻村干部")
        VisitDutyFactory(rule=rule, household=house, cadre=cadre, next_due_on=days(3), **period())
        VisitDutyFactory(
            rule=rule, household=HouseholdFactory(village=place), cadre=cadre, next_due_on=days(-3), **period()
        )
        VisitDutyFactory(
            rule=rule, household=HouseholdFactory(village=place), cadre=cadre, next_due_on=TODAY, **period()
        )
        VisitDutyFactory(
            rule=rule, household=HouseholdFactory(village=place), cadre=cadre, made=1, next_due_on=None, **period()
        )
        VisitDutyFactory(
            rule=rule, household=HouseholdFactory(village=place), cadre=None, next_due_on=days(-1), **period()
        )
        VisitDutyFactory(
            rule=rule,
            household=house,
            cadre=cadre,
            next_due_on=days(-30),
            over=True,
            starts_on=days(-60),
            ends_on=days(-29),
        )
        for more in (
            {}, {"manner": "call"}, {"void": True}, {"on": days(-70)}, {"met": ["nobody"]}, {"capacities": ["village"], "cadre": None},
        ):  # fmt: skip
            VisitFactory(**{"household": house, "cadre": cadre, **more})
        LastVisit.objects.create(household=house, visited_on=TODAY)
        LastVisit.objects.create(household=HouseholdFactory(village=place, status="registered"), visited_on=days(-366))
        LastVisit.objects.create(household=HouseholdFactory(village=place, status="registered"), called_on=TODAY)
        HouseholdFactory(village=place, status="registered")
        HouseholdFactory(village=place, status="ordinary")
        HouseholdFactory(village=place, status="registered", closed=True)
    duties.note(list(Household.objects.values_list("pk", flat=True)))
    return land


def listed(client, url):
    """How many rows a list has, all of its pages."""
    count = 0
    while url:
        response = client.get(url)
        assert response.status_code == 200, url
        assert response.context["form"].is_valid(), (url, response.context["form"].errors)
        count += len(response.context["rows"])
        url = response.context["next_url"]
    return count


def figures(context):
    found = [(k["label"], int(k["value"].replace(",", "")), k["url"]) for k in context["kpis"]]
    return found + [
        (f"{row['label']} {c['label']}", c["value"], c["url"]) for row in context["rows"] for c in row["cells"]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("who", ROLES)
def test_every_figure_is_as_long_as_its_list(who, area, client_as, request):
    client = client_as(request.getfixturevalue(who))
    here = reverse("visits:coverage")
    pages = ["", "?by=helper"]
    if who != "helper":
        pages += [
            f"?region={r.pk}"
            for r in (area.village, area.township)
            if who not in ("clerk", "resident") or r == area.village
        ]
    known: dict[str, int] = {}
    numbers = 0
    for page in pages:
        response = client.get(here + page)
        for label, number, url in figures(response.context):
            if url not in known:
                known[url] = listed(client, url)
            assert known[url] == number, (who, page, label, url)
            numbers += number
    assert numbers > 5, "something was counted"


def test_places_and_helpers_add_up(area, official, client_as):
    client = client_as(official)
    context = client.get(reverse("visits:coverage")).context
    for n, kpi in enumerate(context["kpis"]):
        assert int(kpi["value"].replace(",", "")) == sum(row["cells"][n]["value"] for row in context["rows"])
    assert {row["label"] for row in context["rows"]} == {"石门乡", "柳河镇"}
    below = client.get(f"{reverse('visits:coverage')}?region={area.township.pk}").context
    assert {row["label"] for row in below["rows"]} == {"青石村", "白石村"}


def test_a_helper_sees_their_own(area, helper, client_as):
    context = client_as(helper).get(reverse("visits:coverage")).context
    assert [row["label"].split(" · ")[0] for row in context["rows"]] == ["帮扶人"]
    asked, done, due, overdue, made, unvisited = (int(k["value"]) for k in context["kpis"])
    assert (asked, done, due, overdue) == (1, 0, 1, 0)
    assert (made, unvisited) == (3, 0)


@pytest.mark.parametrize("who", ROLES)
def test_tiles_of_the_first_page(who, area, client_as, request):
    user = request.getfixturevalue(who)
    client = client_as(user)
    tiles = [tile for tile in tiles_for(user) if "走访" in str(tile.label)]
    assert len(tiles) == (0 if who == "auditor" else 2)
    for tile in tiles:
        assert listed(client, tile.url) == tile.count.value, tile.label
    if tiles:
        late = next(tile for tile in tiles if str(tile.label) == "逾期未走访")
        assert waiting.late(user).count() == late.count.value, "and the badge in the menu"


def test_who_helps_elsewhere_counts_that_too(area, officer, client_as):
    """A township officer who leads in another township: their tiles hold it, the lines of their own area do not."""
    home = HouseholdFactory(village=area.far_village, status="registered")
    cadre = CadreFactory(user=officer)
    PairingFactory(household=home, cadre=cadre)
    VisitDutyFactory(rule=VisitRule.objects.get(), household=home, cadre=cadre, next_due_on=days(-1), **period())
    VisitFactory(household=home, cadre=cadre, visitor=officer)
    duties.note([home.pk])
    client = client_as(type(officer).objects.get(pk=officer.pk))
    context = client.get(reverse("visits:coverage")).context
    for n, kpi in enumerate(context["kpis"]):
        number = int(kpi["value"].replace(",", ""))
        assert listed(client, kpi["url"]) == number, kpi["label"]
        own = sum(row["cells"][n]["value"] for row in context["rows"])
        assert number - own == {"应走访": 1, "逾期": 1, "本月走访": 1, "一年内未走访": 1}.get(str(kpi["label"]), 0)
    context = client.get(f"{reverse('visits:month')}?day={days(-1).isoformat()}").context
    (cell,) = [one for week in context["weeks"] for one, _url in week if one.on == days(-1)]
    assert [group["count"] for group in context["groups"]] == [cell.made, cell.planned, cell.due]


def test_helpers_of_a_county_are_asked_by_township(area, official, client_as):
    client = client_as(official)
    html = client.get(f"{reverse('visits:coverage')}?by=helper").content.decode()
    assert "先选一个乡镇" in html
    context = client.get(f"{reverse('visits:coverage')}?by=helper&region={area.township.pk}").context
    assert {row["label"].split(" · ")[0] for row in context["rows"]} == {"帮扶人", "邻村干部"}


def test_in_a_place_of_another(area, clerk, client_as):
    response = client_as(clerk).get(f"{reverse('visits:coverage')}?region={area.far_village.pk}")
    assert response.context["chosen"] is None, "a region that is not theirs is no choice"
    response = client_as(clerk).get(f"{reverse('visits:visit_list')}?region={area.far_village.pk}")
    assert not response.context["rows"]
    assert "不在您的管理范围内" in response.content.decode()


def test_who_was_not_visited_for_how_long(area, clerk, client_as):
    client = client_as(clerk)
    url = reverse("visits:visited_list")
    numbers = {since: listed(client, f"{url}?since={since}") for since in ("", "90", "180", "365", "never")}
    assert numbers["90"] == numbers["180"] == numbers["365"]
    assert numbers[""] > numbers["365"] > numbers["never"] > 0


def test_the_month(area, official, client_as):
    VisitFactory(household=HouseholdFactory(village=area.village), next_on=days(2))
    client = client_as(official)
    url = reverse("visits:month")
    for day in (TODAY, days(2), days(3), days(-3)):
        context = client.get(f"{url}?day={day.isoformat()}").context
        (cell,) = [one for week in context["weeks"] for one, _url in week if one.on == day]
        groups = {group["url"]: group["count"] for group in context["groups"]}
        assert list(groups.values()) == [cell.made, cell.planned, cell.due]
        for address, count in groups.items():
            assert listed(client, address) == count, address
        shown = client.get(f"{url}?day={day.isoformat()}&region={area.village.pk}").context["groups"]
        assert sum(g["count"] for g in shown) <= sum(groups.values())
        for group in shown:
            assert parse_qs(urlsplit(group["url"]).query)["region"] == [str(area.village.pk)]
            assert listed(client, group["url"]) == group["count"]


@pytest.mark.parametrize(
    "query", ["?month=2026-13", "?month=x", "?day=2026-02-30", "?day=heute", "?day=9999-12-31", "?month=0000-00"]
)
def test_a_month_that_is_none_is_this_one(query, clerk, client_as):
    context = client_as(clerk).get(reverse("visits:month") + query).context
    assert context["day"] is None
    assert context["month"] == f"{TODAY:%Y-%m}"


def test_months_follow_one_another(clerk, client_as):
    context = client_as(clerk).get(reverse("visits:month") + "?month=2026-01").context
    assert "month=2025-12" in context["earlier"]
    assert "month=2026-02" in context["later"]
    inside = [one.on for week in context["weeks"] for one, _url in week if one.inside]
    assert (inside[0], inside[-1], len(inside)) == (dt.date(2026, 1, 1), dt.date(2026, 1, 31), 31)
    assert all(len(week) == 7 and week[0][0].on.weekday() == 0 for week in context["weeks"])


def test_the_list_of_households_asks_it_too(area, clerk, client_as):
    client = client_as(clerk)
    url = reverse("households:household_list")
    numbers = {value: listed(client, f"{url}?visited={value}") for value in ("", "90", "365", "never")}
    assert numbers[""] > numbers["90"] == numbers["365"] > numbers["never"] > 0
    assert client.get(f"{url}?visited=cat").context["form"].errors
