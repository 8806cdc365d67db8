"""结对帮扶 on screen: every figure is the length of the list it opens, for every role and region; hand-over and proposal from page to page."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.roles import Role
from cadres.models import Rank
from common import jobs
from households import handover_lines
from households.models import HandOver, MatchingRun, Pairing, PairingRule
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    MemberFactory,
    PairingFactory,
    PostingFactory,
    UnitFactory,
    UserFactory,
)
from tests.households.test_pairing import same_person

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
COVERAGE = "/households/pairing/"


@pytest.fixture
def boss(land):
    return PostingFactory(role=Role.COUNTY_OFFICIAL, region=land.county).user


@pytest.fixture
def scene(land):
    """Something behind every figure, in three villages of two townships."""
    county = UnitFactory(region=land.county, name="县教育局")
    town = UnitFactory(region=land.township, name="石门乡政府")
    UnitFactory(region=land.next_township, name="柳河镇政府")
    PairingRule.objects.create(region=land.county, most_ordinary=2)

    def house(village, **how):
        return HouseholdFactory(village=village, **how)

    def help_(cadre, *houses, **how):
        for each in houses:
            PairingFactory(household=each, cadre=cadre, **how)

    many, along = CadreFactory(unit=county, name="多"), CadreFactory(unit=town, name="一起")
    both = house(land.village, status="registered")
    help_(many, both, house(land.village), house(land.far_village), mode="many_to_one")
    help_(along, both, mode="many_to_one", is_lead=False)
    help_(along, house(land.near_village), is_lead=False)  # nobody leads there
    for status in ("ordinary", "registered", "marginal"):
        house(land.village, status=status)
        house(land.last_village, status=status)
    PairingFactory(household=house(land.village), ended=True)
    help_(
        CadreFactory(unit=town, name="点"), house(land.village, status="hardship"), mode="point_to_point", is_lead=False
    )
    help_(CadreFactory(unit=county, name="离岗", left_on=TODAY), house(land.far_village))
    help_(CadreFactory(unit=town, name="不能", cannot_help=True), house(land.village))
    poor = same_person(
        CadreFactory(unit=county, name="困难"), MemberFactory(household=house(land.other_village, status="unstable"))
    )
    help_(poor, house(land.far_village))
    kin, own = CadreFactory(unit=county, name="亲属"), house(land.near_village)
    help_(kin, own)
    same_person(kin, MemberFactory(household=own))
    for unit in (county, town):
        CadreFactory(unit=unit, is_party_member=True)
    closed = house(land.village)
    help_(CadreFactory(unit=county), closed)
    type(closed).objects.filter(pk=closed.pk).update(closed_on=TODAY, closed_reason="moved_out")
    help_(CadreFactory(unit__region=land.other_county), house(land.other_village))


def links(client, url):
    """(figure, address) of every number on a page."""
    text = client.get(url).content.decode()
    found = re.findall(r'<a href="([^"]+)"><b>([\d,]+)</b>', text) + re.findall(
        r'<td class="n"[^>]*><a href="([^"]+)">([\d,]+)</a>', text
    )
    return [(int(number.replace(",", "")), address.replace("&amp;", "&")) for address, number in found]


ROLES = [
    (Role.COUNTY_OFFICIAL, "county"), (Role.TOWNSHIP_OFFICER, "township"), (Role.TOWNSHIP_OFFICER, "next_township"), (Role.VILLAGE_CLERK, "village"),
    (Role.RESIDENT_TEAM, "far_village"), (Role.AUDITOR, "city"), (Role.AUDITOR, "village"),
]  # fmt: skip
REGIONS = [
    "",
    "city",
    "county",
    "township",
    "next_township",
    "village",
    "near_village",
    "far_village",
    "last_village",
    "other_county",
]


@pytest.mark.parametrize(("role", "place"), ROLES)
def test_every_figure_is_as_long_as_its_list(role, place, scene, land, client_as):
    client = client_as(PostingFactory(role=role, region=getattr(land, place)).user)
    checked = 0
    for name in REGIONS:
        region = f"?region={getattr(land, name).pk}" if name else ""
        for number, address in links(client, COVERAGE + region):
            listed = client.get(address)
            assert listed.status_code == 200, address
            assert listed.context["page"].count.value == number, (name, address)
            checked += 1
    assert checked > 15


@pytest.mark.parametrize("page", ["helpers/", "units/"])
def test_the_figures_of_helpers_and_units_are_lists_too(page, scene, land, client_as):
    checked = 0
    for role, place in ROLES[:4]:
        client = client_as(PostingFactory(role=role, region=getattr(land, place)).user)
        for number, address in links(client, COVERAGE + page):
            assert client.get(address).context["page"].count.value == number, address
            checked += 1
    assert checked > 5


def test_nothing_is_left_out(scene, land, client_as, boss):
    """Every figure of the county is at something in the scene: a figure that counts nothing is not tested above."""
    response = client_as(boss).get(COVERAGE)
    values = {str(item["label"]): item["value"] for _title, items in response.context["groups"] for item in items}
    assert not [label for label, value in values.items() if value == "0"], values


def test_what_is_the_matter_stands_beside_the_helper(scene, client_as, boss):
    text = client_as(boss).get(f"{COVERAGE}helpers/").content.decode()
    for word in ("帮扶户数过多", "已离岗还有结对", "本人是建档立卡户或监测户", "应当回避", "登记为不能帮扶"):
        assert word in text
    assert "3 / 2" in text


def test_a_department_and_a_helper_have_no_such_pages(client_as, land):
    helper = UserFactory()
    PairingFactory(household=HouseholdFactory(village=land.village), cadre=CadreFactory(user=helper))
    assert client_as(helper).get(COVERAGE).status_code == 403


def test_the_household_list_says_whose_households_it_shows(land, client_as, boss):
    cadre = CadreFactory(name="李帮扶", unit__region=land.county)
    PairingFactory(household=HouseholdFactory(village=land.village, householder_name="张三"), cadre=cadre)
    HouseholdFactory(village=land.village, householder_name="王五")
    text = client_as(boss).get(f"/households/?cadre={cadre.pk}").content.decode()
    assert "李帮扶" in text
    assert "张三" in text
    assert "王五" not in text
    assert client_as(boss).get("/households/?cadre=x").context["page"].count.value == 0


# -- rules --------------------------------------------------------------------------------------------------------------------------


def test_a_rule_is_made_and_holds(land, client_as, boss, officer):
    page = f"{COVERAGE}rules/{land.county.pk}/"
    client = client_as(boss)
    form = client.get(page).context["form"]
    data = {name: form.initial[name] for name in form.fields}
    assert client.post(page, data | {"distance": 11}).status_code == 422
    assert client.post(page, data | {"most_ordinary": 600}).status_code == 422
    assert client.post(page, data | {"most_ordinary": 7}).status_code == 302
    assert PairingRule.objects.get().most_ordinary == 7
    assert "执行示范县定的要求" in client_as(officer).get(f"{COVERAGE}rules/").content.decode()
    assert client_as(officer).get(page).status_code == 403


# -- hand-over ----------------------------------------------------------------------------------------------------------------------


def test_a_hand_over_from_page_to_page(land, client_as, boss, monkeypatch):
    unit = UnitFactory(region=land.county)
    giver, receiver = CadreFactory(unit=unit, name="赵移交"), CadreFactory(unit=unit, name="钱接收")
    first, second = HouseholdFactory.create_batch(2, village=land.village, with_householder=True)
    for house in (first, second):
        PairingFactory(household=house, cadre=giver)
    kin = HouseholdFactory(village=land.village)
    PairingFactory(household=kin, cadre=giver)
    same_person(receiver, MemberFactory(household=kin))
    client = client_as(boss)
    page = reverse("households:hand_over", args=[giver.pk])
    assert f"?to={receiver.pk}" in client.get(page, {"q": "接收"}).content.decode()
    shown = client.get(page, {"to": receiver.pk})
    assert [line.pairing.household for line in shown.context["shown"].unable] == [kin]
    post = f"{page}?to={receiver.pk}"
    data = {"on": TODAY, "reason": "工作调动"}
    assert "还没有选择农户" in client.post(post, data).content.decode()
    assert client.post(post, data | {"pk": [first.pk], "reason": ""}).status_code == 422
    assert client.post(post, data | {"pk": [kin.pk]}).status_code == 422
    assert client.post(post, data | {"pk": [HouseholdFactory(village=land.other_village).pk]}).status_code == 403
    done = client.post(post, data | {"pk": [first.pk, second.pk]})
    made = HandOver.objects.get()
    assert done.url == reverse("households:hand_over_detail", args=[made.pk])
    monkeypatch.setattr(handover_lines, "_makers", [lambda keys, user: {first.pk: [("未办诉求", "申请低保")]}])
    text = client.get(done.url).content.decode()
    assert "申请低保" in text
    assert "移交人还有 1 户" in text
    assert "赵移交 → 钱接收" in client.get("/households/pairing/hand-overs/").content.decode()


@pytest.mark.slow
def test_the_pack_is_a_paper_to_sign(land, client_as, boss):
    unit = UnitFactory(region=land.county)
    giver, receiver = CadreFactory(unit=unit, name="赵移交"), CadreFactory(unit=unit, name="钱接收")
    house = HouseholdFactory(village=land.village, with_householder=True, householder_name="孙某某")
    PairingFactory(household=house, cadre=giver)
    client = client_as(boss)
    client.post(
        f"{reverse('households:hand_over', args=[giver.pk])}?to={receiver.pk}",
        {"on": TODAY, "reason": "退休", "pk": [house.pk]},
    )
    response = client.get(reverse("households:hand_over_pack", args=[HandOver.objects.get().pk]))
    assert response["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(response.content))
    text = "".join(page.extract_text() for page in reader.pages)
    for word in ("结对帮扶移交清单", "赵移交", "钱接收", "接收人签字", house.number):
        assert word in text
    assert round(float(reader.pages[0].mediabox.width)) == 595


# -- proposals ----------------------------------------------------------------------------------------------------------------------


def test_a_proposal_from_page_to_page(land, client_as, boss):
    unit = UnitFactory(region=land.county, name="县教育局")
    gone = CadreFactory(unit=unit, name="赵离岗")
    CadreFactory(unit=unit, name="钱留下", rank=Rank.SECTION)
    moved = HouseholdFactory(village=land.village, status="registered", householder_name="孙甲")
    PairingFactory(household=moved, cadre=gone)
    type(gone).objects.filter(pk=gone.pk).update(left_on=TODAY)
    free = HouseholdFactory(village=land.village, status="registered")
    client = client_as(boss)
    assert client.post("/households/pairing/proposals/new/", {"scope": ""}).status_code == 422
    assert (
        client.post("/households/pairing/proposals/new/", {"scope": f"region:{land.other_county.pk}"}).status_code
        == 422
    )
    asked = client.post("/households/pairing/proposals/new/", {"scope": f"region:{land.county.pk}"})
    run = MatchingRun.objects.get()
    page = reverse("households:matching_detail", args=[run.pk])
    assert asked.url == page
    assert "可以离开这一页" in client.get(page).content.decode()
    assert client.get(f"{page}progress/", headers={"HX-Request": "true"}).status_code == 200
    jobs.run(run.job_id)
    assert client.get(f"{page}progress/")["HX-Refresh"] == "true"
    shown = client.get(page)
    assert "还没有执行" in shown.content.decode()
    for item in shown.context["kpis"]:
        listed = client.get(item["url"])
        assert listed.context["page"].count.value == int(item["value"])
    text = client.get(f"{page}rows/?of=move").content.decode()
    assert "赵离岗已离岗或将离岗，换成钱留下（县教育局，科级干部）：在县级单位" in text
    assert client.post(f"{page}apply/").status_code == 302
    assert set(Pairing.objects.current().values_list("household", "cadre__name")) == {
        (moved.pk, "钱留下"),
        (free.pk, "钱留下"),
    }
    assert "已经执行" in client.get(page).content.decode()
    assert "不能执行" in client.post(f"{page}apply/", follow=True).content.decode()


def test_a_proposal_is_discarded_or_stopped(land, client_as, boss):
    CadreFactory(unit__region=land.county)
    HouseholdFactory(village=land.village, status="registered")
    client = client_as(boss)
    for button, state in (("cancel", "failed"), ("retry", "computing")):
        if button == "cancel":
            client.post("/households/pairing/proposals/new/", {"scope": f"region:{land.county.pk}"})
        run = MatchingRun.objects.get()
        client.post(reverse(f"households:matching_{button}", args=[run.pk]))
        run.refresh_from_db()
        assert run.state == state
    jobs.run(run.job_id)
    client.post(reverse("households:matching_discard", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == "discarded"
    assert "名单已删除" in client.get(reverse("households:matching_detail", args=[run.pk])).content.decode()


def test_who_leaves_is_handed_over_by_a_proposal(land, client_as, boss):
    unit = UnitFactory(region=land.county)
    giver = CadreFactory(unit=unit, name="赵移交")
    CadreFactory(unit=unit, name="钱接收")
    PairingFactory(household=HouseholdFactory(village=land.village), cadre=giver)
    client = client_as(boss)
    client.post("/households/pairing/proposals/new/", {"scope": f"leaving:{giver.pk}"})
    run = MatchingRun.objects.get()
    jobs.run(run.job_id)
    client.post(reverse("households:matching_apply", args=[run.pk]))
    made = HandOver.objects.get()
    assert made.proposal == run
    assert (
        reverse("households:hand_over_detail", args=[made.pk])
        in client.get(reverse("households:matching_detail", args=[run.pk])).content.decode()
    )
    text = client.get(reverse("households:hand_over_detail", args=[made.pk])).content.decode()
    assert "现由钱接收（牵头）" in text


def test_the_tab_of_a_cadre(land, client_as, boss):
    cadre = CadreFactory(unit__region=land.county, name="李帮扶")
    house = HouseholdFactory(village=land.village, householder_name="张三")
    PairingFactory(household=house, cadre=cadre)
    PairingFactory(
        household=HouseholdFactory(village=land.village),
        cadre=cadre,
        starts_on=dt.date(2019, 1, 1),
        ends_on=dt.date(2020, 1, 1),
    )
    text = client_as(boss).get(f"{COVERAGE}helpers/{cadre.pk}/").content.decode()
    assert "张三" in text
    assert "以前帮扶过的农户" in text
    assert "共帮扶 1 户" in text
