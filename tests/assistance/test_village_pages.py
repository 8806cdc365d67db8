"""The pages of 区域攻坚 and 闲置房: every figure is the length of its list, forms say what is wrong, nothing personal in full."""

import datetime as dt
import re
from decimal import Decimal
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from assistance import scans, villages
from assistance.models import AssistanceEvidence, Delivery, IdleHouse, Shortfall, Tenancy, VillageProject
from assistance.services import deliveries, funds
from assistance.services import houses as house_verbs
from assistance.services import projects as verbs
from cadres import needs, teams
from households.models import HouseholdYear
from regions.models import Level, Region
from tests.assistance.test_houses import homeless
from tests.assistance.test_projects import picture
from tests.factories import (
    EvidenceFactory,
    FundFactory,
    HouseholdFactory,
    IdleHouseFactory,
    ProjectFactory,
    RegionFactory,
    ShortfallFactory,
    TenancyFactory,
)
from tests.factories.assistance import MeasureFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)


def to(name, *args):
    return reverse(f"assistance:{name}", args=args)


def text_of(answer):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


# -- one village ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(land, official):
    """A village with something of everything; figures that are not 0 for every code of the lists."""
    village = land.village
    homes = [
        HouseholdFactory(village=village, with_householder=True, with_year=True, hamlet=f"{n % 3}组") for n in range(9)
    ]
    facts = [
        {"check_food": "no", "check_water": "no", "road": "01"}, {"check_clothing": "no", "has_power": False},
        {"check_education": "no", "water_safe": False, "road": "02"}, {"check_medical": "no", "has_broadcast": False},
        {"check_housing": "no"}, {"dwelling_grade": "D", "water_scarce": True},
    ]  # fmt: skip
    for home, fact in zip(homes, facts, strict=False):
        HouseholdYear.objects.filter(household=home).update(**fact)
    HouseholdFactory(village=village)  # without a record
    closed = HouseholdFactory(village=village, closed=True, with_year=True)
    HouseholdYear.objects.filter(household=closed).update(check_food="no", dwelling_unsafe=True)
    HouseholdFactory(village=land.near_village, with_year=True)
    year = TODAY.year
    MeasureFactory(household=homes[0], approved=True, year=year, state="approved", amount=Decimal(500))
    MeasureFactory(household=homes[1], year=year, state="proposed")
    MeasureFactory(household=homes[2], approved=True, year=year - 1, state="approved")
    MeasureFactory(household=homes[3], approved=True, year=year, state="delivered")
    MeasureFactory(household=homes[4], approved=True, year=year, state="confirmed", amount=Decimal(300))
    MeasureFactory(household=homes[4], approved=True, year=year, state="approved")
    MeasureFactory(household=closed, approved=True, year=year, state="approved")
    TenancyFactory(household=homes[5], house=IdleHouseFactory(village=village))
    fund = FundFactory(region=land.county)
    for n, stage in enumerate(("proposed", "approved", "building", "finished", "accepted", "handed_over", "cancelled")):
        late = TODAY - DAY if n in (1, 2, 4) else None
        project = ProjectFactory(village=village, stage=stage, sector=("water", "road")[n % 2], due_on=late)
        if stage in ("building", "accepted"):
            funds.reserve(project=project, fund=fund, amount=Decimal(20000), on=TODAY, by=official)
            funds.pay_project(project=project, fund=fund, amount=Decimal(5000), on=TODAY, reference="凭证", by=official)
    ProjectFactory(village=land.near_village)
    ShortfallFactory(village=village)
    ShortfallFactory(village=village, sector="road", project=VillageProject.objects.filter(village=village).first())
    ShortfallFactory(village=village, resolved_on=TODAY, resolved_by="clerk", resolved_note="已通水")
    IdleHouseFactory(village=village)
    return village


