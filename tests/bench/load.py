"""The list page over HTTP, from the web server of `./run serve`: how many a second, and how long one takes while an import runs."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from common.management.commands.serve import web_command
from exchange import services
from exchange.models import ImportBatch
from tests.bench import imports
from tests.bench.frame import Table, median, p95
from tests.bench.seed import OFFICER, OFFICIAL

AT_ONCE = 4  # clients
ROUNDS = 5
REQUESTS = 120  # a round of the list; the admin, which is slower, gets a third
PAUSE = 0.05  # seconds between two requests of one person
SAMPLES = 150
LONG = 29_000  # households of the file: about 100,000 members


def run(table: Table, households: int) -> None:
    cookie = _signed_in()
    first = f"{reverse('households:household_list')}?status=out_of_poverty"
    admin = f"{reverse('baseline:households_household_changelist')}?status__exact=out_of_poverty"
    with _server() as port:
        for address in (first, admin):
            _many(port, address, cookie, 12)  # both workers have loaded everything
        ours, bare = [], []
        for _round in range(ROUNDS):
            ours.append(_many(port, first, cookie, REQUESTS))
            bare.append(_many(port, admin, cookie, REQUESTS // 3))
        table.add(
            "load",
            "list pages a second, two workers / bare admin",
            median(ours),
            median(bare),
            2.5,
            unit="/s",
            at_least=True,
        )
        idle = _one_by_one(port, first, cookie, SAMPLES)
        with _importing() as importing:
            busy: list[float] = []
            while importing() and len(busy) < 4 * SAMPLES:
                busy += _one_by_one(port, first, cookie, 10)
        assert len(busy) >= SAMPLES // 2, "the import ran long enough to be measured"
        idle += _one_by_one(port, first, cookie, SAMPLES)
        table.add("load", "p95 of the list page during an import of 100,000 / idle", p95(busy), p95(idle), 2.0)


def _signed_in() -> str:
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username=OFFICER), backend="accounts.backends.AccountBackend")
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@contextmanager
def _server() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        web_command("127.0.0.1", port), cwd=settings.BASE_DIR
    )  # settings and database by the environment
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, "the web server ended"
                assert time.monotonic() < deadline, "the web server did not start"
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _get(connection: http.client.HTTPConnection, address: str, cookie: str) -> float:
    """Milliseconds until the whole page is there."""
    start = time.perf_counter()
    connection.request("GET", address, headers={"Cookie": cookie})
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, (address, response.status)
    assert len(body) > 10_000, address
    return (time.perf_counter() - start) * 1000


def _many(port: int, address: str, cookie: str, requests: int) -> float:
    """Requests a second of `AT_ONCE` clients, each over a connection of its own."""

    def one(count: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _n in range(count):
            _get(connection, address, cookie)
        connection.close()

    start = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as people:
        list(people.map(one, [requests // AT_ONCE] * AT_ONCE))
    return requests // AT_ONCE * AT_ONCE / (time.perf_counter() - start)


def _one_by_one(port: int, address: str, cookie: str, requests: int) -> list[float]:
    """Milliseconds of each request of somebody who looks at every page for a moment."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    found = []
    for _n in range(requests):
        found.append(_get(connection, address, cookie))
        time.sleep(PAUSE)
    connection.close()
    return found


IMPORT = """
import os, sys
from config.bootstrap import ensure
ensure()
import django; django.setup()
from config.celery import NICE
os.nice(NICE)
from accounts.models import User
from exchange import services
from exchange.models import ImportBatch
from tests.bench.imports import Run
by = User.objects.get(username="bench-official")
batch = services.run_import(ImportBatch.objects.get(pk=int(sys.argv[1])), by=by, write=False, run=Run())
services.run_import(batch, by=by, write=True, run=Run())
"""


@contextmanager
def _importing() -> Iterator:
    """An import of 100,000 people, dry run and commit, in a process of its own as the worker's is; yields whether it still runs."""
    by = User.objects.get(username=OFFICIAL)
    batch = services.upload_batch(data=imports.workbook(LONG, 9), filename="bench.xlsx", by=by, year=2025)
    process = subprocess.Popen([sys.executable, "-c", IMPORT, str(batch.pk)], cwd=settings.BASE_DIR)
    try:
        yield lambda: process.poll() is None
        assert process.wait(600) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    services.undo_batch(batch=ImportBatch.objects.get(pk=batch.pk), by=by)
