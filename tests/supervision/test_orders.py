"""工作部署: issued, received, acted on, seen; what counts for each kind; who may do what; every figure with its list."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from assistance.models import Confirmation
from common import jobs
from common.models import AuditEvent, Job
from households.models import Household
from households.services import LedgerError
from regions import services as tree
from supervision import activity, funnel, steps
from supervision.models import ActivityCount, Order, OrderAction, OrderReceipt, OrderVillage
from supervision.services import orders
from tests import first_page
from tests.factories import (
    HouseholdFactory,
    RoundFactory,
    SurveyFactory,
    SurveyPhotoFactory,
    VisitFactory,
    VisitRuleFactory,
)
from tests.factories.assistance import DeliveryFactory, KindFactory, MeasureFactory
from tests.factories.supervision import OrderFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
ISSUED = TODAY - dt.timedelta(days=20)


def day(n):
    """n days after the issue."""
    return ISSUED + dt.timedelta(days=n)


def facts(**more):
    return {
        "title": "雨季住房安全排查",
        "text": "逐户看住房，登记隐患。",
        "due_on": TODAY + dt.timedelta(days=10),
        "audience": "all",
    } | more


@pytest.fixture
def homes(land):
    """Three households in the village, two next door, one far away."""
    places = (land.village, land.village, land.village, land.near_village, land.near_village, land.far_village)
    return [HouseholdFactory(village=place, with_householder=True) for place in places]


@pytest.fixture
def villages(land):
    return [land.village, land.near_village, land.far_village]


@pytest.fixture
def order(homes, villages, county, official):
    """From the county to all three villages, twenty days ago; followed by hand."""
    return orders.issue(region=county, villages=villages, facts=facts(), by=official, issued_on=ISSUED)


def figures(order, user, at=None):
    made = funnel.funnel_of(user, order, at)
    return {step.code: (step.part, step.whole) for step in made.steps}


# -- the way down ---------------------------------------------------------------------------------------------------------------------------


def test_from_issue_to_the_household(order, homes, land, official, officer, clerk, client_as):
    assert figures(order, official) == {
        "issued": (3, 3),
        "townships": (0, 2),
        "villages": (0, 3),
        "acted": (0, 6),
        "seen": (0, 6),
    }
    orders.receive(order=order, region=land.township, by=officer)
    orders.receive(order=order, region=land.village, by=clerk)
    assert (
        orders.record_action(
            order=order, village=land.village, households=homes[:2], text="看过住房", by=clerk, on=day(5)
        )
        == 2
    )
    VisitFactory(household=homes[0], on=day(4))  # before anything was done
    VisitFactory(household=homes[0], on=day(8), met=["nobody"])
    VisitFactory(household=homes[1], on=day(9), met=["neighbour", "spouse"])
    VisitFactory(household=homes[1], on=day(6), void=True)
    steps.recount(order, [land.village.pk])
    assert figures(order, official) == {
        "issued": (3, 3),
        "townships": (1, 2),
        "villages": (1, 3),
        "acted": (2, 6),
        "seen": (1, 6),
    }
    whole = funnel.funnel_of(official, order)
    assert [step.days for step in whole.steps] == [None, 20.0, 20.0, 5.0, 4.0]
    assert figures(order, clerk) == {"issued": (1, 1), "villages": (1, 1), "acted": (2, 3), "seen": (1, 3)}
    orders.close(order=order, by=official, note="都看过了")
    VisitFactory(household=homes[0], on=TODAY)
    order.refresh_from_db()
    assert order.state == "closed"


def test_where_it_goes_cold_first_is_a_sentence(order, homes, land, official, officer, clerk):
    """Everybody received it; one village did everything, the others nothing."""
    for region in (land.township, land.next_township, land.village, land.near_village, land.far_village):
        OrderReceipt.objects.create(order=order, region=region, version=1, by="x", at=timezone.now())
    orders.record_action(order=order, village=land.village, text="看过住房", by=clerk)
    said = funnel.funnel_of(official, order).sentence
    assert said == "最先凉在“村签收”到“办理”之间：6 户中有 3 户还没有办理。其中石门乡最多，2 户。"


def test_the_largest_loss_is_named(order, land, official):
    said = funnel.funnel_of(official, order).sentence
    assert said == "最先凉在“下达”到“乡镇签收”之间：2 个乡镇中有 2 个乡镇还没有签收。其中石门乡最多，1 个乡镇。"


@pytest.mark.parametrize("kind", ["survey", "visit", "measure"])
def test_what_is_recorded_anyway_is_counted_and_not_registered(kind, homes, villages, county, official, clerk, land):
    """Of three households of the village: one untouched, one acted on, one that said so itself. What came before the order does not count."""
    link = {
        "survey": lambda: {"survey_round": RoundFactory(region=county, audience="all")},
        "visit": lambda: {"visit_rule": VisitRuleFactory(region=county)},
        "measure": lambda: {"measure_kind": KindFactory(in_kind=True)},
    }[kind]()
    order = orders.issue(
        region=county, villages=villages, facts=facts(kind=kind, **link), by=official, issued_on=ISSUED
    )

    def happen(home, on, seen):
        if kind == "survey":
            survey = SurveyFactory(household=home, surveyed_on=on, year=order.survey_round.year)
            if seen:
                SurveyPhotoFactory(survey=survey, path="signature")
        elif kind == "visit":
            VisitFactory(household=home, on=on, met=["elder"] if seen else ["nobody"])
            VisitFactory(household=home, on=on, capacities=["village"])  # not in the rule's capacity
        else:
            year = TODAY.year if on >= ISSUED else TODAY.year - 1
            measure = MeasureFactory(household=home, kind=order.measure_kind, approved=True, year=year)
            delivery = DeliveryFactory(measure=measure, on=on)
            if seen:
                Confirmation.objects.create(delivery=delivery, way="visit", on=on, by="x", at=timezone.now())

    happen(homes[0], ISSUED - dt.timedelta(days=40), True)
    happen(homes[1], day(3), False)
    happen(homes[2], day(4), True)
    steps.recount_open()
    assert figures(order, clerk)["acted"] == (2, 3)
    assert figures(order, clerk)["seen"] == (1, 3)
    here = Household.objects.filter(village=land.village)
    assert set(steps.listed(order, here, "idle")) == {homes[0]}
    assert set(steps.listed(order, here, "unseen")) == {homes[1]}
    assert set(steps.listed(order, here, "seen")) == {homes[2]}
    with pytest.raises(LedgerError, match="自动统计"):
        orders.record_action(order=order, village=land.village, text="办了", by=clerk)
    assert not OrderAction.objects.exists()


def test_an_order_means_the_households_of_its_audience(homes, villages, county, official, land):
    Household.objects.filter(pk=homes[0].pk).update(status="unstable")
    Household.objects.filter(pk=homes[1].pk).update(status="ordinary")
    asked = {}
    for audience in ("monitored", "registered", "all"):
        order = orders.issue(region=county, villages=[land.village], facts=facts(audience=audience), by=official)
        asked[audience] = figures(order, official)["acted"][1]
    assert asked == {"monitored": 1, "registered": 2, "all": 3}


def test_amended_it_is_received_again(order, land, official, clerk, client_as):
    orders.receive(order=order, region=land.village, by=clerk)
    orders.amend(order=order, title=order.title, text="改成本周内完成。", due_on=order.due_on, by=official, version=1)
    order.refresh_from_db()
    assert (order.version, order.revisions.count()) == (2, 2)
    assert figures(order, official)["villages"] == (0, 3)
    with pytest.raises(LedgerError, match="被修改过"):
        orders.receive(order=order, region=land.village, by=clerk, version=1)
    page = client_as(clerk).get(reverse("supervision:order_detail", args=[order.pk]))
    assert "青石村签收" in page.content.decode()
    assert "逐户看住房" in page.content.decode()  # what it said before is kept
    orders.receive(order=order, region=land.village, by=clerk, version=2)
    assert figures(order, official)["villages"] == (1, 3)


def test_a_village_receives_by_one_tap(order, land, clerk, client_as):
    client = client_as(clerk)
    url = reverse("supervision:order_detail", args=[order.pk])
    assert client.get(reverse("home")).content.decode().count("待签收的工作部署") == 1
    client.post(reverse("supervision:order_receive", args=[order.pk]), {"region": land.village.pk, "version": 1})
    page = client.get(url).content.decode()
    assert "青石村已签收" in page
    assert OrderReceipt.objects.get().by == clerk.username
    assert AuditEvent.objects.filter(action="order.received").count() == 1


def test_a_township_receives_for_a_village_it_told_and_the_county_for_nobody(order, land, officer, official, clerk):
    with pytest.raises(LedgerError, match="不能由上级代签"):
        orders.receive(order=order, region=land.village, by=official)
    with pytest.raises(LedgerError, match="不能由上级代签"):
        orders.receive(order=order, region=land.township, by=official)
    with pytest.raises(ValidationError, match="通知了谁"):
        orders.receive(order=order, region=land.near_village, by=officer)
    orders.receive(order=order, region=land.near_village, by=officer, note="电话告诉了村支书")
    with pytest.raises(PermissionDenied):
        orders.receive(order=order, region=land.far_village, by=officer, note="电话")
    orders.receive(order=order, region=land.village, by=clerk)
    with pytest.raises(LedgerError, match="已经签收过"):
        orders.receive(order=order, region=land.village, by=clerk)


def test_a_village_outside_the_audience_receives_and_does_nothing(order, land, post, official, homes):
    last = post(Role.VILLAGE_CLERK, land.last_village)
    with pytest.raises(PermissionDenied):  # it does not even see it
        orders.receive(order=order, region=land.last_village, by=last)
    with pytest.raises(LedgerError, match="没有下达给河湾村"):
        orders.receive(order=order, region=land.last_village, by=official)
    with pytest.raises(LedgerError, match="没有下达给河湾村"):
        orders.record_action(order=order, village=land.last_village, text="办了", by=official)


def test_acts_are_of_the_own_village_and_taken_back_with_a_reason(order, land, homes, clerk, officer, post, client_as):
    with pytest.raises(ValidationError, match="不在这件部署的对象里"):
        orders.record_action(order=order, village=land.village, households=[homes[3]], text="办了", by=clerk)
    with pytest.raises(PermissionDenied):
        orders.record_action(order=order, village=land.near_village, text="办了", by=clerk)
    assert orders.record_action(order=order, village=land.village, text="全村看过", by=clerk) == 3
    with pytest.raises(ValidationError, match="都登记过了"):
        orders.record_action(order=order, village=land.village, text="再看一遍", by=clerk)
    act = OrderAction.objects.first().act
    other = post(Role.RESIDENT_TEAM, land.village)
    with pytest.raises(LedgerError, match="别人登记"):
        orders.void_act(order=order, act=act, reason="记错了", by=other)
    with pytest.raises(ValidationError, match="为什么作废"):
        orders.void_act(order=order, act=act, reason="", by=clerk)
    assert orders.void_act(order=order, act=act, reason="记错了村", by=officer) == 3
    assert figures(order, clerk)["acted"] == (0, 3)
    assert OrderAction.objects.count() == 3


def test_what_is_done_is_registered_on_a_form(order, land, homes, clerk, client_as):
    client = client_as(clerk)
    url = reverse("supervision:order_act", args=[order.pk])
    assert client.get(url).content.decode().count('name="households"') == 3
    answer = client.post(url, {"on": TODAY, "text": "", "households": [homes[0].pk]})
    assert answer.status_code == 422
    assert "请写明办了什么" in answer.content.decode()
    assert client.post(url, {"on": TODAY, "text": "看过", "households": [homes[0].pk]}).status_code == 302
    assert client.post(url, {"on": TODAY, "text": "看过", "households": [homes[3].pk]}).status_code == 422
    assert client.post(url, {"on": TODAY, "text": "看过", "whole": "on"}).status_code == 302
    assert OrderAction.objects.count() == 3


@pytest.mark.parametrize(
    ("more", "issued", "sentence"),
    [
        ({"due_on": ISSUED - dt.timedelta(days=1)}, ISSUED, "下达日期之前"),
        ({"due_on": TODAY + dt.timedelta(days=9)}, TODAY + dt.timedelta(days=1), "今天之后"),
        ({"due_on": TODAY}, TODAY - dt.timedelta(days=800), "一年以内"),
        ({"due_on": TODAY + dt.timedelta(days=900)}, TODAY, "最长两年"),
        ({"title": "  "}, TODAY, "请写标题"),
        ({"text": ""}, TODAY, "要做什么"),
        ({"title": "长" * 101}, TODAY, "100 个字"),
        ({"kind": "visit"}, TODAY, "走访要求"),
        ({"kind": "survey"}, TODAY, "调查任务"),
        ({"kind": "measure"}, TODAY, "帮扶措施"),
        ({"kind": "dance"}, TODAY, "怎样算落实"),
        ({"audience": "rich"}, TODAY, "选择对象"),
    ],
)
def test_an_order_that_cannot_be_is_refused(county, villages, official, more, issued, sentence):
    with pytest.raises(ValidationError, match=sentence):
        orders.issue(region=county, villages=villages, facts=facts(**more), by=official, issued_on=issued)
    assert not Order.objects.exists()


def test_it_goes_to_villages_below_and_follows_something_there(county, township, land, official, officer, clerk):
    for wrong in ([], [land.far_village], [land.township]):
        with pytest.raises(ValidationError, match=r"至少选择一个村|不在下达单位的范围"):
            orders.issue(region=township, villages=wrong, facts=facts(), by=officer)
    elsewhere = VisitRuleFactory(region=land.other_county)
    with pytest.raises(ValidationError, match="不在下达单位的范围"):
        orders.issue(
            region=county, villages=[land.village], facts=facts(kind="visit", visit_rule=elsewhere), by=official
        )
    with pytest.raises(PermissionDenied):
        orders.issue(region=county, villages=[land.village], facts=facts(), by=officer)
    with pytest.raises(PermissionDenied):
        orders.issue(region=land.village, villages=[land.village], facts=facts(), by=clerk)


def test_withdrawn_it_asks_nothing_of_anybody(order, land, official, clerk, client_as):
    with pytest.raises(ValidationError, match="为什么撤回"):
        orders.withdraw(order=order, reason="", by=official)
    orders.withdraw(order=order, reason="与省里的重复", by=official)
    for act in (
        lambda: orders.receive(order=order, region=land.village, by=clerk),
        lambda: orders.record_action(order=order, village=land.village, text="办了", by=clerk),
        lambda: orders.amend(order=order, title="x", text="y", due_on=TODAY, by=official),
        lambda: orders.close(order=order, by=official),
    ):
        with pytest.raises(LedgerError, match="已撤回"):
            act()
    listed = client_as(clerk).get(reverse("supervision:order_list"))
    assert listed.context["rows"] == []
    assert "没有：" in client_as(clerk).get(reverse("home")).content.decode()


@pytest.mark.parametrize(
    "change", [{"due_on": ISSUED - dt.timedelta(days=1)}, {"kind": "visit"}, {"state": "closed"}, {"state": "withdrawn", "ended_by": "x", "ended_at": timezone.now()}]
)  # fmt: skip
def test_the_database_keeps_what_an_order_is(order, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**change)


def test_a_county_issues_on_a_form(homes, land, official, client_as):
    client = client_as(official)
    url = reverse("supervision:order_new")
    page = client.get(url).content.decode()
    assert "石门乡" in page
    assert "邻乡" not in page
    data = facts(due_on=TODAY, kind="manual", region=land.county.pk, issued_on=TODAY, townships=[land.township.pk])
    assert client.post(url, data | {"townships": []}).status_code == 422
    answer = client.post(url, data)
    order = Order.objects.get()
    assert answer.url == reverse("supervision:order_detail", args=[order.pk])
    assert set(order.villages.values_list("village__name", flat=True)) == {"青石村", "白石村"}
    assert client.post(url, data | {"townships": [land.other_township.pk]}).status_code == 422


# -- every number is its list -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(order, homes, land, official, officer, clerk, post):
    """Two orders on their way, differently far; one of them late."""
    far = post(Role.VILLAGE_CLERK, land.far_village)
    orders.receive(order=order, region=land.township, by=officer)
    orders.receive(order=order, region=land.village, by=clerk)
    orders.receive(order=order, region=land.far_village, by=far)
    orders.record_action(order=order, village=land.village, households=homes[:2], text="看过", by=clerk, on=day(2))
    VisitFactory(household=homes[0], on=day(3))
    VisitFactory(household=homes[4], on=day(3))
    own = orders.issue(region=land.township, villages=[land.village, land.near_village], facts=facts(due_on=day(5)), by=officer, issued_on=ISSUED)  # fmt: skip
    orders.record_action(order=own, village=land.near_village, text="办了", by=officer, on=day(1))
    DeliveryFactory(measure__household=homes[1])
    SurveyFactory(household=homes[2], surveyed_on=TODAY)
    steps.recount_open()
    activity.recount_lately()
    return [order, own]


VIEWERS = ("clerk", "resident", "officer", "official", "auditor")


def cells(page):
    """(number, address) of every figure on an order's page."""
    for row in page.context["steps"]:
        yield row["step"].part, row["url"]
        if row["missing"]:
            yield row["missing"], row["lack_url"]
    for line in page.context["lines"]:
        for cell in line["cells"]:
            yield cell["part"], cell["url"]


