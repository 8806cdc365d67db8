"""Lists of helpers and resident teams: who is registered, who comes into a team, who is paired, and what is held."""

from __future__ import annotations

import datetime as dt

import pytest

from cadres.models import Affiliation, Cadre, ResidentTeam, TeamMember, Unit
from common import pii
from exchange.people import sheets
from households.models import Pairing, PairingRule, Status
from tests.data import helpers as data
from tests.exchange.people.conftest import ON, came, everything, history_is_whole, notes, said
from tests.factories import CadreFactory, MemberFactory, PairingFactory, TeamFactory, TeamMemberFactory, UnitFactory
from tests.factories.households import invented_id_number

pytestmark = pytest.mark.django_db
ROLE, NAMED = "队长/队员/结对帮扶责任人", "户主姓名（组别）"


def test_a_helper_is_registered_and_paired_with_the_households_named(bring, home, land):
    first, second = home("张三", "一组"), home("李四", "二组")
    batch = bring(data.helpers({NAMED: "张三（一组）、李四(二组)", "户数": 2}))
    assert said(batch) == ""
    assert came(batch, "units") == came(batch, "cadres") == {"created": 1}
    assert came(batch, "pairings") == {"created": 2}
    cadre = Cadre.objects.get()
    assert (cadre.name, cadre.title, cadre.sex, cadre.phone.reveal()) == ("王伟", "股长", "1", "19900000001")
    assert (cadre.unit.name, cadre.unit.region, cadre.unit.affiliation) == (
        "县农业农村局",
        land.county,
        Affiliation.COUNTY,
    )
    found = {p.household: p for p in Pairing.objects.all()}
    assert set(found) == {first, second}
    assert all(p.cadre == cadre and p.is_lead and p.starts_on == ON and p.ends_on is None for p in found.values())
    assert history_is_whole()


def test_a_team_begins_with_its_people(bring, land):
    batch = bring(
        data.helpers(
            {"姓名": "赵队", ROLE: "队长（第一书记）", "手机": "19900000011"},
            {"姓名": "钱员", ROLE: "队员", "手机": "19900000012", "单位名称": "石门乡人民政府"},
            {"姓名": "孙副", ROLE: "副队长", "手机": "19900000013"},
        )
    )
    assert said(batch) == ""
    assert came(batch, "places") == {"created": 3}
    team = ResidentTeam.objects.get()
    assert (team.village, team.starts_on, team.unit.name) == (land.village, ON, "县农业农村局")
    duties = {m.cadre.name: (m.is_leader, m.is_first_secretary) for m in TeamMember.objects.all()}
    assert duties == {"赵队": (True, True), "钱员": (False, False), "孙副": (False, False)}
    assert Unit.objects.get(name="石门乡人民政府").region == land.township
    assert history_is_whole()


def test_the_same_file_again_changes_nothing(bring, home):
    home("张三"), home("李四")
    file = data.helpers(
        {NAMED: "张三、李四", "户数": 2}, {"姓名": "赵队", ROLE: "第一书记兼队长", "手机": "19900000011"}
    )
    bring(file)
    before = everything()
    again = bring(file, write=False)
    assert came(again, "rows") == {"unchanged": 2}, said(again)
    for prefix in ("units", "cadres", "places", "pairings"):
        assert set(came(again, prefix)) == {"unchanged"}
    bring(file)
    assert everything() == before


def test_two_householders_of_a_name_are_held_with_their_hamlets(bring, home):
    home("张三", "一组"), home("张三", "二组")
    batch = bring(data.helpers({NAMED: "张三"}))
    assert came(batch, "pairings") == {"held": 1}
    assert "一组" in said(batch)
    assert "二组" in said(batch)
    assert not Pairing.objects.exists()
    batch = bring(data.helpers({NAMED: "张三（第二村民小组）"}))
    assert came(batch, "pairings") == {"created": 1}
    assert Pairing.objects.get().household.hamlet == "二组"


def test_dates_hold_from_the_day_of_the_upload_form(bring, home):
    home("张三")
    bring(data.helpers({NAMED: "张三"}), on=dt.date(2025, 5, 5))
    assert Pairing.objects.get().starts_on == dt.date(2025, 5, 5)


