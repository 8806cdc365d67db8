"""Files with personal data at rest: encrypted with the same keys as the columns, through Django's storage."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import models

from common.pii import cipher

PIECE = 1024 * 1024

# (model, field that names a file) of files that never end: `manage.py rotate_keys` writes them again under the newest key.
LASTING: list[tuple[type[models.Model], str]] = []


def put(name: str, data: bytes) -> str:
    """Store bytes encrypted, piece by piece; the name under which they lie (storage may have changed it)."""
    return put_pieces(name, cut(data))


def cut(data: bytes) -> Iterator[bytes]:
    """Bytes in pieces of a megabyte."""
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))


def put_pieces(name: str, pieces: Iterable[bytes]) -> str:
    """The same, in pieces of the caller's own making; `pieces` gives them back."""
    return default_storage.save(f"{name}.enc", ContentFile(b"\n".join(cipher().encrypt(piece) for piece in pieces)))


def put_file(name: str, path: Path) -> str:
    """Store a file of any size encrypted, a piece in memory at a time."""
    sink = Sink()
    try:
        with path.open("rb") as plain:
            while piece := plain.read(PIECE):
                sink.write(piece)
        return sink.store(name)
    finally:
        sink.close()


def stream(name: str) -> Iterator[bytes]:
    """What is stored under a name, a piece in memory at a time. Raises FileNotFoundError, before the first piece, where it is gone."""
    if not name:  # the file has expired; to the storage "" is the folder of all files
        raise FileNotFoundError
    return _read(default_storage.open(name))


def _read(file: Any) -> Iterator[bytes]:
    with file:
        while line := file.readline():
            yield cipher().decrypt(line.strip())


def take_out(name: str, path: Path) -> Path:
    """Decrypt into a file of the caller's, in a private folder that the caller removes; `path` again."""
    with path.open("wb") as plain:
        for piece in stream(name):
            plain.write(piece)
    return path


def get(name: str) -> bytes:
    """The bytes stored under a name. Raises FileNotFoundError where they are gone."""
    return b"".join(pieces(name))


def pieces(name: str) -> list[bytes]:
    """What is stored under a name, piece by piece. Raises FileNotFoundError where it is gone."""
    return list(stream(name))


class TornError(Exception):
    """A file does not hold what its row says: a write was lost with the machine."""


def first(name: str, size: int) -> bytes:
    """The first `size` bytes of what is stored under a name. Raises TornError where there are fewer."""
    try:
        with default_storage.open(name) as file:
            return _first(file, size)[0]
    except FileNotFoundError as error:
        raise TornError from error


def append(name: str, size: int, data: bytes) -> None:
    """Put a piece behind the first `size` bytes, which stay as they are; whatever lies behind them was never committed and goes.

    Whoever calls holds the row that says `size`, and raises it in the same transaction. Raises TornError where there are fewer.
    """
    try:
        with default_storage.open(name, "r+b") as file:
            _data, end, closed = _first(file, size)
            file.seek(end)
            file.truncate()
            file.write((b"" if closed else b"\n") + cipher().encrypt(data))
    except FileNotFoundError as error:
        raise TornError from error


def _first(file: Any, size: int) -> tuple[bytes, int, bool]:
    """(the first `size` bytes, where the last of their lines ends, whether it ends with a line break)"""
    data, line = b"", b"\n"
    while len(data) < size:
        line = file.readline()
        try:
            data += cipher().decrypt(line.strip())
        except InvalidToken as error:  # also the end of the file
            raise TornError from error
    if len(data) != size:
        raise TornError
    return data, file.tell(), line.endswith(b"\n")


class Listed(NamedTuple):
    folders: list[str]
    files: list[str]


def listed(folder: str) -> Listed:
    """The names in a folder, without it; none where it is not there."""
    try:
        return Listed(*default_storage.listdir(folder))
    except FileNotFoundError:
        return Listed([], [])


def written_at(name: str) -> dt.datetime:
    """When a file was written; a time that never comes where somebody has just deleted it."""
    try:
        return default_storage.get_modified_time(name)
    except FileNotFoundError:
        return dt.datetime.max.replace(tzinfo=dt.UTC)


def remove(name: str) -> None:
    """Delete a file; one that is gone already is gone."""
    if name:
        default_storage.delete(name)


def is_newest(name: str, key: str) -> bool:
    """Whether a file was written under this key."""
    with default_storage.open(name) as file:
        first = file.readline().strip()
    try:
        Fernet(key).decrypt(first)
    except InvalidToken:
        return False
    return True


class Sink:
    """A file that is written as it is made: bytes are taken as they come and lie encrypted in pieces, in little memory and never in the
    open. `store` puts the whole away; without it nothing stays."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the sink
        self._piece = bytearray()
        self._cipher = cipher()
        self.size = 0

    def write(self, data: Any) -> int:
        """Bytes, or anything that shows some."""
        self._piece += data
        self.size += len(data)
        while len(self._piece) >= PIECE:
            self._put(bytes(self._piece[:PIECE]))
            del self._piece[:PIECE]
        return len(data)

    def flush(self) -> None:
        """Nothing: a piece is written when it is full. What writes zip files asks for it."""

    def _put(self, piece: bytes) -> None:
        self._file.write((b"\n" if self._file.tell() else b"") + self._cipher.encrypt(piece))

    def store(self, name: str) -> str:
        """The name under which the file lies."""
        if self._piece or not self.size:
            self._put(bytes(self._piece))
        return default_storage.save(f"{name}.enc", File(self._file))

    def close(self) -> None:
        self._file.close()
