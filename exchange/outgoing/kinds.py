"""What is particular about rows of a kind, said once for each: who may be in the file, how rows are read, what is summed, which rows left.

Pages, API, verbs and the making of a file ask `of(row_kind)`; a further kind of rows is one more class here and its sources in `fields`.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from common.lookups import among
from common.money import format_money
from exchange.outgoing import rows, villages
from exchange.outgoing.filters import VillageFilter
from exchange.outgoing.models import ExportRun, RowKind
from exchange.outgoing.rows import Found
from households.filters import HouseholdFilter
from households.models import Household, Member, Pairing
from regions.models import Level, Region

Gone = tuple[int, int]  # (household or village, key of its row)
EXPORT = Permission.HOUSEHOLD_EXPORT


class StaleError(Exception):
    """What was asked for can no longer be found; the message is one sentence for the user."""


class Tally:
    """Counts what is written, for the control line and the receipt."""

    def __init__(self) -> None:
        self.found = self.written = self.same = self.households = self.persons = self.left = 0
        self.amount = Decimal(0)
        self.villages: set[int] = set()
        self.sums: dict[int, int] = {}  # of the reader's `summed` places


class Kind(ABC):
    """Rows of one kind. `page` asks for their files; `filters` is what the page can be asked about."""

    page: ClassVar[str]
    filters: ClassVar[Any]
    lot: ClassVar[int]  # read together
    has_numbers: ClassVar[bool] = True  # masked ones, which may be asked for in full
    takes_chosen: ClassVar[bool] = True  # households ticked in the list
    nothing: ClassVar[Any]
    unknown: ClassVar[Any]  # what is said of filters that are none, with their %(names)s
    closing: ClassVar[Any]  # what the page of a finished file says of its last line
    left_headings: ClassVar[tuple[str, str, str]]  # fewer than make a heading of an import

    def bound(self, query: Mapping[str, str], by: Any) -> Any:
        """The filters of a request over what its owner may see."""
        data = QueryDict(mutable=True)
        data.update(query)
        return self.filters(data, self.seen(by), request=SimpleNamespace(user=by))

    def strange(self, names: Collection[str]) -> str:
        """The sentence about filters that there are not, "" where all are known."""
        unknown = sorted(set(names) - set(self.filters.base_filters))
        return str(self.unknown) % {"names": "、".join(map(self.name_of, unknown))} if unknown else ""

    def name_of(self, name: str) -> str:
        return name

    @abstractmethod
    def seen(self, by: Any) -> QuerySet[Any]:
        """Rows of what the filters are over, as far as `by` may see them."""

    @abstractmethod
    def keys(self, export: ExportRun, by: Any) -> tuple[list[int], int]:
        """(what rows are read by, in the order of the file; how many of the list may not be exported). Raises StaleError."""

    @abstractmethod
    def reader(self, export: ExportRun, by: Any) -> Any:
        """Reads the rows by their keys, in lots."""

    def people(self, one: Found, written: int) -> int:
        """How many people the rows written of a household say."""
        return one.people

    @abstractmethod
    def sums(self, export: ExportRun, tally: Tally) -> list[str]:
        """The middle of the control line; Chinese in every language, as the headings are."""

    @abstractmethod
    def told(self, export: ExportRun) -> list[tuple[str, str]]:
        """The numbers of a finished file for its page: (label, value)."""

    @abstractmethod
    def left(self, gone: Sequence[Gone], by: Any) -> Iterable[tuple[str, str, str]]:
        """What is said of rows that are in the file no longer, under `left_headings`."""


# -- rows of households ---------------------------------------------------------------------------------------------------------------


def reach(user: Any, *, full: bool) -> Any:
    """The households whose rows a user may have in a file."""
    households = Household.objects.for_user(user, EXPORT)
    if full:
        households = households.filter(pk__in=Household.objects.for_user(user, Permission.PII_REVEAL).order_by())
    return households


class OfHouseholds(Kind):
    """A row a household."""

    page = "exchange:export_new"
    filters = HouseholdFilter
    lot = rows.LOT
    nothing = gettext_lazy("没有符合条件、又在您可以导出范围内的农户，请放宽筛选条件后再导出。")
    unknown = gettext_lazy("农户列表没有这些条件：%(names)s。")
    closing = gettext_lazy("表格最后一行写着行数、户数、人数和金额合计，收表的人可以核对；重新导入时这一行会自动跳过。")
    left_headings = ("户编号", "姓名", "说明")
    counts_people: ClassVar[str] = "人数"

    def seen(self, by: Any) -> QuerySet[Any]:
        return Household.objects.for_user(by)

    def keys(self, export: ExportRun, by: Any) -> tuple[list[int], int]:
        if export.chosen is not None:
            found = self.seen(by).filter(among("pk", export.chosen))
        else:
            asked = self.bound(export.query, by)
            if not asked.is_valid():
                raise StaleError(_("筛选条件已经过期或有误，请回到农户列表重新筛选后再导出。"))
            found = asked.qs
        listed = list(found.order_by("-pk").values_list("pk", flat=True))
        may = set(reach(by, full=export.is_full).order_by().values_list("pk", flat=True))
        keys = [pk for pk in listed if pk in may]
        return keys, len(listed) - len(keys)

    def reader(self, export: ExportRun, by: Any) -> Any:
        return rows.Reader(export.columns, export.row_kind, year=export.year, full=export.is_full, by=by)

    def sums(self, export: ExportRun, tally: Tally) -> list[str]:
        return [
            f"行数 {tally.written}",
            f"户数 {tally.households}",
            f"{self.counts_people} {tally.persons}",
            f"金额合计 {format_money(tally.amount)} 元",
        ]

    def told(self, export: ExportRun) -> list[tuple[str, str]]:
        return [
            (_("行数"), _rows(export.rows_written)), (_("户数"), _homes(export.households)), self.told_people(export.people),
            (_("金额合计"), _("%(amount)s 元") % {"amount": format_money(export.amount)}),
        ]  # fmt: skip

    def told_people(self, n: int) -> tuple[str, str]:
        return _("人数"), _people(n)

    def left(self, gone: Sequence[Gone], by: Any) -> Iterable[tuple[str, str, str]]:
        mine = reach(by, full=False).filter(among("pk", {pk for pk, _key in gone}))
        households = {h["pk"]: h for h in mine.values("pk", "number", "householder_name", "closed_on")}
        ones = self.ones([key for pk, key in gone if pk in households])
        return [self._left(households.get(pk), ones.get(key)) for pk, key in gone]

    def ones(self, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Of rows that are not households: what is known today of members or pairings."""
        return {}

    def _left(self, household: dict[str, Any] | None, one: dict[str, Any] | None) -> tuple[str, str, str]:
        if household is None:
            return "", "", "已不在您的管理范围"
        name = one["name"] if one else household["householder_name"]
        if household["closed_on"]:
            why = f"已于 {household['closed_on']} 销户"
        elif one and one.get("left_on"):
            why = f"已于 {one['left_on']} 减少"
        elif one and one.get("household_id") not in (None, household["pk"]):
            why = "已转到另一户"
        elif one and one.get("ends_on") and one["ends_on"] <= dt.date.today():  # noqa: DTZ011  a calendar day
            why = f"结对已于 {one['ends_on']} 结束"
        else:
            why = "不再符合这次的条件"
        return household["number"], name, why


