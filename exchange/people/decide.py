"""What becomes of each row of a sheet of people: whose unit, which cadre, which place, which pairing. Nothing is written here.

The same decision is taken at the check and again under locks at the write. What is ambiguous is held with the choices named, never guessed;
what the row forbids itself, or the rules forbid, is rejected. Within a row what can go in goes in: a helper with one doubtful household is
paired with the others.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from common import dates, identity
from exchange.normalise import ERROR, HOLD, NOTE, half_width
from exchange.people.pairs import Pairs
from exchange.people.parts import (
    CADRES,
    CREATED,
    HELD,
    PAIRED,
    PLACES,
    REJECTED,
    UPDATED,
    CadrePart,
    Decided,
    PairPart,
    Part,
    PlacePart,
    UnitPart,
)
from exchange.people.sheets import Listed, Named
from exchange.people.teams import decide_places
from exchange.people.who import People
from exchange.people.world import Placed, World, same_person
from households.models import Household
from regions.models import Region


class Decision:
    """All rows of a file decided in turn: first who is meant, then places in teams, then pairings, ended ones before running ones."""

    def __init__(self, world: World, *, today: dt.date) -> None:
        self.world = world
        self.today = today
        self.rows: list[Decided] = []
        self.units: list[UnitPart] = []
        self.people = People(world, self.units)
        self.places: list[PlacePart] = []
        self.pairs: list[PairPart] = []

    def run(self) -> Decision:
        world = self.world
        world.read_regions(
            [placed.village for placed in world.placed if placed.village]
            + [household.village for household in world.numbered.values()]
            + [unit.region for unit in world.units]
        )
        self.people.look_ahead([placed.row for placed in world.placed])
        for placed in world.placed:
            self.rows.append(self._row(placed))
        decide_places(world, self.places)
        self.hands = Pairs(world, today=self.today).decide(self.pairs)
        self._leave_out_the_idle()
        return self

    def parts(self) -> Iterator[Part]:
        """Everything that is counted, each once."""
        yield from self.units
        yield from self.people.parts
        yield from self.places
        yield from self.pairs

    # -- a row ------------------------------------------------------------------------------------------------------------------

    def _row(self, placed: Placed) -> Decided:
        row = placed.row
        decided = Decided(row, notes=[issue.text for issue in row.issues if issue.level == NOTE])
        asked = self._asked(decided, placed)
        if problem := row.wrong(ERROR):
            return self._kept_out(decided, asked, REJECTED, problem)
        where, outcome, problem = self._where(placed, asked)
        if problem:
            return self._kept_out(decided, asked, outcome, problem)
        unit = self.people.unit_of(row, where)
        decided.cadre = person = self.people.person(row, unit)
        decided.parts = [*([unit] if unit is not None else []), person, *asked]
        doubt = row.wrong(HOLD)
        for part in asked:
            if isinstance(part, PlacePart):
                part.cadre, part.village = person, placed.village
                self.places.append(part)
            elif isinstance(part, PairPart):
                part.cadre = person
                self.pairs.append(part)
                if doubt and not part.blocked:
                    part.block(HELD, doubt)
            person.asked.append(part)
        if doubt:
            decided.level, decided.problem = HELD, doubt
        return decided

    def _asked(self, decided: Decided, placed: Placed) -> list[Part]:
        """What the row asks for beside the person; where it lies is looked at next."""
        row = placed.row
        parts: list[Part] = []
        if row.household:
            parts.append(
                PairPart(
                    PAIRED, _("户编号 %(number)s") % {"number": row.household}, row_no=row.row_no, starts_on=row.starts_on, ends_on=row.ends_on,
                    is_lead=row.is_lead,
                )
            )  # fmt: skip
        if row.in_team:
            duty = {"is_leader": row.is_leader, "is_first_secretary": row.is_secretary}
            parts.append(PlacePart(PLACES, _team_label(placed), duty=duty))
        for named in row.named:
            part = PairPart(PAIRED, str(named), row_no=row.row_no, starts_on=self.world.on, is_lead=row.is_lead)
            parts.append(part)
        return parts

    def _kept_out(self, decided: Decided, asked: list[Part], outcome: str, problem: str) -> Decided:
        """The row as a whole stays out, the person with it."""
        row = decided.row
        person = CadrePart(CADRES, row.name or _("（没有姓名）"), first=row.row_no)
        self.people.parts.append(person)
        decided.level, decided.problem, decided.cadre, decided.parts = outcome, problem, person, [person, *asked]
        for part in decided.parts:
            part.block(outcome, problem)
            if isinstance(part, PlacePart):
                self.places.append(part)
            elif isinstance(part, PairPart):
                self.pairs.append(part)
        return decided

    def _where(self, placed: Placed, asked: list[Part]) -> tuple[Region | None, str, str]:
        """(where the row is, "" ,""), or what becomes of it and why. Sets the households of its pairings."""
        row, village = placed.row, placed.village
        if row.household:
            return self._of_household(row, asked)
        if placed.wrong:
            return None, REJECTED, placed.wrong
        if village is None:
            return None, REJECTED, _("没有写村，不知道在哪个村，请补上乡镇和村")
        if village.pk not in self.world.editable:
            words = {"village": village.full_name or village.name}
            return None, REJECTED, _("“%(village)s”不在您管理的地区，请交给管这个村的人导入") % words
        for part, named in zip((each for each in asked if isinstance(each, PairPart)), row.named, strict=True):
            self._find_named(part, named, village)
        return village, "", ""

    def _of_household(self, row: Listed, asked: list[Part]) -> tuple[Region | None, str, str]:
        household = self.world.numbered.get(row.household)
        if household is None:
            words = {"number": row.household}
            return None, REJECTED, _("您管理的地区里没有户编号 %(number)s 的农户，请核对户编号") % words
        if household.is_closed:
            words = {"day": dates.written(household.closed_on)} if household.closed_on else {"day": ""}
            return None, REJECTED, _("这一户已于 %(day)s 销户，不能再登记结对") % words
        part = asked[0]
        assert isinstance(part, PairPart)
        part.household = household
        part.label = f"{household.householder_name or household.number}（{household.village.name}）"
        if row.householder and household.householder_name and row.householder != household.householder_name:
            words = {"own": household.householder_name, "listed": row.householder}
            return None, HELD, _("台账中这一户的户主是“%(own)s”，表中写的是“%(listed)s”，请核对户编号") % words
        outcome, problem = self._wrong_householder(row, household)
        return household.village, outcome, problem

    def _wrong_householder(self, row: Listed, household: Household) -> tuple[str, str]:
        head = self.world.heads.get(household.pk, "")
        if not row.householder_id or (head and same_person(row.householder_id, head)):
            return "", ""
        try:
            found = identity.parse(row.householder_id, today=self.today)
        except identity.IdentityError as error:
            return REJECTED, _("户主%(wrong)s") % {"wrong": error}
        if head and found.kind != identity.Kind.NONE:
            return HELD, _("户主证件号码与台账中这一户户主的不同，请核对户编号")
        return "", ""

    def _find_named(self, part: PairPart, named: Named, village: Region) -> None:
        found = self.world.named.get((village.pk, named.name), [])
        if not found:
            say = _("%(village)s的台账里没有叫“%(name)s”的户主，请核对姓名和村")
            part.block(REJECTED, say % {"village": village.name, "name": named.name})
            return
        here = [each for each in found if not named.hamlet or same_hamlet(each.hamlet, named.hamlet)]
        if len(here) == 1:
            part.household = here[0]
            return
        shown = _("、").join(each.hamlet or _("没有登记组别") for each in found)
        words: dict[str, Any] = {
            "village": village.name,
            "name": named.name,
            "count": len(found),
            "hamlets": shown,
            "hamlet": named.hamlet,
        }
        if not named.hamlet or len(here) > 1:
            part.block(
                HELD,
                _(
                    "%(village)s有 %(count)s 户的户主叫“%(name)s”（%(hamlets)s），分不清是哪一户，请在姓名后用括号写上组别，或者改用写户编号的结对名单"
                )
                % words,
            )
        else:
            part.block(
                HELD, _("%(village)s的“%(name)s”在台账中是%(hamlets)s，表中写的是%(hamlet)s，请核对组别") % words
            )

    def _leave_out_the_idle(self) -> None:
        """Nobody is registered or changed for rows of which nothing goes in, and no unit is opened for nobody."""
        for person in self.people.parts:
            kept = [part for part in person.asked if not part.blocked]
            if person.outcome in (CREATED, UPDATED) and person.asked and not kept:
                worst = HELD if any(part.outcome == HELD for part in person.asked) else REJECTED
                person.block(worst, _("没有可以写入的结对或队员职务，这个人也没有登记"))
            if not person.blocked and person.unit is not None:
                person.unit.used = person.unit.used or person.is_new or person.moves
        for unit in self.units:
            if unit.outcome == CREATED and not unit.used:
                unit.block(HELD, _("没有可以写入的人，这个单位也没有登记"))


def _team_label(placed: Placed) -> str:
    row = placed.row
    duties = [str(word) for asked, word in ((row.is_leader, _("队长")), (row.is_secretary, _("第一书记"))) if asked]
    where = placed.village.name if placed.village else row.area.get("village", "")
    return f"{where} {_('、').join(duties) or _('队员')}".strip()


_DIGITS = {digit: str(value) for value, digit in enumerate("〇一二三四五六七八九")}


def same_hamlet(own: str, listed: str) -> bool:
    """二组, 2组, 第二村民小组 and 二 are one hamlet."""
    return _hamlet(own) == _hamlet(listed)


def _hamlet(name: str) -> str:
    plain = re.sub(r"\s|^第|村民小?组$|自然村$|小组$|[组社队屯]$", "", half_width(name))
    if plain == "十":
        return "10"
    plain = re.sub(r"^十(?=.)", "1", re.sub(r"(?<=.)十(?=.)", "", re.sub(r"(?<=.)十$", "0", plain)))
    return "".join(_DIGITS.get(character, character) for character in plain)
