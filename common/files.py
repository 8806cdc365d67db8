"""Files that end: uploads and printed results are deleted after `settings.DOCUMENT_DAYS`, by whoever registered them."""

from __future__ import annotations

from collections.abc import Callable

EXPIRERS: list[Callable[[], int]] = []


def expires(function: Callable[[], int]) -> Callable[[], int]:
    """Register a function that deletes what is past its day and returns how many files it deleted. Runs every hour."""
    EXPIRERS.append(function)
    return function


def expire() -> int:
    return sum(function() for function in EXPIRERS)