def listed(client, url):
    """How many rows the list behind a figure has, all pages of it."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    context = answer.context
    return context["page"].count.value


def test_every_figure_is_the_length_of_its_list(full, clerk, client_as):
    client = client_as(clerk)
    answer = client.get(to("village_page", full.pk))
    wheels = answer.context["wheels"]
    assert set(wheels.counts) == set(villages.OF) - {code for code in villages.OF if code.startswith("column-")}
    for code, count in wheels.counts.items():
        assert listed(client, to("village_households", full.pk) + f"?of={code if code != 'all' else ''}") == count, code
    zero = [code for code, count in wheels.counts.items() if not count]
    assert zero == []
    shown = [item for group in (*answer.context["missing"], answer.context["stages"]) for item in group]
    assert len(shown) > 20
    for item in shown:
        assert listed(client, item["url"]) == item["value"], item
    for item in answer.context["kpis"]:
        if item["unit"] != "元":
            assert f"{listed(client, item['url']):,}" == item["value"], item
    for lack, url, _register in answer.context["lacks"]:
        assert listed(client, url) == lack.count
        assert lack.of == wheels.counts["recorded"]
    assert {lack.sector for lack, _url, _register in answer.context["lacks"]} == {"water", "power", "road", "network"}


def test_columns_of_help_add_up_to_their_lists(full, clerk, client_as):
    client = client_as(clerk)
    answer = client.get(to("village_page", full.pk))
    assert answer.context["first"]
    for column, url in answer.context["first"]:
        page = client.get(url)
        rows = [household for _row, household in page.context["rows"]]
        assert len(rows) == column.households
        assert sum(h.measure_count for h in rows) == column.measures
        assert sum(h.planned for h in rows) == column.planned
        assert sum(h.received for h in rows) == column.received
    assert sum(c.confirmed for c, _url in answer.context["first"]) == 1


def test_the_money_of_the_village_is_that_of_its_projects_and_funds(full, clerk, official, client_as):
    answer = client_as(clerk).get(to("village_page", full.pk))
    wheels = answer.context["wheels"]
    assert (wheels.reserved, wheels.paid) == (30000, 10000)
    assert "已安排 40,000，已支付 10,000" in text_of(answer)
    building = next(p for p in wheels.projects if p.stage == "building")
    money = villages.money_of(building, official)
    assert (money.reserved, money.paid, money.arranged, money.lacks) == (15000, 5000, 20000, 180000)
    assert [(s.reserved, s.paid) for s in money.sources] == [(15000, 5000)]
    assert villages.money_of(building, clerk).sources is None


def test_another_year_counts_its_own_measures(full, clerk, client_as):
    answer = client_as(clerk).get(to("village_page", full.pk) + f"?year={TODAY.year - 1}")
    wheels = answer.context["wheels"]
    assert (wheels.counts["with"], wheels.counts["confirmed"]) == (1, 0)
    client = client_as(clerk)
    for item in answer.context["missing"][0]:
        assert listed(client, item["url"]) == item["value"], item


def test_what_was_delivered_counts_with_what_was_taken_back(full, official, officer, clerk, client_as):
    fund = FundFactory(region=official.postings_now[0].region)
    household = HouseholdFactory(village=full, with_householder=True, with_year=True)
    measure = MeasureFactory(household=household, approved=True, year=TODAY.year)
    delivery = deliveries.deliver(measure=measure, on=TODAY, by=officer, shares=[(fund, Decimal(800))])
    url = to("village_page", full.pk)
    assert client_as(clerk).get(url).context["wheels"].received == 800
    deliveries.reverse_delivery(delivery=delivery, on=TODAY, reason="登记错了户", by=officer)
    page = client_as(clerk).get(url)
    assert page.context["wheels"].received == 0
    assert Delivery.objects.for_user(official).count() == 2


def test_what_is_due_and_not_received_is_said_as_of_the_last_look(full, clerk, client_as):
    page = to("village_page", full.pk)
    assert "看应享未享" in text_of(client_as(clerk).get(page))
    scans.scan([full], TODAY.year)
    scan = client_as(clerk).get(page).context["wheels"].scan
    assert scan.households == 10
    assert f"应享未享 {scan.states.get('missing', 0)} 项" in text_of(client_as(clerk).get(page))


def test_a_village_outside_is_none(full, land, clerk, helper, stranger, client_as):
    assert client_as(clerk).get(to("village_page", land.near_village.pk)).status_code == 404
    assert client_as(clerk).get(to("village_page", land.township.pk)).status_code == 404
    assert client_as(stranger).get(to("village_page", full.pk)).status_code == 403
    assert client_as(helper).get(to("village_page", full.pk)).status_code == 404


# -- side by side -----------------------------------------------------------------------------------------------------------------------


def test_lines_add_up_at_every_level(full, land, official, client_as):
    client = client_as(official)
    county = client.get(to("village_list"))
    assert [row["cells"][1]["value"] for row in county.context["rows"]] == [None, 0], "nobody has looked yet"
    assert "待统计" in text_of(county)
    scans.scan([full, land.near_village], TODAY.year)
    county = client.get(to("village_list"))
    assert [row["label"] for row in county.context["rows"]] == ["石门乡", "柳河镇"]
    township = client.get(to("village_list") + f"?region={land.township.pk}")
    assert [row["label"] for row in township.context["rows"]] == ["青石村", "白石村"]
    village = client.get(to("village_list") + f"?region={full.pk}")
    first = county.context["rows"][0]
    assert (
        first["cells"] == county.context["whole"]["cells"] or first["arranged"] == county.context["whole"]["arranged"]
    )
    values = [cell["value"] for cell in first["cells"]]
    assert values == [cell["value"] for cell in township.context["whole"]["cells"]]
    assert [cell["value"] for cell in village.context["rows"][0]["cells"]] == [10, 3, 2, 3, 3]
    assert (first["arranged"], first["paid"]) == (40000, 10000)
    for row in township.context["rows"]:
        for cell in row["cells"]:
            if cell["url"] and "households" not in cell["url"]:
                assert listed(client, cell["url"]) == cell["value"], cell
    one = village.context["rows"][0]["cells"][1]
    assert listed(client, one["url"]) == one["value"]


def test_the_number_of_queries_does_not_grow_with_villages(full, land, official, clerk, client_as, count_queries):
    client = client_as(official)
    pages = [to("village_list"), to("village_list") + f"?region={land.township.pk}", to("village_page", full.pk), to("project_list"),
             to("shortfall_list"), to("house_list"), to("village_households", full.pk) + "?of=with"]  # fmt: skip
    for page in pages:
        client.get(page)
    before = [count_queries(lambda page=page: client.get(page)) for page in pages]
    for _n in range(4):
        village = RegionFactory(level=Level.VILLAGE, parent=land.township)
        ProjectFactory.create_batch(2, village=village)
        ProjectFactory(village=full, stage="building")
        ShortfallFactory(village=village)
        MeasureFactory(
            household=HouseholdFactory(village=full, with_year=True), approved=True, year=TODAY.year, state="approved"
        )
        IdleHouseFactory(village=village)
    after = [count_queries(lambda page=page: client.get(page)) for page in pages]
    assert [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if b > a] == []
    assert max(after) <= 26


# -- projects ---------------------------------------------------------------------------------------------------------------------------


def test_a_project_is_led_from_form_to_form(land, clerk, officer, client_as):
    mine, office = client_as(clerk), client_as(officer)
    answer = mine.post(
        to("project_new"),
        {"village": land.village.pk, "sector": "road", "title": "3组道路硬化", "year": TODAY.year, "budget": "120,000", "quantity": "800", "unit": "米", "on": TODAY.isoformat()},
    )  # fmt: skip
    project = VillageProject.objects.get()
    assert answer.url == to("project_detail", project.pk)
    here = to("project_detail", project.pk)
    assert "批准立项" not in text_of(mine.get(here))
    assert "批准立项" in text_of(office.get(here))
    day = {"on": TODAY.isoformat(), "version": 1}
    assert office.post(to("project_act", project.pk, "approve"), day).url == here
    stale = mine.post(to("project_act", project.pk, "start"), day)
    assert stale.status_code == 422
    assert "别人修改过" in text_of(stale)
    for client, act in ((mine, "start"), (mine, "finish")):
        assert client.post(to("project_act", project.pk, act), {"on": TODAY.isoformat()}).status_code == 302
    refused = office.post(to("project_act", project.pk, "accept"), {"on": TODAY.isoformat()})
    assert "至少一张验收照片" in text_of(refused)
    photo = {"stage": "acceptance", "upload": picture()}
    assert mine.post(to("project_photo_add", project.pk), photo).url == here
    assert office.post(to("project_act", project.pk, "accept"), {"on": TODAY.isoformat()}).url == here
    assert (
        mine.post(to("project_act", project.pk, "hand-over"), {"on": TODAY.isoformat(), "note": ""}).status_code == 422
    )
    assert (
        mine.post(to("project_act", project.pk, "hand-over"), {"on": TODAY.isoformat(), "note": "交村委会"}).url == here
    )
    page = text_of(mine.get(here))
    assert "移交管护" in page
    assert "120,000" in page
    assert "还差" in page
    shown = mine.get(to("evidence", AssistanceEvidence.objects.get().uid) + "?size=small")
    assert (shown.status_code, shown["Cache-Control"]) == (200, "private, no-store")


@pytest.mark.parametrize(
    ("wrong", "say"),
    [
        ({"title": ""}, "请填写这一项"), ({"budget": "-1"}, "大于 0"), ({"budget": "很多"}, "请写成数字"), ({"year": "1999"}, "2010"),
        ({"on": (TODAY + DAY).isoformat()}, "日期在今天之后"),
        ({"due_on": "2026-01-01", "starts_on": "2026-02-01"}, "计划完工在计划开工之前"), ({"village": "999999"}, "不在您的管理范围内"),
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_says_so_and_keeps_what_was_typed(wrong, say, land, clerk, client_as):
    data = {
        "village": land.village.pk,
        "sector": "road",
        "title": "3组道路硬化",
        "year": TODAY.year,
        "on": TODAY.isoformat(),
    }
    answer = client_as(clerk).post(to("project_new"), data | wrong)
    assert answer.status_code == 422
    assert say in text_of(answer)
    assert not VillageProject.objects.exists()


def test_a_village_of_others_cannot_be_forged(land, clerk, client_as):
    data = {
        "village": land.near_village.pk,
        "sector": "road",
        "title": "3组道路硬化",
        "year": TODAY.year,
        "on": TODAY.isoformat(),
    }
    assert client_as(clerk).post(to("project_new"), data).status_code == 422
    assert (
        client_as(clerk).get(to("project_new") + f"?village={land.near_village.pk}").context["form"].initial["village"]
        is None
    )


def test_changing_a_project_through_its_form(land, clerk, client_as):
    project = ProjectFactory(village=land.village, stage="approved")
    page = client_as(clerk).get(to("project_change", project.pk))
    assert "budget" not in page.context["form"].fields
    data = {"title": "5组饮水", "version": 1, "builder": "县水务公司"}
    assert client_as(clerk).post(to("project_change", project.pk), data).status_code == 302
    project.refresh_from_db()
    assert (project.title, project.builder, project.budget) == ("5组饮水", "县水务公司", 200000)


def test_households_are_put_on_the_list_ticked_filtered_or_all(land, clerk, client_as):
    project, client = ProjectFactory(village=land.village), client_as(clerk)
    homes = [
        HouseholdFactory(village=land.village, hamlet=h, with_householder=True) for h in ("1组", "1组", "2组", "3组")
    ]
    other = HouseholdFactory(village=land.other_village)
    add, remove = (to("project_households_change", project.pk, how) for how in ("add", "remove"))
    client.post(add, {"pk": [homes[3].pk, other.pk]})
    assert set(project.beneficiaries.values_list("household_id", flat=True)) == {homes[3].pk}
    client.post(add, {"hamlet": "1组", "all": "1"})
    assert project.beneficiaries.count() == 3
    client.post(add, {"all": "1"})
    assert project.beneficiaries.count() == 4
    page = client.get(to("project_households", project.pk) + "?have=no")
    assert page.context["page"].count.value == 0
    client.post(remove, {"pk": [homes[0].pk]})
    assert listed(client, to("project_households", project.pk) + "?have=yes") == 3
    said = client.post(add, {}, follow=True)
    assert "还没有选择农户" in text_of(said)


def test_photos_of_a_project_are_removed_by_a_button(land, clerk, client_as):
    project, client = ProjectFactory(village=land.village), client_as(clerk)
    bad = client.post(
        to("project_photo_add", project.pk), {"stage": "before", "upload": SimpleUploadedFile("a.jpg", b"x")}
    )
    assert bad.status_code == 422
    assert "不是照片" in text_of(bad)
    photo = EvidenceFactory(project=project)
    client.post(to("project_photo_remove", project.pk, photo.pk))
    photo.refresh_from_db()
    assert photo.removed_at
    assert client.get(to("evidence", photo.uid)).status_code == 404


# -- shortfalls -------------------------------------------------------------------------------------------------------------------------


def test_a_suggestion_becomes_a_shortfall_is_tied_and_resolved(full, clerk, client_as):
    client = client_as(clerk)
    lacks = client.get(to("village_page", full.pk)).context["lacks"]
    power = next((lack, register) for lack, _url, register in lacks if lack.sector == "power")
    form = client.get(power[1]).context["form"]
    assert form.initial["text"] == "1 户没有通生活用电"
    data = {"village": full.pk, "sector": "power", "text": form.initial["text"], "found_on": TODAY.isoformat()}
    assert client.post(to("shortfall_new"), data).status_code == 302
    row = Shortfall.objects.get(sector="power")
    assert client.post(to("shortfall_new"), data).status_code == 422
    lacks = client.get(to("village_page", full.pk)).context["lacks"]
    assert next(lack.known for lack, *_rest in lacks if lack.sector == "power")
    project = VillageProject.objects.filter(village=full, stage="building").get()
    assert client.post(to("shortfall_tie", row.pk), {"project": project.pk}).status_code == 302
    assert client.post(to("shortfall_tie", row.pk), {"project": "999"}).status_code == 422
    assert client.post(to("shortfall_resolve", row.pk), {"on": TODAY.isoformat(), "note": "好"}).status_code == 422
    assert (
        client.post(to("shortfall_resolve", row.pk), {"on": TODAY.isoformat(), "note": "电网改造"}).status_code == 302
    )
    row.refresh_from_db()
    assert (row.project, row.resolved_note) == (project, "电网改造")


# -- houses -----------------------------------------------------------------------------------------------------------------------------

HOUSE = {
    "hamlet": "3组", "address": "3组村小学旁", "ownership": "private", "owner_name": "李老四", "owner_phone": "19900003333", "area": "80", "rooms": "3",
    "is_step_free": "on", "has_water": "1", "has_power": "", "rent": "100", "note": "",
}  # fmt: skip


def test_a_house_from_form_to_form_until_somebody_lives_there(land, clerk, client_as):
    client = client_as(clerk)
    client.post(to("house_new"), HOUSE | {"village": land.village.pk})
    house = IdleHouse.objects.get()
    assert (house.has_water, house.has_power, house.is_step_free) == (True, None, True)
    here = to("house_detail", house.pk)
    page = client.get(here)
    assert "199****3333" in text_of(page)
    assert "19900003333" not in page.content.decode()
    assert "找合适的农户" not in text_of(page)
    client.post(
        to("house_inspect", house.pk), {"on": TODAY.isoformat(), "grade": "B", "note": "屋面完好", "upload": picture()}
    )
    household = homeless(land.village)
    assert "找合适的农户" in text_of(client.get(here))
    match = client.get(to("house_households", house.pk))
    assert [h for h, _match in match.context["matches"]] == [household]
    card = text_of(client.get(household.get_absolute_url()))
    assert "找一处闲置房" in card
    back = client.get(to("household_houses", household.pk))
    assert [h for h, _match in back.context["matches"]] == [house]
    offer = to("tenancy_offer", household.pk, house.pk)
    assert "就在本村" in text_of(client.get(offer))
    over = client.post(offer, {"on": TODAY.isoformat(), "rent": "100", "subsidy": "101"})
    assert "补助不能超过月租金" in text_of(over)
    client.post(offer, {"on": TODAY.isoformat(), "rent": "100", "subsidy": "60"})
    tenancy = Tenancy.objects.get()
    act = lambda name, **more: client.post(to("tenancy_act", tenancy.pk, name), {"on": TODAY.isoformat()} | more)  # noqa: E731
    assert act("move-in").status_code == 422
    assert act("accept").status_code == 302
    assert act("move-in").status_code == 302
    page = client.get(to("tenancy_detail", tenancy.pk))
    assert page.context["correct_url"].endswith("/dwelling/")
    assert "去修改住房" in text_of(page)
    assert "已入住" in text_of(client.get(household.get_absolute_url()))
    HouseholdYear.objects.filter(household=household).update(dwelling_unsafe=False)
    assert client.get(to("tenancy_detail", tenancy.pk)).context["correct_url"] == ""
    assert act("end", reason="").status_code == 422
    assert act("end", reason="自家新房建成").status_code == 302
    assert "可安排" in text_of(client.get(here))


@pytest.mark.parametrize(
    ("wrong", "say"),
    [({"area": "0"}, "面积要大于 0"), ({"rent": "-1"}, "不能小于 0"), ({"rooms": "0"}, "间数要大于 0"), ({"owner_phone": "12"}, "不像电话号码")],
)  # fmt: skip
def test_a_house_form_that_is_wrong_says_so(wrong, say, land, clerk, client_as):
    answer = client_as(clerk).post(to("house_new"), HOUSE | {"village": land.village.pk} | wrong)
    assert answer.status_code == 422
    assert say in text_of(answer)


def test_a_phone_left_empty_stays(land, clerk, client_as):
    house = IdleHouseFactory(village=land.village)
    page = client_as(clerk).get(to("house_change", house.pk))
    assert "199****3333" in text_of(page)
    data = HOUSE | {"owner_phone": "", "note": "钥匙在村委会", "version": 1}
    assert client_as(clerk).post(to("house_change", house.pk), data).status_code == 302
    house.refresh_from_db()
    assert (house.owner_phone_masked, house.note) == ("199****3333", "钥匙在村委会")


def test_the_phone_is_shown_once_for_a_reason(land, officer, clerk, client_as):
    house = IdleHouseFactory(village=land.village)
    assert client_as(clerk).get(to("house_reveal", house.pk)).status_code == 403
    answer = client_as(officer).post(to("house_reveal", house.pk), {"reason": "联系房主看房"})
    assert "19900003333" in text_of(answer)
    assert answer["Cache-Control"] == "no-store, private"


def test_a_house_is_withdrawn_and_offered_again(land, clerk, client_as):
    house, client = IdleHouseFactory(village=land.village), client_as(clerk)
    client.post(to("house_withdraw", house.pk), {"reason": "房主收回自住"})
    assert "重新提供" in text_of(client.get(to("house_detail", house.pk)))
    client.post(to("house_restore", house.pk))
    house.refresh_from_db()
    assert house.state == "free"
    again = client.post(to("house_restore", house.pk), follow=True)
    assert "没有停止提供" in text_of(again)


def test_a_photo_of_a_house_comes_and_goes(land, clerk, client_as):
    house, client = IdleHouseFactory(village=land.village), client_as(clerk)
    client.post(to("house_photo_add", house.pk), {"upload": picture()})
    photo = house.evidence.get()
    assert to("evidence", photo.uid) in client.get(to("house_detail", house.pk)).content.decode()
    client.post(to("house_photo_remove", house.pk, photo.pk))
    assert not house.evidence.filter(removed_at=None).exists()
    assert (
        client.post(to("house_photo_add", house.pk), {"upload": SimpleUploadedFile("a.jpg", b"x")}).status_code == 422
    )


def test_lists_of_houses_by_what_is_to_be_done(land, clerk, client_as):
    client = client_as(clerk)
    bare = IdleHouseFactory(village=land.village, bare=True)
    late = IdleHouseFactory(village=land.village, next_inspection_on=TODAY - DAY)
    soon = IdleHouseFactory(village=land.village, next_inspection_on=TODAY + 10 * DAY)
    fine = IdleHouseFactory(village=land.village, is_step_free=True, next_inspection_on=TODAY + 300 * DAY)
    gone = IdleHouseFactory(village=land.village, state="withdrawn", next_inspection_on=TODAY - DAY)
    unsafe = TenancyFactory(
        house=IdleHouseFactory(village=land.village, state="repair", grade="D"), state="moved_in", moved_in_on=TODAY
    ).house

    def found(query):
        return {house for house, *_rest in client.get(to("house_list") + f"?{query}").context["rows"]}

    assert found("") == {bare, late, soon, fine, unsafe}
    assert found("state=any") == {bare, late, soon, fine, unsafe, gone}
    assert found("state=offer") == {late, soon, fine}
    assert found("state=unsafe_let") == {unsafe}
    assert found("state=repair") == {unsafe}
    assert found("inspection=none") == {bare}
    assert found("inspection=overdue") == {late}
    assert found("inspection=due") == {soon}
    assert found("inspection=todo") == {bare, late, soon}
    assert found("step_free=yes") == {fine}
    assert found("grade=D") == {unsafe}
    assert "危房里还住着人" in text_of(client.get(to("house_detail", unsafe.pk)))
    home = text_of(client.get(reverse("home")))
    assert "要检查的闲置房" in home


def test_what_ended_before_anybody_moved_in_was_taken_back(land, clerk, client_as):
    row = TenancyFactory(house=IdleHouseFactory(village=land.village), household=homeless(land.village))
    house_verbs.end(tenancy=row, on=TODAY, reason="房屋漏雨", by=clerk)
    assert "已取消" in text_of(client_as(clerk).get(to("tenancy_detail", row.pk)))


@pytest.mark.parametrize("page", ["project_act", "tenancy_act"])
def test_a_step_that_does_not_exist_is_no_page(page, land, clerk, client_as):
    row = (
        ProjectFactory(village=land.village)
        if page == "project_act"
        else TenancyFactory(house=IdleHouseFactory(village=land.village))
    )
    assert client_as(clerk).get(to(page, row.pk, "fly")).status_code == 404


def test_projects_wait_on_the_first_page(land, clerk, officer, client_as):
    ProjectFactory(village=land.village)
    ProjectFactory(village=land.village, stage="finished")
    ProjectFactory(village=land.village, stage="building", due_on=TODAY - DAY)
    home = text_of(client_as(officer).get(reverse("home")))
    assert all(words in home for words in ("待审批的项目", "待验收的项目", "逾期的项目"))
    assert "待审批的项目" not in text_of(client_as(clerk).get(reverse("home")))
    assert verbs.UNFINISHED


def test_an_open_shortfall_asks_for_a_skill_of_who_comes_to_help(land, officer, client_as):
    ShortfallFactory(village=land.village, sector="water", text="3组没有通自来水")
    ShortfallFactory(village=land.village, sector="concentration", text="资金分散")
    page = client_as(officer).get(reverse("cadres:need_page", args=[land.village.pk])).content.decode()
    assert "3组没有通自来水" in page
    balance = needs.balances_of(teams.with_state(Region.objects.filter(pk=land.village.pk)))[0]
    assert [ask.code for ask in balance.asks if ask.kind == "skill"] == ["water"]
    assert [need.label for need in balance.others] == ["资金分散"]
