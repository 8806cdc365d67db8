"""What households received stands one floor up: `assistance` puts the reader of its deliveries here, plans ask without knowing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Receipt:
    """A household, or one of its members, received a kind of help (its code) in a year; once however often it was."""

    household: int
    member: int | None
    kind: str
    year: int


# `reader(household pks, from this year on)`, in a fixed number of queries. Whoever calls it has passed the row gate of the households.
Reader = Callable[[Sequence[int], int], Iterable[Receipt]]
_readers: list[Reader] = []


def register(reader: Reader) -> Reader:
    """Called in `AppConfig.ready`."""
    if reader not in _readers:
        _readers.append(reader)
    return reader


def receipts(households: Sequence[int], since: int = 0) -> list[Receipt]:
    """What these households received from a year on; of all years where none is given."""
    return [receipt for reader in _readers for receipt in reader(households, since)]
