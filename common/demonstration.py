"""What each package adds to the demonstration, once the county with its people is there."""

from __future__ import annotations

from collections.abc import Callable

_tellers: list[Callable[[], object]] = []


def also(function: Callable[[], object]) -> Callable[[], object]:
    """`function` does nothing the second time. Called in `AppConfig.ready`; imports what it needs when it is called."""
    if function not in _tellers:
        _tellers.append(function)
    return function


def tell() -> None:
    """All of it; also for a demonstration that was made before a package existed."""
    for function in _tellers:
        function()
