"""Runs the processes of a single-machine installation: in order, one log, started again when they end, stopped together.

A production installation leaves this to systemd or to containers.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

MAX_STARTS = 5  # in WINDOW; one more end and something is wrong that a restart does not mend
WINDOW = 60.0  # seconds
LONGEST_PAUSE = 5.0  # seconds between an end and the next start
POLL = 0.2  # seconds
PR_SET_PDEATHSIG = 1  # linux/prctl.h
LIBC = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def _end_with_parent() -> None:
    """In the child, before its program: the kernel ends it when the supervisor is killed and can no longer do so."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Service:
    """One process: what to run, how long it may take to stop (seconds), and when the next one may start."""

    name: str
    command: Sequence[str]
    stop_seconds: float
    env: Mapping[str, str] = field(default_factory=dict)
    scratch: Path | None = None  # its TMPDIR, emptied at each start: a killed process leaves personal data there
    ready: Callable[[], bool] | None = None
    log_file: Path | None = None  # where it says more than on its output
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    starts: list[float] = field(default_factory=list, init=False)
    resume_at: float | None = field(default=None, init=False)

    def start(self, log: TextIO) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only the supervisor."""
        env = {**os.environ, "PYTHONUNBUFFERED": "1", **self.env}
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            env["TMPDIR"] = str(self.scratch)
        self.starts.append(time.monotonic())
        self.resume_at = None
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        threading.Thread(target=self._copy_output, args=(self.process, log), daemon=True).start()

    def _copy_output(self, process: subprocess.Popen[str], log: TextIO) -> None:
        with process.stdout or contextlib.nullcontext(()) as output:
            for line in output:
                log.write(f"{self.name:7}| {line}")
                log.flush()

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def outcome(self) -> str:
        """How it ended, for the log."""
        code = self.process.returncode if self.process else None
        how = f"signal {-code}" if code is not None and code < 0 else f"exit {code}"
        return f"{how}, see {self.log_file}" if self.log_file else how

    def recent_starts(self) -> int:
        """How often it was started within the last minute."""
        return sum(started > time.monotonic() - WINDOW for started in self.starts)

    def stop(self) -> bool:
        """Ask the process to end, kill it with its children after `stop_seconds`; False if it had to be killed."""
        if self.process is None:
            return True
        asked = self.process.poll() is None
        if asked:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            return False
        finally:
            # Children that outlived it would keep its port or its lease. macOS answers EPERM for a group of zombies.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return True


class Supervisor:
    """Keeps a list of services running until `stop` is set or one of them cannot be kept running."""

    def __init__(
        self,
        services: Sequence[Service],
        *,
        stop: threading.Event,
        log: TextIO,
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:
        self.services = services
        self.stop = stop
        self.log = log
        self.longest_pause = longest_pause

    def say(self, text: str) -> None:
        self.log.write(text + "\n")
        self.log.flush()

    def start(self) -> None:
        """Start the services in order, each when the one before is ready."""
        for service in self.services:
            if self.stop.is_set():
                return
            service.start(self.log)
            while service.ready and not service.ready() and not self.stop.wait(0.05):
                self.tend()

    def watch(self) -> int:
        """Tend the services until told to stop; returns the exit code: 0, or 1 if a service kept ending."""
        while not self.stop.wait(POLL):
            self.tend()
        return int(any(service.has_ended() and service.recent_starts() > MAX_STARTS for service in self.services))

    def tend(self) -> None:
        """Start what has ended again, each time after a longer pause; give up after `MAX_STARTS` in a minute."""
        for service in self.services:
            if not service.has_ended():
                continue
            if service.resume_at is None:
                starts = service.recent_starts()
                if starts > MAX_STARTS:
                    self.say(f"{service.name} ended {starts} times in a minute ({service.outcome()}); stopping")
                    self.stop.set()
                    return
                pause = min(2**starts / 8, self.longest_pause)
                self.say(f"{service.name} ended ({service.outcome()}); started again in {pause:.2g} s")
                service.resume_at = time.monotonic() + pause
            elif time.monotonic() >= service.resume_at:
                service.start(self.log)

    def shut_down(self) -> None:
        """Stop all services, the last started first."""
        for service in reversed(self.services):
            if not service.stop():
                self.say(f"{service.name} did not stop within {service.stop_seconds:.0f} s and was killed")