# -- how a cell may be written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "张三（一组）、李四（二组）、王五",
        "张三(一组),李四(二组),王五",
        "张三（一组），李四（ 二组 ）；王五",
        "张三 （一组）\n李四 (二组)\n王五",
        "张 三（一组） 李　四（二组） 王五",
        "1.张三（一组）2.李四（二组）3.王五".replace("2.", "、2.").replace("3.", "、3."),
        "张三[一组];李四【二组】;王五等3户",
        "张三（一组）李四（二组）王五",
    ],
)
def test_names_in_one_cell(bring, home, cell):
    homes = [home("张三", "一组"), home("李四", "二组"), home("王五")]
    batch = bring(data.helpers({NAMED: cell, "户数": "3户"}))
    assert came(batch, "pairings") == {"created": 3}, said(batch)
    assert {p.household for p in Pairing.objects.all()} == set(homes)


@pytest.mark.parametrize(
    ("word", "leader", "secretary", "team", "helps"),
    [
        ("队长", True, False, True, False),
        ("队员", False, False, True, False),
        ("副队长", False, False, True, False),
        ("第一书记", False, True, True, False),
        ("队长（第一书记）", True, True, True, False),
        ("第一书记兼队长", True, True, True, False),
        (" 队 长 ", True, False, True, False),
        ("工作队员、结对帮扶责任人", False, False, True, True),
        ("结对帮扶责任人", False, False, False, True),
        ("帮扶干部", False, False, False, True),
    ],
)
def test_words_for_what_somebody_is(word, leader, secretary, team, helps):
    found = sheets.role_value(word)
    assert (found["is_leader"], found["is_secretary"], found["in_team"], found["helps"]) == (
        leader,
        secretary,
        team,
        helps,
    )


def test_a_count_that_disagrees_with_the_names_holds_them_all(bring, home):
    home("张三")
    batch = bring(data.helpers({NAMED: "张三", "户数": 2}))
    assert came(batch, "pairings") == {"held": 1}
    assert "户数是 2，户主姓名却有 1 个" in said(batch)
    assert not Pairing.objects.exists()


def test_cells_merged_over_a_block_hold_for_all_of_it(bring):
    rows = [{"姓名": name, ROLE: "队员", "手机": f"1990000010{n}"} for n, name in enumerate(("赵一", "钱二", "孙三"))]
    batch = bring(data.merged([("县水务局", rows[:2]), ("县教育局", rows[2:])]))
    assert {c.name: c.unit.name for c in Cadre.objects.all()} == {
        "赵一": "县水务局",
        "钱二": "县水务局",
        "孙三": "县教育局",
    }
    assert "没有写单位，按上面一行的“县水务局”" in notes(batch)


def test_a_unit_is_not_taken_from_above_a_total(bring):
    rows = [
        data.HELPER | {ROLE: "队员"},
        {"单位名称": "合计", "户数": 3},
        data.HELPER | {"姓名": "李新", ROLE: "队员", "单位名称": "", "手机": ""},
    ]
    batch = bring(data.sheet(rows))
    assert batch.lines_total == 1
    assert came(batch, "rows") == {"created": 1, "held": 1}
    assert "没有写单位" in said(batch)


# -- where ----------------------------------------------------------------------------------------------------------------------


def test_a_village_of_another_township_is_rejected(bring, officer, home, land):
    home("张三", village=land.far_village)
    batch = bring(
        data.helpers({NAMED: "张三", "乡镇": "柳河镇", "村": "柳树村", "单位名称": "石门乡人民政府"}), officer
    )
    assert came(batch, "rows") == {"rejected": 1}
    assert "不在您管理的地区" in said(batch)
    assert came(batch, "pairings") == came(batch, "cadres") == {"rejected": 1}
    assert not Cadre.objects.exists()


def test_a_village_that_is_not_there_is_rejected(bring):
    batch = bring(data.helpers({"村": "无名村", ROLE: "队员"}))
    assert "区划表中没有“石门乡无名村”" in said(batch)
    assert not Cadre.objects.exists()


def test_a_householder_who_is_not_there_is_rejected_and_nobody_is_registered_for_it(bring):
    batch = bring(data.helpers({NAMED: "没有这人"}))
    assert came(batch, "pairings") == {"rejected": 1}
    assert "没有叫“没有这人”的户主" in said(batch)
    assert not Cadre.objects.exists()
    assert not Unit.objects.exists()


def test_what_can_go_in_of_a_row_goes_in(bring, home):
    home("张三")
    batch = bring(data.helpers({NAMED: "张三、李四", "户数": 2}))
    assert came(batch, "pairings") == {"created": 1, "rejected": 1}
    assert came(batch, "rows") == {"rejected": 1}
    assert Pairing.objects.get().household.householder_name == "张三"


