"""看板: which figures stand on the page of a region, said once for county, township and village, page, wall screen and paper.

Everything on a page comes from one reading, so that numbers on it agree; every number leads to the list of what it counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from html import (
    escape,
)  # a tenth of what the one of Django costs, which is for texts that may be markup: there are a thousand on a page
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from common import charts
from common.money import format_money
from common.pages import address
from figures import atlas, months, rollup
from figures.datasets import ROWS, Dataset, every, get
from figures.sums import Sums, cut_of
from regions.models import Level, Region

SMALLEST = 30  # below so many, a share says more about chance than about work
LINES = 12  # places in a chart; the table below it has all of them
YEARS = 5

SEE = Permission.FIGURES_VIEW
Chosen = Mapping[str, str]


@dataclass(frozen=True)
class Tile:
    """A figure at the head. `share_of` names the tile it is a part of; `worse` whether more of it is better (-1), worse (1) or neither (0)."""

    code: str
    label: Any
    dataset: str
    chosen: Chosen = field(default_factory=dict)
    people: bool = False
    share_of: str = ""
    worse: int = 0


@dataclass(frozen=True)
class Panel:
    """A figure told apart by a dimension, as bars. `measures` stand beside each other; the first is drawn."""

    code: str
    title: Any
    dataset: str
    by: str
    measures: tuple[str, ...] = (ROWS,)
    chosen: Chosen = field(default_factory=dict)
    when: str = ""  # "past": only where nothing that stands now is shown
    section: str = ""  # a key of SECTIONS; without one it has a place of its own on the page


TILES = (
    Tile("households", gettext_lazy("在册农户"), "households", people=True),
    Tile("on_register", gettext_lazy("建档立卡和监测户"), "households", {"status": "on_register"}, people=True, share_of="households"),
    Tile("monitored", gettext_lazy("三类监测对象"), "households", {"status": "monitored"}, people=True, share_of="households", worse=1),
    Tile("unmet", gettext_lazy("两不愁三保障未达标"), "records", {"check": "any"}, share_of="households", worse=1),
    Tile("unhelped", gettext_lazy("没有帮扶责任人"), "households", {"status": "on_register", "helper": "without"}, share_of="on_register", worse=1),
    Tile("late", gettext_lazy("走访超期"), "duties", {"due": "late"}, worse=1),
    Tile("tasks_late", gettext_lazy("计划任务超期"), "tasks", {"due": "late"}, worse=1),
    Tile("requests_late", gettext_lazy("诉求超期未办"), "requests", {"due": "late"}, worse=1),
    Tile("new", gettext_lazy("本年新识别"), "changes", {"to": "new"}),
    Tile("out", gettext_lazy("本年退出和消除风险"), "changes", {"to": "out"}),
    Tile("returned", gettext_lazy("本年返贫"), "changes", {"to": "returned"}, worse=1),
    Tile("deliveries", gettext_lazy("本年落实措施"), "deliveries"),
)  # fmt: skip

SECTIONS = {
    "people": gettext_lazy("农户"),
    "visits": gettext_lazy("调查和走访"),
    "help": gettext_lazy("计划、措施和诉求"),
    "money": gettext_lazy("资金和村级项目"),
}
PANELS = (
    Panel("causes", gettext_lazy("监测对象的主要原因"), "households", "cause", chosen={"status": "monitored"}),
    Panel("bands", gettext_lazy("人均纯收入（最新年度）"), "records", "band", chosen={"status": "on_register"}),
    Panel("statuses", gettext_lazy("农户身份"), "households", "status", (ROWS, "people"), section="people"),
    Panel("checks", gettext_lazy("两不愁三保障未达标"), "records", "check", section="people"),
    Panel("year_bands", gettext_lazy("人均纯收入"), "years", "band", when="past", section="people"),
    Panel("year_checks", gettext_lazy("两不愁三保障未达标"), "years", "check", when="past", section="people"),
    Panel("changes", gettext_lazy("身份变更"), "changes", "to", section="people"),
    Panel("surveyed", gettext_lazy("今年入户调查"), "surveyed", "stage", section="visits"),
    Panel("duties", gettext_lazy("本期走访任务"), "duties", "due", section="visits"),
    Panel("visits", gettext_lazy("走访和电话"), "visits", "manner", section="visits"),
    Panel("plans", gettext_lazy("帮扶计划"), "plans", "state", section="help"),
    Panel("tasks", gettext_lazy("没有完成的计划任务"), "tasks", "due", section="help"),
    Panel("measures", gettext_lazy("帮扶措施（按状态）"), "measures", "state", (ROWS, "amount"), section="help"),
    Panel("columns", gettext_lazy("落实的措施（按类别）"), "deliveries", "column", (ROWS, "amount"), section="help"),
    Panel("requests", gettext_lazy("服务诉求"), "requests", "state", section="help"),
    Panel("sources", gettext_lazy("支付资金（按来源）"), "payments", "source", ("amount", ROWS), section="money"),
    Panel("wheels", gettext_lazy("两轮驱动：资金到户、到村"), "payments", "wheel", ("amount", ROWS), section="money"),
    Panel("projects", gettext_lazy("村级项目（按阶段）"), "projects", "stage", (ROWS, "budget"), section="money"),
    Panel("shortfalls", gettext_lazy("没有补齐的村级短板"), "shortfalls", "sector", section="money"),
)  # fmt: skip

PLACES = ("monitored", "unmet", "unhelped", "late", "new", "out")  # tiles that are columns of the table of places
STACKED = ("unstable", "marginal", "hardship")


@dataclass(frozen=True)
class Side:
    """A page that goes on from the board of a region."""

    label: Any
    note: Any
    permission: Permission
    url: Callable[[Region], str]


def _with_region(name: str) -> Callable[[Region], str]:
    return lambda region: address(reverse(name), {"region": str(region.pk)})


def _wheels(region: Region) -> str:
    if region.level == Level.VILLAGE:
        return reverse("assistance:village_page", args=[region.pk])
    return _with_region("assistance:village_list")(region)


SIDES = (
    Side(gettext_lazy("区域攻坚"), gettext_lazy("两轮驱动：农户得到什么，村里得到什么，还缺什么"), Permission.HOUSEHOLD_VIEW, _wheels),
    Side(
        gettext_lazy("各级工作量"), gettext_lazy("上热下凉：上面下达了多少，下面做了多少，农户认了多少"),
        Permission.ORDER_VIEW, _with_region("supervision:activity"),
    ),
    Side(gettext_lazy("结对情况"), gettext_lazy("谁没有人帮，谁能帮还没有帮"), Permission.CADRE_VIEW, _with_region("households:pairing_coverage")),
    Side(gettext_lazy("走访情况"), gettext_lazy("应走、已走、超期，到人到户"), Permission.HOUSEHOLD_VIEW, _with_region("visits:coverage")),
)  # fmt: skip


def list_url(dataset: str, region: Region | None, year: int, chosen: Chosen) -> str:
    """The list of what a figure counts. A year only where the dataset has years."""
    base, has_years = _rows_of(dataset)
    query = {"region": region.pk} if region is not None else {}
    parts = {**query, **({"year": year} if has_years else {}), **chosen}  # keys and numbers: nothing to quote
    return base + "?" + "&".join(f"{name}={value}" for name, value in parts.items()) if parts else base


@cache
def _rows_of(dataset: str) -> tuple[str, bool]:
    found = get(dataset)
    return reverse("figures:rows", args=[dataset]), found is not None and found.year is not None


class Cell(NamedTuple):
    """A number as it stands on a page: of a dataset's measure. `url` leads to its list, "" where it is 0; `notes` set it beside others."""

    measure: str
    label: str
    number: int
    text: str
    unit: str
    url: str = ""
    meaning: str = ""
    notes: tuple[str, ...] = ()
    tone: str = ""

    @property
    def html(self) -> SafeString:
        """The number, as the way to its list; what is nothing leads nowhere."""
        link = f'<a href="{escape(self.url)}">{self.text}</a>' if self.url else f'<span class="none">{self.text}</span>'
        return mark_safe(link)


