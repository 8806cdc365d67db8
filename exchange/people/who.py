"""Which unit and which cadre a row of a sheet means: found, to be registered, or held where that cannot be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import Any

from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import may_in
from cadres.codelists import POLITICS, SEX
from cadres.models import Affiliation, Cadre, Unit
from common import pii
from exchange.people.parts import CADRES, CREATED, HELD, REJECTED, UNITS, UPDATED, CadrePart, UnitPart
from exchange.people.sheets import Listed
from exchange.people.world import World, id_hash_of, phone_hash_of
from regions.models import Level, Region


class People:
    """Units and cadres, found or to be registered: each once, however many rows name them."""

    def __init__(self, world: World, units: list[UnitPart]) -> None:
        self.world = world
        self.units = units  # every unit part is put here
        self.parts: list[CadrePart] = []
        self._new_keys = count(-1, -1)
        self._unit_parts: dict[Any, UnitPart] = {}
        self._known: dict[int, CadrePart] = {}
        self._doubtful: dict[tuple[str, ...], CadrePart] = {}
        self._by: dict[tuple[str, ...], list[Cadre]] = defaultdict(list)
        self._phones: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._units_of: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
        for cadre in world.cadres:
            self._index(cadre)

    def look_ahead(self, rows: Sequence[Listed]) -> None:
        """What the whole file says, whichever row comes first: telephones of namesakes of a unit, of which two different ones may be two
        people; the units that go with a unit's number, a person's number, ID number or telephone, of which the only one is meant in rows
        that name none."""
        for row in rows:
            if row.phone and not row.number and not row.identity:
                self._phones[row.unit, row.name].add(row.phone)
            for clue in _clues(row) if row.unit else ():
                self._units_of[clue][row.unit] = None
        for row in rows:
            if not row.unit:
                named = (self._units_of.get(clue, {}) for clue in _clues(row))
                row.unit = next((next(iter(units)) for units in named if len(units) == 1), "")

    def _index(self, cadre: Cadre) -> None:
        if cadre.number:
            self._by["number", cadre.number].append(cadre)
        if cadre.id_hash:
            self._by["id", cadre.id_hash].append(cadre)
        if cadre.phone_hash:
            self._by["phone", cadre.phone_hash, cadre.name].append(cadre)
        if cadre.unit_id:
            self._by["unit", str(cadre.unit_id), cadre.name].append(cadre)

    # -- units ------------------------------------------------------------------------------------------------------------------

    def unit_of(self, row: Listed, where: Region | None) -> UnitPart | None:
        if not row.unit and not row.unit_number:
            return None
        unit, problem = self._find_unit(row, where)
        if problem:
            return self._unit_part(("doubt", row.unit, row.unit_number), row, None, None, problem=problem)
        if unit is not None:
            return self._unit_part(("known", unit.pk), row, unit, unit.region)
        home = self._home(row, where)
        return self._unit_part(("new", row.unit, home.pk if home else 0), row, None, home)

    def _find_unit(self, row: Listed, where: Region | None) -> tuple[Unit | None, str]:
        numbered = [unit for unit in self.world.units if row.unit_number and unit.number == row.unit_number]
        if numbered:
            named = [unit for unit in numbered if not row.unit or unit.name == row.unit]
            if len(named) == 1:
                return named[0], ""
            words = {"number": row.unit_number, "own": numbered[0].name, "listed": row.unit}
            if not named:
                return None, _("帮扶单位编号 %(number)s 登记的是“%(own)s”，表中写的是“%(listed)s”，请核对") % words
            return None, _("有几个单位的编号都是 %(number)s，请先改正单位的编号") % words
        names = list(self._units_of["unit", row.unit_number]) if row.unit_number else []
        if len(names) > 1:
            words = {"number": row.unit_number, "units": _("、").join(names[:4])}
            return None, _("表中帮扶单位编号 %(number)s 写了几个单位（%(units)s），请核对") % words
        own = [
            unit for unit in self.world.units
            if unit.name == row.unit and not (unit.number and row.unit_number and unit.number != row.unit_number)
        ]  # fmt: skip
        if not own and not row.unit:
            return None, _("没有编号是 %(number)s 的单位，请补上单位名称") % {"number": row.unit_number}
        near = [unit for unit in own if where is not None and where.path.startswith(unit.region.path)]
        if near:
            return max(near, key=lambda unit: unit.region.level), ""
        if len(own) > 1:
            shown = _("、").join(unit.region.full_name or unit.region.name for unit in own[:4])
            words = {"unit": row.unit, "regions": shown}
            return None, _("叫“%(unit)s”的单位不止一个（%(regions)s），请补上帮扶单位编号，或者写全单位名称") % words
        return (own[0] if own else None), ""

    def _home(self, row: Listed, where: Region | None) -> Region | None:
        """Where a new unit belongs: by its affiliation or by the place that its name begins with, else as high as `by` keeps cadres, the
        county at most."""
        if where is None:
            return None
        above = [
            region
            for pk in where.ancestor_ids
            if (region := self.world.regions.get(pk)) and region.level >= Level.COUNTY
        ]
        wanted = {Affiliation.TOWNSHIP.value: Level.TOWNSHIP, Affiliation.VILLAGE.value: Level.VILLAGE}.get(
            row.affiliation
        )
        if wanted is None and not row.affiliation:
            named = [region for region in above if region.level > Level.COUNTY and row.unit.startswith(region.name)]
            wanted = Level(named[-1].level) if named else None
        own = [region for region in above if may_in(self.world.by, Permission.CADRE_EDIT, region)]
        if wanted is not None:
            return next((region for region in own if region.level == wanted), None)
        return own[0] if own else None

    def _unit_part(self, key: Any, row: Listed, unit: Unit | None, home: Region | None, problem: str = "") -> UnitPart:
        part = self._unit_parts.get(key)
        if part is None:
            name = unit.name if unit else row.unit
            part = UnitPart(
                UNITS, name, unit=unit, name=name, number=row.unit_number, affiliation=row.affiliation, region=home
            )
            if problem:
                part.block(HELD, problem)
            elif unit is None and home is None:
                part.block(REJECTED, _("“%(unit)s”不在您管理的地区，请上级先登记这个单位") % {"unit": name})
            elif unit is None:
                part.outcome = CREATED
            elif unit.closed_on is not None:
                part.block(HELD, _("单位“%(unit)s”已经停用，请先恢复它，或者改正单位名称") % {"unit": name})
            self._unit_parts[key] = part
            self.units.append(part)
        if part.unit is not None and not part.blocked:
            self._differences_of_unit(part, row)
        elif part.outcome == CREATED:
            part.number = part.number or row.unit_number
            part.affiliation = part.affiliation or row.affiliation
        return part

    def _differences_of_unit(self, part: UnitPart, row: Listed) -> None:
        unit = part.unit
        assert unit is not None
        if unit.region_id not in self.world.editable:
            return
        for name, label, value in (
            ("number", _("帮扶单位编号"), row.unit_number),
            ("affiliation", _("隶属关系"), row.affiliation),
        ):
            own = getattr(unit, name)
            if not value or value == own or name in part.facts or (name == "number" and own):
                continue
            part.facts[name] = value
            part.outcome = UPDATED
            shown = [Affiliation(each).label if name == "affiliation" and each else each for each in (own, value)]
            part.changes.append([label, *map(str, shown)])

    # -- cadres -----------------------------------------------------------------------------------------------------------------

    def person(self, row: Listed, unit: UnitPart | None) -> CadrePart:
        cadre, problem = self._find(row, unit)
        key = (row.number, id_hash_of(row), row.phone, row.name, row.unit)
        if problem or (cadre is None and (problem := self._why_no_new(unit))):
            part = self._doubtful.get(key)
            if part is None:
                part = self._doubtful[key] = self._part(row, None, unit)
                part.block(REJECTED if unit is not None and unit.outcome == REJECTED else HELD, problem)
            return part
        if cadre is None:
            return self._register(row, unit)
        part = self._known.get(cadre.pk)
        if part is None:
            part = self._known[cadre.pk] = self._part(row, cadre, unit)
        self._differences(part, row, unit)
        return part

    def _part(self, row: Listed, cadre: Cadre | None, unit: UnitPart | None) -> CadrePart:
        name = unit.name if unit is not None else cadre.unit.name if cadre is not None else row.unit
        part = CadrePart(CADRES, f"{row.name} · {name}".rstrip(" ·"), cadre=cadre, unit=unit, first=row.row_no)
        self.parts.append(part)
        return part

    def _why_no_new(self, unit: UnitPart | None) -> str:
        if unit is None:
            return _("系统里没有这个人，表中又没有写单位，不能登记，请补上单位名称")
        if unit.blocked:
            return unit.say
        region = unit.unit.region if unit.unit is not None else unit.region
        if region is not None and region.pk not in self.world.editable:
            words = {"unit": unit.name, "region": region.name}
            return _("“%(unit)s”是%(region)s的单位，其中没有这个人，请%(region)s先登记这位干部") % words
        return ""

    def _find(self, row: Listed, unit: UnitPart | None) -> tuple[Cadre | None, str]:
        """The cadre a row means, else None; with a sentence where that cannot be told."""
        words: dict[str, Any] = {"name": row.name, "number": row.number, "unit": row.unit}
        id_hash = id_hash_of(row)
        by_number = self._serving(self._by["number", row.number]) if row.number else []
        if by_number:
            named = [cadre for cadre in by_number if cadre.name == row.name]
            if not named:
                words["own"] = by_number[0].name
                return None, _("帮扶责任人编号 %(number)s 登记的是“%(own)s”，表中写的是“%(name)s”，请核对") % words
            if len(named) > 1:
                return None, _("有几位“%(name)s”的编号都是 %(number)s，请先改正干部的编号") % words
            if id_hash and named[0].id_hash and named[0].id_hash != id_hash:
                return None, _("编号 %(number)s 的“%(name)s”登记的是另一个证件号码，请核对") % words
            others = [cadre for cadre in self._by["id", id_hash] if cadre is not named[0] and cadre.left_on is None]
            if id_hash in self.world.ids_elsewhere or (id_hash and others):
                return None, _("这个证件号码已经登记为另一位干部，请核对证件号码")
            return named[0], ""
        if row.number and (say := self._several_units(("number", row.name, row.number), _("编号"), words)):
            return None, say
        by_id = self._serving(self._by["id", id_hash]) if id_hash else []
        if by_id:
            return self._same(by_id[0], row, words)
        if id_hash in self.world.ids_elsewhere:
            return None, _("这个证件号码已经登记为另一位干部，请核对证件号码")
        if row.identity and (say := self._several_units(("id", row.name, row.identity.base), _("证件号码"), words)):
            return None, say
        if row.phone:
            alike = self._by["phone", phone_hash_of(row), row.name]
            found = [cadre for cadre in self._serving(alike) if not self._others(cadre, row, id_hash)]
            if len(found) > 1:
                return None, _("有 %(count)s 位“%(name)s”登记了同一个电话，请先改正") % {"count": len(found), **words}
            if found:
                return found[0], ""
            if alike:
                return None, _("“%(name)s”的电话相同，编号或证件号码却与登记的不同，请核对") % words
            if say := self._several_units(("phone", row.name, row.phone), _("电话"), words):
                return None, say
        return self._of_unit(row, unit, id_hash, words)

    def _several_units(self, clue: tuple[str, ...], what: str, words: dict[str, Any]) -> str:
        """Somebody who is not registered, with several units in the file: which one holds must not hang on the order of its rows."""
        units = list(self._units_of.get(clue, ()))
        if len(units) < 2:
            return ""
        return _("表中“%(name)s”用同一个%(what)s写了几个单位（%(units)s），分不清属于哪个单位，请改成同一个单位") % {
            **words, "what": what, "units": _("、").join(units[:4]),
        }  # fmt: skip

    def _same(self, cadre: Cadre, row: Listed, words: dict[str, Any]) -> tuple[Cadre | None, str]:
        words["own"] = cadre.name
        if cadre.name != row.name:
            return None, _("这个证件号码登记的是“%(own)s”，表中写的是“%(name)s”，请核对") % words
        if row.number and cadre.number and row.number != cadre.number:
            return None, _("“%(name)s”登记的帮扶责任人编号与表中的不同，请核对") % words
        return cadre, ""

    def _of_unit(
        self, row: Listed, unit: UnitPart | None, id_hash: str, words: dict[str, Any]
    ) -> tuple[Cadre | None, str]:
        if unit is None or unit.blocked:
            return None, ""
        key = str(unit.unit.pk) if unit.unit is not None else _new_unit(unit)
        found = [c for c in self._serving(self._by["unit", key, row.name]) if not self._others(c, row, id_hash)]
        if len(found) > 1:
            words["count"] = len(found)
            return None, _(
                "“%(unit)s”有 %(count)s 位“%(name)s”，分不清是哪一位，请补上帮扶责任人编号、证件号码或手机"
            ) % words
        if not found:
            return None, ""
        other_phone = row.phone and found[0].phone_hash and found[0].phone_hash != phone_hash_of(row)
        if other_phone and len(self._phones[row.unit, row.name]) > 1:
            return None, _(
                "表中“%(unit)s”的“%(name)s”有两个不同的电话，分不清是不是同一个人，请补上帮扶责任人编号或证件号码"
            ) % words
        return found[0], ""

    def _others(self, cadre: Cadre, row: Listed, id_hash: str) -> bool:
        """Whether a namesake is certainly somebody else, by what is registered or an earlier row has said."""
        told = self._known[cadre.pk].told if cadre.pk in self._known else {}
        number, own_id = cadre.number or told.get("number"), cadre.id_hash or told.get("id_number")
        if row.number and number and row.number != number:
            return True
        return bool(id_hash and own_id and id_hash != own_id)

    @staticmethod
    def _serving(found: Sequence[Cadre]) -> list[Cadre]:
        """Who has not left, where there are such."""
        return [cadre for cadre in found if cadre.left_on is None] or list(found)

    def _register(self, row: Listed, unit: UnitPart | None) -> CadrePart:
        assert unit is not None
        base = row.identity.base if row.identity else ""
        cadre = Cadre(
            id=next(self._new_keys), name=row.name, number=row.number, phone_hash=phone_hash_of(row), phone_masked=pii.mask_phone(row.phone),
            id_hash=id_hash_of(row), id_masked=pii.mask_id(base), title=row.title, sex=row.sex, politics=row.politics,
        )  # fmt: skip
        cadre.unit = unit.unit or Unit(name=unit.name, region=unit.region)
        self._index(cadre)
        if unit.unit is None:
            self._by["unit", _new_unit(unit), row.name].append(cadre)
        part = self._known[cadre.pk] = self._part(row, cadre, unit)
        part.outcome = CREATED
        part.facts = _facts(row)
        part.told = {name: _comparable(row, name) for name in part.facts}
        return part

    def _differences(self, part: CadrePart, row: Listed, unit: UnitPart | None) -> None:
        """What a row says of a known person beside what is known: for the first row that says it a change, for a later one a note."""
        cadre = part.cadre
        assert cadre is not None
        may = cadre.unit.region is not None and (part.is_new or cadre.unit.region_id in self.world.editable)
        for name, value in _facts(row).items():
            said = _comparable(row, name)
            if name in part.told:
                if part.told[name] != said:
                    part.notes.append(_("第 %(row)s 行的%(label)s与第 %(first)s 行不同，以第 %(first)s 行为准") % {
                        "row": row.row_no, "first": part.first, "label": _label(name)})  # fmt: skip
                continue
            part.told[name] = said
            if part.is_new:
                part.facts[name] = value
                self._also(cadre, name, said)
            elif _differs(cadre, name, said) and may and cadre.left_on is None:
                part.facts[name] = value
                self._also(cadre, name, said)
                part.changes.append([_label(name), *_shown(cadre, name, row)])
                part.outcome = UPDATED
            elif _differs(cadre, name, said):
                part.notes.append(_("%(label)s与登记的不同，您不能改这位干部，没有写入") % {"label": _label(name)})
        self._move(part, unit, may)

    def _also(self, cadre: Cadre, name: str, said: str) -> None:
        """Later rows find the person by what this one adds."""
        key = {"number": ("number", said), "id_number": ("id", said), "phone": ("phone", said, cadre.name)}.get(name)
        if key is not None and cadre not in self._by[key]:
            self._by[key].append(cadre)

    def _move(self, part: CadrePart, unit: UnitPart | None, may: bool) -> None:
        cadre = part.cadre
        if cadre is None or unit is None or unit.blocked or part.is_new or part.moves or "unit" in part.told:
            return
        part.told["unit"] = unit.name
        part.unit = unit
        if unit.unit is not None and unit.unit.pk == cadre.unit_id:
            return
        region = unit.unit.region if unit.unit is not None else unit.region
        if may and cadre.left_on is None and region is not None and region.pk in self.world.editable:
            part.moves, part.outcome = True, UPDATED
            part.changes.append([_("单位"), cadre.unit.name, unit.name])
        else:
            part.notes.append(_("登记的单位是“%(own)s”，与表中不同，没有改动") % {"own": cadre.unit.name})


def _clues(row: Listed) -> list[tuple[str, ...]]:
    """What says of which unit a row is, the surest first."""
    return [
        *([("unit", row.unit_number)] if row.unit_number else []),
        *([("number", row.name, row.number)] if row.number else []),
        *([("id", row.name, row.identity.base)] if row.identity else []),
        *([("phone", row.name, row.phone)] if row.phone else []),
    ]


def _new_unit(unit: UnitPart) -> str:
    return f"new {unit.name} {unit.region.pk if unit.region else 0}"


def _facts(row: Listed) -> dict[str, Any]:
    """What a row says of a person, as the verbs of cadres take it."""
    facts = {
        "number": row.number, "sex": row.sex, "title": row.title, "politics": row.politics, "phone": row.phone,
        "id_number": row.identity.base if row.identity else "",
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value}


def _comparable(row: Listed, name: str) -> str:
    if name == "phone":
        return phone_hash_of(row)
    return id_hash_of(row) if name == "id_number" else str(getattr(row, name))


def _differs(cadre: Cadre, name: str, said: str) -> bool:
    own = {"phone": cadre.phone_hash, "id_number": cadre.id_hash}.get(name)
    return said != (getattr(cadre, name) if own is None else own)


def _label(name: str) -> str:
    field: Any = Cadre._meta.get_field(name)
    return str(field.verbose_name)


def _shown(cadre: Cadre, name: str, row: Listed) -> list[str]:
    """The old and the new value in words, secrets masked."""
    match name:
        case "phone":
            return [cadre.phone_masked, pii.mask_phone(row.phone)]
        case "id_number":
            return [cadre.id_masked, pii.mask_id(row.identity.base if row.identity else "")]
        case "sex":
            return [SEX.label(cadre.sex), SEX.label(row.sex)]
        case "politics":
            return [POLITICS.label(cadre.politics), POLITICS.label(row.politics)]
    return [str(getattr(cadre, name)), str(getattr(row, name))]
