"""区域攻坚 and 闲置房 on a phone: a house is inspected, a household moves in; every page by axe and at 320 px."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from assistance.models import IdleHouse, Tenancy, VillageProject
from assistance.services import houses, projects
from households import services as ledger
from tests.browser import follow, wrong_with
from tests.factories import invented_id_number
from tests.factories.households import YEAR

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
TODAY = timezone.localdate()


def picture() -> dict[str, object]:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (120, 140, 90)).save(out, "JPEG")
    return {"name": "house.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


@pytest.fixture
def home(officer, village):
    """A household of an old man whose dwelling is unsafe."""
    household = ledger.register_household(
        village=village, by=officer, householder={"name": "王建国", "id_number": invented_id_number()}, facts={"hamlet": "3组"}
    )  # fmt: skip
    ledger.correct_year(
        household=household, year=YEAR, by=officer, facts={"dwelling_unsafe": True, "check_housing": "no", "road": "01"}
    )
    return household


@pytest.fixture
def house(clerk, village):
    facts = {
        "hamlet": "3组", "address": "3组村小学旁", "ownership": "private", "owner_name": "李老四", "owner_phone": "19900003333", "area": 60,
        "rooms": 2, "is_step_free": True, "rent": 100,
    }  # fmt: skip
    return houses.register_house(village=village, facts=facts, by=clerk)


def test_inspected_and_moved_in_on_a_phone(home, house, clerk, sign_in):
    page = sign_in(clerk, 390)
    page.goto(reverse("assistance:house_list") + "?inspection=none")
    follow(page.locator("main").get_by_role("link", name="3组村小学旁"))
    assert page.get_by_role("link", name="找合适的农户").count() == 0
    follow(page.get_by_role("link", name="登记检查"))
    page.get_by_text("B 级", exact=True).click()
    page.get_by_label("情况").fill("屋面完好，门窗齐全")
    page.locator("input[type=file]").set_input_files(picture())
    follow(page.get_by_role("button", name="保存"))
    assert page.url.endswith(reverse("assistance:house_detail", args=[house.pk]))
    assert page.get_by_text("已登记检查：B 级").is_visible()
    assert page.get_by_text("199****3333").is_visible()

    follow(page.get_by_role("link", name="找合适的农户"))
    assert page.get_by_text("就在本组。").is_visible()
    follow(page.get_by_role("link", name="推荐", exact=True))
    page.get_by_label("其中补助").fill("120")
    follow(page.get_by_role("button", name="推荐"))
    assert page.get_by_text("补助不能超过月租金，请核对。").first.is_visible()
    page.get_by_label("其中补助").fill("60")
    follow(page.get_by_role("button", name="推荐"))
    follow(page.get_by_role("link", name="农户同意"))
    follow(page.get_by_role("button", name="农户同意"))
    follow(page.get_by_role("link", name="登记入住"))
    follow(page.get_by_role("button", name="登记入住"))
    tenancy = Tenancy.objects.get()
    assert (tenancy.state, tenancy.subsidy) == ("moved_in", 60)
    assert IdleHouse.objects.get().state == "let"

    # The annual record still says that the dwelling is unsafe: the page leads to where it is corrected.
    follow(page.get_by_role("link", name="去修改住房"))
    assert f"/households/{home.pk}/years/{YEAR}/dwelling/" in page.url
    page.goto(home.get_absolute_url())
    assert page.get_by_text("已入住").first.is_visible()


@pytest.fixture
def addresses(home, house, clerk, officer, village):
    """Pages of villages and houses, by name."""
    project = projects.propose_project(
        village=village, facts={"sector": "water", "title": "3组饮水管网改造", "year": YEAR, "budget": 180000}, by=clerk
    )
    shortfall = projects.register_shortfall(
        village=village, sector="road", text="3组道路没有硬化", found_on=TODAY, by=clerk
    )
    houses.inspect_house(house=house, on=TODAY, grade="B", by=clerk)
    other = houses.register_house(
        village=village, by=clerk, facts={"address": "5组坡上赵家院", "ownership": "private", "owner_name": "赵有田", "area": 90, "rooms": 4, "rent": 0},
    )  # fmt: skip
    houses.inspect_house(house=other, on=TODAY, grade="A", by=clerk)

    def at(name, *args):
        return reverse(f"assistance:{name}", args=args)

    return {
        "villages": at("village_list"),
        "village": at("village_page", village.pk),
        "households": at("village_households", village.pk) + "?of=unsafe",
        "projects": at("project_list"),
        "project": at("project_detail", project.pk),
        "new project": at("project_new"),
        "approve": at("project_act", project.pk, "approve"),
        "photo": at("project_photo_add", project.pk),
        "benefits": at("project_households", project.pk),
        "shortfalls": at("shortfall_list"),
        "tie": at("shortfall_tie", shortfall.pk),
        "houses": at("house_list"),
        "house": at("house_detail", house.pk),
        "new house": at("house_new"),
        "inspect": at("house_inspect", house.pk),
        "phone": at("house_reveal", house.pk),
        "who for a house": at("house_households", house.pk),
        "houses for a household": at("household_houses", home.pk),
        "offer": at("tenancy_offer", home.pk, house.pk),
    }


def test_axe_finds_nothing_and_nothing_is_too_wide(addresses, officer, sign_in):
    assert wrong_with(sign_in(officer), addresses) == {}
    assert VillageProject.objects.exists()
