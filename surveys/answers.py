"""What is wrong with the answers of a survey, and which questions they raise. Twin, for the phone: `ui/src/survey/answers.js`; both run
`ui/test/answers.json`. Nothing here reads the database: whoever calls brings what the ledger holds.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common import identity, phones, pii
from common.text import normalise_name, normalise_text
from households import codelists
from surveys.definitions import Definition, Field, path_of
from surveys.rules import Person, Scope, day, holds, number, quotient, text

OLDEST = dt.date(1880, 1, 1)
MOST_MEMBERS = 60
JOIN_REASONS = frozenset(code for code, _label in codelists.JOIN_REASON.choices) - {"first", "import", "split", "merge"}
LEAVE_REASONS = frozenset(code for code, _label in codelists.LEAVE_REASON.choices) - {"split", "merge"}
# Sentences of forms are Chinese wherever they are read: what the surveyor has answered is known by its sentence.
OTHER_BIRTHDAY = "和证件号码里的出生日期不一样，确定吗？"
OTHER_SEX = "和证件号码里的性别不一样，确定吗？"

_MASKED = re.compile(r"[0-9A-Za-z*-]{1,22}\Z")
_DIGITS = re.compile(r"\d{1,15}(\.\d{1,12})?\Z", re.ASCII)


@dataclass(frozen=True)
class Problem:
    """Such answers are not accepted. `code`: shape, unknown_field, unknown_member, type, list, limit, date, phone, id_number, hard, required,
    relation, same_id, member. The two `unknown_…` come from no honest phone: the caller decides whether they are forged.
    """

    path: str
    code: str
    say: str


@dataclass(frozen=True)
class Question:
    """Something unlikely; it never blocks."""

    path: str
    say: str


@dataclass
class Checked:
    """`clean` are the answers in the one spelling of docs/surveys.md, without what is not asked; `asked` the paths that are."""

    problems: list[Problem] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    clean: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def open(self, kept: Mapping[str, Iterable[str]]) -> list[Question]:
        """Questions that the surveyor has not answered with 「没有错」."""
        return [one for one in self.questions if one.say not in kept.get(one.path, ())]


class WrongError(ValueError):
    """A value that a field cannot have: its code, and the sentence without the field's name and without a full stop."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code


def check(
    form: Definition,
    answers: Any,
    *,
    members: Iterable[Mapping[str, Any]] = (),
    last: Mapping[str, Any] | None = None,
    base: Mapping[str, Any] | None = None,
    year: int = 0,
    today: dt.date,
    complete: bool = True,
) -> Checked:
    """Check answers to a form. `members` are the cards of the ledger's present members (`prefill.card`), `last` and `base` values by path,
    `today` the survey's day. `complete`: also what is missing for a submission.
    """
    return _Check(form, members, last or {}, base or {}, year, today, complete).run(answers)


