"""What branches were asked to hold and held; rules that never change the past; facilities and their checks; mergers of villages."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from common.dates import later
from party import due, periods, places, services
from party.models import Activity, ActivityRule, Branch, Course, Facility, PartyRule, Session
from party.rules import Rules
from party.services import PartyError
from tests.factories import picture
from tests.factories.party import (
    ActivityFactory,
    BranchFactory,
    CourseFactory,
    FacilityFactory,
    PersonFactory,
    SessionFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = dt.date(2026, 5, 20)


def ago(days):
    return TODAY - dt.timedelta(days=days)


@pytest.fixture
def branch(land):
    return BranchFactory(village=land.village)


def items(land, year=2026, today=DAY, **more):
    found = due.look([land.village], Rules.load(), year, today)
    return [i for i in found if all(getattr(i, name) == value for name, value in more.items())]


# -- due ----------------------------------------------------------------------------------------------------------------------------------


def test_the_defaults_of_a_year(land, branch):
    found = items(land)
    assert {kind: sum(i.kind == kind for i in found) for kind in ("assembly", "committee", "group", "lecture", "theme", "study")} == {
        "assembly": 4, "committee": 12, "group": 12, "lecture": 4, "theme": 12, "study": 4,
    }  # fmt: skip
    assert due.counts(found) == {"due": 3 * 4 + 3 * 1, "missing": 15, "now": 6}
    ActivityFactory(branch=branch, kind="theme", held_on=dt.date(2026, 4, 30))
    ActivityFactory(branch=branch, kind="theme", held_on=dt.date(2026, 5, 1))
    ActivityFactory(branch=branch, kind="assembly", held_on=dt.date(2026, 3, 31))
    removed = {"removed_at": timezone.now(), "removed_by": "x", "removed_reason": "登记错了"}
    ActivityFactory(branch=branch, kind="lecture", held_on=dt.date(2026, 2, 1), **removed)
    assert due.counts(items(land)) == {"due": 15, "missing": 13, "met": 2, "now": 5}
    assert [i.span.code for i in items(land, kind="theme", state="met")] == ["2026-04", "2026-05"]


def test_a_branch_is_asked_for_whole_periods_of_its_life(land):
    branch = BranchFactory(village=land.village, established_on=dt.date(2026, 2, 10), closed_on=dt.date(2026, 4, 15))
    assert [i.span.code for i in items(land, kind="theme")] == ["2026-03"]
    assert items(land, kind="assembly") == []
    Branch.objects.filter(pk=branch.pk).update(closed_on=None, has_committee=False, has_groups=False)
    assert {i.kind for i in items(land)} == {"assembly", "lecture", "theme", "study"}


def test_a_rule_of_today_leaves_the_past_as_it_was(land, branch, official, officer):
    before = {(i.kind, i.span.code) for i in due.look([land.village], Rules.load(), TODAY.year)}
    with pytest.raises(ValidationError, match="过去的不变"):
        services.set_activity_rule(
            region=land.county, kind="theme", period="month", least=2, starts_on=ago(1), by=official
        )
    with pytest.raises(PermissionDenied):
        services.set_activity_rule(
            region=land.township, kind="theme", period="month", least=2, starts_on=TODAY, by=officer
        )
    for wrong, sentence in (({"kind": "x"}, "种类"), ({"period": "week"}, "周期"), ({"least": 40}, "0 至 31")):
        facts = {"kind": "theme", "period": "month", "least": 2, "starts_on": TODAY} | wrong
        with pytest.raises(ValidationError, match=sentence):
            services.set_activity_rule(region=land.county, by=official, **facts)
    services.set_activity_rule(region=land.county, kind="theme", period="month", least=0, starts_on=TODAY, by=official)
    with pytest.raises(PartyError, match="已经定过这项要求"):
        services.set_activity_rule(
            region=land.county, kind="theme", period="month", least=1, starts_on=TODAY, by=official
        )
    after = {(i.kind, i.span.code) for i in due.look([land.village], Rules.load(), TODAY.year)}
    this_month = periods.span_of("month", TODAY)
    assert before - after == {
        ("theme", s.code)
        for s in periods.spans_of_year("month", TODAY.year)
        if s.first > this_month.first or s.first == TODAY
    }


def test_the_nearest_region_s_rule_holds(land, branch):
    ActivityRule.objects.create(
        region=land.county, kind="theme", period="quarter", least=1, starts_on=dt.date(2025, 1, 1), set_by="x"
    )
    ActivityRule.objects.create(
        region=land.township, kind="theme", period="month", least=2, starts_on=dt.date(2026, 4, 1), set_by="x"
    )
    ActivityRule.objects.create(
        region=land.other_county, kind="theme", period="year", least=9, starts_on=dt.date(2020, 1, 1), set_by="x"
    )
    found = items(land, kind="theme")
    assert [(i.span.code, i.least) for i in found][:3] == [("2026-Q1", 1), ("2026-04", 2), ("2026-05", 2)]
    PartyRule.objects.create(region=land.county, young_years=3)
    PartyRule.objects.create(region=land.township, young_years=1)
    rules = Rules.load()
    assert [rules.of(place).young_years for place in (land.village, land.far_village, land.other_village)] == [1, 3, 2]


def test_rules_stay_within_what_the_party_asks(land, official):
    with pytest.raises(ValidationError, match="12 至 60"):
        services.put_party_rule(region=land.county, facts={"activist_months": 6}, by=official)
    with pytest.raises(IntegrityError), transaction.atomic():
        PartyRule.objects.create(region=land.county, probation_months=6)
    with pytest.raises(ValidationError, match="县或乡镇"):
        services.put_party_rule(region=land.village, facts={"young_years": 3}, by=official)
    rule = services.put_party_rule(region=land.county, facts={"young_years": 3}, by=official)
    assert services.put_party_rule(region=land.county, facts={"young_age": 30}, by=official).pk == rule.pk


# -- activities ---------------------------------------------------------------------------------------------------------------------------


def test_an_activity_with_its_photo_or_neither(branch, clerk, client_as):
    person, url = PersonFactory(branch=branch), reverse("party:activity_new", args=[branch.pk])
    data = {"kind": "theme", "held_on": str(TODAY), "title": "清理河道", "people": [person.pk], "guests": "3"}
    client = client_as(clerk)
    from django.core.files.uploadedfile import SimpleUploadedFile

    bad = client.post(url, data | {"upload": SimpleUploadedFile("a.jpg", b"nothing")})
    assert (bad.status_code, Activity.objects.count()) == (422, 0)
    assert "不是照片" in bad.content.decode()
    assert client.post(url, data | {"upload": picture()}).status_code == 302
    row = Activity.objects.get()
    assert (row.guests, [p.person for p in row.presences.all()], row.evidence.count()) == (3, [person], 1)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"held_on": TODAY + dt.timedelta(1)}, "今天之后"),
        ({"held_on": dt.date(1999, 1, 1)}, "早于支部成立日期"),
        ({"title": "x"}, "请写主题"),
        ({"kind": "party"}, "选择组织生活的种类"),
        ({"guests": 9999}, "0 至 5000"),
    ],
)
def test_a_wrong_activity_is_refused(branch, clerk, facts, sentence):
    right = {"kind": "theme", "held_on": TODAY, "title": "清理河道", "guests": 0}
    with pytest.raises(ValidationError, match=sentence):
        services.hold_activity(branch=branch, facts=right | facts, people=[], by=clerk)
    with pytest.raises(ValidationError, match="不是本支部的人"):
        services.hold_activity(branch=branch, facts=right, people=[PersonFactory()], by=clerk)


def test_a_mistake_is_made_void_with_a_reason_and_counts_no_more(branch, clerk):
    row = ActivityFactory(branch=branch)
    with pytest.raises(ValidationError, match="至少四个字"):
        services.remove_activity(activity=row, reason="错", by=clerk)
    services.remove_activity(activity=row, reason="记成了上个月", by=clerk)
    with pytest.raises(PartyError, match="已经作废"):
        services.change_activity(activity=row, facts={}, people=[], by=clerk)


# -- facilities -----------------------------------------------------------------------------------------------------------------------------


def test_a_check_says_when_the_next_is_due(land, clerk):
    facts = {"kind": "distance", "name": "远程教育站点", "installed_on": ago(900), "note": ""}
    row = services.register_facility(village=land.village, facts=facts, state="works", by=clerk)
    assert (row.checked_on, row.next_check_on) == (None, None)
    with pytest.raises(ValidationError, match="写明情况"):
        services.check_facility(facility=row, state="broken", on=TODAY, checked_by="石小梅", by=clerk)
    row = services.check_facility(
        facility=row, state="broken", on=ago(1), checked_by="石小梅", note="投影仪坏了", by=clerk
    )
    assert (row.state, row.next_check_on) == ("broken", later(ago(1), 6))
    for on, sentence in ((TODAY + dt.timedelta(1), "今天之后"), (ago(9), "早于上次检查")):
        with pytest.raises(ValidationError, match=sentence):
            services.check_facility(facility=row, state="works", on=on, checked_by="石小梅", by=clerk)
    with pytest.raises(ValidationError, match="选择状态"):
        services.check_facility(facility=row, state="great", on=TODAY, checked_by="石小梅", by=clerk)
    services.remove_facility(facility=row, reason="村部搬迁后拆除", by=clerk)
    with pytest.raises(PartyError, match="已经注销"):
        services.check_facility(facility=row, state="works", on=TODAY, checked_by="石小梅", by=clerk)
    with pytest.raises(ValidationError, match="请选择设施的种类"):
        services.register_facility(village=land.village, facts=facts | {"kind": "x"}, state="works", by=clerk)


# -- regions --------------------------------------------------------------------------------------------------------------------------------


def test_what_stands_in_a_village_follows_it(land, official):
    mine = BranchFactory(village=land.near_village, name="支部")
    BranchFactory(village=land.village, name="支部")
    SessionFactory(village=land.near_village, course=CourseFactory(region=land.township, title="法律课"))
    FacilityFactory(village=land.near_village)
    places.follow_region(old=land.near_village, new=land.village, by=official, on=TODAY)
    mine.refresh_from_db()
    assert (mine.village, mine.name) == (land.village, "支部（白石村）")
    assert not Session.objects.filter(village=land.near_village).exists()
    assert not Facility.objects.filter(village=land.near_village).exists()
    assert "2 个党支部" in places.why_occupied(land.village)
    assert places.why_occupied(land.near_village) == ""
    places.follow_region(old=land.township, new=land.next_township, by=official, on=TODAY)
    assert Course.objects.get().region == land.next_township
