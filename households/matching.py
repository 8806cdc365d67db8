"""Who should help whom: the exact least-cost shares of households among helpers, as a flow of least cost (ADR 24). Pure: knows rows of no database.

What is sought, in this order: as few households as possible without a helper; as few as possible who get another one than they have; then the
least cost over pairs (`cost`) and over loads. So whoever has a good helper keeps them, and a second run after one cadre has left moves only
what must move. `anew` gives the second aim up: the present helper is then one weight among others.

What may not be is no arc: kin, more households than a helper may have. Who may help nobody is not among the helpers to begin with.

Households of one village, one difficulty and one present helper are one node, helpers of one unit, rank and languages another, and what a
helper from far away costs does not depend on how far: so a county of 100,000 households has some hundred thousand arcs instead of a thousand
million, and the answer is still the best there is. Households with kin have a node of their own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from ortools.graph.python import min_cost_flow

POINTS = 10  # the worst of every part, before its weight
GAP = (0, 3, 6, POINTS)  # of the levels between difficulty and strength
SAME, TOWNSHIP, COUNTY, FAR = 0, 4, 6, POINTS  # points of distance
KM_LAT, KM_LON = 111.2, 111.3  # kilometres of a degree; of longitude at the equator
NOBODY, FULL, KIN = "nobody", "full", "kin"  # why a household is left without a helper


class MatchingError(Exception):
    """The solver has no answer; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Place:
    """A village: `at` is (longitude, latitude), None where it is not known; `units` answer for it."""

    key: int
    township: int
    at: tuple[float, float] | None = None
    languages: frozenset[str] = frozenset()
    units: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class House:
    """A household: `difficulty` 0 to 3, `now` the helper who leads today, `kin` who must not help it."""

    key: int
    place: int
    difficulty: int = 0
    now: int | None = None
    kin: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Helper:
    """A cadre who may help: where their unit sits (`village`, `township` None above), `strength` 0 to 3 by rank, at `most` so many households,
    of which they have some `outside` of what is shared out."""

    key: int
    unit: int
    village: int | None = None
    township: int | None = None
    at: tuple[float, float] | None = None
    strength: int = 1
    languages: frozenset[str] = frozenset()
    most: int = 10
    outside: int = 0

    @property
    def room(self) -> int:
        return max(0, self.most - self.outside)


@dataclass(frozen=True, slots=True)
class Weights:
    """0 to 10 each; `near_km`: villages within so many kilometres are neighbours."""

    difficulty: int = 3
    rank: int = 1
    distance: int = 3
    unit: int = 4
    language: int = 2
    even: int = 1
    continuity: int = 5
    near_km: int = 10


class Parts(NamedTuple):
    """What a pair costs, weights included; `way` and `km` say how the distance was found."""

    difficulty: int
    rank: int
    distance: int
    unit: int
    language: int
    way: str
    km: int

    @property
    def total(self) -> int:
        return self.difficulty + self.rank + self.distance + self.unit + self.language


class Match(NamedTuple):
    """A household and who should help it; `helper` None and a reason `why` where nobody can."""

    house: House
    helper: Helper | None
    parts: Parts | None
    why: str = ""

    @property
    def outcome(self) -> str:
        if self.helper is None:
            return "none"
        if self.house.now is None:
            return "new"
        return "keep" if self.house.now == self.helper.key else "move"


