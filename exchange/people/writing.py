"""What a decided sheet changes, through the verbs of cadres and pairings: units first, then people, teams, and the households they help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cadres import services as cadres
from cadres.models import Cadre, ResidentTeam
from common.answering import RefusedError
from exchange.flow import ExchangeError
from exchange.people.decide import Decision
from exchange.people.parts import CREATED, UPDATED, CadrePart, PlacePart, UnitPart
from households.services import many
from households.services.pairing import Hands

STEP = 50  # things written between two reports of progress


class Writer:
    """Under the locks of the decision's world, so that what was decided can be done; whatever is refused all the same ends the whole write."""

    def __init__(self, decision: Decision, by: Any, step: Callable[[int], None]) -> None:
        self.decision, self.by = decision, by
        self._step, self._done = step, 0
        self._all = len(decision.units) + len(decision.people.parts) + len(decision.places) + len(decision.hands) or 1
        self._new: dict[int, Cadre] = {}  # by the negative key of the decision
        self._teams: dict[int, ResidentTeam] = dict(decision.world.teams)

    def write(self) -> None:
        for unit in self.decision.units:
            self._unit(unit)
            self._tell()
        self._open([part for part in self.decision.people.parts if part.outcome == CREATED])
        for person in self.decision.people.parts:
            self._change(person)
            self._tell()
        for place in self.decision.places:
            self._place(place)
            self._tell()
        many.write(
            [self._paired(hands) for hands in self.decision.hands.values()], action="pairing.imported", by=self.by
        )

    def _paired(self, hands: Hands) -> many.Done:
        for pairing in hands.begins:
            pairing.cadre = self._new.get(pairing.cadre_id, pairing.cadre)
        changed = [*(row for row, _before in hands.ends.values()), *hands.begins]
        return many.Done(hands, changed[-1], _("、").join(dict.fromkeys(each.cadre.name for each in changed)))

    def _tell(self) -> None:
        self._done += 1
        if self._done % STEP == 0:
            self._step(self._done * 100 // self._all)

    def _unit(self, part: UnitPart) -> None:
        if part.outcome == CREATED and part.region is not None:
            part.unit = cadres.open_unit(
                name=part.name, region=part.region, by=self.by, affiliation=part.affiliation, number=part.number
            )
        elif part.outcome == UPDATED and part.unit is not None:
            facts = {"affiliation": part.unit.affiliation, "number": part.unit.number} | part.facts
            part.unit = cadres.change_unit(unit=part.unit, by=self.by, name=part.unit.name, **facts)

    def _open(self, parts: Sequence[CadrePart]) -> None:
        new = [
            (part, part.unit.unit, part.cadre)
            for part in parts if part.cadre is not None and part.unit is not None and part.unit.unit is not None
        ]  # fmt: skip
        people = [(unit, {"name": cadre.name} | part.facts) for part, unit, cadre in new]
        for (part, _unit, cadre), opened in zip(new, cadres.open_cadres(people=people, by=self.by), strict=True):
            part.cadre = self._new[cadre.pk] = opened

    def _change(self, part: CadrePart) -> None:
        cadre, unit = part.cadre, part.unit.unit if part.unit else None
        if cadre is None or part.outcome != UPDATED:
            return
        if part.moves and unit is not None:
            cadre = cadres.move_cadre(cadre=cadre, unit=unit, by=self.by)
        if part.facts:
            cadre = cadres.change_cadre(cadre=cadre, by=self.by, facts=part.facts)
        part.cadre = cadre

    def _place(self, part: PlacePart) -> None:
        person, village, on = part.cadre, part.village, self.decision.world.on
        if part.outcome not in (CREATED, UPDATED) or person is None or person.cadre is None or village is None:
            return
        if part.place is not None:
            cadres.change_duty(place=part.place, by=self.by, on=on, is_full_time=part.place.is_full_time, **part.duty)
            return
        team = self._teams.get(village.pk)
        if team is None:
            sends = person.unit.unit if person.unit and any(part.duty.values()) else None
            team = self._teams[village.pk] = cadres.begin_team(village=village, by=self.by, starts_on=on, unit=sends)
        cadres.join_team(team=team, cadre=person.cadre, by=self.by, starts_on=on, **part.duty)


def write(decision: Decision, *, by: Any, step: Callable[[int], None]) -> None:
    """Raises ExchangeError, for nothing to be written, where a verb refuses what was decided."""
    try:
        Writer(decision, by, step).write()
    except ValidationError as error:
        raise ExchangeError(_("写入时被拒绝，一项也没有写入：%(reason)s") % {"reason": error.messages[0]}) from error
    except RefusedError as error:
        raise ExchangeError(_("写入时被拒绝，一项也没有写入：%(reason)s") % {"reason": error}) from error
