"""From an opened workbook to households: which rows are data, which belong together, where they lie.

Two passes over the rows. The first looks at two cells a row and learns where each household ends and which ID numbers come twice;
the second reads everything and hands a household on as soon as its last row is reached, so that memory does not grow with the file
and the rows of a household need not stand together.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from common.spreadsheets import Workbook
from exchange import headings, normalise
from exchange.normalise import ERROR, HOLD, NOTE, Issue, Row, RowReader
from households import codelists
from households.bulk import HouseholdRecord, MemberRecord
from households.models import Status
from regions.models import Level, Region, Succession

MOST_OTHER_CAUSES = 2  # of the national form; the main cause is not repeated among them
_TOTAL = re.compile(r"^(合\s*计|总\s*计|小\s*计|共\s*计|累\s*计)")
_TOWNSHIP_SUFFIX = re.compile(r"(街道办事处|办事处|街道|(?:..族)?乡|镇|苏木|人民政府)+$")
_VILLAGE_SUFFIX = re.compile(r"(社区居民委员会|社区居委会|村民委员会|居民委员会|村委会|居委会|社区|嘎查|村)+$")
_COUNTY_SUFFIX = re.compile(r"(自治县|自治旗|县|区|市|旗)$")


@dataclass(slots=True)
class Lines:
    """How many rows stood below the headings, and what kind they were."""

    data: int = 0
    blank: int = 0
    heading: int = 0
    total: int = 0
    joined: int = 0

    @property
    def read(self) -> int:
        return self.data + self.blank + self.heading + self.total

    def counts(self, kind: str) -> bool:
        """Count a row that is no data; whether it is one."""
        if kind:
            setattr(self, kind, getattr(self, kind) + 1)
        return bool(kind)


class Line(NamedTuple):
    """What is still to be said of a row once its household is complete."""

    sheet: str
    row_no: int
    name: str
    relation: str
    is_person: bool  # whether it names somebody by an ID number
    told: list[str]  # sentences


@dataclass(slots=True)
class Unit:
    """The rows of one household, and what they amount to: `rows` while it is being read, `lines` from then on."""

    number: str
    rows: list[Row] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    record: HouseholdRecord | None = None
    area: dict[str, str] = field(default_factory=dict)  # where the file says that it lives; `Places.put` looks it up
    level: str = ""  # ERROR or HOLD where the file itself keeps the household out
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    reasons: dict[int, tuple[str, str]] = field(default_factory=dict)  # position in rows -> (level, sentence)


def where(sheet: str, row_no: int, many_sheets: bool) -> str:
    """「第 5 行」, with the sheet's name where there are several."""
    if many_sheets:
        return _("工作表“%(sheet)s”第 %(row)s 行") % {"sheet": sheet, "row": row_no}
    return _("第 %(row)s 行") % {"row": row_no}


# -- which rows are data --------------------------------------------------------------------------------------------------------


def not_data(cells: Sequence[str], filled: Sequence[str], table: headings.Table) -> str:
    """Which of `Lines` a row is that holds no data, "" where it may hold some. `filled` are its cells that are not blank."""
    if not filled:
        return "" if any(getattr(cell, "broken", False) for cell in cells) else "blank"
    if any(_TOTAL.match(cell.strip()) for cell in filled[:3]):
        return "total"
    known = sum(headings.plain(cell) in table.heading_texts for cell in filled)
    return "heading" if known >= headings.LEAST_MATCHES or known == len(filled) else ""


