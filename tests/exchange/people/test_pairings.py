"""帮扶责任人结对查询: who helps whom from when to when, found by the household's number."""

from __future__ import annotations

import datetime as dt

import pytest

from cadres.models import Affiliation, Cadre, Unit
from households.models import Pairing
from tests.data import helpers as data
from tests.exchange.people.conftest import came, everything, history_is_whole, notes, said
from tests.factories import CadreFactory, PairingFactory, UnitFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def zhang(home):
    return home("张三", number="5300000001")


def row(household, **more):
    return {"户编号": household.number, "户主姓名": household.householder_name} | more


def periods():
    found = Pairing.objects.select_related("cadre").order_by("starts_on", "pk")
    return [(p.cadre.name, str(p.starts_on), str(p.ends_on) if p.ends_on else "") for p in found]


def test_a_helper_with_unit_number_and_politics(bring, zhang, land):
    batch = bring(data.pairings(row(zhang)))
    assert said(batch) == ""
    cadre = Cadre.objects.get()
    assert (cadre.number, cadre.politics, cadre.is_party_member) == ("BF0001", "01", True)
    assert (cadre.unit.number, cadre.unit.affiliation, cadre.unit.region) == ("DW01", Affiliation.COUNTY, land.county)
    assert periods() == [("王伟", "2020-03-01", "")]
    assert history_is_whole()


def test_a_row_with_an_end_becomes_a_past_pairing_and_the_next_helper_leads(bring, zhang):
    old = row(
        zhang,
        姓名="老周",
        帮扶责任人编号="BF0009",
        联系人电话="19900000009",
        帮扶开始时间="2018-01-01",
        帮扶结束时间="20200301",
    )
    batch = bring(data.pairings(row(zhang), old))
    assert said(batch) == ""
    assert periods() == [("老周", "2018-01-01", "2020-03-01"), ("王伟", "2020-03-01", "")]
    assert all(p.is_lead for p in Pairing.objects.all())
    assert history_is_whole()


def test_the_same_file_again_changes_nothing(bring, zhang, home):
    other = home("李四", number="5300000002")
    file = data.pairings(
        row(zhang), row(other, 帮扶开始时间="2018-01", 帮扶结束时间="2019"),
        row(zhang, 姓名="老周", 帮扶责任人编号="BF0009", 联系人电话="", 帮扶开始时间="2018-01-01", 帮扶结束时间="2020-03-01"),
    )  # fmt: skip
    first = bring(file)
    assert came(first, "pairings") == {"created": 3}, said(first)
    before = everything()
    again = bring(file)
    assert came(again, "rows") == {"unchanged": 3}
    assert everything() == before


def test_an_end_in_the_file_ends_the_pairing(bring, zhang):
    bring(data.pairings(row(zhang)))
    file = data.pairings(row(zhang, 帮扶结束时间="2023-06-30"))
    batch = bring(file)
    assert came(batch, "pairings") == {"updated": 1}
    assert periods() == [("王伟", "2020-03-01", "2023-06-30")]
    assert came(bring(file), "rows") == {"unchanged": 1}
    assert history_is_whole()


def test_another_end_than_the_one_registered_is_held(bring, zhang):
    bring(data.pairings(row(zhang, 帮扶结束时间="2023-06-30")))
    batch = bring(data.pairings(row(zhang, 帮扶结束时间="2022-06-30")))
    assert came(batch, "pairings") == {"held": 1}
    assert "2023" in said(batch)


def test_a_pairing_that_is_over_is_not_begun_again_by_an_older_file(bring, zhang):
    bring(data.pairings(row(zhang, 帮扶结束时间="2023-06-30")))
    batch = bring(data.pairings(row(zhang)))
    assert came(batch, "pairings") == {"held": 1}
    assert "没有结束时间" in said(batch)
    batch = bring(data.pairings(row(zhang, 帮扶开始时间="2024-01-01")))
    assert came(batch, "pairings") == {"created": 1}


def test_another_start_is_told_and_not_written(bring, zhang):
    bring(data.pairings(row(zhang)))
    batch = bring(data.pairings(row(zhang, 帮扶开始时间="2021-03-01")))
    assert came(batch, "pairings") == {"unchanged": 1}
    assert "没有改动" in notes(batch)


