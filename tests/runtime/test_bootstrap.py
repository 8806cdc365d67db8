"""Keys: made once, private, the same ever after; the environment wins."""

import stat
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from cryptography.fernet import Fernet

from common import broker
from config.bootstrap import ensure_secrets, secret_from_file

NAMES = {"SECRET_KEY", "YIHU_FIELD_KEYS", "YIHU_LOOKUP_KEY"}


def test_keys_are_made_once_and_private(tmp_path):
    first: dict[str, str] = {}
    second: dict[str, str] = {}

    ensure_secrets(tmp_path / "var", first)
    ensure_secrets(tmp_path / "var", second)

    assert set(first) == NAMES
    assert first == second
    assert len(set(first.values())) == len(NAMES)
    files = list((tmp_path / "var").iterdir())
    assert {file.name for file in files} == {"secret_key", "field_keys", "lookup_key"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_field_key_is_a_fernet_key(tmp_path):
    environ: dict[str, str] = {}
    ensure_secrets(tmp_path, environ)

    assert Fernet(environ["YIHU_FIELD_KEYS"]).encrypt(b"x")


def test_environment_wins_and_leaves_no_file(tmp_path):
    environ = dict.fromkeys(NAMES, "given")
    ensure_secrets(tmp_path / "var", environ)

    assert environ == dict.fromkeys(NAMES, "given")
    assert not (tmp_path / "var").exists()


def test_rotated_keys_are_read_line_by_line_and_the_file_is_closed_to_others(tmp_path):
    file = tmp_path / "field_keys"
    file.write_text("new\n\nold\n")
    file.chmod(0o644)

    assert secret_from_file(file, lambda: "unused") == "new,old"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    numbers = count()
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: secret_from_file(tmp_path / "key", lambda: str(next(numbers))), range(32)))

    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_broker_socket_of_a_long_path_lies_in_the_temporary_folder(tmp_path):
    short, long = tmp_path / "v", tmp_path / ("户" * 60)

    assert broker.socket_path(short).is_relative_to(short) or len(bytes(short)) > 80
    assert not broker.socket_path(long).is_relative_to(long)
    assert len(bytes(broker.socket_path(long))) <= broker.PATH_MAX
