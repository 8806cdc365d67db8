"""Pairings as a sheet gives them, household by household: which are known, which begin, which have ended, and which nobody can tell."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from cadres.models import Cadre
from common import dates
from exchange.people.parts import CREATED, HELD, REJECTED, UPDATED, PairPart
from exchange.people.world import World
from households.models import Member, Pairing
from households.services.helping import OWN, POOR, Helping
from households.services.pairing import Hands

FOREVER = dt.date.max


class Pairs:
    """`decide` returns what is to be written: {household: hands}."""

    def __init__(self, world: World, *, today: dt.date) -> None:
        self.world = world
        self.today = today
        self.hands: dict[int, Hands] = {}
        self.helping: Helping

    def decide(self, parts: Sequence[PairPart]) -> dict[int, Hands]:
        by_household: dict[int, list[PairPart]] = defaultdict(list)
        for part in parts:
            if part.blocked:
                continue
            person = part.cadre
            assert person is not None
            assert part.household is not None
            if person.blocked or person.cadre is None:
                part.block(person.outcome, person.say)
                continue
            by_household[part.household.pk].append(part)
        self._ask_the_rules(parts)
        for pk, asked in by_household.items():
            self._household(pk, asked)
        return self.hands

    def _ask_the_rules(self, parts: Sequence[PairPart]) -> None:
        """The rules of pairing, for people who are not registered yet, too: kin and poor by the ID number of the sheet."""
        found = {
            part.cadre.cadre.pk: part.cadre for part in parts if part.cadre and part.cadre.cadre and not part.blocked
        }
        households = {part.household.pk for part in parts if part.household and not part.blocked}
        self.helping = Helping.of([person.cadre for person in found.values() if person.cadre], households)
        by_hash = {person.told["id_number"]: pk for pk, person in found.items() if "id_number" in person.told}
        members = Member.objects.filter(id_hash__in=list(by_hash)).exclude(id_hash="").order_by()
        columns = ("id_hash", "household_id", "left_on", "household__status", "household__closed_on")
        for id_hash, household, left_on, status, closed_on in members.values_list(*columns):
            self.helping.kin[household, by_hash[id_hash]] = OWN
            if left_on is None and closed_on is None and status in POOR:
                self.helping.poor.add(by_hash[id_hash])

    # -- a household ------------------------------------------------------------------------------------------------------------

    def _household(self, pk: int, asked: list[PairPart]) -> None:
        household = asked[0].household
        assert household is not None
        hands = Hands(household, self.world.pairings.get(pk, []), self.today)
        self._hold_contradictions(asked)
        asked = sorted((part for part in asked if not part.blocked), key=_order)
        running = [part for part in asked if part.ends_on is None]
        unsaid = [part for part in running if part.is_lead is None]
        for part in asked:
            if part.ends_on is not None or part.is_lead is True:
                self._pairing(part, hands)
        new = [part for part in unsaid if not self._same(part, hands)]
        if len({_cadre(part).pk for part in new}) > 1 and self._lead(hands, self.today, None) is None:
            self._hold_all(
                new,
                _(
                    "表中第 %(rows)s 行都是这一户现在的帮扶责任人，分不清谁牵头，请加一列“是否牵头”，牵头的写“是”，其余写“否”"
                ),
            )
        # Who does not lead comes last: somebody has to lead before.
        for part in (*unsaid, *(part for part in running if part.is_lead is False)):
            if not part.blocked:
                self._pairing(part, hands)
        if hands.ends or hands.begins:
            self.hands[pk] = hands

    def _hold_contradictions(self, asked: Sequence[PairPart]) -> None:
        """An end without a beginning is that of a pairing there is: where the same file has the two run on, one of its rows is wrong."""
        by_cadre: dict[int, list[PairPart]] = defaultdict(list)
        for part in asked:
            by_cadre[_cadre(part).pk].append(part)
        for parts in by_cadre.values():
            if any(p.ends_on and p.starts_on is None for p in parts) and any(p.ends_on is None for p in parts):
                self._hold_all(
                    parts,
                    _(
                        "表中第 %(rows)s 行是同一位干部帮扶这一户，有的写了结束时间，有的没有，请改成一行，并写明开始时间"
                    ),
                )

    def _hold_all(self, parts: Sequence[PairPart], sentence: str) -> None:
        rows = _("、").join(str(row) for row in sorted({part.row_no for part in parts}))
        for part in parts:
            part.block(HELD, sentence % {"rows": rows})

    def _same(self, part: PairPart, hands: Hands) -> list[Pairing]:
        """Pairings of the two that are, or overlap, the one asked for."""
        cadre, starts_on = _cadre(part).pk, part.starts_on or self.today
        return [
            p for p in (*hands.rows, *hands.begins)
            if p.cadre_id == cadre and p.mode != Pairing.Mode.POINT_TO_POINT
            and (p.starts_on == starts_on or _overlap(p, starts_on, part.ends_on))
        ]  # fmt: skip

    @staticmethod
    def _lead(hands: Hands, starts_on: dt.date, ends_on: dt.date | None) -> Pairing | None:
        """Who leads on any day of a period."""
        every = (p for p in (*hands.rows, *hands.begins) if p.is_lead and _overlap(p, starts_on, ends_on))
        return max(every, key=lambda p: p.starts_on, default=None)

    def _pairing(self, part: PairPart, hands: Hands) -> None:
        same = self._same(part, hands)
        if len(same) > 1:
            part.block(HELD, _("两人之间有几段结对与表中的时间重叠，请在农户台账核对"))
        elif same and any(same[0] is begun for begun in hands.begins):
            part.notes.append(_("与前面的行是同一项结对"))
        elif same and part.ends_on is None:
            self._running(part, same[0])
        elif same:
            self._ended(part, same[0], hands)
        elif part.starts_on is None:
            part.block(REJECTED, _("没有写帮扶开始时间，请补上"))
        else:
            self._begin(part, hands)

    def _running(self, part: PairPart, own: Pairing) -> None:
        if own.ends_on is not None and own.ends_on <= self.today:
            words = {"day": dates.written(own.ends_on)}
            part.block(
                HELD, _("系统里这项结对已于 %(day)s 结束，表中没有结束时间；重新结对的，请写新的开始时间") % words
            )
            return
        if part.starts_on and part.cadre and part.starts_on != own.starts_on and part.starts_on != self.world.on:
            words = {"own": dates.written(own.starts_on), "listed": dates.written(part.starts_on)}
            part.notes.append(_("系统里从 %(own)s 开始帮扶，表中是 %(listed)s，没有改动") % words)
        if part.is_lead is not None and part.is_lead != own.is_lead:
            part.notes.append(_("是否牵头与系统里的不同，没有改动；请在农户台账更换牵头人"))

    def _ended(self, part: PairPart, own: Pairing, hands: Hands) -> None:
        ends_on = part.ends_on
        assert ends_on is not None
        if own.ends_on is not None and own.ends_on <= self.today:
            if own.ends_on != ends_on:
                days = {"own": dates.written(own.ends_on), "listed": dates.written(ends_on)}
                part.block(HELD, _("系统里这项结对 %(own)s 结束，表中是 %(listed)s 结束，请核对") % days)
            return
        if ends_on < own.starts_on:
            say = _("系统里这项结对 %(own)s 才开始，晚于表中的结束时间，请核对")
            part.block(HELD, say % {"own": dates.written(own.starts_on)})
            return
        others = [p for p in hands.helpers if p is not own and p.ends_on is None]
        if own.is_lead and others:
            words: dict[str, Any] = {"name": own.cadre.name, "count": len(others)}
            part.block(
                HELD, _("%(name)s牵头，结束以后还有 %(count)s 位帮扶责任人，请在农户台账结束并选定由谁牵头") % words
            )
            return
        hands.end(own, ends_on, _("按导入的名单"))
        self.helping.loads[own.cadre_id] -= 1
        part.outcome = UPDATED
        part.changes.append([_("帮扶结束"), "", dates.written(ends_on)])

    def _begin(self, part: PairPart, hands: Hands) -> None:
        cadre, starts_on, ends_on = _cadre(part), part.starts_on, part.ends_on
        assert starts_on is not None
        if cadre.left_on is not None and (ends_on is None or ends_on > cadre.left_on):
            words = {"name": cadre.name, "day": dates.written(cadre.left_on)}
            part.block(HELD, _("%(name)s已于 %(day)s 离岗，请核对帮扶结束时间，或者先恢复在岗") % words)
            return
        other = self._lead(hands, starts_on, ends_on)
        if part.is_lead is not False and other is not None:
            part.block(HELD, self._taken(other, cadre, ends_on))
            return
        if part.is_lead is False and ends_on is None and other is None:
            part.block(HELD, _("这一户还没有牵头的帮扶责任人，请先安排一位牵头的，或者在“是否牵头”写“是”"))
            return
        if ends_on is None and (say := self.helping.why_not(cadre, hands.household.pk, starts_on)):
            part.block(REJECTED, say)
            return
        row = hands.begin(cadre, starts_on, lead=part.is_lead is not False)
        row.ends_on = ends_on
        if ends_on is None:
            self.helping.loads[cadre.pk] += 1
        part.outcome = CREATED

    def _taken(self, other: Pairing, cadre: Cadre, ends_on: dt.date | None) -> str:
        words: dict[str, Any] = {"other": other.cadre.name, "name": cadre.name, "day": dates.written(other.starts_on)}
        if ends_on is not None or (other.ends_on is not None and other.ends_on <= self.today):
            words["until"] = dates.written(other.ends_on) if other.ends_on else _("现在")
            return _("%(day)s 至 %(until)s 牵头帮扶这一户的是%(other)s，与表中的时间重叠，请核对") % words
        return (
            _(
                "这一户现在的帮扶责任人是%(other)s（%(day)s 起）。要换成%(name)s，请在表中写上%(other)s的结束时间，或者在农户台账更换；一起帮扶的，请加一列“是否牵头”并写“否”"
            )
            % words
        )


def _cadre(part: PairPart) -> Cadre:
    assert part.cadre is not None
    assert part.cadre.cadre is not None
    return part.cadre.cadre


def _overlap(p: Pairing, starts_on: dt.date, ends_on: dt.date | None) -> bool:
    return p.starts_on < (ends_on or FOREVER) and starts_on < (p.ends_on or FOREVER)


def _order(part: PairPart) -> tuple[bool, dt.date]:
    """Ended ones first, each from the earliest."""
    return part.ends_on is None, part.ends_on or part.starts_on or dt.date.min