def test_another_householder_than_the_ledger_has_is_held(bring, zhang):
    batch = bring(data.pairings(row(zhang, 户主姓名="张山")))
    assert came(batch, "rows") == {"held": 1}
    assert "户主是“张三”，表中写的是“张山”" in said(batch)
    assert not Cadre.objects.exists()


def test_the_householders_number_is_compared(bring, zhang):
    number = zhang.members.get().id_number.reveal()
    assert came(bring(data.pairings(row(zhang, 户主证件号码=number.lower())), write=False), "rows") == {"created": 1}
    other = data.pairings(row(zhang, 户主证件号码="11010119900307563X"))
    assert "户主证件号码" in said(bring(other, write=False))
    wrong = bring(
        data.pairings(row(zhang, 户主证件号码=number[:-1] + ("1" if number[-1] != "1" else "2"))), write=False
    )
    assert came(wrong, "rows") == {"rejected": 1}
    assert "校验不符" in said(wrong)
    assert number not in said(wrong)


def test_a_household_outside_the_area_is_rejected_as_if_it_were_not_there(bring, home, land, officer):
    far = home("李四", number="5300000009", village=land.far_village)
    batch = bring(data.pairings(row(far), {"户编号": "5300000404"}), officer)
    assert came(batch, "rows") == {"rejected": 2}
    assert said(batch).count("您管理的地区里没有户编号") == 2
    assert not Unit.objects.exists()


def test_a_closed_household_is_rejected(bring, home):
    gone = home("李四", number="5300000008", closed=True)
    assert "销户" in said(bring(data.pairings(row(gone))))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"帮扶开始时间": ""}, "没有写帮扶开始时间"),
        ({"帮扶开始时间": "去年"}, "不是日期"),
        ({"帮扶开始时间": "2999-01-01"}, "不是日期"),
        ({"帮扶开始时间": "2090-01-01"}, "在今天之后"),
        ({"帮扶开始时间": "1970-01-01"}, "早于 1990 年"),
        ({"帮扶结束时间": "2019-01-01"}, "早于开始时间"),
        ({"户编号": ""}, "没有写户编号"),
        ({"户编号": "5.3E+16"}, "科学计数法"),
        ({"姓名": ""}, "没有写姓名"),
        ({"姓名": "王伟2"}, "数字或符号"),
        ({"帮扶责任人编号": "6.2E+15"}, "科学计数法"),
        ({"是否牵头": "也许"}, "应为“是”或“否”"),
    ],
)
def test_what_says_who_and_when_must_be_right(bring, zhang, more, words):
    batch = bring(data.pairings(row(zhang) | more))
    assert words in said(batch)
    assert came(batch, "rows") == {"rejected": 1}
    assert not Pairing.objects.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"性别": "不详"}, "「性别」“不详”不在已知的选项中，没有写入"),
        ({"联系人电话": "123"}, "「手机」不像电话号码，没有写入"),
        ({"隶属关系": "央企"}, "「隶属关系」“央企”"),
        ({"政治面貌": "无党派"}, "「政治面貌」“无党派”"),
        ({"帮扶结束时间": "2090-12-31"}, "帮扶结束时间还没有到"),
    ],
)
def test_what_only_describes_is_told_and_left_out(bring, zhang, more, words):
    batch = bring(data.pairings(row(zhang) | more))
    assert came(batch, "pairings") == {"created": 1}, said(batch)
    assert words in notes(batch)


@pytest.mark.parametrize(
    "day", ["20200301", "2020-3-1", "2020/03/01", "2020年3月1日", "202003", "2020.3.1", "２０２０-０３-０１", "43891"]
)
def test_spellings_of_a_day(bring, zhang, day):
    bring(data.pairings(row(zhang, 帮扶开始时间=day)))
    assert periods() == [("王伟", "2020-03-01", "")]


@pytest.mark.parametrize(("sex", "code"), [("1", "1"), (2, "2"), ("男", "1"), ("女性", "2"), ("", "")])
def test_spellings_of_sex_and_phones(bring, zhang, sex, code):
    bring(data.pairings(row(zhang, 性别=sex, 联系人电话=19900000001.0)))
    cadre = Cadre.objects.get()
    assert (cadre.sex, cadre.phone.reveal()) == (code, "19900000001")


def test_a_number_that_belongs_to_somebody_else_is_held(bring, zhang, land):
    CadreFactory(name="老周", number="BF0001", unit=UnitFactory(region=land.county))
    batch = bring(data.pairings(row(zhang)))
    assert came(batch, "cadres") == {"held": 1}
    assert "登记的是“老周”，表中写的是“王伟”" in said(batch)


