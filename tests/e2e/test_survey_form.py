"""The survey form as a surveyor meets it: keys only, on a small phone, for a household of five; online; from paper; as last year."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import re
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.db import connections
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from households.services.annual import totals
from surveys.models import Survey, SurveyForm
from surveys.standard import ensure_standard_forms
from tests.browser import AXE, CHROMIUM, OVERFLOW, RULES, SWITCHES, at_rest, follow, leaving, log_in
from tests.e2e.phone import chip, saved, worker_ready
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    IncomeLineFactory,
    MemberFactory,
    MemberYearFactory,
    PairingFactory,
    SurveyFactory,
)
from tests.factories.households import invented_id_number

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]

# name, relation, sex, birthday
PEOPLE = [
    ("王建国", "01", "1", dt.date(1966, 3, 1)),
    ("李秀英", "02", "2", dt.date(1968, 7, 12)),
    ("王磊", "03", "1", dt.date(1992, 1, 9)),
    ("张敏", "05", "2", dt.date(1993, 5, 20)),
    ("王小宝", "07", "1", dt.date(2016, 9, 1)),
]
LINES = {"wage.other": 18000, "business.crop": 5900, "property.lease": 800, "transfer.pension": 4020}


@pytest.fixture
def five(land):
    """A household of five with last year's record: what a surveyor finds under each label."""
    ensure_standard_forms()
    year = timezone.localdate().year
    household = HouseholdFactory(village=land.village, householder_name="王建国", hamlet="三组", member_count=5)
    record = HouseholdYearFactory(
        household=household, year=year - 1, population=5, category="07", main_cause="02", dwelling_area=Decimal(92), dwelling_grade="B",
        dwelling_unsafe=False, has_toilet=True, fuel="04", road="03", road_distance=Decimal("0.3"), has_power=True, has_production_power=True,
        has_broadcast=True, water_source="tap", water_safe=True, water_scarce=False, farmland=Decimal("6.5"), irrigated=Decimal(4),
        woodland=Decimal(12), in_cooperative=True, is_relocated=False, check_food="yes", check_clothing="yes", check_education="yes",
        check_medical="yes", check_housing="yes", check_water="yes",
    )  # fmt: skip
    for item, amount in LINES.items():
        IncomeLineFactory(household_year=record, item=item, amount=amount)
    IncomeLineFactory(household_year=record, item="expense.business", amount=Decimal("2600.50"))
    members = []
    for name, relation, sex, born in PEOPLE:
        member = MemberFactory(
            household=household, name=name, relation=relation, sex=sex, birth_date=born, ethnicity="01"
        )
        child = born.year > 2010
        MemberYearFactory(
            member=member, year=year - 1, education="02" if child else "03", school="03" if child else "01", health=["01"],
            labour="" if child else "01", work_area="04" if relation in ("03", "05") else "", work_months=9 if relation in ("03", "05") else None,
            medical_resident=True, pension_resident=None if child else True, politics="13", speaks_mandarin=True, in_military=False,
        )  # fmt: skip
        members.append(member)
    return SimpleNamespace(household=household, members=members, year=year)


def address(household, more=""):
    return f"/collect/forms/household/2026.1/#household={household.uid}{more}"


def _jpeg(size):
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def opened(page, where):
    page.add_init_script(path=AXE)
    page.goto(where)
    page.wait_for_selector("#survey:not([hidden])")
    return page


# -- a surveyor without mouse and finger ----------------------------------------------------------------------------------------

FOCUS = """() => {
  const e = document.activeElement, box = e.closest("[data-path]"), group = e.closest(".choices");
  return {
    lost: e === document.body || e.offsetParent === null && e !== document.querySelector("#main"), id: e.id, tag: e.tagName, type: e.type || "",
    act: e.dataset.do || "", path: box ? box.dataset.path : "", text: (e.textContent || "").trim(), value: e.value || "",
    moved: (e.closest("[data-moved]") || { dataset: {} }).dataset.moved || "", uid: (e.closest(".sv-one") || { dataset: {} }).dataset.uid || "",
    open: e.tagName === "SUMMARY" && e.parentNode.open, codes: group ? [...group.querySelectorAll("input")].map(one => one.value) : [],
    options: e.tagName === "SELECT" ? [...e.options].filter(one => !one.disabled).map(one => one.value) : [], hidden: e.getClientRects().length === 0,
  };
}"""


