"""The rows of villages: what they are called and what is counted of them, a lot of villages in at most five questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from common.streamed import TEXT
from exchange.outgoing import fields
from exchange.outgoing.counts import HOMES, PEOPLE, counted
from exchange.outgoing.fields import AREA, AREA_COLUMNS, SEQUENCE, VILLAGE
from exchange.outgoing.rows import Found, areas_of, places_of

LOT = 100  # villages counted together: some 30,000 households


class Reader:
    """Reads the rows of a mapping for a year, as `exchange.outgoing.rows.Reader` reads those of households."""

    def __init__(self, columns: Sequence[Mapping[str, str]], *, year: int) -> None:
        self.year, self.width = year, len(columns)
        known = fields.placed(columns)
        self.kinds = [TEXT if found is None else found.kind for _place, _column, found in known]
        asked = [(place, column, found) for place, column, found in known if found is not None]
        self.numbered = [place for place, _column, found in asked if found.key == "row.sequence"]
        self.quiet = [place for place, _column, found in asked if not found.digested]
        self.summed = [place for place, _column, found in asked if found.source == VILLAGE]
        self.keys = {found.key for _place, _column, found in asked if found.source == VILLAGE} | {HOMES, PEOPLE}
        indexes: dict[str, Mapping[str, int]] = {
            AREA: places_of(AREA_COLUMNS), SEQUENCE: {"year": year}, VILLAGE: {},
        }  # fmt: skip
        self.columns = [
            (place, found.source, found.make(indexes[found.source], column.get("form", ""), False))
            for place, column, found in asked
            if place not in self.numbered
        ]

    def lots(self, pks: Sequence[int], size: int = LOT) -> Iterator[list[Found]]:
        """The villages of these keys in the order of the keys, a lot at a time."""
        for start in range(0, len(pks), size):
            yield self._lot(pks[start : start + size])

    def _lot(self, pks: Sequence[int]) -> list[Found]:
        areas = areas_of(pks)
        numbers = counted(pks, self.keys, year=self.year, today=timezone.localdate())
        return [self._found(pk, areas[pk], numbers[pk]) for pk in pks if pk in areas]

    def _found(self, pk: int, area: Any, numbers: Mapping[str, int]) -> Found:
        cells: list[Any] = [""] * self.width
        records: dict[str, Any] = {AREA: area, VILLAGE: numbers, SEQUENCE: pk}
        for place, source, read in self.columns:
            cells[place] = read(records[source])
        return Found(pk, pk, Decimal(0), numbers[PEOPLE], numbers[HOMES], [(pk, cells)])
