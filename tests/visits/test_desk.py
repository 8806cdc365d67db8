"""待办: whom one looks after in the order of urgency, each with the reason; what leads the first page; what a phone takes along."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from cadres.models import ResidentTeam, TeamMember
from common import pii
from surveys.pack import pack_for
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    PlanFactory,
    SurveyFormFactory,
    TaskFactory,
    UserFactory,
    VisitDutyFactory,
    VisitFactory,
    VisitRuleFactory,
)
from tests.factories.assistance import ServiceRequestFactory
from visits import desk, facts
from visits.models import LastVisit

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
MONTH = TODAY.replace(day=1)


def days(count):
    return TODAY + dt.timedelta(days=count)


def own(helper, name="李秀英", **more):
    household = HouseholdFactory(with_householder=True, householder_name=name, **more)
    PairingFactory(household=household, cadre=helper.cadre)
    if hasattr(helper, "_paired_ids"):
        del helper._paired_ids
    return household


def names(lines):
    return [line.row.name for line in lines]


def was_there(household, **days_):
    """As the verb keeps it with each visit that counts."""
    LastVisit.objects.create(household=household, village=household.village, **days_)


def numbered(household):
    """With a phone number, stored as the services do."""
    household.phone, household.phone_hash, household.phone_masked = pii.seal_phone("13987654321")
    household.save()


@pytest.fixture
def rule(land):
    return VisitRuleFactory(region=land.county)


class TestOrder:
    def test_due_first_then_whom_nobody_has_seen_for_long(self, helper, household, land, rule):
        later, never, seen = (own(helper, name, village=land.village) for name in ("李秀英", "杨德顺", "赵大山"))
        VisitDutyFactory(rule=rule, household=household, cadre=helper.cadre, next_due_on=days(-3))
        VisitDutyFactory(rule=rule, household=later, cadre=helper.cadre, next_due_on=days(2))
        was_there(seen, visited_on=days(-10))
        homes = desk.homes_of(helper, 10)
        assert names(homes.lines) == [household.householder_name, "李秀英", "杨德顺", "赵大山"]
        assert (homes.count, len(homes.late), len(homes.due), len(homes.others)) == (4, 1, 1, 2)
        assert "已超期 3 天" in homes.lines[0].due
        assert homes.lines[0].why == "帮扶责任人对全部农户每月至少入户走访 1 次，还差 1 次"
        assert homes.lines[2].last == "还没有走访过"
        assert never.pk == homes.lines[2].household.pk

    def test_what_is_over_is_nobodys_any_more(self, helper, household, rule):
        """A missed month is counted in the lists of coverage; what one can still do is of this month."""
        before = (MONTH - dt.timedelta(days=1)).replace(day=1)
        VisitDutyFactory(rule=rule, household=household, cadre=helper.cadre, starts_on=before, ends_on=MONTH)
        assert facts.duties_of(helper) == {}

    @pytest.mark.parametrize(
        ("visited", "called", "said"),
        [(-9, None, "上次走访"), (-9, -1, "上次电话"), (-9, -9, "上次走访"), (None, -3, "上次电话")],
    )
    def test_the_last_visit_or_call(self, visited, called, said, helper, household):
        was_there(
            household,
            visited_on=None if visited is None else days(visited),
            called_on=None if called is None else days(called),
        )
        [line] = desk.homes_of(helper, 10).lines
        assert line.last.startswith(said)
        assert line.facts.last_on == days(max(each for each in (visited, called) if each is not None))

    def test_what_is_open_is_counted(self, helper, household):
        plan = PlanFactory(household=household, in_progress=True)
        TaskFactory.create_batch(2, goal__plan=plan, owner=helper)
        TaskFactory(goal__plan=plan)  # somebody else's
        ServiceRequestFactory(household=household)
        [line] = desk.homes_of(helper, 10).lines
        assert line.open == "任务 2 项 · 诉求 1 条"


class TestWhose:
    def test_helpers_see_their_own_pairings_only(self, helper, household, land, rule):
        VisitDutyFactory(rule=rule, household=household)  # of another helper of the same household
        VisitDutyFactory(rule=rule, household=HouseholdFactory(village=land.village))
        assert facts.duties_of(helper) == {}
        assert [line.household for line in desk.homes_of(helper, 10).lines] == [household]

    @pytest.mark.parametrize(
        ("role", "capacity", "seen"),
        [
            (Role.VILLAGE_CLERK, "village", True),
            (Role.VILLAGE_CLERK, "team", False),
            (Role.RESIDENT_TEAM, "team", True),
            (Role.RESIDENT_TEAM, "secretary", False),
        ],
    )
    def test_village_people_see_what_their_place_asks(self, role, capacity, seen, post, land, household):
        user = post(role, land.village)
        rule = VisitRuleFactory(region=land.county, capacity=capacity)
        VisitDutyFactory(rule=rule, household=household, cadre=None)
        VisitDutyFactory(rule=rule, household=HouseholdFactory(village=land.near_village), cadre=None)
        assert list(facts.duties_of(user)) == ([household.pk] if seen else [])

    def test_a_first_secretary_without_a_posting_sees_it_once_paired(self, land, household, helper):
        """The team place says as what; that one may see the household says the gate."""
        team = ResidentTeam.objects.create(village=land.village, starts_on=days(-100))
        TeamMember.objects.create(team=team, cadre=helper.cadre, starts_on=days(-100), is_first_secretary=True)
        rule = VisitRuleFactory(region=land.county, capacity="secretary")
        VisitDutyFactory(rule=rule, household=household, cadre=None)
        VisitDutyFactory(rule=rule, household=HouseholdFactory(village=land.village), cadre=None)
        assert list(facts.duties_of(helper)) == [household.pk]


class TestPages:
    @pytest.fixture
    def late(self, household, helper, rule):
        return VisitDutyFactory(rule=rule, household=household, cadre=helper.cadre, next_due_on=days(-3))

    def test_the_desk_leads_the_first_page_of_a_helper(self, late, helper, household, client_as):
        html = client_as(helper).get(reverse("home")).content.decode()
        assert "该走访的户" in html
        assert "已超期 3 天" in html
        assert f"/collect/visit/#household={household.uid}" in html
        assert html.count(f"#household={household.uid}") == 1

    @pytest.mark.parametrize("role", [Role.TOWNSHIP_OFFICER, Role.COUNTY_OFFICIAL])
    def test_offices_keep_their_first_page(self, role, late, post, land, client_as):
        user = post(role, land.township if role == Role.TOWNSHIP_OFFICER else land.county)
        html = client_as(user).get(reverse("home")).content.decode()
        assert "该走访的户" not in html

    def test_a_village_clerk_without_rules_is_told_so(self, clerk, client_as):
        assert "目前没有该走访的户" in client_as(clerk).get(reverse("home")).content.decode()
        assert "目前没有归您走访的农户" in client_as(clerk).get(reverse("visits:desk")).content.decode()

    def test_no_number_stands_on_it(self, late, helper, household, client_as):
        numbered(household)
        for url in (reverse("home"), reverse("visits:desk")):
            html = client_as(helper).get(url).content.decode()
            assert "13987654321" not in html
            assert "tel:" not in html

    def test_who_may_see_numbers_gets_to_the_reason_first(self, post, land, household, client_as):
        numbered(household)
        officer = post(Role.TOWNSHIP_OFFICER, land.township)
        rule = VisitRuleFactory(region=land.county, capacity="township")
        VisitDutyFactory(rule=rule, household=household, cadre=None)
        html = client_as(officer).get(reverse("visits:desk")).content.decode()
        assert f"{reverse('households:reveal', args=[household.pk])}?what=phone" in html

    def test_piles_are_mine(self, helper, household, client_as):
        plan = PlanFactory(household=household, in_progress=True)
        TaskFactory(goal__plan=plan, owner=helper, text="联系合作社收购核桃")
        TaskFactory(goal__plan=plan, owner=UserFactory(), text="别人的任务")
        ServiceRequestFactory(
            household=household, state="taken", taker=helper, taken_at=timezone.now(), text="想修厕所"
        )
        html = client_as(helper).get(reverse("visits:desk")).content.decode()
        assert "联系合作社收购核桃" in html
        assert "想修厕所" in html
        assert "别人的任务" not in html

    def test_the_log_is_blank_and_the_same_for_everybody(self, clerk, helper, household, client_as):
        pages = [client_as(user).get(reverse("visit_log:visit")) for user in (clerk, helper)]
        assert pages[0].content == pages[1].content
        assert helper.name.encode() not in pages[0].content


class TestPack:
    @pytest.fixture(autouse=True)
    def form(self):
        return SurveyFormFactory()

    def test_says_when_somebody_was_there_and_what_is_due(self, helper, household, rule):
        VisitDutyFactory(rule=rule, household=household, cadre=helper.cadre, next_due_on=days(4))
        VisitFactory(household=household, visitor=helper, on=days(-30), call=True, text="电话里说的话")
        was_there(household, called_on=days(-30))
        pack = pack_for(helper)
        [entry] = pack["households"]
        assert entry["visit"] == {
            "last": {"on": days(-30).isoformat(), "manner": "call"},
            "due": {
                "on": days(4).isoformat(),
                "why": "帮扶责任人对全部农户每月至少入户走访 1 次，还差 1 次",
                "manner": "visit",
            },
            "tasks": 0,
            "requests": 0,
            "missing": 0,
        }
        assert "电话里说的话" not in json.dumps(pack, ensure_ascii=False)

    def test_village_people_take_along_whom_they_are_to_visit(self, clerk, land, household):
        numbered(household)
        rule = VisitRuleFactory(region=land.county, capacity="village")
        VisitDutyFactory(rule=rule, household=household, cadre=None)
        VisitDutyFactory(rule=rule, household=HouseholdFactory(village=land.near_village), cadre=None)
        pack = pack_for(clerk)
        [entry] = pack["households"]
        assert entry["uid"] == str(household.uid)
        assert (entry["form"], entry["now"], entry["last"], entry["members"]) == ("", {}, {}, [])
        assert entry["visit"]["due"]
        assert "13987654321" not in json.dumps(pack)

    def test_queries_do_not_grow(self, helper, land, rule, count_queries):
        def fetch():
            helper.__dict__.pop("_paired_ids", None)
            pack_for(helper)

        for _each in range(2):
            VisitDutyFactory(rule=rule, household=own(helper, village=land.village), cadre=helper.cadre)
        fetch()  # what is read once a process
        few = count_queries(fetch)
        for _each in range(8):
            VisitDutyFactory(rule=rule, household=own(helper, village=land.village), cadre=helper.cadre)
        assert count_queries(fetch) == few


def test_the_cadre_of_a_user_is_found(helper):
    """A user without a cadre does no helper's duties."""
    VisitDutyFactory(cadre=CadreFactory(user=None))
    assert facts.duties_of(helper) == {}
