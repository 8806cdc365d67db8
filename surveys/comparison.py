"""The one read model of a review: what a survey says beside what the ledger holds and what it held last year, field by field.

The page, the API, the batch and the verb that approves all read it and nothing else; tests, too. The number of queries is fixed,
whatever the survey and however many surveys. Whoever calls has passed the row gate of the surveys.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from common import identity, phones, pii
from common.codes import CodeList
from households import codelists, values
from households.models import Member
from surveys import prefill, published
from surveys.answers import check
from surveys.definitions import NUMBERS, TARGETS, Definition, Field
from surveys.models import Survey, SurveyConflict, SurveyPhoto

SAME, NEW, CHANGED, CONFLICT, KEPT, GONE = "same", "new", "changed", "conflict", "kept", "gone"
DIFFERENT = frozenset({NEW, CHANGED, CONFLICT, GONE})
LEFT, JOINED = "-", "+"  # what stands behind the uid in the path of a member who left or is new


# -- values ---------------------------------------------------------------------------------------------------------------------


def normal(asked: Field, value: Any) -> Any:
    """A value in the one spelling that comparing needs; None where it is blank."""
    if value is None or value == "" or value == []:
        return None
    if asked.type in NUMBERS:
        return prefill.digits(Decimal(str(value)))
    return sorted(value) if asked.type == "choices" else value


def in_words(asked: Field, value: Any) -> str:
    """A value as people write it, "" where it is blank."""
    if value is None or value == "" or value == []:
        return ""
    match asked.type:
        case "choice":
            return _label(asked, value)
        case "choices":
            return _("、").join(_label(asked, code) for code in value)
        case "yesno":
            return values.yes_no(value)
        case "money":
            return _("%(amount)s 元") % {"amount": values.money(value)}
        case "decimal" | "integer":
            return f"{values.number(value)} {asked.unit}".strip()
        case "date":
            return values.day(value)
        case "photo":
            return _("%(count)s 张") % {"count": len(value)}
        case "signature":
            return _("已签名")
    return str(value)


def _label(asked: Field, code: str) -> str:
    codes = asked.codes
    return codes.label(code) if isinstance(codes, CodeList) else str(codes.get(code, code))


def fact_of(asked: Field, value: Any) -> Any:
    """An answer as the verbs of the ledger take it; None is blank."""
    if value is None:
        return _blank(asked)
    match asked.type:
        case "decimal" | "money":
            return Decimal(value)
        case "integer":
            return int(value)
        case "date":
            return dt.date.fromisoformat(value)
    return value


def _blank(asked: Field) -> Any:
    """What the column holds where nothing is known."""
    if asked.part == "income":
        return None
    column = TARGETS[asked.part][0]._meta.get_field(asked.column)
    return None if column.null else column.get_default()  # type: ignore[union-attr]


def is_annual(asked: Field) -> bool:
    return asked.part in ("year", "income", "myear")


# -- answers --------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Person:
    """A member as a survey speaks of it. `there` is the ledger's row, present or not; None for somebody new."""

    uid: str
    name: str
    answers: dict[str, Any]
    there: Member | None
    joined: dict[str, str] | None = None  # {"reason", "on"} of somebody new
    left: dict[str, str] | None = None

    @property
    def present(self) -> bool:
        return self.there is not None and self.there.left_on is None


@dataclass(frozen=True, slots=True)
class Asking:
    """An amber question; `kept`: the surveyor said that nothing is wrong."""

    say: str
    kept: bool


