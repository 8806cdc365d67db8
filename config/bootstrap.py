"""Fills in what the environment does not give: secrets, the database and the broker, all below YIHU_VAR.

`manage.py`, `config.wsgi` and `config.celery` call `ensure` before the settings are read, so that the settings only
ever read the environment and a production installation, which gives everything, is the same program as a trial.
"""

import base64
import os
import secrets
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, MutableMapping
from pathlib import Path

from common import broker
from config.embeddedpg import Cluster, EmbeddedPostgresError

ROOT = Path(__file__).resolve().parent.parent
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

    `field_keys` holds one key a line, newest first; who loses it loses every ID number, so it belongs into the backup.
    """
    missing = [secret for secret in SECRETS if not environ.get(secret[0])]
    if missing:
        var.mkdir(mode=0o755, parents=True, exist_ok=True)
    for variable, name, make in missing:
        environ[variable] = secret_from_file(var / name, make)


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
    os.environ.setdefault("CELERY_BROKER_URL", broker.url(var))
    if os.environ.get("DATABASE_URL") or len(sys.argv) > 1 and sys.argv[1] in WITHOUT_DATABASE:
        return
    try:
        os.environ["DATABASE_URL"] = Cluster(var / "postgres").acquire().url()
    except EmbeddedPostgresError as error:
        sys.exit(f"error: {error}")


def main() -> int:
    """`python -m config.bootstrap COMMAND …`: run a tool that reads the settings, with the environment they need."""
    ensure()
    return subprocess.run(sys.argv[1:], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
