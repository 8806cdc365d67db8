"""The read model: what a ledger says of a year, and what it costs to read."""

import datetime as dt
import json

import pytest

from households import ledger
from households.models import Household
from households.services import add_member, correct_year, set_income
from tests.factories import (
    HouseholdFactory,
    HouseholdYearFactory,
    IncomeLineFactory,
    MemberFactory,
    MemberYearFactory,
    PairingFactory,
    PhotoFactory,
)

pytestmark = pytest.mark.django_db


def check(book, code):
    return next(c for c in book.checks if c.code == code)


def row(book, code):
    return next(r for r in book.income.rows if r.code == code)


def test_unknown_is_said_and_never_guessed(household, clerk):
    book = ledger.load(household, clerk)
    assert [c.word for c in book.checks] == ["未核实"] * 6
    assert all(fact.text == "" for fact in book.dwelling + book.land + book.causes)
    assert book.members[0].health == ""


def test_newest_year_shows_who_is_there_and_an_earlier_one_who_was(household, clerk):
    HouseholdYearFactory(household=household, year=2023)
    gone = MemberFactory(household=household, name="王老", left_on=dt.date(2025, 1, 1), left_reason="death")
    born = MemberFactory(
        household=household, name="王小", birth_date=dt.date(2026, 2, 1), joined_on=dt.date(2026, 2, 1)
    )
    now, then = ledger.load(household, clerk), ledger.load(household, clerk, 2023)
    assert [m.member.name for m in now.members] == ["王建国", "王小"]
    assert [m.member.name for m in now.left] == ["王老"]
    assert now.left[0].left == "死亡 2025年1月1日"
    assert {m.member.name for m in then.members} == {"王建国", "王老"}
    assert born not in [m.member for m in then.members]
    assert gone.pk in [m.member.pk for m in then.members]


def test_householder_comes_first_whatever_the_relation_codes_say(household, clerk):
    MemberFactory(household=household, relation="02", name="李芳")
    assert ledger.load(household, clerk).members[0].member.is_householder


def test_checks_say_what_the_data_says(household, clerk):
    child = MemberFactory(household=household, birth_date=dt.date(2016, 5, 1), name="王雨")
    MemberYearFactory(member=child, school="01", medical_resident=False)
    correct_year(
        household=household,
        year=2026,
        by=clerk,
        facts={"check_education": "yes", "check_medical": "no", "dwelling_grade": "C", "water_source": "tap"},
    )
    book = ledger.load(Household.objects.get(pk=household.pk), clerk)
    assert check(book, "education").detail == "适龄 1 人，未在校 1 人"
    assert check(book, "education").doubt
    assert check(book, "medical").detail == "未参保 1 人，未填参保情况 1 人"
    assert not check(book, "medical").doubt
    assert (check(book, "housing").word, check(book, "housing").tone) == ("未核实", "amber")
    assert check(book, "water").detail == "自来水"
    assert {d["topic"] for d in book.doubts} == {"checks"}


def test_income_table_adds_up_and_shows_the_imported_figure(household, clerk):
    HouseholdYearFactory(household=household, year=2025)
    set_income(household=household, year=2025, by=clerk, lines={"wage.post": 1000, "wage.other": 500})
    book = ledger.load(Household.objects.get(pk=household.pk), clerk)
    assert book.income.years == [2025, 2026]
    assert row(book, "wage").texts == ["1,500", "12,000"]
    assert row(book, "wage.post").texts == ["1,000", ""]
    assert row(book, "net_income").amounts[0] == sum(a for a in (row(book, "wage").amounts[0],))
    household.years.filter(year=2026).update(imported_per_head_income=4000)
    book = ledger.load(Household.objects.get(pk=household.pk), clerk)
    assert "导入数 4,000 元，与计算数 5,000 元不符" in book.income.notes[0]


def test_a_leap_of_income_is_asked_about(household, clerk):
    HouseholdYearFactory(household=household, year=2025)
    set_income(household=household, year=2025, by=clerk, lines={"wage.other": 1200})
    book = ledger.load(Household.objects.get(pk=household.pk), clerk)
    assert book.doubts[0]["text"] == "工资性收入 12,000 元，是 2025年的 10 倍。"