@dataclass(slots=True)
class Row:
    """One answered field. `answer`, `ledger`, `last`, `base` are in words, made when somebody reads them; `raw` and the like as stored.

    `says` and `has` are the words where there is no field: somebody is new, has left, is spoken of though gone. `state` is same, new, changed, conflict, kept (in the survey only) or gone (of a member who is no longer there).
    """

    path: str
    label: str
    step: str
    person: str
    state: str
    asked: Field | None = None
    raw: Any = None
    ledger_raw: Any = None
    last_raw: Any = None
    base_raw: Any = None
    says: str = ""
    has: str = ""
    uid: str = ""
    as_last_year: bool = False
    questions: list[Asking] = field(default_factory=list)
    photos: list[SurveyPhoto] = field(default_factory=list)
    missing: int = 0  # pictures that have not arrived
    reason: str = ""  # why it came back the last time
    hides: bool = False  # another number, and its mask does not show it
    typed: str = ""  # for the page: what a reviewer has just written,
    problem: str = ""  # and what stood in the way

    @property
    def answer(self) -> str:
        return in_words(self.asked, self.raw) if self.asked else self.says

    @property
    def ledger(self) -> str:
        return in_words(self.asked, self.ledger_raw) if self.asked else self.has

    @property
    def last(self) -> str:
        return in_words(self.asked, self.last_raw) if self.asked else ""

    @property
    def base(self) -> str:
        return in_words(self.asked, self.base_raw) if self.asked else ""

    @property
    def is_different(self) -> bool:
        return self.state in DIFFERENT

    @property
    def is_emptied(self) -> bool:
        return self.raw is None and self.asked is not None

    @property
    def is_plain(self) -> bool:
        """Nothing in it that somebody should look at: as the ledger has it, as last year, or kept in the survey only."""
        unchanged = self.state in (SAME, KEPT) or (self.state == NEW and self.as_last_year)
        return unchanged and not self.questions and not self.missing

    @property
    def where(self) -> str:
        """王明 · 健康状况"""
        return f"{self.person} · {self.label}" if self.person else self.label

    @property
    def word(self) -> str:
        return {
            SAME: _("一致"), NEW: _("新填"), CHANGED: _("有改动"), CONFLICT: _("有冲突"), KEPT: _("只留在调查里"), GONE: _("成员已不在册"),
        }[self.state]  # fmt: skip

    @property
    def tone(self) -> str:
        return {CONFLICT: "amber", CHANGED: "blue", NEW: "blue", GONE: "amber"}.get(self.state, "grey")


@dataclass(slots=True)
class Group:
    """Rows of one step, or of one member."""

    title: str
    rows: list[Row]


@dataclass
class Comparison:
    """Everything a reviewer sees of one survey."""

    survey: Survey
    rows: list[Row]
    people: list[Person]
    conflicts: dict[str, SurveyConflict]  # those that are open, by path
    secrets: dict[str, str] = field(repr=False)  # plain numbers by path, for the verbs alone
    photos_missing: int = 0

    @property
    def different(self) -> list[Row]:
        """What should be looked at, in the order of the form."""
        return [
            row
            for row in self.rows
            if row.is_different or row.questions or row.missing or row.reason or row.typed or row.problem
        ]

    @property
    def rest(self) -> list[Row]:
        """All the others, in the order of the form."""
        seen = {id(row) for row in self.different}
        return [row for row in self.rows if id(row) not in seen]

    @property
    def to_choose(self) -> list[Row]:
        return [row for row in self.rows if row.state == CONFLICT]

    @property
    def with_pictures(self) -> list[Row]:
        return [row for row in self.rows if row.photos or row.missing]

    @property
    def questions(self) -> int:
        return max(sum(len(row.questions) for row in self.rows), self.survey.questions)

    def row(self, path: str) -> Row | None:
        return next((row for row in self.rows if row.path == path), None)

    @property
    def why_not_in_batch(self) -> str:
        """Why this survey must be read by itself, in one phrase; "" where it need not."""
        reasons = []
        changes = sum(row.state in (NEW, CHANGED, GONE) and not row.as_last_year for row in self.rows)
        if self.to_choose:
            reasons.append(_("有 %(count)s 处冲突") % {"count": len(self.to_choose)})
        if changes:
            reasons.append(_("有 %(count)s 处与台账不同") % {"count": changes})
        if self.questions:
            reasons.append(_("有 %(count)s 处疑问") % {"count": self.questions})
        if self.photos_missing:
            reasons.append(_("还有 %(count)s 张照片没有到") % {"count": self.photos_missing})
        return _("，").join(reasons)

    def as_dict(self) -> dict[str, Any]:
        """For the API: every answer in words beside ledger and last year; numbers masked, pictures by their id."""
        survey = self.survey
        return {
            "form": str(survey.form),
            "note": survey.decision_note,
            "reasons": survey.reasons,
            "photos_missing": self.photos_missing,
            "answers": [
                {
                    "path": row.path,
                    "step": row.step,
                    "member": row.person,
                    "label": row.label,
                    "state": row.state,
                    "ledger": row.ledger,
                    "last": row.last,
                    "answer": row.answer,
                    "as_last_year": row.as_last_year,
                    "questions": [question.say for question in row.questions],
                    "photos": [str(photo.uid) for photo in row.photos],
                }
                for row in self.rows
            ],
        }


