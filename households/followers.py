"""What upper floors derive from households follows them in the same transaction: they register here what keeps it true.

Told of: pairings that begin, end or change hands; households that are registered, closed, reopened, moved, or change their status. Verbs on one
household tell it by themselves (`services.base.Edit`); a verb that writes the pairings of many tells it once: `changed(keys)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Follower = Callable[[Iterable[int]], object]
WATCHED = frozenset({"status", "closed_on", "village_id"})  # columns of Household
_changed: list[Follower] = []
_leaving: list[Follower] = []


def register(*, changed: Follower, leaving: Follower) -> None:
    """`changed(keys)` brings what is derived from these households up to date, `leaving(keys)` removes it before they are deleted (the undone
    part of an import). Called in `AppConfig.ready`."""
    _changed.append(changed)
    _leaving.append(leaving)


def changed(households: Iterable[int]) -> None:
    """Call it inside the transaction, after the rows are written; the households are locked, or are locked then in the order of their keys."""
    keys = list(households)
    for follower in _changed:
        follower(keys)


def leaving(households: Iterable[int]) -> None:
    keys = list(households)
    for follower in _leaving:
        follower(keys)
