"""A form as the page draws it: every step and field with the names, lists and keys that its template needs, and no answer of anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from common.codes import CodeList
from common.names import search_keys
from households import codelists
from surveys.definitions import Definition, Field

CHIPS = 6  # a list of more codes is a select
MODES = {"integer": "numeric", "decimal": "decimal", "money": "decimal", "phone": "tel"}
INPUTS = {"date": "date", "phone": "tel"}
LINES = frozenset({"text", "integer", "decimal", "money", "date", "phone", "id_number"})
ALONE = {"health": "01"}  # 健康 stands alone: it takes the other ticks away, and they take it
FILLED = frozenset({"member.birth_date", "member.sex"})  # by a whole ID number


@dataclass(frozen=True)
class Choice:
    """One answer of a list. `number` is what one types for it (and what paper prints before it), `keys` what else finds it."""

    code: str
    label: str
    number: str
    keys: str
    alone: bool = False


@dataclass(frozen=True)
class Control:
    """A field as drawn. `kind` names the look: line, note, chips, ticks, select, photo, signature, info, total."""

    id: str
    type: str
    kind: str
    label: str
    hint: str
    unit: str
    length: int
    last: bool
    most: int
    asks: bool  # may raise an amber question
    fills: bool  # may be filled by an ID number
    choices: tuple[Choice, ...]
    # (code, label) of a select that only earlier years have: shown and kept, never offered
    earlier: tuple[tuple[str, str], ...] = ()
    place: str = ""  # "3.2": its number on paper

    @property
    def mode(self) -> str:
        return MODES.get(self.type, "")

    @property
    def input(self) -> str:
        return INPUTS.get(self.type, "text")

    @property
    def numeric(self) -> bool:
        return self.type in ("integer", "decimal", "money")

    @property
    def secret(self) -> bool:
        return self.type in ("phone", "id_number")

    @property
    def echoes(self) -> bool:
        """Whether a large sum is read out below."""
        return self.type == "money"

    @property
    def described(self) -> list[str]:
        """Ends of the ids of what stands around the control."""
        there = {
            "h": self.hint or self.kind == "photo",
            "p": self.last,
            "e": True,
            "r": self.echoes,
            "a": self.fills,
            "q": self.asks,
        }
        return [end for end, is_there in there.items() if is_there]


@dataclass(frozen=True)
class Step:
    id: str
    title: str
    repeat: bool
    adds: bool  # the step where members come and go
    sums: bool  # has money in it: the running total stays in sight
    controls: tuple[Control, ...]


def numbered(choices: Iterable[tuple[str, Any]]) -> tuple[Choice, ...]:
    """Choices with the number that is typed for them: their code where every code of the list is one, else their place."""
    pairs = [(str(code), str(label)) for code, label in choices]
    by_code = all(code.isascii() and code.isdigit() for code, _label in pairs)
    return tuple(
        Choice(code, label, str(int(code)) if by_code else str(place), search_keys(label).initials.split(" ")[0])
        for place, (code, label) in enumerate(pairs, 1)
    )


def choices_of(field: Field) -> tuple[Choice, ...]:
    """What can be answered to a field of type choice, choices or yesno."""
    if field.type == "yesno":
        return (Choice("true", _("是"), "1", "s y"), Choice("false", _("否"), "2", "f n"))
    alone = ALONE.get(field.list)
    return tuple(replace(one, alone=one.code == alone) for one in numbered(field.options))


def earlier_of(field: Field) -> tuple[tuple[str, str], ...]:
    offered = dict(field.options)
    every = field.codes.every_choice if isinstance(field.codes, CodeList) else ()
    return tuple((code, str(label)) for code, label in every if code not in offered)


def control_of(field: Field) -> Control:
    choices = choices_of(field)
    kind = "line" if field.type in LINES else field.type
    if field.type in ("yesno", "choice"):
        kind = "chips" if len(choices) <= CHIPS else "select"
    elif field.type == "choices":
        kind = "ticks"
    return Control(
        field.id, field.type, kind, field.label, field.hint, field.unit or (_("元") if field.type == "money" else ""), field.limit.length or 60,
        field.last, field.most, bool(field.soft) or field.writes in FILLED, field.writes in FILLED, choices,
        earlier_of(field) if kind == "select" else (),
    )  # fmt: skip


def numbers_of(form: Definition) -> dict[str, str]:
    """{field id: "3.2"}: the step's place and the field's place in it, counted over what is asked. Paper sheets print the same."""
    found = {}
    for step_place, step in enumerate(form.steps, 1):
        asked = [field for field in step.fields if field.is_asked]
        found |= {field.id: f"{step_place}.{place}" for place, field in enumerate(asked, 1)}
    return found


def steps_of(form: Definition) -> list[Step]:
    """The steps of a form, in order."""
    numbers = numbers_of(form)
    adds = next((step.id for step in form.steps if step.repeat), "")
    return [
        Step(
            step.id,
            step.title,
            step.repeat,
            step.id == adds,
            any(field.part == "income" for field in step.fields),
            tuple(replace(control_of(field), place=numbers.get(field.id, "")) for field in step.fields),
        )
        for step in form.steps
    ]


def joining() -> tuple[Choice, ...]:
    """Why a member comes, as a surveyor may say it: what the office does (splitting, merging, importing) is not among it."""
    office = ("first", "import", "split", "merge")
    return numbered(pair for pair in codelists.JOIN_REASON.choices if pair[0] not in office)


def leaving() -> tuple[Choice, ...]:
    """Why a member goes."""
    return numbered(pair for pair in codelists.LEAVE_REASON.choices if pair[0] not in ("split", "merge"))
