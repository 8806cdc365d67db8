"""How far a round of surveys is: its households by stage, each figure the length of a list that one click opens.

A household stands in one stage only, that of the best survey it has in the round's year, so stages add up to what is expected.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, CharField, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Posting, User
from accounts.roles import Permission
from accounts.scoping import posted_regions, visible_region_ids
from cadres.models import Cadre
from households.models import Household, Pairing, Status
from households.querysets import paired_household_ids
from regions.models import Level, Region
from surveys.models import Device, Survey, SurveyRound

# From the best to none at all; a survey in an earlier one of these decides for its household.
STAGES = {
    "approved": gettext_lazy("已通过"),
    "submitted": gettext_lazy("待审核"),
    "returned": gettext_lazy("已退回"),
    "drafted": gettext_lazy("填写中"),
    "untouched": gettext_lazy("未开始"),
}
TONES = {"approved": "green", "submitted": "blue", "returned": "red", "drafted": "amber", "untouched": "grey"}
STATE_OF = {
    "approved": Survey.State.APPROVED,
    "submitted": Survey.State.SUBMITTED,
    "returned": Survey.State.RETURNED,
    "drafted": Survey.State.DRAFT,
}
STANDING = ("approved", "submitted", "returned")  # somebody was there and has sent it
MISSING = ("drafted", "untouched")
NOT_REGISTERED = (Status.ORDINARY, Status.STRUCK_OFF)


# -- rounds ---------------------------------------------------------------------------------------------------------------------


def rounds_for(user: Any) -> QuerySet[SurveyRound]:
    """Rounds that ask for households the user may see: of the own area, of a region above it, of a region inside it."""
    if not getattr(user, "is_active", False) or not user.can(Permission.HOUSEHOLD_VIEW):
        return SurveyRound.objects.none()
    regions = set(visible_region_ids(user, Permission.HOUSEHOLD_VIEW))
    for region in posted_regions(user, Permission.HOUSEHOLD_VIEW):
        regions.update(region.ancestor_ids)
    own = paired_household_ids(user)
    if own:
        villages = Region.objects.filter(households__in=own).order_by().values_list("path", flat=True).distinct()
        regions.update(int(pk) for path in villages for pk in path.split("/") if pk)
    return SurveyRound.objects.filter(region__in=regions).select_related("region")


def stage_of_round(round: SurveyRound, today: dt.date | None = None) -> tuple[str, str]:
    """(word, tone): 未开始, 进行中, 已截止, 已结束."""
    today = today or timezone.localdate()
    if round.closed_at is not None:
        return _("已结束"), "grey"
    if round.starts_on > today:
        return _("尚未开始"), "grey"
    return (_("已截止"), "amber") if round.due_on < today else (_("进行中"), "blue")


def is_overdue(round: SurveyRound, today: dt.date | None = None) -> bool:
    """Whether households without a survey are late: past the day, and the round still asks for them."""
    return round.closed_at is None and round.due_on < (today or timezone.localdate())


def chosen_round(rounds: Sequence[SurveyRound], pk: str = "") -> SurveyRound | None:
    """The one asked for, else the newest that runs, else the newest; None where there is none."""
    today = timezone.localdate()
    asked = next((r for r in rounds if str(r.pk) == pk), None)
    runs = next((r for r in rounds if r.closed_at is None and r.starts_on <= today), None)
    return asked or runs or next(iter(rounds), None)


# -- households -----------------------------------------------------------------------------------------------------------------


def within_q(region: Region, household: str = "") -> Q:
    """The condition on households to be in a region, by its level, because each level has a column or a list of its own to look in.

    `household` is the way from the rows to their household, with its underscores: "household__".
    """
    if region.level == Level.VILLAGE:
        return Q(**{f"{household}village": region})
    if region.level == Level.TOWNSHIP:
        return Q(**{f"{household}township": region})
    villages = Region.objects.within(region).filter(level=Level.VILLAGE).values_list("pk", flat=True)
    return Q(**{f"{household}village__in": list(villages)})


def within(rows: Any, region: Region, household: str = "") -> Any:
    """Those of the rows whose household is in a region."""
    return rows.filter(within_q(region, household))


def asked_of(households: Any, round: SurveyRound) -> Any:
    """Those of `households` (through the gate) that a round asks for: in its region, of its audience, not closed."""
    households = within(households.active(), round.region)
    if round.audience == SurveyRound.Audience.REGISTERED:
        households = households.exclude(status__in=NOT_REGISTERED)
    return households


def expected(user: Any, round: SurveyRound) -> Any:
    """The households that a round asks for and the user may see."""
    return asked_of(Household.objects.for_user(user), round)


def surveys_of(year: int, *states: str) -> Any:
    """First-hand surveys of the outer household in a year."""
    return Survey._base_manager.filter(
        household=OuterRef("pk"), year=year, purpose=Survey.Purpose.SURVEY, state__in=[STATE_OF[s] for s in states]
    ).order_by()


def with_stage(households: Any, year: int) -> Any:
    """Annotated with `stage`, a key of STAGES."""
    whens = [When(Exists(surveys_of(year, name)), then=Value(name)) for name in STATE_OF]
    return households.annotate(stage=Case(*whens, default=Value("untouched"), output_field=CharField()))


def in_stage(households: Any, year: int, stage: str) -> Any:
    """The households in a stage, or in one of a tuple's."""
    if stage == "untouched":
        return households.filter(~Exists(surveys_of(year, *STATE_OF)))
    better = list(STATE_OF)[: list(STATE_OF).index(stage)]
    households = households.filter(Exists(surveys_of(year, stage)))
    return households.filter(~Exists(surveys_of(year, *better))) if better else households