class Keys:
    """Goes through the form by Tab and answers what it meets, as the plan says: {path or field id: answer}; `SAME` presses 「与去年相同」."""

    SAME = object()

    def __init__(self, page, plan):
        self.page, self.plan, self.met = page, plan, set()
        # From here on the browser hands over every file chooser: asked for together with the key that opens one, it may come too late.
        page.on("filechooser", lambda _chooser: None)

    def at(self):
        state = self.page.evaluate(FOCUS)
        assert not state["lost"], f"the focus is lost: {state}"
        return state

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        return self.at()

    def asked(self, path):
        """The plan's answer to a path: its own, else that of the field for whoever it is."""
        for name in (path, path.rpartition("/")[2]):
            if name in self.plan:
                self.met.add(name)
                return self.plan[name]
        return None

    def step(self, *, copy=(), on_button=None):
        """From the heading to the button 「保存，下一步」, then through it. `copy`: where 「空着的都与去年相同」 is pressed."""
        state = self.press("Tab")
        for _ in range(400):
            if state["id"] == "next":
                return self.press("Enter")
            self.stop(state, copy, on_button)
            state = self.press("Tab")
        raise AssertionError("Tab goes in a circle")

    def stop(self, state, copy, on_button):
        tag, act, path = state["tag"], state["act"], state["path"]
        if on_button and act and on_button(self, state):
            return
        if tag == "SUMMARY":
            if not state["open"]:
                self.press("Enter")
        elif act == "all":
            if state["uid"] in copy or "" in copy and not state["uid"]:
                self.press("Enter")
        elif act == "same":
            if self.asked(path) is self.SAME:
                self.press("Space")
        elif path and tag in ("INPUT", "SELECT", "TEXTAREA"):
            self.answer(state, self.asked(path))

    def answer(self, state, value):
        if value is None or value is self.SAME:
            return
        keys = self.page.keyboard
        if state["type"] == "radio":
            place = state["codes"].index(value)
            keys.press("Space")
            for _ in range(place):
                keys.press("ArrowDown")
        elif state["type"] == "checkbox":
            if state["value"] in value:
                keys.press("Space")
        elif state["type"] == "file":
            with self.page.expect_file_chooser() as chooser:
                keys.press("Space")
            chooser.value.set_files(value)
            self.page.wait_for_function("path => self.survey.board.on.state.get(path)", arg=state["path"])
        elif state["tag"] == "SELECT":
            for _ in range(state["options"].index(value)):
                keys.press("ArrowDown")
        elif state["type"] == "date":
            keys.type(f"{value:%m%d%Y}")  # as the browser of the tests writes a date
        else:
            keys.type(value)
        self.at()


def faults(page):
    """What axe finds, and how far anything is wider than the screen."""
    report = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    found = [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:150]}" for v in report["violations"]]
    over = page.evaluate(OVERFLOW)
    return found + ([f"{over} px too wide"] if over > 0 else [])


INCOME = {
    "wage_other": "wage.other", "business_crop": "business.crop", "property_lease": "property.lease", "transfer_pension": "transfer.pension",
    "expense_business": "expense.business",
}  # fmt: skip


def _sums(page):
    """(net, per head) of the running total."""
    net, per_head = re.findall(r"([\d,.]+) 元", page.locator("#sum").text_content())
    return Decimal(net.replace(",", "")), Decimal(per_head.replace(",", ""))


def sent(page):
    """The survey that has arrived."""
    page.wait_for_function("() => document.querySelector('#gate-text .note--ok')")
    chip(page, "done")
    return Survey.objects.get()


