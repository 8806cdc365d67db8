"""From a figure to what it counts, in a real browser; boards, maps and lists by axe and at every width."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from figures import rollup
from tests.browser import follow, go, wrong_with
from tests.factories import HouseholdFactory, HouseholdYearFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]


@pytest.fixture
def homes(land):
    made = [
        HouseholdFactory(village=village, status=status, with_householder=True, main_cause="01")
        for village in (land.village, land.near_village, land.far_village)
        for status in ("out_of_poverty", "unstable", "marginal", "hardship")
    ]
    for home in made:
        HouseholdYearFactory(household=home, year=2026, per_head_income=9000, check_water="no")
    rollup.fold()
    return made


def test_from_a_number_to_its_households(homes, official, sign_in, land):
    page = sign_in(official)
    go(page, "分析与打印", "看板")
    page.get_by_role("heading", name="示范县看板").wait_for()
    tile = page.locator(".kpi", has_text="三类监测对象").get_by_role("link")
    assert tile.inner_text().startswith("9")
    follow(tile)
    page.get_by_text(re.compile("共 9 户")).wait_for()
    page.go_back()
    follow(page.get_by_role("link", name="石门乡", exact=True).first)
    page.get_by_role("heading", name="石门乡看板").wait_for()
    follow(page.get_by_role("link", name="大屏"))
    assert page.locator("#wall").is_visible()


def test_axe_finds_nothing_and_nothing_is_too_wide(homes, official, sign_in, land):
    addresses = {
        "county": reverse("figures:board", args=[land.county.pk]),
        "last year": f"{reverse('figures:board', args=[land.county.pk])}?year=2025",
        "village": reverse("figures:board", args=[land.village.pk]),
        "wall": reverse("figures:wall", args=[land.county.pk]),
        "map": reverse("figures:map_edit", args=[land.county.pk]),
        "list": f"{reverse('figures:rows', args=['households'])}?status=monitored",
        "nothing": f"{reverse('figures:rows', args=['payments'])}?year=2020",
    }
    assert wrong_with(sign_in(official), addresses) == {}