def missing(households: Any, year: int) -> Any:
    """The households nobody has sent a survey of."""
    return households.filter(~Exists(surveys_of(year, *STANDING)))


def standing(households: Any, year: int) -> Any:
    """The households somebody has sent a survey of."""
    return households.filter(Exists(surveys_of(year, *STANDING)))


RANK = Case(
    *[When(state=state, then=Value(n)) for n, state in enumerate(STATE_OF.values())], output_field=IntegerField()
)


def decisive(year: int) -> Any:
    """The one survey of each household that decides its stage in a year: there is no better one, and no newer one as good."""
    every = Survey._base_manager.filter(year=year, purpose=Survey.Purpose.SURVEY, state__in=STATE_OF.values()).annotate(
        rank=RANK
    )
    better = Q(rank__lt=OuterRef("rank")) | Q(rank=OuterRef("rank"), pk__gt=OuterRef("pk"))
    return every.filter(~Exists(every.filter(better, household=OuterRef("household")))).order_by()


def with_person(households: Any, year: int) -> Any:
    """Annotated with `decisive` (a survey's key) and `person`: who surveyed, else who is expected to, the lead helper.

    `person` is "u" and a user's key, "c" and that of a cadre who cannot log in, or "" for a household that is nobody's. For the rows
    of a page; `by_person` and `of_person` ask the same of all households at once.
    """
    best = surveys_of(year, *STATE_OF).annotate(rank=RANK).order_by("rank", "-pk")
    lead = Pairing.objects.current().filter(household=OuterRef("pk"), is_lead=True).order_by("pk")
    return households.annotate(
        decisive=Subquery(best.values("pk")[:1]),
        surveyor=Subquery(best.values("surveyor_id")[:1]),
        lead_user=Subquery(lead.values("cadre__user_id")[:1]),
        lead_cadre=Subquery(lead.values("cadre_id")[:1]),
    ).annotate(
        person=Case(
            When(surveyor__isnull=False, then=_key("u", "surveyor")),
            When(lead_user__isnull=False, then=_key("u", "lead_user")),
            When(lead_cadre__isnull=False, then=_key("c", "lead_cadre")),
            default=Value(""),
            output_field=CharField(),
        )
    )


