"""Counties for the assignment of helpers, and a checker that knows only the rules. Also for `./run bench matching`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from households.matching import Helper, House, Match, Place, Weights

MOST = (15, 15, 10, 6)  # by strength: village cadre, ordinary, section, leader
LANGUAGES = (frozenset(), frozenset({"yi"}), frozenset({"miao", "local"}), frozenset({"local"}))


def county(
    households: int, cadres: int, *, seed: int, townships: int = 25, villages: int = 600, most: Sequence[int] = MOST, kin: float = 0.01,
    paired: float = 0.85, known: float = 0.9,
) -> tuple[list[Place], list[House], list[Helper]]:  # fmt: skip
    """Villages in townships side by side, units of the county that answer for some, cadres of county, townships and villages, households of which
    most have a helper, some of these nobody among the cadres."""
    pick = random.Random(seed)
    units = max(1, cadres // 30)

    def spot(township: int) -> tuple[float, float] | None:
        x, y = 103 + township % 5 * 0.25 + pick.random() * 0.25, 25 + township // 5 * 0.25 + pick.random() * 0.25
        return (round(x, 2), round(y, 2)) if pick.random() < known else None

    places = [
        Place(
            n, n % townships, spot(n % townships), pick.choice(LANGUAGES),
            frozenset({10_000 + pick.randrange(units)}) if pick.random() < 0.8 else frozenset(),
        )
        for n in range(villages)
    ]  # fmt: skip
    helpers = []
    for key in range(cadres):
        kind, languages = (
            pick.random(),
            frozenset(pick.sample(["yi", "miao", "local", "putonghua"], pick.randint(1, 2))),
        )
        outside = pick.randrange(3) if pick.random() < 0.1 else 0
        if kind < 0.35:
            unit, village, township, at, strength = (
                10_000 + pick.randrange(units),
                None,
                None,
                None,
                pick.choice([1, 1, 2, 3]),
            )
        elif kind < 0.6:
            township = pick.randrange(townships)
            unit, village, at, strength = 20_000 + township, None, None, pick.choice([1, 1, 2])
        else:
            home = pick.choice(places)
            unit, village, township, at, strength = 30_000 + home.key, home.key, home.township, home.at, 0
        helpers.append(Helper(key, unit, village, township, at, strength, languages, most[strength], outside))
    houses = [
        House(
            key, pick.randrange(villages), pick.choice([0, 0, 0, 1, 1, 2, 3]),
            pick.randrange(cadres + max(1, cadres // 50)) if pick.random() < paired else None,
            frozenset({pick.randrange(cadres)} if cadres and pick.random() < kin else ()),
        )
        for key in range(households)
    ]  # fmt: skip
    return places, houses, helpers


def small(seed: int) -> tuple[list[Place], list[House], list[Helper], Weights, bool]:
    """A case for the exact comparison: few enough for one variable a pair, tight enough that somebody goes without."""
    pick = random.Random(seed)
    places, houses, helpers = county(
        pick.randint(1, 14), pick.randint(1, 7), seed=seed, townships=pick.randint(1, 3), villages=pick.randint(1, 5),
        most=[pick.randint(0, 4) for _n in range(4)], kin=pick.choice([0, 0.3, 0.7]), paired=pick.random(), known=pick.choice([0, 0.5, 1]),
    )  # fmt: skip
    weights = Weights(*(pick.choice([0, 1, 3, 10]) for _n in range(7)), near_km=pick.choice([0, 5, 15, 40]))
    return places, houses, helpers, weights, pick.random() < 0.4


def broken(houses: Sequence[House], helpers: Sequence[Helper], matches: Sequence[Match]) -> list[str]:
    """What an answer does that may not be; knows nothing of how it was found."""
    loads = Counter({helper.key: helper.outside for helper in helpers})
    known = {helper.key: helper for helper in helpers}
    found = []
    if [match.house for match in matches] != list(houses):
        found.append("not every household once")
    for match in matches:
        if match.helper is None:
            continue
        loads[match.helper.key] += 1
        if match.helper.key not in known:
            found.append(f"{match.house.key}: somebody unknown")
        if match.helper.key in match.house.kin:
            found.append(f"{match.house.key}: kin")
    found += [f"{key}: too many" for key, helper in known.items() if loads[key] > max(helper.most, helper.outside)]
    spare = {key for key, helper in known.items() if loads[key] < helper.most}
    found += [
        f"{m.house.key}: without, though somebody has room" for m in matches if m.helper is None and spare - m.house.kin
    ]
    return found
