"""The best assignment of a small case by another method: SciPy's solver of whole numbers, one variable a pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

from households.matching import Helper, House, Place, Weights, cost, load_cost


def best(
    places: Sequence[Place], houses: Sequence[House], helpers: Sequence[Helper], w: Weights, anew: bool
) -> tuple[int, int, int]:
    """(without, moved, cost) of the best answer, by another method: one whole number a pair, one aim after the other, each kept in the next."""
    where = {place.key: place for place in places}
    pairs = [(h, c) for h in houses for c in helpers if c.key not in h.kin]
    steps = [(c, n) for c in helpers for n in range(c.outside, c.most)]
    count = len(pairs) + len(steps)
    rows = lil_matrix((len(houses) + len(helpers), max(count, 1)))
    house_row, helper_row = (
        {h.key: n for n, h in enumerate(houses)},
        {c.key: len(houses) + n for n, c in enumerate(helpers)},
    )
    for n, (house, helper) in enumerate(pairs):
        rows[house_row[house.key], n] = rows[helper_row[helper.key], n] = 1
    for n, (helper, _step) in enumerate(steps):
        rows[helper_row[helper.key], len(pairs) + n] = -1  # as many steps of load as households
    low = [0] * len(houses) + [0] * len(helpers)
    high = [1] * len(houses) + [0] * len(helpers)
    covered, moved, soft = np.zeros(max(count, 1)), np.zeros(max(count, 1)), np.zeros(max(count, 1))
    for n, (house, helper) in enumerate(pairs):
        moves = house.now is not None and house.now != helper.key
        covered[n], moved[n] = -1, moves and not anew
        soft[n] = cost(where[house.place], house.difficulty, helper, w).total + (
            10 * w.continuity if moves and anew else 0
        )
    for n, (helper, step) in enumerate(steps):
        soft[len(pairs) + n] = load_cost(helper, step, w)
    limits, values = [LinearConstraint(rows.tocsr(), low, high)], []
    for aim in (covered, moved, soft):
        answer = milp(aim, constraints=limits, integrality=np.ones(len(aim)), bounds=Bounds(0, 1))
        values.append(round(answer.fun))
        limits.append(LinearConstraint(aim, -np.inf, values[-1] + 0.5))
    return len(houses) + values[0], values[1], values[2]
