"""What the chain costs a write: the same verb with the closing trigger on and off, by one writer and by eight at once."""

from __future__ import annotations

import multiprocessing
import time

import django
from django.db import connection, connections

from accounts.models import User
from households.models import Household
from households.services import correct_household
from tests.bench.frame import Table, median

EACH = 40


def _write(keys: list[int], turn: int) -> None:
    by = User.objects.get(username="bench-official")
    for n, household in enumerate(Household.objects.filter(pk__in=keys)):
        correct_household(household=household, by=by, facts={"address": f"{turn}组{n}号 {time.perf_counter_ns()}"})


def _writer(keys: list[int], turn: int) -> None:
    connections.close_all()
    _write(keys, turn)
    connections.close_all()


def _switch(on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE common_auditevent {'ENABLE' if on else 'DISABLE'} TRIGGER audit_link")


def _timed(writers: int, turn: int, keys: list[list[int]]) -> float:
    """Seconds until all writers are done; processes, so that they do not share one interpreter."""
    if writers == 1:
        start = time.perf_counter()
        _write(keys[0], turn)
        return time.perf_counter() - start
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    people = [fork.Process(target=_writer, args=(keys[n], turn)) for n in range(writers)]
    start = time.perf_counter()
    for each in people:
        each.start()
    for each in people:
        each.join()
        assert each.exitcode == 0
    return time.perf_counter() - start


def run(table: Table, households: int) -> None:
    assert django.VERSION
    found = list(Household.objects.order_by("pk").values_list("pk", flat=True)[: EACH * 8])
    keys = [found[n::8] for n in range(8)]
    try:
        for writers, budget in ((1, 1.10), (8, 1.25)):
            chained, bare = [], []
            _timed(writers, 0, keys)
            for turn in range(1, 8):
                _switch(True)
                chained.append(_timed(writers, turn, keys))
                _switch(False)
                bare.append(_timed(writers, turn, keys))
            per = 1000 / (EACH * writers)
            table.add(
                "audit",
                f"a correction with chain / without, {writers} writers",
                median(chained) * per,
                median(bare) * per,
                budget,
            )
    finally:
        _switch(True)
