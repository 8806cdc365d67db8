"""What the first page counts in the database is what the pages work out village by village and branch by branch, on any day, under any rules."""

import datetime as dt
import random

import pytest

from accounts.roles import Permission
from party import development, due
from party.models import ActivityRule, Branch, PartyRule
from party.rules import Rules
from party.scope import in_view, villages_of
from tests.factories.party import ActivityFactory, BranchFactory, PersonFactory

pytestmark = pytest.mark.django_db
LEAP, MONTH_END = dt.date(1988, 2, 29), dt.date(2024, 8, 31)
DAYS = [dt.date(2026, 11, 26), dt.date(2026, 2, 28), dt.date(2024, 2, 29), dt.date(2025, 12, 31), dt.date(2026, 1, 1)]


@pytest.fixture
def anything(land, request):
    """Three villages of two townships under rules of their own, with people and meetings at random."""
    chance = random.Random(request.param)
    for region in (land.county, land.township, land.near_village):
        if chance.random() < 0.6:
            PartyRule.objects.create(
                region=region, young_years=chance.choice([1, 2, 3]), young_least=chance.choice([1, 2]), young_age=chance.choice([30, 35]),
                warn_months=chance.choice([0, 6, 15]),
            )  # fmt: skip
        for kind in ("theme", "committee", "lecture"):
            if chance.random() < 0.5:
                ActivityRule.objects.create(
                    region=region, kind=kind, period=chance.choice(["month", "quarter", "year"]), least=chance.choice([0, 1, 3]),
                    starts_on=chance.choice([dt.date(2023, 1, 1), dt.date(2025, 7, 1)]),
                )  # fmt: skip
    for village in (land.village, land.near_village, land.far_village, land.other_village):
        for n in range(chance.choice([0, 1, 2])):
            branch = BranchFactory(
                village=village, name=f"{n}", has_committee=chance.random() < 0.5, has_groups=chance.random() < 0.5,
                established_on=chance.choice([None, dt.date(2000, 7, 1), dt.date(2025, 11, 2)]),
                closed_on=chance.choice([None, None, dt.date(2026, 11, 30), dt.date(2026, 12, 1)]),
            )  # fmt: skip
            for _ in range(chance.choice([0, 2, 4])):
                joined = chance.choice([MONTH_END, dt.date(2024, 2, 29), dt.date(2025, 3, 31), dt.date(2026, 10, 1)])
                gone = chance.choice(
                    [{}, {}, {}, {"left_on": joined, "left_reason": chance.choice(["expelled", "died"])}]
                )
                birth = chance.choice([LEAP, dt.date(joined.year - 36, joined.month, 28), dt.date(1996, 6, 1)])
                PersonFactory(
                    branch=branch, joined_on=joined, birth_date=birth, developed_here=chance.random() < 0.8,
                    stage=chance.choice(["full", "probationary"]), stage_since=joined, **gone,
                )  # fmt: skip
            for _ in range(chance.choice([0, 3, 9])):
                ActivityFactory(
                    branch=branch, kind=chance.choice(["theme", "committee", "lecture", "group"]),
                    held_on=chance.choice(DAYS) - dt.timedelta(chance.choice([0, 20, 70])),
                )  # fmt: skip
    return land


@pytest.mark.parametrize("anything", range(12), indirect=True)
def test_counted_is_worked_out(anything, official):
    villages, rules = villages_of(official), Rules.load()
    asked = in_view(official, Permission.PARTY_VIEW)
    for day in DAYS:
        worked_out = {o.village.pk for o in development.look(villages, rules, day) if o.state != development.State.DONE}
        assert set(development.in_need(asked, rules, day).values_list("pk", flat=True)) == worked_out, day
        items = [item for item in due.look(villages, rules, day.year, day) if item.state == "now"]
        branches = due.unmet_now(Branch.objects.filter(village__in=asked), rules, day)
        counted = [pk for rows in branches for pk in rows.values_list("pk", flat=True)]
        assert sorted(counted) == sorted(item.branch.pk for item in items), day