def data_rows(
    book: Workbook, table: headings.Table, reader: RowReader, lines: Lines
) -> Iterator[tuple[int, list[str], str, str]]:
    """(row number, cells, household number, first 18 characters of the ID) of the data rows; all others are counted in `lines`."""
    number_at = reader.number_at
    for row_no, cells in book.rows(table.sheet):
        if row_no <= table.heading_row:
            continue
        raw = cells[number_at] if number_at is not None and number_at < len(cells) else ""
        if raw and raw[0].isdigit() and raw.__class__ is str:
            number, base = reader.key_cells(cells)
            lines.data += 1
            yield row_no, cells, number, base
            continue
        filled = [cell for cell in cells if cell and not cell.isspace()]
        if lines.counts(not_data(cells, filled, table)):
            continue
        number, base = reader.key_cells(cells)
        if not number and not base and len(filled) <= 2:
            lines.heading += 1  # a title or a remark between the data
            continue
        lines.data += 1
        yield row_no, cells, number, base


# -- where --------------------------------------------------------------------------------------------------------------------


class Places:
    """Finds villages by the names or codes in a file, among the counties in which somebody works."""

    def __init__(self, region_ids: Sequence[int]) -> None:
        own = Region.objects.filter(pk__in=region_ids).order_by()
        counties: set[int] = set()
        above: set[int] = set()
        for region in own:
            if region.level >= Level.COUNTY:
                counties.add(region.ancestor_ids[Level.COUNTY - 1])
            else:
                above.add(region.pk)
        if above:
            counties |= set(Region.objects.filter(pk__in=region_ids, level=Level.COUNTY).values_list("pk", flat=True))
        self.counties = {region.pk: region for region in Region.objects.filter(pk__in=counties)}
        self.villages: dict[tuple[str, str], list[Region]] = {}
        self.by_code: dict[str, Region] = {}
        self._names: dict[int, Region] = {}
        self._cache: dict[tuple[str, ...], tuple[Region | None, str]] = {}
        everything: list[Region] = []
        for county in self.counties.values():
            everything += Region.objects.within(county).filter(level__gte=Level.COUNTY)
        self._names = {region.pk: region for region in everything}
        current = [region for region in everything if region.is_current]
        for village in current:
            if village.level == Level.VILLAGE:
                self._add(village.name, self._names[village.parent_id].name if village.parent_id else "", village)
                self.by_code[village.code] = village
        self._add_old_names([region for region in everything if region.level == Level.VILLAGE])

    def _add(self, village: str, township: str, region: Region) -> None:
        for name in {village, _bare(village, _VILLAGE_SUFFIX)}:
            for parent in {township, _bare(township, _TOWNSHIP_SUFFIX), ""}:
                group = self.villages.setdefault((parent, name), [])
                if region not in group:
                    group.append(region)

    def _add_old_names(self, villages: Sequence[Region]) -> None:
        for change in (
            Succession.objects.filter(new__in=[v.pk for v in villages])
            .exclude(kind=Succession.Kind.SPLIT)
            .select_related("old", "new")
        ):
            new = self._names.get(change.new_id, change.new)
            if not new.is_current:
                continue
            parent = self._names.get(change.old.parent_id or 0)
            if (parent.name if parent else "", change.old_name) not in self.villages:
                self._add(change.old_name, parent.name if parent else "", new)
            self.by_code.setdefault(change.old_code, new)

    def put(self, unit: Unit) -> None:
        """Set the village of a household, or hold it back with the reason."""
        if unit.record is None or not unit.area:
            return
        unit.record.village, wrong = self.find(unit.area)
        if wrong:
            unit.level, unit.problem = HOLD, _("这一户的%(problem)s") % {"problem": wrong}

    def find(self, area: Mapping[str, str]) -> tuple[Region | None, str]:
        """The village an area part of a row means, or None and why."""
        key = tuple(area.get(part, "").strip() for part in ("county", "township", "village", "code"))
        if key not in self._cache:
            self._cache[key] = self._find(*key)
        return self._cache[key]

    def _find(self, county: str, township: str, village: str, code: str) -> tuple[Region | None, str]:
        if re.fullmatch(r"\d{12}", code):
            region = self.by_code.get(code)
            return (region, "") if region else (None, _("区划代码 %(code)s 不在您所在的县，请核对") % {"code": code})
        if not village:
            return None, ""
        if (
            county
            and self.counties
            and not any(
                county == own.name or _bare(county, _COUNTY_SUFFIX) == _bare(own.name, _COUNTY_SUFFIX)
                for own in self.counties.values()
            )
        ):
            return None, _("文件中的县“%(county)s”不是您所在的县，请核对文件") % {"county": county}
        candidates: list[Region] = []
        for parent in dict.fromkeys((township, _bare(township, _TOWNSHIP_SUFFIX))):
            for name in dict.fromkeys((village, _bare(village, _VILLAGE_SUFFIX))):
                candidates = candidates or self.villages.get((parent, name), [])
        place = f"{township}{village}"
        if not candidates:
            return None, _("区划表中没有“%(place)s”，请核对乡镇和村的名称，或者请县里先把这个村加入区划表") % {
                "place": place
            }
        if len(candidates) > 1:
            return None, _("叫“%(place)s”的村不止一个，请写全乡镇和村的名称，或者加一列村区划代码") % {"place": place}
        return candidates[0], ""


