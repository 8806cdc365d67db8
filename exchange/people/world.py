"""What the ledger knows of everybody and everything that a sheet of people names: a fixed number of questions, whatever the number of rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from cadres.models import Cadre, ResidentTeam, TeamMember, Unit
from common import identity, pii
from common.lookups import among
from exchange.people.sheets import Listed
from exchange.reading import Places
from households import codelists
from households.models import Household, Member, Pairing
from regions.models import Region

Key = tuple[str, str]


@dataclass(frozen=True)
class Placed:
    """A row with where the file says that it is; `wrong` why that cannot be told."""

    row: Listed
    village: Region | None
    wrong: str


def id_hash_of(row: Listed) -> str:
    return pii.lookup_hash("id", row.identity.base) if row.identity else ""


def phone_hash_of(row: Listed) -> str:
    return pii.lookup_hash("phone", row.phone)


@dataclass
class World:
    """With `lock`, households, pairings, cadres and teams stay as they are read until the transaction ends, in this order."""

    by: Any
    on: dt.date
    lock: bool
    editable: set[int] = field(default_factory=set)  # regions in which `by` keeps cadres
    regions: dict[int, Region] = field(default_factory=dict)
    placed: list[Placed] = field(default_factory=list)
    numbered: dict[str, Household] = field(default_factory=dict)
    named: dict[tuple[int, str], list[Household]] = field(default_factory=lambda: defaultdict(list))
    heads: dict[int, str] = field(default_factory=dict)  # keyed hash of the householder's ID number by household
    pairings: dict[int, list[Pairing]] = field(default_factory=lambda: defaultdict(list))
    units: list[Unit] = field(default_factory=list)
    cadres: list[Cadre] = field(default_factory=list)
    ids_elsewhere: set[str] = field(default_factory=set)  # of serving cadres whom `by` does not see
    teams: dict[int, ResidentTeam] = field(default_factory=dict)  # by village, those that are there
    left: dict[int, dt.date] = field(default_factory=dict)  # by village, when its last team left
    places: list[TeamMember] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Sequence[Listed], *, by: Any, on: dt.date, lock: bool) -> World:
        world = cls(by, on, lock, set(visible_region_ids(by, Permission.CADRE_EDIT)))
        places = Places(sorted(world.editable))
        for row in rows:
            village, wrong = places.find(row.area) if not row.household else (None, "")
            world.placed.append(Placed(row, village, wrong))
        world._read_households(rows)
        world._read_units(rows)
        world._read_cadres(rows)
        world._read_teams()
        return world

    def _locked(self, rows: Any) -> Any:
        return rows.select_for_update(of=("self",)) if self.lock else rows

    def _read_households(self, rows: Sequence[Listed]) -> None:
        own = Household.objects.for_user(self.by, Permission.PAIRING_EDIT)
        numbers = {row.household for row in rows if row.household}
        named = {each.name for row in rows for each in row.named}
        villages = {placed.village.pk for placed in self.placed if placed.village}
        wanted = Q(number__in=numbers) if numbers else Q(pk__in=[])
        if named:
            wanted |= among("village_id", villages) & Q(householder_name__in=named, closed_on=None)
        found = self._locked(own.filter(wanted).select_related("village__parent")).order_by("pk")
        for household in found:
            if household.number in numbers:
                self.numbered[household.number] = household
            if household.householder_name in named and not household.is_closed:
                self.named[household.village_id, household.householder_name].append(household)
        known = {household.pk for household in found}
        heads = Member.objects.filter(among("household_id", known), left_on=None, relation=codelists.HOUSEHOLDER)
        self.heads = dict(heads.order_by("pk").values_list("household_id", "id_hash"))
        pairings = (
            Pairing.objects.filter(among("household_id", known)).select_related("cadre").order_by("starts_on", "pk")
        )
        for pairing in self._locked(pairings):
            self.pairings[pairing.household_id].append(pairing)

    def _read_units(self, rows: Sequence[Listed]) -> None:
        names, numbers = {row.unit for row in rows if row.unit}, {row.unit_number for row in rows if row.unit_number}
        seen = Unit.objects.for_user(self.by, Permission.CADRE_VIEW).select_related("region")
        self.units = list(seen.filter(Q(name__in=names) | Q(number__in=numbers)).order_by("pk"))

    def _read_cadres(self, rows: Sequence[Listed]) -> None:
        numbers = {row.number for row in rows if row.number}
        hashes = {id_hash_of(row) for row in rows} - {""}
        phones = {phone_hash_of(row) for row in rows} - {""}
        names = {row.name for row in rows if row.name}
        wanted = Q(number__in=numbers) | Q(id_hash__in=hashes) | Q(phone_hash__in=phones, name__in=names)
        wanted |= among("unit_id", [unit.pk for unit in self.units]) & Q(name__in=names)
        seen = Cadre.objects.for_user(self.by, Permission.CADRE_VIEW).filter(wanted).select_related("unit__region")
        self.cadres = list(self._locked(seen).order_by("pk"))
        known = {cadre.id_hash for cadre in self.cadres}
        others = Cadre.objects.serving().filter(id_hash__in=hashes - known).order_by()
        self.ids_elsewhere = set(others.values_list("id_hash", flat=True))

    def _read_teams(self) -> None:
        wanted = {placed.village.pk for placed in self.placed if placed.village and placed.row.in_team}
        teams = ResidentTeam.objects.filter(among("village_id", wanted)).select_related("village")
        for team in self._locked(teams).order_by("starts_on", "pk"):
            if team.ends_on is None:
                self.teams[team.village_id] = team
            else:
                self.left[team.village_id] = max(team.ends_on, self.left.get(team.village_id, team.ends_on))
        own = among("team_id", [team.pk for team in self.teams.values()])
        own |= among("cadre_id", [cadre.pk for cadre in self.cadres]) & Q(is_full_time=True)
        places = TeamMember.objects.filter(own, ends_on=None).select_related("cadre", "team__village").order_by("pk")
        self.places = list(self._locked(places))

    def read_regions(self, wanted: Iterable[Region]) -> None:
        """The regions above some places, for units that are new."""
        keys = {pk for region in wanted for pk in region.ancestor_ids} - self.regions.keys()
        self.regions |= Region.objects.in_bulk(keys)


def same_person(raw: str, id_hash: str) -> bool:
    """Whether a number as typed is the one behind a keyed hash, however it is spelt."""
    number = identity.clean(raw)
    bases = {number, number[: pii.ID_LENGTH]}
    if len(number) == 15 and number.isdigit():
        bases.add(identity.upgrade(number))
    return any(pii.lookup_hash("id", base) == id_hash for base in bases)