def test_a_unit_of_the_county_is_not_opened_from_a_township(bring, officer, home):
    home("张三")
    batch = bring(data.helpers({NAMED: "张三", "隶属关系": "县直"}), officer)
    assert Unit.objects.get().region.name == "石门乡"  # as high as the officer keeps units
    assert came(batch, "pairings") == {"created": 1}


def test_somebody_new_in_a_unit_of_the_county_is_for_the_county_to_register(bring, officer, home, land):
    home("张三")
    UnitFactory(name="县农业农村局", region=land.county)
    batch = bring(data.helpers({NAMED: "张三"}), officer)
    assert "请示范县先登记这位干部" in said(batch)
    assert came(batch, "cadres") == {"held": 1}


def test_a_cadre_of_the_county_is_paired_from_a_township_but_not_changed(bring, officer, home, land):
    home("张三")
    unit = UnitFactory(name="县农业农村局", region=land.county)
    CadreFactory(name="王伟", unit=unit, title="局长")
    batch = bring(data.helpers({NAMED: "张三", "手机": ""}), officer)
    assert came(batch, "pairings") == {"created": 1}
    assert Cadre.objects.get().title == "局长"
    assert "您不能改这位干部" in notes(batch)


# -- who ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def office(land):
    return UnitFactory(name="县农业农村局", region=land.county)


def known(office, name="王伟", **facts):
    return CadreFactory(name=name, unit=office, **facts)


def test_somebody_is_found_by_unit_and_name_and_gets_what_was_missing(bring, office, home):
    home("张三")
    cadre = known(office)
    batch = bring(data.helpers({NAMED: "张三", "证件号码": invented_id_number()}))
    assert came(batch, "cadres") == {"updated": 1}
    cadre.refresh_from_db()
    assert cadre.phone.reveal() == "19900000001"
    assert cadre.id_hash
    shown = batch.rows.get().detail["parts"]
    assert "19900000001" not in str(shown)
    assert "199****0001" in str(shown)


def test_two_namesakes_of_a_unit_are_held(bring, office):
    known(office), known(office)
    batch = bring(data.helpers({ROLE: "队员", "手机": ""}))
    assert came(batch, "cadres") == came(batch, "places") == {"held": 1}
    assert "有 2 位“王伟”，分不清是哪一位" in said(batch)


def test_namesakes_are_told_apart_by_the_telephone(bring, office):
    first, _second = known(office), known(office)
    first.phone, first.phone_hash, first.phone_masked = pii.seal_phone("19900000001")
    first.save()
    bring(data.helpers({ROLE: "队员"}))
    assert TeamMember.objects.get().cadre == first


def test_two_telephones_of_one_name_in_the_file_may_be_two_people(bring, office):
    batch = bring(data.helpers({ROLE: "队员"}, {ROLE: "队员", "手机": "19900000002", "村": "白石村"}))
    assert came(batch, "cadres") == {"created": 1, "held": 1}
    assert "两个不同的电话" in said(batch)


@pytest.mark.parametrize("units", [("县水务局", "县农业农村局"), ("县农业农村局", "县水务局")])
def test_one_telephone_in_two_units_of_the_file_is_held_whichever_comes_first(bring, office, units):
    known(UnitFactory(name="县水务局", region=office.region))
    rows = [{ROLE: "队员", "单位名称": unit} for unit in units]
    for _again in range(2):
        batch = bring(data.helpers(*rows))
        assert set(came(batch, "cadres")) == {"held"}
        assert "用同一个电话写了几个单位（" + "、".join(units) + "）" in said(batch)


@pytest.mark.parametrize("units", [("", "县农业农村局"), ("县农业农村局", "")])
def test_a_row_without_a_unit_means_that_of_the_other_row_with_the_same_telephone(bring, office, units):
    rows = [
        {ROLE: "队员", "单位名称": unit, "村": village}
        for unit, village in zip(units, ("青石村", "白石村"), strict=True)
    ]
    assert came(bring(data.helpers(*rows)), "cadres") == {"created": 1}
    assert came(bring(data.helpers(*rows)), "cadres") == {"unchanged": 1}


