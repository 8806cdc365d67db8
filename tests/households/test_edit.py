"""Correcting a household through its pages: who may, what is said afterwards, what happens to a form that is out of date."""

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages

from households.models import Household, HouseholdYear
from households.services import correct_household, register_household
from tests.factories import HouseholdFactory, HouseholdYearFactory, IncomeLineFactory, MemberFactory

pytestmark = pytest.mark.django_db


def url(household, rest=""):
    return f"/households/{household.pk}/{rest}"


def said(response):
    return [str(m) for m in get_messages(response.wsgi_request)]


def identity(household, **more):
    return {"version": household.version, "number": household.number, "hamlet": "", "address": "", "bank_name": "", "standard": "",
            "identified_on": "", "is_military": "", "is_only_child": "", "is_two_daughters": "", "phone": "", "bank_account": "", "note": ""} | more  # fmt: skip


def test_identity_is_corrected_and_old_and_new_are_said(household, clerk, client_as):
    answer = client_as(clerk).post(url(household, "edit/"), identity(household, hamlet="5组", is_military="0"))
    household.refresh_from_db()
    assert answer.status_code == 302
    assert (household.hamlet, household.is_military) == ("5组", False)
    assert said(answer) == ["已修改：组（自然村） 5组，军烈属 否"]


def test_saving_without_a_change_says_so(household, clerk, client_as):
    answer = client_as(clerk).post(url(household, "edit/"), identity(household))
    assert said(answer) == ["没有改动，什么也没有保存。"]


def test_phone_is_write_only_kept_when_blank_and_removed_on_request(household, clerk, client_as):
    client = client_as(clerk)
    answer = client.post(url(household, "edit/"), identity(household, phone="199 0000 1234"))
    household.refresh_from_db()
    assert household.phone_masked == "199****1234"
    assert "19900001234" not in said(answer)[0]
    form = client.get(url(household, "edit/")).content.decode()
    assert "199****1234" in form
    assert "19900001234" not in form
    client.post(url(household, "edit/"), identity(household, hamlet="6组"))
    household.refresh_from_db()
    assert household.phone.reveal() == "19900001234"
    client.post(url(household, "edit/"), identity(household, hamlet="6组", drop_phone="on"))
    household.refresh_from_db()
    assert household.phone_masked == ""


def test_a_bad_phone_is_explained_at_its_field(household, clerk, client_as):
    answer = client_as(clerk).post(url(household, "edit/"), identity(household, phone="12"))
    assert answer.status_code == 422
    assert "不像电话号码" in answer.content.decode()


@pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("helper", 403), ("stranger", 404)])
def test_reader_gets_403_and_outsider_404(household, who, status, request, client_as):
    client = client_as(request.getfixturevalue(who))
    for rest in ("edit/", "years/2026/income/", "years/2026/dwelling/", "years/open/", "members/add/", "photos/add/", "move/", "close/",
                 "split/", "merge/", "householder/", "helpers/", "status/propose/", "reveal/?what=phone"):  # fmt: skip
        assert client.get(url(household, rest)).status_code == status, rest


def test_clerk_may_correct_but_not_restructure(household, clerk, client_as):
    assert client_as(clerk).get(url(household, "edit/")).status_code == 200
    for rest in ("move/", "close/", "split/", "merge/", "householder/", "helpers/", "status/propose/"):
        assert client_as(clerk).get(url(household, rest)).status_code == 403, rest


def test_stale_form_shows_both_values_and_saves_when_sent_again(household, clerk, resident, client_as):
    before = identity(household, hamlet="5组")
    correct_household(household=household, by=resident, facts={"hamlet": "8组"})
    client = client_as(clerk)
    answer = client.post(url(household, "edit/"), before)
    body = answer.content.decode()
    household.refresh_from_db()
    assert answer.status_code == 409
    assert household.hamlet == "8组"
    assert "8组" in body
    assert "5组" in body
    assert "驻村队员" in body
    assert f'name="version" value="{household.version}"' in body
    client.post(url(household, "edit/"), before | {"version": household.version})
    household.refresh_from_db()
    assert household.hamlet == "5组"


def test_stale_form_names_what_it_would_wipe(household, clerk, resident, client_as):
    before = identity(household, address="青石村12号")
    correct_household(household=household, by=resident, facts={"hamlet": "8组", "phone": "19900001234"})
    body = client_as(clerk).post(url(household, "edit/"), before).content.decode()
    table = body.split("您填的</th>")[1].split("</table>")[0]
    assert "8组" in table
    assert "青石村12号" in table
    assert "199****1234" not in table  # a blank write-only field keeps what is there