def test_a_household_of_five_by_keys_alone_on_the_smallest_phone(five, clerk, sign_in, tmp_path):
    PairingFactory(
        household=five.household, cadre=CadreFactory(user=clerk, unit__region=five.household.township.parent)
    )
    head, wife, son, daughter, child = (str(member.uid) for member in five.members)
    born = dt.date(five.year, 1, 9)
    number = invented_id_number(born, "2")
    picture = tmp_path / "dwelling.jpg"
    picture.write_bytes(_jpeg((1600, 1200)))
    same = Keys.SAME
    plan = {
        "address": "石门乡青石村 18 号", "phone": "13908710001", "population": same, "category": same, "is_military": "false",
        "wage_other": "180000", "business_crop": "6400.5", "property_lease": same, "transfer_pension": same, "expense_business": same,
        "wish_kinds": ["job", "training"], "wish": "想学电焊", "photo_dwelling": str(picture), "respondent": "householder",
        "confirm_way": "oral", "confirm_reason": "手受伤了", "dwelling_area": "120",
    }  # fmt: skip
    # Where one item alone is blank there is no button for all of them.
    plan |= {f"{head}/labour": same, f"{wife}/labour": same, f"{child}/medical_resident": same}
    page = opened(sign_in(clerk, 320), address(five.household))
    keys = Keys(page, plan)
    wrong, new = {}, []

    def step(**how):
        title = page.locator("h1:visible").inner_text()
        assert keys.at()["tag"] == "H1", "a step begins at its heading"
        wrong[title] = faults(page)
        keys.step(**how)
        wrong[f"{title}, filled"] = page.evaluate(OVERFLOW) > 0

    def daughter_leaves_and_a_child_is_born(keys, state):
        if state["act"] == "leaving" and state["uid"] == daughter:
            keys.press("Enter")
            page.wait_for_function("() => document.activeElement.closest('[data-moved=left]')")  # its script comes now
            keys.press("ArrowDown", "ArrowDown")  # 嫁出
            keys.press("Tab")
            page.keyboard.type(f"{dt.date(five.year, 2, 1):%m%d%Y}")
            while keys.at()["act"] != "leave":
                keys.press("Tab")
            assert keys.press("Enter")["act"] == "stay", "who was removed can be taken back from here"
        elif state["act"] == "add" and not new:
            state = keys.press("Enter")
            new.append(state["uid"])
            assert state["moved"] == "joined"
            keys.press("ArrowDown")  # 出生
            for name, value in {
                "name": "王小妹",
                "relation": "08",
                "id_type": "id",
                "id_number": number,
                "ethnicity": "01",
            }.items():
                plan[f"{new[0]}/{name}"] = value
            plan.update({f"{new[0]}/education": "06", f"{new[0]}/health": ["01"], f"{new[0]}/medical_resident": "true"})

    step()
    step(copy=(head, wife, son, daughter, child), on_button=daughter_leaves_and_a_child_is_born)
    birthday = page.evaluate("uid => self.survey.board.on.state.get(uid + '/birth_date')", new[0])
    assert birthday == born.isoformat(), "the ID number says it"
    for _ in range(3):
        step(copy=(head, wife, son, child))
    step(copy=("",))
    step(copy=("",))
    assert page.locator("h1:visible").inner_text().endswith("收入和支出")

    def it_is_right(keys, state):
        if state["act"] == "keep" and state["path"] == "wage_other":
            assert page.locator("[data-path=wage_other] .read").inner_text() == "读作：十八万元"
            assert "是去年的 10 倍" in page.locator("[data-path=wage_other] .ask").inner_text()
            assert keys.press("Enter")["act"] == "unkeep"

    step(on_button=it_is_right)
    net, per_head = _sums(page)
    for _ in range(4):
        step(copy=("",))
    assert not {name: found for name, found in wrong.items() if found}
    assert page.locator("h1:visible").inner_text().endswith("核对并提交")
    assert faults(page) == []
    assert page.locator("#check-err").count() == 0, page.locator("#check-err").inner_text()
    assert not set(plan) - keys.met, "everything of the plan was asked"
    keys.step()

    survey = sent(page)
    values = survey.answers["values"]
    typed = {
        "address": "石门乡青石村 18 号", "population": 5, "category": "07", "is_military": False, "wage_other": "180000",
        "business_crop": "6400.5", "property_lease": "800", "transfer_pension": "4020", "expense_business": "2600.5", "wish": "想学电焊",
        "wish_kinds": ["job", "training"], "respondent": "householder", "confirm_way": "oral", "confirm_reason": "手受伤了",
        "dwelling_area": "120", "hamlet": "三组", "water_source": "tap", "water_safe": True, "check_food": "yes", "farmland": "6.5",
        "phone": "139****0001",
    }  # fmt: skip
    assert {name: values.get(name) for name in typed} == typed
    assert survey.state == Survey.State.SUBMITTED
    assert survey.kept == {"wage_other": ["是去年的 10 倍，是不是多写了一个 0？"]}
    assert {"population", "category", "property_lease", f"{head}/education", f"{child}/school"} <= set(survey.same)
    people = {one["uid"]: one for one in survey.answers["members"]}
    assert people[daughter]["left"] == {"reason": "marriage", "on": f"{five.year}-02-01"}
    assert people[new[0]]["joined"] == {"reason": "birth", "on": timezone.localdate().isoformat()}
    assert people[new[0]]["values"] | {"id_number": ""} == {
        "name": "王小妹", "relation": "08", "id_type": "id", "id_number": "", "sex": "2", "birth_date": born.isoformat(), "ethnicity": "01",
        "education": "06", "health": ["01"], "medical_resident": True,
    }  # fmt: skip
    assert number in survey.secrets.reveal()
    found = totals([(form_field, Decimal(values[name])) for name, form_field in INCOME.items() if name in values], 5)
    assert (net, per_head) == (found["net_income"], found["per_head_income"])
    assert survey.photos.filter(state="complete", path="photo_dwelling").count() == 1
    assert survey.effort["retyped"] == 0


