"""An import with all checks and the audit chain against its floor: read the sheet, check the numbers, COPY."""

from __future__ import annotations

import io
import time

from django.db import connection, transaction
from python_calamine import CalamineWorkbook

from accounts.models import User
from common import identity
from common.models import AuditEvent
from exchange import services
from households.models import Household
from regions.models import Level, Region
from tests.bench.frame import Table, median
from tests.data.national import Place, families_with_everything, workbook

MEMBERS = 10_000
ID_COLUMN = 8  # of frame A


class Quiet:
    """Progress that nobody watches."""

    def step(self, *args: object, **kwargs: object) -> None:
        return None


def _floor(data: bytes) -> None:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()[1:]
    lines = []
    for row in rows:
        identity.parse(str(row[ID_COLUMN]))
        lines.append("\t".join(str(cell).replace("\t", " ") for cell in row))
    with transaction.atomic(), connection.cursor() as cursor:
        columns = ", ".join(f"c{n} text" for n in range(len(rows[0])))
        cursor.execute(f"CREATE TEMPORARY TABLE floor ({columns}) ON COMMIT DROP")
        cursor.copy_expert("COPY floor FROM STDIN", io.StringIO("\n".join(lines) + "\n"))


def _ours(data: bytes, by: User, *, write: bool) -> None:
    """Dry run or commit; a commit is undone by the rollback, so that every round begins alike."""
    with transaction.atomic():
        batch = services.upload_batch(data=data, filename="bench.xlsx", by=by, year=2026)
        if batch.state == batch.State.MAPPING:
            batch = services.map_headings(batch=batch, choices={}, year=2026, by=by)
        batch = services.run_import(batch, by=by, write=write, run=Quiet())
        assert batch.households_created, (batch.state, batch.error)
        with connection.cursor() as cursor:  # the chain is closed as a commit would
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def run(table: Table, households: int) -> None:
    by = User.objects.get(username="bench-official")
    county = by.postings_now[0].region
    villages = list(
        Region.objects.within(county).filter(level=Level.VILLAGE).select_related("parent").order_by("code")[:20]
    )
    places = [Place(v.parent.name, v.name) for v in villages if v.parent]
    families = families_with_everything(MEMBERS * 2 // 7, seed=99, villages=len(places), first=5_000_000)
    data = workbook(len(families), places=places, families=families)
    before = Household.objects.count(), AuditEvent.objects.count()
    floor, dry, commit = [], [], []
    for _turn in range(3):
        for found, act in (
            (floor, lambda: _floor(data)),
            (dry, lambda: _ours(data, by, write=False)),
            (commit, lambda: _ours(data, by, write=True)),
        ):
            start = time.perf_counter()
            act()
            found.append(time.perf_counter() - start)
    assert before == (Household.objects.count(), AuditEvent.objects.count())
    people = sum(len(f.members) for f in families)
    table.add(
        "import",
        f"{people:,} members, dry run and commit / floor",
        median(dry) + median(commit),
        median(floor),
        6.0,
        unit="s",
    )
