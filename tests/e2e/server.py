"""A server that can be stopped and started again while a test runs, and a wire to it that can be cut."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
WAIT = 60  # seconds until a server must answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Server:
    """The application in a process of its own, on the database of the tests and always on the same port."""

    def __init__(self, log: Path) -> None:
        self.port, self.log = free_port(), log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        # The same server, the database of this run: the name is what stands last in the address.
        place, _slash, _name = os.environ["DATABASE_URL"].partition("?")[0].rpartition("/")
        database = f"{place}/{connection.settings_dict['NAME']}"
        environ = os.environ | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        command = [
            sys.executable,
            "manage.py",
            "runserver",
            "--noreload",
            "--insecure",
            "--skip-checks",
            f"127.0.0.1:{self.port}",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=5):
                    return
            except OSError:
                continue
        raise AssertionError(f"no server:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        """Kill it: a server in a village network does not say goodbye either."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Wire:
    """Passes bytes between a port of its own and the server, one request a connection; says which answers never arrive.

    `cut(request) -> bool` sees the head and body of a request. The server gets the whole request and answers; the client sees the
    connection end. `break_photo(at)`: of the next piece of a photo the server gets what lies before byte `at` of the photo, nobody an answer.
    """

    def __init__(self, server: Server) -> None:
        self.server, self.cut = server, lambda request: False
        self.lost: list[bytes] = []
        self.breaks: list[tuple[int, threading.Event]] = []
        self.pieces: list[int] = []  # at which byte of the photo each piece began
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.open = False
        self.socket.close()

    def drop(self, when: Callable[[bytes], bool]) -> None:
        self.cut = when

    def break_photo(self, at: int) -> threading.Event:
        """The event is set when it has happened, and the server has done with what it got."""
        happened = threading.Event()
        self.breaks.append((at, happened))
        return happened

    def _accept(self) -> None:
        while self.open:
            try:
                client, _address = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client:
            try:
                request = self._read(client)
                if not request:
                    return
                whole = _close_after(request)
                sent, happened = self._broken(whole)
                with socket.create_connection(("127.0.0.1", self.server.port)) as behind:
                    behind.sendall(sent)
                    if happened:
                        behind.shutdown(socket.SHUT_WR)
                    answer = b"".join(iter(lambda: behind.recv(65536), b""))
                if happened:
                    client.close()
                    happened.set()
                    return
                if self.cut(request):
                    self.lost.append(request)
                    return
                client.sendall(answer)
            except OSError:
                return

    def _broken(self, request: bytes) -> tuple[bytes, threading.Event | None]:
        """What the server gets of a request, and the event of the break that makes it less."""
        head, _, body = request.partition(b"\r\n\r\n")
        if not head.startswith(b"PUT /collect/api/photos/"):
            return request, None
        begins = _number(head, b"upload-offset")
        self.pieces.append(begins)
        if not self.breaks or not begins <= self.breaks[0][0] <= begins + len(body):
            return request, None
        at, happened = self.breaks.pop(0)
        return head + b"\r\n\r\n" + body[: at - begins], happened

    @staticmethod
    def _read(client: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            more = client.recv(65536)
            if not more:
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = _number(head, b"content-length")
        while len(body) < length:
            more = client.recv(65536)
            if not more:
                return b""
            body += more
        return head + b"\r\n\r\n" + body


def _number(head: bytes, name: bytes) -> int:
    """A header that is a number; 0 where it is missing."""
    found = [line for line in head.split(b"\r\n") if line.lower().startswith(name + b":")]
    return int(found[0].split(b":")[1]) if found else 0


def _close_after(request: bytes) -> bytes:
    """The same request, asking for the end of the connection after the answer."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body
