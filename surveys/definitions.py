"""A survey form read from its definition (docs/surveys.md), and every reason why a definition is not sound."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext as _

from common import audit
from common.codes import CodeList
from households import codelists
from households.models import Household, HouseholdYear, Member, MemberYear
from households.services.base import HOUSEHOLD_FACTS, MEMBER_FACTS, MEMBER_YEAR_FACTS, YEAR_FACTS
from households.values import CODES
from surveys.rules import RESERVED, SUMS, Names, check_rule, named

TYPES = frozenset(
    ["text", "note", "integer", "decimal", "money", "date", "yesno", "choice", "choices", "phone", "id_number", "photo", "signature", "info",
     "total"]
)  # fmt: skip
NOT_ASKED = frozenset({"info", "total"})
EVIDENCE = frozenset({"photo", "signature"})
SECRET_TYPES = frozenset({"phone", "id_number"})
NUMBERS = frozenset({"integer", "decimal", "money"})
LISTS: dict[str, CodeList] = {codes.name: codes for codes in codelists.ALL}

# Where an approved answer may go: the facts that the verbs of the ledger take, without what an office decides or a survey brings itself.
TARGETS: dict[str, tuple[type[models.Model], frozenset[str]]] = {
    "household": (Household, HOUSEHOLD_FACTS - {"number", "bank_account"}),
    "year": (HouseholdYear, YEAR_FACTS - {"surveyor", "surveyed_on", "imported_net_income", "imported_per_head_income"}),
    "member": (Member, MEMBER_FACTS - {"number"}),
    "myear": (MemberYear, MEMBER_YEAR_FACTS),
}  # fmt: skip
OF_MEMBERS = frozenset({"member", "myear"})
PHOTO_KINDS = frozenset({"householder", "dwelling"})  # of the ledger's own photos

FORM_KEYS = frozenset({"code", "version", "title", "steps"})
STEP_KEYS = frozenset({"id", "title", "repeat", "show", "fields"})
FIELD_KEYS = frozenset(
    ["id", "type", "label", "hint", "unit", "list", "choices", "writes", "required", "show", "last", "hard", "soft", "most"]
)  # fmt: skip
MOST_STEPS, MOST_FIELDS, MOST_CHOICES = 30, 300, 300
PHOTOS = 5  # of one field, where the form says nothing

CODE = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,19}\Z")
ID = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
CHOICE = re.compile(r"[0-9A-Za-z_.-]{1,32}\Z")
FORBIDDEN_IDS = RESERVED | {"constructor"}  # the last is a name that every JavaScript object knows


class Limit(NamedTuple):
    """What a column can hold: longest text, most decimal places, largest number."""

    length: int = 0
    places: int = 0
    highest: str = ""


@dataclass(frozen=True)
class Ask:
    """A sentence that is said where a rule holds."""

    rule: Any
    say: str


@dataclass(frozen=True)
class Field:
    """One field of a form. `member`: it is asked of each member. `show` and `step_show` are rules, None where there is none."""

    id: str
    type: str
    label: str
    step: str
    member: bool
    hint: str = ""
    unit: str = ""
    list: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    writes: str = ""
    required: Any = False
    show: Any = None
    step_show: Any = None
    last: bool = False
    hard: tuple[Ask, ...] = ()
    soft: tuple[Ask, ...] = ()
    most: int = 0

    @property
    def is_conditional(self) -> bool:
        return self.show is not None or self.step_show is not None

    @property
    def is_asked(self) -> bool:
        return self.type not in NOT_ASKED

    @property
    def is_secret(self) -> bool:
        return self.type in SECRET_TYPES

    @property
    def is_evidence(self) -> bool:
        return self.type in EVIDENCE

    @property
    def part(self) -> str:
        """household, year, income, member, myear, photo, or "" for what is kept in the survey only."""
        return self.writes.partition(".")[0]

    @property
    def column(self) -> str:
        """The column or income item behind `part`."""
        return self.writes.partition(".")[2]

    @property
    def codes(self) -> CodeList | Mapping[str, str]:
        """The codes an answer may have: an official list, or `{code: label}` of the form's own."""
        return LISTS[self.list] if self.list else dict(self.choices)

    @property
    def options(self) -> list[tuple[str, str]]:
        """What can be chosen today: [(code, label)], in order."""
        return [(code, str(label)) for code, label in LISTS[self.list].choices] if self.list else list(self.choices)

    @functools.cached_property
    def limit(self) -> Limit:
        """The bounds of the column it writes, else those of its type. Nothing that is counted in a survey is below zero."""
        if self.type == "money":
            return Limit(places=2, highest="9999999999.99")
        column = _column(self.writes)
        if self.type == "decimal":
            if column is None:
                return Limit(places=6, highest="999999999999")
            places = column.decimal_places
            return Limit(places=places, highest=f"{'9' * (column.max_digits - places)}.{'9' * places}")
        if self.type == "integer":
            most = [int(v.limit_value) for v in column.validators if isinstance(v, MaxValueValidator)] if column else []
            return Limit(highest=str(min([*most, 32767 if column else 999999999])))
        if self.type in ("text", "note"):
            return Limit(length=(column.max_length if column else None) or (2000 if self.type == "note" else 200))
        return Limit()