# -- other ways to fill it ---------------------------------------------------------------------------------------------------------


def paired(user, five):
    PairingFactory(household=five.household, cadre=CadreFactory(user=user, unit__region=five.household.township.parent))
    return user


def sign(page):
    """A name, drawn with the mouse."""
    canvas = page.locator("[data-path=signature] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for x, y in [(60, 80), (90, 30), (120, 90), (160, 50), (200, 70)]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    page.mouse.up()
    expect(page.locator("[data-path=signature] [data-signed]")).to_have_text("已签名")


BLANK = """() => [...document.querySelectorAll(".sv-step:not([hidden]) [data-do=same]")].filter(one => one.offsetParent)
  .map(one => one.closest("[data-path]").dataset.path).filter(path => self.survey.board.on.state.get(path) === undefined)"""


def copy_everything(page):
    """A tap for all that is blank, in the step or in each card, then one for each item that is left."""
    cards = page.locator(".sv-step:not([hidden]) .sv-m:not([hidden])")
    for n in range(cards.count()):
        cards.nth(n).evaluate("card => (card.open = true)")
    button = page.locator(".sv-step:not([hidden]) [data-do=all]:visible")
    while button.count():
        button.first.click()
    while blank := page.evaluate(BLANK):
        page.locator(f"[data-path='{blank[0]}'] [data-do=same]").click()


def walk(page, **by_step):
    """Every step: what the function named like it does, then on."""
    for _ in range(12):
        step = page.locator(".sv-step:not([hidden])").get_attribute("data-step")
        by_step.get(step, copy_everything)(page)
        page.locator("#next").click()
    expect(page.locator("h1:visible")).to_contain_text("核对并提交")


def test_enter_once(five, clerk, sign_in, tmp_path):
    """As last year with five changes: what it costs in keys, and nothing is typed again that was known."""
    picture = tmp_path / "dwelling.jpg"
    picture.write_bytes(_jpeg((800, 600)))
    page = opened(sign_in(paired(clerk, five), 390), address(five.household))

    def income(page):
        page.locator("#f-wage_other").press_sequentially("19500")
        page.locator("#f-business_crop").press_sequentially("6200")
        copy_everything(page)

    def dwelling(page):
        page.get_by_label("水窖水").check()
        copy_everything(page)

    def causes(page):
        copy_everything(page)
        page.locator("#f-wish").press_sequentially("想学电焊")

    def land(page):
        page.locator("#f-farmland").press_sequentially("7.5")
        copy_everything(page)

    def photos(page):
        page.locator("#f-photo_dwelling").set_input_files(str(picture))
        page.locator("[data-path=photo_dwelling] canvas").wait_for()

    def confirm(page):
        page.get_by_label("户主本人").check()
        sign(page)

    walk(page, income=income, dwelling=dwelling, causes=causes, land=land, photos=photos, confirm=confirm)
    page.locator("#next").click()
    effort = sent(page).effort
    assert effort["retyped"] == 0
    assert effort["keystrokes"] <= 18, "four amounts and wishes typed, two tiles tapped"
    assert (effort["typed"], effort["same"]) == (8, 68)


# -- without HTTPS -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def insecure(live_server, settings):
    """A page of the clerk at a name that is not this machine's own, by plain HTTP: no worker, no encryption, no locks."""
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "county.example"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*SWITCHES, "--host-resolver-rules=MAP county.example 127.0.0.1"]
        )
        port = live_server.url.rpartition(":")[2]
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=f"http://county.example:{port}"
        )
        said = []

        def enter(user):
            user.set_password("only-for-this-test-7")
            user.save()
            page = context.new_page()
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto("/")
            log_in(page, user, "only-for-this-test-7")
            return page

        yield enter
        browser.close()
        connections.close_all()
    at_rest(live_server.thread.port)
    assert said == []