def _bare(name: str, suffix: re.Pattern[str]) -> str:
    return suffix.sub("", name) or name


# -- what belongs together ------------------------------------------------------------------------------------------------------


class Reading:
    """All households of a workbook, one after another. `notes` are about the file as a whole, complete after `units()`."""

    def __init__(self, book: Workbook, tables: Sequence[headings.Table], *, year: int, today: dt.date) -> None:
        self.book = book
        self.tables = list(tables)
        self.year = year
        self.total = 0
        self.many_sheets = len(self.tables) > 1
        self._row_words = _("第 %(row)s 行")  # looked up once, not for each of 350,000 rows
        self.readers = [RowReader(table, year=year, today=today) for table in self.tables]
        self.lines = Lines()
        self._last: dict[str, int] = {}
        self._twice: dict[str, list[tuple[int, int]]] = {}

    def scan(self, most: int) -> int:
        """The first, light pass. The number of data rows, `total` from then on; stops and returns `most` + 1 when there are more."""
        # Compact on purpose, 350,000 of them: a fingerprint of the ID to sheet and row packed in one number.
        first: dict[int, int] = {}
        homes: dict[int, int] = {}
        order = 0
        lines = Lines()
        for at, (table, reader) in enumerate(zip(self.tables, self.readers, strict=True)):
            for row_no, _cells, number, base in data_rows(self.book, table, reader, lines):
                order += 1
                self.total = order
                if order > most:
                    return order
                if number:
                    self._last[number] = order
                if len(base) < 15:
                    continue
                fingerprint, place = hash(base), at << 32 | row_no
                known = first.setdefault(fingerprint, place)
                home = homes.setdefault(fingerprint, hash(number)) if self.many_sheets else 0
                if known != place and (known >> 32 == at or home != hash(number)):
                    self._twice.setdefault(base, [(known >> 32, known & 0xFFFFFFFF)]).append((at, row_no))
        return order

    @property
    def done(self) -> int:
        """Rows read so far in the second pass."""
        return self.lines.data

    def units(self) -> Iterator[Unit]:
        """The second pass: every household once, when its last row has been read."""
        self.lines = Lines()
        waiting: dict[str, Unit] = {}
        order = 0
        for table, reader in zip(self.tables, self.readers, strict=True):
            for row_no, cells, number, _base in data_rows(self.book, table, reader, self.lines):
                order += 1
                row = reader.read(row_no, cells)
                if not number:
                    yield self._closed(Unit("", [row]))
                    continue
                unit = waiting.get(number)
                if unit is None:
                    unit = waiting[number] = Unit(number)
                unit.rows.append(row)
                if self._last.get(number) == order:
                    del waiting[number]
                    yield self._closed(unit)
        for unit in waiting.values():  # only when the file changed between the passes, which it cannot
            yield self._closed(unit)

    def _closed(self, unit: Unit) -> Unit:
        self._conclude(unit)
        unit.lines = [
            Line(
                row.sheet, row.row_no, row.member.get("name", ""), row.member.get("relation", ""), row.identity is not None,
                [issue.text for issue in row.issues],
            )
            for row in unit.rows
        ]  # fmt: skip
        unit.rows = []
        return unit

    def _conclude(self, unit: Unit) -> None:
        self._join(unit)
        for position, row in enumerate(unit.rows):
            if row.identity is not None:
                twice = self._twice.get(row.identity.base)
                if twice:
                    row.issues.append(Issue(ERROR, _("证件号码"), self._twice_sentence(row, twice)))
            for issue in row.issues:
                if issue.level == NOTE:
                    continue
                level, _old = unit.reasons.get(position, ("", ""))
                if level != ERROR and (issue.level == ERROR or not level):
                    unit.reasons[position] = (issue.level, self._where(row) + issue.text)
        if unit.reasons:
            worst = [reason for reason in unit.reasons.values() if reason[0] == ERROR] or list(unit.reasons.values())
            unit.level = worst[0][0]
            unit.problem = "；".join(dict.fromkeys(sentence for _level, sentence in worst))
            return
        self._record(unit)

    def _where(self, row: Row) -> str:
        return where(row.sheet, row.row_no, True) if self.many_sheets else self._row_words % {"row": row.row_no}

    def _twice_sentence(self, row: Row, twice: Sequence[tuple[int, int]]) -> str:
        others = []
        for at, row_no in twice:
            if (self.tables[at].sheet, row_no) != (row.sheet, row.row_no):
                others.append(where(self.tables[at].sheet, row_no, self.many_sheets))
        return _("的证件号码与%(others)s相同，请删去重复的行或改正号码") % {"others": "、".join(others[:5])}

    def _join(self, unit: Unit) -> None:
        """The same person on a second sheet of the workbook is one person: the first says, the second fills the gaps."""
        if not self.many_sheets:
            return
        kept: list[Row] = []
        by_base: dict[str, Row] = {}
        for row in unit.rows:
            base = row.identity.base if row.identity else ""
            first = by_base.get(base) if base else None
            if first is None or first.sheet == row.sheet:
                kept.append(row)
                if base:
                    by_base.setdefault(base, row)
                continue
            self.lines.joined += 1
            for table in ("household", "year", "income", "totals", "member", "myear", "area", "status", "row", "householder",
                          "year_unmapped", "myear_unmapped"):  # fmt: skip
                ours, theirs = getattr(first, table), getattr(row, table)
                for name, value in theirs.items():
                    ours.setdefault(name, value)
            first.issues += row.issues
        unit.rows = kept

    def _record(self, unit: Unit) -> None:
        head = next((row for row in unit.rows if row.member.get("relation") == codelists.HOUSEHOLDER), unit.rows[0])
        ordered = [head, *(row for row in unit.rows if row is not head)]
        record = HouseholdRecord(unit.number)
        facts: dict[str, Any] = {}
        totals: dict[str, Any] = {}
        status: dict[str, str] = {}
        for row in ordered:
            for ours, theirs in (
                (facts, row.household), (record.year, row.year), (record.income, row.income), (totals, row.totals), (status, row.status),
                (record.unmapped, row.year_unmapped),
            ):  # fmt: skip
                for name, value in theirs.items():
                    if ours.setdefault(name, value) != value:
                        self._differs(
                            unit, head, row, ours is record.income, name, "household" if ours is facts else "year"
                        )
            if not unit.area and (row.area.get("village") or row.area.get("code")):
                unit.area = row.area
        facts.pop("number", None)
        record.facts = facts
        others = [cause for cause in record.year.get("other_causes", []) if cause != record.year.get("main_cause")]
        if len(others) > MOST_OTHER_CAUSES:
            unit.notes.append(_("其他致贫原因超过两项，只写入前两项"))
        if "other_causes" in record.year:
            record.year["other_causes"] = others[:MOST_OTHER_CAUSES]
        given = record.income
        record.income, issues = normalise.income_lines(given, totals)
        record.rest = {item: totals[codelists.income_group(item)] for item in record.income if item not in given}
        unit.notes += [issue.text for issue in issues]
        record.status, record.status_on = status_of(status, record.year, facts)
        for row in unit.rows:
            if row.identity is None:
                continue
            facts = {name: value for name, value in row.member.items() if value not in (None, "")}
            record.members.append(
                MemberRecord(
                    self._where(row),
                    row.identity.number,
                    row.identity.base,
                    facts,
                    row.myear,
                    row.myear_unmapped,
                )
            )
        unit.record = record

    def _differs(self, unit: Unit, head: Row, row: Row, is_income: bool, name: str, table: str) -> None:
        key = f"income.{name}" if is_income else f"{table}.{name}"
        target = headings.BY_KEY.get(key)
        if target is None or len(unit.notes) > 5:
            return
        unit.notes.append(
            _("%(other)s的「%(label)s」与%(first)s不同，以%(first)s为准")
            % {"other": self._where(row), "first": self._where(head), "label": target.label}
        )


