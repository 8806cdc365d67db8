"""Open shortfalls of a village, as what it needs of who comes to help (`cadres.needs`): the skill that a sector asks for."""

from __future__ import annotations

from django.urls import reverse

from assistance.models import Shortfall
from cadres.needs import Need
from common.lookups import among
from common.pages import address

# A skill of `cadres.codelists.SKILLS`; scattered money (资金统筹) and public facilities are answered by nobody's.
SKILL_OF = {
    "water": "water", "power": "power", "road": "roads", "network": "power", "industry": "trade", "party": "party", "leadership": "party",
    "education": "education",
}  # fmt: skip


def needs(villages: list[int]) -> dict[int, list[Need]]:
    """Of each village its open shortfalls, oldest first, each with the list where it stands. One query."""
    found: dict[int, list[Need]] = {}
    rows = Shortfall.objects.filter(among("village_id", villages), resolved_on=None).order_by("village_id", "pk")
    for row in rows.values("village_id", "sector", "text"):
        url = address(reverse("assistance:shortfall_list"), {"region": str(row["village_id"])})
        found.setdefault(row["village_id"], []).append(Need(row["text"], SKILL_OF.get(row["sector"], ""), url))
    return found