def test_without_https_the_server_keeps_the_draft(five, clerk, insecure, tmp_path):
    picture = tmp_path / "dwelling.jpg"
    picture.write_bytes(_jpeg((1600, 1200)))
    page = opened(insecure(clerk), address(five.household))
    assert not page.evaluate("isSecureContext")
    assert page.evaluate("self.crypto.subtle === undefined")
    expect(page.locator("#mode")).to_have_text("填写的内容随时存到服务器，请保持网络畅通。")
    page.locator("#f-address").press_sequentially("青石村 18 号")
    saved(page, "服务器")
    draft = Survey.objects.get()
    assert (draft.state, draft.channel, draft.answers["values"]["address"]) == ("draft", "page", "青石村 18 号")

    page.context.set_offline(True)
    page.locator("#f-address").press_sequentially("乙")
    expect(page.locator("#saved")).to_contain_text("没有存到服务器")
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text("已存服务器")

    page.locator("#next").click()
    expect(page.locator("h1:visible")).to_contain_text("家庭成员")
    saved(page, "服务器")
    page.reload()
    page.wait_for_selector("#survey:not([hidden])")
    expect(page.locator("h1:visible")).to_contain_text("家庭成员")
    page.locator("#back").click()
    assert page.locator("#f-address").input_value() == "青石村 18 号乙"

    def photos(page):
        bad = tmp_path / "page.jpg"
        bad.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        page.locator("#f-photo_dwelling").set_input_files(str(bad))
        expect(page.locator("[data-path=photo_dwelling] .err")).to_contain_text("不是能用的照片")
        page.locator("#f-photo_dwelling").set_input_files([str(picture), str(picture)])
        expect(page.locator("[data-path=photo_dwelling] canvas")).to_have_count(2)
        page.locator("[data-path=photo_dwelling] [data-do=drop]").first.click()
        expect(page.locator("[data-path=photo_dwelling] canvas")).to_have_count(1)

    def confirm(page):
        page.get_by_label("户主本人").check()
        sign(page)

    walk(page, photos=photos, confirm=confirm)
    page.locator("#next").click()
    expect(page.locator("#gate-text")).to_contain_text("已提交，等待审核")
    survey = Survey.objects.get()
    assert (survey.uid, survey.state, survey.channel) == (draft.uid, "submitted", "page")
    assert sorted(survey.photos.filter(state="complete").values_list("path", flat=True)) == [
        "photo_dwelling",
        "signature",
    ]


# -- from paper ----------------------------------------------------------------------------------------------------------------------


