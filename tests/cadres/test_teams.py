"""驻村工作队: beginning, places, duties, terms, the posting that comes with a place, rules, the village's profile; what is refused."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Posting
from accounts.roles import Role
from cadres import services
from cadres.models import ResidentTeam, TeamMember, TeamRule, VillageProfile
from cadres.services import access
from common.models import AuditEvent
from tests.cadres.test_units import verify
from tests.factories import CadreFactory, RegionFactory, TeamFactory, TeamMemberFactory, UnitFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(land, unit, officer, day):
    return services.begin_team(village=land.village, unit=unit, by=officer, starts_on=day(-400))


def joined(team, cadre, by, **more):
    return services.join_team(team=team, cadre=cadre, by=by, **more)


def test_a_team_from_its_coming_to_its_end(land, officer, day):
    unit = services.open_unit(name="石门乡政府", region=land.township, by=officer)
    people = [services.open_cadre(name=name, unit=unit, by=officer) for name in ("王芳", "李建国", "赵强")]
    team = services.begin_team(village=land.village, by=officer, starts_on=day(-800), unit=unit)
    leader = joined(
        team, people[0], officer, starts_on=day(-800), term_ends_on=day(10), is_leader=True, is_first_secretary=True
    )
    second = joined(team, people[1], officer, starts_on=day(-500), term_ends_on=day(300))
    services.change_term(place=leader, by=officer, starts_on=day(-790), term_ends_on=day(400))
    services.leave_team(place=leader, by=officer, ends_on=day(-30), reason="任期届满轮换")
    now = services.change_duty(
        place=second, by=officer, on=day(-30), is_leader=True, is_first_secretary=True, is_full_time=True
    )
    second.refresh_from_db()
    assert (second.ends_on, second.is_leader, now.starts_on, now.term_ends_on) == (day(-30), False, day(-30), day(300))
    joined(team, people[2], officer, is_full_time=False)
    done = services.end_team(team=team, by=officer, reason="批次轮换")
    assert done.ends_on == day(0)
    assert not TeamMember.objects.filter(ends_on=None).exists()
    assert {e.region_path for e in AuditEvent.objects.filter(action__startswith="team")} == {land.village.path}
    services.begin_team(village=land.village, by=officer)  # the next one may come on the day the last one went
    verify()


def test_a_village_has_one_team_at_a_time(land, team, officer, day):
    with pytest.raises(services.CadreError, match="已经有驻村工作队"):
        services.begin_team(village=land.village, by=officer)
    services.end_team(team=team, by=officer, ends_on=day(-10))
    with pytest.raises(ValidationError, match="进驻日期不能早于"):
        services.begin_team(village=land.village, by=officer, starts_on=day(-11))
    services.begin_team(village=land.village, by=officer, starts_on=day(-10))


def test_teams_are_sent_to_villages_of_the_own_area(
    land, unit, officer, official, clerk, resident, auditor, other_official, today, day
):
    for who in (clerk, resident, auditor, other_official):
        with pytest.raises(PermissionDenied):
            services.begin_team(village=land.village, by=who)
    with pytest.raises(PermissionDenied):
        services.begin_team(village=land.far_village, by=officer)
    with pytest.raises(ValidationError, match="选到村"):
        services.begin_team(village=land.township, by=officer)
    with pytest.raises(services.CadreError, match="已经停用"):
        services.begin_team(village=RegionFactory(parent=land.township, valid_to=today), by=officer)
    for wrong, sentence in ((day(1), "今天之后"), (dt.date(1950, 1, 1), "早于")):
        with pytest.raises(ValidationError, match=sentence):
            services.begin_team(village=land.village, by=officer, starts_on=wrong)
    with pytest.raises(ValidationError, match="不在您的管理范围"):
        services.begin_team(village=land.village, by=officer, unit=UnitFactory(region=land.other_county))
    assert not ResidentTeam.objects.exists()


def test_who_joins_serves_and_is_seen(land, team, officer, day):
    foreign = CadreFactory(unit__region=land.other_county)
    with pytest.raises(ValidationError, match="不在您的管理范围"):
        joined(team, foreign, officer)
    gone = CadreFactory(unit__region=land.township, left_on=day(-1))
    with pytest.raises(services.CadreError, match="已经离岗"):
        joined(team, gone, officer)


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [(1, None, "starts_on"), (-401, None, "starts_on"), (-5, -5, "term_ends_on"), (-5, 4000, "term_ends_on")],
)
def test_days_of_a_place_are_days_of_its_team(starts, ends, field, team, cadre, officer, day):
    with pytest.raises(ValidationError) as refused:
        joined(team, cadre, officer, starts_on=day(starts), term_ends_on=None if ends is None else day(ends))
    assert list(refused.value.error_dict) == [field]


def test_nobody_has_two_full_time_places_and_nothing_is_doubled(land, team, unit, officer, official):
    first, second = CadreFactory(name="王芳", unit=unit), CadreFactory(name="赵强", unit=unit)
    joined(team, first, officer, is_leader=True, is_first_secretary=True)
    with pytest.raises(services.CadreError, match="王芳已经是这支工作队的队员"):
        joined(team, first, officer)
    with pytest.raises(services.CadreError, match="王芳已经是这支工作队的队长"):
        joined(team, second, officer, is_leader=True)
    with pytest.raises(services.CadreError, match="王芳已经是这个村的第一书记"):
        joined(team, second, officer, is_first_secretary=True)
    there = services.begin_team(village=land.far_village, by=official)
    with pytest.raises(services.CadreError, match="王芳已经是另一支工作队的全脱产队员"):
        joined(there, first, official)
    part = joined(there, first, official, is_full_time=False)
    with pytest.raises(services.CadreError, match="全脱产"):
        services.change_duty(place=part, by=official, is_leader=False, is_first_secretary=False, is_full_time=True)


def test_a_duty_is_put_right_on_its_first_day_and_changed_after_it(team, cadre, officer, day):
    place = joined(team, cadre, officer, starts_on=day(-5), term_ends_on=day(20))
    duty = {"is_leader": True, "is_first_secretary": False, "is_full_time": True}
    assert services.change_duty(place=place, by=officer, on=day(-5), **duty) == place
    with pytest.raises(services.CadreError, match="没有变化"):
        services.change_duty(place=place, by=officer, **duty)
    with pytest.raises(ValidationError, match="早于到任日期"):
        services.change_duty(place=place, by=officer, on=day(-6), **(duty | {"is_first_secretary": True}))
    services.change_term(place=place, by=officer, starts_on=day(-5), term_ends_on=day(-1))
    with pytest.raises(services.CadreError, match="任期已经届满"):
        services.change_duty(place=place, by=officer, **(duty | {"is_first_secretary": True}))
    assert TeamMember.objects.count() == 1


def test_what_has_ended_is_not_touched(team, cadre, officer, day):
    place = joined(team, cadre, officer, starts_on=day(-50))
    with pytest.raises(ValidationError, match="早于到任日期"):
        services.leave_team(place=place, by=officer, ends_on=day(-51))
    with pytest.raises(ValidationError, match="撤出日期不能早于"):
        services.end_team(team=team, by=officer, ends_on=day(-51))
    services.leave_team(place=place, by=officer, ends_on=day(-50))
    for verb in (
        lambda: services.leave_team(place=place, by=officer),
        lambda: services.change_term(place=place, by=officer, starts_on=day(-50), term_ends_on=None),
        lambda: services.open_access(place=place, by=officer),
    ):
        with pytest.raises(services.CadreError, match="已经在 .* 离任"):
            verb()
    with pytest.raises(ValidationError, match="早于进驻日期"):
        services.end_team(team=team, by=officer, ends_on=day(-401))
    services.end_team(team=team, by=officer)
    for verb in (
        lambda: services.end_team(team=team, by=officer),
        lambda: services.change_team(team=team, by=officer, unit=None),
        lambda: joined(team, cadre, officer),
    ):
        with pytest.raises(services.CadreError, match="已经在 .* 撤出"):
            verb()


def test_another_unit_may_send_the_team(land, team, officer):
    other = UnitFactory(region=land.township)
    assert services.change_team(team=team, by=officer, unit=other).unit == other
    assert services.change_team(team=team, by=officer, unit=None).unit is None


# -- the posting that comes with a place -------------------------------------------------------------------------------------------------


def in_force(user, village):
    return [p for p in Posting.objects.filter(user=user, region=village, role=Role.RESIDENT_TEAM) if not p.is_over]


def test_a_place_brings_the_posting_and_takes_it_away(land, team, unit, official, day):
    user = UserFactory(home=land.county)
    cadre = CadreFactory(unit=unit, user=user)
    place = joined(team, cadre, official, starts_on=day(-3), give_access=True)
    assert len(in_force(user, land.village)) == 1
    services.leave_team(place=place, by=official)
    assert not in_force(user, land.village)
    assert not access.left_open(place)


def test_a_posting_is_given_later_and_ends_with_the_team(land, team, unit, official):
    user = UserFactory(home=land.county)
    place = joined(team, CadreFactory(unit=unit, user=user), official)
    assert not in_force(user, land.village)
    services.open_access(place=place, by=official)
    with pytest.raises(services.CadreError, match="已经有驻村工作队的权限"):
        services.open_access(place=place, by=official)
    services.end_team(team=team, by=official)
    assert not in_force(user, land.village)


def test_who_may_not_grant_puts_in_without_a_posting(land, team, unit, officer, official, post):
    without, elsewhere = CadreFactory(unit=unit), CadreFactory(unit=unit, user=post(Role.COUNTY_OFFICIAL, land.county))
    closed = CadreFactory(unit=unit, user=UserFactory(home=land.township, is_active=False))
    for cadre, why in ((without, "没有登录账号"), (elsewhere, "不归您管理"), (closed, "已经停用")):
        place = joined(team, cadre, officer, give_access=True)
        assert not in_force(cadre.user, land.village)
        with pytest.raises(services.CadreError, match=why):
            services.open_access(place=place, by=officer)
    own = CadreFactory(unit=unit, user=officer)
    assert "不归您管理" in access.why_not(own, land.village, officer)  # nobody posts themselves


def test_a_posting_that_the_leaver_of_the_place_may_not_end_is_named(land, team, unit, officer, official, post):
    user = post(Role.COUNTY_OFFICIAL, land.county)
    place = joined(team, CadreFactory(unit=unit, user=user), official, give_access=True)
    gone = services.leave_team(place=place, by=officer)
    assert in_force(user, land.village)
    assert access.left_open(gone)


# -- rules and profiles ---------------------------------------------------------------------------------------------------------------------


RULE = {"least_people": 4, "least_months": 36, "leader_is_secretary": False, "warn_days": 60}


def test_a_rule_is_put_changed_and_dropped(land, official, officer):
    rule = services.put_rule(region=land.county, by=official, **RULE)
    services.put_rule(region=land.county, by=official, **(RULE | {"least_people": 5}))
    rule.refresh_from_db()
    assert (rule.least_people, rule.leader_is_secretary) == (5, False)
    events = AuditEvent.objects.filter(action="teamrule.put").count()
    services.put_rule(region=land.county, by=official, **(RULE | {"least_people": 5}))
    assert AuditEvent.objects.filter(action="teamrule.put").count() == events  # nothing changed
    with pytest.raises(PermissionDenied):
        services.put_rule(region=land.township, by=officer, **RULE)
    with pytest.raises(PermissionDenied):
        services.drop_rule(rule=rule, by=officer)
    services.drop_rule(rule=rule, by=official)
    assert not TeamRule.objects.exists()
    verify()


@pytest.mark.parametrize(
    ("field", "value"),
    [("least_people", 0), ("least_people", 21), ("least_months", 121), ("warn_days", 731), ("warn_days", -1)],
)
def test_a_rule_keeps_within_reason(field, value, land, official):
    with pytest.raises(ValidationError) as refused:
        services.put_rule(region=land.county, by=official, **(RULE | {field: value}))
    assert list(refused.value.error_dict) == [field]


def test_a_profile_is_put_whole_and_kept_coarse(land, officer):
    services.put_profile(
        village=land.village,
        by=officer,
        languages=["yi"],
        industries=["crops", "tourism"],
        longitude="104.2567",
        latitude="26.9",
    )
    profile = VillageProfile.objects.get()
    assert (profile.longitude, profile.latitude) == (Decimal("104.26"), Decimal("26.90"))
    services.put_profile(village=land.village, by=officer, languages=["putonghua"])
    profile.refresh_from_db()
    assert (profile.languages, profile.industries, profile.longitude) == (["putonghua"], [], None)
    verify()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"longitude": "104.2"}, "latitude"), ({"longitude": "10", "latitude": "30"}, "longitude"), ({"longitude": "东", "latitude": "30"}, "longitude"),
        ({"longitude": "104", "latitude": "NaN"}, "latitude"), ({"languages": ["klingon"]}, "languages"), ({"industries": ["gold"]}, "industries"),
        ({"note": "长" * 301}, "note"),
    ],
)  # fmt: skip
def test_what_is_no_profile_is_refused_at_its_field(wrong, field, land, officer):
    with pytest.raises(ValidationError) as refused:
        services.put_profile(village=land.village, by=officer, **wrong)
    assert list(refused.value.error_dict) == [field]


def test_profiles_are_put_where_one_keeps_cadres(land, clerk, officer, auditor):
    for who, village in ((clerk, land.village), (auditor, land.village), (officer, land.far_village)):
        with pytest.raises(PermissionDenied):
            services.put_profile(village=village, by=who)
    with pytest.raises(ValidationError, match="选到村"):
        services.put_profile(village=land.township, by=officer)


# -- past the verbs ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        lambda t, c, d: TeamMemberFactory(team=t, cadre=c, starts_on=d(-401)),
        lambda t, c, d: TeamMember.objects.filter(team=t).update(ends_on=d(-500)),
        lambda t, c, d: TeamFactory(village=t.village, starts_on=d(-10)),
        lambda t, c, d: TeamFactory(village=t.village.parent),
        lambda t, c, d: ResidentTeam.objects.filter(pk=t.pk).update(ends_on=d(-1)),
        lambda t, c, d: TeamMemberFactory(team=t, cadre=c, is_leader=True),
        lambda t, c, d: TeamMemberFactory(team=t, cadre=c, is_first_secretary=True),
        lambda t, c, d: TeamMemberFactory(team=t, cadre=t.members.get().cadre, is_full_time=False),
        lambda t, c, d: TeamMemberFactory(team__village=RegionFactory(parent=t.village.parent), cadre=t.members.get().cadre, starts_on=d(-5)),
    ],
)  # fmt: skip
def test_the_database_refuses_it_past_the_verbs(wrong, team, cadre, officer, day):
    joined(team, CadreFactory(unit=cadre.unit), officer, starts_on=day(-300), is_leader=True, is_first_secretary=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        wrong(team, cadre, day)
