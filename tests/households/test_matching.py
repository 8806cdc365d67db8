"""The assignment of helpers: the best there is, no rule broken, and nobody moves without need."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from households.matching import FULL, KIN, NOBODY, Helper, House, Place, Weights, cost, distance, solve, total
from tests.households.matching_cases import broken, county, small
from tests.households.matching_exact import best

PLACE = Place(1, 1, (103.0, 25.0), frozenset({"yi"}), frozenset({7}))
W = Weights()


@pytest.mark.parametrize("batch", range(10))
def test_as_good_as_the_exact_optimum_in_200_small_cases(batch):
    for seed in range(batch * 20, batch * 20 + 20):
        places, houses, helpers, weights, anew = small(seed)
        found = solve(places, houses, helpers, weights, anew=anew)
        assert not broken(houses, helpers, found), seed
        assert total(found, weights, anew=anew) == best(places, houses, helpers, weights, anew), seed


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), gone=st.integers(0, 39))
def test_one_leaves_and_only_their_households_move(seed, gone):
    places, houses, helpers = county(200, 40, seed=seed, townships=4, villages=20)
    first = solve(places, houses, helpers, W)
    settled = [replace(m.house, now=m.helper.key if m.helper else None) for m in first]
    again = solve(places, settled, helpers, W)
    assert {m.outcome for m in again} <= {"keep", "none"}
    left = [helper for helper in helpers if helper.key != gone]
    second = solve(places, settled, left, W)
    assert not broken(settled, left, second)
    for match in second:
        if match.house.now is not None and match.house.now != gone:
            assert match.outcome == "keep"  # there is room enough for those who must move


def test_the_same_question_has_the_same_answer():
    places, houses, helpers = county(300, 60, seed=3, townships=4, villages=20)
    assert solve(places, houses, helpers, W) == solve(list(reversed(places)), houses, list(reversed(helpers)), W)


def test_shared_out_anew_weighs_the_present_helper():
    near, far = Helper(1, 7, village=1, township=1), Helper(2, 60, township=9)
    house = House(1, 1, now=2)
    assert solve([PLACE], [house], [near, far], W)[0].outcome == "keep"
    assert solve([PLACE], [house], [near, far], W, anew=True)[0].helper == near
    stay = replace(W, continuity=10, distance=0, language=0)
    assert solve([PLACE], [house], [near, far], stay, anew=True)[0].helper == far


@pytest.mark.parametrize(
    ("houses", "helpers", "why"),
    [
        ([House(1, 1)], [], NOBODY),
        ([House(1, 1), House(2, 1)], [Helper(1, 1, most=1)], FULL),
        ([House(1, 1, kin=frozenset({1}))], [Helper(1, 1)], KIN),
        ([House(1, 1)], [Helper(1, 1, most=3, outside=5)], FULL),
    ],
)
def test_whoever_is_left_without_is_told_why(houses, helpers, why):
    assert [m.why for m in solve([PLACE], houses, helpers, W) if m.helper is None] == [why]


def test_no_households_no_answer():
    assert solve([PLACE], [], [Helper(1, 1)], W) == []


@pytest.mark.parametrize(
    ("helper", "points", "way"),
    [
        (Helper(1, 9, village=1, township=1), 0, "village"),
        (Helper(1, 9, village=2, township=1, at=(103.0, 25.05)), 4, "near"),  # 6 km
        (Helper(1, 9, village=2, township=8, at=(103.0, 25.01)), 2, "near"),  # over the border of the township, 1 km
        (Helper(1, 9, village=2, township=1), 4, "township"),
        (Helper(1, 9, village=2, township=1, at=(103.9, 25.0)), 6, "township"),
        (Helper(1, 9, township=1), 4, "township"),
        (Helper(1, 9), 6, "county"),
        (Helper(1, 9, township=8), 10, "far"),
    ],
)
def test_distance(helper, points, way):
    assert distance(PLACE, helper, 10)[:2] == (points, way)


def test_the_parts_of_a_pair():
    own = cost(PLACE, 3, Helper(1, 7, strength=1, languages=frozenset({"yi"})), W)
    assert own == (18, 0, 18, 0, 0, "county", 0)
    other = cost(PLACE, 0, Helper(1, 8, township=8, strength=3), W)
    assert other == (0, 10, 30, 40, 20, "far", 0)


def test_hard_households_go_to_strong_ranks():
    leader, clerk = Helper(1, 7, strength=3, most=1), Helper(2, 7, strength=0, most=1)
    found = solve([PLACE], [House(1, 1, difficulty=0), House(2, 1, difficulty=3)], [leader, clerk], W)
    assert [m.helper for m in found] == [clerk, leader]


def test_loads_are_even():
    one, two = Helper(1, 7, most=10), Helper(2, 7, most=10)
    found = solve([PLACE], [House(n, 1) for n in range(10)], [one, two], W)
    assert sum(m.helper == one for m in found) == 5