def test_paper_sheets_are_typed_in_without_a_mouse(five, clerk, sign_in):
    second = HouseholdFactory(village=five.household.village, householder_name="赵六", with_householder=True)
    page = sign_in(clerk, 1280)
    page.add_init_script(path=AXE)
    page.goto("/surveys/key-in/")
    assert faults(page) == []
    keys = page.keyboard
    keys.type(five.household.number)
    with leaving(page):
        keys.press("Enter")
    page.wait_for_selector("#survey:not([hidden])")
    assert "#" in page.url
    assert five.household.number not in page.url
    typed = {
        "is_military": "2", "is_only_child": "f", "wage_other": "19500", "wish_kinds": ["2", "3"], "wish": "学电焊", "respondent": "1",
        "confirm_way": "1",
    }  # fmt: skip
    page.locator("#f-address").focus()
    for _ in range(600):
        state = page.evaluate(FOCUS)
        assert not state["lost"], state
        if state["id"] == "next":
            break
        name = state["path"].rpartition("/")[2]
        if state["act"] != "keep":
            if name in typed:
                for each in typed[name] if isinstance(typed[name], list) else [typed[name]]:
                    keys.type(each)
                    page.wait_for_timeout(0)
                    if isinstance(typed[name], list):
                        page.evaluate("new Promise(done => setTimeout(done, 950))")
            elif page.evaluate("path => self.survey.board.on.state.last[path] !== undefined", state["path"]):
                keys.type("=")
        keys.press("Enter")
    assert faults(page) == []
    keys.press("Enter")
    expect(page.locator("#check-err")).to_have_count(0)
    page.locator("#next").focus()
    keys.press("Enter")
    page.wait_for_url("**/surveys/key-in/?done=*")
    expect(page.locator("main")).to_contain_text("王建国户的调查已录入，等待审核")
    survey = Survey.objects.get()
    assert (survey.state, survey.channel) == ("submitted", "paper")
    values = survey.answers["values"]
    assert (values["is_military"], values["wage_other"], values["wish_kinds"], values["confirm_way"]) == (
        False, "19500", ["job", "training"], "sheet",
    )  # fmt: skip
    assert values["population"] == 5
    # straight on to the next household, by the text of its QR code
    page.wait_for_selector("main input:focus")
    keys.type(f"{second.uid}")
    with leaving(page):
        keys.press("Enter")
    page.wait_for_selector("#survey:not([hidden])")
    assert page.evaluate("self.survey.board.on.entry.householder") == "赵六"


# -- coming back to it ---------------------------------------------------------------------------------------------------------------


def test_a_draft_comes_back_where_it_was_left_and_one_window_writes(five, clerk, sign_in):
    page = opened(sign_in(paired(clerk, five), 390), address(five.household))
    for _ in range(5):
        page.locator("#next").click()
    page.locator("#f-dwelling_area").press_sequentially("95.5")
    page.locator("#f-road_distance").press_sequentially("半里")
    saved(page, "手机")
    page.reload()
    page.wait_for_selector("#survey:not([hidden])")
    expect(page.locator("#f-road_distance")).to_be_focused()
    assert page.locator("#f-dwelling_area").input_value() == "95.5"
    assert page.locator("#f-road_distance").input_value() == "半里", "what is no number yet is not lost"
    expect(page.locator("[data-path=road_distance] .err")).to_contain_text("请写成数字")

    other = page.context.new_page()
    opened(other, address(five.household))
    expect(other.locator("#note")).to_contain_text("正在另一个窗口填写")
    assert other.locator("#f-dwelling_area").is_disabled()
    assert other.locator("#f-dwelling_area").input_value() == "95.5"
    page.locator("#f-dwelling_area").fill("96")
    follow(other.get_by_role("button", name="在这里继续填写"))
    other.wait_for_selector("#survey:not([hidden])")
    expect(other.locator("#f-dwelling_area")).to_be_enabled()
    # What the first window had not saved yet was saved before it let go.
    expect(other.locator("#f-dwelling_area")).to_have_value("96")
    expect(page.locator("#note")).to_be_focused()
    assert page.locator("#f-dwelling_area").is_disabled()


