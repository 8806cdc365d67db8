"""A review in a real browser: from the badge to the ledger, by mouse and by keyboard; every page of it by axe and on a small phone."""

from __future__ import annotations

import io
import json

import pytest
from django.urls import reverse
from PIL import Image

from accounts.roles import Role
from common import audit, vault
from households import services as ledger
from households.models import AUDITED
from surveys.models import Survey
from surveys.services import verification
from tests.browser import AXE, RULES, follow, go, leaving, wrong_with
from tests.factories import (
    SMALL_FORM,
    HouseholdFactory,
    SurveyFactory,
    SurveyFormFactory,
    SurveyPhotoFactory,
    invented_id_number,
)
from tests.factories.households import YEAR

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
BABY = "6f1c2f70-0000-4000-8000-00000000000a"


@pytest.fixture
def home(officer, village):
    household = ledger.register_household(
        village=village,
        by=officer,
        householder={"name": "王建国", "id_number": invented_id_number()},
        facts={"hamlet": "5组", "phone": "19900001111"},
    )
    for year in (YEAR - 1, YEAR):
        ledger.correct_year(
            household=household, year=year, by=officer, facts={"dwelling_area": 80, "water_source": "well"}
        )
        ledger.set_income(household=household, year=year, by=officer, lines={"wage.other": 18000})
    return household


@pytest.fixture
def survey(home, clerk, officer):
    """Sent by the clerk with everything a review can meet: a conflict, a question, somebody new, a photo, a number that was typed."""
    definition = json.loads(json.dumps(SMALL_FORM))
    definition["steps"][2]["fields"][0]["writes"] = "photo.dwelling"
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (120, 140, 90)).save(out, "JPEG")
    photo = SurveyPhotoFactory(
        survey=None, uploader=clerk, file=vault.put("surveys/x", out.getvalue()), width=640, height=480
    )
    head = home.members.get()
    one = SurveyFactory(
        household=home, form=SurveyFormFactory(definition=definition), year=YEAR, surveyor=clerk, photos_expected=1, questions=1,
        base={"dwelling_area": "80", "water_source": "well", "wage": "18000", "phone": "199****1111"},
        kept={"wage": ["是去年的 10 倍，是不是多写了一个 0？"]}, secrets=json.dumps({"phone": "19900002222"}),
        answers={
            "values": {"dwelling_area": "92", "water_source": "tap", "wage": "180000", "phone": "199****2222", "wish": "想学电焊",
                       "house_photo": [str(photo.uid)]},
            "members": [
                {"uid": str(head.uid), "values": {"name": "王建国", "relation": "01", "health": ["02"]}},
                {"uid": BABY, "new": True, "joined": {"reason": "birth", "on": f"{YEAR}-02-11"},
                 "values": {"name": "王小宝", "relation": "07", "birth_date": f"{YEAR}-02-11"}},
            ],
        },
    )  # fmt: skip
    photo.survey, photo.survey_uid = one, one.uid
    photo.save()
    ledger.correct_year(household=home, year=YEAR, by=officer, facts={"dwelling_area": 85})
    return one


@pytest.fixture
def addresses(survey, home, officer, resident, land):
    """Pages of review and verification, by name."""
    for _n in range(3):
        SurveyFactory(household=HouseholdFactory(village=land.village), form=survey.form, year=YEAR)
    task = verification.pick_by_hand(households=[home], year=YEAR, reason="群众反映不实", by=officer).tasks.get()
    verification.assign(task=task, assignee=resident, by=officer)
    second = SurveyFactory(
        household=home, form=survey.form, year=YEAR, surveyor=resident, purpose="verification",
        answers={"values": {"dwelling_area": "85", "water_source": "tap"}, "members": []},
    )  # fmt: skip
    done = verification.complete(survey=second)
    draw = verification.draw_random(region=land.township, year=YEAR, size=2, seed="07 12 19", by=officer)
    waiting = draw.tasks.order_by("pk").first()
    approved = SurveyFactory(household=home, form=survey.form, year=YEAR, approved=True)
    at = {"args": [survey.pk]}
    return {
        "list": reverse("surveys:survey_list"),
        "nothing": reverse("surveys:survey_list") + "?late=yes",
        "survey": reverse("surveys:survey_detail", **at),
        "approved": reverse("surveys:survey_detail", args=[approved.pk]),
        "of a household": reverse("surveys:household_surveys", args=[home.pk]),
        "kept filters": reverse("surveys:survey_views"),
        "tasks": reverse("surveys:task_list") + "?state=any",
        "task": reverse("surveys:task_detail", args=[done.pk]),
        "waiting task": reverse("surveys:task_detail", args=[waiting.pk]),
        "assign": reverse("surveys:task_assign", args=[waiting.pk]),
        "cancel": reverse("surveys:task_cancel", args=[waiting.pk]),
        "differences": reverse("surveys:difference_list"),
        "verdict": reverse("surveys:difference_resolve", args=[done.differences.first().pk]),
        "agreement": reverse("surveys:agreement") + f"?year={YEAR}",
        "draws": reverse("surveys:draw_list"),
        "draw": reverse("surveys:draw_detail", args=[draw.pk]),
        "new draw": reverse("surveys:draw_new"),
    }


