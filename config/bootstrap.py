"""Fills in what the environment does not give: secrets, the database and the broker, all below YIHU_VAR.

`manage.py`, `config.wsgi` and `config.celery` call `ensure` before the settings are read, so that the settings only ever read
the environment and a production installation, which gives everything, is the same program as a trial.
"""

import base64
import hashlib
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Callable, MutableMapping
from pathlib import Path
from urllib.parse import quote

from config.embeddedpg import Cluster, EmbeddedPostgresError

ROOT = Path(__file__).resolve().parent.parent
BROKER_PATH_MAX = 100  # bytes: a Unix socket's path must fit sockaddr_un with some room for the client's prefix
WITHOUT_DATABASE = {"help", "--help", "-h", "version", "--version"}


def _random_key() -> str:
    """32 random bytes in URL-safe base64, the form of a Fernet key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


# Environment variable, its file below YIHU_VAR, how a first one is made.
SECRETS: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("SECRET_KEY", "secret_key", lambda: secrets.token_urlsafe(50)),
    ("YIHU_FIELD_KEYS", "field_keys", _random_key),
    ("YIHU_LOOKUP_KEY", "lookup_key", _random_key),
)


def var_dir() -> Path:
    """The folder of everything that is made at run time: `YIHU_VAR`, else `var` in the project."""
    return Path(os.environ.get("YIHU_VAR") or ROOT / "var").absolute()


def secret_from_file(path: Path, make: Callable[[], str]) -> str:
    """The secret in `path`, made there with mode 0600 if there is none; several lines come back joined by commas.

    Two processes may start at once: the file gets its name by a link, which only one of them can make.
    """
    if not path.exists():
        handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(make() + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(fresh)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    lines = [line.strip() for line in path.read_text().splitlines()]
    return ",".join(line for line in lines if line)


def ensure_secrets(var: Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Put the secrets the environment does not give into it, from their files below `var`.

    `field_keys` holds one key a line, newest first; whoever loses it loses every ID number, so it belongs into the backup.
    """
    missing = [secret for secret in SECRETS if not environ.get(secret[0])]
    if missing:
        var.mkdir(mode=0o755, parents=True, exist_ok=True)
    for variable, name, make in missing:
        environ[variable] = secret_from_file(var / name, make)


def broker_socket(var: Path) -> Path:
    """Where the embedded broker listens: below `var`, or in a private temporary folder if that path is too long."""
    socket = var / "broker" / "broker.sock"
    if len(os.fsencode(socket)) > BROKER_PATH_MAX:
        digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:10]
        socket = Path(tempfile.gettempdir()) / f"yihu-broker-{os.geteuid()}-{digest}" / "broker.sock"
    return socket


def broker_url(var: Path) -> str:
    """CELERY_BROKER_URL of the embedded broker."""
    return f"redis+socket://{quote(str(broker_socket(var)))}"


def embedded_broker() -> Path | None:
    """The socket the supervisor has to serve, or None where CELERY_BROKER_URL names a broker of the installation."""
    var = var_dir()
    return broker_socket(var) if os.environ.get("CELERY_BROKER_URL") == broker_url(var) else None


def ensure() -> None:
    """Complete the environment: secrets, CELERY_BROKER_URL, DATABASE_URL (starting the embedded server for the last).

    Child processes inherit the environment and so find everything given. Ends the program with one sentence where no
    server can be had.
    """
    var = var_dir()
    try:
        ensure_secrets(var)
    except OSError as error:
        sys.exit(f"error: the keys of this installation cannot be read or made below {var}: {error}")
    os.environ.setdefault("CELERY_BROKER_URL", broker_url(var))
    if os.environ.get("DATABASE_URL") or len(sys.argv) > 1 and sys.argv[1] in WITHOUT_DATABASE:
        return
    try:
        os.environ["DATABASE_URL"] = Cluster(var / "postgres").acquire().url()
    except EmbeddedPostgresError as error:
        sys.exit(f"error: {error}")