def test_a_returned_survey_opens_at_its_reasons_and_goes_back(five, clerk, officer, sign_in):
    paired(clerk, five)
    form = SurveyForm.objects.get()
    year = timezone.localdate().year
    answers = {
        "values": {"dwelling_area": "92", "population": 5},
        "members": [{"uid": str(m.uid), "values": {}} for m in five.members],
    }
    survey = SurveyFactory(
        household=five.household, form=form, year=year, surveyor=clerk, answers=answers, returned=True, decided_by=officer,
        reasons={"dwelling_area": "请重新量", "": "数字不全"},
    )  # fmt: skip
    page = opened(sign_in(clerk, 390), address(five.household))
    expect(page.locator("#note")).to_contain_text("数字不全")
    expect(page.locator("#f-dwelling_area")).to_be_focused()
    expect(page.locator("[data-path=dwelling_area] .err")).to_have_text("退回理由：请重新量")
    page.locator("#f-dwelling_area").fill("94")
    page.locator("#f-fuel-0").focus()
    expect(page.locator("[data-path=dwelling_area] .err")).to_be_hidden()
    page.wait_for_function("() => document.querySelector('#saved').textContent")
    record = page.evaluate("self.survey.board.on.state.body()")
    assert (record["uid"], record["revision"], record["answers"]["values"]["dwelling_area"]) == (
        str(survey.uid),
        1,
        "94",
    )


def test_a_code_of_earlier_years_is_shown_kept_and_not_offered(five, clerk, sign_in):
    """大专及以上 was split in two in 2021; who still has it in the ledger loses it only by choosing another."""
    son, daughter = five.members[2], five.members[3]
    HouseholdYearFactory(household=five.household, year=five.year, population=5)
    for member in (son, daughter):
        member.years.filter(year=five.year - 1).update(education="05")
        MemberYearFactory(member=member, year=five.year, education="05")
    page = opened(sign_in(paired(clerk, five), 390), address(five.household, f"&field={son.uid}/education"))
    box = page.locator(f"[data-path='{son.uid}/education']")
    expect(box.locator("select")).to_be_focused()
    assert box.locator("option:checked").inner_text() == "大专及以上"
    expect(box.locator(".sv-last")).to_contain_text("去年：大专及以上")
    assert "大专及以上" not in box.locator("option:enabled").all_inner_texts()

    other = page.locator(f"[data-path='{daughter.uid}/education'] select")
    other.evaluate("select => (select.closest('details').open = true)")
    other.select_option("07")
    body = page.evaluate("self.survey.board.on.state.body()")
    schooling = {
        one["uid"]: one["values"]["education"] for one in body["answers"]["members"] if one["values"].get("education")
    }
    assert (schooling[str(son.uid)], schooling[str(daughter.uid)]) == ("05", "07")
    found = page.evaluate("self.survey.board.on.found.problems.map(one => one.path)")
    assert f"{son.uid}/education" not in found


KEPT = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) found[new URL(request.url).pathname] = await (await cache.match(request)).text();
  }
  return found;
}"""


def test_the_first_view_is_light(five, clerk, sign_in):
    """Every byte of a phone's first view of the form, as it travels packed, and what the worker takes along; nothing of it was there before."""
    signed = sign_in(paired(clerk, five), 390).context
    context = signed.browser.new_context(
        base_url=signed.pages[0].url, storage_state=signed.storage_state(), viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    weights = {}

    def weigh(response):
        path = urlsplit(response.url).path
        weights[path] = weights.get(path, 0) + len(gzip.compress(response.body(), 9))

    page.on("response", weigh)
    opened(page, address(five.household))
    chip(page, "done")
    page.wait_for_load_state("networkidle")
    worker_ready(page)
    kept = {path: len(gzip.compress(text.encode(), 9)) for path, text in page.evaluate(KEPT).items()}
    shell = address(five.household).partition("#")[0]
    assert {shell, "/static/survey.js", "/static/survey.css", "/static/app.css", "/collect/api/ping/"} <= set(weights)
    assert {shell, "/collect/", "/static/survey-more.js"} <= set(kept)
    assert sum((kept | weights).values()) <= 150 * 1024, (weights, kept)
    # The script of the form is all that comes by itself; the rest waits until it is needed.
    assert {path for path in weights if path.endswith(".js")} == {"/static/survey.js"}
    assert weights["/static/survey.js"] <= 20 * 1024
    page.locator("#next").click()
    page.locator("#f-address").wait_for(state="hidden")
    assert "/static/survey-more.js" not in weights
    with page.expect_response("**/survey-more.js"):
        page.locator("[data-step=members] [data-do=add]").click()
    expect(page.locator("[data-step=members] .sv-one")).to_have_count(6)
    context.close()
