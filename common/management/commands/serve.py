"""Serves the whole application on one machine: broker, web server, worker and beat under one supervisor."""

import argparse
import fcntl
import hashlib
import http.client
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from common import broker, jobs
from common.supervisor import Service, Supervisor

FIRST_PORT, LAST_PORT = 8000, 8019


class Command(BaseCommand):
    """`manage.py serve`: prepare database, demonstration data and static files, then run everything until Ctrl-C."""

    help = "Serves the application with all its processes until Ctrl-C."
    requires_system_checks: list[str] = []  # migrate runs them, the database's too

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, help=f"default: the first free one of {FIRST_PORT}-{LAST_PORT}")
        parser.add_argument("--no-demo", action="store_true", help="no demonstration county")
        parser.add_argument(
            "--demo-public", action="store_true", help="let other machines in although demonstration log-ins exist"
        )

    def handle(self, *args: Any, host: str, port: int | None, no_demo: bool, demo_public: bool, **options: Any) -> None:
        began = time.monotonic()
        with only_one(settings.VAR / "serve.lock"), told_to_stop() as stop:
            port = choose_port(host, port)
            self._prepare(host=host, no_demo=no_demo, demo_public=demo_public)
            if not is_loopback(host) and not os.environ.get("ALLOWED_HOSTS"):
                self._open_to_hosts(demo_public=demo_public)
            os.environ.setdefault("YIHU_PUBLIC_URL", address(host, port).rstrip("/"))
            supervisor = Supervisor(services(host, port), stop=stop, log=self.stderr._out)  # type: ignore[attr-defined]
            try:
                supervisor.start()
                if not stop.is_set():
                    self._greet(host, port, time.monotonic() - began)
                code = supervisor.watch()
            finally:
                supervisor.shut_down()
        if code:
            sys.exit(code)

    def _prepare(self, *, host: str, no_demo: bool, demo_public: bool) -> None:
        self._step("database", lambda: call_command("migrate", verbosity=0))
        demo = demo_logins_file().exists() or not (no_demo or has_accounts())
        if demo and not demo_public and not is_loopback(host):
            raise CommandError(
                f"--host {host} would let other machines log in with demonstration passwords. "
                "Add --no-demo on a new database for real work, or --demo-public if that is what you want."
            )
        if demo and not no_demo and "seed_demo" in get_commands():
            self._step("demonstration county", lambda: call_command("seed_demo", stdout=self.stderr))
        self._step("static files", collect_static)
        jobs.recover_after_crash()
        connections.close_all()

    def _open_to_hosts(self, *, demo_public: bool) -> None:
        if demo_public:
            os.environ["ALLOWED_HOSTS"] = "*"  # made-up people only; the name other machines use is not known here
        else:
            self.stderr.write("ALLOWED_HOSTS is not set: other machines will be refused. Set it to the name they use.")

    def _step(self, name: str, act: Callable[[], Any]) -> None:
        began = time.monotonic()
        act()
        self.stderr.write(f"    {name}: {time.monotonic() - began:.1f} s", self.style.NOTICE)

    def _greet(self, host: str, port: int, seconds: float) -> None:
        lines = ["", f"  Ready after {seconds:.1f} s:  {address(host, port)}", ""]
        logins = demo_logins()
        if logins:
            lines.append("  Demonstration log-ins (made-up county, random passwords):")
            width = max(len(login["username"]) for login in logins)
            for login in logins:
                posting = f"{login.get('role', '')} {login.get('place', '')}"
                lines.append(f"    {login['username']:{width}}  {login['password']}  {posting}")
            lines += [f"  They are kept in {demo_logins_file()}", ""]
        lines += ["  Ctrl-C stops everything.", ""]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def services(host: str, port: int) -> list[Service]:
    """The processes in their order of start: the broker only where CELERY_BROKER_URL is the embedded one's."""
    python, var = sys.executable, settings.VAR
    started: list[Service] = []
    if broker.url(var) == settings.CELERY_BROKER_URL:
        try:
            command = broker.command(var)
        except broker.BrokerError as error:
            raise CommandError(str(error)) from error
        started.append(Service("broker", command, 5, ready=lambda: broker.answers(var), log_file=broker.log_file(var)))
    celery = [python, "-m", "celery", "-q", "-A", "config"]
    # Celery warns against root because of pickled messages; ours are JSON and hold an id.
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    web = web_command(host, port)
    worker = [*celery, "worker", "-c", "2", "-l", "WARNING", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "-l", "WARNING", "--pidfile="]
    started += [
        Service("web", web, 10, scratch=var / "tmp" / "web", ready=lambda: page_answers(host, port)),
        Service("worker", worker, 20, quiet, scratch=var / "tmp" / "worker"),
        Service("beat", beat, 5, quiet, scratch=var / "tmp" / "beat"),
    ]
    return started


def web_command(host: str, port: int) -> list[str]:
    """The web server as it runs in a single-machine installation; the bench measures the same one."""
    web = [sys.executable, "-m", "gunicorn", "config.wsgi", "-b", f"{bracketed(host)}:{port}", "-k", "gthread"]
    web += ["-w", "2", "--threads", "4", "--timeout", "60", "--graceful-timeout", "8", "--log-level", "warning"]
    return [*web, "--max-requests", "2000", "--max-requests-jitter", "200", "--no-control-socket"]


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C, a service manager and a closed terminal set."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Refuse a second supervisor over the same data; the kernel frees the lock whatever ends the first."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(
                f"The application already runs on the data in {lock.parent}. "
                "Stop that one, or set YIHU_VAR to another folder."
            ) from error
        yield


def demo_logins_file() -> Path:
    return settings.VAR / "demo-logins.json"


def demo_logins() -> list[dict[str, str]]:
    """What seed_demo wrote: a list of {"username", "password", "role", "place"}; empty without demonstration data."""
    try:
        return json.loads(demo_logins_file().read_text())
    except FileNotFoundError:
        return []


def has_accounts() -> bool:
    """Whether the database is in use: then no demonstration data goes into it."""
    return get_user_model()._base_manager.exists()


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds the application."""
    return f"http://{'localhost' if host in ('0.0.0.0', '::') else bracketed(host)}:{port}/"  # noqa: S104


def is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as error:
            raise CommandError(f"--host {host} is no address of this machine.") from error
        except OSError:
            return False
        return True


def choose_port(host: str, port: int | None) -> int:
    """The port asked for, or the first free one; an explicit port that is taken is an error, never replaced."""
    if port is not None:
        if not is_free(host, port):
            raise CommandError(f"Port {port} on {host} is taken. Give another, for example --port {port + 1}.")
        return port
    for candidate in range(FIRST_PORT, LAST_PORT + 1):
        if is_free(host, candidate):
            return candidate
    raise CommandError(f"No port of {FIRST_PORT}-{LAST_PORT} is free on {host}. Give one: --port N.")


def page_answers(host: str, port: int) -> bool:
    """Whether the web server serves pages; any answer but a server error counts, whatever hosts are allowed."""
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)  # noqa: S104
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def collect_static() -> None:
    """collectstatic with compression takes seconds, so only when a static file was added, removed or changed."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            info = os.stat(storage.path(path))
            seen.update(f"{path}\0{info.st_size}\0{info.st_mtime_ns}\n".encode())
    stamp = settings.VAR / "static.stamp"
    if (
        stamp.exists()
        and stamp.read_text() == seen.hexdigest()
        and (settings.STATIC_ROOT / "staticfiles.json").exists()
    ):
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(seen.hexdigest())
