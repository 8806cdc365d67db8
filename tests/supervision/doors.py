"""Appraisal and orders: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

from typing import Any

from tests.gates import Door

DOORS: list[Door] = []
BY_HAND: dict[str, str] = {}
PUBLIC: dict[str, str] = {}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of the package in a village of the scene, by the names that `DOORS` use."""
    return {}


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are pinned, and what stands on them."""
    return {}


def grow(household: Any, land: Any) -> None:
    """One row more of everything that `addresses` show."""
