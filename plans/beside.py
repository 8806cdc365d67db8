"""What came of a task stands one floor up: `assistance` puts the reader of its measures here, pages of plans show them beside the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Beside:
    """Something made of a task: what it is called, where it stands (with the tone of its tag), and its page."""

    text: str
    state: str
    tone: str
    url: str


# `reader(user, task pks)`: {task: what stands beside it} as far as the user sees it, in a fixed number of queries.
Reader = Callable[[Any, Sequence[int]], Mapping[int, Sequence[Beside]]]
_readers: list[Reader] = []


def register(reader: Reader) -> Reader:
    """Called in `AppConfig.ready`."""
    if reader not in _readers:
        _readers.append(reader)
    return reader


def beside(user: Any, tasks: Sequence[int]) -> dict[int, list[Beside]]:
    found: dict[int, list[Beside]] = {}
    for reader in _readers if tasks else ():
        for task, things in reader(user, tasks).items():
            found.setdefault(task, []).extend(things)
    return found