def length(client, url):
    opened = client.get(url, follow=True)
    assert opened.status_code == 200, url
    return opened.context["page"].count.value


@pytest.mark.parametrize("who", VIEWERS)
def test_every_figure_of_an_order_is_its_list(who, busy, client_as, request, land):
    client = client_as(request.getfixturevalue(who))
    seen = 0
    for order in busy:
        for at in ("", f"?region={land.township.pk}", f"?region={land.village.pk}"):
            page = client.get(reverse("supervision:order_detail", args=[order.pk]) + at)
            if page.status_code == 404:
                assert who in ("clerk", "resident")
                assert str(land.village.pk) not in at
                continue
            for number, url in cells(page):
                assert length(client, url) == number, (who, at, url)
                seen += 1
    assert seen > 10


@pytest.mark.parametrize("who", VIEWERS)
def test_every_figure_of_a_month_is_its_list(who, busy, client_as, request, land):
    client = client_as(request.getfixturevalue(who))
    seen = 0
    for region in ("", land.township.pk, land.village.pk):
        page = client.get(reverse("supervision:activity"), {"region": region} if region else {})
        for line in [*page.context["rows"], page.context["whole"]]:
            for cell in line["cells"]:
                if cell["value"]:
                    assert length(client, cell["url"]) == cell["value"], (who, region, cell)
                    seen += 1
    assert seen


