"""The region pages, the picker and the API: one level at a time, and never more than one's own area."""

import pytest

from accounts.roles import Role
from regions.demo import make_demo_county
from regions.models import Level, Region
from regions.picker import MOST_HITS

PICKER = "/regions/picker/"


@pytest.fixture
def demo(db):
    return make_demo_county()


def labels(spots):
    return {spot.label for spot in spots}


class TestDemoCounty:
    def test_is_the_size_of_a_county_and_made_once(self, demo):
        assert make_demo_county() == demo
        below = Region.objects.within(demo)
        assert below.filter(level=Level.TOWNSHIP).count() == 20
        assert 280 <= below.filter(level=Level.VILLAGE).count() <= 320
        assert Region.objects.filter(is_demo=True).count() == below.count() + 2
        assert below.values("full_name").distinct().count() == below.count()

    def test_has_codes_no_province_has(self, demo):
        real = {
            *range(11, 16),
            *range(21, 24),
            *range(31, 38),
            *range(41, 47),
            *range(50, 55),
            *range(61, 66),
            71,
            81,
            82,
        }
        assert int(demo.code[:2]) not in real
        for region in Region.objects.within(demo).select_related("parent"):
            assert region.path.endswith(f"/{region.pk}/")
            assert region.code[:6] == "990101"


class TestPicker:
    def test_shows_one_level(self, client_as, post, demo):
        browser = client_as(post(Role.COUNTY_OFFICIAL, demo))
        picker = browser.get(PICKER).context["picker"]
        assert [spot.label for spot in picker.children[:2]] == ["示范县（本级）", "长坡镇"]
        assert len(picker.children) == 1 + 20
        assert labels(picker.trail) == {"示范县"}
        township = picker.children[1]
        inside = browser.get(f"{PICKER}?at={township.pk}").context["picker"]
        assert 1 + 12 <= len(inside.children) <= 1 + 18
        assert all(spot.leaf for spot in inside.children)

    @pytest.mark.parametrize("q", ["村", "c", "9901", "示范县", "镇", "s"])
    def test_never_lists_everything(self, client_as, post, demo, q):
        picker = client_as(post(Role.COUNTY_OFFICIAL, demo)).get(f"{PICKER}?q={q}").context["picker"]
        assert len(picker.results) <= MOST_HITS

    @pytest.mark.parametrize("q", ["青石", "青石村", "qingshi", "qsc", "QSC", "石门乡青石村", "99010120020"])
    def test_finds_by_name_pinyin_initials_and_code(self, client_as, post, demo, q):
        picker = client_as(post(Role.COUNTY_OFFICIAL, demo)).get(PICKER, {"q": q}).context["picker"]
        assert "青石村" in labels(picker.results)

    def test_a_hit_says_where_it_is(self, client_as, officer):
        picker = client_as(officer).get(f"{PICKER}?q=青石").context["picker"]
        assert picker.results[0].path_label == "示范县石门乡"

    def test_keeps_to_the_own_area(self, client_as, officer, land):
        browser = client_as(officer)
        for query in (f"at={land.county.pk}", f"at={land.next_township.pk}", "", "at=xx"):
            assert labels(browser.get(f"{PICKER}?{query}").context["picker"].children) == {
                "石门乡（本级）",
                "青石村",
                "白石村",
            }
        assert browser.get(f"{PICKER}?q=柳树").context["picker"].results == []
        assert browser.get(f"{PICKER}?pick={land.far_village.pk}").context["picker"].selected is None
        assert browser.get(f"{PICKER}?pick={land.village.pk}").context["picker"].selected.label == "青石村"

    def test_an_area_for_each_permission(self, client_as, admin, clerk, land):
        assert client_as(admin).get(PICKER).context["picker"].children == []
        assert client_as(admin).get(f"{PICKER}?permission=region.edit").context["picker"].children
        for unknown in ("region.edit", "no.such"):
            assert client_as(clerk).get(f"{PICKER}?permission={unknown}&q=青石").context["picker"].results == []

    def test_several_postings_begin_with_a_choice(self, client_as, post, land):
        user = post(Role.VILLAGE_CLERK, land.village)
        user.postings.create(role=Role.VILLAGE_CLERK, region=land.far_village)
        assert labels(client_as(user).get(PICKER).context["picker"].children) == {"青石村", "柳树村"}

    def test_only_the_deepest_level_when_asked(self, client_as, officer, land):
        browser = client_as(officer)
        asked = f"{PICKER}?leaf_only=1&pick="
        assert browser.get(f"{asked}{land.township.pk}").context["picker"].selected is None
        assert browser.get(f"{asked}{land.village.pk}").context["picker"].selected.label == "青石村"
        assert labels(browser.get(f"{PICKER}?leaf_only=1").context["picker"].children) == {"青石村", "白石村"}
        assert labels(browser.get(f"{PICKER}?leaf=4").context["picker"].children) == {"石门乡"}

    def test_a_fragment_for_htmx_a_page_for_others_and_back(self, client_as, officer, land):
        browser = client_as(officer)
        fragment = browser.get(PICKER, headers={"HX-Request": "true"}).content.decode()
        assert fragment.strip().startswith("<region-picker")
        assert "<html" in browser.get(PICKER).content.decode()
        picked = f"{PICKER}?name=village&pick={land.village.pk}&next="
        assert browser.get(f"{picked}/accounts/new/").url == f"/accounts/new/?village={land.village.pk}"
        assert browser.get(f"{picked}https://evil.example/").status_code == 200

    def test_looking_on_keeps_the_choice(self, client_as, officer, land):
        browser = client_as(officer)
        chosen = browser.get(f"{PICKER}?pick={land.village.pk}").context["picker"]
        for query in ("&q=白石", f"&at={land.township.pk}"):
            assert browser.get(chosen.url + query).context["picker"].selected.label == "青石村"
        other = browser.get(f"{chosen.url}&pick={land.near_village.pk}").context["picker"]
        assert other.selected.label == "白石村"

    def test_a_strange_name_is_not_found(self, client_as, officer):
        assert client_as(officer).get(f"{PICKER}?name=x%22y").status_code == 404

    def test_closed_regions_are_not_offered(self, client_as, officer, land):
        Region.objects.filter(pk=land.village.pk).update(valid_to="2026-01-01")
        browser = client_as(officer)
        assert labels(browser.get(PICKER).context["picker"].children) == {"石门乡（本级）", "白石村"}
        assert browser.get(f"{PICKER}?q=青石").context["picker"].results == []


