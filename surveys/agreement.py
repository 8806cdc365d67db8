"""Two surveys of one household beside each other: where they agree, where not, and how that adds up per field and per pair of people.

Compared is what both have answered. What one of them left blank says nothing about agreeing and is only counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.roles import Permission
from surveys import comparison, published
from surveys.comparison import JOINED, LEFT, Person
from surveys.definitions import EVIDENCE, Definition, Field
from surveys.models import Survey, VerificationTask

FREE = frozenset({"note", *EVIDENCE})  # two people never write the same sentence
FEW = 10  # below so many comparisons a share means little
MEMBERS = "members"  # who belongs to the household, beside the ids of fields


@dataclass(frozen=True, slots=True)
class Pair:
    """What two surveys say of one thing. `field` is the form's id, or MEMBERS; `first` and `second` are answers (numbers masked)."""

    path: str
    field: str
    first: Any
    second: Any
    agree: bool


@dataclass(frozen=True, slots=True)
class TwoSurveys:
    pairs: list[Pair]
    one_sided: int  # answered by one of the two only
    renamed: dict[str, str]  # uid of somebody new in the second survey: the uid in the first

    @property
    def differences(self) -> list[Pair]:
        return [pair for pair in self.pairs if not pair.agree]

    @property
    def counts(self) -> dict[str, list[int]]:
        """`{field: [compared, different]}`."""
        found: dict[str, list[int]] = {}
        for pair in self.pairs:
            own = found.setdefault(pair.field, [0, 0])
            own[0] += 1
            own[1] += not pair.agree
        return found


def two_surveys(first: Survey, second: Survey) -> TwoSurveys:
    """Compare field by field. Forms of two versions are compared in the fields that both have."""
    one, other = published.definition_of(first.form), published.definition_of(second.form)
    types = {asked.id: asked.type for asked in other.asked}
    shared = [asked for asked in one.asked if types.get(asked.id) == asked.type and asked.type not in FREE]
    people = comparison.people_of(first, {}, one)
    renamed = _same_people(people, comparison.people_of(second, {}, other), one, other)
    others = {person.uid: person for person in comparison.people_of(second, {}, other, renamed)}
    secrets = comparison.secrets_of(first), comparison.secrets_of(second, renamed)
    pairs: list[Pair] = []
    one_sided = 0

    def compare(asked: Field, path: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> None:
        nonlocal one_sided
        a, b = comparison.normal(asked, here.get(asked.id)), comparison.normal(asked, there.get(asked.id))
        if a is None or b is None:
            one_sided += a != b
            return
        numbers = [own.get(path, "") for own in secrets]
        agree = a == b
        if all(numbers):
            hashes = {comparison.hash_of(asked.writes, number) or number for number in numbers}
            agree = len(hashes) == 1
        pairs.append(Pair(path, asked.id, here[asked.id], there[asked.id], agree))

    top, second_top = first.answers.get("values", {}), second.answers.get("values", {})
    for asked in shared:
        if not asked.member:
            compare(asked, asked.id, top, second_top)
    for person in people:
        mate = others.pop(person.uid, None)
        if mate is None:
            if person.joined:
                pairs.append(Pair(f"{person.uid}/{JOINED}", MEMBERS, person.name, None, False))
            continue
        if bool(person.left) != bool(mate.left):
            pairs.append(Pair(f"{person.uid}/{LEFT}", MEMBERS, person.left, mate.left, False))
            continue
        if person.left or person.joined:
            pairs.append(Pair(f"{person.uid}/{LEFT if person.left else JOINED}", MEMBERS, True, True, True))
        for asked in shared:
            if asked.member:
                compare(asked, f"{person.uid}/{asked.id}", person.answers, mate.answers)
    pairs += [Pair(f"{p.uid}/{JOINED}", MEMBERS, None, p.name, False) for p in others.values() if p.joined]
    return TwoSurveys(pairs, one_sided, renamed)


def _same_people(
    first: Iterable[Person], second: Iterable[Person], one: Definition, other: Definition
) -> dict[str, str]:
    """Somebody new has another uid on each phone: the same name is taken for the same person."""

    def new(people: Iterable[Person], form: Definition) -> dict[str, str]:
        named = form.id_of("member.name")
        return {"".join(str(p.answers.get(named, "")).split()): p.uid for p in people if p.joined}

    here, there = new(first, one), new(second, other)
    return {uid: here[name] for name, uid in there.items() if name and name in here}


# -- how it adds up -----------------------------------------------------------------------------------------------------------------


MOST_TASKS = 5000  # of one year


def tasks_of(user: Any, year: int) -> list[VerificationTask]:
    """Second looks of a year that were compared, with what `by_field` and `by_people` read."""
    return list(
        VerificationTask.objects.for_user(user, Permission.SURVEY_SAMPLE)
        .filter(year=year, state=VerificationTask.State.DONE).exclude(compared=None)
        .select_related("first__form", "first__surveyor", "survey__surveyor")
        .only("compared", "state", "first__form", "first__form__definition", "first__surveyor__name", "survey__surveyor__name")
        .order_by("-pk")[:MOST_TASKS]
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """How often something agreed: of `n` comparisons, in `tasks` households."""

    label: str
    n: int
    different: int
    tasks: int

    @property
    def agreed(self) -> int:
        return self.n - self.different

    @property
    def percent(self) -> str:
        return f"{self.agreed * 100 / self.n:.0f}%" if self.n else ""

    @property
    def few(self) -> bool:
        return self.n < FEW


def _shares(counted: Mapping[Any, list[int]], label: Any) -> list[Share]:
    rows = [Share(label(key), *numbers) for key, numbers in counted.items()]
    return sorted(rows, key=lambda row: (row.agreed / row.n if row.n else 1, -row.n, row.label))


def by_field(tasks: Iterable[VerificationTask]) -> list[Share]:
    """Agreement of each field, the least agreed first. Tasks bring `first.form`."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    labels = {MEMBERS: _("家庭成员增减")}
    forms: set[int] = set()
    for task in tasks:
        if task.first and task.first.form_id not in forms:
            forms.add(task.first.form_id)
            labels |= {a.id: a.label for a in published.definition_of(task.first.form).asked}
        for name, (n, different) in (task.compared or {}).items():
            own = counted[name]
            own[0] += n
            own[1] += different
            own[2] += 1
    return _shares(counted, lambda name: labels.get(name, name))


def by_people(tasks: Iterable[VerificationTask]) -> list[Share]:
    """Agreement of each pair of surveyors (first, second), over all fields. Tasks bring `first.surveyor` and `survey.surveyor`."""
    counted: dict[tuple[str, str, int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for task in tasks:
        if not task.compared or task.first is None or task.survey is None:
            continue
        one, other = task.first.surveyor, task.survey.surveyor
        own = counted[one.name, other.name, one.pk, other.pk]
        own[0] += sum(n for n, _different in task.compared.values())
        own[1] += sum(different for _n, different in task.compared.values())
        own[2] += 1
    return _shares(counted, lambda key: _("%(first)s 与 %(second)s") % {"first": key[0], "second": key[1]})