def test_changes_are_sentences_with_old_and_new(household, clerk):
    set_income(household=household, year=2026, by=clerk, lines={"wage.other": 13000})
    add_member(
        household=household, by=clerk, facts={"name": "王新", "relation": "03", "birth_date": dt.date(2026, 1, 2)},
        joined_on=dt.date(2026, 1, 2), joined_reason="birth",
    )  # fmt: skip
    added, income = ledger.load(household, clerk).changes
    assert added.title == "增加成员"
    assert added.sentence.startswith("王新 与户主关系 之子，出生日期 2026年1月2日")
    assert income.who == "村信息员"
    assert income.sentence.startswith("2026年 其他工资性收入 12,000 → 13,000")


def test_trail_reads_events_of_columns_that_are_gone(household, clerk):
    from common import audit

    audit.record(
        "household.repainted", by="console", target=household, subject=household.subject,
        changes={"colour": ["red", "green"], "member:王芳:birth_date": ["not a day", None], "roof:1:tiles": [None, 3]},
    )  # fmt: skip
    change = ledger.load(household, clerk).changes[0]
    assert change.who == "系统命令"
    assert change.title == "household.repainted"
    assert "colour red → green" in change.sentence


def _grow(household, members):
    for n in range(members):
        member = MemberFactory(household=household, relation="03")
        MemberYearFactory(member=member, year=2026 - n % 4)
    for year in (2022, 2023, 2024):
        IncomeLineFactory(household_year=HouseholdYearFactory(household=household, year=year))
    for year in (2018, 2019):
        PairingFactory(household=household, starts_on=dt.date(year, 1, 1), ends_on=dt.date(year, 6, 1))
    PhotoFactory(household=household)


def test_queries_do_not_grow_with_the_family(household, clerk, count_queries):
    PairingFactory(household=household, ended=True)
    member = MemberFactory(household=household)
    MemberYearFactory(member=member)
    ledger.load(household, clerk)  # the user's postings are read once a request
    few = count_queries(lambda: ledger.load(Household.objects.get(pk=household.pk), clerk))
    _grow(household, 12)
    assert count_queries(lambda: ledger.load(Household.objects.get(pk=household.pk), clerk)) == few


def test_a_batch_costs_what_one_costs(land, clerk, count_queries):
    def read(count):
        return count_queries(
            lambda: ledger.load_many(list(Household.objects.for_user(clerk).order_by("pk")[:count]), clerk)
        )

    for _n in range(6):
        household = HouseholdFactory(village=land.village, with_householder=True, with_year=True, with_helper=True)
        _grow(household, 2)
    read(1)  # the user's postings are read once a request
    assert read(6) == read(1)


def test_print_model_is_text_and_masked(household, clerk):
    plain = household.members.get().id_number.reveal()
    book = ledger.load_many([household], clerk)[0]
    masked = json.dumps(
        ledger.print_model(book, full=False, document={"number": "TZ-1", "as_of": "今天"}), ensure_ascii=False
    )
    full = json.dumps(
        ledger.print_model(book, full=True, document={"number": "TZ-1", "as_of": "今天"}), ensure_ascii=False
    )
    assert plain not in masked
    assert plain[:4] + "*" * 10 + plain[-4:] in masked
    assert plain in full
    titles = [s["title"] for s in ledger.print_model(book, full=False, document={})["sections"]]
    assert titles[:5] == ["基本信息", "家庭成员", "致贫原因", "收入情况", "生产生活条件"]


def test_api_form_is_json_and_masked(household, clerk):
    text = json.dumps(ledger.load(household, clerk).as_dict(), ensure_ascii=False, default=str)
    assert household.members.get().id_number.reveal() not in text
    assert '"householder": "王建国"' in text


# -- the page -------------------------------------------------------------------------------------------------------------------


def url(household, query=""):
    return f"/households/{household.pk}/{query}"


def text_of(response):
    return response.content.decode()


def test_page_shows_the_ledger_and_masks_what_is_secret(household, clerk, client_as):
    number = household.members.get().id_number.reveal()
    page = client_as(clerk).get(url(household))
    assert page.status_code == 200
    body = text_of(page)
    assert "王建国户" in body
    assert "户主" in body
    assert number not in body
    assert number[:4] + "*" * 10 + number[-4:] in body
    assert "no-store" in page["Cache-Control"]


