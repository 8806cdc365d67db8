"""每村每两年至少发展一名年轻党员: where each village stands, who could be the next one and by when, said in a sentence.

Developed is who became a probationary member in the village, taken in by its own branch, not older than the rule's age on that day, and
was not expelled since. A village is `done` while the rule holds and its next term is far away, `coming` or `warned` inside the time of warning
(somebody can still make it, or nobody), `broken` once it does not hold.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Count, DateField, F, Func, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import dates
from common.dates import later
from common.lookups import among
from party.codelists import GONE
from party.models import COMING, MEMBERS, PartyPerson, PartyRule, Stage
from party.rules import Rules
from party.scope import keys, only_below
from regions.models import Region


class State(StrEnum):
    DONE = "done"
    COMING = "coming"
    WARNED = "warned"
    BROKEN = "broken"


LABELS = {
    State.DONE: gettext_lazy("已达到"), State.COMING: gettext_lazy("有人选，来得及"), State.WARNED: gettext_lazy("预警"),
    State.BROKEN: gettext_lazy("没有达到"),
}  # fmt: skip
TONES = {State.DONE: "green", State.COMING: "blue", State.WARNED: "amber", State.BROKEN: "red"}


def age_on(birth: dt.date, day: dt.date) -> int:
    """Full years on a day."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def road(person: PartyPerson, rule: PartyRule, today: dt.date) -> tuple[dt.date, dt.date]:
    """(first day as 发展对象, first day as 预备党员) of who is on the way, if every step is taken on its first possible day."""
    assert person.stage_since is not None  # who has a stage has its day
    day, stage = person.stage_since, person.stage
    if stage == Stage.APPLICANT:
        day, stage = max(today, later(day, rule.applicant_months)), Stage.ACTIVIST
    if stage == Stage.ACTIVIST:
        day = max(today, later(day, rule.activist_months))
    target = day
    return target, max(today, later(target, rule.target_months))


@dataclass
class Outlook:
    """One village under its rule on a day. `deadline` is the day from which the rule no longer holds unless somebody is developed before."""

    village: Region
    rule: PartyRule
    today: dt.date
    developed: list[PartyPerson] = field(default_factory=list)
    coming: list[PartyPerson] = field(default_factory=list)
    stages: Counter[str] = field(default_factory=Counter)

    @property
    def deadline(self) -> dt.date | None:
        days = sorted((p.joined_on for p in self.developed if p.joined_on), reverse=True)
        return (
            later(days[self.rule.young_least - 1], 12 * self.rule.young_years)
            if len(days) >= self.rule.young_least
            else None
        )

    @property
    def holds(self) -> bool:
        return self.deadline is not None

    @property
    def state(self) -> State:
        deadline = self.deadline
        if deadline is None:
            return State.BROKEN
        if self.today < later(deadline, -self.rule.warn_months):
            return State.DONE
        return State.COMING if self.in_time else State.WARNED

    @property
    def in_time(self) -> list[PartyPerson]:
        """Who can become a probationary member before the deadline, young enough."""
        deadline = self.deadline
        return [p for p in self.coming if deadline is not None and road(p, self.rule, self.today)[1] < deadline]

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def label(self) -> Any:
        return LABELS[self.state]

    @property
    def sentence(self) -> str:
        rule = self.rule
        asked = {"least": rule.young_least, "age": rule.young_age, "years": rule.young_years}
        deadline = self.deadline
        if deadline is None:
            asked["least"] = rule.young_least - len(self.developed)
            first = _("近 %(years)s 年没有发展够 %(age)s 岁及以下党员，还差 %(least)s 名") % asked
            return first + "；" + self._next()
        month = {"month": dates.month(deadline)}
        if self.state == State.DONE:
            return _("近 %(years)s 年已发展 %(count)s 名 %(age)s 岁及以下党员，下一名须在 %(month)s前发展。") % (
                asked | month | {"count": len(self.developed)}
            )
        return _("到 %(month)s前须再发展 1 名 %(age)s 岁及以下党员") % (asked | month) + "；" + self._next()

    def _next(self) -> str:
        """Who stands nearest, and by when."""
        if not self.coming:
            return _("现在没有 %(age)s 岁及以下的培养对象。") % {"age": self.rule.young_age}
        stage = max((p.stage for p in self.coming), key=COMING.index)
        group = [p for p in self.coming if p.stage == stage]
        roads = [road(p, self.rule, self.today) for p in group]
        late = "" if self.in_time or not self.holds else _("，来不及")
        told = {"stage": Stage(stage).label, "count": len(group), "late": late}
        if stage == Stage.TARGET:
            return _("现有%(stage)s %(count)s 人，最早 %(month)s可接收为预备党员%(late)s。") % (
                told | {"month": dates.month(min(day for _target, day in roads))}
            )
        return _("现有%(stage)s %(count)s 人，最早 %(month)s可列为发展对象%(late)s。") % (
            told | {"month": dates.month(min(target for target, _day in roads))}
        )