@pytest.mark.parametrize("who", ["helper", *VIEWERS])
def test_every_tile_is_its_list(who, busy, client_as, request, land, household):
    client = client_as(request.getfixturevalue(who))
    own = [tile for tile in first_page.tiles(client) if "/supervision/" in tile.url]
    assert own
    for tile in own:
        assert length(client, tile.url) == tile.count.value, tile


def test_four_numbers_stand_in_the_list(busy, client_as, official):
    rows = client_as(official).get(reverse("supervision:order_list")).context["rows"]
    told = {row.order.pk: [text for _label, text, _bar in row.figures] for row in rows}
    assert told[busy[0].pk] == ["3 村", "2/3 村", "2/6 户", "1/6 户"]


def test_late_ones_are_a_list(busy, client_as, official):
    page = client_as(official).get(reverse("supervision:order_list"), {"state": "late"})
    assert [row.order for row in page.context["rows"]] == [busy[1]]


def test_a_recount_is_a_job(busy, client_as, official, land):
    OrderVillage.objects.update(acted=0, seen=0)
    ActivityCount.objects.all().delete()
    client = client_as(official)
    client.post(reverse("supervision:order_recount", args=[busy[0].pk]))
    client.post(reverse("supervision:activity_recount"), {"month": f"{TODAY:%Y-%m}"})
    for job in Job.objects.filter(state="queued"):
        assert jobs.run(job.pk).state == "done"
    assert figures(busy[0], official)["acted"] == (2, 6)
    assert ActivityCount.objects.filter(village=land.village, month=TODAY.replace(day=1)).exists()


def test_a_month_to_come_or_no_month_is_this_one(client_as, official, land):
    for asked in ("2999-01", "gestern", "2026-13"):
        page = client_as(official).get(reverse("supervision:activity"), {"month": asked})
        assert page.context["chosen_month"] == f"{TODAY:%Y-%m}"


# -- regions --------------------------------------------------------------------------------------------------------------------------------


def test_orders_follow_villages_that_merge(busy, land, official, clerk):
    tree.merge_regions(old=[land.village, land.near_village], into=land.near_village, by=official)
    assert set(busy[0].villages.values_list("village__name", flat=True)) == {"白石村", "柳树村"}
    assert busy[0].receipts.get(region=land.near_village).by == clerk.username
    assert figures(busy[0], official)["acted"] == (2, 6)
    assert busy[1].villages.get().asked == 5


def test_a_region_with_an_order_that_runs_is_not_closed(land, official):
    OrderFactory(region=land.county, to=[land.last_village])
    with pytest.raises(tree.RegionError, match="没有办结的工作部署"):
        tree.close_region(region=land.last_village, by=official)