def test_topic_shows_last_years_value_and_saves_unknown_as_unknown(household, clerk, client_as):
    HouseholdYearFactory(household=household, year=2025, dwelling_area=80, dwelling_grade="B")
    client = client_as(clerk)
    form = client.get(url(household, "years/2026/dwelling/")).content.decode()
    assert "2025年：80 ㎡" in form
    assert "2025年：B 级" in form
    answer = client.post(
        url(household, "years/2026/dwelling/"),
        {"version": 1, "dwelling_area": "95.5", "dwelling_grade": "C", "has_toilet": "0"},
    )
    record = HouseholdYear.objects.get(household=household, year=2026)
    assert (record.dwelling_area, record.dwelling_grade, record.has_toilet, record.water_safe) == (
        Decimal("95.5"),
        "C",
        False,
        None,
    )
    assert "住房面积 95.5" in said(answer)[0]


def test_cause_may_not_be_named_twice(household, clerk, client_as):
    answer = client_as(clerk).post(
        url(household, "years/2026/causes/"), {"version": 1, "main_cause": "01", "other_causes": ["01"]}
    )
    assert answer.status_code == 422
    assert "其他致贫原因不能与主要致贫原因重复" in answer.content.decode()


def test_code_of_an_earlier_era_survives_a_form(household, clerk, client_as):
    household.years.update(category="01")
    client = client_as(clerk)
    assert "一般贫困户" in client.get(url(household, "years/2026/basics/")).content.decode()


def test_unknown_topic_and_impossible_year_are_not_there(household, clerk, client_as):
    assert client_as(clerk).get(url(household, "years/2026/nonsense/")).status_code == 404
    assert client_as(clerk).get(url(household, "years/2099/income/")).status_code == 404


# -- income ---------------------------------------------------------------------------------------------------------------------


def test_income_is_corrected_from_the_ledger_in_three_taps(household, clerk, client_as):
    """Home → list → the ledger is one tap; 修改 in the income card is the second; 保存 the third."""
    client = client_as(clerk)
    page = client.get(url(household)).content.decode()
    assert f'href="/households/{household.pk}/years/2026/income/"' in page
    answer = client.post(
        url(household, "years/2026/income/"), {"version": 1, "wage__other": "１９,０００", "expense__business": "2,000"}
    )
    record = household.years.get(year=2026)
    assert answer.url == f"/households/{household.pk}/"
    assert (record.wage_income, record.net_income, record.per_head_income) == (19000, 17000, 8500)
    assert said(answer)[0].startswith("已修改：2026年 其他工资性收入 12,000 → 19,000")


def test_blank_removes_an_item_and_untouched_items_stay(household, clerk, client_as):
    IncomeLineFactory(household_year=household.years.get(year=2026), item="transfer.pension", amount=900)
    client_as(clerk).post(
        url(household, "years/2026/income/"),
        {"version": 1, "wage__other": "12,000", "expense__business": "", "transfer__pension": "900"},
    )
    assert dict(household.years.get(year=2026).lines.values_list("item", "amount")) == {
        "wage.other": 12000,
        "transfer.pension": 900,
    }


def test_a_leap_is_asked_about_and_never_refused(household, clerk, client_as):
    year = HouseholdYearFactory(household=household, year=2025)
    IncomeLineFactory(household_year=year, item="wage.other", amount=18000)
    client = client_as(clerk)
    form = client.get(url(household, "years/2026/income/")).content.decode()
    assert 'data-last="18000.00"' in form
    assert "2025年：18,000 元" in form
    answer = client.post(url(household, "years/2026/income/"), {"version": 1, "wage__other": "180000"})
    assert household.years.get(year=2026).wage_income == 180000
    assert "相差很大，请再核对" in said(answer)[-1]


def test_running_total_is_the_servers_and_saves_nothing(household, clerk, client_as):
    answer = client_as(clerk).post(url(household, "years/2026/income/?total"), {"version": 1, "wage__other": "20000"})
    body = answer.content.decode()
    assert "20,000" in body
    assert "10,000" in body  # of two people
    assert "<html" not in body
    assert household.years.get(year=2026).wage_income == 12000


def test_not_a_sum_is_explained(household, clerk, client_as):
    answer = client_as(clerk).post(url(household, "years/2026/income/"), {"version": 1, "wage__other": "很多"})
    assert answer.status_code == 422
    assert "请写成数字" in answer.content.decode()


def test_stale_income_shows_both_amounts(household, clerk, resident, client_as):
    from households.services import set_income

    set_income(household=household, year=2026, by=resident, lines={"wage.other": 15000})
    answer = client_as(clerk).post(
        url(household, "years/2026/income/"), {"version": 1, "wage__other": "13000", "expense__business": "2000"}
    )
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "15,000" in body
    assert "13,000" in body
    assert household.years.get(year=2026).wage_income == 15000


def test_new_year_copies_what_changes_slowly_and_no_income(household, clerk, client_as):
    household.years.all().first().lines.all().delete()
    household.years.all().delete()
    old = HouseholdYearFactory(household=household, year=2025, dwelling_area=70, check_housing="yes")
    IncomeLineFactory(household_year=old)
    answer = client_as(clerk).post(url(household, "years/open/"), {"year": 2026, "copy": "on"})
    record = household.years.get(year=2026)
    assert answer.status_code == 302
    assert (record.dwelling_area, record.check_housing, record.net_income) == (70, "", None)


