"""`manage.py serve`: the whole installation comes up from an empty folder, mends itself, and goes away without a trace."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command

from common.management.commands.serve import choose_port, is_loopback

ROOT = Path(__file__).resolve().parents[2]
GIVEN = ("DATABASE_URL", "CELERY_BROKER_URL", "SECRET_KEY", "YIHU_FIELD_KEYS", "YIHU_LOOKUP_KEY", "ALLOWED_HOSTS")


def serve_in(var: Path, *args: str) -> subprocess.Popen[str]:
    environ = {key: value for key, value in os.environ.items() if key not in GIVEN}
    environ |= {"YIHU_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings.base"}
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--no-demo", *args],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def lines_until(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    seen = []
    for line in process.stdout:
        seen.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"ended without {pattern!r}:\n{''.join(seen)}")


def healthy(address: str) -> bool:
    """Whether pages are served, asked until they are: a restart takes a moment."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address + "healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            continue
    return False


def child(process: subprocess.Popen[str], word: str) -> psutil.Process:
    (found,) = [each for each in psutil.Process(process.pid).children() if word in " ".join(each.cmdline())]
    return found


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder the database server's user can reach, unlike pytest's own when the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder) / "var"


@pytest.mark.slow
def test_comes_up_mends_itself_and_goes_away(var):
    process = serve_in(var)
    try:
        address = lines_until(process, r"Ready after .* (http://127\.0\.0\.1:\d+/)")[1]
        assert healthy(address)

        second = serve_in(var)
        assert "already runs" in second.communicate(timeout=60)[0]
        assert second.returncode == 1

        for word in ("valkey", "gunicorn"):
            child(process, word).kill()
            lines_until(process, r"ended \(signal 9")
        assert healthy(address)

        everything = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        postmaster = int((next(var.glob("postgres/data-*")) / "postmaster.pid").read_text().split()[0])
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert process.returncode == 0
    assert psutil.wait_procs(everything, timeout=10)[1] == []
    assert not psutil.pid_exists(postmaster) or psutil.Process(postmaster).status() == psutil.STATUS_ZOMBIE


@pytest.mark.django_db
def test_demonstration_log_ins_are_not_shown_to_other_machines(settings, tmp_path):
    settings.VAR = tmp_path
    (tmp_path / "demo-logins.json").write_text("[]")

    with pytest.raises(CommandError, match="--demo-public"):
        call_command("serve", host="0.0.0.0", no_demo=True)


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("10.1.2.3", False)],
)
def test_only_this_machine_is_loopback(host, own):
    assert is_loopback(host) is own


def test_port_that_is_taken_is_an_error_never_another_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"--port {port + 1}"):
            choose_port("127.0.0.1", port)


def test_without_a_port_a_free_one_is_taken():
    with socket.create_server(("127.0.0.1", choose_port("127.0.0.1", None))) as taken:
        assert choose_port("127.0.0.1", None) != taken.getsockname()[1]