def _leads() -> Any:
    return Pairing.objects.current().filter(is_lead=True).order_by()


def of_person(households: Any, year: int, person: str) -> Any:
    """The households whose `person` (see `with_person`) this is."""
    untouched = in_stage(households, year, "untouched")
    if person == "":
        return untouched.filter(~Exists(_leads().filter(household=OuterRef("pk"))))
    pk = int(person[1:]) if person[1:].isdecimal() and len(person) < 19 else 0
    if person.startswith("c"):
        return untouched.filter(Exists(_leads().filter(household=OuterRef("pk"), cadre=pk, cadre__user=None)))
    led = _leads().filter(household=OuterRef("pk"), cadre__user=pk)
    theirs = decisive(year).filter(surveyor=pk).values("household")
    return households.filter(Q(pk__in=theirs) | (~Exists(surveys_of(year, *STATE_OF)) & Exists(led)))


def _key(letter: str, column: str) -> Concat:
    return Concat(Value(letter), Cast(column, CharField()), output_field=CharField())


def names_of(people: Iterable[str]) -> dict[str, str]:
    """The name behind each key of `with_person`."""
    people = set(people)
    users = {int(key[1:]) for key in people if key.startswith("u")}
    cadres = {int(key[1:]) for key in people if key.startswith("c")}
    names = {"": _("没有调查人")}
    if users:
        names |= {f"u{pk}": name for pk, name in User.objects.filter(pk__in=users).values_list("pk", "name")}
    if cadres:
        found = Cadre.objects.filter(pk__in=cadres).values_list("pk", "name")
        names |= {f"c{pk}": _("%(name)s（没有账号）") % {"name": name} for pk, name in found}
    return names


# -- figures --------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """Households alike in place or person, by stage. `query` is what narrows the list to them."""

    label: str
    query: Mapping[str, str]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    deeper: bool = False  # a region that has a page of its own

    @property
    def expected(self) -> int:
        return sum(self.counts.values())

    @property
    def standing(self) -> int:
        return sum(self.counts[stage] for stage in STANDING)

    @property
    def missing(self) -> int:
        return sum(self.counts[stage] for stage in MISSING)

    def add(self, stage: str, number: int) -> None:
        self.counts[stage] += number


def top_of(user: Any, round: SurveyRound) -> Region | None:
    """Where the user begins: the round's region, or the own posting inside it; None for several postings or none (a helper)."""
    visible = set(visible_region_ids(user, Permission.HOUSEHOLD_VIEW))
    if round.region_id in visible:
        return round.region
    own = [r for r in posted_regions(user, Permission.HOUSEHOLD_VIEW) if r.path.startswith(round.region.path)]
    return own[0] if len(own) == 1 else None


@dataclass
class Place:
    """A region (or a 组) with its households, counted by what they are alike in."""

    label: str
    query: Mapping[str, str]
    deeper: bool
    counts: dict[tuple[Any, ...], int] = field(default_factory=dict)


BLANK = "-"  # in an address: households without a 组


def places(households: Any, at: Region | None, columns: Sequence[str], visible: Container[int] = ()) -> list[Place]:
    """One for each region below `at` that has households (each 组 of a village), in order of code, counted by the values of `columns`
    (annotations of `households`). Two queries or three.

    `visible` are the regions the user may choose; a helper's households stand in others, which are no pages of their own.
    """
    level = at.level if at is not None else None
    if level == Level.VILLAGE:
        column = "hamlet"
    elif level is not None and level < Level.TOWNSHIP:
        column = "township"
    else:
        column = "village"
    found: dict[Any, dict[tuple[Any, ...], int]] = {}
    for key, *values, number in households.order_by().values_list(column, *columns).annotate(n=Count("pk")):
        found.setdefault(key, {})[tuple(values)] = number
    if column == "hamlet":
        return [
            Place(hamlet or _("未分组"), {"hamlet": hamlet or BLANK}, False, counts)
            for hamlet, counts in sorted(found.items())
        ]
    regions = Region.objects.in_bulk(list(found))
    if level is not None and level < Level.COUNTY:
        regions, found = _gathered(regions, found, level)
    return [
        Place(
            region.name if at is not None else region.full_name or region.name,
            {"region" if region.pk in visible else "place": str(region.pk)},
            region.pk in visible,
            found[region.pk],
        )
        for region in sorted(regions.values(), key=lambda r: (r.code, r.pk))
    ]