# -- the household as a whole ---------------------------------------------------------------------------------------------------


def test_move_to_another_village_of_ones_area(household, land, officer, client_as):
    facts = {"version": 1, "village": land.near_village.pk, "hamlet": "2组", "on": "2026-05-01"}
    answer = client_as(officer).post(url(household, "move/"), facts)
    household.refresh_from_db()
    assert (household.village, household.hamlet) == (land.near_village, "2组")
    assert {member.village for member in household.members.all()} == {land.near_village}
    assert "青石村 → 示范县石门乡白石村" in said(answer)[0]


def test_move_outside_ones_area_is_refused(household, land, officer, client_as):
    answer = client_as(officer).post(
        url(household, "move/"), {"version": 1, "village": land.far_village.pk, "on": "2026-05-01"}
    )
    assert answer.status_code == 422
    assert "管辖范围内的村" in answer.content.decode()


def test_close_and_reopen(household, officer, client_as):
    client = client_as(officer)
    client.post(url(household, "close/"), {"reason": "moved_out", "on": "2026-05-01"})
    household.refresh_from_db()
    assert household.closed_on == dt.date(2026, 5, 1)
    assert "误销，恢复" in client.get(url(household)).content.decode()
    client.post(url(household, "reopen/"))
    household.refresh_from_db()
    assert household.closed_on is None
    assert household.members.present().count() == 1


def test_register_a_household_with_its_householder(land, officer, client_as):
    client = client_as(officer)
    assert client.get("/households/add/").status_code == 200
    facts = {"village": land.village.pk, "hamlet": "3组", "name": "赵一", "id_type": "none", "sex": "1"}
    answer = client.post("/households/add/", facts)
    household = Household.objects.get(householder_name="赵一")
    assert answer.url == household.get_absolute_url()
    assert (household.village, household.hamlet, household.member_count) == (land.village, "3组", 1)


def test_register_needs_the_permission(clerk, client_as):
    assert client_as(clerk).get("/households/add/").status_code == 403


# -- secrets --------------------------------------------------------------------------------------------------------------------


def test_reveal_asks_for_a_reason_shows_once_and_is_logged(household, officer, client_as):
    member = household.members.get()
    client = client_as(officer)
    ask = client.get(url(household, f"reveal/?what=id&member={member.pk}"))
    assert member.id_number.reveal() not in ask.content.decode()
    refused = client.post(url(household, "reveal/"), {"what": "id", "member": member.pk, "reason": "看"})
    assert member.id_number.reveal() not in refused.content.decode()
    shown = client.post(url(household, "reveal/"), {"what": "id", "member": member.pk, "reason": "办理大病救助核对"})
    assert member.id_number.reveal() in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert "理由：办理大病救助核对" in client.get(url(household, "history/")).content.decode()
    assert "办理大病救助核对" not in client.get(url(household)).content.decode()


def test_only_known_secrets_can_be_asked_for(household, officer, client_as):
    client = client_as(officer)
    for query in (
        "",
        "?what=id",
        "?what=name",
        f"?what=account&member={household.members.get().pk}",
        "?what=id&member=999999",
    ):
        assert client.get(url(household, f"reveal/{query}")).status_code == 404, query


def test_no_page_of_a_household_holds_a_full_number(land, officer, client_as):
    household = register_household(
        village=land.village, by=officer, householder={"name": "钱二", "phone": "19900002222", "id_type": "none"},
        facts={"phone": "19900001111", "bank_account": "6222000011112222"},
    )  # fmt: skip
    MemberFactory(household=household, phone_text="19900003333")
    secrets = ["19900001111", "19900002222", "19900003333", "6222000011112222"]
    secrets += [m.id_number.reveal() for m in household.members.all() if m.id_masked]
    member = household.members.last()
    client = client_as(officer)
    for rest in (
        "",
        "edit/",
        "history/",
        "members/add/",
        f"members/{member.pk}/edit/",
        f"members/{member.pk}/2026/",
        "split/",
        "householder/",
        "helpers/",
    ):
        body = client.get(url(household, rest)).content.decode()
        assert not [s for s in secrets if s in body], rest


def test_reading_pages_write_nothing(household, officer, client_as, django_assert_max_num_queries):
    from common.models import AuditEvent

    client = client_as(officer)
    before = AuditEvent.objects.count()
    version = household.version
    for rest in (
        "",
        "edit/",
        "years/2026/income/",
        "years/2026/checks/",
        "members/add/",
        "split/",
        "merge/",
        "move/",
        "close/",
        "helpers/",
        "history/",
    ):
        assert client.get(url(household, rest)).status_code == 200, rest
    household.refresh_from_db()
    assert (AuditEvent.objects.count(), household.version) == (before, version)


def test_forms_of_a_closed_household_are_refused(land, officer, client_as):
    household = HouseholdFactory(village=land.village, closed=True)
    for rest in ("edit/", "years/2026/income/", "members/add/", "split/", "status/propose/"):
        assert client_as(officer).get(url(household, rest)).status_code == 403, rest
