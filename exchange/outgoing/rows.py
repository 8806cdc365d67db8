"""The rows of an outgoing spreadsheet, some hundred households at a time: a fixed number of questions a lot, no model instances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from common.lookups import among
from common.streamed import MONEY, TEXT
from exchange.outgoing import fields
from exchange.outgoing.fields import (
    AREA,
    AREA_COLUMNS,
    HEAD,
    HELPER,
    HOUSEHOLD,
    INCOME,
    MEMBER,
    MONITOR,
    MYEAR,
    OF_MEMBER,
    SEQUENCE,
    YEAR,
)
from exchange.outgoing.models import RowKind
from households import codelists, curtain
from households.models import Household, HouseholdYear, IncomeLine, Member, MemberYear, Pairing, Status, StatusChange
from regions.models import Region

Area = tuple[str, ...]
LOT = 500  # households read together


@dataclass(slots=True)
class Found:
    """The rows of one household (or of one village, where rows are villages), each with the key by which it is known again. `money` is
    what its columns of the household sum to, `homes` and `people` how many it stands for, whoever of them has a row."""

    pk: int
    village: int
    money: Decimal
    people: int
    homes: int = 1
    rows: list[tuple[int, list[Any]]] = field(default_factory=list)


@dataclass(slots=True)
class _Column:
    place: int
    source: str
    read: fields.Getter


def places_of(names: Sequence[str]) -> dict[str, int]:
    """`{name: its place}`, each name once."""
    return {name: at for at, name in enumerate(dict.fromkeys(names))}


class Reader:
    """Reads the rows of a mapping for a year. `full` gives whole numbers where masked ones are the rule; `by` is who will read them."""

    def __init__(self, columns: Sequence[Mapping[str, str]], row_kind: str, *, year: int, full: bool, by: Any) -> None:
        self.row_kind, self.year, self.by = row_kind, year, by
        self.width = len(columns)
        known = fields.placed(columns)
        self.kinds = [TEXT if found is None else found.kind for _place, _column, found in known]
        needs: dict[str, list[str]] = {
            HOUSEHOLD: ["id", "village_id", "member_count", "status"], YEAR: ["household_id"], MEMBER: ["id", "household_id", "relation"],
            MYEAR: ["member_id"], HELPER: ["id", "household_id", "cadre_id"], HEAD: [],
        }  # fmt: skip
        self.sources = {found.source for _place, _column, found in known if found is not None}
        for _place, _column, found in known:
            if found is not None and found.source in needs:
                needs[found.source].extend(found.needs(full))
        needs[MEMBER] += needs.pop(HEAD)
        self.index = {source: places_of(names) for source, names in needs.items()}
        indexes: dict[str, Mapping[str, int]] = {
            **self.index, HEAD: self.index[MEMBER], AREA: places_of(AREA_COLUMNS), SEQUENCE: {"year": year}, INCOME: {}, MONITOR: {},
        }  # fmt: skip
        self.once: list[_Column] = []  # the same in all rows of a household
        self.each: list[_Column] = []
        self.numbered: list[int] = []  # places of 序号, which the writer fills
        self.quiet: list[int] = []  # places that make no row a changed one
        self.money: list[int] = []
        self.summed: list[int] = []  # places whose sums the control line says one by one
        for place, column, found in known:
            if found is None:
                continue
            if not found.digested:
                self.quiet.append(place)
            if found.key == "row.sequence":
                self.numbered.append(place)
                continue
            if found.kind == MONEY:
                self.money.append(place)
            made = _Column(place, found.source, found.make(indexes[found.source], column.get("form", ""), full))
            own = OF_MEMBER if row_kind == RowKind.MEMBER else {HELPER} if row_kind == RowKind.PAIRING else frozenset()
            (self.each if found.source in own else self.once).append(made)
        self._areas: dict[int, Area] = {}

    def lots(self, pks: Sequence[int], size: int = LOT) -> Iterator[list[Found]]:
        """The households of these keys in the order of the keys, a lot at a time."""
        for start in range(0, len(pks), size):
            yield self._lot(pks[start : start + size])

    def _lot(self, pks: Sequence[int]) -> list[Found]:
        own = among("household_id", pks)
        columns = tuple(self.index[HOUSEHOLD])
        households = {row[0]: row for row in Household._base_manager.filter(among("pk", pks)).values_list(*columns)}
        hidden = {key for key, first in curtain.hidden_from(self.by, pks).items() if self.year >= first}
        years = self._years(own)
        income = self._income(pks)
        people, myears = self._people(own)
        helpers = self._helpers(own)
        before = self._before(own)
        self._learn_areas({row[1] for row in households.values()})
        found = []
        for pk in pks:
            row = households.get(pk)
            if row is None:  # closed for good between the two questions
                continue
            members = people.get(pk, [])
            head = next((one for one in members if one[2] == codelists.HOUSEHOLDER), None)
            paired = helpers.get(pk, [])
            shows = pk not in hidden
            records: dict[str, Any] = {
                HOUSEHOLD: row, YEAR: years.get(pk) if shows else None, INCOME: income.get(pk) if shows else None, HEAD: head, MEMBER: head,
                MYEAR: myears.get(head[0]) if head and shows else None, AREA: self._areas.get(row[1]), HELPER: paired[0] if paired else None,
                SEQUENCE: row, MONITOR: (row[3], before.get(pk, "")),
            }  # fmt: skip
            found.append(self._rows(row, records, members, myears if shows else {}, paired))
        return found

    def _rows(
        self, row: Any, records: dict[str, Any], members: list[Any], myears: dict[int, Any], paired: list[Any]
    ) -> Found:
        cells: list[Any] = [""] * self.width
        for column in self.once:
            record = records[column.source]
            if record is not None:
                cells[column.place] = column.read(record)
        money = sum((cells[place] for place in self.money if cells[place]), Decimal(0))
        one = Found(row[0], row[1], money, row[2])
        if self.row_kind == RowKind.HOUSEHOLD:
            one.rows.append((row[0], cells))
        elif self.row_kind == RowKind.MEMBER:
            for member in members:
                one.rows.append((member[0], self._own(cells, {MEMBER: member, MYEAR: myears.get(member[0])})))
        else:
            for pairing in paired:
                one.rows.append((pairing[0], self._own(cells, {HELPER: pairing})))
        return one

    def _own(self, cells: list[Any], records: Mapping[str, Any]) -> list[Any]:
        own = cells.copy()
        for column in self.each:
            record = records[column.source]
            if record is not None:
                own[column.place] = column.read(record)
        return own

    def _years(self, own: Any) -> dict[int, Any]:
        if YEAR not in self.sources:
            return {}
        rows = HouseholdYear._base_manager.filter(own, year=self.year).order_by().values_list(*self.index[YEAR])
        return {row[0]: row for row in rows}

    def _income(self, pks: Sequence[int]) -> dict[int, dict[str, Decimal]]:
        found: dict[int, dict[str, Decimal]] = {}
        if INCOME in self.sources:
            lines = IncomeLine._base_manager.filter(
                among("household_year__household_id", pks), household_year__year=self.year
            )
            for pk, item, amount in lines.order_by().values_list("household_year__household_id", "item", "amount"):
                found.setdefault(pk, {})[item] = amount
        return found

    def _people(self, own: Any) -> tuple[dict[int, list[Any]], dict[int, Any]]:
        """Members who have not left, by household, and their years by member."""
        people: dict[int, list[Any]] = {}
        myears: dict[int, Any] = {}
        if self.row_kind == RowKind.MEMBER or self.sources & {HEAD, MEMBER, MYEAR}:
            rows = Member._base_manager.filter(own, left_on=None)
            for row in rows.order_by("household_id", "relation", "birth_date", "id").values_list(*self.index[MEMBER]):
                people.setdefault(row[1], []).append(row)
        if MYEAR in self.sources:
            keys = [row[0] for rows in people.values() for row in rows]
            found = MemberYear._base_manager.filter(among("member_id", keys), year=self.year).order_by()
            myears = {row[0]: row for row in found.values_list(*self.index[MYEAR])}
        return people, myears

    def _helpers(self, own: Any) -> dict[int, list[Any]]:
        """Those who help in the year, for rows of pairings; else today's, the lead first."""
        found: dict[int, list[Any]] = {}
        if self.row_kind != RowKind.PAIRING and HELPER not in self.sources:
            return found
        pairings = Pairing._base_manager.filter(own)
        if self.row_kind == RowKind.PAIRING:
            pairings = pairings.filter(starts_on__lte=dt.date(self.year, 12, 31)).exclude(
                ends_on__lte=dt.date(self.year, 1, 1)
            )
            ordered = pairings.order_by("household_id", "starts_on", "pk")
        else:
            today = Pairing.objects.current().ordinary()
            ordered = today.filter(own).order_by("household_id", "-is_lead", "starts_on", "pk")
        for row in ordered.values_list(*self.index[HELPER]):
            found.setdefault(row[1], []).append(row)
        return found

    def _before(self, own: Any) -> dict[int, str]:
        """What a household was whose risk is removed."""
        if MONITOR not in self.sources:
            return {}
        changes = StatusChange._base_manager.filter(
            own, to_status=Status.RISK_REMOVED, state=StatusChange.State.CONFIRMED
        )
        return dict(changes.order_by("effective_on", "pk").values_list("household_id", "from_status"))

    def _learn_areas(self, villages: set[int]) -> None:
        lacking = villages - self._areas.keys()
        if AREA in self.sources and lacking:
            self._areas |= areas_of(lacking)


def areas_of(villages: Iterable[int]) -> dict[int, Area]:
    """The names above villages from the province down, and their codes, as `AREA_COLUMNS`; two questions."""
    rows = {region.pk: region for region in Region.objects.filter(among("pk", villages))}
    above = {key for region in rows.values() for key in region.ancestor_ids}
    names = dict(Region.objects.filter(among("pk", above)).values_list("pk", "name"))
    found: dict[int, Area] = {}
    for pk, region in rows.items():
        levels = [names[key] for key in region.ancestor_ids]
        found[pk] = (*levels, *[""] * (5 - len(levels)), region.code)
    return found


def compared(row: Sequence[Any], quiet: Sequence[int]) -> list[Any]:
    """The cells whose change is a change of the row."""
    if not quiet:
        return list(row)
    return [cell for place, cell in enumerate(row) if place not in quiet]
