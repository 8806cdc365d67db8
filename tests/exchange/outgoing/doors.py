"""Exports: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from accounts.roles import Permission
from exchange.outgoing.models import ExportMapping, ExportRun
from tests.factories import JobFactory, UserFactory
from tests.gates import Area, Door, Menu, Own, Owner, form, get, post

P = Permission
COLUMNS = [
    {"heading": "户编号", "field": "household.number", "form": "label"},
    {"heading": "姓名", "field": "member.name", "form": "label"},
]


class SharedFormat:
    """A format shared in the place's county: used there and below, changed where one exports and imports in the whole county."""

    def __init__(self, *, change: bool = False) -> None:
        self.change = change

    def expected(self, who: Any, place: Any) -> int:
        if P.HOUSEHOLD_EXPORT not in who.grants:
            return 403
        county = place.township.parent.path
        if not who.path.startswith(county):
            return 404
        return 200 if not self.change or (who.path == county and P.HOUSEHOLD_IMPORT in who.grants) else 403

    def __str__(self) -> str:
        return f"{P.HOUSEHOLD_EXPORT} in the county or below" + (f", {P.HOUSEHOLD_IMPORT} in the county" * self.change)


RUN, OWN, SHARED = {"pk": "export_run"}, {"pk": "export_mapping"}, {"pk": "shared_mapping"}
DOORS: list[Door] = [
    *get("exchange:export_list", Menu(P.HOUSEHOLD_EXPORT)),
    *form("exchange:export_new", Menu(P.HOUSEHOLD_EXPORT)),
    *form("exchange:export_villages", Menu(P.HOUSEHOLD_EXPORT)),
    *post("exchange:export_chosen", Menu(P.HOUSEHOLD_EXPORT)),
    *get("exchange:export_detail", Owner(), RUN),
    *get("exchange:export_progress", Owner(), RUN),
    *post("exchange:export_file", Owner(), RUN),
    *post("exchange:export_cancel", Owner(), RUN),
    *post("exchange:export_retry", Owner(), RUN),
    *get("exchange:mapping_list", Menu(P.HOUSEHOLD_EXPORT)),
    *form("exchange:mapping_new", Menu(P.HOUSEHOLD_EXPORT)),
    *form("exchange:mapping_detail", Own(P.HOUSEHOLD_EXPORT), OWN),
    *form("exchange:mapping_delete", Own(P.HOUSEHOLD_EXPORT), OWN),
    *get("exchange:mapping_detail", SharedFormat(), SHARED),
    *post("exchange:mapping_detail", SharedFormat(change=True), SHARED),
    *form("exchange:mapping_delete", SharedFormat(change=True), SHARED),
    *get("api:export-list", Menu(P.HOUSEHOLD_EXPORT)),
    *post("api:export-list", Menu(P.HOUSEHOLD_EXPORT), ok=(400,)),
    *get("api:export-detail", Own(P.HOUSEHOLD_EXPORT), RUN),
    *post("api:export-file", Own(P.HOUSEHOLD_EXPORT), RUN, ok=(409,)),  # not made yet
    *get("api:export-format-list", Menu(P.HOUSEHOLD_EXPORT)),
    *get("api:export-format-detail", Own(P.HOUSEHOLD_EXPORT), OWN),
    *get("api:export-format-detail", SharedFormat(), SHARED),
    *get("api:import-list", Menu(P.HOUSEHOLD_IMPORT)),
    *get("api:import-detail", Area(P.HOUSEHOLD_IMPORT), {"pk": "batch"}),
]
BY_HAND: dict[str, str] = {}
PUBLIC: dict[str, str] = {}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of the package in a village of the scene, by the names that `DOORS` use."""
    shared = ExportMapping.objects.create(
        owner=UserFactory(), region=village.parent.parent, name=f"共享{village.pk}", columns=COLUMNS
    )
    return {"shared_mapping": shared.pk}


def furnish_own(user: Any) -> dict[str, Any]:
    """What is one user's own."""
    mapping = ExportMapping.objects.create(owner=user, name="自己的", columns=COLUMNS)
    return {"export_mapping": mapping.pk, "export_run": _run(user, mapping).pk}


def _run(user: Any, mapping: ExportMapping) -> ExportRun:
    job = JobFactory(owner=user.username, kind="households.export")
    return ExportRun.objects.create(
        owner=user,
        job=job,
        mapping=mapping,
        name=mapping.name,
        row_kind="member",
        columns=COLUMNS,
        year=2026,
        scope="x",
    )


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are pinned, and what stands on them."""
    _more(household)
    return {
        "exports": reverse("exchange:export_list"),
        "export, asked for": reverse("exchange:export_new"),
        "export of villages, asked for": reverse("exchange:export_villages"),
        "api: exports": reverse("api:export-list"),
        "api: export formats": reverse("api:export-format-list"),
        "api: imports": reverse("api:import-list"),
        "export formats": reverse("exchange:mapping_list"),
    }


def _more(household: Any) -> None:
    count = ExportMapping.objects.count()
    ExportMapping.objects.create(
        owner=UserFactory(), region=household.township.parent, name=f"共享{count}", columns=COLUMNS
    )


def grow(household: Any, land: Any) -> None:
    """One row more of everything that `addresses` show."""
    _more(household)
