"""Pages of units, cadres and teams: what they show, what their forms do, that every figure is the length of the list it opens."""

import re
from html import unescape

import pytest
from django.urls import reverse

from accounts.roles import Role
from cadres import holdings, needs, services, teams
from cadres.models import Cadre, ResidentTeam, TeamMember, TeamRule, Unit, UnitVillage, VillageProfile
from common import tiles
from tests.factories import (
    CadreFactory,
    TeamFactory,
    TeamMemberFactory,
    UnitFactory,
    UnitVillageFactory,
    UserFactory,
    VillageProfileFactory,
    invented_id_number,
)
from tests.factories.cadres import TeamRuleFactory

pytestmark = pytest.mark.django_db


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(response.content.decode())))


def tiles_of(response):
    """`(label, number, address)` of the figures on the page."""
    found = re.findall(
        r'<a class="tile[^"]*"\s+href="([^"]+)"><b>([\d,]+)\+?</b><span>([^<]+)</span>', response.content.decode()
    )
    return [(label, int(number.replace(",", "")), unescape(url)) for url, number, label in found]


# -- units and cadres ---------------------------------------------------------------------------------------------------------------


def test_a_unit_is_registered_changed_and_closed_on_its_pages(land, official, client_as):
    client = client_as(official)
    answer = client.post(
        reverse("cadres:unit_new"),
        {"region": land.county.pk, "name": "示范县水利局", "affiliation": "county", "number": ""},
    )
    unit = Unit.objects.get()
    assert answer.url == reverse("cadres:unit_detail", args=[unit.pk])
    wrong = client.post(reverse("cadres:unit_edit", args=[unit.pk]), {"name": "局", "affiliation": "county"})
    assert wrong.status_code == 422
    assert "2 至 120 个字" in text_of(wrong)
    CadreFactory(unit=unit)
    refused = client.post(reverse("cadres:unit_close", args=[unit.pk]), {"on": "2026-01-01"})
    assert "1 位在岗干部" in text_of(refused)
    Cadre.objects.update(left_on="2025-01-01")
    client.post(reverse("cadres:unit_close", args=[unit.pk]), {"on": "2026-01-01"})
    unit.refresh_from_db()
    assert str(unit.closed_on) == "2026-01-01"
    assert "还没有登记单位" not in text_of(client.get(reverse("cadres:unit_list") + "?state=closed"))
    client.post(reverse("cadres:unit_reopen", args=[unit.pk]))
    unit.refresh_from_db()
    assert unit.closed_on is None


def test_a_unit_s_page_names_what_it_answers_for_in_the_own_area(land, officer, unit, client_as):
    for village in (land.village, land.far_village):
        UnitVillageFactory(unit=unit, village=village)
        TeamFactory(unit=unit, village=village)
    page = text_of(client_as(officer).get(reverse("cadres:unit_detail", args=[unit.pk])))
    assert "青石村" in page
    assert "柳树村" not in page


def test_a_cadre_is_registered_and_changed_with_secrets_kept(land, official, unit, client_as):
    client, number = client_as(official), invented_id_number()
    facts = {"unit": unit.pk, "name": "王芳", "politics": "01", "rank": "section", "languages": ["yi"], "skills": ["water"], "id_number": number,
             "phone": "13812340000"}  # fmt: skip
    client.post(reverse("cadres:cadre_new"), facts)
    cadre = Cadre.objects.get(name="王芳")
    page = client.get(reverse("cadres:cadre_detail", args=[cadre.pk]))
    assert number not in page.content.decode()
    assert "13812340000" not in page.content.decode()
    for shown in ("138****0000", cadre.id_masked, "彝语", "水利", "科级干部"):
        assert shown in text_of(page)
    form = client.get(reverse("cadres:cadre_edit", args=[cadre.pk]))
    assert number not in form.content.decode()
    assert "现在登记的是 138****0000" in text_of(form)
    client.post(reverse("cadres:cadre_edit", args=[cadre.pk]), {"name": "王芳", "title": "副局长", "politics": "13"})
    cadre.refresh_from_db()
    assert (cadre.title, cadre.is_party_member, cadre.id_number.reveal()) == ("副局长", False, number)
    client.post(
        reverse("cadres:cadre_edit", args=[cadre.pk]), {"name": "王芳", "remove_phone": "on", "remove_id": "on"}
    )
    cadre.refresh_from_db()
    assert (cadre.phone_masked, cadre.id_hash) == ("", "")
    wrong = client.post(reverse("cadres:cadre_edit", args=[cadre.pk]), {"name": "王芳", "id_number": number[:-1] + "0"})
    assert wrong.status_code in (302, 422)