def grouped(rows: Iterable[Row]) -> list[Group]:
    groups: list[Group] = []
    last: tuple[str, str] | None = None
    for row in rows:
        here = (row.step, row.uid)
        if here != last:
            groups.append(Group(f"{row.step} · {row.person}" if row.person else row.step, []))
            last = here
        groups[-1].rows.append(row)
    return groups


# -- comparing ------------------------------------------------------------------------------------------------------------------


def load(survey: Survey, renamed: Mapping[str, str] | None = None, *, asking: bool = False) -> Comparison:
    return load_many([survey], renamed, asking=asking)[0]


def load_many(
    surveys: Sequence[Survey], renamed: Mapping[str, str] | None = None, *, asking: bool = False
) -> list[Comparison]:
    """Comparisons in the order of `surveys`: about ten queries, whatever their number. For some hundreds at a time.

    `renamed` says by which uid the ledger knows a member whom the survey calls by another one. `asking` raises the amber questions anew:
    those too that the surveyor left unanswered get their sentence; without, only their number is known.
    """
    surveys = list(surveys)
    prefetch_related_objects(surveys, "form", "household", "surveyor", "photos", "conflicts")
    households = {survey.household_id: survey.household for survey in surveys}
    years = sorted({year for survey in surveys for year in (survey.year, survey.year - 1)})
    rows = prefill.rows_of(households.values(), years)
    members: dict[int, dict[str, Member]] = defaultdict(dict)
    for member in Member.objects.filter(household__in=list(households)).order_by("household", "pk"):
        members[member.household_id][str(member.uid)] = member
    found = []
    for survey in surveys:
        form = published.definition_of(survey.form)
        found.append(_Comparing(survey, form, rows, members[survey.household_id], renamed or {}, asking).result())
    return found


def people_of(
    survey: Survey, members: Mapping[str, Member], form: Definition, renamed: Mapping[str, str] | None = None
) -> list[Person]:
    """The members a survey speaks of, in its order. `members` are the household's by uid, those who left, too."""
    named = form.id_of("member.name")
    people = []
    for each in survey.answers.get("members", ()):
        uid, own = str(each["uid"]), each.get("values", {})
        uid = (renamed or {}).get(uid, uid)
        there = members.get(uid)
        name = own.get(named) or (there.name if there else "") or _("新成员")
        people.append(Person(uid, name, own, there, each.get("joined") if each.get("new") else None, each.get("left")))
    return people


def secrets_of(survey: Survey, renamed: Mapping[str, str] | None = None) -> dict[str, str]:
    """`{path: plain text}` of the numbers typed in a survey. Never shown, never logged: compared and handed to the verbs."""
    found = dict(json.loads(_plain(survey.secrets))) if survey.secrets else {}
    return {rename(path, renamed or {}): text for path, text in found.items()}


def _plain(secret: Any) -> str:
    return secret.reveal() if isinstance(secret, pii.Secret) else str(secret)


def rename(path: str, renamed: Mapping[str, str]) -> str:
    """The path with the member's uid exchanged."""
    uid, slash, name = path.partition("/")
    return f"{renamed.get(uid, uid)}/{name}" if slash else path


