"""What a list of 10,000 pairings costs, from the upload to the last row written, beside what the machine must do in any case.

Each pairing is of another household and makes 多对一 of its 一对一, which is the dearest there is: two rows and an event on every one's
record. A thousand helpers of fifty units are registered on the way. Other households of the seeded county at each turn.
"""

from __future__ import annotations

import io
import time

import python_calamine
from django.db import connection, models, transaction

from accounts.models import User
from cadres.models import Cadre
from common import identity
from exchange.models import PeopleBatch, PeopleRow
from exchange.people import services
from households.models import Household, Member, Pairing
from tests.bench.frame import Table, median
from tests.bench.seed import OFFICIAL, say
from tests.data import helpers as data

ROWS, HELPERS, UNITS = 10_000, 1_000, 50
TURNS = 3
SECONDS = 30.0  # as for a list of subsidies
TABLES = (PeopleRow, Cadre, Pairing)


def _heads(by: User) -> list[Member]:
    """Householders of 10,000 households that one helper helps."""
    running = Pairing.objects.current().filter(household=models.OuterRef("pk")).order_by().values("household")
    alone = models.Subquery(running.annotate(n=models.Count("pk")).values("n"))
    homes = Household.objects.for_user(by).filter(closed_on=None).annotate(helpers=alone).filter(helpers=1)
    found = Member.objects.filter(relation="01", left_on=None, household__in=homes.order_by()).exclude(id_hash="")
    return list(found.select_related("household").order_by("household_id", "pk")[:ROWS])


def _workbook(heads: list[Member], turn: int) -> bytes:
    stamp = int(time.time()) % 1_000_000
    rows = []
    for n, head in enumerate(heads):
        who = n % HELPERS
        rows.append(
            {
                "户编号": head.household.number, "户主姓名": head.household.householder_name, "户主证件号码": head.id_number.reveal(),
                "单位名称": f"第{turn}轮第{who % UNITS}局", "帮扶单位编号": f"D{stamp}-{who % UNITS}", "姓名": f"帮{chr(0x4E00 + who)}",
                "帮扶责任人编号": f"B{stamp}-{who}", "联系人电话": f"19{(stamp * 1000 + who) % 10**9:09d}", "帮扶开始时间": "2024-03-01",
                "是否牵头": "否",
            }
        )  # fmt: skip
    return data.pairings(*rows)


def _journey(file: bytes, by: User) -> tuple[float, float, float, PeopleBatch]:
    """Seconds of the upload, the check and the write."""
    start = time.perf_counter()
    batch = services.upload_people(data=file, filename="bench.xlsx", by=by)
    uploaded = time.perf_counter()
    services.run_people(batch, by=by, write=False)
    checked = time.perf_counter()
    batch = services.run_people(batch, by=by, write=True)
    return uploaded - start, checked - uploaded, time.perf_counter() - checked, batch


def _copies(batch: PeopleBatch, before: dict[type[models.Model], int]) -> dict[type[models.Model], io.StringIO]:
    """The rows that the list made, as COPY text."""
    found = {}
    for model in TABLES:
        out, table = io.StringIO(), model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE bench_out AS SELECT * FROM {table} WHERE id > %s", [before[model]])
            cursor.copy_expert("COPY bench_out TO STDOUT", out)
            cursor.execute("DROP TABLE bench_out")
            cursor.execute(f"CREATE TABLE IF NOT EXISTS bench_{model._meta.model_name} (LIKE {table} INCLUDING ALL)")
        found[model] = out
    return found


def _floor(file: bytes, copies: dict[type[models.Model], io.StringIO]) -> float:
    """Seconds to read the file, check every householder's number and COPY the same rows into tables with the same indexes."""
    with connection.cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"TRUNCATE bench_{model._meta.model_name}")
    start = time.perf_counter()
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0)
    column = data.PAIRINGS.index("户主证件号码")
    for number, row in enumerate(sheet.iter_rows()):
        if number:
            identity.parse(row[column])
    with transaction.atomic(), connection.cursor() as cursor:
        for model, rows in copies.items():
            rows.seek(0)
            cursor.copy_expert(f"COPY bench_{model._meta.model_name} FROM STDIN", rows)
    return time.perf_counter() - start


def _newest() -> dict[type[models.Model], int]:
    return {model: model._base_manager.aggregate(newest=models.Max("pk"))["newest"] or 0 for model in TABLES}


def run(table: Table, households: int) -> None:
    by = User.objects.get(username=OFFICIAL)
    ours, floors, again = [], [], []
    for turn in range(1, TURNS + 1):
        heads = _heads(by)
        file = _workbook(heads, turn)
        before = _newest()
        upload, check, write, batch = _journey(file, by)
        assert batch.pairings_created > 0.99 * len(heads), batch.receipt()
        say(f"upload {upload:.2f} s, check {check:.2f} s, write {write:.2f} s, {len(heads)} pairings")
        copies = _copies(batch, before | {PeopleRow: batch.rows.order_by("pk").values_list("pk", flat=True)[0] - 1})
        floors += [_floor(file, copies) for _turn in range(3)]
        ours.append(upload + check + write)
        start = time.perf_counter()
        same = services.upload_people(data=file, filename="bench.xlsx", by=by)
        services.run_people(same, by=by, write=False)
        again.append(time.perf_counter() - start)
        same.refresh_from_db()
        assert same.pairings_unchanged == batch.pairings_created, same.receipt()
    table.add(
        "helpers", "list of 10,000 pairings, checked and written / read, check, COPY", median(ours), median(floors), 20.0, unit="s"
    )  # fmt: skip
    table.most("helpers", "the slowest of them, in seconds", max(ours), SECONDS, "s")
    table.add(
        "helpers", "the same file again: nothing changes / read, check, COPY", median(again), median(floors), 10.0, unit="s"
    )  # fmt: skip
