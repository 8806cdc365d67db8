"""Births, marriages, deaths, another householder, splitting and merging, through the pages."""

import datetime as dt

import pytest
from django.contrib.messages import get_messages

from households.models import Household, MemberYear
from tests.factories import HouseholdFactory, MemberFactory, MemberYearFactory, invented_id_number

pytestmark = pytest.mark.django_db


def url(household, rest=""):
    return f"/households/{household.pk}/{rest}"


def said(response):
    return [str(m) for m in get_messages(response.wsgi_request)]


@pytest.fixture
def family(household):
    wife = MemberFactory(household=household, name="李芳", relation="02", sex="2", birth_date=dt.date(1972, 1, 1))
    son = MemberFactory(household=household, name="王小明", relation="03", birth_date=dt.date(1996, 1, 1))
    household.head, household.wife, household.son = household.members.get(relation="01"), wife, son
    return household


def test_birth_is_registered_and_said(household, clerk, client_as):
    facts = {"version": 1, "joined_reason": "birth", "joined_on": "2026-03-01", "name": "王思雨", "relation": "08", "id_type": "none", "sex": "2",
             "birth_date": "2026-03-01"}  # fmt: skip
    answer = client_as(clerk).post(url(household, "members/add/"), facts)
    assert household.members.present().count() == 2
    assert said(answer)[0].startswith("已完成：增加成员。王思雨 与户主关系 之孙女")


def test_id_number_fills_birthday_and_sex(household, clerk, client_as):
    number = invented_id_number(dt.date(1999, 9, 9), "2")
    facts = {
        "version": 1,
        "joined_reason": "marriage",
        "joined_on": "2026-03-01",
        "name": "孙三",
        "relation": "05",
        "id_type": "id",
        "id_number": number,
    }
    answer = client_as(clerk).post(url(household, "members/add/"), facts)
    member = household.members.get(name="孙三")
    assert (member.birth_date, member.sex, member.id_number.reveal()) == (dt.date(1999, 9, 9), "2", number)
    assert number not in "".join(said(answer))


def test_wrong_check_digit_is_explained_and_nothing_is_saved(household, clerk, client_as):
    number = invented_id_number()
    spoilt = number[:-1] + ("0" if number[-1] != "0" else "1")
    facts = {
        "version": 1,
        "joined_reason": "move_in",
        "joined_on": "2026-03-01",
        "name": "孙三",
        "relation": "99",
        "id_type": "id",
        "id_number": spoilt,
    }
    answer = client_as(clerk).post(url(household, "members/add/"), facts)
    assert answer.status_code == 422
    assert "校验不符" in answer.content.decode()
    assert household.members.count() == 1


def test_member_is_corrected_and_a_blank_number_keeps_the_old(family, clerk, client_as):
    number = family.son.id_number.reveal()
    client = client_as(clerk)
    form = client.get(url(family, f"members/{family.son.pk}/edit/")).content.decode()
    assert number not in form
    assert family.son.id_masked in form
    facts = {
        "version": 1,
        "name": "王晓明",
        "relation": "03",
        "id_type": "id",
        "id_number": "",
        "sex": "1",
        "birth_date": "1996-01-01",
    }
    answer = client.post(url(family, f"members/{family.son.pk}/edit/"), facts)
    family.son.refresh_from_db()
    assert (family.son.name, family.son.id_number.reveal()) == ("王晓明", number)
    assert "王小明 → 王晓明" in said(answer)[0]


def test_member_of_another_household_is_not_there(family, clerk, land, client_as):
    other = MemberFactory(household=HouseholdFactory(village=land.village))
    assert client_as(clerk).get(url(family, f"members/{other.pk}/edit/")).status_code == 404


def test_members_year_is_corrected_with_last_years_value_as_hint(family, clerk, client_as):
    MemberYearFactory(member=family.son, year=2025, work_months=10, work_area="04")
    client = client_as(clerk)
    form = client.get(url(family, f"members/{family.son.pk}/2026/")).content.decode()
    assert "2025年：10 月" in form
    answer = client.post(
        url(family, f"members/{family.son.pk}/2026/"),
        {"version": 1, "work_months": "6", "health": ["02", "04"], "medical_resident": "1"},
    )
    record = MemberYear.objects.get(member=family.son, year=2026)
    assert (record.work_months, record.health, record.medical_resident, record.low_income) == (
        6,
        ["02", "04"],
        True,
        None,
    )
    assert "长期慢性病、残疾" in said(answer)[0]


def test_healthy_stands_alone(family, clerk, client_as):
    answer = client_as(clerk).post(
        url(family, f"members/{family.son.pk}/2026/"), {"version": 1, "health": ["01", "02"]}
    )
    assert answer.status_code == 422
    assert "不能与其他健康状况同时选择" in answer.content.decode()


