"""What upper floors hang on a pairing follows it when another takes its place: they register here, the hand-over does not know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from households.models import Pairing

Follower = Callable[[Sequence[tuple[Pairing, Pairing]], Any], None]
_followers: list[Follower] = []


def follows(function: Follower) -> Follower:
    """Register `function(pairs, by)`: for each (old, new) what hung on the old pairing goes to the new one. Called inside the transaction of a
    hand-over, with the households locked; whoever hands over holds PAIRING_EDIT on them. In `AppConfig.ready`."""
    if function not in _followers:
        _followers.append(function)
    return function


def follow(pairs: Sequence[tuple[Pairing, Pairing]], by: Any) -> None:
    for function in _followers:
        function(pairs, by)
