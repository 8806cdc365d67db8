"""One broker, one worker, one database: a job done, a worker killed, a job cancelled, as in an installation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone

from common import broker, jobs
from common.models import Job
from tests.common import worker_app  # noqa: F401  registers the kind here, too
from tests.embedded import broker_var
from tests.factories import UserFactory

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
    pytest.mark.xdist_group("worker"),
]


def until(question, what, seconds=60):
    """Ask again and again, for the answer of another process."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        pause.wait(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


@pytest.fixture(scope="module")
def messages():
    """A broker on the socket the test settings name."""
    server = subprocess.Popen(broker.command(broker_var), stdout=subprocess.DEVNULL)
    until(lambda: broker.answers(broker_var), "the broker")
    yield
    server.terminate()
    server.wait(10)


@pytest.fixture
def start_worker(messages, transactional_db, tmp_path):
    """`start_worker() -> Popen`: a worker on the test database, in a process group of its own."""
    connection.ensure_connection()
    d = connection.settings_dict
    server = os.environ["DATABASE_URL"]
    head, _slash, tail = server.rpartition("/")
    name, _mark, query = tail.partition("?")
    environ = os.environ | {
        "DATABASE_URL": f"{head}/{d['NAME']}" + (f"?{query}" if query else ""),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "C_FORCE_ROOT": "1",
    }
    started = []

    def start():
        log = (tmp_path / f"worker{len(started)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-q", "-A", "tests.common.worker_app", "worker", "-c", "1", "-l", "WARNING",
             "--without-gossip", "--without-mingle", "--without-heartbeat"],
            cwd=ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        log.close()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
def ask(tmp_path):
    """`ask() -> (job, gate)`: the work goes on until `gate` is touched."""
    owner = UserFactory(username="owner")

    def make():
        gate = tmp_path / f"gate{Job.objects.count()}"
        job = jobs.submit("tests.gated", by=owner, title="有闸的任务", params={"gate": str(gate)})
        return job, gate

    yield make
    connections["outside"].close()


def state_of(job, *states):
    job.refresh_from_db()
    return job.state in states


def test_done_killed_and_cancelled(start_worker, ask):
    # Enqueued, under way with progress to be seen, done.
    first_worker = start_worker()
    job, gate = ask()
    until(lambda: state_of(job, "running") and job.done > 0, "progress")
    gate.touch()
    until(lambda: state_of(job, "done"), "the end")
    assert job.result["pid"] != os.getpid()
    assert job.attempts == 1

    # Killed without a word: the lease runs out, the sweeper sends the job again, another worker starts it anew.
    job, gate = ask()
    until(lambda: state_of(job, "running") and job.done > 0, "progress")
    os.killpg(first_worker.pid, signal.SIGKILL)
    first_worker.wait(10)
    assert state_of(job, "running")
    assert jobs.sweep() == 0, "nobody takes a job whose lease is still good"
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())  # 90 seconds pass
    assert jobs.sweep() == 1
    start_worker()
    gate.touch()
    until(lambda: state_of(job, "done"), "the second worker")
    assert job.attempts == 2

    # Cancelled while it runs.
    job, _gate = ask()
    until(lambda: state_of(job, "running"), "the start")
    jobs.cancel_job(job=job, by=type("Owner", (), {"username": "owner"})())
    until(lambda: state_of(job, "cancelled"), "the cancelling")
    assert job.lease_until is None
