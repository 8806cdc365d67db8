"""What an export costs beside writing the same cells with the usual library, and whether its memory stays flat."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

import xlsxwriter
from django.db import connection, transaction

from accounts.models import User
from common import vault
from exchange.outgoing import making, presets, services
from exchange.outgoing.fields import columns_for
from exchange.outgoing.models import ExportRun
from exchange.outgoing.presets import Preset
from exchange.outgoing.rows import Reader
from households.models import Household
from tests.bench import seed
from tests.bench.frame import Table
from tests.bench.imports import Run, Work

YEAR = 2026
COLUMNS = 60
MEMORY = """
import json, sys, threading, time
from config.bootstrap import ensure
ensure()
import django; django.setup()
import psutil
from accounts.models import User
from tests.bench import exports
process, peak, over = psutil.Process(), [0], []
user = User.objects.get(username="bench-official")
exports.once(user, first=500)
base = process.memory_info().rss
def watch():
    while not over:
        peak[0] = max(peak[0], process.memory_info().rss)
        time.sleep(0.01)
threading.Thread(target=watch, daemon=True).start()
exports.once(user)
over.append(True)
print(json.dumps((peak[0] - base) / 1e6))
"""


def layout() -> Preset:
    """Family G, the widest of the superior's, filled up to sixty columns."""
    found = presets.preset("G")
    assert found is not None
    columns = [*found.columns, *columns_for(["自然村", "民族", "文化程度"], found.row_kind)][:COLUMNS]
    return Preset(found.code, found.label, found.row_kind, columns)


def year() -> int:
    newest = Household.objects.order_by("-latest_year").values_list("latest_year", flat=True).first()
    return newest or YEAR


def once(by: User, first: int | None = None) -> ExportRun:
    """One export with full numbers, of all households or the `first`; as the job does it, and taken back."""
    keys = None
    if first is not None:
        keys = list(Household.objects.for_user(by).order_by("-pk").values_list("pk", flat=True)[:first])
    asked = {"full": True, "reason": "性能测量", "chosen": keys, "send": False}
    run = services.request_export(by=by, mapping=layout(), year=year(), **asked)
    made = making.make(run, by=by, run=Run())
    vault.remove(made.file)
    _forget(made)
    return made


def _forget(run: ExportRun) -> None:
    job = run.job
    run.marks.all()._raw_delete(using=connection.alias)  # type: ignore[attr-defined]
    run.delete()
    job.delete()


class Floor:
    """The usual library in constant memory, and the processor time that it took."""

    def __init__(self, folder: str) -> None:
        self.seconds = 0.0
        self.rows = 0
        start = time.process_time()
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}  # fmt: skip
        self._book = xlsxwriter.Workbook(f"{folder}/floor.xlsx", options)
        self._sheet = self._book.add_worksheet()
        self._text, self._money = self._book.add_format({"num_format": "@"}), self._book.add_format({"num_format": "#,##0.00"})  # fmt: skip
        self.seconds += time.process_time() - start

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        start = time.process_time()
        string, number, text, money = self._sheet.write_string, self._sheet.write_number, self._text, self._money
        for row in rows:
            for place, cell in enumerate(row):
                if cell is None or cell == "":
                    continue
                if cell.__class__ is str:
                    string(self.rows, place, cell, text)
                else:
                    number(self.rows, place, cell, money)
            self.rows += 1
        self.seconds += time.process_time() - start

    def close(self) -> None:
        start = time.process_time()
        self._book.close()
        self.seconds += time.process_time() - start


def _lots(by: User) -> Iterator[list[list[Any]]]:
    preset = layout()
    reader = Reader(preset.columns, preset.row_kind, year=year(), full=True, by=by)
    keys = list(Household.objects.for_user(by).order_by("-pk").values_list("pk", flat=True))
    for lot in reader.lots(keys):
        yield [cells for one in lot for _key, cells in one.rows]


def _floor(by: User) -> Floor:
    with tempfile.TemporaryDirectory() as folder:
        floor = Floor(folder)
        for rows in _lots(by):
            floor.write(rows)
        floor.close()
    return floor


def run(table: Table, households: int) -> None:
    by = User.objects.get(username=seed.OFFICIAL)
    assert len(layout().columns) == COLUMNS
    once(by, first=500)
    work = Work()
    before, clock = work.seconds(), time.perf_counter()
    made = once(by)
    ours, clock = work.seconds() - before, time.perf_counter() - clock
    with transaction.atomic():
        floor = _floor(by)
    assert floor.rows == made.rows_written
    seed.say(f"{made.rows_written:,} rows, {made.size / 1e6:.0f} MB in {clock:.0f} s by the clock")
    table.add("export", f"{made.rows_written:,} members x {COLUMNS} columns / the usual library's writing alone", ours, floor.seconds, 1.6, unit="s")  # fmt: skip
    answer = subprocess.run([sys.executable, "-c", MEMORY], check=True, capture_output=True, text=True)
    table.most("export", "memory over base", float(json.loads(answer.stdout.strip().splitlines()[-1])), 120, "MB")
