"""The villages of an area and their resident teams: what of each team falls short of its rule, as conditions of the database, so that a
figure and the list it opens are one condition.

A day decides: places and teams in force on it. The rule of a village is the one put for the nearest region above it (`TeamRule`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from cadres.models import ResidentTeam, TeamMember, TeamRule
from cadres.querysets import in_force
from common.lookups import among
from regions.models import Level, Region

RULE_FIELDS = ("least_people", "least_months", "leader_is_secretary", "warn_days")


@dataclass(frozen=True)
class Problem:
    """One way in which a village's team falls short. `says` defines it in a sentence; `tone` is that of its tile and tag."""

    code: str
    label: Any
    says: Any
    where: Q
    tone: str = "amber"


PROBLEMS: dict[str, Problem] = {
    problem.code: problem
    for problem in (
        Problem("vacant", _("没有工作队"), _("今天没有在驻的工作队。"), Q(team_id=None), "red"),
        Problem("headless", _("没有第一书记"), _("今天没有第一书记在任，含没有工作队的村。"), Q(has_secretary=False), "red"),
        Problem("few", _("队员不够"), _("有工作队，在任队员少于要求的最少人数。"), Q(team_id__isnull=False, people__lt=F("least_people"))),
        Problem(
            "apart", _("队长不是第一书记"), _("要求队长由第一书记担任，而在任队员中没有人兼任。"),
            Q(team_id__isnull=False, leader_is_secretary=True, led_by_secretary=False),
        ),
        Problem("short", _("任期短于要求"), _("有在任队员的任期短于要求的最短任期。"), Q(has_short=True)),
        Problem("ending", _("任期将满"), _("有在任队员的任期从今天起在提醒天数以内届满。"), Q(has_ending=True)),
        Problem("over", _("任期已满"), _("有在任队员的任期在今天以前已经届满，还没有登记离任或续任。"), Q(has_over=True), "red"),
        Problem("termless", _("没有登记任期"), _("有在任队员没有登记任期届满日期。"), Q(has_termless=True), "grey"),
    )
}  # fmt: skip
ANY = "any"  # at least one of them
MANNED = "manned"  # villages with a team
WHERE: dict[str, Q] = {code: problem.where for code, problem in PROBLEMS.items()}
WHERE[MANNED] = Q(team_id__isnull=False)
WHERE[ANY] = Q()
for _problem in PROBLEMS.values():
    WHERE[ANY] |= _problem.where
LABELS: dict[str, Any] = {
    MANNED: _("有工作队"),
    ANY: _("有任何一项不足"),
    **{p.code: p.label for p in PROBLEMS.values()},
}


# -- rules --------------------------------------------------------------------------------------------------------------------------


def default_rule() -> TeamRule:
    """What holds where no region put a rule; not saved."""
    return TeamRule()


def rule_for(region: Region) -> tuple[TeamRule, Region | None]:
    """The rule that holds in a region, and the region that put it (None: the defaults)."""
    rules = TeamRule.objects.filter(region__in=region.ancestor_ids).select_related("region").order_by("-region__level")
    rule = rules.first()
    return (rule, rule.region) if rule is not None else (default_rule(), None)


def said(rule: TeamRule, whose: Region | None) -> str:
    """要求：每队不少于 3 人，任期不短于 24 个月，届满前 90 天提醒。队长由第一书记担任。由示范县制定。"""
    sentences = [
        gettext("要求：每队不少于 %(people)s 人，任期不短于 %(months)s 个月，届满前 %(days)s 天提醒。")
        % {"people": rule.least_people, "months": rule.least_months, "days": rule.warn_days}
    ]
    if rule.leader_is_secretary:
        sentences.append(gettext("队长由第一书记担任。"))
    if whose is not None:
        sentences.append(gettext("由%(region)s制定，下级另定的按下级的办。") % {"region": whose.name})
    else:
        sentences.append(gettext("没有另定要求的，按这些常用要求算。"))
    return "".join(sentences)


def _of_rule(name: str) -> Coalesce:
    here = ExpressionWrapper(OuterRef("path"), output_field=CharField())
    nearest = TeamRule.objects.annotate(here=here).filter(here__startswith=F("region__path")).order_by("-region__level")
    model_field = TeamRule._meta.get_field(name)
    return Coalesce(Subquery(nearest.values(name)[:1]), model_field.get_default(), output_field=model_field)


# -- villages ------------------------------------------------------------------------------------------------------------------------


