"""Every figure of 党建情况, of a village's pages and of the first page is the length of the list it opens: for every tile, role and region.

And the rule of one young member in two years, village by village, in a sentence.
"""

import datetime as dt
import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from common.dates import later
from common.tiles import tiles_for
from party import development
from party.models import PartyRule
from party.rules import Rules
from tests.factories.party import (
    ActivityFactory,
    AttendanceFactory,
    BranchFactory,
    CourseFactory,
    FacilityFactory,
    PersonFactory,
    PostFactory,
    ProposalFactory,
    SessionFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YOUNG, OLD = dt.date(TODAY.year - 25, 1, 1), dt.date(TODAY.year - 60, 1, 1)
THEMES = ("staffing", "development", "classroom", "life", "facilities")
CELL = re.compile(r'<td class="n" data-l="([^"]*)"><a href="([^"]*)">([\d,]+)</a></td>')
COUNTED = re.compile(r"<b>(?:没有党支部的村|共) ([\d,]+) ")


def ago(days):
    return TODAY - dt.timedelta(days=days)


@pytest.fixture
def busy(land):
    """Something of everything, spread unevenly over three villages of two townships and one elsewhere."""
    courses = [CourseFactory(region=land.county, classroom=c) for c in ("party", "virtue", "law", "clean")]
    for n, village in enumerate((land.village, land.near_village, land.far_village, land.other_village)):
        branch = BranchFactory(village=village)
        people = [
            PersonFactory(branch=branch, birth_date=YOUNG if m % 2 else OLD, joined_on=ago(300 + 700 * m))
            for m in range(n + 1)
        ]
        PersonFactory(branch=branch, stage="activist", stage_since=ago(500), birth_date=YOUNG)
        PersonFactory(branch=branch, stage="applicant", stage_since=ago(50), birth_date=OLD)
        PersonFactory(branch=branch, stage="", stage_since=None, joined_on=ago(900))
        PersonFactory(branch=branch, left_on=ago(9), left_reason="moved", birth_date=YOUNG, joined_on=ago(30))
        ProposalFactory(person__branch=branch, person__stage_since=ago(600), proposed_by="officer" if n == 1 else "x")
        if n:
            PostFactory(person=people[0])
        for m in range(n + 1):
            course = CourseFactory(region=village.parent) if n == 3 else courses[m % 4]
            session = SessionFactory(village=village, course=course, held_on=ago(20 * m), villagers=3)
            AttendanceFactory(session=session, person=people[0])
        for m in range(3 * n):
            ActivityFactory(branch=branch, kind=("theme", "lecture", "committee")[m % 3], held_on=ago(35 * m))
        for m, state in enumerate(("works", "broken", "missing")[: n + 1]):
            checked = {"checked_on": ago(300), "checked_by": "x", "next_check_on": ago(100 - 200 * m)} if m else {}
            FacilityFactory(village=village, state=state, **checked)
    BranchFactory(village=land.village, name="第二支部", has_committee=False)
    return land  # last_village has nothing at all


def listed(client, url: str) -> int:
    """How many rows the list says it has, and that it shows them."""
    page = client.get(url, follow=True)
    assert page.status_code == 200, url
    text = page.content.decode()
    found = COUNTED.search(text)
    number = int(found[1].replace(",", "")) if found else 0
    assert min(number, 50) == text.count('class="row"') if number else True, url
    return number


@pytest.mark.parametrize("theme", THEMES)
def test_every_figure_of_the_overview_is_its_list(theme, busy, client_as, officer, official, auditor, post):
    elsewhere = post(Role.COUNTY_OFFICIAL, busy.other_county)
    seen = 0
    for user in (officer, official, auditor, elsewhere):
        client = client_as(user)
        for region in ("", busy.township.pk, busy.next_township.pk):
            page = client.get(reverse("party:overview"), {"theme": theme, "region": region}).content.decode()
            for label, url, value in CELL.findall(page):
                seen += 1
                assert listed(client, unescape(url)) == int(value.replace(",", "")), (user.username, region, label, url)
    assert seen > 20, "there was something to compare"


def test_the_sum_of_the_lines_is_the_last_line(busy, client_as, official):
    for theme in THEMES:
        page = client_as(official).get(reverse("party:overview"), {"theme": theme}).content.decode()
        rows = [row for row in re.findall(r"<tr>(.*?)</tr>", page, re.S) if 'class="n" data-l' in row]
        cells = [re.findall(r'data-l="([^"]*)">(?:<a[^>]*>|<span[^>]*>)([\d,]+)<', row) for row in rows]
        *lines, whole = [{label: int(value.replace(",", "")) for label, value in row} for row in cells]
        assert whole
        assert {label: sum(line[label] for line in lines) for label in whole} == whole, theme


def test_every_figure_of_a_village_s_tabs_is_its_list(busy, client_as, clerk):
    client = client_as(clerk)
    place = busy.village.pk
    classroom = client.get(reverse("party:village_classroom", args=[place])).content.decode()
    for url, value in re.findall(r'<dd><a href="([^"]*)">([\d,]+)</a>', classroom):
        assert listed(client, unescape(url)) == int(value)
    missed = re.findall(r'href="([^"]*attended=no[^"]*)">没来过 (\d+) 人', classroom)
    assert missed
    for url, value in missed:
        assert listed(client, unescape(url)) == int(value)
    life = client.get(reverse("party:village_life", args=[place])).content.decode()
    said = re.findall(r'href="([^"]*state=[^"]*)">(?:没有开|已开|应开) (\d+) 项', life)
    assert len(said) >= 2
    for url, value in said:
        assert listed(client, unescape(url)) == int(value), url


def test_every_tile_is_its_list(busy, client_as, clerk, resident, officer, official, auditor, helper):
    for user in (clerk, resident, officer, official, auditor, helper):
        found = [tile for tile in tiles_for(user) if "/party/" in tile.url]
        assert len(found) == {"clerk": 2, "resident": 2, "officer": 3, "official": 3}.get(user.username, 0), user
        for tile in found:
            assert listed(client_as(user), tile.url) == tile.count.value, (user.username, tile.label)


def test_what_one_confirms_is_counted_without_one_s_own(busy, officer, official):
    waiting = {
        u.username: next(t for t in tiles_for(u) if "proposals" in t.url).count.value for u in (officer, official)
    }
    assert waiting == {"officer": 1, "official": 3}


# -- the rule of one young member in two years ------------------------------------------------------------------------------------------------


def outlook(land, today=TODAY):
    return development.look([land.village], Rules.load(), today)[0]


def test_the_four_states_and_their_sentences(land):
    branch = BranchFactory(village=land.village)
    assert outlook(land).state == "broken"
    assert outlook(land).sentence == "近 2 年没有发展够 35 岁及以下党员，还差 1 名；现在没有 35 岁及以下的培养对象。"
    day = dt.date(2026, 1, 10)
    PersonFactory(
        branch=branch,
        joined_on=dt.date(2025, 12, 1),
        stage="probationary",
        stage_since=dt.date(2025, 12, 1),
        birth_date=YOUNG,
    )
    done = outlook(land, day)
    assert (done.state, done.deadline) == ("done", dt.date(2027, 12, 1))
    assert done.sentence == "近 2 年已发展 1 名 35 岁及以下党员，下一名须在 2027年12月前发展。"
    day = dt.date(2026, 9, 2)
    warned = outlook(land, day)
    assert (warned.state, warned.sentence.split("；")[0]) == ("warned", "到 2027年12月前须再发展 1 名 35 岁及以下党员")
    PersonFactory(branch=branch, stage="activist", stage_since=dt.date(2026, 12, 15), birth_date=YOUNG)
    assert outlook(land, day).state == "warned"
    assert outlook(land, day).sentence.endswith("现有入党积极分子 1 人，最早 2027年12月可列为发展对象，来不及。")
    PersonFactory(branch=branch, stage="activist", stage_since=dt.date(2025, 11, 20), birth_date=YOUNG)
    coming = outlook(land, day)
    assert coming.state == "coming"
    assert coming.sentence.endswith("现有入党积极分子 2 人，最早 2026年11月可列为发展对象。")
    assert outlook(land, dt.date(2027, 12, 1)).state == "broken", "the day from which it no longer holds"
    assert outlook(land, dt.date(2027, 11, 30)).state != "broken"


@pytest.mark.parametrize(
    "facts",
    [
        {"birth_date": OLD},
        {"developed_here": False},
        {"left_on": TODAY, "left_reason": "expelled"},
        {"stage": "", "stage_since": None},
        {"joined_on": later(TODAY, -24)},
    ],
)
def test_who_does_not_count_as_developed(land, facts):
    PersonFactory(
        **({"branch": BranchFactory(village=land.village), "birth_date": YOUNG, "joined_on": ago(200)} | facts)
    )
    assert outlook(land).developed == []


def test_who_died_or_moved_since_was_developed(land):
    branch = BranchFactory(village=land.village)
    PersonFactory(branch=branch, birth_date=YOUNG, joined_on=ago(200), left_on=ago(9), left_reason="died")
    assert len(outlook(land).developed) == 1


def test_age_counts_on_the_day_of_joining_and_rules_are_the_region_s(land):
    branch = BranchFactory(village=land.village)
    birth = later(ago(200), -12 * 36)
    PersonFactory(branch=branch, birth_date=birth, joined_on=ago(200))
    assert outlook(land).developed == []
    PersonFactory(branch=branch, birth_date=birth + dt.timedelta(1), joined_on=ago(200))
    assert len(outlook(land).developed) == 1
    PartyRule.objects.create(region=land.township, young_least=2)
    assert outlook(land).state == "broken"
    PartyRule.objects.update(young_age=36)
    assert outlook(land).state != "broken"


def test_somebody_who_will_be_too_old_is_nobody_s_hope(land):
    branch = BranchFactory(village=land.village)
    almost = later(TODAY, -12 * 36) + dt.timedelta(20)
    PersonFactory(branch=branch, stage="activist", stage_since=ago(10), birth_date=almost)
    assert outlook(land).coming == []
    PersonFactory(branch=branch, stage="target", stage_since=ago(10), birth_date=almost)
    assert len(outlook(land).coming) == 1


def test_bad_addresses_lead_somewhere_sound(busy, client_as, official):
    client = client_as(official)
    for url in (
        "?theme=x&region=abc&span=1999-13&year=abc",
        "?theme=life&year=99999",
        "?theme=classroom&span=2026-Q9",
        "?region=999999999999999999999",
    ):
        assert client.get(reverse("party:overview") + url).status_code == 200
    for name, query in (("due_list", "?state=x&kind=y&year=１９９９&page=-1"), ("person_list", "?stage=x&span=nonsense&region=7"), ("unreached_list", "?span=x&classroom=y"), ("development_list", "?state=x&page=99999"), ("session_list", "?span=20-26")):  # fmt: skip
        assert client.get(reverse(f"party:{name}") + query).status_code == 200