def _gathered(townships: Mapping[int, Region], found: Mapping[Any, dict[Any, int]], level: int) -> tuple[dict[int, Region], dict[Any, dict[Any, int]]]:  # fmt: skip
    """The regions one level below `level` and their counts, summed from townships."""
    above = {pk: region.ancestor_ids[level] for pk, region in townships.items()}
    sums: dict[Any, dict[Any, int]] = {pk: {} for pk in above.values()}
    for township, counts in found.items():
        own = sums[above[township]]
        for values, number in counts.items():
            own[values] = own.get(values, 0) + number
    return Region.objects.in_bulk(list(sums)), sums


def by_place(households: Any, year: int, at: Region | None, visible: Container[int] = ()) -> list[Line]:
    """One line for each region below `at`, as `places` says."""
    lines = []
    for place in places(with_stage(households, year), at, ["stage"], visible):
        counts = {stage: place.counts.get((stage,), 0) for stage in STAGES}
        lines.append(Line(place.label, place.query, counts, place.deeper))
    return lines


def by_person(households: Any, year: int) -> list[Line]:
    """One line for each surveyor, who has most to do first; households that are nobody's last. Four queries or five."""
    found: dict[str, Line] = {}

    def add(key: str, stage: str, number: int) -> None:
        found.setdefault(key, Line("", {"who": key or BLANK})).add(stage, number)

    stages = {state: stage for stage, state in STATE_OF.items()}
    here = households.order_by().values("pk")
    for user, state, number in (
        decisive(year).filter(household__in=here).values_list("surveyor_id", "state").annotate(n=Count("pk"))
    ):
        add(f"u{user}", stages[Survey.State(state)], number)
    untouched = in_stage(households, year, "untouched").order_by()
    nobody = untouched.count()
    led = _leads().filter(household__in=untouched.values("pk")).values_list("cadre_id", "cadre__user_id")
    for cadre, user, number in led.annotate(n=Count("pk")):
        add(f"u{user}" if user else f"c{cadre}", "untouched", number)
        nobody -= number
    if nobody:
        add("", "untouched", nobody)
    names = names_of(found)
    for key, line in found.items():
        line.label = names.get(key, key)
    return [
        line for key, line in sorted(found.items(), key=lambda each: (not each[0], -each[1].missing, each[1].label))
    ]


def total(lines: Iterable[Line]) -> Line:
    """The sum of all lines."""
    whole = Line(_("合计"), {})
    for line in lines:
        for stage, number in line.counts.items():
            whole.add(stage, number)
    return whole


# -- phones ---------------------------------------------------------------------------------------------------------------------


def phones_of(user: Any, region: Region | None = None) -> QuerySet[Device]:
    """Phones that said they hold something not uploaded, of people who survey where `user` reviews (inside `region`, when given)."""
    if not user.can(Permission.SURVEY_REVIEW):
        return Device.objects.none()
    area = Q()
    for top in posted_regions(user, Permission.SURVEY_REVIEW):
        if region is None or top.path.startswith(region.path):
            area |= Q(path__startswith=top.path)
        elif region.path.startswith(top.path):
            area |= Q(path__startswith=region.path)
    if not area:
        return Device.objects.none()
    places = Region.objects.filter(area).values("pk")
    posted = User.objects.filter(postings__in=Posting.objects.current(), postings__region__in=places).values("pk")
    paired = Pairing.objects.current().filter(household__village__in=places, cadre__user=OuterRef("user"))
    return Device.objects.filter(Q(user__in=posted) | Exists(paired), revoked_at=None, waiting__gt=0)