def test_death_is_registered_and_can_be_undone(family, clerk, client_as):
    client = client_as(clerk)
    client.post(
        url(family, f"members/{family.wife.pk}/leave/"), {"version": 1, "left_reason": "death", "left_on": "2026-06-01"}
    )
    family.wife.refresh_from_db()
    assert (family.wife.left_on, family.wife.left_reason) == (dt.date(2026, 6, 1), "death")
    assert "死亡 2026年6月1日" in client.get(url(family)).content.decode()
    client.post(url(family, f"members/{family.wife.pk}/return/"))
    family.wife.refresh_from_db()
    assert family.wife.left_on is None


def test_householder_who_dies_is_followed_in_the_same_step(family, clerk, client_as):
    client = client_as(clerk)
    path = url(family, f"members/{family.head.pk}/leave/")
    assert "请先选定由谁接任" in client.get(path).content.decode()
    step = f"{path}?householder={family.wife.pk}"
    assert "王小明 是 李芳 的" in client.get(step).content.decode()
    refused = client.post(step, {"version": 1, "left_reason": "death", "left_on": "2026-06-01"})
    assert refused.status_code == 422
    client.post(
        step, {"version": 1, "left_reason": "death", "left_on": "2026-06-01", f"relation_{family.son.pk}": "03"}
    )
    family.refresh_from_db()
    assert family.householder_name == "李芳"
    assert family.members.present().count() == 2


def test_householder_is_changed_in_one_step_with_all_relations_asked(family, officer, client_as):
    client = client_as(officer)
    step = url(family, f"householder/?householder={family.son.pk}")
    form = client.get(step).content.decode()
    assert "王建国 是 王小明 的" in form
    assert "李芳 是 王小明 的" in form
    answer = client.post(step, {"version": 1, f"relation_{family.head.pk}": "11", f"relation_{family.wife.pk}": "12"})
    family.refresh_from_db()
    assert family.householder_name == "王小明"
    assert dict(family.members.values_list("name", "relation")) == {"王小明": "01", "王建国": "11", "李芳": "12"}
    assert "更换户主" in said(answer)[0]


def test_split_makes_a_household_of_the_chosen(family, officer, client_as):
    daughter_in_law = MemberFactory(household=family, name="孙三", relation="05", sex="2")
    client = client_as(officer)
    wrong = client.get(url(family, f"split/?members={family.wife.pk}&householder={family.son.pk}")).content.decode()
    assert "新户的户主必须是拆出的成员之一" in wrong
    step = url(family, f"split/?members={family.son.pk}&members={daughter_in_law.pk}&householder={family.son.pk}")
    assert "孙三 是 王小明 的" in client.get(step).content.decode()
    answer = client.post(step, {"version": 1, f"relation_{daughter_in_law.pk}": "02", "on": "2026-04-01", "number": ""})
    new = Household.objects.get(householder_name="王小明")
    assert answer.url == new.get_absolute_url()
    assert (new.village, new.member_count) == (family.village, 2)
    assert family.members.present().count() == 2


def test_merge_finds_the_other_household_and_closes_this_one(family, land, officer, clerk, client_as):
    into = HouseholdFactory(village=land.near_village, with_householder=True, householder_name="周四")
    outside = HouseholdFactory(village=land.far_village, with_householder=True, householder_name="周四")
    client = client_as(officer)
    found = client.get(url(family, "merge/?q=周四")).content.decode()
    assert f"?into={into.pk}" in found
    assert f"?into={outside.pk}" not in found
    assert client.get(url(family, f"merge/?into={outside.pk}")).status_code == 404
    relations = {f"relation_{m.pk}": "99" for m in family.members.present()}
    answer = client.post(url(family, f"merge/?into={into.pk}"), {"version": 1, "on": "2026-04-01"} | relations)
    family.refresh_from_db()
    assert answer.url == into.get_absolute_url()
    assert (family.closed_reason, family.merged_into) == ("merged", into)
    assert into.members.present().count() == 4
    assert f'href="{into.get_absolute_url()}">打开那一户' in client.get(url(family)).content.decode()
    theirs = client_as(clerk).get(url(family)).content.decode()
    assert into.number in theirs
    assert "打开那一户" not in theirs  # another village


def test_stale_member_form_shows_both_values(family, clerk, resident, client_as):
    from households.services import correct_member

    correct_member(member=family.son, by=resident, facts={"name": "王大明"})
    facts = {"version": 1, "name": "王晓明", "relation": "03", "id_type": "id", "sex": "1", "birth_date": "1996-01-01"}
    answer = client_as(clerk).post(url(family, f"members/{family.son.pk}/edit/"), facts)
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "王大明" in body
    assert "王晓明" in body
