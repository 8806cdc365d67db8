"""The supervisor: starts in order, starts again what ends, stops all of it, and leaves nothing behind."""

import io
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from common.supervisor import MAX_STARTS, Service, Supervisor

LIVE = "import os, sys; print('pid', os.getpid(), flush=True); sys.stdin.read(); import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + LIVE
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]]).wait()"


class Log(io.StringIO):
    """A log whose lines can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        self.lines.put(text)
        return len(text)

    def wait_for(self, part: str) -> str:
        while part not in (line := self.lines.get(timeout=20)):
            pass
        return line

    def wait_for_pid(self) -> psutil.Process:
        return psutil.Process(int(self.wait_for("pid ").split()[-1]))


def service(name: str, code: str, *args: str, **options) -> Service:
    return Service(name, [sys.executable, "-c", code, *args], options.pop("stop_seconds", 10), **options)


@contextmanager
def running(supervisor: Supervisor) -> Iterator[threading.Thread]:
    """The supervisor at work in a thread; its exit code is left in `supervisor.code`."""

    def work() -> None:
        supervisor.start()
        supervisor.code = supervisor.watch()
        supervisor.shut_down()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        supervisor.stop.set()
        thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def log() -> Log:
    return Log()


def test_killed_process_is_started_again(log):
    supervisor = Supervisor([service("web", LIVE)], stop=threading.Event(), log=log, longest_pause=0)
    with running(supervisor):
        first = log.wait_for_pid()
        first.kill()
        assert "signal 9" in log.wait_for("web ended")
        second = log.wait_for_pid()
        assert second.pid != first.pid
    assert supervisor.code == 0
    assert not second.is_running()


def test_process_that_keeps_ending_stops_everything(log):
    lasting = service("lasting", LIVE)
    ending = service("ending", "raise SystemExit(3)")
    supervisor = Supervisor([lasting, ending], stop=threading.Event(), log=log, longest_pause=0)
    with running(supervisor) as thread:
        process = log.wait_for_pid()
        thread.join(30)

    assert supervisor.code == 1
    assert len(ending.starts) == MAX_STARTS + 1
    assert not process.is_running()


def test_process_that_will_not_stop_is_killed_with_its_children(log):
    stubborn = service("stubborn", STUBBORN, stop_seconds=0.2)
    with_child = service("parent", PARENT, STUBBORN, stop_seconds=0.2)
    with running(Supervisor([stubborn, with_child], stop=threading.Event(), log=log)):
        processes = [log.wait_for_pid(), log.wait_for_pid()]

    log.wait_for("did not stop within")
    assert psutil.wait_procs(processes, timeout=10)[1] == []


def test_next_process_waits_until_the_one_before_is_ready(log, tmp_path):
    ready = tmp_path / "ready"
    first = service("first", f"open({str(ready)!r}, 'w').close();" + LIVE, ready=ready.exists)
    second = service("second", f"import os; print('seen', os.path.exists({str(ready)!r}), flush=True);" + LIVE)
    with running(Supervisor([first, second], stop=threading.Event(), log=log)):
        assert "second" in (line := log.wait_for("seen"))
        assert "True" in line


def test_left_files_of_a_killed_process_are_removed_before_its_next_start(log, tmp_path):
    scratch = tmp_path / "tmp"
    code = (
        "import os; print('found', os.listdir(os.environ['TMPDIR'])); open(os.environ['TMPDIR'] + '/id', 'w').close();"
    )
    supervisor = Supervisor(
        [service("web", code + LIVE, scratch=scratch)], stop=threading.Event(), log=log, longest_pause=0
    )
    with running(supervisor):
        log.wait_for_pid().kill()
        assert "[]" in log.wait_for("found")
        log.wait_for_pid()
        assert scratch.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_processes_end_with_a_killed_supervisor(tmp_path):
    code = f"""
import sys, threading
from common.supervisor import Service, Supervisor
Supervisor([Service("web", [sys.executable, "-c", {LIVE!r}], 5)], stop=threading.Event(), log=sys.stdout).start()
sys.stdin.read()
"""
    root = Path(__file__).resolve().parents[2]
    supervisor = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    )
    process = psutil.Process(int(supervisor.stdout.readline().split()[-1]))
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.communicate(timeout=20)

    assert psutil.wait_procs([process], timeout=20)[1] == []