def test_a_unit_whose_number_has_another_name_is_held(bring, zhang, land):
    UnitFactory(name="县扶贫办", number="DW01", region=land.county)
    batch = bring(data.pairings(row(zhang)))
    assert came(batch, "units") == {"held": 1}
    assert "登记的是“县扶贫办”" in said(batch)
    assert not Cadre.objects.exists()


def test_one_number_for_two_units_of_the_file_is_held_whichever_comes_first(bring, zhang, home):
    UnitFactory(name="县水务局", region=zhang.village.parent.parent)
    rows = [
        row(zhang, 单位名称="县水务局", 帮扶单位编号="DW09"),
        row(home("李四", number="5300000002"), 单位名称="县农业农村局", 帮扶单位编号="DW09"),
    ]
    for file in (rows, rows[::-1], rows):
        batch = bring(data.pairings(*file))
        assert set(came(batch, "units")) == {"held"}
        assert "表中帮扶单位编号 DW09 写了几个单位" in said(batch)
    assert not Cadre.objects.exists()


def test_one_number_of_a_person_in_two_units_of_the_file_is_held_whichever_comes_first(bring, zhang, home):
    rows = [row(zhang, 单位名称="县水务局", 帮扶单位编号=""), row(home("李四", number="5300000002"), 帮扶单位编号="")]
    for file in (rows, rows[::-1]):
        batch = bring(data.pairings(*file))
        assert set(came(batch, "cadres")) == {"held"}
        assert "用同一个编号写了几个单位" in said(batch)
    assert not Cadre.objects.exists()


def test_a_number_told_by_a_later_row_tells_namesakes_apart(bring, zhang, home):
    other, third = home("李四", number="5300000002"), home("王五", number="5300000003")
    rows = [
        row(zhang, 帮扶责任人编号=""),
        row(other, 帮扶责任人编号="BF0002"),
        row(third, 帮扶责任人编号="BF0003", 联系人电话=""),
    ]
    assert came(bring(data.pairings(*rows)), "cadres") == {"created": 2}
    assert came(bring(data.pairings(*rows)), "cadres") == {"unchanged": 2}


def test_an_end_without_a_beginning_beside_a_pairing_that_runs_on_is_held(bring, zhang):
    rows = [row(zhang, 帮扶开始时间="", 帮扶结束时间="2020-03-01"), row(zhang, 帮扶开始时间="2018-01-01")]
    for file in (rows, rows[::-1]):
        batch = bring(data.pairings(*file))
        assert came(batch, "pairings") == {"held": 2}
        assert "有的写了结束时间，有的没有" in said(batch)
    assert not Pairing.objects.exists()


def test_somebody_with_many_households_is_counted_once(bring, home):
    homes = [home(f"户主{c}", number=f"53000001{n:02d}") for n, c in enumerate("甲乙丙丁")]
    batch = bring(data.pairings(*(row(each) for each in homes)))
    assert batch.cadres_read == batch.units_read == 1
    assert came(batch, "pairings") == {"created": 4}
    assert came(batch, "rows") == {"created": 4}


def test_a_row_twice_is_one_pairing(bring, zhang):
    batch = bring(data.pairings(row(zhang), row(zhang)))
    assert came(batch, "pairings") == {"created": 1, "unchanged": 1}
    assert Pairing.objects.count() == 1


def test_a_new_helper_where_there_is_one_is_held(bring, zhang):
    PairingFactory(household=zhang, cadre__name="老周", starts_on=dt.date(2019, 1, 1))
    batch = bring(data.pairings(row(zhang)))
    assert came(batch, "pairings") == {"held": 1}
    assert "要换成王伟" in said(batch)
    assert not Cadre.objects.filter(name="王伟").exists()


def test_a_past_pairing_needs_no_room_and_may_be_of_somebody_who_left(bring, zhang, land):
    unit = UnitFactory(name="县农业农村局", region=land.county)
    CadreFactory(name="王伟", number="BF0001", unit=unit, left_on=dt.date(2022, 1, 1))
    batch = bring(data.pairings(row(zhang, 帮扶结束时间="2021-12-31")))
    assert came(batch, "pairings") == {"created": 1}, said(batch)
    assert came(bring(data.pairings(row(zhang))), "pairings") == {"held": 1}