def open_all(page):
    page.evaluate("document.querySelectorAll('main details').forEach((each) => (each.open = true))")


def test_axe_finds_nothing_and_nothing_is_too_wide(addresses, official, sign_in):
    assert wrong_with(sign_in(official), addresses, open_all) == {}


def test_from_the_badge_into_the_ledger(survey, home, official, sign_in):
    page = sign_in(official)
    assert page.locator(".side summary .badge").inner_text() == "1"
    go(page, "审核", "调查审核")
    assert page.locator(".side a .badge").inner_text() == "1"
    follow(page.locator("main").get_by_role("link", name="王建国"))
    assert page.url.endswith(f"/surveys/{survey.pk}/")

    # Three values side by side; the photo is there, small, and large behind a click.
    row = page.locator("tr", has=page.get_by_role("rowheader", name="饮水来源"))
    assert [cell.strip() for cell in row.locator("td").all_inner_texts()][:2] == ["井水", "井水"]
    assert "自来水" in row.inner_text()
    picture = page.locator(".shots img")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    large = page.context.request.get(page.locator(".shots a").get_attribute("href"))
    assert large.headers["content-type"] == "image/jpeg"
    assert "19900002222" not in page.content()

    # Neither of the two is chosen; without a choice nothing is written, and what was typed stays.
    assert page.locator("#conflicts input:checked").count() == 0
    page.get_by_label("审核意见").fill("电话已打通")
    follow(page.get_by_role("button", name="通过，写入台账"))
    assert page.get_by_text("请选择用哪一个。").first.is_visible()
    assert page.get_by_label("审核意见").input_value() == "电话已打通"
    home.refresh_from_db()
    assert home.phone_masked == "199****1111"

    page.get_by_text("用调查值：92 ㎡").click()
    follow(page.get_by_role("button", name="通过，写入台账"))
    assert page.get_by_text("请写明为什么选这一个，至少四个字。").first.is_visible()
    assert page.get_by_role("radio", name="用调查值：92 ㎡").is_checked()
    page.get_by_label("选择的理由").fill("入户量过")
    follow(page.get_by_role("button", name="通过，写入台账"))
    assert page.get_by_text("已通过：王建国户").is_visible()
    assert page.locator(".side .badge").count() == 0

    page.goto(home.get_absolute_url())
    assert page.get_by_text("92 ㎡").first.is_visible()
    page.get_by_role("heading", name="入户调查").scroll_into_view_if_needed()
    page.locator("a", has_text=f"{YEAR} 年入户调查").wait_for()
    assert set(home.members.values_list("name", flat=True)) == {"王建国", "王小宝"}
    assert home.photos.count() == 1
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken


def test_returned_by_keyboard_on_a_phone(survey, post, land, sign_in):
    page = sign_in(post(Role.TOWNSHIP_OFFICER, land.township), 390)
    page.goto(reverse("surveys:survey_detail", args=[survey.pk]))
    page.locator("summary", has_text="有问题其他工资性收入").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("请看银行流水")
    page.get_by_role("button", name="退回", exact=True).focus()
    with leaving(page):
        page.keyboard.press("Enter")
    assert page.get_by_text("已退回：王建国户").is_visible()
    survey.refresh_from_db()
    assert (survey.state, survey.reasons) == (Survey.State.RETURNED, {"wage": "请看银行流水"})


def test_many_at_once(survey, home, officer, clerk, official, sign_in):
    """Tick all, see what will happen and what is left alone, confirm."""
    for _n in range(2):
        SurveyFactory(
            household=home, form=survey.form, year=YEAR, surveyor=clerk, answers={"values": {"water_source": "well"}, "members": []}
        )  # fmt: skip
    page = sign_in(official, 390)
    page.goto(reverse("surveys:survey_list"))
    page.get_by_label("全选本页").check()
    follow(page.get_by_role("button", name="批量通过"))
    assert page.get_by_text("将通过 2 份调查").is_visible()
    assert page.get_by_text("有 1 处冲突").is_visible()
    page.evaluate(AXE.read_text())
    report = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    assert [v["id"] for v in report["violations"]] == []
    follow(page.get_by_role("button", name="确认通过"))
    assert page.get_by_text("已通过 2 份").is_visible()
    assert set(Survey.objects.values_list("pk", "state")) >= {(survey.pk, "submitted")}
    assert Survey.objects.filter(state="approved").count() == 2