class TestTreePages:
    def test_doors(self, client_as, officer, official, admin, land):
        assert client_as(officer).get("/regions/").status_code == 403
        assert client_as(officer).get(f"/regions/{land.village.pk}/").status_code == 403
        assert client_as(official).get("/regions/").url == f"/regions/{land.county.pk}/"
        assert client_as(official).get(f"/regions/{land.other_village.pk}/").status_code == 404
        assert client_as(admin).get(f"/regions/{land.other_village.pk}/").status_code == 200

    def test_every_page_opens(self, client_as, official, land):
        browser = client_as(official)
        for region in (land.county, land.township, land.village):
            assert browser.get(f"/regions/{region.pk}/").status_code == 200
            for page in ("rename", "recode", "close"):
                assert browser.get(f"/regions/{region.pk}/{page}/").status_code == 200
        assert browser.get(f"/regions/{land.township.pk}/add/").status_code == 200
        assert browser.get(f"/regions/{land.village.pk}/split/").status_code == 200
        assert browser.get(f"/regions/{land.village.pk}/merge/").status_code == 404

    def test_a_search_also_knows_old_names(self, client_as, official, land):
        browser = client_as(official)
        facts = {"name": "新青石村", "on": "2026-01-05"}
        assert browser.post(f"/regions/{land.village.pk}/rename/", facts).status_code == 302
        page = browser.get("/regions/", {"q": "青石村"})
        assert [region.name for region in page.context["found"]] == ["新青石村"]
        assert "更名" in browser.get(f"/regions/{land.village.pk}/").content.decode()
        assert "没有找到" in browser.get("/regions/", {"q": "不存在"}).content.decode()

    def test_a_merger_is_shown_before_it_is_done(self, client_as, demo, post):
        browser = client_as(post(Role.COUNTY_OFFICIAL, demo))
        township = Region.objects.get(name="石门乡")
        old = list(Region.objects.filter(parent=township).order_by("code")[:2])
        facts = {"old": [r.pk for r in old], "into": "", "name": "合石村", "code": "", "on": "2026-01-05", "note": ""}
        url = f"/regions/{township.pk}/merge/"
        assert "请选择并入哪一个" in browser.post(url, facts | {"name": ""}).content.decode()
        assert "至少要选两个" in browser.post(url, facts | {"old": [old[0].pk]}).content.decode()
        shown = browser.post(url, facts)
        assert "青石村 → 合石村" in shown.content.decode()
        assert not Region.objects.filter(name="合石村").exists()
        assert browser.post(url, facts | {"confirmed": "1"}).status_code == 302
        assert Region.objects.get(name="合石村").predecessions.count() == 2

    def test_a_refusal_stands_in_the_form(self, client_as, official, land):
        answer = client_as(official).post(f"/regions/{land.village.pk}/rename/", {"name": "白石村", "on": "2026-01-05"})
        assert answer.status_code == 422
        assert "已经有“白石村”" in answer.content.decode()

    def test_the_parent_is_chosen_with_the_picker(self, client_as, demo, post):
        browser = client_as(post(Role.COUNTY_OFFICIAL, demo))
        village, township = Region.objects.get(name="青石村"), Region.objects.get(name="长坡镇")
        facts = {"code": f"{township.code[:9]}399", "on": "2026-01-05", "parent": township.pk}
        assert browser.post(f"/regions/{village.pk}/recode/", facts).status_code == 302
        village.refresh_from_db()
        assert village.full_name == "示范县长坡镇青石村"

    def test_a_split_with_names_for_the_parts(self, client_as, demo, post):
        browser = client_as(post(Role.COUNTY_OFFICIAL, demo))
        village = Region.objects.get(name="青石村")
        parts = {
            "part-TOTAL_FORMS": 2, "part-INITIAL_FORMS": 0, "part-0-name": "上青村", "part-0-code": "",
            "part-1-name": "", "part-1-code": "",
        }  # fmt: skip
        answer = browser.post(f"/regions/{village.pk}/split/", parts | {"on": "2026-01-05", "note": ""})
        assert answer.status_code == 302
        assert Region.objects.filter(parent=village.parent, name="上青村").exists()


class TestApi:
    def test_gives_the_own_area_only(self, client_as, officer, land):
        answer = client_as(officer).get("/api/regions/").json()
        assert {row["name"] for row in answer["results"]} == {"石门乡", "青石村", "白石村"}
        assert client_as(officer).get(f"/api/regions/{land.far_village.pk}/").status_code == 404

    def test_gives_nothing_without_a_posting(self, client_as, stranger, land):
        assert client_as(stranger).get("/api/regions/").json()["results"] == []

    def test_filters_and_hides_the_closed(self, client_as, official, land):
        Region.objects.filter(pk=land.near_village.pk).update(valid_to="2026-01-01")
        browser = client_as(official)

        def found(query):
            return {row["name"] for row in browser.get(f"/api/regions/?{query}").json()["results"]}

        assert found(f"parent={land.township.pk}") == {"青石村"}
        assert found(f"parent={land.township.pk}&closed=true") == {"青石村", "白石村"}
        assert found("q=柳树") == {"柳树村"}

    def test_cannot_be_written(self, client_as, official, land):
        assert client_as(official).post("/api/regions/", {}).status_code == 405
