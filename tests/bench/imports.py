"""What an import costs beside what the machine must do in any case, and whether the last rows cost what the first did."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import python_calamine
from django.db import connection, models, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from common import identity
from exchange import services
from exchange.models import ImportBatch
from households.models import Household, HouseholdYear, Member, MemberYear
from regions.models import Level, Region
from tests.bench import seed
from tests.bench.frame import Table, median
from tests.data import national

HOUSEHOLDS = 2_900  # about 10,000 members
LONG = 29_000  # about 100,000 members
LONGEST = 100_400  # about 348,000 members: an import takes 350,000
TURNS = 5
SMALL = "bench_small"  # a second database with a tenth of the households
FIRST = 30_000_000  # numbers of the files begin here, far above the seeded ones
TABLES = (Household, Member, HouseholdYear, MemberYear)


class Work:
    """Seconds of processor that this process and the server's own for it have spent: other work on the machine, which moves the
    clock by half from one minute to the next, does not move them."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.server = psutil.Process(cursor.fetchone()[0])

    def seconds(self) -> float:
        return time.process_time() + sum(self.server.cpu_times()[:2])


class Run:
    """Progress with the time of each step, by the clock or by `work`."""

    def __init__(self, work: Work | None = None) -> None:
        self.steps: list[tuple[int, float]] = []
        self.now = work.seconds if work else time.perf_counter

    def step(self, done=None, *, total=None, message=None, force=False):
        if done:
            self.steps.append((done, self.now()))


def workbook(households: int, number: int) -> bytes:
    village = Region.objects.filter(level=Level.VILLAGE).select_related("parent__parent").order_by("code").first()
    place = national.Place(village.parent.name, village.name, village.parent.parent.name)
    families = national.People(number, first=FIRST + number * 100_000).families(households)
    return national.workbook(families=families, places=[place])


def journey(data: bytes, by: User) -> tuple[float, float, ImportBatch, Run]:
    """Seconds of the dry run and of the commit, with all checks and the audit chain."""
    start = time.perf_counter()
    batch = services.upload_batch(data=data, filename="bench.xlsx", by=by, year=2025)
    batch = services.run_import(batch, by=by, write=False, run=Run())
    middle = time.perf_counter()
    run = Run()
    batch = services.run_import(batch, by=by, write=True, run=run)
    return middle - start, time.perf_counter() - middle, batch, run


def _copies(batch: ImportBatch) -> dict[type[models.Model], io.StringIO]:
    """The rows that the import wrote, as COPY text."""
    ids = list(batch.rows.exclude(household_id=None).values_list("household_id", flat=True))
    found = {}
    where = {
        Household: "id = ANY(%s)", Member: "household_id = ANY(%s)", HouseholdYear: "household_id = ANY(%s)",
        MemberYear: "member_id IN (SELECT id FROM households_member WHERE household_id = ANY(%s))",
    }  # fmt: skip
    for model in TABLES:
        out = io.StringIO()
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMPORARY TABLE bench_out AS SELECT * FROM {model._meta.db_table} WHERE {where[model]}", [ids]
            )
            cursor.copy_expert("COPY bench_out TO STDOUT", out)
            cursor.execute("DROP TABLE bench_out")
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS bench_{model._meta.model_name} (LIKE {model._meta.db_table} INCLUDING ALL)"
            )
        found[model] = out
    return found


def floor(data: bytes, copies: dict[type[models.Model], io.StringIO]) -> float:
    """Seconds to read the file, check every ID number and COPY the same rows into tables with the same indexes."""
    with connection.cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"TRUNCATE bench_{model._meta.model_name}")
    start = time.perf_counter()
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    for number, row in enumerate(sheet.iter_rows()):
        if number:
            identity.parse(row[8])
    with transaction.atomic(), connection.cursor() as cursor:
        for model, rows in copies.items():
            rows.seek(0)
            cursor.copy_expert(f"COPY bench_{model._meta.model_name} FROM STDIN", rows)
    return time.perf_counter() - start


def import_export(count: int) -> float:
    """Seconds a row of the usual library's journey, a dry run and an import, on the member table alone without any annual record."""
    import tablib
    from import_export import resources

    class MemberResource(resources.ModelResource):
        class Meta:
            model = Member
            import_id_fields = ("number",)
            fields = ("number", "household", "name", "relation", "sex", "birth_date", "ethnicity")
            skip_unchanged = True
            clean_model_instances = True
            use_transactions = True

    household = Household.objects.order_by("pk").first()
    people = national.People(77, first=FIRST * 2)
    data = tablib.Dataset(headers=MemberResource.Meta.fields)
    for number in range(count):
        who = people.person("其他", "1", 20, 60)
        data.append((f"x{number}", household.pk, who.name, "99", "1", who.birth_date.isoformat(), "01"))
    start = time.perf_counter()
    for dry_run in (True, False):
        MemberResource().import_data(data, dry_run=dry_run, raise_errors=True)
    seconds = time.perf_counter() - start
    Member.objects.filter(number__startswith="x", household=household).delete()
    return seconds / count


MEMORY = """
import json, sys, threading, time
from config.bootstrap import ensure
ensure()
import django; django.setup()
import psutil
from accounts.models import User
from exchange import services
from tests.bench.imports import Run
process, peak, over = psutil.Process(), [0], []
user = User.objects.get(username="bench-official")
import io, python_calamine
base = process.memory_info().rss
def watch():
    while not over:
        peak[0] = max(peak[0], process.memory_info().rss)
        time.sleep(0.01)
threading.Thread(target=watch, daemon=True).start()
data = open(sys.argv[1], "rb").read()
if sys.argv[2] == "reader":
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    sum(1 for _row in sheet.iter_rows())
else:
    batch = services.upload_batch(data=data, filename="bench.xlsx", by=user, year=2025)
    del data
    services.run_import(batch, by=user, write=False, run=Run())
over.append(True)
print(json.dumps((peak[0] - base) / 1e6))
"""