def _unit(cell: Cell) -> str:
    return f'<span class="unit">{escape(cell.unit)}</span>'


def _tds(cells: Iterable[Cell], *, units: bool = False) -> str:
    """Cells of a table row. A page has hundreds: drawn here, because a template takes ten times as long over them."""
    return "".join(f'<td class="n">{cell.html}{_unit(cell) if units else ""}</td>' for cell in cells)


@dataclass(frozen=True)
class Bars:
    """A panel as rows of a table: label, bar, and its cells."""

    code: str
    title: str
    meaning: str
    section: str
    heads: tuple[str, ...]
    rows: list[tuple[charts.Bar, list[Cell]]]

    def lines(self) -> SafeString:
        """The rows as markup; with one measure its unit stands beside each number."""
        return mark_safe(
            "".join(
                f'<tr><th scope="row">{escape(bar.label)}</th><td>{bar.svg}</td>{_tds(cells, units=len(cells) == 1)}</tr>'
                for bar, cells in self.rows
            )
        )


@dataclass(frozen=True)
class PlaceLine:
    """A place with its numbers."""

    region: Region
    url: str
    cells: list[Cell]

    def tds(self) -> SafeString:
        return mark_safe(_tds(self.cells))


def shown(measure: Any, number: int) -> str:
    value = measure.shown(number)
    return format_money(value) if measure.scale > 1 else f"{value:,}"