class _Check:
    def __init__(
        self, form: Definition, members: Iterable[Mapping[str, Any]], last: Mapping[str, Any], base: Mapping[str, Any], year: int,
        today: dt.date, complete: bool,
    ) -> None:  # fmt: skip
        self.form, self.year, self.today, self.complete = form, year, today, complete
        self.last, self.base = last, base
        self.cards = {str(card["uid"]): card for card in members}
        self.done = Checked()
        self.values: dict[str, Any] = {}
        self.people: dict[str, dict[str, Any]] = {}  # uid -> {"uid", "values", "new"?, "joined"?, "left"?}
        self.spoilt: set[str] = set()  # paths whose value is no value: they are not missing as well

    def run(self, answers: Any) -> Checked:
        if not self._read(answers):
            return self.done
        scope = self._hide()
        self._ask(scope)
        self._relations()
        self._same_ids()
        self.done.clean = {"values": self.values, "members": list(self.people.values())}
        return self.done

    def problem(self, path: str, code: str, what: str, *, whole: bool = False) -> None:
        """`what` is a part of a sentence about the field, or with `whole` a sentence of its own."""
        self.done.problems.append(Problem(path, code, what if whole else f"{self._name(path)}：{what}。"))

    def _name(self, path: str) -> str:
        """王芳的务工时间."""
        uid, _slash, name = path.rpartition("/")
        asked = self.form.field(path)
        label = asked.label if asked else _("增加成员") if name == "+" else _("减少成员") if name == "-" else name[:40]
        if not uid:
            return label
        return _("%(name)s的%(label)s") % {"name": self._who(uid), "label": label}

    def _who(self, uid: str) -> str:
        name = self.people.get(uid, {}).get("values", {}).get(self.form.id_of("member.name"))
        return str(name or self.cards.get(uid, {}).get("name") or _("新成员"))

    # -- reading ----------------------------------------------------------------------------------------------------------------

    def _read(self, answers: Any) -> bool:
        if not isinstance(answers, dict) or set(answers) - {"values", "members"}:
            self.problem("", "shape", _("调查内容的格式不对，请更新页面后重填。"), whole=True)
            return False
        values, people = answers.get("values", {}), answers.get("members", [])
        if not isinstance(values, dict) or not isinstance(people, list) or len(people) > MOST_MEMBERS:
            self.problem("", "shape", _("调查内容的格式不对，请更新页面后重填。"), whole=True)
            return False
        for one in people:
            if not self._person(one):
                return False
        self.values = self._normal(values, "", {})
        for one in people:
            uid = one["uid"]
            if "left" not in self.people[uid]:  # what was answered for somebody who left is no answer
                self.people[uid]["values"] = self._normal(one.get("values", {}), uid, one.get("values", {}))
        for one in people:  # now their names are known, for the sentences
            uid, person = one["uid"], self.people[one["uid"]]
            if "new" in person:
                person["joined"] = self._change(f"{uid}/+", one.get("joined"), JOIN_REASONS)
            if "left" in person:
                person["left"] = self._change(f"{uid}/-", one["left"], LEAVE_REASONS)
        return True

    def _person(self, one: Any) -> bool:
        """Take in a member without its values; False where nothing can be made of it."""
        if (
            not isinstance(one, dict)
            or set(one) - {"uid", "values", "new", "joined", "left"}
            or not isinstance(one.get("values", {}), dict)
            or not _is_uid(one.get("uid"))
            or one["uid"] in self.people
        ):
            self.problem("", "shape", _("家庭成员的格式不对，请更新页面后重填。"), whole=True)
            return False
        uid = one["uid"]
        person = self.people[uid] = {"uid": uid, "values": {}}
        if bool(one.get("new")) is (uid in self.cards):
            self.problem(uid, "unknown_member", _("调查里有一位不属于这一户的成员，请更新页面后重填。"), whole=True)
        if one.get("new"):
            person["new"] = True
        if one.get("left"):
            person["left"] = one["left"]
        return True

    def _change(self, path: str, told: Any, reasons: frozenset[str]) -> dict[str, str]:
        """Why and when somebody came or went."""
        told = told if isinstance(told, dict) else {}
        reason, on = told.get("reason"), told.get("on")
        if not isinstance(reason, str) or reason not in reasons:
            self.problem(path, "member", _("请选择原因"))
            reason = ""
        try:
            on = _day(on, self.today)
        except WrongError as wrong:
            self.problem(path, "member", str(wrong))
            on = ""
        return {"reason": reason, "on": on}

    def _normal(self, values: Mapping[Any, Any], uid: str, siblings: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in values.items():
            path = path_of(str(name), uid)
            asked = self.form.field(path)
            if asked is None or not asked.is_asked:
                self.problem(
                    path,
                    "unknown_field",
                    _("这份调查表没有这一项（%(name)s），请更新页面后重填。") % {"name": str(name)[:40]},
                    whole=True,
                )
                continue
            try:
                clean = _clean(asked, value, self.today, siblings.get(self.form.id_of("member.id_type")))
            except WrongError as wrong:
                self.spoilt.add(path)
                self.problem(path, wrong.code, str(wrong))
                continue
            if clean is not None:
                found[name] = clean
        return found

    # -- rules ------------------------------------------------------------------------------------------------------------------

    def _hide(self) -> Scope:
        """Drop the answers of fields that are not asked; the scope of what is left."""
        form = self.form
        people = [
            Person(uid, one["values"], "left" in one, str(self.cards.get(uid, {}).get("birth_date") or ""))
            for uid, one in self.people.items()
        ]
        # Somebody whom the ledger has got since the draft began is there, too, without an answer.
        people += [
            Person(uid, {}, born=str(card.get("birth_date") or ""))
            for uid, card in self.cards.items()
            if uid not in self.people
        ]
        scope = Scope(
            self.values, people, self.last, self.base, self.year, self.today.isoformat(), form.income, form.id_of("year.population"),
            form.id_of("member.birth_date"),
        )  # fmt: skip
        self.hidden: set[str] = set()
        here = [one for one in people if one.uid in self.people and not one.left]
        for asked in form.order:
            if asked.step_show is not None and not holds(asked.step_show, scope):
                places: list[Person | None] = [*here] if asked.member else [None]
            elif asked.show is None:
                continue
            else:
                places = [
                    one
                    for one in (here if asked.member else [None])
                    if not holds(asked.show, scope.at(one.uid) if one else scope)
                ]
            for one in places:
                values = self.people[one.uid]["values"] if one else self.values
                values.pop(asked.id, None)
                self.hidden.add(path_of(asked.id, one.uid if one else ""))
        if self.hidden:
            self.done.problems = [one for one in self.done.problems if one.path not in self.hidden]
        return scope

    def _ask(self, scope: Scope) -> None:
        here = [uid for uid, one in self.people.items() if "left" not in one]
        inner = {uid: scope.at(uid) for uid in here}
        for step in self.form.steps:
            for uid in here if step.repeat else [""]:
                values = self.people[uid]["values"] if uid else self.values
                for asked in step.fields:
                    path = path_of(asked.id, uid)
                    if path not in self.hidden:
                        self._field(asked, path, values.get(asked.id), inner[uid] if uid else scope)

    def _field(self, asked: Field, path: str, value: Any, scope: Scope) -> None:
        self.done.asked.append(path)
        for ask in asked.hard:
            if holds(ask.rule, scope):
                self.problem(path, "hard", _say(ask.say, value, self.last.get(path)), whole=True)
        for ask in asked.soft:
            if holds(ask.rule, scope):
                self.done.questions.append(Question(path, _say(ask.say, value, self.last.get(path))))
        if (
            self.complete
            and value is None
            and path not in self.spoilt
            and (asked.required is True or (asked.required and holds(asked.required, scope)))
        ):
            self.problem(path, "required", _("还没有填"))

    # -- the household as a whole -----------------------------------------------------------------------------------------------

    def _relations(self) -> None:
        """One householder among those present."""
        if not self.form.member_fields:
            return
        name = self.form.id_of("member.relation")
        present = [uid for uid in {**self.people, **self.cards} if "left" not in self.people.get(uid, {})]
        heads = [uid for uid in present if self._relation(uid, name) == codelists.HOUSEHOLDER]
        for uid in heads[1:]:
            self.problem(path_of(name, uid), "relation", _("一户只能有一位户主，请改正"))
        if self.complete and not heads and (present or name):
            self.problem("", "relation", _("这一户没有户主，请在家庭成员里选一位户主。"), whole=True)

    def _relation(self, uid: str, name: str) -> str:
        value = self.people.get(uid, {}).get("values", {}).get(name) if name else None
        return value or self.cards.get(uid, {}).get("relation") or ""

    def _same_ids(self) -> None:
        """One number, one person. Masked numbers are the ledger's, where no two are the same."""
        name = self.form.id_of("member.id_number")
        seen: set[str] = set()
        for uid, one in self.people.items():
            value = one["values"].get(name) if name else None
            if not value or "*" in value:
                continue
            if value[:18] in seen:
                self.problem(path_of(name, uid), "same_id", _("这个证件号码和本户另一位成员的一样，请核对"))
            seen.add(value[:18])
            self._told_by_number(uid, value)

    def _told_by_number(self, uid: str, value: str) -> None:
        """Questions where the number tells another birthday or sex."""
        values = self.people[uid]["values"]
        born, sex = identity.birth_date_of(value) if len(value) >= 18 else None, identity.sex_of(value)
        if value.startswith(identity.NO_ID_PREFIX) or values.get(self.form.id_of("member.id_type")) == "other":
            return
        for target, told, say in (
            ("member.birth_date", born.isoformat() if born else "", OTHER_BIRTHDAY),
            ("member.sex", sex, OTHER_SEX),
        ):
            name = self.form.id_of(target)
            if name and told and values.get(name, told) != told:
                self.done.questions.append(Question(path_of(name, uid), say))


def _say(say: str, value: Any, last: Any) -> str:
    return say.replace("{x}", quotient(value, last)) if "{x}" in say else say


def _is_uid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


# -- values ---------------------------------------------------------------------------------------------------------------------


def _clean(asked: Field, value: Any, today: dt.date, id_type: Any) -> Any:
    """A value in its one spelling, None where it is blank. Raises WrongError."""
    if value is None or value == "" or value == []:
        return None
    match asked.type:
        case "integer" | "decimal" | "money":
            return _number(asked, value)
        case "yesno":
            if not isinstance(value, bool):
                raise WrongError("type", _("只能填是或否，请重选"))
            return value
        case "choice":
            return _code(asked, value)
        case "choices":
            return _codes(asked, value)
        case "photo" | "signature":
            return _photos(asked, value)
    if not isinstance(value, str):
        raise WrongError("type", _("格式不对，请重填"))
    match asked.type:
        case "date":
            # A day that the ledger keeps has been; a form's own may be a plan.
            return _day(value.strip(), today if asked.writes else dt.date(2100, 12, 31))
        case "phone":
            return value if _is_masked(value) else _phone(value)
        case "id_number":
            return value if _is_masked(value) else _id_number(value, today, id_type)
    return _text(asked, value)


def _number(asked: Field, value: Any) -> Any:
    whole = asked.type == "integer"
    if (
        isinstance(value, bool)
        or not isinstance(value, int | str)
        or (isinstance(value, str) and not _DIGITS.match(value))
    ):
        raise WrongError("type", _("只能填整数，请改正") if whole else _("只能填数字，请改正"))
    found, limit = number(value), asked.limit
    if whole and isinstance(value, str) and "." in value:
        raise WrongError("type", _("只能填整数，请改正"))
    highest = number(limit.highest)
    if found is None or highest is None or not 0 <= found <= highest:
        raise WrongError("limit", _("应在 0 到 %(highest)s 之间，请改正") % {"highest": text(highest)})
    if whole:
        return int(found)
    plain = str(text(found))
    if len(plain.partition(".")[2]) > limit.places:
        raise WrongError("limit", _("最多 %(places)s 位小数，请改正") % {"places": limit.places})
    return plain


def _code(asked: Field, value: Any) -> str:
    if not isinstance(value, str) or value not in asked.codes:
        raise WrongError("list", _("选项里没有这一项，请重选"))
    return value


def _codes(asked: Field, value: Any) -> list[str]:
    if not isinstance(value, list) or any(not isinstance(one, str) or one not in asked.codes for one in value):
        raise WrongError("list", _("选项里没有这一项，请重选"))
    if asked.most and len(set(value)) > asked.most:
        raise WrongError("limit", _("最多选 %(most)s 项，请改正") % {"most": asked.most})
    return sorted(set(value))


def _photos(asked: Field, value: Any) -> Any:
    uids = value if asked.type == "photo" else [value]
    if not isinstance(uids, list) or not all(map(_is_uid, uids)) or len(set(uids)) < len(uids):
        raise WrongError("type", _("照片的格式不对，请重新拍"))
    if asked.most and len(uids) > asked.most:
        raise WrongError("limit", _("最多 %(most)s 张照片，请删去几张") % {"most": asked.most})
    return value


def _text(asked: Field, value: str) -> str | None:
    try:
        found = (normalise_name if asked.writes == "member.name" else normalise_text)(value).strip()
    except ValidationError as error:
        raise WrongError("type", error.messages[0].rstrip("。"))
    if len(found) > asked.limit.length:
        raise WrongError("limit", _("最多 %(most)s 个字，请缩短") % {"most": asked.limit.length})
    return found or None


def _day(value: Any, latest: dt.date) -> str:
    found = day(value)
    if found is None:
        raise WrongError("date", _("请填日期，如 2026-03-01"))
    if found < OLDEST:
        raise WrongError("date", _("日期早于 1880 年，请核对"))
    if found > latest:
        raise WrongError("date", _("日期在调查日期之后，请核对"))
    return found.isoformat()


def _is_masked(value: str) -> bool:
    """Whether it says: as the ledger has it."""
    return "*" in value and bool(_MASKED.match(value))


def _phone(value: str) -> str:
    try:
        return phones.parse(value)
    except phones.PhoneError as error:
        raise WrongError("phone", str(error))


def _id_number(value: str, today: dt.date, id_type: Any) -> str:
    if id_type == "other":  # military and foreign papers have rules of their own
        found = identity.clean(value)
        if not 1 <= len(found) <= 22:
            raise WrongError("id_number", _("证件号码应有 1 至 22 位，请核对"))
        return found
    try:
        return identity.parse(value, today=today).number
    except identity.IdentityError as error:
        raise WrongError("id_number", str(error))


# -- secrets --------------------------------------------------------------------------------------------------------------------


def split_secrets(form: Definition, answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """(clean answers with secrets masked, {path: plain text} of those that were typed in full)."""
    masked, plain = copy.deepcopy(dict(answers)), {}
    for path, asked, values in _secrets(form, masked):
        value = values[asked.id]
        if "*" not in value:
            plain[path] = value
            values[asked.id] = pii.mask_id(value) if asked.type == "id_number" else pii.mask_phone(value)
    return masked, plain


def restore(form: Definition, answers: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """The answers with the plain text put back."""
    found = copy.deepcopy(dict(answers))
    for path, asked, values in _secrets(form, found):
        values[asked.id] = secrets.get(path, values[asked.id])
    return found


def _secrets(form: Definition, answers: Mapping[str, Any]) -> Iterator[tuple[str, Field, dict[str, Any]]]:
    for asked in form.secret_fields:
        for one in answers.get("members", ()) if asked.member else [{"values": answers.get("values", {}), "uid": ""}]:
            if isinstance(one["values"].get(asked.id), str):
                yield path_of(asked.id, one["uid"]), asked, one["values"]
