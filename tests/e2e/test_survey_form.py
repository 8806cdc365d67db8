"""The survey form as a surveyor meets it: keys only, on a small phone, for a household of five; online; from paper; as last year."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from households.services.annual import totals
from surveys.models import Survey
from surveys.standard import ensure_standard_forms
from tests.browser import AXE, OVERFLOW, RULES
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    IncomeLineFactory,
    MemberFactory,
    MemberYearFactory,
    PairingFactory,
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
    page.wait_for_function("() => self.survey.board.more.checkPage")
    return page


# -- a surveyor without mouse and finger ----------------------------------------------------------------------------------------

FOCUS = """() => {
  const e = document.activeElement, box = e.closest("[data-path]"), group = e.closest(".choices");
  return {
    lost: e === document.body || e.offsetParent === null && e !== document.querySelector("#main"), id: e.id, tag: e.tagName, type: e.type || "",
    act: e.dataset.do || "", path: box ? box.dataset.path : "", text: (e.textContent || "").trim(), value: e.value || "",
    moved: (e.closest("[data-moved]") || { dataset: {} }).dataset.moved || "", uid: (e.closest(".sv-one") || { dataset: {} }).dataset.uid || "",
    open: e.tagName === "SUMMARY" && e.parentNode.open, codes: group ? [...group.querySelectorAll("input")].map(one => one.value) : [],
    options: e.tagName === "SELECT" ? [...e.options].map(one => one.value) : [], hidden: e.getClientRects().length === 0,
  };
}"""


class Keys:
    """Goes through the form by Tab and answers what it meets, as the plan says: {path or field id: answer}; `SAME` presses 「与去年相同」."""

    SAME = object()

    def __init__(self, page, plan):
        self.page, self.plan, self.met = page, plan, set()

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
    expect(page.locator("#chip")).to_have_attribute("data-state", "done", timeout=30_000)
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
            assert keys.press("Enter")["moved"] == "left"
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