def test_the_list_of_cadres_is_filtered(land, official, unit, client_as):
    post = UserFactory()
    CadreFactory(name="会彝语", unit=unit, languages=["yi"], user=post, is_party_member=True)
    CadreFactory(name="有专长", unit=UnitFactory(region=land.township), skills=["water"], rank="leader")
    CadreFactory(name="已走了", unit=unit, left_on="2025-01-01")
    TeamMemberFactory(cadre=CadreFactory(name="在驻村", unit=unit), team__village=land.village)
    client, url = client_as(official), reverse("cadres:cadre_list")
    for query, wanted in (
        ("", {"会彝语", "有专长", "在驻村"}), ("q=彝", {"会彝语"}), (f"unit={unit.pk}", {"会彝语", "在驻村"}), (f"region={land.township.pk}", {"有专长"}),
        ("party=yes", {"会彝语"}), ("login=no", {"有专长", "在驻村"}), ("place=yes", {"在驻村"}), ("place=no", {"会彝语", "有专长"}),
        ("language=yi", {"会彝语"}), ("skill=water", {"有专长"}), ("rank=leader", {"有专长"}), ("rank=plain", {"会彝语", "在驻村"}),
        ("state=left", {"已走了"}),
    ):  # fmt: skip
        page = client.get(f"{url}?{query}").content.decode()
        found = {name for name in ("会彝语", "有专长", "在驻村", "已走了") if f">{name}</a>" in page}
        assert found == wanted, query
    assert client.get(f"{url}?region=999999999").status_code == 200  # says so, lists nothing
    assert client.get(f"{url}?unit=9999999999999999999999").status_code == 200
    foreign = UnitFactory(name="邻县水利局", region=land.other_county)
    assert "邻县水利局" not in client.get(f"{url}?unit={foreign.pk}").content.decode()


def test_leaving_names_what_is_to_be_handed_over_first(land, official, cadre, client_as, monkeypatch):
    client, url = client_as(official), reverse("cadres:cadre_leave", args=[cadre.pk])
    place = TeamMemberFactory(cadre=cadre, team__village=land.village)
    monkeypatch.setattr(
        holdings, "_makers", [*holdings._makers, lambda cadre: [holdings.Holding("结对农户", 3, "/hand-over/")]]
    )
    page = client.get(url)
    assert "驻村工作队任职 1 项" in text_of(page)
    assert 'href="/hand-over/"' in page.content.decode()
    refused = client.post(url, {"on": "2026-01-01", "reason": "调动"})
    assert refused.status_code == 422
    assert "请先移交或结束" in text_of(refused)
    monkeypatch.undo()
    services.leave_team(place=place, by=official)
    assert client.post(url, {"on": services.base.timezone.localdate(), "reason": "调动"}).status_code == 302
    assert "起离岗：调动" in text_of(client.get(reverse("cadres:cadre_detail", args=[cadre.pk])))
    client.post(reverse("cadres:cadre_restore", args=[cadre.pk]))
    cadre.refresh_from_db()
    assert cadre.left_on is None


