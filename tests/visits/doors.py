"""Visits: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from accounts.roles import Permission
from tests.gates import Door, Menu, get

DOORS: list[Door] = [
    *get("visits:desk", Menu(Permission.VISIT_RECORD)),
    *get("visit_log:visit", Menu(Permission.VISIT_RECORD)),
]
BY_HAND: dict[str, str] = {}
PUBLIC: dict[str, str] = {}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of the package in a village of the scene, by the names that `DOORS` use."""
    return {}


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are pinned, and what stands on them."""
    return {"desk": reverse("visits:desk"), "visit log": reverse("visit_log:visit")}


def grow(household: Any, land: Any) -> None:
    """One row more of everything that `addresses` show."""
