"""The county issues, a village receives and acts on a phone, the figures move; a cadre comments, the office makes final; every page by axe and at 320 px."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from supervision.models import Order, OrderReceipt
from supervision.services import appraisals, orders
from tests.browser import follow, wrong_with
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    UserFactory,
    VisitDutyFactory,
    VisitRuleFactory,
)
from tests.factories.supervision import SchemeFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
TODAY = timezone.localdate()
FIRST, LAST = TODAY - dt.timedelta(days=60), TODAY - dt.timedelta(days=1)


@pytest.fixture
def homes(land):
    return [
        HouseholdFactory(village=place, with_householder=True)
        for place in (land.village, land.village, land.far_village)
    ]


@pytest.fixture
def cadre(homes, land):
    """A helper with two visits due and one made."""
    found = CadreFactory(name="何帮扶", user=UserFactory(username="he", name="何帮扶"), unit__region=land.county)
    rule = VisitRuleFactory(region=land.county)
    for home, made in zip(homes[:2], (0, 1), strict=True):
        PairingFactory(household=home, cadre=found)
        VisitDutyFactory(
            rule=rule, household=home, cadre=found, starts_on=FIRST, ends_on=FIRST + dt.timedelta(days=30), made=made,
            next_due_on=None if made else FIRST + dt.timedelta(days=30),
        )  # fmt: skip
    return found


def test_from_the_county_to_the_household(homes, land, official, clerk, sign_in):
    county = sign_in(official)
    county.goto(reverse("supervision:order_new"))
    county.get_by_label("标题").fill("雨季住房安全排查")
    county.get_by_label("内容").fill("逐户看住房，登记隐患。")
    county.get_by_label("完成期限").fill(f"{TODAY:%Y-%m-%d}")
    county.get_by_label("对象").select_option("all")
    county.get_by_text("石门乡", exact=True).click()
    follow(county.get_by_role("button", name="下达"))
    assert county.get_by_text("已下达到 2 个村，等待签收。").is_visible()
    order = Order.objects.get()
    figure = county.locator(".funnel tr", has_text="村签收")
    assert re.search(r"0/2\s*个村", figure.inner_text())

    village = sign_in(clerk, 390)
    follow(village.get_by_role("link", name=re.compile("待签收的工作部署")))
    follow(village.get_by_role("link", name=re.compile("雨季住房安全排查")))
    follow(village.get_by_role("button", name="青石村签收"))
    assert village.get_by_text("青石村已签收。").is_visible()
    assert OrderReceipt.objects.get().by == clerk.username
    follow(village.get_by_role("link", name="登记办理"))
    village.get_by_label("办了什么").fill("入户看过住房")
    village.locator("label", has_text="王建国户").first.click()
    follow(village.get_by_role("button", name="登记", exact=True))
    assert village.get_by_text("已登记 1 户。").is_visible()
    assert re.search(r"1/2\s*户", village.locator(".funnel tr", has_text="办理").first.inner_text())

    county.reload()
    assert re.search(r"1/2\s*个村", figure.inner_text())
    assert re.search(r"1/2\s*户", county.locator(".funnel tr", has_text="办理").first.inner_text())
    assert order.is_open


def test_a_cadre_is_heard_before_it_is_final(cadre, land, official, sign_in, work):
    SchemeFactory(region=land.county)
    office = sign_in(official)
    office.goto(reverse("supervision:round_new"))
    office.get_by_label("从").fill(f"{FIRST:%Y-%m-%d}")
    office.get_by_label("到（含当日）").fill(f"{LAST:%Y-%m-%d}")
    follow(office.get_by_role("button", name="发起并计算"))
    work()
    office.reload()
    follow(office.get_by_role("button", name="送本人阅"))

    own = sign_in(cadre.user, 390)
    follow(own.get_by_role("link", name=re.compile("我的考评待阅")))
    follow(own.locator("main").get_by_role("link", name=re.compile("示范县")))
    assert own.get_by_text("50.00", exact=True).is_visible()
    follow(own.get_by_role("link", name="2", exact=True))
    assert own.get_by_text("合计 2").is_visible()
    own.go_back()
    own.get_by_label("您的意见").fill("有一次走访没有网络，后来补传。")
    follow(own.get_by_role("button", name="提交意见"))
    assert own.get_by_text("意见已提交，等待答复。").is_visible()

    office.goto("/")
    follow(office.get_by_role("link", name=re.compile("考评意见待答复")))
    follow(office.locator("#results").get_by_role("link", name="何帮扶"))
    office.get_by_label("答复", exact=True).fill("已核对。")
    follow(office.get_by_role("button", name="答复", exact=True))
    follow(office.get_by_role("button", name="审定", exact=True))
    assert office.get_by_text("已审定。").is_visible()
    own.reload()
    assert own.get_by_text("已审定").first.is_visible()
    assert own.get_by_role("button", name="提交意见").count() == 0


@pytest.fixture
def addresses(homes, cadre, land, official, officer, clerk):
    """Pages of orders and appraisals, by name."""
    facts = {"title": "雨季住房安全排查", "text": "逐户看住房，登记隐患。", "due_on": TODAY, "audience": "all"}
    order = orders.issue(region=land.township, villages=[land.village, land.near_village], facts=facts, by=officer)
    orders.receive(order=order, region=land.village, by=clerk)
    orders.record_action(order=order, village=land.village, households=homes[:1], text="看过住房", by=clerk)
    SchemeFactory(region=land.county)
    SchemeFactory(region=land.county, draft=True)
    round = appraisals.open_round(region=land.township, starts_on=FIRST, last_day=LAST, by=officer)
    appraisals.recompute(round=round, by=officer)
    appraisals.show_round(round=round, by=officer)
    own = round.appraisals.get(cadre=cadre)
    appraisals.comment(appraisal=own, text="有一次走访没有网络。", by=cadre.user)

    def at(name, *args):
        return reverse(f"supervision:{name}", args=args)

    return {
        "orders": at("order_list"),
        "order": at("order_detail", order.pk),
        "new order": at("order_new"),
        "places": at("order_places", order.pk),
        "households": at("order_households", order.pk),
        "act": at("order_act", order.pk),
        "amend": at("order_amend", order.pk),
        "side by side": at("activity"),
        "receipts": at("activity_list", "receipts"),
        "rounds": at("round_list"),
        "round": at("round_detail", round.pk),
        "new round": at("round_new"),
        "people": at("appraisal_list"),
        "appraisal": at("appraisal_detail", own.pk),
        "rows": at("appraisal_rows", own.pk, "visits", "due"),
        "mine": at("mine"),
        "schemes": at("scheme_list"),
    }


def test_axe_finds_nothing_and_nothing_is_too_wide(addresses, officer, sign_in):
    assert wrong_with(sign_in(officer), addresses) == {}