def look(villages: Iterable[Region], rules: Rules, today: dt.date | None = None) -> list[Outlook]:
    """Every village in the order given; one query."""
    today = today or timezone.localdate()
    found = {village.pk: Outlook(village, rules.of(village), today) for village in villages}
    longest = max((o.rule.young_years for o in found.values()), default=0)
    people = (
        PartyPerson._base_manager.filter(among("branch__village_id", found)).exclude(stage="").select_related("branch")
    )
    people = people.filter(
        Q(left_on=None, stage__in=COMING)
        | Q(stage__in=MEMBERS, developed_here=True, joined_on__gt=later(today, -12 * longest))
    ).exclude(left_reason__in=GONE)
    for person in people.order_by("pk"):
        _count(found[person.branch.village_id], person)
    return list(found.values())


class Later(Func):
    """`common.dates.later` in the database."""

    template = "((%(expressions)s + make_interval(months => %(months)s))::date)"
    output_field = DateField()

    def __init__(self, day: Any, months: int, **extra: Any) -> None:
        super().__init__(day, months=int(months), **extra)


class AgeOn(Func):
    """`age_on` in the database: (day, birth)."""

    # Timestamps without a zone: clocks have changed in the years of some births.
    template = "(EXTRACT(YEAR FROM AGE(%(expressions)s::timestamp))::int)"
    arg_joiner = "::timestamp, "
    output_field = IntegerField()


def in_need(villages: Any, rules: Rules, today: dt.date | None = None) -> Any:
    """The same without reading a person: of a queryset of villages, those that are not `done`."""
    today = today or timezone.localdate()
    need = Q()
    for path, nearer in rules.areas():
        rule = rules.at(path)
        safe_until = Later(Later(F("joined_on"), 12 * rule.young_years), -rule.warn_months)
        developed = PartyPerson._base_manager.exclude(left_reason__in=GONE).filter(
            branch__village=OuterRef("pk"), stage__in=MEMBERS, developed_here=True
        )
        young = developed.alias(safe_until=safe_until, age=AgeOn("joined_on", "birth_date")).filter(
            safe_until__gt=today, age__lte=rule.young_age
        )
        number = young.order_by().values("branch__village").annotate(n=Count("pk")).values("n")
        fewer = LessThan(Coalesce(Subquery(number), 0), rule.young_least)
        need |= only_below(path, nearer, "path") & Q(fewer)
    return villages.filter(need)


def _count(outlook: Outlook, person: PartyPerson) -> None:
    rule, today = outlook.rule, outlook.today
    if person.stage in COMING:
        outlook.stages[person.stage] += 1
        if age_on(person.birth_date, road(person, rule, today)[1]) <= rule.young_age:
            outlook.coming.append(person)
    elif _is_recent(person, rule, today) and age_on(person.birth_date, person.joined_on or today) <= rule.young_age:
        outlook.developed.append(person)


def _is_recent(person: PartyPerson, rule: PartyRule, today: dt.date) -> bool:
    return person.joined_on is not None and later(person.joined_on, 12 * rule.young_years) > today


def villages_in(outlooks: Iterable[Outlook], state: str) -> list[int]:
    """Keys of the villages in a state; "open" for all that are not done."""
    wanted = [each for each in State if each != State.DONE] if state == "open" else [state]
    return keys(o.village for o in outlooks if o.state in wanted)
