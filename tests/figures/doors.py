"""Boards and the lists behind their numbers: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from figures import rollup
from tests.gates import Counted, Door, Menu, P, form, get

DOORS: list[Door] = [
    *get("figures:boards", Menu(P.FIGURES_VIEW), ok=(302,)),  # to the board of the own area
    *get("figures:board", Counted(P.FIGURES_VIEW), {"pk": "village"}),
    *get("figures:wall", Counted(P.FIGURES_VIEW), {"pk": "village"}),
    *form("figures:map_edit", Counted(P.REGION_EDIT), {"pk": "village"}, data={"act": "drop"}),
    *get("figures:rows", Menu(P.FIGURES_VIEW), {"code": "'households"}),
]


BY_HAND: dict[str, str] = {}
PUBLIC: dict[str, str] = {}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of a place that only figures have: none, they are counted."""
    return {}


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are counted: with what is rolled up, as they are but for the seconds after a change."""
    rollup.fold()
    county = household.village.parent.parent
    return {
        "board of a county": reverse("figures:board", args=[county.pk]),
        "board of a village": reverse("figures:board", args=[household.village_id]),
        "rows behind a figure": f"{reverse('figures:rows', args=['households'])}?region={county.pk}&status=on_register",
    }


def grow(household: Any, land: Any) -> None:
    """What the other packages added is counted, as it is some seconds later."""
    rollup.fold()
