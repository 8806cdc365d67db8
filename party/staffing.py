"""班子和党员: what the branches of villages lack, one reading for the figures and for the lists behind them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cadres.querysets import in_force
from common.lookups import among
from party.codelists import POSTS, SECRETARY
from party.development import age_on
from party.models import MEMBERS, Branch, BranchPost, PartyPerson, PartyRule, Stage
from party.rules import COMMITTEE_FROM, LEAST_FULL, Rules
from party.scope import keys
from regions.models import Region

COMMITTEE = (SECRETARY, "personnel", "publicity", "discipline")  # what a committee has at least
GAPS = {
    "secretary": _("没有书记"),
    "posts": _("职务空缺"),
    "few": _("正式党员不足三人"),
    "young": _("没有年轻党员"),
    "able": _("没有有帮带能力的党员"),
}


@dataclass
class Facts:
    """A branch on a day: who holds its posts, its members, what it lacks."""

    branch: Branch
    rule: PartyRule
    today: dt.date
    held: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # post: names
    full: int = 0
    ages: list[int] = field(default_factory=list)  # of members
    coming: int = 0
    able: int = 0

    @property
    def members(self) -> int:
        return len(self.ages)

    @property
    def mean_age(self) -> float | None:
        return round(sum(self.ages) / len(self.ages), 1) if self.ages else None

    @property
    def vacant(self) -> list[str]:
        """Posts nobody holds: the secretary's, and a committee's where there is, or ought to be, one."""
        wanted = COMMITTEE if self.branch.has_committee and self.full >= COMMITTEE_FROM else (SECRETARY,)
        return [post for post in wanted if not self.held.get(post)]

    @property
    def vacant_names(self) -> list[str]:
        return POSTS.labels(self.vacant)

    @property
    def secretary(self) -> str:
        return "、".join(self.held.get(SECRETARY, ()))

    @property
    def gaps(self) -> list[str]:
        lacks = {
            "secretary": SECRETARY in self.vacant, "posts": bool(self.vacant), "few": self.full < LEAST_FULL,
            "young": not any(age <= self.rule.young_age for age in self.ages), "able": not self.able,
        }  # fmt: skip
        return [gap for gap in GAPS if lacks[gap]]

    @property
    def gap_names(self) -> list[str]:
        return [str(GAPS[gap]) for gap in self.gaps if not (gap == "secretary" and "posts" in self.gaps)]


def look(villages: Iterable[Region], rules: Rules, today: dt.date | None = None) -> list[Facts]:
    """The open branches of the villages, in order of village and name; three queries."""
    today = today or timezone.localdate()
    by_key = {village.pk: village for village in villages}
    branches = Branch._base_manager.filter(among("village_id", by_key), closed_on=None).order_by(
        "village__code", "name", "pk"
    )
    found: dict[int, Facts] = {}
    for branch in branches:
        branch.village = by_key[branch.village_id]
        found[branch.pk] = Facts(branch, rules.of(branch.village), today)
    people = PartyPerson._base_manager.filter(among("branch_id", found), left_on=None).exclude(stage="").order_by("pk")
    for key, stage, birth, able in people.values_list("branch_id", "stage", "birth_date", "is_able"):
        facts = found[key]
        if stage not in MEMBERS:
            facts.coming += 1
            continue
        facts.full += stage == Stage.FULL
        facts.able += able
        facts.ages.append(age_on(birth, today))
    posts = BranchPost._base_manager.filter(in_force(today), among("branch_id", found), person__left_on=None).order_by(
        "starts_on", "pk"
    )
    for key, post, name in posts.values_list("branch_id", "post", "person__name"):
        found[key].held[post].append(name)
    return list(found.values())


def without_branch(villages: Iterable[Region], facts: Iterable[Facts]) -> list[Region]:
    """Villages in which there is no branch."""
    there = {each.branch.village_id for each in facts}
    return [village for village in villages if village.pk not in there]


def branches_with(facts: Iterable[Facts], gap: str) -> list[int]:
    """Keys of the branches that have a gap; "any" for one or more."""
    return [each.branch.pk for each in facts if (each.gaps if gap == "any" else gap in each.gaps)]


__all__ = ["COMMITTEE", "GAPS", "Facts", "branches_with", "keys", "look", "without_branch"]