# -- what a pair costs --------------------------------------------------------------------------------------------------------------


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Between two points a county apart at most."""
    middle = math.radians((one[1] + other[1]) / 2)
    return math.hypot((one[0] - other[0]) * KM_LON * math.cos(middle), (one[1] - other[1]) * KM_LAT)


def distance(place: Place, helper: Helper, near_km: int) -> tuple[int, str, int]:
    """(points, way, km). Never more than from far away, whatever is known of the villages."""
    if helper.village == place.key:
        return SAME, "village", 0
    km = kilometres(place.at, helper.at) if place.at and helper.at and helper.village is not None else None
    if km is not None and km <= near_km:
        return 1 + round(5 * km / near_km) if near_km else 1, "near", round(km)
    if helper.township == place.township:
        return (TOWNSHIP if km is None else COUNTY), "township", round(km or 0)
    return _from_afar(helper)


def _from_afar(helper: Helper) -> tuple[int, str, int]:
    return (COUNTY, "county", 0) if helper.township is None else (FAR, "far", 0)


def _base(difficulty: int, languages: frozenset[str], helper: Helper, w: Weights) -> tuple[int, int, int]:
    """What does not depend on where: too weak for the household, too strong for it, languages."""
    gap = difficulty - helper.strength
    speaks = not languages or bool(languages & helper.languages)
    return w.difficulty * GAP[max(0, gap)], w.rank * GAP[max(0, -gap)], 0 if speaks else w.language * POINTS


def cost(place: Place, difficulty: int, helper: Helper, w: Weights) -> Parts:
    """The parts of a pair. A village for which no unit answers is nobody's duty: there the unit costs everybody nothing."""
    too_weak, too_strong, language = _base(difficulty, place.languages, helper, w)
    points, way, km = distance(place, helper, w.near_km)
    unit = w.unit * POINTS if place.units and helper.unit not in place.units else 0
    return Parts(too_weak, too_strong, w.distance * points, unit, language, way, km)


