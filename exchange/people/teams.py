"""Places in resident teams as a sheet gives them: who is in the team of the village already, who comes, who cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cadres.models import Cadre, TeamMember
from common import dates
from exchange.people.parts import CREATED, HELD, UPDATED, PlacePart
from exchange.people.world import World
from regions.models import Region

DUTIES = {"is_leader": gettext_lazy("队长"), "is_first_secretary": gettext_lazy("第一书记")}


@dataclass
class _Taken:
    """What is taken in the teams, by the ledger and by earlier rows."""

    holders: dict[tuple[int, str], str] = field(default_factory=dict)  # (village, duty) -> whose it is
    inside: dict[tuple[int, int], TeamMember] = field(default_factory=dict)  # (village, cadre)
    full_time: dict[int, str] = field(default_factory=dict)  # cadre -> village


def decide_places(world: World, parts: Sequence[PlacePart]) -> None:
    """In the order of the file; what an earlier row has taken a later one finds taken. Several rows of one person in one village are one
    place, with the duties of them all."""
    taken = _Taken()
    for place in world.places:
        village = place.team.village
        taken.inside[village.pk, place.cadre_id] = place
        for duty in DUTIES:
            if getattr(place, duty):
                taken.holders[village.pk, duty] = place.cadre.name
        if place.is_full_time:
            taken.full_time[place.cadre_id] = village.name
    firsts: dict[tuple[int, int], PlacePart] = {}
    rest: list[tuple[PlacePart, PlacePart]] = []
    for part in parts:
        if part.blocked or part.cadre is None or part.village is None:
            continue
        if part.cadre.blocked or part.cadre.cadre is None:
            part.block(part.cadre.outcome, part.cadre.say)
            continue
        first = firsts.setdefault((part.village.pk, part.cadre.cadre.pk), part)
        if first is not part:
            first.duty = {duty: asked or part.duty[duty] for duty, asked in first.duty.items()}
            rest.append((part, first))
    for part in firsts.values():
        _decide(world, part, taken)
    for part, first in rest:
        if first.blocked:
            part.block(first.outcome, first.say)
        else:
            part.notes.append(_("与前面的行是同一个队员"))


def _decide(world: World, part: PlacePart, taken: _Taken) -> None:
    assert part.cadre is not None
    assert part.village is not None
    cadre, village = part.cadre.cadre, part.village
    assert cadre is not None
    part.team, part.place = world.teams.get(village.pk), taken.inside.get((village.pk, cadre.pk))
    if cadre.left_on is not None:
        words = {"name": cadre.name, "day": dates.written(cadre.left_on)}
        part.block(HELD, _("%(name)s已于 %(day)s 离岗，请先恢复在岗，或者改正表中的人") % words)
    elif part.place is not None:
        _again(world, part, part.place, taken)
    elif say := _why_not(world, part, cadre, village, taken):
        part.block(HELD, say)
    else:
        part.outcome = CREATED
        taken.full_time[cadre.pk] = village.name
        _take(part, village, cadre.name, taken)


def _take(part: PlacePart, village: Region, name: str, taken: _Taken) -> None:
    for duty, asked in part.duty.items():
        if asked:
            taken.holders[village.pk, duty] = name


def _why_not(world: World, part: PlacePart, cadre: Cadre, village: Region, taken: _Taken) -> str:
    """Why somebody new cannot come into a team, "" where they can."""
    if say := _held_by_another([duty for duty, asked in part.duty.items() if asked], village, taken):
        return say
    if cadre.pk in taken.full_time:
        words = {"name": cadre.name, "village": taken.full_time[cadre.pk]}
        return _("%(name)s已经是%(village)s工作队的全脱产队员，请先登记他在那里离任") % words
    if part.team is not None and world.on < part.team.starts_on:
        words = {"village": village.name, "day": dates.written(part.team.starts_on)}
        return _("%(village)s的工作队 %(day)s 才进驻，请把“从哪一天起”改到这一天或以后") % words
    if part.team is None and world.on < world.left.get(village.pk, world.on):
        words = {"village": village.name, "day": dates.written(world.left[village.pk])}
        return _("%(village)s的上一支工作队 %(day)s 才撤出，请把“从哪一天起”改到这一天或以后") % words
    return ""


def _held_by_another(duties: Sequence[str], village: Region, taken: _Taken) -> str:
    for duty in duties:
        if (village.pk, duty) in taken.holders:
            words = {"village": village.name, "other": taken.holders[village.pk, duty], "duty": str(DUTIES[duty])}
            return _("%(village)s工作队的%(duty)s现在是%(other)s，请先在驻村工作队页面调整") % words
    return ""


def _again(world: World, part: PlacePart, place: TeamMember, taken: _Taken) -> None:
    """Somebody who is in the team: a duty more is a change, a duty less is somebody's decision."""
    village, name = place.team.village, place.cadre.name
    more = [duty for duty, asked in part.duty.items() if asked and not getattr(place, duty)]
    less = [duty for duty, asked in part.duty.items() if not asked and getattr(place, duty)]
    if not more:
        if less and not any(part.duty.values()):
            words = {"name": name, "duty": _("、").join(str(DUTIES[duty]) for duty in less)}
            part.block(
                HELD, _("系统里%(name)s是%(duty)s，表中只写队员，请在驻村工作队页面改职责，或者改正表格") % words
            )
        return
    if say := _held_by_another(more, village, taken):
        part.block(HELD, say)
        return
    if world.on < place.starts_on or (place.term_ends_on is not None and place.term_ends_on <= world.on):
        part.block(
            HELD, _("%(name)s在工作队的任期不包括“从哪一天起”这一天，请先在驻村工作队页面改任期") % {"name": name}
        )
        return
    _take(part, village, name, taken)
    part.duty = {duty: asked or getattr(place, duty) for duty, asked in part.duty.items()}
    part.outcome = UPDATED
    part.changes.append(
        [_("职责"), _spoken(place), _("、").join(str(DUTIES[duty]) for duty, asked in part.duty.items() if asked)]
    )


def _spoken(place: TeamMember) -> str:
    held = [str(word) for duty, word in DUTIES.items() if getattr(place, duty)]
    return _("、").join(held) or _("队员")
