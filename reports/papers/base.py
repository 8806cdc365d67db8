"""What the papers of this folder share: the head of a print model for templates/pdf/paper.html, and facts of many households at once.

Papers are always Chinese: whoever signs or reads them does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F, Q

from common.lookups import among
from households import curtain
from households.models import Household, HouseholdYear, Pairing
from regions.models import Region

Section = dict[str, Any]


def model(
    title: str, *, owner: str, outline: str, sheet: str, sections: Iterable[Section], period: str = "", look: str = "",
    pairs: Sequence[tuple[str, str]] = (), notes: Sequence[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """A print model for templates/pdf/paper.html. `sheet` is A3, A4, A4L (landscape) or A5; `look` is "table", "card", "notice" or "figures" (sections side by side)."""
    return {
        "schema": 1,
        "document": {
            "title": title, "subtitle": "", "period": period, "owner": owner, "outline": outline, "language": "zh-CN", "sheet": sheet, "look": look,
            "pairs": [{"label": label, "value": value} for label, value in pairs], "notes": list(notes),
        },
        "issue": {"number": "", "as_of": "", "qr": ""},
        "sections": list(sections),
    }  # fmt: skip


def name_of(village: Region) -> str:
    return village.full_name or village.name


def period_of(year: int | None) -> str:
    return f"{year} 年度" if year else ""


def in_village(village: Region, user: Any, permission: Any) -> list[Household]:
    """Households on the books, in the order of every paper: hamlet, householder."""
    rows = Household.objects.for_user(user, permission).active().filter(village=village)
    return list(rows.defer("phone", "bank_account").order_by("hamlet", "sort_key", "pk"))


def helpers(keys: Sequence[int]) -> dict[int, list[Pairing]]:
    """{household: its helpers of today, the lead first}; those who see to one request only are left out."""
    rows = Pairing.objects.current().ordinary().filter(among("household_id", keys)).select_related("cadre__unit")
    found: dict[int, list[Pairing]] = {}
    for pairing in rows.order_by("household", "-is_lead", "starts_on", "pk"):
        found.setdefault(pairing.household_id, []).append(pairing)
    return found


def annual(households: Sequence[Household], user: Any, year: int | None) -> dict[int, HouseholdYear]:
    """{household: its record of the year}, each one's newest where `year` is None; none of a year that is hidden from this user."""
    keys = [h.pk for h in households]
    if not keys:
        return {}
    of_year = Q(year=year) if year else Q(year=F("household__latest_year"))
    hidden: Mapping[int, int] = curtain.hidden_from(user, keys)
    rows = HouseholdYear.objects.filter(of_year, among("household_id", keys))
    return {r.household_id: r for r in rows if r.year < hidden.get(r.household_id, 9999)}


def columns(*labels: tuple[str, int] | tuple[str, int, str]) -> list[dict[str, Any]]:
    """Columns of a table section: (label, share of the width, align = center)."""
    return [{"label": c[0], "width": c[1], "align": c[2] if len(c) > 2 else "center"} for c in labels]