def test_an_id_number_goes_before_unit_and_name(bring, office, land):
    number = invented_id_number()
    cadre = known(UnitFactory(name="县水务局", region=land.county))
    sealed = pii.seal_id_number(number)
    cadre.id_number, cadre.id_hash, cadre.id_masked = sealed
    cadre.save()
    batch = bring(data.helpers({ROLE: "队员", "证件号码": number}))
    assert came(batch, "cadres") == {"updated": 1}, said(batch)
    cadre.refresh_from_db()
    assert cadre.unit == office
    assert Cadre.objects.count() == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("530102197001010011", "最后一位校验不符"),
        ("5.13E+17", "科学计数法"),
        ("12345", "有 5 位"),
        ("53010219701301001X", "校验不符"),
    ],
)
def test_a_wrong_id_number_rejects_the_row(bring, number, words):
    batch = bring(data.helpers({ROLE: "队员", "证件号码": number}))
    assert came(batch, "rows") == {"rejected": 1}
    assert words in said(batch)
    assert not Cadre.objects.exists()


def test_one_id_number_is_one_cadre(bring, office, land):
    """The number of somebody else keeps a row out, whether they are in the file, in the ledger, or where the reader does not see them."""
    number = invented_id_number()
    rows = (
        {ROLE: "队员", "证件号码": number, "帮扶责任人编号": "B1"},
        {"姓名": "李强", ROLE: "队员", "证件号码": number, "手机": "19900000002"},
    )
    for first, second in (rows, rows[::-1]):
        batch = bring(data.helpers(first, second), write=False)
        assert came(batch, "cadres") == {"created": 1, "held": 1}
    known(office, number="B1")
    known(office, name="李强", number="B2")
    batch = bring(data.helpers(rows[0], rows[1] | {"帮扶责任人编号": "B2"}))
    assert came(batch, "cadres") == {"updated": 1, "held": 1}
    away = CadreFactory(unit=UnitFactory(region=land.other_county))
    sealed = pii.seal_id_number(invented_id_number())
    away.id_number, away.id_hash, away.id_masked = sealed
    away.save()
    row = {"姓名": "赵敏", ROLE: "队员", "证件号码": sealed.secret.reveal(), "手机": ""}
    assert "已经登记为另一位干部" in said(bring(data.helpers(row)))


def test_an_id_number_in_full_width_digits_is_read(bring):
    number = invented_id_number()
    wide = number.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)}).lower()
    bring(data.helpers({ROLE: "队员", "证件号码": f" {wide} "}))
    assert Cadre.objects.get().id_number.reveal() == number


def test_who_has_left_is_held(bring, office, home):
    home("张三")
    known(office, left_on=dt.date(2023, 1, 1))
    batch = bring(data.helpers({NAMED: "张三"}, {NAMED: "", ROLE: "队员"}))
    assert came(batch, "pairings") == came(batch, "places") == {"held": 1}
    assert "已于 2023年1月1日 离岗" in said(batch)


# -- teams ----------------------------------------------------------------------------------------------------------------------


def test_a_second_leader_is_held(bring):
    batch = bring(data.helpers({"姓名": "赵队", ROLE: "队长", "手机": ""}, {"姓名": "钱队", ROLE: "队长", "手机": ""}))
    assert came(batch, "places") == {"created": 1, "held": 1}
    assert "队长现在是赵队" in said(batch)
    assert {c.name for c in Cadre.objects.all()} == {"赵队"}


def test_two_duties_of_one_person_on_two_rows_are_one_place(bring):
    file = data.helpers({ROLE: "队员"}, {ROLE: "第一书记"}, {ROLE: "队长"})
    batch = bring(file)
    assert came(batch, "places") == {"created": 1, "unchanged": 2}
    place = TeamMember.objects.get()
    assert (place.is_leader, place.is_first_secretary) == (True, True)
    assert came(bring(file), "rows") == {"unchanged": 3}


def test_somebody_in_another_team_is_held(bring, land):
    batch = bring(data.helpers({ROLE: "队员"}, {ROLE: "队员", "村": "白石村"}))
    assert came(batch, "places") == {"created": 1, "held": 1}
    assert "已经是青石村工作队的全脱产队员" in said(batch)


def test_a_member_who_is_leader_now_is_changed_and_a_leader_who_is_none_is_held(bring):
    bring(data.helpers({ROLE: "队员"}))
    batch = bring(data.helpers({ROLE: "队长"}), on=dt.date(2024, 6, 1))
    assert came(batch, "places") == {"updated": 1}
    assert TeamMember.objects.get(ends_on=None).is_leader
    batch = bring(data.helpers({ROLE: "队员"}))
    assert came(batch, "places") == {"held": 1}
    assert "系统里王伟是队长" in said(batch)