class OfMembers(OfHouseholds):
    """A row a member; what is the household's stands in each."""

    def people(self, one: Found, written: int) -> int:
        return written

    def ones(self, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        found = Member._base_manager.filter(among("pk", keys)).values("pk", "name", "left_on", "household_id")
        return {member["pk"]: member for member in found}


class OfPairings(OfHouseholds):
    """A row a pairing: what stands for people are those."""

    counts_people = "结对"

    def people(self, one: Found, written: int) -> int:
        return written

    def told_people(self, n: int) -> tuple[str, str]:
        return _("结对"), ngettext("%(n)s 对", "%(n)s 对", n) % {"n": n}

    def ones(self, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        found = Pairing._base_manager.filter(among("pk", keys)).values("pk", "cadre__name", "ends_on")
        return {pairing["pk"]: pairing | {"name": pairing["cadre__name"]} for pairing in found}


# -- rows of villages -----------------------------------------------------------------------------------------------------------------


class OfVillages(Kind):
    """A row a village of today in which one may export, in the order of their codes."""

    page = "exchange:export_villages"
    filters = VillageFilter
    lot = villages.LOT
    has_numbers = takes_chosen = False
    nothing = gettext_lazy("没有在您可以导出范围内的行政村，请另选地区后再导出。")
    unknown = gettext_lazy("一村一行的表只按地区和年度导出，不能再加这些条件：%(names)s。请去掉后再导出。")
    closing = gettext_lazy(
        "表格最后一行写着村数和各列的合计，收表的人可以核对。一村一行的数字都从台账里数出来，所以不能再导入。"
    )
    left_headings = ("行政区划编码", "村", "说明")

    def name_of(self, name: str) -> str:
        known = HouseholdFilter.base_filters.get(name)
        return str(known.label) if known is not None else name

    def seen(self, by: Any) -> QuerySet[Any]:
        visible = visible_region_ids(by, EXPORT) if by.can(EXPORT) else []
        return Region.objects.current().filter(among("pk", visible), level=Level.VILLAGE)

    def keys(self, export: ExportRun, by: Any) -> tuple[list[int], int]:
        asked = self.bound(export.query, by)
        if not asked.is_valid():
            raise StaleError(_("所选的地区已经不在您可以导出的范围内，请另选地区后再导出。"))
        return list(asked.qs.order_by("code", "pk").values_list("pk", flat=True)), 0

    def reader(self, export: ExportRun, by: Any) -> Any:
        return villages.Reader(export.columns, year=export.year)

    def sums(self, export: ExportRun, tally: Tally) -> list[str]:
        named = [(" ".join(export.columns[place]["heading"].split()), n) for place, n in sorted(tally.sums.items())]
        return [f"村数 {tally.written}", *(f"{heading} {n}" for heading, n in named)]

    def told(self, export: ExportRun) -> list[tuple[str, str]]:
        n = export.rows_written
        return [
            (_("村数"), ngettext("%(n)s 个村", "%(n)s 个村", n) % {"n": n}), (_("在册户数"), _homes(export.households)),
            (_("在册人口数"), _people(export.people)),
        ]  # fmt: skip

    def left(self, gone: Sequence[Gone], by: Any) -> Iterable[tuple[str, str, str]]:
        visible = set(visible_region_ids(by, EXPORT))
        regions = Region.objects.in_bulk([pk for pk, _key in gone if pk in visible])
        return [_left_village(regions.get(pk)) for pk, _key in gone]


def _left_village(region: Region | None) -> tuple[str, str, str]:
    if region is None:
        return "", "", "已不在您的管理范围"
    why = "不再符合这次的条件" if region.is_current else f"已于 {region.valid_to} 停用"
    return region.code, region.name, why


# -- all of them ----------------------------------------------------------------------------------------------------------------------


def _rows(n: int) -> str:
    return ngettext("%(n)s 行", "%(n)s 行", n) % {"n": n}


def _homes(n: int) -> str:
    return ngettext("%(n)s 户", "%(n)s 户", n) % {"n": n}


def _people(n: int) -> str:
    return ngettext("%(n)s 人", "%(n)s 人", n) % {"n": n}


KINDS: dict[str, Kind] = {
    RowKind.HOUSEHOLD: OfHouseholds(), RowKind.MEMBER: OfMembers(), RowKind.PAIRING: OfPairings(), RowKind.VILLAGE: OfVillages(),
}  # fmt: skip


def of(row_kind: str) -> Kind:
    return KINDS[row_kind]


def on_page(page: str) -> list[str]:
    """The kinds of rows whose files a page asks for."""
    return [str(row_kind) for row_kind, kind in KINDS.items() if kind.page == page]
