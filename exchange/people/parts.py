"""What a sheet of people asks for: units, cadres, places in teams and pairings, each with what becomes of it and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from cadres.models import Cadre, ResidentTeam, TeamMember, Unit
from exchange.models import Outcome
from exchange.people.sheets import Listed
from exchange.reading import where
from households.models import Household
from regions.models import Region

CREATED, UPDATED, UNCHANGED = Outcome.CREATED.value, Outcome.UPDATED.value, Outcome.UNCHANGED.value
HELD, REJECTED = Outcome.HELD.value, Outcome.REJECTED.value
WORST = (
    REJECTED,
    HELD,
    CREATED,
    UPDATED,
    UNCHANGED,
)  # what is said of a row is the first that one of its parts came to
UNITS, CADRES, PLACES, PAIRED = "units", "cadres", "places", "pairings"

Changes = list[list[str]]  # [label, old, new], secrets masked


@dataclass(slots=True, eq=False)
class Part:
    """One thing asked for. `say` is one sentence; `depends` keeps it out when it stays out itself."""

    kind: str
    label: str
    outcome: str = UNCHANGED
    say: str = ""
    notes: list[str] = field(default_factory=list)
    changes: Changes = field(default_factory=list)

    @property
    def blocked(self) -> bool:
        return self.outcome in (HELD, REJECTED)

    def block(self, outcome: str, say: str) -> None:
        """Keep it out; a rejection is not softened by a later doubt."""
        if self.outcome == REJECTED and outcome == HELD:
            return
        self.outcome, self.say, self.changes = outcome, say, []


@dataclass(slots=True, eq=False)
class UnitPart(Part):
    """A unit: `unit` where it is known, else where it would be opened."""

    unit: Unit | None = None
    name: str = ""
    number: str = ""
    affiliation: str = ""
    region: Region | None = None
    facts: dict[str, str] = field(default_factory=dict)  # to be changed
    used: bool = False  # somebody of it goes in


@dataclass(slots=True, eq=False)
class CadrePart(Part):
    """A person. A new one is a `Cadre` with a negative key until it is written, so that rules can be asked about them."""

    cadre: Cadre | None = None
    unit: UnitPart | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # for `open_cadre` or `change_cadre`
    moves: bool = False  # to `unit`
    first: int = 0  # the row that names them first
    told: dict[str, str] = field(default_factory=dict)  # what rows of this file said, to compare the next with
    asked: list[Part] = field(default_factory=list)  # places and pairings

    @property
    def is_new(self) -> bool:
        return self.cadre is not None and self.cadre.pk < 0


@dataclass(slots=True, eq=False)
class PlacePart(Part):
    cadre: CadrePart | None = None
    village: Region | None = None
    team: ResidentTeam | None = None  # None: it begins with this place
    place: TeamMember | None = None
    duty: dict[str, Any] = field(default_factory=dict)  # is_leader, is_first_secretary


@dataclass(slots=True, eq=False)
class PairPart(Part):
    cadre: CadrePart | None = None
    household: Household | None = None
    row_no: int = 0
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    is_lead: bool | None = None


@dataclass(slots=True, eq=False)
class Decided:
    """A row and its parts. `level` and `problem` are of the row as a whole."""

    row: Listed
    level: str = ""
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    cadre: CadrePart | None = None

    @property
    def outcome(self) -> str:
        outcomes = {part.outcome for part in self.parts if part is not self.cadre or self._tells_of_cadre} | {
            self.level
        }
        return next((each for each in WORST if each in outcomes), UNCHANGED)

    @property
    def _tells_of_cadre(self) -> bool:
        """A person is told of where they first appear, and in every row that they keep out."""
        return self.cadre is not None and (self.cadre.first == self.row.row_no or self.cadre.blocked)

    def said(self, many_sheets: bool) -> str:
        return where(self.row.sheet, self.row.row_no, many_sheets)