def test_an_account_is_linked_by_its_user_name(land, official, officer, cadre, client_as, post):
    user = post(Role.RESIDENT_TEAM, land.village)
    url = reverse("cadres:cadre_account", args=[cadre.pk])
    for wrong in ("nobody", post(Role.COUNTY_OFFICIAL, land.other_county).username):
        assert "您管理的账号里没有" in text_of(client_as(official).post(url, {"username": wrong}))
    client_as(official).post(url, {"username": user.username.upper()})
    cadre.refresh_from_db()
    assert cadre.user == user
    client_as(official).post(url, {"username": ""})
    cadre.refresh_from_db()
    assert cadre.user is None
    services.link_account(cadre=cadre, user=user, by=official)
    page = text_of(client_as(officer).get(reverse("cadres:cadre_detail", args=[cadre.pk])))
    assert user.username in page


def test_an_account_page_says_why_it_cannot_be_closed(land, official, cadre, client_as, post):
    user = post(Role.RESIDENT_TEAM, land.village)
    services.link_account(cadre=cadre, user=user, by=official)
    TeamMemberFactory(cadre=cadre, team__village=land.village)
    answer = client_as(official).post(reverse("accounts:account_deactivate", args=[user.pk]), {"note": "调动"})
    assert "请先移交，再停用账号" in text_of(answer)
    user.refresh_from_db()
    assert user.is_active


# -- teams --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def county_of_teams(land, unit, day):
    """Each village falls short in its own way."""
    full = TeamFactory(village=land.village, unit=unit, starts_on=day(-700))
    TeamMemberFactory(team=full, cadre__unit=unit, leads=True, term_ends_on=day(400))
    for _n in range(2):
        TeamMemberFactory(team=full, cadre__unit=unit, term_ends_on=day(500))
    few = TeamFactory(village=land.near_village, unit=unit, starts_on=day(-700))
    TeamMemberFactory(team=few, cadre__unit=unit, is_leader=True, term_ends_on=day(30))
    TeamMemberFactory(team=few, cadre__unit=unit, is_first_secretary=True, term_ends_on=day(-1))
    gone = TeamFactory(village=land.far_village, starts_on=day(-900), ends_on=day(-5))
    TeamMemberFactory(team=gone, cadre__unit=unit, leads=True, ends_on=day(-5))
    lone = TeamFactory(village=land.last_village, starts_on=day(-100))
    TeamMemberFactory(team=lone, cadre__unit=unit, is_leader=True)
    TeamRuleFactory(region=land.next_township, least_people=1)
    return full


def test_every_figure_of_teams_is_the_length_of_its_list(
    land, county_of_teams, official, officer, auditor, client_as, post
):
    """For every tile, role and region."""
    seen = 0
    country = post(Role.AUDITOR, land.province)
    for user, regions in (
        (official, ["", land.township.pk, land.next_township.pk, land.village.pk]), (officer, ["", land.village.pk, land.near_village.pk]),
        (auditor, ["", land.next_township.pk]), (country, ["", land.county.pk, land.other_county.pk]),
    ):  # fmt: skip
        client = client_as(user)
        for region in regions:
            page = client.get(reverse("cadres:team_list"), {"region": region} if region else {})
            found = tiles_of(page)
            assert len(found) == 2 + len(teams.PROBLEMS)
            for label, number, url in found:
                listed = client.get(url)
                lines = listed.context["lines"]
                assert len(lines) == number, (user, region, label)
                assert f"共 {number} 个村" in text_of(listed) or not number
                seen += number
                code = dict(re.findall(r"(state)=(\w+)", url)).get("state")
                if code in teams.PROBLEMS:  # and each line says so
                    assert all(code in {problem.code for problem in line.problems} for line in lines)
    assert seen > 40


def test_what_falls_short_is_what_the_rule_says(land, county_of_teams, official):
    found = {
        line.village.name: {p.code for p in line.problems}
        for line in teams.lines_of(teams.with_state(teams.villages_of(official)))
    }
    assert found == {
        "青石村": set(), "白石村": {"few", "apart", "short", "ending", "over"}, "柳树村": {"vacant", "headless"},
        "河湾村": {"headless", "termless"},
    }  # fmt: skip


