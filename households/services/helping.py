"""Who may help whom: one set of rules for every verb that begins a pairing, and for proposals. The database holds kinship, too."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cadres.models import Cadre
from common import dates
from common.lookups import among
from households.models import Kinship, Member, Pairing, PairingRule, Status
from households.models.kinship import Relation
from households.models.status import MONITORED

# Members of such households help nobody (CHK17 of the domain notes: a helper must not be a poor person).
POOR = (Status.REGISTERED, Status.RETURNED, *MONITORED)
OWN = "own"  # the kinship of a cadre with the household they are or were a member of
RELATIONS: dict[str, Any] = {OWN: gettext_lazy("本人的家庭"), **dict(Relation.choices)}


def members_alike() -> QuerySet[Member]:
    """Rows of members that are the outer cadre by ID number."""
    return Member.objects.filter(id_hash=OuterRef("id_hash")).exclude(id_hash="")


def is_poor() -> Q:
    """The condition of cadres who are present members of a poor or monitored household."""
    return Q(Exists(members_alike().filter(left_on=None, household__status__in=POOR, household__closed_on=None)))


def poor_among(cadres: Iterable[int]) -> set[int]:
    return set(Cadre.objects.filter(is_poor(), among("pk", cadres)).values_list("pk", flat=True))


def kin_among(cadres: Iterable[int], households: Iterable[int] | None = None) -> dict[tuple[int, int], str]:
    """`{(household, cadre): relation}` of kin, declared or by ID number; of all households where none are named. Two queries."""
    cadres = list(cadres)
    here = among("household_id", households) if households is not None else Q()
    rows = Kinship.objects.filter(here, among("cadre_id", cadres), ended_at=None)
    found = {(h, c): str(r) for h, c, r in rows.values_list("household_id", "cadre_id", "relation")}
    hashes: dict[str, list[int]] = {}
    for pk, id_hash in Cadre.objects.filter(among("pk", cadres)).exclude(id_hash="").values_list("pk", "id_hash"):
        hashes.setdefault(id_hash, []).append(pk)
    if hashes:
        members = Member.objects.filter(here, id_hash__in=list(hashes)).exclude(id_hash="")
        for household, id_hash in members.values_list("household_id", "id_hash"):
            found |= {(household, pk): OWN for pk in hashes[id_hash]}
    return found


def loads_of(cadres: Iterable[int] | None = None, day: dt.date | None = None) -> Counter[int]:
    """How many households each (everybody, where none are named) helps on a day or will; point-to-point service does not count."""
    day = day or timezone.localdate()
    named = Q() if cadres is None else among("cadre_id", cadres)
    rows = Pairing.objects.filter(named, Q(ends_on=None) | Q(ends_on__gt=day)).ordinary().order_by()
    return Counter(dict(rows.values_list("cadre_id").annotate(n=Count("household", distinct=True))))


class Rules:
    """The rules there are, and which holds where: the nearest at or above. One query."""

    def __init__(self) -> None:
        self.by_path = {rule.region.path: rule for rule in PairingRule.objects.select_related("region")}

    def at(self, path: str) -> PairingRule:
        parts = path.rstrip("/").split("/")
        for n in range(len(parts), 0, -1):
            rule = self.by_path.get("/".join(parts[:n]) + "/")
            if rule is not None:
                return rule
        return PairingRule()

    def most(self, cadre: Cadre) -> int:
        """The most households of a cadre, whose unit and its region are at hand."""
        return self.at(cadre.unit.region.path).most[cadre.rank]


@dataclass
class Helping:
    """What the rules need to know of some cadres and households. `loads` go up as pairings begin, so that many can be asked in turn."""

    rules: Rules
    kin: dict[tuple[int, int], str]
    poor: set[int]
    loads: Counter[int]
    today: dt.date = field(default_factory=timezone.localdate)

    @classmethod
    def of(cls, cadres: Sequence[Cadre], households: Iterable[int]) -> Helping:
        """Five queries, whatever the numbers."""
        keys = [cadre.pk for cadre in cadres]
        return cls(Rules(), kin_among(keys, households), poor_among(keys), loads_of(keys))

    def why_not_at_all(self, cadre: Cadre, on: dt.date) -> str:
        """Why a cadre may help nobody from a day on, "" where they may."""
        if cadre.left_on is not None:
            if cadre.left_on <= self.today:
                return _("%(name)s已于 %(day)s 离岗，不能再帮扶农户，请换一位。") % _of(cadre, cadre.left_on)
            return _("%(name)s将于 %(day)s 离岗，不能再安排帮扶，请换一位。") % _of(cadre, cadre.left_on)
        if cadre.cannot_help:
            return _("%(name)s登记为不能结对帮扶，请换一位。") % {"name": cadre.name}
        if cadre.pk in self.poor:
            return _("%(name)s是建档立卡户或监测户的家庭成员，不能当帮扶责任人，请换一位。") % {"name": cadre.name}
        return ""

    def why_kin(self, cadre: Cadre, household: int) -> str:
        relation = self.kin.get((household, cadre.pk))
        if relation is None:
            return ""
        if relation == OWN:
            return _("%(name)s是（或曾经是）这一户的家庭成员，应当回避，请换一位。") % {"name": cadre.name}
        return _("%(name)s与这一户有亲属关系（%(relation)s），应当回避，请换一位。") % {
            "name": cadre.name, "relation": RELATIONS[relation],
        }  # fmt: skip

    def why_full(self, cadre: Cadre) -> str:
        most, count = self.rules.most(cadre), self.loads[cadre.pk]
        if count < most:
            return ""
        return _("%(name)s（%(rank)s）已帮扶 %(count)s 户，按要求最多 %(most)s 户，请换一位。") % {
            "name": cadre.name, "rank": cadre.get_rank_display(), "count": count, "most": most,
        }  # fmt: skip

    def why_not(self, cadre: Cadre, household: int, on: dt.date, *, point: bool = False, counted: bool = False) -> str:
        """Why a cadre may not help a household from a day on, "" where they may. `point`: for one request alone, which no limit counts;
        `counted`: the household is among theirs already."""
        found = self.why_not_at_all(cadre, on) or self.why_kin(cadre, household)
        return found or ("" if point or counted else self.why_full(cadre))


def _of(cadre: Cadre, day: dt.date) -> dict[str, str]:
    return {"name": cadre.name, "day": dates.written(day)}
