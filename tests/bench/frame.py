"""How things are measured: baseline and ours by turns in one process, medians, one row of the table each."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass
class Row:
    """One line. `value` and `limit` in `unit`; `ratio` = value / limit must not be over `budget` (`at_least`: not under it)."""

    bench: str
    name: str
    value: float
    unit: str
    limit: float
    ratio: float
    budget: float
    ok: bool


class Table:
    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.rows: list[Row] = []

    def add(
        self,
        bench: str,
        name: str,
        value: float,
        limit: float,
        budget: float,
        *,
        unit: str = "ms",
        at_least: bool = False,
    ) -> None:
        ratio = value / limit if limit else float("inf")
        ok = ratio >= budget if at_least else ratio <= budget
        self.put(
            Row(bench, name, round(value, 3), unit, round(limit, 3), round(ratio, 3), budget, ok), at_least=at_least
        )

    def put(self, row: Row, *, at_least: bool = False) -> None:
        """Print a row and remember whether all were within their budgets."""
        self.rows.append(row)
        if self.as_json:
            sys.stdout.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
        else:
            if len(self.rows) == 1:
                sys.stdout.write(f"{'bench':8} {'what':64} {'value':>11} {'limit':>11} {'ratio':>8} {'budget':>7}\n")
            sign = "≥" if at_least else "≤"
            sys.stdout.write(
                f"{row.bench:8} {row.name:64} {row.value:>9.2f} {row.unit:2} {row.limit:>8.2f} {row.unit:2} {row.ratio:>7.3f}"
                f" {sign}{row.budget:>6} {'ok' if row.ok else 'OVER'}\n"
            )
        sys.stdout.flush()

    def most(self, bench: str, name: str, value: float, budget: float, unit: str = "") -> None:
        """A plain number that must not be over its budget."""
        self.add(bench, name, value, budget, 1.0, unit=unit)

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.rows)


def by_turns(*actions: Callable[[], object], times: int = 15, warm: int = 2) -> list[list[float]]:
    """Milliseconds of each action, one after the other in every round, so that other work on the machine hits all alike."""
    found: list[list[float]] = [[] for _a in actions]
    for turn in range(times + warm):
        for n, action in enumerate(actions):
            start = time.perf_counter()
            action()
            if turn >= warm:
                found[n].append((time.perf_counter() - start) * 1000)
    return found


def median(values: list[float]) -> float:
    return statistics.median(values)


def p95(values: list[float]) -> float:
    return sorted(values)[max(0, int(len(values) * 0.95 + 0.5) - 1)]
