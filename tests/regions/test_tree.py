"""What becomes of the tree when villages are renamed, recoded, moved, merged, split and closed."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import Posting
from accounts.roles import Role
from accounts.scoping import visible_region_ids
from common.models import AuditEvent
from regions import registry, services
from regions.models import Level, Region, Succession
from tests.factories import PostingFactory, RegionFactory, UserFactory


@pytest.fixture
def tree(land):
    """`land` with codes as the 12-digit lists have them, so that new ones can be checked against their parents."""
    for place, code in {
        "province": "99", "city": "9901", "county": "990101", "township": "990101200", "village": "990101200200",
        "near_village": "990101200201", "next_township": "990101100", "far_village": "990101100200",
        "last_village": "990101100201", "other_county": "990102", "other_township": "990102200", "other_village": "990102200200",
    }.items():  # fmt: skip
        region = getattr(land, place)
        region.code = code.ljust(12, "0")
        region.save()
    return land


@pytest.fixture
def moves(monkeypatch):
    """What the floors above are told to move."""
    told = []
    monkeypatch.setattr(
        registry, "_followers", [*registry._followers, lambda old, new, by, on: told.append((old.name, new.name))]
    )
    return told


def names(regions):
    return sorted(region.name for region in regions)


class TestAdd:
    def test_a_village_takes_the_next_free_code_and_its_names(self, tree, official):
        region = services.add_region(parent=tree.township, name="单家坝 村", by=official)
        assert (region.code, region.name, region.full_name) == ("990101200202", "单家坝村", "示范县石门乡单家坝村")
        assert region.path == f"{tree.township.path}{region.pk}/"
        assert region.level == Level.VILLAGE
        assert region.initials.split()[0] == "sjbc"
        assert AuditEvent.objects.get(action="region.added").actor == "official"

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"name": "青石村"}, "已经有“青石村”"),
            ({"name": "x"}, "2 至 60 个字"),
            ({"name": "新村", "code": "990101200200"}, "已经是示范县石门乡青石村的"),
            ({"name": "新村", "code": "990101100209"}, "不在石门乡"),
            ({"name": "新村", "code": "12345"}, "应为 12 位数字"),
        ],
    )
    def test_what_is_wrong_is_said(self, tree, official, facts, sentence):
        with pytest.raises(services.RegionError, match=sentence):
            services.add_region(parent=tree.township, by=official, **facts)

    def test_nothing_below_a_village(self, tree, official):
        with pytest.raises(services.RegionError, match="不再分级"):
            services.add_region(parent=tree.village, name="一组", by=official)

    def test_only_those_who_keep_the_tree_there(self, tree, officer, official):
        for by, parent in ((officer, tree.township), (official, tree.other_township), (official, tree.city)):
            with pytest.raises(PermissionDenied):
                services.add_region(parent=parent, name="新村", by=by)


class TestRename:
    def test_the_old_name_still_finds_it_and_full_names_follow(self, tree, official):
        services.rename_region(region=tree.township, name="石门镇", by=official, on=dt.date(2026, 3, 1))
        tree.village.refresh_from_db()
        assert tree.village.full_name == "示范县石门镇青石村"
        assert names(services.look_up(name="石门乡")) == ["石门镇"]
        step = Succession.objects.get()
        assert (step.old_name, step.kind, step.on) == ("石门乡", "renamed", dt.date(2026, 3, 1))

    def test_a_county_whose_name_begins_the_province_changes_only_itself(self, tree, admin):
        services.rename_region(region=tree.county, name="新示范县", by=admin)
        assert Region.objects.get(pk=tree.village.pk).full_name == "新示范县石门乡青石村"
        assert Region.objects.get(pk=tree.other_village.pk).full_name == "邻县邻乡邻村"

    def test_not_before_it_began_and_not_tomorrow(self, tree, official):
        for day in (dt.date(1999, 1, 1), dt.date(2999, 1, 1)):
            with pytest.raises(ValidationError):
                services.rename_region(region=tree.village, name="新石村", by=official, on=day)


class TestRecode:
    def test_the_old_code_still_finds_it(self, tree, official):
        services.recode_region(region=tree.village, code="990101200299", by=official)
        assert names(services.look_up(code="990101200200")) == ["青石村"]

    def test_a_village_moves_to_another_township_with_everything_in_it(self, tree, official, moves):
        services.recode_region(region=tree.village, code="990101100299", parent=tree.next_township, by=official)
        moved = Region.objects.get(pk=tree.village.pk)
        assert moved.path == f"{tree.next_township.path}{moved.pk}/"
        assert moved.full_name == "示范县柳河镇青石村"
        assert moves == [("青石村", "青石村")]

    def test_not_out_of_the_own_area(self, tree, official):
        with pytest.raises(PermissionDenied):
            services.recode_region(region=tree.village, code="990102200299", parent=tree.other_township, by=official)


class TestMerge:
    def test_several_villages_become_a_new_one(self, tree, official, moves):
        on = dt.date(2026, 5, 1)
        new = services.merge_regions(
            old=[tree.village, tree.near_village], name="石村", by=official, on=on, note="县政发 12 号"
        )
        assert (new.code, new.full_name, new.valid_from) == ("990101200202", "示范县石门乡石村", on)
        for old in (tree.village, tree.near_village):
            old.refresh_from_db()
            assert old.valid_to == on
            assert services.current_of(old) == [new]
        assert services.look_up(code="990101200200") == [new]
        assert services.look_up(name="白石村") == [new]
        assert sorted(moves) == [("白石村", "石村"), ("青石村", "石村")]
        assert Region.objects.within(tree.township).current(dt.date(2026, 4, 30)).filter(name="青石村").exists()

    def test_one_takes_in_the_others(self, tree, official):
        kept = services.merge_regions(old=[tree.village, tree.near_village], into=tree.village, by=official)
        assert kept == tree.village
        assert Region.objects.get(pk=tree.village.pk).valid_to is None
        assert services.look_up(name="白石村") == [tree.village]

    def test_a_chain_of_mergers_leads_to_the_last(self, tree, official):
        Region.objects.update(valid_from=dt.date(2000, 1, 1))
        first = services.merge_regions(
            old=[tree.village, tree.near_village], name="石村", by=official, on=dt.date(2025, 1, 1)
        )
        third = services.add_region(parent=tree.township, name="第三村", by=official, on=dt.date(2025, 2, 1))
        last = services.merge_regions(old=[first, third], name="大石村", by=official, on=dt.date(2026, 1, 1))
        assert services.current_of(tree.village) == [last]
        assert services.look_up(name="示范县石门乡青石村") == [last]

    def test_townships_merge_with_their_villages(self, tree, official, moves):
        services.merge_regions(old=[tree.next_township], into=tree.township, by=official)
        far = Region.objects.get(pk=tree.far_village.pk)
        assert (far.parent, far.full_name) == (tree.township, "示范县石门乡柳树村")
        assert far.path == f"{tree.township.path}{far.pk}/"
        assert ("柳树村", "柳树村") in moves
        assert ("柳河镇", "石门乡") in moves

    def test_postings_go_on_in_the_new_village(self, tree, official, clerk):
        new = services.merge_regions(old=[tree.village, tree.near_village], name="石村", by=official)
        assert [(p.region, p.role) for p in Posting.objects.current().filter(user=clerk)] == [(new, Role.VILLAGE_CLERK)]
        both = UserFactory()
        for region in (tree.far_village, tree.last_village):
            PostingFactory(user=both, region=region)
        kept = services.merge_regions(old=[tree.far_village, tree.last_village], name="柳湾村", by=official)
        assert [p.region for p in Posting.objects.current().filter(user=both)] == [kept]

    def test_what_cannot_be_merged(self, tree, official):
        with pytest.raises(services.RegionError, match="至少要选两个"):
            services.merge_regions(old=[tree.village], name="石村", by=official)
        with pytest.raises(services.RegionError, match="只能把几个村合并"):
            services.merge_regions(old=[tree.village, tree.township], name="石村", by=official)
        with pytest.raises(PermissionDenied):
            services.merge_regions(old=[tree.village, tree.other_village], name="石村", by=official)
        services.merge_regions(old=[tree.village, tree.near_village], name="石村", by=official)
        with pytest.raises(services.RegionError, match="已经停用"):
            services.merge_regions(old=[tree.village, tree.near_village], name="石村二", by=official)


class TestSplitAndClose:
    def test_a_split_leaves_the_old_one_standing(self, tree, official):
        made = services.split_region(region=tree.village, parts=[("上青石村", ""), ("下青石村", "")], by=official)
        assert [r.code for r in made] == ["990101200202", "990101200203"]
        assert names(services.current_of(tree.village)) == ["青石村"]
        assert Succession.objects.filter(kind="split").count() == 2

    def test_closing_waits_for_everybody_to_be_gone(self, tree, official, clerk):
        with pytest.raises(services.RegionError, match="还有 1 个账号在这里任职"):
            services.close_region(region=tree.village, by=official)
        with pytest.raises(services.RegionError, match="没停用的区划"):
            services.close_region(region=tree.township, by=official)
        services.close_region(region=tree.near_village, by=official)
        assert services.look_up(name="白石村") == []

    def test_nobody_closes_the_own_county(self, tree, official):
        with pytest.raises(PermissionDenied):
            services.close_region(region=tree.county, by=official)


class TestLookUp:
    def test_the_same_name_twice_is_a_question(self, tree):
        RegionFactory(level=Level.VILLAGE, name="青石村", parent=tree.next_township, full_name="示范县柳河镇青石村")
        assert len(services.look_up(name="青石村")) == 2
        assert services.look_up(name="青石村", within=tree.township) == [tree.village]
        assert services.look_up(name="石门乡青石村") == [tree.village]

    def test_part_of_a_name_is_not_a_name(self, tree):
        assert services.look_up(name="石村") == []

    def test_codes_of_every_length(self, tree):
        assert services.look_up(code="990101200") == [tree.township]
        assert services.look_up(code="990101") == [tree.county]


def test_a_path_matches_only_below_itself(land, post):
    """ "1/2/11/" must not see "1/2/110/"."""
    official = post(Role.COUNTY_OFFICIAL, land.county)
    seen = set(visible_region_ids(official, "household.view"))
    assert land.village.pk in seen
    assert not seen & {land.other_county.pk, land.other_township.pk, land.other_village.pk}