def test_the_nearest_rule_holds(land, official, officer, client_as):
    assert teams.rule_for(land.village)[1] is None
    client = client_as(official)
    url = reverse("cadres:rule_edit", args=[land.county.pk])
    assert "现在按常用要求办" in text_of(client.get(url))
    client.post(url, {"least_people": 4, "least_months": 36, "warn_days": 60})
    TeamRuleFactory(region=land.township, least_people=5)
    assert [teams.rule_for(r)[0].least_people for r in (land.village, land.far_village, land.township)] == [5, 4, 5]
    rows = {v.name: v.least_people for v in teams.with_state(teams.villages_of(official))}
    assert (rows["青石村"], rows["柳树村"]) == (5, 4)
    assert "现在按石门乡的要求办" in text_of(client.get(reverse("cadres:rule_edit", args=[land.village.pk])))
    wrong = client.post(url, {"least_people": 0, "least_months": 36, "warn_days": 60})
    assert wrong.status_code == 422
    client.post(reverse("cadres:rule_drop", args=[land.county.pk]))
    assert not TeamRule.objects.filter(region=land.county).exists()
    assert client_as(officer).get(url).status_code == 404  # above the own area


def test_a_term_of_two_years_less_a_day_is_two_years(land, official, unit, day):
    team = TeamFactory(village=land.village, starts_on="2025-05-01")
    place = TeamMemberFactory(team=team, cadre__unit=unit, leads=True, term_ends_on="2027-04-30")
    counts = teams.counts_of(teams.villages_of(official))
    assert counts["short"] == 0
    TeamMember.objects.filter(pk=place.pk).update(term_ends_on="2027-04-29")
    assert teams.counts_of(teams.villages_of(official))["short"] == 1


def test_the_first_page_counts_what_falls_short(land, county_of_teams, official, clerk, client_as):
    shown = {str(t.label): (t.count.value, t.url) for t in tiles.tiles_for(official)}
    for code in ("headless", "few", "over", "ending"):
        number, url = shown[str(teams.PROBLEMS[code].label)]
        assert len(client_as(official).get(url).context["lines"]) == number > 0
    assert not {str(t.label) for t in tiles.tiles_for(clerk)} & {str(p.label) for p in teams.PROBLEMS.values()}


def test_a_team_is_kept_on_its_pages(land, officer, unit, cadre, client_as, today, day):
    client, page = client_as(officer), reverse("cadres:village_page", args=[land.village.pk])
    assert "今天没有在驻的工作队" in text_of(client.get(page))
    client.post(reverse("cadres:team_new", args=[land.village.pk]), {"unit": unit.pk, "starts_on": day(-30)})
    team = ResidentTeam.objects.get()
    join = reverse("cadres:place_new", args=[team.pk])
    assert "没有找到这位干部" in text_of(client.get(join, {"q": "无此人"}))
    assert "李建国" in text_of(client.get(join, {"q": "建"}))
    chosen = f"{join}?cadre={cadre.pk}"
    assert "李建国没有登录账号" in text_of(client.get(chosen))
    assert client.get(f"{join}?cadre={CadreFactory(unit__region=land.other_county).pk}").status_code == 404
    early = client.post(chosen, {"starts_on": day(-31), "is_leader": "on"})
    assert "早于工作队进驻日期" in text_of(early)
    client.post(chosen, {"starts_on": day(-20), "term_ends_on": day(700), "is_leader": "on", "is_full_time": "on"})
    place = TeamMember.objects.get()
    shown = text_of(client.get(page))
    for words in ("李建国", "队长", "没有第一书记", "队员不够", "要求：每队不少于 3 人"):
        assert words in shown
    client.post(reverse("cadres:place_term", args=[place.pk]), {"starts_on": day(-20), "term_ends_on": day(800)})
    client.post(
        reverse("cadres:place_duty", args=[place.pk]),
        {"is_leader": "on", "is_first_secretary": "on", "is_full_time": "on", "on": today},
    )
    now = TeamMember.objects.get(ends_on=None)
    assert (now.is_first_secretary, now.term_ends_on) == (True, day(800))
    same = client.post(
        reverse("cadres:place_duty", args=[now.pk]),
        {"is_leader": "on", "is_first_secretary": "on", "is_full_time": "on", "on": today},
    )
    assert "职责没有变化" in text_of(same)
    client.post(reverse("cadres:place_leave", args=[now.pk]), {"ends_on": today, "reason": "调动"})
    client.post(reverse("cadres:team_edit", args=[team.pk]), {"unit": ""})
    client.post(reverse("cadres:team_end", args=[team.pk]), {"ends_on": today, "reason": "批次轮换"})
    team.refresh_from_db()
    assert (team.unit, team.ends_on) == (None, today)
    assert "调动" in text_of(client.get(page))


