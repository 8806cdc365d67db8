"""Whether a kind of help has been used stands on upper floors: plans and assistance put their question here."""

from __future__ import annotations

from collections.abc import Callable

from catalogue.models import MeasureKind

Asker = Callable[[MeasureKind], bool]
_askers: list[Asker] = []


def register(asker: Asker) -> Asker:
    """`asker(kind)` says whether a row of its floor names the kind; called in `AppConfig.ready`. One query."""
    if asker not in _askers:
        _askers.append(asker)
    return asker


def is_used(kind: MeasureKind) -> bool:
    return any(asker(kind) for asker in _askers)
