"""Households follow their village when the tree of regions changes."""

import pytest
from django.db import connection

from common import audit
from households.models import AUDITED
from households.services import register_household
from regions import services
from regions.models import Region


@pytest.fixture
def registered(land, official):
    return register_household(
        village=land.village, by=official,
        householder={"name": "王建国", "relation": "01", "sex": "1"},
    )  # fmt: skip


def test_they_move_to_the_merged_village_and_the_history_stays_whole(land, official, registered):
    new = services.merge_regions(old=[land.village, land.near_village], name="石村", code="", by=official)
    registered.refresh_from_db()
    assert (registered.village, registered.township) == (new, land.township)
    connection.check_constraints()  # closes the chain, as a commit does
    assert audit.verify(AUDITED).ok


def test_they_stay_in_a_village_that_changes_its_township(land, official, registered):
    services.merge_regions(old=[land.township], into=land.next_township, by=official)
    registered.refresh_from_db()
    assert (registered.village, registered.township) == (land.village, land.next_township)


def test_who_may_not_move_them_cannot_merge_their_village(land, admin, registered):
    with pytest.raises(services.RegionError, match="有 1 户要一并转移"):
        services.merge_regions(old=[land.village, land.near_village], name="石村", by=admin)
    assert Region.objects.get(pk=land.village.pk).valid_to is None


def test_a_village_with_households_is_not_closed(land, official, registered):
    with pytest.raises(services.RegionError, match="还有 1 户登记在这里"):
        services.close_region(region=land.village, by=official)
