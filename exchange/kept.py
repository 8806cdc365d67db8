"""What a preview has read, kept beside the upload, so that the write which follows compares and writes but does not read again.

Reading a file depends on the file, on what its columns mean, on the year, the day, the language and on the program: those make the
key, and a reading kept under another key is not used. Everything that depends on the ledger or on who is asking (which village a
name means, what is known of a household) is left out and asked anew. The pieces are encrypted like the upload and go when it goes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import pickle  # of our own objects, opened only after the cipher has vouched that we wrote them
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language

from common import vault
from common.spreadsheets import Broken, Spoilt, Uncomputed
from exchange.models import Batch, ImportBatch
from exchange.reading import Line, Lines, Reading, Unit
from households.bulk import HouseholdRecord, MemberRecord
from households.models import Status

CLASSES = (Unit, Line, HouseholdRecord, MemberRecord, Status, Decimal, dt.date, Broken, Spoilt, Uncomputed)
_BY_NAME = {(each.__module__, each.__qualname__): each for each in CLASSES}


def _code() -> str:
    """A digest of the program that reads: another version may read the same file otherwise."""
    digest = hashlib.sha256(f"{sys.version} {metadata.version('python-calamine')}".encode())
    for package in ("common", "exchange", "households"):
        for path in sorted((settings.BASE_DIR / package).rglob("*.py")):
            digest.update(Path(path).read_bytes())
    return digest.hexdigest()


CODE = _code()  # of the program as it was loaded: files may change below a running worker


def key_of(batch: ImportBatch) -> str:
    """What the reading of a batch depends on, as a digest."""
    facts = [batch.sha256, batch.tables, batch.year, str(timezone.localdate()), get_language(), CODE]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _name(batch: Batch) -> str:
    return batch.file.removesuffix(".enc") + "-read"


def forget(batch: Batch) -> None:
    """Delete what is kept of a batch, if anything is."""
    if batch.file:
        vault.remove(f"{_name(batch)}.enc")


class Keeper:
    """Takes the households of a file as they are read, about 40 bytes a row, and stores them when the file has been read to its end."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._pieces: list[bytes] = []

    def add(self, units: Sequence[Unit]) -> None:
        self._pieces.append(zlib.compress(pickle.dumps(units, pickle.HIGHEST_PROTOCOL), 1))

    def store(self, batch: ImportBatch) -> None:
        reading = self._reading
        head = {
            "key": key_of(batch), "pieces": len(self._pieces), "total": reading.total, "lines": asdict(reading.lines),
            "many_sheets": reading.many_sheets,
        }  # fmt: skip
        forget(batch)
        vault.put_pieces(_name(batch), [json.dumps(head).encode(), *self._pieces])


class Kept:
    """A kept reading: hands out the same households as `exchange.reading.Reading`, in the same order."""

    def __init__(self, batch: ImportBatch, head: dict[str, Any], pieces: list[bytes]) -> None:
        self.batch = batch
        self.total: int = head["total"]
        self.lines = Lines(**head["lines"])
        self.many_sheets: bool = head["many_sheets"]
        self.done = 0
        self._pieces = pieces

    def units(self) -> Iterator[Unit]:
        for piece in self._pieces:
            try:
                units = _Unpickler(io.BytesIO(zlib.decompress(piece))).load()
            except Exception:
                forget(self.batch)  # the next try reads the file itself
                raise
            for unit in units:
                self.done += len(unit.lines)
                yield unit


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _BY_NAME[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name}") from None


def find(batch: ImportBatch) -> Kept | None:
    """The kept reading of a batch as it is now; None where there is none, or one of another file, mapping, day or program."""
    try:
        head, *pieces = vault.pieces(f"{_name(batch)}.enc")
    except (FileNotFoundError, InvalidToken, ValueError):
        return None
    facts = json.loads(head)
    if facts["key"] != key_of(batch) or facts["pieces"] != len(pieces):
        return None
    return Kept(batch, facts, pieces)
