"""The rows of `print_baseline` in the bench's table."""

from __future__ import annotations

from tests.bench import print_baseline
from tests.bench.frame import Row, Table


def run(table: Table, households: int) -> None:
    for row in print_baseline.rows(quick=households < 100_000):
        table.put(Row(**row))
