"""A household as lists show it, in a page, in the API and in what is chosen for a bulk action: masked, and nothing a list need not say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import pages
from households import codelists
from households.ledger import TONES
from households.models import Household, Member, Pairing, Status
from households.search import Search

SHOWN = (
    "number", "hamlet", "phone_masked", "status", "householder_name", "member_count", "category", "main_cause", "open_checks", "latest_year",
    "closed_on", "village__code", "village__name", "township__code", "township__name",
)  # fmt: skip
STATUS_LABELS = dict(Status.choices)  # Django's get_status_display() makes this anew for every row


def with_row_facts(households: QuerySet[Household]) -> QuerySet[Household]:
    """Bring along what a row shows: places, and the name of today's helper (the lead first). All else stays in the database."""
    helpers = (
        Pairing.objects.current().ordinary().filter(household=OuterRef("pk")).order_by("-is_lead", "starts_on", "pk")
    )
    return (
        households.select_related("village", "township")
        .only(*SHOWN)
        .annotate(helper_name=Subquery(helpers.values("cadre__name")[:1]))
    )


@dataclass(slots=True)
class Row:
    """One line. `hits` are the members (other than the householder) because of whom it was found."""

    household: Household
    hits: list[Member] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.household.householder_name or _("（无户主）")

    @property
    def status(self) -> str:
        return str(STATUS_LABELS[self.household.status])

    @property
    def unmet(self) -> str:
        count = self.household.open_checks
        return ngettext("未达标 %(count)s 项", "未达标 %(count)s 项", count) % {"count": count} if count else ""

    @property
    def place(self) -> str:
        """石门乡青石村 5组"""
        return f"{self.household.township.name}{self.household.village.name} {self.household.hamlet}".strip()

    @property
    def helper(self) -> str:
        return self.household.helper_name or ""

    @property
    def tone(self) -> str:
        return TONES.get(Status(self.household.status), "grey")

    @property
    def category(self) -> str:
        return codelists.CATEGORY.label(self.household.category)

    @property
    def cause(self) -> str:
        return codelists.CAUSE.label(self.household.main_cause)

    @property
    def found_by(self) -> str:
        """王小芳（之女）、王大（之父，已减少）"""
        names = []
        for member in self.hits:
            relation = codelists.RELATION.label(member.relation)
            names.append(
                _("%(name)s（%(relation)s，已减少）") % {"name": member.name, "relation": relation}
                if member.left_on
                else f"{member.name}（{relation}）"
            )
        return "、".join(names)


def rows_of(households: Iterable[Household], search: Search | None = None) -> list[Row]:
    """Rows for households read by `with_row_facts`; one query more when something is searched for."""
    households = list(households)
    hits = search.hits([h.pk for h in households]) if search and households else {}
    return [Row(h, [m for m in hits.get(h.pk, ()) if not (m.is_householder and m.left_on is None)]) for h in households]


def drawn(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows as the list's template reads them: words by key, each phrase translated and the address made once a page, because drawing
    fifty rows of properties costs more than reading them from the database."""
    choose, nameless, of_house = _("选择%(name)s"), _("（无户主）"), _("%(name)s户")
    address = reverse("households:household_detail", args=[0])
    found = []
    for row in rows:
        h = row.household
        name = h.householder_name or nameless
        found.append({
            "pk": h.pk, "url": address.replace("/0/", f"/{h.pk}/"), "name": name, "choose": choose % {"name": of_house % {"name": name}},
            "found_by": row.found_by, "place": row.place, "people": h.member_count, "closed": h.closed_on is not None,
            "status": row.status, "tone": row.tone, "category": row.category, "cause": row.cause, "unmet": row.unmet, "helper": row.helper,
        })  # fmt: skip
    return found


def counted(count: pages.Count) -> str:
    """「共 412 户」, 「一万户以上」."""
    if count.capped:
        return _("一万户以上")
    return ngettext("共 %(count)s 户", "共 %(count)s 户", count.value) % {"count": f"{count.value:,}"}