def test_page_outside_ones_area_is_not_there(household, land, post, client_as):
    from accounts.roles import Role

    outsider = post(Role.VILLAGE_CLERK, land.near_village)
    for name in ("", "history/", "edit/", "years/2026/income/", "members/add/", "helpers/", "photos/add/", "split/"):
        assert client_as(outsider).get(url(household, name)).status_code == 404, name


def test_year_switch_shows_another_year_and_an_empty_one(household, clerk, client_as):
    HouseholdYearFactory(household=household, year=2023, dwelling_area=61)
    client = client_as(clerk)
    assert "61 ㎡" in text_of(client.get(url(household, "?year=2023")))
    assert "61 ㎡" not in text_of(client.get(url(household)))
    assert "没有 2019 年度的记录" in text_of(client.get(url(household, "?year=2019")))
    assert client.get(url(household, "?year=abcd")).status_code == 200


def test_reader_sees_no_buttons_that_would_be_refused(household, auditor, helper, client_as):
    for user in (auditor, helper):
        body = text_of(client_as(user).get(url(household)))
        assert "/edit/" not in body
        assert "income/" not in body
        assert "reveal" not in body


def test_closed_household_says_so_and_offers_no_editing(land, clerk, client_as):
    household = HouseholdFactory(village=land.village, closed=True)
    page = client_as(clerk).get(url(household))
    assert "这一户已于 2024年1月1日 销户，只能查看" in text_of(page)
    assert client_as(clerk).get(url(household, "edit/")).status_code == 403


def test_page_costs_the_same_for_any_family(household, clerk, client_as, count_queries):
    client = client_as(clerk)
    few = count_queries(lambda: client.get(url(household)))
    _grow(household, 12)
    many = count_queries(lambda: client.get(url(household)))
    assert many <= few + 2  # the two tables that were empty before
    assert many <= 16


def test_upper_packages_hang_buttons_and_parts_on_the_page(household, clerk, helper, stranger, client_as):
    from accounts.roles import Permission
    from common import tabs

    before = (
        {name: list(found) for name, found in tabs._tabs.items()},
        {name: list(found) for name, found in tabs._actions.items()},
    )
    try:
        tabs.register("households.Household", tabs.Tab("变更", "households:household_history", Permission.HISTORY_VIEW))
        tabs.register_action(
            "households.Household",
            tabs.Action("上门核对", "households:household_history", "walk", Permission.HISTORY_VIEW, weight=1),
        )
        mine = text_of(client_as(clerk).get(url(household)))
        theirs = text_of(client_as(helper).get(url(household)))
    finally:
        tabs._tabs, tabs._actions = before
    assert f'hx-get="/households/{household.pk}/history/"' in mine
    assert "上门核对" in mine
    assert f'hx-get="/households/{household.pk}/history/"' not in theirs
    assert "上门核对" not in theirs


def test_a_family_without_householder_is_pointed_out(household, clerk, client_as):
    household.members.update(relation="03")
    assert "这一户没有户主" in text_of(client_as(clerk).get(url(household)))


def test_population_of_the_year_and_members_now_are_two_numbers(household, clerk):
    assert (
        ledger.load(household, clerk).population_note
        == "2026年度登记人口 2 人，现有成员 1 人；人均按年度登记人口计算。"
    )


def test_label_no_code_list_knows_is_shown_as_written(household, clerk):
    household.years.update(unmapped={"fuel": "太阳能灶"})
    facts = {f.name: f.text for f in ledger.load(household, clerk).dwelling}
    assert facts["fuel"] == "太阳能灶（原文）"


def test_code_of_an_earlier_era_reads_as_its_label(household, clerk):
    household.years.update(category="01")
    assert ledger.load(household, clerk).category == "一般贫困户"


def test_history_needs_its_permission_and_tells_old_and_new(household, clerk, helper, client_as):
    set_income(household=household, year=2026, by=clerk, lines={"wage.other": 13000})
    body = text_of(client_as(clerk).get(url(household, "history/")))
    assert "其他工资性收入" in body
    assert "12,000" in body
    assert "13,000" in body
    assert client_as(helper).get(url(household, "history/")).status_code == 403
