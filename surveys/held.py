"""Operations that wait in quarantine: what each kind says to whoever decides, and how it is taken. Upper floors register theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from households.models import Household

Row = tuple[str, str, str]  # what was asked, what was answered, what the ledger holds


@dataclass
class Told:
    """What an operation says, in words: pairs, and tables beside the ledger. `photos` are the ids of the photos it names."""

    facts: list[tuple[Any, str]]
    groups: list[tuple[str, list[Row]]] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Held:
    """A kind of operation. `read(body)` raises `sync.Refused` for what cannot be read; what it gives has `uid` and `household`, both UUIDs.

    `record` is the key of the receipt under which the uid stands. `accept(body=, owner=, by=)` takes it for its owner; `tell(read,
    household)` is None where only somebody with the form could read it. `verb` is on the button, `done` the sentence afterwards.
    """

    kind: str
    record: str
    title: Any
    verb: Any
    done: Any
    read: Callable[[Mapping[str, Any]], Any]
    accept: Callable[..., Any]
    tell: Callable[[Any, Household], Told | None]


KINDS: dict[str, Held] = {}


def register(held: Held) -> None:
    """Called in `AppConfig.ready`."""
    KINDS[held.kind] = held
