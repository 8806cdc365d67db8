"""Questions to the numbers of a region: how many, and how many of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cached_property

from figures.datasets import ROWS, Dataset, get
from figures.rollup import Numbers


class Sums:
    """The numbers of a region as of a day; what is due is told by that day.

    A question names a dataset and, for some of its dimensions, one choice each (a group of choices counts as one). It is answered from the
    smallest cut that holds these dimensions; there is no answer to what is not rolled up, which is a mistake of whoever asks.
    """

    def __init__(self, numbers: Numbers, today: dt.date) -> None:
        self.numbers, self.today = numbers, today

    @cached_property
    def _by_cut(self) -> Mapping[str, list[tuple[list[str], int]]]:
        found: dict[str, list[tuple[list[str], int]]] = {}
        for place, number in self.numbers.items():
            cut, _slash, key = place.rpartition("/")
            found.setdefault(cut, []).append((key.split("|"), number))
        return found

    def number(self, dataset: str, measure: str = ROWS, **chosen: str) -> int:
        """How many rows (or what sum, as a whole number: money in 分)."""
        return sum(number for _keys, number in self._matching(dataset, measure, (), chosen))

    def by(self, dataset: str, dimension: str, measure: str = ROWS, **chosen: str) -> dict[str, int]:
        """`{choice: number}` of a dimension, in its order; choices without rows are left out."""
        found: dict[str, int] = {}
        for keys, number in self._matching(dataset, measure, (dimension,), chosen):
            if keys[dimension]:
                found[keys[dimension]] = found.get(keys[dimension], 0) + number
        order = list(self._dataset(dataset).dimension(dimension).choices())
        return dict(sorted(found.items(), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order)))

    def _matching(
        self, code: str, measure: str, also: tuple[str, ...], chosen: Mapping[str, str]
    ) -> Iterator[tuple[dict[str, str], int]]:
        dataset = self._dataset(code)
        cut = cut_for(dataset, {*also, *chosen})
        dimensions = [dataset.dimension(name) for name in cut]
        wanted = {name: set(dataset.dimension(name).keys_of(key)) for name, key in chosen.items()}
        for raws, number in self._by_cut.get(cut_of(dataset, measure, {*also, *chosen}), ()):
            keys = {
                d.code: raw if d.overlaps else d.key(raw, self.today) for d, raw in zip(dimensions, raws, strict=True)
            }
            if all(keys[name] in keep for name, keep in wanted.items()):
                yield keys, number

    def _dataset(self, code: str) -> Dataset:
        found = get(code)
        if found is None:
            raise ValueError(f"no dataset {code!r}")
        return found


def cut_of(dataset: Dataset, measure: str, names: set[str]) -> str:
    """Where the numbers stand that answer a question: "households/status/rows"."""
    return f"{dataset.code}/{'+'.join(cut_for(dataset, names))}/{measure}"


def cut_for(dataset: Dataset, names: set[str]) -> tuple[str, ...]:
    """The smallest cut with these dimensions. One whose choices overlap may not be summed over: it is there only if asked for."""
    fitting = [
        cut for cut in dataset.cuts
        if names <= set(cut) and not any(dataset.dimension(name).overlaps for name in set(cut) - names)
    ]  # fmt: skip
    if not fitting:
        raise ValueError(f"{dataset.code}: no cut by {', '.join(sorted(names)) or 'nothing'}")
    return min(fitting, key=len)
