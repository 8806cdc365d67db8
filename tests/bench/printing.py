"""Booklets against stock WeasyPrint, and a second print of ledgers that have not changed."""

from __future__ import annotations

import time

from accounts.models import User
from common import jobs
from common.models import Job
from households.models import Household
from reports import services
from reports.models import Booklet, PrintItem, PrintRun
from tests.bench import print_baseline
from tests.bench.frame import Row, Table

PRINTED = 60  # ledgers that are printed twice


def run(table: Table, households: int) -> None:
    for row in print_baseline.rows(quick=households < 100_000):
        table.put(Row(**row))
    second_print(table)


def second_print(table: Table) -> None:
    """What is there already is looked up, not rendered."""
    Booklet.objects.update(file="")  # of an earlier bench
    first, again = _print_seconds(), _print_seconds()
    table.add(
        "print", f"second print of {PRINTED} unchanged ledgers / first, one process", again, first, 0.05, unit="s"
    )
    PrintItem.objects.all().delete()
    PrintRun.objects.all().delete()


def _print_seconds() -> float:
    official = User.objects.get(username="bench-official")
    chosen = Household.objects.for_user(official).order_by("pk")[:PRINTED]
    began = time.perf_counter()
    order = services.print_papers(by=official, households=list(chosen), send=False)
    job = jobs.run(order.job_id)
    assert job is not None
    assert job.state == Job.State.DONE, job.error
    return time.perf_counter() - began
