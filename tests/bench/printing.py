"""Booklets against stock WeasyPrint, and a second print of ledgers that have not changed."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from collections import Counter

from django.conf import settings
from pypdf import PdfReader

from accounts.models import User
from common import jobs, vault
from common.models import Job
from households.models import Household
from reports import services
from reports.models import Booklet, PrintItem, PrintRun
from tests.bench import print_baseline
from tests.bench.frame import Row, Table

PRINTED = 60  # ledgers that are printed twice


def run(table: Table, households: int) -> None:
    for row in print_baseline.rows(quick=households < 100_000):
        table.put(Row(**row), at_least=row["unit"] == "ledgers/s")
    second_print(table, households)
    killed(table)


def killed(table: Table) -> None:
    """A worker killed with -9 in mid-run and two that share what is left: pages made twice or missing, none may be."""
    official = User.objects.get(username="bench-official")
    Booklet.objects.update(file="")
    chosen = Household.objects.for_user(official).order_by("-pk")[:PRINTED]
    run = services.print_papers(by=official, households=list(chosen), output="villages", send=False)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_job", str(run.job_id)]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not run.items.exclude(state=PrintItem.State.WAITING).exists():
        assert first.poll() is None, "the worker that was to be killed has ended"
        time.sleep(0.05)
    first.kill()
    first.wait()
    made = run.items.exclude(state=PrintItem.State.WAITING).count()
    assert made < PRINTED, "killed too late"
    run.items.update(claimed_until=None)  # the minute that it holds them
    run.volumes.update(binding_until=None)
    two = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _n in range(2)]
    for process in two:
        process.wait()
    job = Job.objects.get(pk=run.job_id)
    assert job.state == Job.State.DONE, job.error
    table.add(
        "print", "papers there once after a worker was killed / asked for", _whole(run), PRINTED, 1.0, unit="", at_least=True
    )  # fmt: skip
    PrintItem.objects.all().delete()
    PrintRun.objects.all().delete()


def _whole(run: PrintRun) -> int:
    """How many papers of a run stand in its files with each of their pages once: every page says the number of its paper at its foot."""
    found: Counter[str] = Counter()
    for volume in run.volumes.all():
        for page in PdfReader(io.BytesIO(vault.get(volume.file))).pages:
            found.update(set(re.findall(r"TZ-\d{4}-\d{8}", page.extract_text())) or {""})
    wanted = Counter({b.number: b.pages for b in Booklet.objects.filter(pk__in=run.items.values("booklet"))})
    assert not found - wanted, "pages that nobody asked for, or twice"
    return sum(found[number] == pages for number, pages in wanted.items())


def second_print(table: Table, households: int) -> None:
    """What is there already is looked up, not rendered. A small database has villages of seven, each of which is bound on its own."""
    Booklet.objects.update(file="")  # of an earlier bench
    first, again = _print_seconds(), _print_seconds()
    budget = 0.05 if households >= 50_000 else 0.1
    name = f"second print of {PRINTED} unchanged ledgers / first, one process"
    table.add("print", name, again, first, budget, unit="s")
    PrintItem.objects.all().delete()
    PrintRun.objects.all().delete()


def _print_seconds() -> float:
    official = User.objects.get(username="bench-official")
    chosen = list(
        Household.objects.for_user(official).order_by("village", "pk")[:PRINTED]
    )  # neighbours, as people print
    began = time.perf_counter()
    order = services.print_papers(by=official, households=chosen, send=False)
    job = jobs.run(order.job_id)
    assert job is not None
    assert job.state == Job.State.DONE, job.error
    return time.perf_counter() - began