def share(part: int, whole: int) -> str:
    """ "11.3%", or a warning where the whole is too small to say anything."""
    if whole < SMALLEST:
        return str(_("总数不到 %(least)s，不算比例") % {"least": SMALLEST})
    return f"{100 * part / whole:.1f}%"


class Board:
    """The page of a region in a year. `below` are the regions one level down; `above` the region one level up, if it is known."""

    def __init__(
        self,
        user: Any,
        region: Region,
        below: Sequence[Region],
        above: Region | None,
        *,
        year: int,
        since: str = "month",
    ) -> None:
        self.user, self.region, self.below, self.above, self.year = user, region, below, above, year
        self._sums: dict[int, Sums] = {}
        self._said: dict[int, tuple[Any, str]] = {}
        self.today = timezone.localdate()
        self.reading = rollup.read([region, *below, *([above] if above else [])], [year])
        self.before = months.before(region, self.today, since) if self.is_now else None

    @property
    def is_now(self) -> bool:
        """Whether the year is this one, so that what stands now is shown with it."""
        return self.year == self.today.year

    def url_of(self, region: Region) -> str:
        """The board of another region, of the same year."""
        return board_url(region, None if self.is_now else self.year)

    def sums(self, region: Region) -> Sums:
        if region.pk not in self._sums:
            self._sums[region.pk] = Sums(self.reading.of(region.pk, self.year), self.today)
        return self._sums[region.pk]

    @cached_property
    def own(self) -> Sums:
        return self.sums(self.region)

    def may(self, dataset: str) -> Dataset | None:
        """The dataset, where it is shown: what has no year only in this one, money only to who may see it."""
        found = get(dataset)
        if found is None or not self.user.can(found.permission):
            return None
        return found if found.year is not None or self.is_now else None

    # -- tiles --------------------------------------------------------------------------------------------------------------------

    @cached_property
    def tiles(self) -> list[Cell]:
        return [self._tile(tile) for tile in TILES if self.may(tile.dataset)]

    def _tile(self, tile: Tile) -> Cell:
        cell = self.cell(tile.dataset, ROWS, tile.chosen, self.region, self.own, label=self._words(tile.label))
        notes = []
        if tile.people:
            notes.append(_("%(count)s 人") % {"count": f"{self.own.number(tile.dataset, 'people', **tile.chosen):,}"})
        if tile.share_of:
            notes.append(self._share(tile, cell.number))
        notes += self._since(tile, cell.number)
        tone = "red" if tile.worse and cell.number else ""
        return cell._replace(
            meaning=self._words(get(tile.dataset).meaning), notes=tuple(filter(None, notes)), tone=tone
        )

    def _share(self, tile: Tile, number: int) -> str:
        whole = tile_of(tile.share_of)
        own = share(number, self.own.number(whole.dataset, **whole.chosen))
        text = _("占%(whole)s %(share)s") % {"whole": whole.label, "share": own} if own.endswith("%") else own
        if self.above is None or not own.endswith("%"):
            return text
        above = self.sums(self.above)
        other = share(above.number(tile.dataset, **tile.chosen), above.number(whole.dataset, **whole.chosen))
        return (
            text
            if not other.endswith("%")
            else f"{text}（" + _("%(name)s %(share)s") % {"name": self.above.name, "share": other} + "）"
        )

    def _since(self, tile: Tile, number: int) -> list[str]:
        dataset = get(tile.dataset)
        if self.before is None or dataset is None or dataset.year is not None:
            return []
        if not self.before.knows(cut_of(dataset, ROWS, set(tile.chosen))):
            return []
        then = Sums(self.before.numbers, self.before.day).number(tile.dataset, **tile.chosen)
        return [self.before.compared(number - then, str(dataset.unit))]

    # -- panels -------------------------------------------------------------------------------------------------------------------

    @cached_property
    def panels(self) -> dict[str, Bars]:
        return {
            panel.code: self._panel(panel)
            for panel in PANELS
            if self.may(panel.dataset) and not (panel.when and self.is_now)
        }

    def _panel(self, panel: Panel) -> Bars:
        dataset = self.may(panel.dataset)
        assert dataset is not None  # noqa: S101  the caller asked
        dimension = dataset.dimension(panel.by)
        numbers = [self.own.by(panel.dataset, panel.by, measure, **panel.chosen) for measure in panel.measures]
        keys = [key for key in numbers[0] if key != "any"]
        words = dict(dimension.options())
        lines = [(self._words(words.get(key, key)), max(numbers[0][key], 0)) for key in keys]
        drawn = charts.bars(lines)
        rows = []
        for key, bar in zip(keys, drawn, strict=True):
            chosen = {**panel.chosen, panel.by: key}
            cells = [
                self._cell_of(dataset, measure, numbers[n].get(key, 0), list_url(panel.dataset, self.region, self.year, chosen))
                for n, measure in enumerate(panel.measures)
            ]  # fmt: skip
            rows.append((bar, cells))
        heads = tuple(f"{dataset.measure(m).label}（{dataset.measure(m).unit}）" for m in panel.measures)
        return Bars(panel.code, str(panel.title), self._words(dataset.meaning), panel.section, heads, rows)

    @property
    def sections(self) -> list[tuple[str, list[Bars]]]:
        """(heading, panels); a panel without a row is left out."""
        found = []
        for code, heading in SECTIONS.items():
            own = [self.panels[panel.code] for panel in PANELS if panel.section == code and panel.code in self.panels]
            if filled := [panel for panel in own if panel.rows]:
                found.append((str(heading), filled))
        return found

    @cached_property
    def sides(self) -> list[tuple[str, str, str]]:
        """(label, what for, address) of pages that go on from here."""
        return [
            (str(side.label), str(side.note), side.url(self.region)) for side in SIDES if self.user.can(side.permission)
        ]

    # -- places -------------------------------------------------------------------------------------------------------------------

    @cached_property
    def places(self) -> list[PlaceLine]:
        """A line for each place below, in the order of their codes."""
        tiles = [tile for tile in map(tile_of, ("households", *PLACES)) if self.may(tile.dataset)]
        return [self._place(region, self.sums(region), tiles) for region in self.below]

    def _place(self, region: Region, sums: Sums, tiles: Iterable[Tile]) -> PlaceLine:
        cells = [
            self.cell(tile.dataset, ROWS, tile.chosen, region, sums, label=self._words(tile.label)) for tile in tiles
        ]
        return PlaceLine(region, self.url_of(region), cells)

    @cached_property
    def whole(self) -> PlaceLine:
        tiles = [tile for tile in map(tile_of, ("households", *PLACES)) if self.may(tile.dataset)]
        return self._place(self.region, self.own, tiles)

    @cached_property
    def stack(self) -> list[tuple[charts.Bar, Cell, str]]:
        """The places with most monitored households, by the three kinds."""
        dataset = self.may("households")
        if dataset is None:
            return []
        found = []
        for region in self.below:
            sums = self.sums(region)
            parts = sums.by("households", "status", status="monitored")
            found.append((region, [parts.get(code, 0) for code in STACKED], sums))
        found.sort(key=lambda line: (-sum(line[1]), line[0].code))
        chosen = [line for line in found if sum(line[1])][:LINES]
        drawn = charts.bars([(region.name, parts) for region, parts, _s in chosen])
        words = [dataset.dimension("status").words(code) for code in STACKED]
        return [
            (
                bar._replace(url=self.url_of(region)),
                self.cell("households", ROWS, {"status": "monitored"}, region, sums),
                "，".join(f"{word} {part}" for word, part in zip(words, parts, strict=True)),
            )
            for bar, (region, parts, sums) in zip(drawn, chosen, strict=True)
        ]

    @cached_property
    def map(self) -> Any:
        """How many of a thousand households are monitored, place by place; None where nothing can be drawn."""
        if not self.below or self.may("households") is None:
            return None
        spots, rows = {}, []
        for region in self.below:
            sums = self.sums(region)
            whole, part = sums.number("households"), sums.number("households", status="monitored")
            enough = whole >= SMALLEST
            rate = 1000 * part / whole if enough else 0.0
            text = f"{rate:.1f}‰" if enough else f"{part}/{whole}"
            spots[region.pk] = charts.Spot(region.name, text, rate, self.url_of(region), size=whole)
            rows.append((region.name, self.url_of(region), text, part, whole, rate))
        drawn = atlas.draw(
            spots,
            self.below,
            title=_("监测对象占农户的比例"),
            desc=_("深色的比例高，单位：千分比；总数太少的只写户数"),
        )
        if drawn is None:
            return None
        rows.sort(key=lambda row: -row[-1])
        bars = charts.bars([(row[0], row[-1]) for row in rows[:LINES]], text="{:.1f}‰".format)
        return {"svg": drawn, "rows": rows, "bars": [(bar, row[2]) for bar, row in zip(bars, rows, strict=False)]}

    def legend(self) -> Any:
        dataset = get("households")
        return charts.legend([dataset.dimension("status").words(code) for code in STACKED]) if dataset else ""

    # -- cells --------------------------------------------------------------------------------------------------------------------

    def cell(self, dataset: str, measure: str, chosen: Chosen, region: Region, sums: Sums, label: str = "") -> Cell:
        found = get(dataset)
        assert found is not None  # noqa: S101  every tile names a dataset: tests say so
        return self._cell_of(
            found, measure, sums.number(dataset, measure, **chosen), list_url(dataset, region, self.year, chosen), label
        )

    def _cell_of(self, dataset: Dataset, measure: str, number: int, url: str, label: str = "") -> Cell:
        found = dataset.measure(measure)
        return Cell(measure, label, number, shown(found, number), self._words(found.unit), url if number else "")

    def _words(self, lazy: Any) -> str:
        """Words of a declaration in the language of the page; said hundreds of times on a page, looked up once."""
        if id(lazy) not in self._said:
            self._said[id(lazy)] = lazy, str(lazy)  # kept with it: as long as it is there nobody else has its id
        return self._said[id(lazy)][1]


def tile_of(code: str) -> Tile:
    return next(tile for tile in TILES if tile.code == code)


def board_url(region: Region, year: int | None = None) -> str:
    base = _board_of().replace("/0/", f"/{region.pk}/")
    return f"{base}?year={year}" if year and year != timezone.localdate().year else base


@cache
def _board_of() -> str:
    return reverse("figures:board", args=[0])


def years(today: dt.date | None = None) -> list[int]:
    this = (today or timezone.localdate()).year
    return [this - n for n in range(YEARS)]


def meanings(user: Any) -> list[tuple[str, str]]:
    """The datasets whose figures a user may see, with what they count, for the foot of a page."""
    return [(str(dataset.label), str(dataset.meaning)) for dataset in every() if user.can(dataset.permission)]


def head_below(region: Region) -> str:
    return _("村") if region.level >= Level.TOWNSHIP else _("乡镇") if region.level == Level.COUNTY else _("地区")
