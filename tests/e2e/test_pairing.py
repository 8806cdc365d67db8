"""Who leaves hands over in one step, and a proposal is computed, looked at and applied; every page by axe and at 320 px."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from cadres.models import Cadre
from households import services as ledger
from households.models import HandOver, MatchingRun, Pairing
from tests.browser import axe, follow, wrong_with
from tests.factories import CadreFactory, UnitFactory, invented_id_number

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
TODAY = timezone.localdate()


@pytest.fixture
def homes(officer, village):
    """Three households, two of them helped by 赵移交."""
    unit = UnitFactory(region=village.parent.parent, name="县教育局")
    giver = CadreFactory(unit=unit, name="赵移交")
    CadreFactory(unit=unit, name="钱接收")
    found = []
    for name in ("孙建国", "李芳", "周明"):
        home = ledger.register_household(
            village=village, by=officer, householder={"name": name, "id_number": invented_id_number()}, facts={"hamlet": "3组"}
        )  # fmt: skip
        type(home).objects.filter(pk=home.pk).update(status="registered")
        found.append(home)
    for home in found[:2]:
        ledger.pair(household=home, cadre=giver, by=officer, starts_on=TODAY - dt.timedelta(days=30))
    return found


def test_two_households_are_handed_over_on_a_phone(homes, officer, sign_in):
    page = sign_in(officer, 390)
    page.goto(reverse("households:helper_list"))
    follow(page.get_by_role("link", name="移交", exact=True))
    page.get_by_label("干部姓名").fill("接收")
    follow(page.get_by_role("button", name="查找"))
    follow(page.get_by_role("link", name="钱接收"))
    assert page.get_by_text("可以移交（2 户）").is_visible()
    assert axe(page) == []
    page.get_by_label("移交原因").fill("工作调动")
    follow(page.get_by_role("button", name="确认移交"))
    made = HandOver.objects.get()
    assert page.url.endswith(reverse("households:hand_over_detail", args=[made.pk]))
    assert page.get_by_text("已移交 2 户").is_visible()
    assert page.get_by_text("现由钱接收（牵头）").count() == 2
    assert set(Pairing.objects.current().values_list("cadre__name", flat=True)) == {"钱接收"}


def test_a_proposal_is_computed_looked_at_and_applied(homes, officer, sign_in, work):
    Cadre.objects.filter(name="赵移交").update(left_on=TODAY)
    page = sign_in(officer)
    page.goto(reverse("households:pairing_coverage"))
    follow(page.get_by_role("link", name="结对方案"))
    follow(page.get_by_role("link", name="计算新的方案").first)
    follow(page.get_by_role("button", name="开始计算"))
    run = MatchingRun.objects.get()
    assert page.get_by_text("可以离开这一页").is_visible()
    work()
    page.get_by_text("还没有执行").wait_for()
    assert not Pairing.objects.filter(cadre__name="钱接收").exists()
    follow(page.locator(".kpi", has_text="换人").get_by_role("link"))
    page.get_by_text("赵移交已离岗或将离岗，换成钱接收").first.wait_for()
    assert page.get_by_text("赵移交已离岗或将离岗，换成钱接收").count() == 2
    page.go_back()
    follow(page.get_by_role("button", name="执行：改动 3 户"))
    page.get_by_text("已按方案安排帮扶责任人。").wait_for()
    run.refresh_from_db()
    assert run.state == "applied"
    assert Pairing.objects.current().filter(cadre__name="钱接收", is_lead=True).count() == 3


@pytest.fixture
def addresses(homes, officer):
    """Pages of helpers, by name."""
    cadres = {cadre.name: cadre for cadre in Cadre.objects.all()}
    giver, receiver = cadres["赵移交"], cadres["钱接收"]
    ledger.declare_kin(household=homes[2], cadre=receiver, relation="sibling", by=officer)
    made = ledger.hand_over(
        giver=giver, receiver=receiver, on=TODAY, reason="调动", by=officer, households=[homes[0].pk]
    )
    run = ledger.propose_matching(by=officer, region=homes[0].township, at_once=True)

    def at(name, *args):
        return reverse(f"households:{name}", args=args)

    return {
        "coverage": at("pairing_coverage"), "helpers": at("helper_list"), "units": at("unit_pairings"), "rules": at("pairing_rules"),
        "helper": at("cadre_households", giver.pk), "hand over": at("hand_over", giver.pk), "what goes": at("hand_over", giver.pk) + f"?to={receiver.pk}",
        "hand-overs": at("hand_over_list"), "hand-over": at("hand_over_detail", made.pk), "proposals": at("matching_list"),
        "new proposal": at("matching_new"), "proposal": at("matching_detail", run.pk), "rows": at("matching_rows", run.pk),
        "kin": at("kin_list", homes[2].pk), "declare": at("kin_add", homes[2].pk) + f"?cadre={giver.pk}", "pair": at("pairing_edit", homes[2].pk) + "?q=钱",
    }  # fmt: skip


def test_axe_finds_nothing_and_nothing_is_too_wide(addresses, officer, sign_in):
    assert wrong_with(sign_in(officer), addresses) == {}