def test_a_team_does_not_begin_before_the_last_one_left(bring, land):
    TeamFactory(village=land.village, starts_on=dt.date(2022, 1, 1), ends_on=dt.date(2024, 5, 1))
    batch = bring(data.helpers({ROLE: "队员"}))
    assert came(batch, "places") == {"held": 1}
    assert "2024" in said(batch)
    assert came(bring(data.helpers({ROLE: "队员"}), on=dt.date(2024, 5, 1)), "places") == {"created": 1}


def test_nobody_comes_into_a_team_before_it_came(bring, land):
    TeamFactory(village=land.village, starts_on=dt.date(2025, 1, 1))
    batch = bring(data.helpers({ROLE: "队员"}))
    assert came(batch, "places") == {"held": 1}
    assert "才进驻" in said(batch)


def test_a_duty_changes_within_the_term_only(bring, office, land):
    team = TeamFactory(village=land.village, starts_on=dt.date(2022, 1, 1))
    TeamMemberFactory(team=team, cadre=known(office), starts_on=dt.date(2024, 6, 1), is_leader=False)
    batch = bring(data.helpers({ROLE: "队长"}))
    assert came(batch, "places") == {"held": 1}
    assert "改任期" in said(batch)


# -- whose household ------------------------------------------------------------------------------------------------------------


def test_a_household_with_a_helper_is_held_and_a_second_helper_says_so(bring, home):
    PairingFactory(household=home("张三"), cadre__name="老周", starts_on=dt.date(2020, 1, 1))
    batch = bring(data.helpers({NAMED: "张三"}))
    assert came(batch, "pairings") == {"held": 1}
    assert "现在的帮扶责任人是老周" in said(batch)
    batch = bring(data.helpers({NAMED: "张三", "是否牵头": "否"}))
    assert came(batch, "pairings") == {"created": 1}
    modes = {p.cadre.name: (p.mode, p.is_lead) for p in Pairing.objects.all()}
    assert modes == {"老周": ("many_to_one", True), "王伟": ("many_to_one", False)}


def test_two_helpers_of_one_household_in_a_file_are_both_held(bring, home):
    home("张三")
    rows = {NAMED: "张三"}, {NAMED: "张三", "姓名": "李强", "手机": "19900000002"}
    batch = bring(data.helpers(*rows))
    assert came(batch, "pairings") == {"held": 2}
    assert "第 2、3 行" in said(batch)
    batch = bring(data.helpers(rows[0] | {"是否牵头": "是"}, rows[1] | {"是否牵头": "否"}))
    assert came(batch, "pairings") == {"created": 2}, said(batch)
    assert Pairing.objects.filter(mode="many_to_one").count() == 2


def test_who_does_not_lead_may_stand_above_who_does(bring, home):
    home("张三")
    batch = bring(
        data.helpers({NAMED: "张三", "是否牵头": "否"}, {NAMED: "张三", "姓名": "李强", "手机": "19900000002"})
    )
    assert came(batch, "pairings") == {"created": 2}, said(batch)
    assert Pairing.objects.get(is_lead=True).cadre.name == "李强"


def test_kin_are_refused_with_the_words_of_the_rule(bring, home):
    number = invented_id_number()
    MemberFactory(household=home("张三"), id_text=number)
    batch = bring(data.helpers({NAMED: "张三", "证件号码": number}))
    assert came(batch, "pairings") == {"rejected": 1}
    assert "应当回避" in said(batch)


def test_somebody_of_a_poor_household_helps_nobody(bring, home):
    number = invented_id_number()
    home("张三")
    MemberFactory(household=home("李四", status=Status.REGISTERED), id_text=number)
    batch = bring(data.helpers({NAMED: "张三", "证件号码": number}))
    assert "不能当帮扶责任人" in said(batch)
    assert not Pairing.objects.exists()


def test_more_households_than_the_rule_allows_are_refused(bring, home, land):
    PairingRule.objects.create(region=land.county, most_ordinary=2)
    for name in ("张三", "李四", "王五"):
        home(name)
    batch = bring(data.helpers({NAMED: "张三、李四、王五"}))
    assert came(batch, "pairings") == {"created": 2, "rejected": 1}
    assert "按要求最多 2 户" in said(batch)
