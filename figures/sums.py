"""Questions to the numbers of a region: how many, and how many of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from figures.datasets import ROWS, Dataset, Numbers, get, place


class Sums:
    """The numbers of a region as of a day; what is due is told by that day.

    A question names a dataset and, for some of its dimensions, one choice each (a group of choices counts as one). It is answered from the
    smallest cut that holds these dimensions; there is no answer to what is not rolled up, which is a mistake of whoever asks.
    """

    def __init__(self, numbers: Numbers, today: dt.date) -> None:
        self.numbers, self.today = numbers, today

    def number(self, dataset: str, measure: str = ROWS, **chosen: str) -> int:
        """How many rows (or what sum, as a whole number: money in 分)."""
        return sum(number for _key, number in self._matching(_plan(dataset, "", tuple(chosen.items())), measure))

    def by(self, dataset: str, dimension: str, measure: str = ROWS, **chosen: str) -> dict[str, int]:
        """`{choice: number}` of a dimension, in its order; choices without rows are left out."""
        plan = _plan(dataset, dimension, tuple(chosen.items()))
        found: dict[str, int] = {}
        for key, number in self._matching(plan, measure):
            if key:
                found[key] = found.get(key, 0) + number
        return dict(sorted(found.items(), key=lambda pair: plan.order.get(pair[0], len(plan.order))))

    def _matching(self, plan: _Plan, measure: str) -> Iterator[tuple[str, int]]:
        """(choice of the dimension asked for, number) of what fits."""
        for joined, number in self.numbers.get(place(plan.dataset.code, plan.cut, measure), {}).items():
            raws = joined.split("|")
            for at, told, keep in plan.wanted:
                if told(raws[at], self.today) not in keep:
                    break
            else:
                yield plan.told(raws[plan.at], self.today) if plan.order else "", number


Told = Callable[[str, dt.date], str]


@dataclass(frozen=True)
class _Plan:
    """How a question is answered: from which cut, which of its keys must be among which, and which of them is asked for."""

    dataset: Dataset
    cut: tuple[str, ...]
    wanted: tuple[tuple[int, Told, frozenset[str]], ...]
    at: int
    told: Told
    order: Mapping[str, int]  # of the choices of the dimension asked for; empty where none is


def _as_it_is(raw: str, today: dt.date) -> str:
    return raw


@cache
def _plan(code: str, by: str, chosen: tuple[tuple[str, str], ...]) -> _Plan:
    dataset = get(code)
    if dataset is None:
        raise ValueError(f"no dataset {code!r}")
    cut = cut_for(dataset, {name for name, _key in chosen} | ({by} if by else set()))

    def told(name: str) -> Told:
        dimension = dataset.dimension(name)
        return _as_it_is if dimension.overlaps else dimension.key

    wanted = tuple(
        (cut.index(name), told(name), frozenset(dataset.dimension(name).keys_of(key))) for name, key in chosen
    )
    order = {key: n for n, key in enumerate(dataset.dimension(by).choices())} if by else {}
    return _Plan(dataset, cut, wanted, cut.index(by) if by else 0, told(by) if by else _as_it_is, order)


def cut_of(dataset: Dataset, measure: str, names: set[str]) -> str:
    """Where the numbers stand that answer a question: "households/status/rows"."""
    return place(dataset.code, cut_for(dataset, names), measure)


def cut_for(dataset: Dataset, names: set[str]) -> tuple[str, ...]:
    """The smallest cut with these dimensions. One whose choices overlap may not be summed over: it is there only if asked for."""
    fitting = [
        cut for cut in dataset.cuts
        if names <= set(cut) and not any(dataset.dimension(name).overlaps for name in set(cut) - names)
    ]  # fmt: skip
    if not fitting:
        raise ValueError(f"{dataset.code}: no cut by {', '.join(sorted(names)) or 'nothing'}")
    return min(fitting, key=len)
