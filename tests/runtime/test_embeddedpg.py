"""The embedded PostgreSQL: it starts from nothing, is shared, and comes back after everything that kills it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from config.embeddedpg import SOCKET_NAME, THROWAWAY, Cluster, EmbeddedPostgresError

pytestmark = pytest.mark.slow

USER = """
import sys
from pathlib import Path
from config.embeddedpg import THROWAWAY, Cluster
Cluster(Path(sys.argv[1]), settings=THROWAWAY).acquire()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder the server's user can reach, unlike pytest's own when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="户 "))
    folder.chmod(0o755)
    yield folder
    Cluster(folder / "pg").stop()
    shutil.rmtree(folder)


def cluster_in(base: Path, **settings: str) -> Cluster:
    return Cluster(base / "pg", settings=THROWAWAY | settings)


def using_process(cluster: Cluster) -> subprocess.Popen[str]:
    """Another process that uses the cluster until its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(cluster.base)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)


def rows(cluster: Cluster) -> str:
    return cluster.psql("SELECT string_agg(name, ',' ORDER BY name) FROM kept", cluster.name)


def test_starts_from_nothing_and_the_last_user_stops_it(base):
    first = cluster_in(base).acquire()
    second = using_process(first)
    third = using_process(first)

    leave(third)
    assert first.pid()
    first.release()
    assert first.pid()
    leave(second)
    assert first.pid() is None


def test_chinese_text_is_found_by_trigrams(base):
    cluster = cluster_in(base).acquire()
    cluster.psql("CREATE EXTENSION pg_trgm", cluster.name)

    assert cluster.psql("SELECT cardinality(show_trgm('户籍人口')) > 0, '户' ~ '\\w'", cluster.name) == "t|t"
    cluster.release()


def test_listens_on_a_private_socket_only(base):
    cluster = cluster_in(base).acquire()

    assert cluster.psql("SHOW listen_addresses") == ""
    assert (cluster.socket_dir / SOCKET_NAME).is_socket()
    assert cluster.socket_dir.stat().st_mode & 0o777 == 0o700
    assert cluster.data.stat().st_mode & 0o077 == 0
    cluster.release()


def test_url_is_read_by_django_environ(base):
    import environ

    cluster = cluster_in(base)
    config = environ.Env.db_url_config(cluster.url())

    assert (config["HOST"], config["NAME"], config["USER"]) == (str(cluster.socket_dir), "yihu", "yihu")


def test_committed_rows_survive_a_killed_server(base):
    cluster = cluster_in(base, fsync="on", synchronous_commit="on", full_page_writes="on")
    cluster.acquire()
    cluster.psql("CREATE TABLE kept (name text); INSERT INTO kept VALUES ('张三')", cluster.name)

    os.kill(cluster.pid(), signal.SIGKILL)
    again = cluster_in(base, fsync="on", synchronous_commit="on", full_page_writes="on").acquire()

    assert rows(again) == "张三"
    cluster.release()
    again.release()
    assert again.pid() is None


def test_killed_user_does_not_keep_the_server_running(base):
    cluster = cluster_in(base).acquire()
    killed = using_process(cluster)
    killed.kill()
    leave(killed)

    cluster.release()

    assert cluster.pid() is None


def test_pid_file_that_names_another_program_is_not_believed(base):
    cluster = cluster_in(base).acquire()
    cluster.release()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")

    assert cluster.pid() is None
    cluster.acquire()
    assert cluster.psql("SELECT 1") == "1"
    cluster.release()


def test_half_made_data_folder_is_made_anew(base):
    cluster = cluster_in(base)
    half = cluster.base / f"data-{cluster.major}.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text(str(cluster.major))

    cluster.acquire()

    assert cluster.psql("SELECT 1") == "1"
    assert not half.exists()
    cluster.release()


def test_long_path_gets_its_socket_in_the_temporary_folder(base):
    cluster = cluster_in(base / ("户" * 40)).acquire()

    with psycopg2.connect(host=str(cluster.socket_dir), user=cluster.name, dbname=cluster.name) as connection:
        assert connection.info.dbname == cluster.name
    connection.close()
    assert cluster.base not in cluster.socket_dir.parents
    cluster.release()
    cluster.socket_dir.rmdir()


def test_project_that_only_root_can_reach_keeps_its_data_elsewhere(base):
    private, elsewhere = base / "home", base / "lib"
    private.mkdir(mode=0o700)
    elsewhere.mkdir(mode=0o755)

    cluster = Cluster(private / "pg", settings=THROWAWAY, root_base=str(elsewhere)).acquire()

    as_root = os.geteuid() == 0
    assert (elsewhere if as_root else private) in cluster.base.parents
    assert private.stat().st_mode & 0o777 == 0o700
    assert (private / "pg" / "MOVED").exists() == as_root
    assert cluster.psql("SELECT 1") == "1"
    cluster.release()


def test_path_a_shell_would_read_is_refused(base):
    with pytest.raises(EmbeddedPostgresError, match="YIHU_VAR"):
        Cluster(base / "it's $5")