def load_cost(helper: Helper, n: int, w: Weights) -> int:
    """What the household costs that is the helper's n-th (from 0, those outside counted): more, the fuller they are."""
    return w.even * (POINTS * n // max(1, helper.most))


def total(matches: Iterable[Match], w: Weights, *, anew: bool = False) -> tuple[int, int, int]:
    """(without a helper, moved, cost) of an answer: what `solve` makes least, in this order; `anew` counts a move as cost."""
    without = moved = sum_ = 0
    loads: dict[int, int] = {}
    for match in matches:
        if match.helper is None or match.parts is None:
            without += 1
            continue
        helper = match.helper
        n = loads.setdefault(helper.key, helper.outside)
        loads[helper.key] += 1
        sum_ += match.parts.total + load_cost(helper, n, w)
        if match.outcome == "move":
            moved += not anew
            sum_ += w.continuity * POINTS if anew else 0
    return without, moved, sum_


# -- the network --------------------------------------------------------------------------------------------------------------------


@dataclass
class _Net:
    """Arcs as columns; a node is a number."""

    tails: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    room: list[int] = field(default_factory=list)
    hard: list[int] = field(default_factory=list)  # 0, 1 a move, 2 without a helper
    soft: list[int] = field(default_factory=list)
    nodes: int = 0
    supplies: dict[int, int] = field(default_factory=dict)

    def node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def arc(self, tail: int, head: int, room: int, soft: int = 0, hard: int = 0) -> None:
        self.tails.append(tail)
        self.heads.append(head)
        self.room.append(room)
        self.soft.append(soft)
        self.hard.append(hard)

    def solve(self, bare: int) -> dict[int, list[tuple[int, int]]]:
        """`{tail: [(head, flow)]}` of least cost. `bare` is how many nodes are no households: no two of these are neighbours, so a way round
        that meets no node twice has at most twice as many arcs. Two answers differ by such rounds; weights that no round can outdo rank the
        aims as exactly as solving for one after the other."""
        longest = 2 * bare + 2
        move = longest * max(self.soft, default=0) + 1
        without = longest * (move + max(self.soft, default=0)) + 1
        if without > 2**62 // max(self.nodes, 1):
            raise MatchingError(f"{self.nodes} nodes are too many for exact weights")
        weights = np.array([0, move, without], dtype=np.int64)
        flow = min_cost_flow.SimpleMinCostFlow()
        tails, heads = np.array(self.tails, dtype=np.int32), np.array(self.heads, dtype=np.int32)
        flow.add_arcs_with_capacity_and_unit_cost(
            tails, heads, np.array(self.room, dtype=np.int64), np.array(self.soft, dtype=np.int64) + weights[np.array(self.hard, dtype=np.int8)]
        )  # fmt: skip
        for node, supply in self.supplies.items():
            flow.set_node_supply(node, supply)
        status = flow.solve()
        if status != flow.OPTIMAL:
            raise MatchingError(f"no optimum: {status}")
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        flows = np.asarray(flow.flows(np.arange(len(tails), dtype=np.int32)))
        for n in np.nonzero(flows)[0]:
            found[self.tails[n]].append((self.heads[n], int(flows[n])))
        return found


class _Problem:
    """The network of one question, and the way back from its flow to names."""

    def __init__(self, places: Mapping[int, Place], helpers: Sequence[Helper], w: Weights, anew: bool) -> None:
        self.places, self.w, self.anew, self.net = places, w, anew, _Net()
        self.helpers = {helper.key: helper for helper in helpers}
        self.sink = self.net.node()
        self.of_helper = {helper.key: self.net.node() for helper in helpers}
        self.groups: dict[tuple[int, int, frozenset[str]], list[Helper]] = defaultdict(list)
        for helper in helpers:
            self.groups[helper.unit, helper.strength, helper.languages].append(helper)
        self.of_group = {key: self.net.node() for key in self.groups}
        self._helpers()
        self.by_township: dict[int | None, list[tuple[int, int, frozenset[str]]]] = defaultdict(list)
        by_unit: dict[int, list[tuple[int, int, frozenset[str]]]] = defaultdict(list)
        for key, members in self.groups.items():
            self.by_township[members[0].township].append(key)
            by_unit[key[0]].append(key)
        self.near = {place.key: self._near(place, by_unit) for place in places.values()}
        self.of_place: dict[tuple[int, int], int] = {}
        self.of_hub: dict[tuple[int, frozenset[str], bool], int] = {}
        self.of_branch: dict[tuple[int, frozenset[str], bool, int | None], int] = {}

    def _helpers(self) -> None:
        """Groups to helpers, helpers to the sink; the more they have, the more it costs."""
        for key, members in self.groups.items():
            for helper in members:
                if helper.room:
                    self.net.arc(self.of_group[key], self.of_helper[helper.key], helper.room)
        for helper in self.helpers.values():
            steps: dict[int, int] = {}
            for n in range(helper.outside, helper.most):
                step = load_cost(helper, n, self.w)
                steps[step] = steps.get(step, 0) + 1
            for step, room in steps.items():
                self.net.arc(self.of_helper[helper.key], self.sink, room, step)

    def _near(
        self, place: Place, by_unit: Mapping[int, list[tuple[int, int, frozenset[str]]]]
    ) -> set[tuple[int, int, frozenset[str]]]:
        """Groups whose cost for the village is not that of anybody from afar: of its township, of a village nearby, of a unit that answers."""
        found = set(self.by_township.get(place.township, ()))
        for unit in place.units:
            found.update(by_unit.get(unit, ()))
        if place.at is not None:
            found.update(
                key for at, keys in self._grid(place.at) if kilometres(place.at, at) <= self.w.near_km for key in keys
            )
        return found

    def _grid(
        self, at: tuple[float, float]
    ) -> Iterable[tuple[tuple[float, float], list[tuple[int, int, frozenset[str]]]]]:
        """Points with the groups of their units, of the squares around a point."""
        if not hasattr(self, "_squares"):
            self._squares: dict[tuple[int, int], dict[tuple[float, float], list[tuple[int, int, frozenset[str]]]]] = (
                defaultdict(lambda: defaultdict(list))
            )
            for key, members in self.groups.items():
                if members[0].at is not None and members[0].village is not None:
                    self._squares[self._square(members[0].at)][members[0].at].append(key)
        x, y = self._square(at)
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                yield from self._squares.get((x + dx, y + dy), {}).items()

    def _square(self, at: tuple[float, float]) -> tuple[int, int]:
        """Squares so wide that whoever is near is in the same or the next; a degree of longitude has 65 km at 54° north."""
        wide = max(self.w.near_km, 1) / 60
        return int(at[0] / wide), int(at[1] / wide)

    # -- from villages to groups

    def place_node(self, place: Place, difficulty: int) -> int:
        """Where households of a village and difficulty go that look for anybody."""
        key = (place.key, difficulty)
        if key not in self.of_place:
            node = self.of_place[key] = self.net.node()
            for group in self.near[place.key]:
                self._to_group(node, group, cost(place, difficulty, self.groups[group][0], self.w).total)
            self.net.arc(node, self.hub(place, difficulty), self.many)
        return self.of_place[key]

    def _to_group(self, node: int, group: tuple[int, int, frozenset[str]], soft: int, hard: int = 0) -> None:
        self.net.arc(node, self.of_group[group], self.many, soft, hard)

    def hub(self, place: Place, difficulty: int) -> int:
        """From here to helpers from afar, who cost the same for all villages of these languages."""
        key = (difficulty, place.languages, bool(place.units))
        if key not in self.of_hub:
            node = self.of_hub[key] = self.net.node()
            for township in self.by_township:
                self.net.arc(node, self.branch(place, difficulty, township), self.many)
        return self.of_hub[key]

    def branch(self, place: Place, difficulty: int, township: int | None) -> int:
        """From here to the helpers of one township, or of no township."""
        key = (difficulty, place.languages, bool(place.units), township)
        if key not in self.of_branch:
            node = self.of_branch[key] = self.net.node()
            for group in self.by_township[township]:
                self._to_group(node, group, self.afar(place, difficulty, self.groups[group][0]))
        return self.of_branch[key]

    def afar(self, place: Place, difficulty: int, helper: Helper) -> int:
        """What a helper costs who is neither near nor answers for the village."""
        points, _way, _km = _from_afar(helper)
        unit = self.w.unit * POINTS if place.units else 0
        return sum(_base(difficulty, place.languages, helper, self.w)) + self.w.distance * points + unit

    # -- households

    def ask(self, houses: Sequence[House]) -> None:
        """Nodes of the households, of those alike together."""
        self.many = max(1, len(houses))
        alike: dict[tuple[int, int, int | None, frozenset[int]], list[House]] = defaultdict(list)
        for house in houses:
            kin = frozenset(house.kin & self.helpers.keys())
            now = house.now if house.now not in kin else -1
            alike[house.place, house.difficulty, now, kin].append(house)
        # First all that are no households, then the households: the bound of `solve` counts the first.
        for place, difficulty in sorted({(key[0], key[1]) for key in alike}):
            self.place_node(self.places[place], difficulty)
        self.bare = self.net.nodes
        self.classes: dict[int, list[House]] = {}
        for (place_key, difficulty, now, kin), rows in alike.items():
            node = self.net.node()
            rows.sort(key=lambda house: house.key)
            self.classes[node] = rows
            self.net.supplies[node] = len(rows)
            place = self.places[place_key]
            self.net.arc(node, self.sink, len(rows), 0, 2)
            if now in self.helpers and self.helpers[now].room:
                self.net.arc(
                    node, self.of_helper[now], len(rows), cost(place, difficulty, self.helpers[now], self.w).total
                )
            moves = now is not None
            soft = self.w.continuity * POINTS if moves and self.anew else 0
            hard = int(moves and not self.anew)
            if kin:
                self._around_kin(node, place, difficulty, kin, soft, hard)
            else:
                self.net.arc(node, self.of_place[place_key, difficulty], len(rows), soft, hard)
        self.net.supplies[self.sink] = -len(houses)

    def _around_kin(self, node: int, place: Place, difficulty: int, kin: frozenset[int], soft: int, hard: int) -> None:
        """To everybody but kin: group by group where kin are near or of that township, else as everybody goes."""
        related = {self.helpers[key].township for key in kin}
        near = self.near[place.key]
        for group in near:
            each = cost(place, difficulty, self.groups[group][0], self.w).total
            self._but(node, group, kin, soft + each, hard)
        for township in self.by_township:
            if township not in related:
                self.net.arc(node, self.branch(place, difficulty, township), self.many, soft, hard)
                continue
            for group in self.by_township[township]:
                if group not in near:
                    self._but(node, group, kin, soft + self.afar(place, difficulty, self.groups[group][0]), hard)

    def _but(
        self, node: int, group: tuple[int, int, frozenset[str]], kin: frozenset[int], soft: int, hard: int
    ) -> None:
        members = self.groups[group]
        if not any(helper.key in kin for helper in members):
            self._to_group(node, group, soft, hard)
            return
        for helper in members:
            if helper.key not in kin and helper.room:
                self.net.arc(node, self.of_helper[helper.key], helper.room, soft, hard)

    # -- the way back

    def answer(self, flow: Mapping[int, list[tuple[int, int]]]) -> dict[int, int]:
        """`{household: helper}` of those who have one. Households stand in line at every node and go on in the order of their keys: those alike
        may go either way."""
        helper_of = {node: key for key, node in self.of_helper.items()}
        found: dict[int, int] = {}
        lines: dict[int, list[House]] = defaultdict(list)
        for node, rows in self.classes.items():
            # Whoever stays is first in line, whoever is left without is last.
            ways = sorted(flow.get(node, ()), key=lambda way: (way[0] == self.sink, way[0] not in helper_of, way[0]))
            self._go(rows, ways, helper_of, lines, found)
        for stage in (self.of_place, self.of_hub, self.of_branch, self.of_group):
            for node in stage.values():
                rows = sorted(lines.pop(node, ()), key=lambda house: house.key)
                self._go(rows, sorted(flow.get(node, ())), helper_of, lines, found)
        return found

    def _go(self, rows: Sequence[House], ways: Sequence[tuple[int, int]], helper_of: Mapping[int, int], lines: dict[int, list[House]],
            found: dict[int, int]) -> None:  # fmt: skip
        at = 0
        for head, count in ways:
            going = rows[at : at + count]
            at += count
            if head in helper_of:
                found |= {house.key: helper_of[head] for house in going}
            elif head != self.sink:
                lines[head] += going


def solve(places: Iterable[Place], houses: Sequence[House], helpers: Sequence[Helper], weights: Weights, *, anew: bool = False,
          progress: Callable[[str], None] = lambda stage: None) -> list[Match]:  # fmt: skip
    """The best answer, household by household in the order of `houses`. The same question has the same answer.

    `progress` is told "network", "flow" and "answer". Raises `MatchingError` where the numbers are too large to be exact.
    """
    by_key = {place.key: place for place in places}
    open_ones = sorted((helper for helper in helpers), key=lambda helper: helper.key)
    if not houses:
        return []
    progress("network")
    problem = _Problem(by_key, open_ones, weights, anew)
    problem.ask(houses)
    progress("flow")
    flow = problem.net.solve(problem.bare)
    progress("answer")
    found = problem.answer(flow)
    loads: dict[int, int] = defaultdict(int)
    for key in found.values():
        loads[key] += 1
    spare = {helper.key for helper in open_ones if loads[helper.key] < helper.room}
    return [_match(house, found.get(house.key), problem, spare) for house in houses]


def _match(house: House, key: int | None, problem: _Problem, spare: set[int]) -> Match:
    if key is not None:
        helper = problem.helpers[key]
        return Match(house, helper, cost(problem.places[house.place], house.difficulty, helper, problem.w))
    if not problem.helpers:
        return Match(house, None, None, NOBODY)
    return Match(house, None, None, KIN if spare and spare <= house.kin else FULL)