def villages_of(user: Any) -> QuerySet[Region]:
    """The villages in force whose teams the user may see."""
    ids = visible_region_ids(user, Permission.CADRE_VIEW)
    return Region.objects.filter(among("pk", ids), level=Level.VILLAGE, valid_to=None)


def with_state(villages: QuerySet[Region], today: dt.date | None = None) -> QuerySet[Region]:
    """Bring along the team of today, how many are in it, the rule that holds and whether its places fall short of it."""
    today = today or timezone.localdate()
    teams = ResidentTeam.objects.filter(in_force(today), village=OuterRef("pk")).order_by()
    places = TeamMember.objects.filter(in_force(today), team__village=OuterRef("pk")).order_by()
    people = places.values("team__village").annotate(n=Count("pk")).values("n")
    # 满两年 is reached on the day before the anniversary, too: 2024-05-01 to 2026-04-30.
    full_term = Func(
        F("starts_on"), OuterRef("least_months"), template="(%(expressions)s)", arg_joiner=" + INTERVAL '1 month' * ", output_field=DateTimeField()
    )  # fmt: skip
    soon = Func(
        OuterRef("warn_days"), template=f"(DATE '{today:%Y-%m-%d}' + (%(expressions)s))", output_field=DateTimeField()
    )
    rules: dict[str, Any] = {name: _of_rule(name) for name in RULE_FIELDS}
    ruled = villages.annotate(**rules)
    return ruled.annotate(
        team_id=Subquery(teams.values("pk")[:1]),
        people=Coalesce(Subquery(people, output_field=IntegerField()), 0),
        has_secretary=Exists(places.filter(is_first_secretary=True)),
        led_by_secretary=Exists(places.filter(is_first_secretary=True, is_leader=True)),
        has_short=Exists(
            places.annotate(full_term=full_term).filter(term_ends_on__lt=F("full_term") - dt.timedelta(days=1))
        ),
        has_ending=Exists(places.filter(term_ends_on__gte=today, term_ends_on__lte=soon)),
        has_over=Exists(places.filter(term_ends_on__lt=today)),
        has_termless=Exists(places.filter(term_ends_on=None)),
    )


def counts_of(
    villages: QuerySet[Region], today: dt.date | None = None, codes: Iterable[str] = tuple(WHERE)
) -> dict[str, int]:
    """How many of the villages fall under each code, and `all`: one query."""
    sums = {code: Count("pk", filter=WHERE[code]) for code in codes}
    found: dict[str, int] = with_state(villages, today).aggregate(all=Count("pk"), **sums)
    return found


# -- lines ---------------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """A village with its team of today. `villages` come from `with_state`."""

    village: Any
    team: ResidentTeam | None = None
    places: list[TeamMember] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """In words, from the columns of `with_state`: as the filters find them."""
        row = self.village
        found = {
            "vacant": row.team_id is None,
            "headless": not row.has_secretary,
            "few": row.team_id is not None and row.people < row.least_people,
            "apart": row.team_id is not None and row.leader_is_secretary and not row.led_by_secretary,
            "short": row.has_short,
            "ending": row.has_ending,
            "over": row.has_over,
            "termless": row.has_termless,
        }
        return [PROBLEMS[code] for code, there in found.items() if there]

    @property
    def leader(self) -> TeamMember | None:
        return next((place for place in self.places if place.is_leader), None)

    @property
    def secretary(self) -> TeamMember | None:
        return next((place for place in self.places if place.is_first_secretary), None)

    @property
    def next_end(self) -> dt.date | None:
        """When the first of the terms ends."""
        return min((place.term_ends_on for place in self.places if place.term_ends_on), default=None)


def lines_of(villages: Iterable[Any], today: dt.date | None = None) -> list[Line]:
    """Two queries, however many villages."""
    rows = list(villages)
    members = (
        TeamMember.objects.filter(in_force(today))
        .select_related("cadre__unit")
        .order_by("-is_leader", "-is_first_secretary", "pk")
    )
    teams = (
        ResidentTeam.objects.filter(in_force(today), among("village_id", [row.pk for row in rows]))
        .select_related("unit")
        .prefetch_related(Prefetch("members", members, to_attr="now"))
    )
    by_village = {team.village_id: team for team in teams}
    return [
        Line(row, team, list(team.now) if team else [])  # type: ignore[attr-defined]
        for row in rows
        for team in (by_village.get(row.pk),)
    ]


def duties(place: TeamMember) -> list[Any]:
    """队长, 第一书记, or 队员."""
    found = [
        label
        for name, label in (("is_leader", _("队长")), ("is_first_secretary", _("第一书记")))
        if getattr(place, name)
    ]
    return found or [_("队员")]
