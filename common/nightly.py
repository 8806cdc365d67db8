"""Work of every night: what is derived from the tables and may be a day old, by whoever registered it."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)
WORK: list[Callable[[], object]] = []


def nightly(function: Callable[[], object]) -> Callable[[], object]:
    """Register a function that is called once a night. It must be able to stop at any moment and go on the next night."""
    WORK.append(function)
    return function


def run() -> None:
    """Do all of it; what fails keeps nothing else from being done."""
    for function in WORK:
        try:
            function()
        except Exception:
            logger.exception("nightly work %s failed", function.__qualname__)