def moved(path: str, base: Any, now: Any, seals: Mapping[str, str], current: Mapping[str, str]) -> bool:
    """Whether the ledger's value is another one than when the draft began. Numbers are masked on both sides: their seals tell, where the
    draft took one along."""
    if path in seals and path in current:
        return seals[path] != current[path]
    return bool(base != now)


def hash_of(writes: str, text: str) -> str:
    """The keyed hash under which the ledger would keep a number; "" for what it would refuse."""
    try:
        match writes:
            case "household.phone" | "member.phone":
                return pii.seal_phone(phones.parse(text)).hash
            case "member.id_number":
                read = identity.parse(text)
                return pii.seal_id_number(read.number, read.base).hash
            case "household.bank_account":
                return pii.seal_account("".join(text.split())).hash
    except phones.PhoneError:
        return ""
    except identity.IdentityError:  # a military or foreign paper: kept as it is written
        return pii.lookup_hash("id", identity.clean(text))
    return ""


class _Comparing:
    """One survey against the rows of the ledger."""

    def __init__(
        self,
        survey: Survey,
        form: Definition,
        rows: prefill.Rows,
        members: Mapping[str, Member],
        renamed: Mapping[str, str],
        asking: bool,
    ) -> None:
        self.survey, self.form = survey, form
        self.people = people_of(survey, members, form, renamed)
        self.now = rows.values(survey.household_id, survey.year, form)
        self.last = rows.values(survey.household_id, survey.year - 1, form)
        self.seals = rows.seals(survey.household_id, form)
        self.secrets = secrets_of(survey, renamed)
        self.same = set(survey.same)
        self.asked: dict[str, list[str]] = {path: list(said) for path, said in survey.kept.items()}
        if asking:
            self.asked = self._questions(rows, form)
        self.open = {c.path: c for c in survey.conflicts.all() if not c.choice}
        arrived = [photo for photo in survey.photos.all() if photo.state == SurveyPhoto.State.COMPLETE]
        self.here = {str(photo.uid): photo for photo in arrived}

    def _questions(self, rows: prefill.Rows, form: Definition) -> dict[str, list[str]]:
        survey, found = self.survey, defaultdict(list)
        cards = [prefill.card(member) for member in rows.members.get(survey.household_id, ())]
        done = check(
            form, survey.answers, members=cards, last=self.last, base=survey.base, year=survey.year, today=survey.surveyed_on
        )  # fmt: skip
        for question in done.questions:
            found[question.path].append(question.say)
        return found

    def result(self) -> Comparison:
        top = self.survey.answers.get("values", {})
        rows: list[Row] = []
        members_shown = False
        for step in self.form.steps:
            if not step.repeat:
                rows += [row for a in step.fields if a.is_asked and (row := self._answer(a, top, step.title))]
            elif not members_shown:  # all that is asked of a member stands together, whichever step asks it
                members_shown = True
                for person in self.people:
                    rows += self._person(person, step.title)
        return Comparison(self.survey, rows, self.people, self.open, self.secrets, sum(row.missing for row in rows))

    def _person(self, person: Person, step: str) -> list[Row]:
        rows = []
        if presence := self._presence(person, step):
            rows.append(presence)
        if person.left:
            return rows
        gone = person.there is not None and not person.present
        fields = self.form.member_fields
        return rows + [row for a in fields if (row := self._answer(a, person.answers, step, person, gone))]

    def _answer(
        self, asked: Field, answers: Mapping[str, Any], step: str, person: Person | None = None, gone: bool = False
    ) -> Row | None:
        """The row of a field that was answered, or emptied: the form began filled in, so what was there and is blank now was taken away."""
        if normal(asked, answers.get(asked.id)) is not None:
            return self._row(asked, answers[asked.id], step, person, gone)
        path = prefill.path_of(asked.id, person.uid if person else "")
        was_there = not gone and normal(asked, self.survey.base.get(path)) is not None
        if was_there and asked.writes and not asked.is_evidence and self.now.get(path) is not None:
            return self._row(asked, None, step, person)
        return None

    def _presence(self, person: Person, step: str) -> Row | None:
        """The row that says somebody is new, has left, or is spoken of although the ledger has let them go."""
        here, away = _("在册"), ""
        if person.there is not None and person.there.left_on is not None:
            away = _("已减少：%(why)s") % {"why": _leaving(person.there.left_reason, person.there.left_on)}
        if person.left:
            says = _("减少：%(why)s") % {"why": _leaving(person.left["reason"], person.left["on"])}
            state = CHANGED if person.present else SAME
            return self._own(
                person, LEFT, step, state, says=says, has=away or here, raw=person.left, label=_("减少成员")
            )
        if person.joined is not None and person.there is None:
            why = f"{codelists.JOIN_REASON.label(person.joined['reason'])} {values.day(person.joined['on'])}"
            return self._own(person, JOINED, step, NEW, says=why, raw=person.joined, label=_("新增成员"))
        if away:
            return self._own(person, LEFT, step, CONFLICT, says=here, has=away, raw=None, label=_("是否在册"))
        return None

    def _said(self, path: str) -> list[Asking]:
        kept = self.survey.kept.get(path, ())
        return [Asking(say, say in kept) for say in self.asked.get(path, ())]

    def _own(self, person: Person, sign: str, step: str, state: str, **texts: Any) -> Row:
        path = f"{person.uid}/{sign}"
        return Row(
            path=path, step=step, person=person.name, state=state, uid=person.uid, questions=self._said(path),
            reason=self.survey.reasons.get(path, ""), **texts,
        )  # fmt: skip

    def _row(self, asked: Field, raw: Any, step: str, person: Person | None = None, gone: bool = False) -> Row:
        uid = person.uid if person else ""
        path = prefill.path_of(asked.id, uid)
        now, base = self.now.get(path), self.survey.base.get(path)
        last = self.last.get(path) if is_annual(asked) else None
        wanted = [] if not asked.is_evidence else raw if isinstance(raw, list) else [raw] if raw else []
        photos = [self.here[uid] for uid in map(str, wanted) if uid in self.here]
        return Row(
            path=path, label=asked.label, step=step, person=person.name if person else "", uid=uid, asked=asked, raw=raw,
            state=GONE if gone and asked.writes else self._state(asked, path, raw, now, base, person),
            ledger_raw=now, last_raw=last, base_raw=base,
            as_last_year=path in self.same and normal(asked, raw) == normal(asked, last), questions=self._said(path),
            photos=photos, missing=len(wanted) - len(photos), reason=self.survey.reasons.get(path, ""),
            hides=bool(path in self.secrets and now and raw == now and not self._same_number(asked, path, raw, person)),
        )  # fmt: skip

    def _state(self, asked: Field, path: str, raw: Any, now: Any, base: Any, person: Person | None) -> str:
        if not asked.writes or asked.is_evidence:
            return KEPT
        answer, here, began = (normal(asked, value) for value in (raw, now, base))
        if asked.writes in prefill.HASHES:
            if self._same_number(asked, path, raw, person):
                return SAME
        elif answer == here:
            return SAME
        if not moved(path, began, here, self.survey.seals, self.seals):
            return NEW if here is None else CHANGED
        return CONFLICT

    def _same_number(self, asked: Field, path: str, raw: Any, person: Person | None) -> bool:
        """Whether a number is the one the ledger has: masked it means just that, typed it is compared by its keyed hash."""
        if raw is None:
            return False
        if path not in self.secrets:
            return "*" in str(raw)
        row: Any = person.there if person else self.survey.household
        return row is not None and hash_of(asked.writes, self.secrets[path]) == getattr(
            row, prefill.HASHES[asked.writes]
        )


def _leaving(reason: str, on: Any) -> str:
    return f"{codelists.LEAVE_REASON.label(reason)} {values.day(on)}".strip()
