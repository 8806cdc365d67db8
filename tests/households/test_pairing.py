"""Helpers of a household: modes, leads, kin, limits. Every refusal is a sentence, whatever the door."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from cadres.models import Rank
from common import audit
from households import services as s
from households.models import AUDITED, Kinship, PairingRule
from tests.factories import CadreFactory, HouseholdFactory, MemberFactory, PairingFactory, PostingFactory, UserFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def days(n):
    return TODAY + dt.timedelta(days=n)


def verify():
    connection.check_constraints()
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken


@pytest.fixture
def house(land):
    return HouseholdFactory(village=land.village)


def now(house):
    """{name: (mode, leads)} of today."""
    return {p.cadre.name: (p.mode, p.is_lead) for p in house.pairings.current().select_related("cadre")}


def same_person(cadre, member):
    """The cadre is the member by ID number."""
    cadre.id_number, cadre.id_hash, cadre.id_masked = member.id_number, member.id_hash, member.id_masked
    cadre.save()
    return cadre


# -- modes --------------------------------------------------------------------------------------------------------------------------


def test_a_second_helper_makes_many_to_one_and_the_last_one_is_alone_again(house, officer):
    first, second = CadreFactory(name="甲"), CadreFactory(name="乙")
    one = s.pair(household=house, cadre=first, by=officer, starts_on=days(-10))
    assert now(house) == {"甲": ("one_to_one", True)}
    s.pair(household=house, cadre=second, by=officer, starts_on=days(-5), is_lead=False)
    assert now(house) == {"甲": ("many_to_one", True), "乙": ("many_to_one", False)}
    s.end_pairing(pairing=one, by=officer, ends_on=TODAY, reason="调走")
    assert now(house) == {"乙": ("one_to_one", True)}
    verify()


def test_the_first_one_leads(house, officer):
    with pytest.raises(s.LedgerError, match="还没有牵头"):
        s.pair(household=house, cadre=CadreFactory(), by=officer, starts_on=TODAY, is_lead=False)


def test_of_several_one_is_chosen_to_lead_on(house, officer):
    lead = s.pair(household=house, cadre=CadreFactory(name="甲"), by=officer, starts_on=days(-9))
    more = [
        s.pair(household=house, cadre=CadreFactory(name=n), by=officer, starts_on=days(-9), is_lead=False)
        for n in "乙丙"
    ]
    with pytest.raises(s.LedgerError, match="选定由谁牵头"):
        s.end_pairing(pairing=lead, by=officer, ends_on=TODAY)
    s.end_pairing(pairing=lead, by=officer, ends_on=TODAY, lead=more[1])
    assert now(house) == {"乙": ("many_to_one", False), "丙": ("many_to_one", True)}


def test_a_lead_goes_ahead_of_time_only_alone(house, officer):
    lead = s.pair(household=house, cadre=CadreFactory(name="甲"), by=officer, starts_on=days(-9))
    s.end_pairing(pairing=lead, by=officer, ends_on=days(30))
    s.end_pairing(pairing=lead, by=officer, ends_on=days(40))  # may be set anew
    s.pair(household=house, cadre=CadreFactory(name="乙"), by=officer, starts_on=TODAY, is_lead=False)
    with pytest.raises(s.LedgerError, match="请先更换牵头人"):
        s.end_pairing(pairing=lead, by=officer, ends_on=days(10))


def test_the_lead_changes_hands(house, officer):
    s.pair(household=house, cadre=CadreFactory(name="甲"), by=officer, starts_on=days(-9))
    second = s.pair(household=house, cadre=CadreFactory(name="乙"), by=officer, starts_on=days(-5), is_lead=False)
    s.change_lead(pairing=second, by=officer, on=days(-1))
    assert now(house) == {"甲": ("many_to_one", False), "乙": ("many_to_one", True)}
    with pytest.raises(s.LedgerError, match="已经不是"):
        s.change_lead(pairing=second, by=officer, on=TODAY)  # that row is over: the lead has one of their own
    again = house.pairings.current().get(cadre__name="甲")
    with pytest.raises(ValidationError, match="才开始帮扶"):
        s.change_lead(pairing=again, by=officer, on=days(-2))
    verify()


def test_whoever_helped_along_takes_the_place_of_the_lead(house, officer):
    s.pair(household=house, cadre=CadreFactory(name="甲"), by=officer, starts_on=days(-9))
    other = CadreFactory(name="乙")
    s.pair(household=house, cadre=other, by=officer, starts_on=days(-5), is_lead=False)
    s.replace_helper(household=house, cadre=other, by=officer, on=TODAY)
    assert now(house) == {"乙": ("one_to_one", True)}


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        (lambda h, p, by: s.pair(household=h, cadre=CadreFactory(), by=by, starts_on=days(1)), "今天之后"),
        (lambda h, p, by: s.replace_helper(household=h, cadre=CadreFactory(), by=by, on=days(1)), "今天之后"),
        (lambda h, p, by: s.change_lead(pairing=p, by=by, on=days(1)), "今天之后"),
        (lambda h, p, by: s.end_pairing(pairing=p, by=by, ends_on=days(-30)), "早于开始日期"),
        (lambda h, p, by: s.end_pairing(pairing=p, by=by, ends_on=dt.date(2999, 1, 1)), "三年以后"),
    ],
)
def test_days_that_cannot_be(verb, words, house, officer):
    pairing = s.pair(household=house, cadre=CadreFactory(), by=officer, starts_on=days(-9))
    with pytest.raises(ValidationError, match=words):
        verb(house, pairing, officer)


def test_a_replacement_before_the_lead_came_is_refused(house, officer):
    s.pair(household=house, cadre=CadreFactory(name="甲"), by=officer, starts_on=days(-9))
    with pytest.raises(s.LedgerError, match="更换日期不能早于"):
        s.replace_helper(household=house, cadre=CadreFactory(), by=officer, on=days(-20))


# -- who may not help ---------------------------------------------------------------------------------------------------------------


def refused(house, cadre, by, words):
    with pytest.raises(s.LedgerError, match=words), transaction.atomic():
        s.pair(household=house, cadre=cadre, by=by, starts_on=days(-1))
    assert not house.pairings.exists()


def test_who_has_left_or_cannot_help(house, officer):
    refused(house, CadreFactory(left_on=TODAY), officer, "已于.*离岗")
    refused(house, CadreFactory(left_on=days(30)), officer, "将于.*离岗")
    refused(house, CadreFactory(cannot_help=True), officer, "不能结对帮扶")


@pytest.mark.parametrize("status", ["registered", "returned", "unstable", "marginal", "hardship"])
def test_poor_people_help_nobody(status, house, officer, land):
    poor = HouseholdFactory(village=land.other_village, status=status)
    cadre = same_person(CadreFactory(), MemberFactory(household=poor))
    refused(house, cadre, officer, "建档立卡户或监测户")


def test_who_is_poor_no_more_may_help(house, officer, land):
    there = HouseholdFactory(village=land.other_village, status="out_of_poverty")
    cadre = same_person(CadreFactory(), MemberFactory(household=there))
    s.pair(household=house, cadre=cadre, by=officer, starts_on=TODAY)


@pytest.mark.parametrize("gone", [False, True])
def test_nobody_helps_the_household_they_are_or_were_of(gone, house, officer):
    member = MemberFactory(household=house, **({"left_on": days(-99), "left_reason": "marriage"} if gone else {}))
    refused(house, same_person(CadreFactory(), member), officer, "家庭成员")


def test_kin_is_declared_and_ended(house, officer, clerk):
    cadre = CadreFactory(name="甲")
    kin = s.declare_kin(household=house, cadre=cadre, relation="in_law", by=clerk)
    refused(house, cadre, officer, "亲属关系（近姻亲）")
    with pytest.raises(s.LedgerError, match="登记过"):
        s.declare_kin(household=house, cadre=cadre, relation="spouse", by=clerk)
    with pytest.raises(PermissionDenied):
        s.end_kinship(kinship=kin, by=clerk, note="写错了")
    with pytest.raises(ValidationError, match="理由"):
        s.end_kinship(kinship=kin, by=officer, note=" ")
    s.end_kinship(kinship=kin, by=officer, note="同名的另一人")
    with pytest.raises(s.LedgerError, match="已经解除"):
        s.end_kinship(kinship=kin, by=officer, note="又一次")
    s.pair(household=house, cadre=cadre, by=officer, starts_on=TODAY)
    with pytest.raises(s.LedgerError, match="正在帮扶这一户"):
        s.declare_kin(household=house, cadre=cadre, relation="spouse", by=officer)
    verify()


def test_a_relation_is_one_of_the_list(house, officer):
    with pytest.raises(ValidationError, match="选择亲属关系"):
        s.declare_kin(household=house, cadre=CadreFactory(), relation="friend", by=officer)
    with pytest.raises(ValidationError, match="什么关系"):
        s.declare_kin(household=house, cadre=CadreFactory(), relation="other", by=officer)


def test_limits_follow_rank_and_the_nearest_rule(house, officer, land):
    leader = CadreFactory(name="县长", rank=Rank.LEADER, unit__region=land.county)
    PairingRule.objects.create(region=land.province, most_leader=9)
    PairingRule.objects.create(region=land.county, most_leader=2)
    for _n in range(2):
        PairingFactory(household=HouseholdFactory(village=land.far_village), cadre=leader)
    refused(house, leader, officer, r"县长（县级及以上领导）已帮扶 2 户，按要求最多 2 户")
    PairingFactory(household=house, cadre=CadreFactory(rank=Rank.LEADER), ended=True)


def test_the_area_is_asked(land, officer, clerk):
    elsewhere = HouseholdFactory(village=land.other_village)
    with pytest.raises(PermissionDenied):
        s.pair(household=elsewhere, cadre=CadreFactory(), by=officer, starts_on=TODAY)
    with pytest.raises(PermissionDenied):
        s.pair(household=HouseholdFactory(village=land.village), cadre=CadreFactory(), by=clerk, starts_on=TODAY)


# -- 点对点 -------------------------------------------------------------------------------------------------------------------------


def test_service_of_one_request_is_beside_the_helpers(house, officer):
    user = UserFactory()
    cadre = CadreFactory(name="丙", user=user)
    s.pair(household=house, cadre=CadreFactory(name="甲"), by=officer, starts_on=days(-9))
    point = s.begin_point(household=house, cadre=cadre, by=officer, goal="申请危房改造")
    assert now(house) == {"甲": ("one_to_one", True), "丙": ("point_to_point", False)}
    assert s.begin_point(household=house, cadre=cadre, by=officer, goal="另一件") == point
    with pytest.raises(s.LedgerError, match="已经与这一户结对"):
        s.pair(household=house, cadre=cadre, by=officer, starts_on=TODAY, is_lead=False)
    with pytest.raises(s.LedgerError, match="正在办理"):
        s.replace_helper(household=house, cadre=cadre, by=officer, on=TODAY)
    assert s.end_point(pairing=point, by=officer, reason="已办结").ends_on == TODAY
    assert s.end_point(pairing=point, by=officer, reason="已办结") is None


def test_service_alone_is_no_helper(house, officer):
    s.begin_point(household=house, cadre=CadreFactory(), by=officer, goal="低保")
    assert list(type(house).objects.filter(pk=house.pk).unpaired()) == [house]


# -- whoever writes -----------------------------------------------------------------------------------------------------------------


def broken(sql, *params):
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
    return error.value.__cause__.diag.constraint_name


INSERT = (
    "INSERT INTO households_pairing (household_id, cadre_id, mode, is_lead, starts_on, ends_on, end_reason, goal) "
    "VALUES (%s, %s, %s, %s, '2024-01-01', %s, '', '')"
)


def test_the_database_refuses_kin(house, officer):
    cadre, born = CadreFactory(), same_person(CadreFactory(), MemberFactory(household=house))
    s.declare_kin(household=house, cadre=cadre, relation="spouse", by=officer)
    for mode, lead in (("one_to_one", True), ("point_to_point", False)):
        assert broken(INSERT, house.pk, cadre.pk, mode, lead, None) == "pairing_kin"
        assert broken(INSERT, house.pk, born.pk, mode, lead, days(5)) == "pairing_kin"
    past = PairingFactory(household=house, cadre=cadre, ended=True)  # what was before is history
    assert broken("UPDATE households_pairing SET ends_on = NULL WHERE id = %s", past.pk) == "pairing_kin"
    other = PairingFactory(household=house, is_lead=False, starts_on="2023-01-01")
    assert broken("UPDATE households_pairing SET cadre_id = %s WHERE id = %s", cadre.pk, other.pk) == "pairing_kin"
    insert = "INSERT INTO households_kinship (household_id, cadre_id, relation, note, declared_by, declared_at, ended_by, end_note) VALUES (%s, %s, 'spouse', '', 'x', now(), '', '')"  # fmt: skip
    assert broken(insert, house.pk, other.cadre_id) == "kinship_of_helper"
    row = Kinship.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE households_kinship SET ended_at = now(), ended_by = 'x', end_note = 'y' WHERE id = %s", [row.pk]
        )
        cursor.execute(
            "UPDATE households_pairing SET ends_on = NULL, starts_on = '2024-01-01', is_lead = false WHERE id = %s",
            [past.pk],
        )
    assert (
        broken("UPDATE households_kinship SET ended_at = NULL, ended_by = '', end_note = '' WHERE id = %s", row.pk)
        == "kinship_of_helper"
    )


def test_a_pairing_in_whose_way_a_kinship_has_come_is_still_ended(house, officer):
    pairing = s.pair(household=house, cadre=CadreFactory(), by=officer, starts_on=days(-5))
    same_person(pairing.cadre, MemberFactory(household=house))
    s.end_pairing(pairing=pairing, by=officer, ends_on=TODAY)


def test_the_database_refuses_two_leads_overlaps_and_a_lead_of_one_request(house):
    pairing = PairingFactory(household=house)
    assert broken(INSERT, house.pk, CadreFactory().pk, "many_to_one", True, None) == "pairing_one_lead"
    assert broken(INSERT, house.pk, pairing.cadre_id, "many_to_one", False, None) == "pairing_no_overlap"
    assert (
        broken(INSERT, HouseholdFactory().pk, pairing.cadre_id, "point_to_point", True, None) == "pairing_point_leads"
    )


# -- pages --------------------------------------------------------------------------------------------------------------------------


def test_the_pages_of_a_household_arrange_helpers(house, officer, client_as, land):
    unit = CadreFactory(unit__region=land.county, name="王一").unit
    second, gone = CadreFactory(unit=unit, name="王二"), CadreFactory(unit=unit, name="王三", cannot_help=True)
    client = client_as(officer)
    page = f"/households/{house.pk}/helpers/"
    found = client.get(page, {"q": "王"}).content.decode()
    assert "王二" in found
    assert f"?cadre={gone.pk}" not in found
    assert "不能结对帮扶" in found
    first = unit.cadres.get(name="王一")
    client.post(f"{page}?cadre={first.pk}", {"starts_on": days(-3)})
    asked = client.get(f"{page}?cadre={second.pk}").content.decode()
    assert "一起帮扶（多对一）" in asked
    client.post(f"{page}?cadre={second.pk}", {"starts_on": days(-2)})
    assert now(house) == {"王一": ("many_to_one", True), "王二": ("many_to_one", False)}
    along = house.pairings.get(cadre=second)
    client.post(f"{page}{along.pk}/lead/", {"on": TODAY})
    assert now(house)["王二"] == ("many_to_one", True)
    lead = house.pairings.current().get(cadre=second)
    assert "以后由王一一人帮扶" in client.get(f"{page}{lead.pk}/end/").content.decode()
    client.post(f"{page}{lead.pk}/end/", {"ends_on": TODAY, "reason": "调走"})
    assert now(house) == {"王一": ("one_to_one", True)}


def test_the_pages_of_kin(house, officer, clerk, client_as, land):
    cadre = CadreFactory(unit__region=land.county, name="王亲戚")
    client = client_as(clerk)
    page = f"/households/{house.pk}/kin/"
    assert "没有登记回避关系" in client.get(page).content.decode()
    assert f"?cadre={cadre.pk}" in client.get(f"{page}add/", {"q": "亲"}).content.decode()
    assert client.post(f"{page}add/?cadre={cadre.pk}", {"relation": ""}).status_code == 422
    client.post(f"{page}add/?cadre={cadre.pk}", {"relation": "sibling", "note": "户主的妹妹"})
    row = house.kin.get()
    assert row.declared_by == clerk.username
    assert "户主的妹妹" in client.get(page).content.decode()
    assert client.post(f"{page}{row.pk}/end/", {"note": "x"}).status_code == 403
    client_as(officer).post(f"{page}{row.pk}/end/", {"note": "同名的另一人"})
    row.refresh_from_db()
    assert row.ended_by == officer.username


def test_only_those_of_the_area(house, land, client_as):
    stranger = PostingFactory(role=Role.TOWNSHIP_OFFICER, region=land.other_township).user
    client = client_as(stranger)
    assert client.get(f"/households/{house.pk}/helpers/").status_code == 404
    assert client.get(f"/households/{house.pk}/kin/").status_code == 404
