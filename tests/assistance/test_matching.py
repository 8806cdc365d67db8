"""Which house suits whom: never an unsafe or taken one, the same from both sides, nearer and larger enough is never worse."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from assistance import matching
from assistance.matching import House, Need, Place

HERE = Place(1, 10, 100, "3组")
places = st.builds(
    Place,
    county=st.integers(1, 2),
    township=st.integers(10, 11),
    village=st.integers(100, 101),
    hamlet=st.sampled_from(["", "3组", "5组"]),
)
houses = st.builds(
    House, key=st.integers(1, 10**6), place=places, area=st.decimals(1, 400, places=2), rooms=st.integers(1, 9), step_free=st.booleans(),
    grade=st.sampled_from(["", "A", "B", "C", "D"]), free=st.booleans(), rent=st.decimals(0, 900, places=2), inspection_late=st.booleans(),
)  # fmt: skip
needs = st.builds(
    Need, key=st.integers(1, 10**6), place=places, members=st.integers(1, 12), elderly=st.integers(0, 3), disabled=st.integers(0, 3)
)  # fmt: skip


@given(need=needs, found=st.lists(houses, max_size=12, unique_by=lambda h: h.key))
def test_what_is_unsafe_taken_or_elsewhere_is_never_offered(need, found):
    ranked = [match.house for match in matching.houses_for(need, found)]
    assert set(ranked) == {h for h in found if h.free and h.grade in ("A", "B") and h.place.county == need.place.county}
    assert len(ranked) == len(set(ranked))


@given(house=houses, found=st.lists(needs, max_size=12, unique_by=lambda n: n.key))
def test_an_unsafe_house_has_no_households(house, found):
    ranked = matching.households_for(house, found)
    if not matching.may_be_offered(house):
        assert ranked == []


@given(
    need=needs, found=st.lists(houses, max_size=10, unique_by=lambda h: h.key), order=st.randoms(use_true_random=False)
)
def test_the_order_of_the_list_does_not_matter(need, found, order):
    mixed = list(found)
    order.shuffle(mixed)
    assert matching.houses_for(need, found) == matching.houses_for(need, mixed)


@given(need=needs, house=houses)
def test_a_pair_is_the_same_from_both_sides(need, house):
    assert matching.houses_for(need, [house]) == matching.households_for(house, [need])


@given(need=needs, house=houses)
def test_every_match_says_why(need, house):
    match = matching.pair(house, need)
    if match is not None:
        assert len(match.reasons) >= 3
        assert all(reason.text.endswith("。") for reason in match.reasons)
        assert all(reason.points >= 0 for reason in match.reasons if reason.good)
        assert match.suits == all(reason.good for reason in match.reasons)


@given(need=needs, house=houses)
def test_nearer_is_better_and_level_ground_never_worse(need, house):
    need, house = replace(need, place=HERE), replace(house, grade="A", free=True)
    away = [HERE, Place(1, 10, 100, "5组"), Place(1, 10, 101, "3组"), Place(1, 11, 101, "")]
    scores = [matching.pair(replace(house, place=place), need).score for place in away]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    flat, steps = (matching.pair(replace(house, place=HERE, step_free=flat), need).score for flat in (True, False))
    assert flat > steps if need.step_free else flat == steps


@given(need=needs, house=houses, more=st.decimals(0, 50, places=2))
def test_a_house_too_small_gets_no_better_by_being_smaller(need, house, more):
    need, house = replace(need, place=HERE), replace(house, place=HERE, grade="A", free=True)
    edge = matching.ENOUGH * need.members
    small, enough = replace(house, area=max(edge - more - Decimal("0.01"), Decimal(1))), replace(house, area=edge)
    if small.area < edge:
        assert matching.pair(small, need).score < matching.pair(enough, need).score


def test_the_reasons_in_words():
    need = Need(1, HERE, members=5, elderly=1)
    house = House(1, HERE, Decimal(60), 2, grade="B", inspection_late=True)
    match = matching.pair(house, need)
    assert [reason.text for reason in match.reasons] == [
        "偏小：5 人住，人均只有 12.0 ㎡。", "间数少：2 间房住 5 人。", "就在本组。", "家里有 70 岁以上老人，房屋出入有台阶。",
        "安全检查已过期，入住前要先检查。",
    ]  # fmt: skip
    assert not match.suits
    both = matching.pair(replace(house, area=Decimal(100), rooms=3, step_free=True), replace(need, disabled=2))
    assert both.reasons[-2].text == "家里有 70 岁以上老人和残疾人，房屋平层，出入无台阶。"
    assert (
        matching.pair(house, replace(need, elderly=0, disabled=1)).reasons[3].text == "家里有残疾人，房屋出入有台阶。"
    )
