"""Places in resident teams as a sheet gives them: who is in the team of the village already, who comes, who cannot."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cadres.models import TeamMember
from common import dates
from exchange.people.parts import CREATED, HELD, UPDATED, PlacePart
from exchange.people.world import World

DUTIES = {"is_leader": gettext_lazy("队长"), "is_first_secretary": gettext_lazy("第一书记")}


def decide_places(world: World, parts: Sequence[PlacePart]) -> None:
    """In the order of the file; what an earlier row has taken a later one finds taken."""
    holders: dict[tuple[int, str], str] = {}  # (village, duty) -> whose it is
    inside: dict[tuple[int, int], TeamMember | None] = {}  # (village, cadre); None: of this file
    full_time: dict[int, str] = {}  # cadre -> village
    for place in world.places:
        village = place.team.village
        inside[village.pk, place.cadre_id] = place
        for duty in DUTIES:
            if getattr(place, duty):
                holders[village.pk, duty] = place.cadre.name
        if place.is_full_time:
            full_time[place.cadre_id] = village.name
    for part in parts:
        if not part.blocked:
            _decide(world, part, holders, inside, full_time)


def _decide(world: World, part: PlacePart, holders: dict[tuple[int, str], str], inside: dict[tuple[int, int], TeamMember | None],
            full_time: dict[int, str]) -> None:  # fmt: skip
    person, village = part.cadre, part.village
    assert person is not None
    assert village is not None
    if person.blocked or person.cadre is None:
        part.block(person.outcome, person.say)
        return
    cadre = person.cadre
    if cadre.left_on is not None:
        words = {"name": cadre.name, "day": dates.written(cadre.left_on)}
        part.block(HELD, _("%(name)s已于 %(day)s 离岗，请先恢复在岗，或者改正表中的人") % words)
        return
    part.team = world.teams.get(village.pk)
    key = (village.pk, cadre.pk)
    part.place = inside.get(key)
    if key in inside:
        _again(world, part, holders, person.cadre.name)
        return
    for duty in (duty for duty, asked in part.duty.items() if asked):
        if (village.pk, duty) in holders:
            words = {"village": village.name, "other": holders[village.pk, duty], "duty": str(DUTIES[duty])}
            part.block(HELD, _("%(village)s工作队的%(duty)s现在是%(other)s，请先在驻村工作队页面调整") % words)
            return
    if cadre.pk in full_time:
        words = {"name": cadre.name, "village": full_time[cadre.pk]}
        part.block(HELD, _("%(name)s已经是%(village)s工作队的全脱产队员，请先登记他在那里离任") % words)
        return
    if part.team is not None and world.on < part.team.starts_on:
        words = {"village": village.name, "day": dates.written(part.team.starts_on)}
        part.block(HELD, _("%(village)s的工作队 %(day)s 才进驻，请把“从哪一天起”改到这一天或以后") % words)
        return
    if part.team is None and world.on < world.left.get(village.pk, world.on):
        words = {"village": village.name, "day": dates.written(world.left[village.pk])}
        part.block(HELD, _("%(village)s的上一支工作队 %(day)s 才撤出，请把“从哪一天起”改到这一天或以后") % words)
        return
    part.outcome = CREATED
    inside[key] = None
    full_time[cadre.pk] = village.name
    for duty, asked in part.duty.items():
        if asked:
            holders[village.pk, duty] = cadre.name


def _again(world: World, part: PlacePart, holders: dict[tuple[int, str], str], name: str) -> None:
    """Somebody who is in the team: a duty more is a change, a duty less is somebody's decision."""
    village, place = part.village, part.place
    assert village is not None
    if place is None:
        part.notes.append(_("与前面的行是同一个队员"))
        return
    more = [duty for duty, asked in part.duty.items() if asked and not getattr(place, duty)]
    less = [duty for duty, asked in part.duty.items() if not asked and getattr(place, duty)]
    if not more:
        if less and not any(part.duty.values()):
            words = {"name": name, "duty": _("、").join(str(DUTIES[duty]) for duty in less)}
            part.block(
                HELD, _("系统里%(name)s是%(duty)s，表中只写队员，请在驻村工作队页面改职责，或者改正表格") % words
            )
        return
    for duty in more:
        if (village.pk, duty) in holders:
            words = {"village": village.name, "other": holders[village.pk, duty], "duty": str(DUTIES[duty])}
            part.block(HELD, _("%(village)s工作队的%(duty)s现在是%(other)s，请先在驻村工作队页面调整") % words)
            return
    if world.on < place.starts_on or (place.term_ends_on is not None and place.term_ends_on <= world.on):
        part.block(
            HELD, _("%(name)s在工作队的任期不包括“从哪一天起”这一天，请先在驻村工作队页面改任期") % {"name": name}
        )
        return
    for duty in more:
        holders[village.pk, duty] = name
    part.duty = {duty: asked or getattr(place, duty) for duty, asked in part.duty.items()}
    part.outcome = UPDATED
    part.changes.append(
        [_("职责"), _spoken(place), _("、").join(str(DUTIES[duty]) for duty, asked in part.duty.items() if asked)]
    )


def _spoken(place: TeamMember) -> str:
    held = [str(word) for duty, word in DUTIES.items() if getattr(place, duty)]
    return _("、").join(held) or _("队员")