def _memory(path: Path, what: str) -> float:
    """Megabytes over the base that a process of its own needs at most."""
    answer = subprocess.run([sys.executable, "-c", MEMORY, str(path), what], check=True, capture_output=True, text=True)
    return float(json.loads(answer.stdout.strip().splitlines()[-1]))


def _took(seconds: tuple[float, float, ImportBatch, Run]) -> float:
    previewed, written, _batch, _run = seconds
    return previewed + written


def _against_the_floor(table: Table, by: User) -> float:
    """The journey of 10,000 rows and what the machine must do in any case, by turns. Seconds a row of the journey."""
    ours, floors, rows = [], [], 1
    for turn in range(1, TURNS + 1):
        data = workbook(HOUSEHOLDS, turn)
        taken = journey(data, by)
        batch = taken[2]
        copies = _copies(batch)
        floors += [floor(data, copies) for _turn in range(3)]
        ours.append(_took(taken))
        rows = batch.members_read
        services.undo_batch(batch=batch, by=by)
    table.add(
        "imports", "10,000 members, dry run and commit / read, check, COPY", median(ours), median(floors), 6.0, unit="s"
    )
    return median(ours) / rows


def _against_a_smaller_ledger(table: Table, households: int) -> None:
    """The same rows into this database and into one with a tenth of its households, by turns: the best of each, in processor time."""
    seed.ready(max(households // 10, 100), SMALL)
    found: dict[str, list[float]] = {}
    for turn in range(TURNS + 1):
        for name in (seed.MAIN, SMALL):
            with seed.connected_to(name):
                by = User.objects.get(username="bench-official")
                data = workbook(HOUSEHOLDS, 20 + turn)
                work = Work()
                before = work.seconds()
                batch = journey(data, by)[2]
                if turn:  # the first fills the caches of the server
                    found.setdefault(name, []).append(work.seconds() - before)
                services.undo_batch(batch=batch, by=by)
    large, small = (min(times) for times in found.values())
    table.add(
        "imports", "processor time of the same with ten times the rows in the database", large, small, 1.1, unit="s"
    )


def _page(table: Table, by: User) -> None:
    """The first page of a preview in which everything changes."""
    village = Region.objects.filter(level=Level.VILLAGE).select_related("parent__parent").order_by("code").first()
    place = national.Place(village.parent.name, village.name, village.parent.parent.name)
    families = national.People(3, first=FIRST + 4_000_000).families(60)
    written = journey(national.workbook(families=families, places=[place]), by)[2]
    for family in families:
        family.cause, family.unsafe, family.phone, family.hamlet = "缺土地", "是", "19901234567", "九组"
        for who in family.members:
            who.health, who.labour, who.education = "长期慢性病", "无劳动力", "高中"
    data = national.workbook(families=families, places=[place])
    batch = services.upload_batch(data=data, filename="bench.xlsx", by=by, year=2025)
    batch = services.run_import(batch, by=by, write=False, run=Run())
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(by, backend="accounts.backends.AccountBackend")
    page = client.get(reverse("exchange:batch_detail", args=[batch.pk]))
    table.most("imports", "preview page where everything changes", len(page.content) / 1000, 300, "KB")
    services.undo_batch(batch=written, by=by)


def _pace(steps: list[tuple[int, float]]) -> float:
    """Milliseconds a row."""
    return (steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0]) * 1000


def _to_the_end(table: Table, by: User) -> None:
    """The longest file: whether its last rows cost what its first did, in the preview and in the write, in processor time."""
    data = workbook(LONGEST, 50)
    batch = services.upload_batch(data=data, filename="bench.xlsx", by=by, year=2025)
    del data
    for write, what in ((False, "preview"), (True, "write")):
        run = Run(Work())
        batch = services.run_import(batch, by=by, write=write, run=run)
        steps = run.steps[:-1]  # the last one waits for the receipt
        tenth = max(1, len(steps) // 10)
        table.add(
            "imports", f"{what} of a row in the last tenth of 350,000 / in the first",
            _pace(steps[-tenth - 1 :]), _pace(steps[: tenth + 1]), 1.3,
        )  # fmt: skip
    assert batch.members_read == batch.members_created + batch.members_held > 340_000
    services.undo_batch(batch=batch, by=by)


def run(table: Table, households: int) -> None:
    by = User.objects.get(username="bench-official")
    seconds_a_row = _against_the_floor(table, by)
    if find_spec("import_export"):
        peer = import_export(1_000)
        table.add(
            "imports",
            "a row of django-import-export / a row of ours",
            peer * 1000,
            seconds_a_row * 1000,
            15.0,
            at_least=True,
        )
    else:
        seed.say("django-import-export is not installed: its row is left out")
    _page(table, by)
    _against_a_smaller_ledger(table, households)
    path = Path(tempfile.mkdtemp()) / "bench-import.xlsx"  # invented people
    path.write_bytes(workbook(LONG, 4))
    try:
        table.add(
            "imports",
            "memory over base, 100,000 rows / the reader alone",
            _memory(path, "import"),
            _memory(path, "reader"),
            1.25,
            unit="MB",
        )
    finally:
        path.unlink()
        path.parent.rmdir()
    _to_the_end(table, by)