_EXIT = {
    "已脱贫": Status.OUT_OF_POVERTY, "脱贫": Status.OUT_OF_POVERTY, "正常脱贫": Status.OUT_OF_POVERTY, "稳定脱贫": Status.OUT_OF_POVERTY,
    "是": Status.OUT_OF_POVERTY, "1": Status.OUT_OF_POVERTY, "未脱贫": Status.REGISTERED, "否": Status.REGISTERED, "0": Status.REGISTERED,
    "预脱贫": Status.REGISTERED, "2": Status.REGISTERED, "新识别": Status.REGISTERED, "返贫": Status.RETURNED, "3": Status.RETURNED,
    "清退": Status.STRUCK_OFF, "注销": Status.STRUCK_OFF,
}  # fmt: skip
_MONITOR = {
    "脱贫不稳定户": Status.UNSTABLE, "脱贫监测户": Status.UNSTABLE, "边缘易致贫户": Status.MARGINAL, "边缘户": Status.MARGINAL,
    "突发严重困难户": Status.HARDSHIP, "即时帮扶人口": Status.HARDSHIP, "即时帮扶户": Status.HARDSHIP,
}  # fmt: skip
_POOR_CATEGORIES = frozenset(("01", "04", "06"))
_OUT_CATEGORIES = frozenset(("07", "08", "09", "11"))


