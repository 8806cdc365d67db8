"""Units, cadres and teams: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tests.factories import (
    CadreFactory,
    TeamFactory,
    TeamMemberFactory,
    UnitFactory,
    UnitVillageFactory,
    VillageProfileFactory,
)
from tests.factories.cadres import TeamRuleFactory
from tests.gates import Door, Menu, P, There, form, get, post

SEEN = There(P.CADRE_VIEW)
KEPT = There(P.CADRE_VIEW, P.CADRE_EDIT)
RULED = There(P.CADRE_VIEW, P.RULE_EDIT)

DOORS: list[Door] = [
    *get("cadres:cadre_list", Menu(P.CADRE_VIEW)),
    *form("cadres:cadre_new", Menu(P.CADRE_EDIT)),
    *get("cadres:cadre_detail", SEEN, {"pk": "own_cadre"}),
    *form("cadres:cadre_edit", KEPT, {"pk": "own_cadre"}),
    *form("cadres:cadre_move", KEPT, {"pk": "own_cadre"}),
    *form("cadres:cadre_account", KEPT, {"pk": "own_cadre"}),
    *form("cadres:cadre_leave", KEPT, {"pk": "own_cadre"}),
    *post("cadres:cadre_restore", KEPT, {"pk": "own_cadre"}),
    *get("cadres:unit_list", Menu(P.CADRE_VIEW)),
    *form("cadres:unit_new", Menu(P.CADRE_EDIT)),
    *get("cadres:unit_detail", SEEN, {"pk": "own_unit"}),
    *form("cadres:unit_edit", KEPT, {"pk": "own_unit"}),
    *form("cadres:unit_close", KEPT, {"pk": "own_unit"}),
    *post("cadres:unit_reopen", KEPT, {"pk": "own_unit"}),
    *get("cadres:team_list", Menu(P.CADRE_VIEW), ok=(200, 302)),
    *form("cadres:rule_edit", RULED, {"pk": "village"}),
    *post("cadres:rule_drop", RULED, {"pk": "village"}),
    *form("cadres:team_edit", KEPT, {"pk": "team"}),
    *form("cadres:team_end", KEPT, {"pk": "team"}),
    *form("cadres:place_new", KEPT, {"pk": "team"}),
    *form("cadres:place_term", KEPT, {"pk": "place"}),
    *form("cadres:place_duty", KEPT, {"pk": "place"}),
    *form("cadres:place_leave", KEPT, {"pk": "place"}),
    *post("cadres:place_access", KEPT, {"pk": "place"}),
    *get("cadres:village_page", SEEN, {"pk": "village"}),
    *form("cadres:team_new", KEPT, {"pk": "village"}),
    *form("cadres:profile_edit", KEPT, {"pk": "village"}),
    *form("cadres:answer_new", KEPT, {"pk": "village"}),
    *form("cadres:answer_end", KEPT, {"pk": "answer"}),
    *get("cadres:need_page", SEEN, {"pk": "village"}),
    *get("cadres:need_list", Menu(P.CADRE_VIEW), ok=(200, 302)),
    *form("plans:tasks_hand", KEPT, {"pk": "own_cadre"}),  # what they hand over before they leave
]
BY_HAND: dict[str, str] = {}
PUBLIC: dict[str, str] = {}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of the package in a village of the scene, by the names that `DOORS` use."""
    unit = UnitFactory(name=f"{village.name}村委会", region=village, affiliation="village")
    place = TeamMemberFactory(team__village=village, team__unit=unit, cadre__unit=unit, leads=True)
    TeamRuleFactory(region=village)
    return {
        "own_unit": unit.pk, "own_cadre": CadreFactory(unit=unit).pk, "team": place.team_id, "place": place.pk,
        "answer": UnitVillageFactory(unit=unit, village=village).pk,
    }  # fmt: skip


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are pinned, and what stands on them."""
    village = household.village
    unit = UnitFactory(region=household.township.parent)
    place = TeamMemberFactory(team__village=village, team__unit=unit, cadre__unit=unit, leads=True)
    VillageProfileFactory(village=village)
    UnitVillageFactory(unit=unit, village=village)
    return {
        "cadres": reverse("cadres:cadre_list"),
        "cadre": reverse("cadres:cadre_detail", args=[place.cadre_id]),
        "units": reverse("cadres:unit_list"),
        "unit": reverse("cadres:unit_detail", args=[unit.pk]),
        "resident teams": reverse("cadres:team_list"),
        "resident team of a village": reverse("cadres:village_page", args=[village.pk]),
        "needs of villages": reverse("cadres:need_list"),
        "needs of a village": reverse("cadres:need_page", args=[village.pk]),
    }


def grow(household: Any, land: Any) -> None:
    """One row more of everything that `addresses` show."""
    unit = UnitFactory(region=land.county)
    for village in (land.near_village, land.far_village):
        if not village.resident_teams.exists():
            TeamFactory(village=village, unit=unit)
            UnitVillageFactory(unit=unit, village=village)
            VillageProfileFactory(village=village)
    team = household.village.resident_teams.get()
    TeamMemberFactory(team=team, cadre__unit=team.unit)
    TeamMemberFactory(team=land.near_village.resident_teams.get(), cadre__unit=team.unit)
    UnitVillageFactory(unit=unit, village=household.village)