@dataclass(frozen=True)
class Step:
    id: str
    title: str
    repeat: bool
    show: Any
    fields: tuple[Field, ...]


def split_path(path: str) -> tuple[str, str]:
    """(member uid or "", field id) of a path; the id is "+" or "-" for a member that is new or left."""
    member, slash, name = path.rpartition("/")
    return (member, name) if slash else ("", path)


def path_of(field_id: str, member: str = "") -> str:
    return f"{member}/{field_id}" if member else field_id


@dataclass(frozen=True)
class Definition:
    """A form. Made by `Definition.of` from a definition that `problems` finds sound, or by `read` from a stored form."""

    code: str
    version: str
    title: str
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Definition:
        steps = tuple(
            Step(
                step["id"],
                step["title"],
                step.get("repeat") == "member",
                step.get("show"),
                tuple(_field(field, step) for field in step["fields"]),
            )
            for step in data["steps"]
        )
        return cls(data["code"], data["version"], data["title"], steps)

    def __str__(self) -> str:
        return f"{self.code}@{self.version}"

    @functools.cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in order, `info` and `total` too."""
        return tuple(field for step in self.steps for field in step.fields)

    @functools.cached_property
    def _by_id(self) -> dict[str, Field]:
        return {field.id: field for field in self.fields}

    def field(self, path: str) -> Field | None:
        """The field of an id or of a path; None where the form has none such."""
        member, name = split_path(path)
        found = self._by_id.get(name)
        return found if found and found.member is bool(member) else None

    @functools.cached_property
    def asked(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.is_asked)

    @functools.cached_property
    def household_fields(self) -> tuple[Field, ...]:
        return tuple(field for field in self.asked if not field.member)

    @functools.cached_property
    def member_fields(self) -> tuple[Field, ...]:
        return tuple(field for field in self.asked if field.member)

    @functools.cached_property
    def photo_fields(self) -> tuple[Field, ...]:
        """Fields answered by photos and signatures."""
        return tuple(field for field in self.fields if field.is_evidence)

    @functools.cached_property
    def secret_fields(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.is_secret)

    @functools.cached_property
    def writes(self) -> dict[str, Field]:
        """{target: field} of everything that goes into the ledger."""
        return {field.writes: field for field in self.fields if field.writes}

    def id_of(self, target: str) -> str:
        """The id of the field that writes there, "" where none does."""
        found = self.writes.get(target)
        return found.id if found else ""

    @functools.cached_property
    def income(self) -> dict[str, str]:
        """{field id: income item}."""
        return {field.id: field.column for field in self.fields if field.part == "income"}

    @functools.cached_property
    def order(self) -> tuple[Field, ...]:
        """Fields that are not always asked, each behind those its rules read: hiding goes through them once."""
        return tuple(self._by_id[name] for name in _sorted(_reads(self.fields)) if self._by_id[name].is_conditional)

    def paths(self, answers: Mapping[str, Any]) -> Iterator[tuple[str, Field, Any]]:
        """(path, field, value) of every answer the form knows, in the order of the answers."""
        for name, value in answers.get("values", {}).items():
            if field := self.field(name):
                yield name, field, value
        for one in answers.get("members", ()):
            for name, value in one.get("values", {}).items():
                path = path_of(name, one["uid"])
                if field := self.field(path):
                    yield path, field, value

    @functools.cached_property
    def names(self) -> Names:
        return Names(frozenset(f.id for f in self.household_fields), frozenset(f.id for f in self.member_fields))

    def expanded(self) -> dict[str, Any]:
        """The definition as a page needs it: besides what was written, `codes`, `length`, `places`, `highest` of each field,
        and `order`: the fields that are not always asked, each behind those its rules read."""
        return {
            "code": self.code,
            "version": self.version,
            "title": self.title,
            "order": [field.id for field in self.order],
            "steps": [_step_data(step) for step in self.steps],
        }


def read(form: Any) -> Definition:
    """The definition of a stored `SurveyForm`."""
    return Definition.of(form.definition)


def digest_of(data: Mapping[str, Any]) -> str:
    """SHA-256 of a definition in its canonical spelling."""
    return hashlib.sha256(audit.canonical(data).encode()).hexdigest()


def _field(data: Mapping[str, Any], step: Mapping[str, Any]) -> Field:
    return Field(
        id=data["id"],
        type=data["type"],
        label=data["label"],
        step=step["id"],
        member=step.get("repeat") == "member",
        hint=data.get("hint", ""),
        unit=data.get("unit", ""),
        list=data.get("list", ""),
        choices=tuple((code, label) for code, label in data.get("choices", ())),
        writes=data.get("writes") or "",
        required=data.get("required", False),
        show=data.get("show"),
        step_show=step.get("show"),
        last=data.get("last", False),
        hard=tuple(Ask(one["if"], one["say"]) for one in data.get("hard", ())),
        soft=tuple(Ask(one["if"], one["say"]) for one in data.get("soft", ())),
        most=data.get("most", PHOTOS if data["type"] == "photo" else 0),
    )


def _step_data(step: Step) -> dict[str, Any]:
    data: dict[str, Any] = {"id": step.id, "title": step.title, "fields": [_field_data(field) for field in step.fields]}
    if step.repeat:
        data["repeat"] = "member"
    if step.show is not None:
        data["show"] = step.show
    return data


def _field_data(field: Field) -> dict[str, Any]:
    data: dict[str, Any] = {
        name: value
        for name in ("id", "type", "label", "hint", "unit", "list", "writes", "required", "last", "most")
        if (value := getattr(field, name))
    }
    if field.show is not None:
        data["show"] = field.show
    if field.choices:
        data["choices"] = [list(one) for one in field.choices]
    for name in ("hard", "soft"):
        if asks := getattr(field, name):
            data[name] = [{"if": one.rule, "say": one.say} for one in asks]
    if field.type in ("choice", "choices"):
        codes = field.codes
        data["codes"] = [code.code for code in codes.codes] if isinstance(codes, CodeList) else list(codes)
    limit = field.limit
    return data | {name: value for name in ("length", "places", "highest") if (value := getattr(limit, name))}


def _column(writes: str) -> Any:
    """The column of a target, None for items of income and where nothing is written."""
    part, _dot, name = writes.partition(".")
    return TARGETS[part][0]._meta.get_field(name) if part in TARGETS else None


# -- what depends on what -------------------------------------------------------------------------------------------------------


def _reads(fields: Sequence[Field]) -> dict[str, set[str]]:
    """{field id: ids of the fields that decide whether it is asked}."""
    by_id = {field.id for field in fields}
    money = {field.id for field in fields if field.part == "income"}
    people = {field.id for field in fields if field.writes == "year.population"}
    birth = {field.id for field in fields if field.writes == "member.birth_date"}
    found: dict[str, set[str]] = {}
    for field in fields:
        read: set[str] = set()
        for name in named(field.show) | named(field.step_show):
            if name in SUMS:
                read |= money | people
            elif name == "age":
                read |= birth
            elif name in by_id:
                read.add(name)
        found[field.id] = read
    return found


def _sorted(reads: Mapping[str, set[str]]) -> list[str]:
    """Ids so that each comes behind those it reads; what stands in a circle is left out."""
    done: list[str] = []
    waiting = dict(reads)
    placed: set[str] = set()
    while ready := [name for name, read in waiting.items() if read <= placed]:
        done += ready
        placed |= set(ready)
        for name in ready:
            del waiting[name]
    return done


# -- soundness ------------------------------------------------------------------------------------------------------------------


class Flaw(NamedTuple):
    """Something wrong with a definition: where (places in the lists of steps and fields, from 0; None for the whole), and what."""

    step: int | None
    field: int | None
    where: str
    what: str
    head: bool = False  # of code, version or title

    def __str__(self) -> str:
        return _("%(where)s：%(what)s。") % {"where": self.where, "what": self.what} if self.where else f"{self.what}。"


def flaws(data: Any) -> list[Flaw]:
    """Every reason why a definition is not sound; [] for a sound one. Takes any JSON."""
    found = _Flaws()
    found.form(data)
    return found.said


def problems(data: Any) -> list[str]:
    """The same as sentences, naming step and field."""
    return [str(flaw) for flaw in flaws(data)]


class _Flaws:
    def __init__(self) -> None:
        self.said: list[Flaw] = []
        self.where = ""
        self.at: tuple[int | None, int | None] = (None, None)
        self.in_head = False

    def add(self, what: str) -> None:
        self.said.append(Flaw(*self.at, self.where, what, self.in_head))

    def go(self, step: int | None = None, field: int | None = None, where: str = "") -> None:
        """What is added from now on concerns this place."""
        self.at, self.where = (step, field), where

    def form(self, data: Any) -> None:
        if not isinstance(data, dict):
            self.add(_("表的定义不是一个对象"))
            return
        self.unknown(data, FORM_KEYS)
        self.in_head = True
        if not _matches(CODE, data.get("code")):
            self.add(_("表号应以小写字母开头，由小写字母、数字和 - 组成，最多 40 个字符"))
        if not _matches(VERSION, data.get("version")):
            self.add(_("版本由字母、数字、. 和 - 组成，最多 20 个字符"))
        self.text(data, "title", _("名称"), 100)
        self.in_head = False
        steps = data.get("steps")
        if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
            self.add(_("一张表应有 1 至 %(most)s 步") % {"most": MOST_STEPS})
            return
        sound = [step for place, step in enumerate(steps, 1) if self.step(step, place)]
        if len(sound) < len(steps):
            return
        fields = [(step, field) for step in sound for field in step["fields"]]
        if len(fields) > MOST_FIELDS:
            self.add(_("栏目超过 %(most)s 个") % {"most": MOST_FIELDS})
            return
        self.once([step["id"] for step in sound], _("步骤编号“%(id)s”重复"))
        self.once([field["id"] for _step, field in fields], _("栏目编号“%(id)s”重复"))
        self.once([field["writes"] for _step, field in fields if field.get("writes")], _("有两个栏目都写入“%(id)s”"))
        self.members(fields)
        self.rules(sound, fields)
        if not self.said:
            self.circle(Definition.of(data))

    def step(self, step: Any, place: int) -> bool:
        """Check a step by itself; whether it has the shape that the rest relies on."""
        self.go(place - 1, None, _("第 %(place)s 步") % {"place": place})
        before = len(self.said)
        if not isinstance(step, dict):
            self.add(_("不是一个对象"))
            return False
        if isinstance(step.get("title"), str) and step["title"].strip():
            self.where = _("第 %(place)s 步“%(title)s”") % {"place": place, "title": step["title"][:60]}
        self.unknown(step, STEP_KEYS)
        self.text(step, "title", _("标题"), 60)
        self.id(step)
        if step.get("repeat", "member") != "member":
            self.add(_("repeat 只能是 member"))
        fields = step.get("fields")
        if not isinstance(fields, list) or not fields:
            self.add(_("没有栏目"))
            return False
        here = self.where
        for number, field in enumerate(fields, 1):
            self.go(place - 1, number - 1, f"{here}{_('第 %(number)s 个栏目') % {'number': number}}")
            if not isinstance(field, dict):
                self.add(_("不是一个对象"))
                continue
            if isinstance(field.get("label"), str) and field["label"].strip():
                self.where = f"{here}{_('的“%(label)s”') % {'label': field['label'][:60]}}"
            self.field(field, step.get("repeat") == "member")
        self.go()
        return len(self.said) == before

    def field(self, field: dict[str, Any], member: bool) -> None:
        self.unknown(field, FIELD_KEYS)
        self.id(field)
        if str(field.get("id")) in FORBIDDEN_IDS:
            self.add(_("编号“%(id)s”是保留的名称，请换一个") % {"id": field["id"]})
        self.text(field, "label", _("问题"), 200)
        for name, title, most in (("hint", _("提示"), 300), ("unit", _("单位"), 10)):
            if name in field:
                self.text(field, name, title, most, blank=True)
        if not isinstance(field.get("last", False), bool):
            self.add(_("last 只能是 true 或 false"))
        kind = field.get("type")
        if not isinstance(kind, str) or kind not in TYPES:
            self.add(_("没有“%(type)s”这种类型") % {"type": str(kind)[:40]})
            return
        if kind in NOT_ASKED and any(field.get(name) for name in ("required", "hard", "last", "writes")):
            self.add(_("说明和合计只显示，不能必填、不能写入台账，也没有限制"))
        if "most" in field and not (
            kind in ("photo", "choices") and type(field["most"]) is int and 1 <= field["most"] <= 20
        ):
            self.add(_("most 是照片或多选最多几个，应在 1 到 20 之间"))
        self.codes(field, kind)
        self.target(field, kind, member)
        if field.get("last") and not field.get("writes"):
            self.add(_("不写入台账的栏目没有去年的值"))

    def codes(self, field: dict[str, Any], kind: str) -> None:
        if kind not in ("choice", "choices"):
            if "list" in field or "choices" in field:
                self.add(_("只有单选和多选才有选项"))
            return
        if ("list" in field) == ("choices" in field):
            self.add(_("单选和多选要么写官方代码表的名称，要么自己列出选项"))
        elif "list" in field:
            if not isinstance(field["list"], str) or field["list"] not in LISTS:
                self.add(_("没有“%(list)s”这个代码表") % {"list": str(field["list"])[:40]})
        else:
            self.own_choices(field["choices"])

    def own_choices(self, choices: Any) -> None:
        if not isinstance(choices, list) or not 1 <= len(choices) <= MOST_CHOICES:
            self.add(_("选项应有 1 至 %(most)s 个") % {"most": MOST_CHOICES})
            return
        codes: list[str] = []
        for one in choices:
            if not (isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)):
                self.add(_("每个选项应是代码和文字"))
            elif not CHOICE.match(one[0]):
                self.add(_("选项代码“%(code)s”只能用字母、数字、_、- 和 .，最多 32 个字符") % {"code": one[0][:40]})
            elif not one[1].strip() or len(one[1]) > 100:
                self.add(_("选项“%(code)s”的文字应有 1 至 100 字") % {"code": one[0]})
            else:
                codes.append(one[0])
        self.once(codes, _("选项代码“%(id)s”重复"))

    def target(self, field: dict[str, Any], kind: str, member: bool) -> None:
        writes = field.get("writes")
        if writes is None:
            return
        part, _dot, name = writes.partition(".") if isinstance(writes, str) else ("", "", "")
        if part == "photo":
            if name not in PHOTO_KINDS or kind != "photo":
                self.add(_("“%(writes)s”与类型“%(type)s”不符") % {"writes": writes[:60], "type": kind})
        elif part == "income":
            if name not in codelists.INCOME_ITEM:
                self.add(_("台账里没有“%(writes)s”") % {"writes": writes[:60]})
            elif kind != "money":
                self.add(_("收支项目“%(writes)s”只能是金额") % {"writes": writes})
        elif part not in TARGETS or name not in TARGETS[part][1]:
            self.add(_("台账里没有“%(writes)s”，或它不由调查填写") % {"writes": str(writes)[:60]})
            return
        elif wrong := _misfit(field, kind, writes):
            self.add(wrong)
        if member is not (part in OF_MEMBERS):
            self.add(
                _("“%(writes)s”属于家庭成员，应放在按成员填写的步骤里") % {"writes": writes}
                if part in OF_MEMBERS
                else _("“%(writes)s”属于全户，不能放在按成员填写的步骤里") % {"writes": writes}
            )

    def members(self, fields: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        """A card of a member that can be added needs a name and a place in the household."""
        targets = {field.get("writes") for _step, field in fields}
        if any(str(target).startswith("member.") for target in targets):
            for target, label in (("member.name", _("姓名")), ("member.relation", _("与户主关系"))):
                if target not in targets:
                    self.add(
                        _("表里有家庭成员的信息，就要有“%(label)s”（%(target)s）") % {"label": label, "target": target}
                    )

    def rules(self, steps: list[dict[str, Any]], fields: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        def ids(member: bool) -> frozenset[str]:
            return frozenset(
                field["id"]
                for step, field in fields
                if (step.get("repeat") == "member") is member and field["type"] not in NOT_ASKED
            )

        names = Names(ids(False), ids(True))
        for place, step in enumerate(steps, 1):
            here = _("第 %(place)s 步“%(title)s”") % {"place": place, "title": step["title"]}
            self.go(place - 1, None, here)
            if "show" in step:
                self.rule("show", step["show"], names)
            inner = replace(names, inside=step.get("repeat") == "member")
            for number, field in enumerate(step["fields"]):
                self.go(place - 1, number, f"{here}{_('的“%(label)s”') % {'label': field['label']}}")
                if "show" in field:
                    self.rule("show", field["show"], inner)
                if not isinstance(field.get("required", False), bool):
                    self.rule("required", field["required"], inner)
                for kind in ("hard", "soft"):
                    self.asks(kind, field.get(kind, []), inner)
        self.go()

    def asks(self, kind: str, asks: Any, names: Names) -> None:
        if not isinstance(asks, list) or len(asks) > 10:
            self.add(_("%(kind)s 应是最多 10 条的列表") % {"kind": kind})
            return
        for one in asks:
            if not isinstance(one, dict) or set(one) != {"if", "say"}:
                self.add(_("%(kind)s 的每一条应有 if 和 say") % {"kind": kind})
                continue
            self.text(one, "say", f"{kind} say", 200)
            self.rule(kind, one["if"], names)

    def rule(self, kind: str, rule: Any, names: Names) -> None:
        if wrong := check_rule(rule, names):
            self.add(f"{kind} {wrong}")

    def circle(self, definition: Definition) -> None:
        reads = _reads(definition.fields)
        placed = set(_sorted(reads))
        if lost := [field.label for field in definition.fields if field.id not in placed]:
            self.add(_("显示条件互相依赖，绕成了圈：%(fields)s") % {"fields": _("、").join(lost[:10])})

    # -- small checks -----------------------------------------------------------------------------------------------------------

    def unknown(self, data: Mapping[Any, Any], known: frozenset[str]) -> None:
        for key in data:
            if key not in known:
                self.add(_("不认识“%(key)s”") % {"key": str(key)[:40]})

    def text(self, data: Mapping[str, Any], name: str, title: str, most: int, *, blank: bool = False) -> None:
        value = data.get(name)
        if not isinstance(value, str) or len(value) > most or not (blank or value.strip()):
            self.add(_("%(title)s应有 1 至 %(most)s 字") % {"title": title, "most": most})

    def id(self, data: Mapping[str, Any]) -> None:
        if not _matches(ID, data.get("id")):
            self.add(_("编号应以小写字母开头，由小写字母、数字和 _ 组成，最多 40 个字符"))

    def once(self, names: Sequence[str], sentence: str) -> None:
        for name in dict.fromkeys(name for place, name in enumerate(names) if name in names[:place]):
            self.add(sentence % {"id": name})


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and bool(pattern.match(value))


def _misfit(field: Mapping[str, Any], kind: str, writes: str) -> str:
    """Why a type cannot be written to a column, "" where it can."""
    name = writes.partition(".")[2]
    column = _column(writes)
    many = isinstance(column, ArrayField)
    if name in ("phone", "id_number"):
        fits = kind == name
    elif name in CODES:
        fits = kind == ("choices" if many else "choice")
        if fits and not (field.get("list") == CODES[name].name or _within(field.get("choices"), CODES[name])):
            return _("“%(writes)s”用的是代码表“%(list)s”，选项不能超出它") % {
                "writes": writes,
                "list": CODES[name].name,
            }
    elif isinstance(column, models.BooleanField):
        fits = kind == "yesno"
    elif isinstance(column, models.DecimalField):
        fits = kind == "decimal"
    elif isinstance(column, models.IntegerField):
        fits = kind == "integer"
    elif isinstance(column, models.DateField):
        fits = kind == "date"
    else:
        fits = kind in ("text", "note")
    return "" if fits else _("“%(writes)s”与类型“%(type)s”不符") % {"writes": writes, "type": kind}


def _within(choices: Any, codes: CodeList) -> bool:
    return isinstance(choices, list) and all(isinstance(one, list) and one and one[0] in codes for one in choices)
