"""数据项: what is counted, said once. A dataset is rows of one table; its dimensions divide them, its measures add them up.

The roll-up, the pages, the lists behind their figures, reports and the API all follow from these declarations, so that a figure is as long
as its list. Packages above and `figures.shipped` add theirs with `register`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from common.lookups import among
from supervision.items import Told

NOW = 0  # the year of what has no year: how things stand
UNKNOWN = "none"  # the key of rows that say nothing

Choices = Mapping[str, Any]
Numbers = dict[str, dict[str, int]]  # {place of a cut: {keys, joined by "|": number}}, as `RegionFigures` keeps them


@dataclass(frozen=True)
class Dimension:
    """What divides rows, each into one of `choices` (`{key: words}`, in the order to show).

    `raw` is the expression the database groups by; `key(raw, today)` says which choice that is, "" for a row that none of them means.
    `where(key, today)` is the same as a condition. `groups` are further choices that mean several keys at once. Where `overlaps`, a row
    may be in several choices or in none: then `flags` holds a condition a choice, and there is no `raw`.
    """

    code: str
    label: Any
    choices: Callable[[], Choices]
    raw: Any = None
    key: Callable[[str, dt.date], str] = lambda raw, today: raw or UNKNOWN
    condition: Callable[[str, dt.date], Q] = lambda key, today: Q()
    groups: Mapping[str, tuple[Any, tuple[str, ...]]] | None = None
    flags: Mapping[str, Q] | None = None

    @property
    def overlaps(self) -> bool:
        return self.flags is not None

    def keys_of(self, chosen: str) -> tuple[str, ...]:
        """The keys that a choice or a group stands for."""
        return (self.groups or {}).get(chosen, ("", (chosen,)))[1]

    def where(self, chosen: str, today: dt.date) -> Q:
        if self.flags is not None:
            return self.flags[chosen]
        found = Q(pk__in=[])
        for key in self.keys_of(chosen):
            found |= self.condition(key, today)
        return found

    def options(self) -> list[tuple[str, Any]]:
        """For a filter: groups first."""
        return [*((key, words) for key, (words, _keys) in (self.groups or {}).items()), *self.choices().items()]

    def words(self, chosen: str) -> str:
        return str(dict(self.options()).get(chosen, chosen))


def column(code: str, label: Any, field: str, choices: Any, *, blank: bool = False, **more: Any) -> Dimension:
    """A column with a code in it, of `choices` (pairs or a mapping). `blank`: it may be empty, which is `UNKNOWN`."""

    def given() -> Choices:
        return {str(key): words for key, words in dict(choices).items()} | ({UNKNOWN: _("没有登记")} if blank else {})

    def condition(key: str, today: dt.date) -> Q:
        return Q(**{field: "" if key == UNKNOWN else key})

    return Dimension(code, label, given, raw=F(field), condition=condition, **more)


def cases(code: str, label: Any, kinds: Mapping[str, tuple[Any, Q]], **more: Any) -> Dimension:
    """`{key: (words, condition)}`, of which at most one holds."""
    raw = Case(
        *(When(condition, then=Value(key)) for key, (_w, condition) in kinds.items()),
        default=Value(""),
        output_field=CharField(),
    )
    words = {key: label for key, (label, _q) in kinds.items()}
    return Dimension(
        code, label, lambda: words, raw=raw, key=lambda raw, today: raw, condition=lambda key, today: kinds[key][1], **more
    )  # fmt: skip


def flags(code: str, label: Any, kinds: Mapping[str, tuple[Any, Q]]) -> Dimension:
    """`{key: (words, condition)}`, of which several may hold for a row."""
    words = {key: label for key, (label, _q) in kinds.items()}
    return Dimension(code, label, lambda: words, flags={key: q for key, (_w, q) in kinds.items()})


@dataclass(frozen=True)
class Measure:
    """What is added up: rows, or `expression` over them. Everything is kept as a whole number: money in 分, which `scale` says."""

    code: str
    label: Any
    unit: Any
    expression: Any = None
    scale: int = 1

    def sum(self, condition: Q | None = None) -> Any:
        if self.expression is None:
            return Count("pk", filter=condition)
        return Coalesce(Sum(self.expression, filter=condition), Value(0), output_field=self._field)

    @property
    def _field(self) -> Any:
        from django.db.models import DecimalField, IntegerField

        return DecimalField(max_digits=20, decimal_places=2) if self.scale > 1 else IntegerField()

    def whole(self, value: Any) -> int:
        return int(value * self.scale)

    def shown(self, number: int) -> Any:
        """As people read it: an int, or 元 as a Decimal."""
        return number if self.scale == 1 else Decimal(number) / self.scale


ROWS = "rows"  # the code of the first measure of every dataset: how many there are


@dataclass(frozen=True)
class Dataset:
    """Rows of `model` that `narrow(queryset, today)` leaves, each in one village (an expression over the row) and one year (the same; None:
    how things stand now).

    `cuts` are the combinations of dimensions that are rolled up, none where reports alone ask for the dataset; `tables` the tables of the database whose changes change figures;
    `meaning` what is counted, in one sentence, as the page says it. `tell(row)` shows a row in a list. `permission` beyond that of the
    dashboard itself is needed to see the figures.
    """

    code: str
    label: Any
    meaning: Any
    model: Any
    narrow: Callable[[QuerySet[Any], dt.date], QuerySet[Any]]
    measures: tuple[Measure, ...]
    dimensions: tuple[Dimension, ...]
    cuts: tuple[tuple[str, ...], ...]
    tables: tuple[str, ...]
    tell: Callable[[Any], Told]
    village: Any = "village_id"
    year: Any = None
    related: tuple[str, ...] = ()
    permission: Permission = Permission.HOUSEHOLD_VIEW
    weight: int = 50

    def dimension(self, code: str) -> Dimension:
        return next(each for each in self.dimensions if each.code == code)

    def measure(self, code: str = ROWS) -> Measure:
        return next(each for each in self.measures if each.code == code)

    @property
    def unit(self) -> Any:
        return self.measures[0].unit

    # -- rows -------------------------------------------------------------------------------------------------------------------

    def every_row(self, today: dt.date) -> QuerySet[Any]:
        """All rows, of all regions: for counting."""
        return self._placed(self.narrow(self.model._base_manager.all(), today))

    def rows_for(self, user: Any, today: dt.date) -> QuerySet[Any]:
        """The rows that a user may see."""
        return self._placed(self.narrow(self.model.objects.for_user(user, self.permission), today))

    def _placed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        village = F(self.village) if isinstance(self.village, str) else self.village
        rows = rows.order_by().annotate(figure_village=village)
        return rows if self.year is None else rows.annotate(figure_year=self.year)

    def chosen(self, rows: QuerySet[Any], today: dt.date, *, villages: Iterable[int] | None = None, year: int | None = None,
               by: Mapping[str, str] | None = None) -> QuerySet[Any]:  # fmt: skip
        """Those of the placed rows in villages, of a year, and in a choice of each dimension named."""
        if villages is not None:
            rows = rows.filter(among(self.village if isinstance(self.village, str) else "figure_village", villages))
        if year is not None and self.year is not None:
            rows = rows.filter(figure_year=year)
        for code, key in (by or {}).items():
            rows = rows.filter(self.dimension(code).where(key, today))
        return rows

    # -- counts -----------------------------------------------------------------------------------------------------------------

    def counted(self, today: dt.date, villages: Iterable[int] | None = None) -> dict[tuple[int, int], Numbers]:
        """`{(village, year): numbers}` of the rows there are now, in one query. Nothing is kept of zeros.

        Keys are raw: what depends on the day is told when it is read.
        """
        rows = self.chosen(self.every_row(today), today, villages=villages)
        grouped = {d.code: d for cut in self.cuts for code in cut if not (d := self.dimension(code)).overlaps}
        raws = {f"by_{code}": Cast(d.raw, CharField()) for code, d in grouped.items()}
        sums = {f"sum_{m.code}": m.sum() for m in self.measures}
        flagged = {code: self.dimension(code) for cut in self.cuts for code in cut if self.dimension(code).overlaps}
        for code, d in flagged.items():
            for key, condition in (d.flags or {}).items():
                sums |= {f"sum_{m.code}_{code}_{key}": m.sum(condition) for m in self.measures}
        years = () if self.year is None else ("figure_year",)
        groups = rows.annotate(**raws).values("figure_village", *years, *raws).annotate(**sums)
        found: dict[tuple[int, int], Numbers] = {}
        for group in groups.iterator(chunk_size=5000):
            own = found.setdefault((group["figure_village"], group["figure_year"] if years else NOW), {})
            for cut in self.cuts:
                self._add(own, cut, group)
        return found

    def _add(self, own: Numbers, cut: tuple[str, ...], group: Mapping[str, Any]) -> None:
        exclusive = [code for code in cut if f"by_{code}" in group]
        overlapping = next((code for code in cut if f"by_{code}" not in group), None)
        exclusive_keys = [group[f"by_{code}"] or "" for code in exclusive]
        head = "|".join(exclusive_keys)
        ends = (
            [""]
            if overlapping is None
            else [f"_{overlapping}_{key}" for key in self.dimension(overlapping).flags or {}]
        )
        for m in self.measures:
            for end in ends:
                number = m.whole(group[f"sum_{m.code}{end}"])
                if number:
                    flag = end.removeprefix(f"_{overlapping}_")
                    key = ("|".join((*exclusive_keys, flag))) if overlapping else head
                    sums = own.setdefault(place(self.code, cut, m.code), {})
                    sums[key] = sums.get(key, 0) + number


def place(dataset: str, cut: Sequence[str], measure: str) -> str:
    """Where numbers of a cut stand among those of a region: "households/status+cause/rows"."""
    return f"{dataset}/{'+'.join(cut)}/{measure}"


_datasets: dict[str, Dataset] = {}


def register(*datasets: Dataset) -> None:
    """Add datasets; called in `AppConfig.ready`. The same code again replaces the earlier one."""
    for each in datasets:
        if each.measures[0].code != ROWS:
            raise ValueError(f"{each.code}: the first measure counts the rows and is called {ROWS!r}")
        for cut in each.cuts:
            # A condition stands last among the keys of a cut, and there is one of them: see `Dataset._add`.
            if any(each.dimension(code).overlaps for code in cut[:-1]):
                raise ValueError(f"{each.code}: a dimension whose choices overlap stands last in a cut")
        _datasets[each.code] = each
    signature.cache_clear()


def every() -> list[Dataset]:
    """Those that are rolled up."""
    return [each for each in known() if each.cuts]


def known() -> list[Dataset]:
    """All of them: reports count those without cuts on the spot."""
    return sorted(_datasets.values(), key=lambda each: (each.weight, each.code))


@cache
def signature() -> str:
    """Of what is rolled up. Sums with another one were made by an older version of the software, and are made anew."""
    told = sorted((each.code, each.cuts, [m.code for m in each.measures]) for each in every())
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def get(code: str) -> Dataset | None:
    return _datasets.get(code)


__all__ = [
    "NOW",
    "ROWS",
    "UNKNOWN",
    "Dataset",
    "Dimension",
    "Measure",
    "Told",
    "cases",
    "column",
    "every",
    "flags",
    "get",
    "known",
    "place",
    "register",
    "signature",
]
