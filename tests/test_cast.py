"""The cast of the tests stands where its names say, so that every other test may rely on it."""

import pytest

from accounts.roles import Permission
from households.models import Household
from regions.models import Region
from tests.factories import HouseholdFactory


def test_a_path_matches_only_below_itself(land):
    assert {r.name for r in Region.objects.within(land.county)} == {
        "示范县", "石门乡", "青石村", "白石村", "柳河镇", "柳树村", "河湾村",
    }  # fmt: skip
    assert {r.name for r in Region.objects.within(land.village)} == {"青石村"}


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("clerk", {"village"}),
        ("resident", {"village"}),
        ("helper", {"village"}),
        ("officer", {"village", "near_village"}),
        ("official", {"village", "near_village", "far_village", "last_village"}),
        ("auditor", {"village", "near_village", "far_village", "last_village"}),
        ("department_user", set()),
        ("admin", set()),
        ("stranger", set()),
    ],
)
def test_who_sees_which_household(who, sees, household, land, request):
    for place in ("near_village", "far_village", "last_village", "other_village"):
        HouseholdFactory(village=getattr(land, place))
    user = request.getfixturevalue(who)
    seen = {h.village.name for h in Household.objects.for_user(user).select_related("village")}
    assert seen == {getattr(land, place).name for place in sees}


def test_a_helper_sees_only_the_own_household_of_a_village(household, helper, land):
    HouseholdFactory(village=land.village)
    assert list(Household.objects.for_user(helper)) == [household]
    assert not Household.objects.for_user(helper, Permission.HOUSEHOLD_EDIT).exists()


def test_unordered_queries_are_shuffled(land):
    HouseholdFactory.create_batch(12, village=land.village)
    orders = {tuple(Household.objects.values_list("pk", flat=True)) for _n in range(5)}
    assert len(orders) > 1