def test_the_posting_is_stated_on_the_page(land, officer, official, unit, client_as, day):
    team = TeamFactory(village=land.village, starts_on=day(-30))
    user = UserFactory(home=land.township)
    cadre = CadreFactory(unit=unit, user=user, name="会登录")
    client = client_as(officer)
    form = text_of(client.get(reverse("cadres:place_new", args=[team.pk]) + f"?cadre={cadre.pk}"))
    assert "同时开通在本村的驻村工作队权限" in form
    client.post(
        reverse("cadres:place_new", args=[team.pk]) + f"?cadre={cadre.pk}", {"starts_on": day(-1), "is_full_time": "on"}
    )
    page = reverse("cadres:village_page", args=[land.village.pk])
    assert "可以登录本村" not in text_of(client.get(page))
    place = TeamMember.objects.get()
    client.post(reverse("cadres:place_access", args=[place.pk]))
    assert "可以登录本村" in text_of(client.get(page))
    again = client.post(reverse("cadres:place_access", args=[place.pk]), follow=True)
    assert "已经有驻村工作队的权限" in text_of(again)


def test_a_village_has_its_page_for_who_only_looks(land, clerk, auditor, county_of_teams, client_as):
    listed = client_as(clerk).get(reverse("cadres:team_list"))
    assert listed.url == reverse("cadres:village_page", args=[land.village.pk])
    for user in (clerk, auditor):
        page = client_as(user).get(reverse("cadres:village_page", args=[land.village.pk]))
        assert "登记撤出" not in text_of(page)


def test_profile_and_answering_unit_are_put_on_their_pages(land, officer, unit, client_as, today, day):
    client = client_as(officer)
    url = reverse("cadres:profile_edit", args=[land.village.pk])
    wrong = client.post(url, {"longitude": "10", "latitude": "26"})
    assert "73 到 136" in text_of(wrong)
    client.post(
        url,
        {"languages": ["yi"], "industries": ["crops"], "longitude": "104.25", "latitude": "26.9", "note": "三组说彝语"},
    )
    assert VillageProfile.objects.get().note == "三组说彝语"
    client.post(reverse("cadres:answer_new", args=[land.village.pk]), {"unit": unit.pk, "starts_on": day(-3)})
    answer = UnitVillage.objects.get()
    shown = text_of(client.get(reverse("cadres:village_page", args=[land.village.pk])))
    for words in ("彝语", "种植", "东经 104.25", "示范县水利局"):
        assert words in shown
    assert "早于开始日期" in text_of(client.post(reverse("cadres:answer_end", args=[answer.pk]), {"on": day(-4)}))
    client.post(reverse("cadres:answer_end", args=[answer.pk]), {"on": today})
    answer.refresh_from_db()
    assert answer.ends_on == today


# -- 需求与力量 -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def needy(land, county_of_teams, monkeypatch):
    VillageProfileFactory(village=land.village, languages=["putonghua", "yi"], industries=["crops", "water"])
    VillageProfileFactory(village=land.near_village, languages=["putonghua"], industries=[])
    Cadre.objects.filter(team_places__team__village=land.village, team_places__is_leader=True).update(skills=["crops"])
    told = {land.village.pk: [needs.Need("3组没有通自来水", "water", "/x/"), needs.Need("公章外借", "", "/y/")]}
    monkeypatch.setattr(needs, "_sources", [lambda villages: {k: v for k, v in told.items() if k in villages}])


def balance_of(user, village):
    return next(b for b in needs.balances_of(teams.with_state(teams.villages_of(user))) if b.village == village)