def status_of(
    words: Mapping[str, str], year: Mapping[str, Any], facts: Mapping[str, Any]
) -> tuple[str, dt.date | None]:
    """The status a new household begins with, and since when, from the words of the file; "" where it says nothing.

    The monitored categories go before the poverty status: a household out of poverty may be monitored since 2021.
    """
    exit_year = year.get("exit_year")
    out_on = dt.date(exit_year, 12, 31) if exit_year else None
    monitor = _MONITOR.get(words.get("monitor", "").strip())
    if monitor:
        removed = words.get("removed", "").strip().startswith(("是", "已"))
        return (Status.RISK_REMOVED if removed else monitor), facts.get("identified_on")
    exit_word = _EXIT.get(words.get("exit", "").strip())
    if exit_word:
        return exit_word, out_on if exit_word == Status.OUT_OF_POVERTY else facts.get("identified_on")
    kind = words.get("kind", "").strip()
    if kind.startswith("脱贫"):
        return Status.OUT_OF_POVERTY, out_on
    if kind.startswith("一般"):
        return "", None
    category = year.get("category", "")
    if category in _OUT_CATEGORIES:
        return Status.OUT_OF_POVERTY, out_on
    if category in _POOR_CATEGORIES:
        return Status.REGISTERED, facts.get("identified_on")
    return "", None
