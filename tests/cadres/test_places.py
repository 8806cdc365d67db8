"""What becomes of units, teams and villages when regions merge, and what keeps a region open."""

import pytest

from cadres import places
from cadres.models import ResidentTeam, TeamMember, TeamRule, Unit, UnitVillage, VillageProfile
from common import audit
from common.models import AuditEvent
from regions.services import RegionError, close_region, merge_regions
from tests.factories import (
    CadreFactory,
    TeamFactory,
    TeamMemberFactory,
    UnitFactory,
    UnitVillageFactory,
    VillageProfileFactory,
)
from tests.factories.cadres import TeamRuleFactory

pytestmark = pytest.mark.django_db


def merged(land, by):
    return merge_regions(old=[land.near_village], into=land.village, by=by)


def vouched(*rows):
    """Each of the rows is as the last event about it says."""
    for row in rows:
        row.refresh_from_db()
        digests = [
            body[audit.row_key(row)] for event in AuditEvent.objects.order_by("-id") if audit.row_key(row) in (body := audit.content_of(event)["rows"])
        ]  # fmt: skip
        assert digests[0] == audit.row_digest(row), row


def test_a_team_goes_along_whole_with_its_terms(land, official, day):
    place = TeamMemberFactory(team__village=land.near_village, leads=True, term_ends_on=day(90))
    merged(land, official)
    place.refresh_from_db()
    assert (place.team.village, place.ends_on, place.is_leader) == (land.village, None, True)
    vouched(place.team)


def test_members_join_the_team_that_is_there(land, official, today):
    there = TeamMemberFactory(team__village=land.village, is_leader=True)
    old = TeamFactory(village=land.near_village)
    leader = TeamMemberFactory(team=old, leads=True)
    merged(land, official)
    now = TeamMember.objects.get(cadre=leader.cadre, ends_on=None)
    assert (now.team, now.is_leader, now.is_first_secretary, now.starts_on) == (there.team, False, True, today)
    vouched(old, leader, now)
    assert (old.village, old.ends_on, leader.ends_on) == (land.near_village, today, today)


def test_who_is_in_both_teams_stays_in_one(land, official):
    cadre = CadreFactory()
    TeamMemberFactory(team__village=land.village, cadre=cadre)
    TeamMemberFactory(team__village=land.near_village, cadre=cadre, is_full_time=False)
    merged(land, official)
    assert TeamMember.objects.filter(cadre=cadre, ends_on=None).count() == 1


def test_a_village_that_had_a_team_in_the_same_time_gets_a_new_one(land, official, today, day):
    TeamFactory(village=land.village, starts_on=day(-600), ends_on=day(-100))
    old = TeamFactory(village=land.near_village, starts_on=day(-400))
    place = TeamMemberFactory(team=old, leads=True, term_ends_on=day(-3))
    merged(land, official)
    fresh = ResidentTeam.objects.get(village=land.village, ends_on=None)
    now = fresh.members.get()
    assert (fresh.starts_on, fresh.unit, now.cadre, now.is_leader, now.term_ends_on) == (
        today,
        old.unit,
        place.cadre,
        True,
        None,
    )
    vouched(fresh, old, place, now)


def test_units_answer_for_the_village_that_took_theirs_in(land, official, unit, today):
    both, one = UnitFactory(region=land.county), unit
    UnitVillageFactory(unit=both, village=land.village)
    rows = [UnitVillageFactory(unit=each, village=land.near_village) for each in (both, one)]
    merged(land, official)
    current = UnitVillage.objects.current()
    assert {(row.unit_id, row.village_id) for row in current} == {(both.pk, land.village.pk), (one.pk, land.village.pk)}
    vouched(*rows, *current.filter(unit=one))


def test_a_profile_follows_or_adds_what_it_knows(land, official):
    VillageProfileFactory(village=land.near_village, languages=["yi"], industries=["water"])
    merged(land, official)
    assert VillageProfile.objects.get(village=land.village).languages == ["yi"]
    VillageProfileFactory(village=land.far_village, languages=["miao"], industries=["crops"])
    merge_regions(old=[land.far_village], into=land.village, by=official)
    profile = VillageProfile.objects.get(village=land.village)
    assert (profile.languages, profile.industries) == (["yi", "miao"], ["crops", "water"])
    vouched(profile)


def test_units_and_the_rule_of_a_township_follow(land, official):
    kept = UnitFactory(name="人民政府", region=land.township)
    moved = [UnitFactory(name=name, region=land.next_township) for name in ("人民政府", "卫生院")]
    TeamRuleFactory(region=land.next_township, least_people=4)
    merge_regions(old=[land.next_township], into=land.township, by=official)
    names = {unit.name for unit in Unit.objects.filter(region=land.township)}
    assert names == {kept.name, "人民政府（原柳河镇）", "卫生院"}
    assert TeamRule.objects.get().region == land.township
    vouched(*moved, TeamRule.objects.get())


def test_the_rule_of_the_township_that_stays_goes_before(land, official):
    TeamRuleFactory(region=land.township, least_people=3)
    TeamRuleFactory(region=land.next_township, least_people=4)
    merge_regions(old=[land.next_township], into=land.township, by=official)
    assert TeamRule.objects.get(region=land.township).least_people == 3


def test_a_village_under_another_township_keeps_its_team(land, official):
    place = TeamMemberFactory(team__village=land.far_village)
    places.follow_region(old=land.far_village, new=land.far_village, by=official, on=None)
    place.refresh_from_db()
    assert place.ends_on is None


def test_a_region_with_a_team_or_a_unit_is_not_closed(land, official, day):
    team = TeamFactory(village=land.village)
    with pytest.raises(RegionError, match="还有驻村工作队在这里"):
        close_region(region=land.village, by=official)
    ResidentTeam.objects.filter(pk=team.pk).update(ends_on=day(-1))
    unit = UnitFactory(region=land.village)
    with pytest.raises(RegionError, match="还有 1 个单位登记在这里"):
        close_region(region=land.village, by=official)
    Unit.objects.filter(pk=unit.pk).update(closed_on=day(-1))
    close_region(region=land.village, by=official)