def test_what_a_village_needs_against_what_its_team_brings(land, official, needy):
    found = balance_of(official, land.village)
    assert {ask.code or ask.kind: ask.is_met for ask in found.asks} == {
        "secretary": True,
        "yi": False,
        "crops": True,
        "water": False,
    }
    (water,) = [ask for ask in found.asks if ask.code == "water"]
    assert [str(source.label) for source in water.sources] == ["村里的产业", "3组没有通自来水"]
    assert [need.label for need in found.others] == ["公章外借"]
    assert found.falls_under("language")
    assert not found.falls_under("secretary")
    assert balance_of(official, land.far_village).falls_under("unknown")
    assert balance_of(official, land.far_village).falls_under("secretary")


def test_every_figure_of_needs_is_the_length_of_its_list(land, official, officer, auditor, needy, client_as):
    seen = 0
    for user, regions in (
        (official, ["", land.township.pk, land.village.pk]),
        (officer, ["", land.near_village.pk]),
        (auditor, ["", land.next_township.pk]),
    ):
        client = client_as(user)
        for region in regions:
            page = client.get(reverse("cadres:need_list"), {"region": region} if region else {})
            for label, number, url in tiles_of(page):
                assert len(client.get(url).context["page"].object_list) == number, (user, region, label)
                seen += number
    assert seen > 20


def test_the_neediest_come_first_and_a_province_is_too_wide(land, official, needy, client_as, post):
    shown = client_as(official).get(reverse("cadres:need_list")).context["page"].object_list
    lacking = [len(balance.lacks) for balance in shown]
    assert lacking == sorted(lacking, reverse=True)
    wide = client_as(post(Role.AUDITOR, land.province)).get(reverse("cadres:need_list"))
    assert "请先选到县" in text_of(wide)


def test_who_could_bring_it_is_said_in_a_sentence(land, official, unit, needy, client_as, day):
    UnitVillageFactory(unit=unit, village=land.village)
    both = CadreFactory(name="两样都会", unit=UnitFactory(region=land.county), languages=["yi"], skills=["water"])
    near = CadreFactory(name="包村单位", unit=unit, languages=["yi"])
    far = CadreFactory(name="别的单位", unit=UnitFactory(region=land.county), languages=["yi"])
    CadreFactory(name="邻县的", unit__region=land.other_county, languages=["yi"], skills=["water"])
    CadreFactory(name="走了的", unit=unit, languages=["yi"], skills=["water"], left_on=day(-1))
    busy = CadreFactory(name="驻村的", unit=unit, languages=["yi"], skills=["water"])
    TeamMemberFactory(team=land.near_village.resident_teams.get(), cadre=busy, starts_on=day(-10))
    found = needs.suggestions_for(balance_of(official, land.village), official)
    assert [s.cadre for s in found] == [both, near, far]
    assert found[0].sentence == "会说彝语，有水利专长。"
    assert found[1].sentence == "会说彝语；单位联系这个村。"
    page = text_of(client_as(official).get(reverse("cadres:need_page", args=[land.village.pk])))
    for words in ("两样都会", "会说彝语，有水利专长。", "3组没有通自来水", "公章外借", "没有人"):
        assert words in page


def test_who_brings_what_is_still_open_goes_before_who_brings_it_again(land, official, unit, needy):
    for name in ("甲", "乙"):
        CadreFactory(name=f"彝语{name}", unit=unit, languages=["yi"])
    water = CadreFactory(name="水利", unit=unit, skills=["water"])
    found = needs.suggestions_for(balance_of(official, land.village), official)
    assert len(found) == 3
    assert water in [s.cadre for s in found[:2]]


def test_a_vacancy_asks_for_a_party_member(land, official, unit):
    member = CadreFactory(name="党员甲", unit=unit, is_party_member=True)
    CadreFactory(name="群众乙", unit=unit)
    (found,) = needs.suggestions_for(balance_of(official, land.far_village), official)
    assert (found.cadre, found.sentence) == (member, "是党员，可以任第一书记。")
