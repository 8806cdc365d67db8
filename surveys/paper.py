"""Paper sheets (纸质调查表): the form of a household as a model for `common.pdf`, blank or with what the ledger and last year have.

The fields stand in the order of the form, with the numbers of `shell.numbers_of`; choices stand with the numbers that keyboard entry takes. The
QR code holds the address of the form and the household's uid: no number of the household, no name, no ID number.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from households import codelists
from households.models import Household, Member
from surveys import comparison, prefill, published, shells
from surveys.definitions import NUMBERS, Definition, Field
from surveys.models import SurveyForm
from surveys.rules import Person, Scope, holds, named
from surveys.shell import CHIPS, Choice, choices_of, joining, leaving, numbers_of

BOX = "□"
FEW_TICKS = 10  # boxes where several may be ticked; a longer list is printed once, at the end, and its numbers written
BLANK_MEMBERS = 2
ALONE = frozenset({"note", "photo", "signature", "total"})  # a line of their own
LONG = frozenset({"text", "phone", "id_number"})  # much to write
SHORT = 60  # a text no longer than a name
KNOWN = 7  # what the ledger has takes about so many characters
CIRCLED = "①②③④⑤⑥"
DAY = "______ 年 ___ 月 ___ 日"
CODE = "编号____"
RULE = "______________"


def width_of(text: str) -> float:
    """About how wide a text is, in Chinese characters."""
    return sum(0.55 if c.isascii() else 1 for c in text)


def _listed(choices: Iterable[Choice]) -> str:
    """1 户主　2 配偶 …"""
    return "　".join(f"{one.number} {one.label}" for one in choices)


def sheets(
    households: Sequence[Household], forms: Mapping[int, SurveyForm], year: int, *, blank: Container[int] = ()
) -> Iterator[dict[str, Any]]:
    """A model for each household, in order; `forms` by household, `blank` those to be printed without values.

    The number of queries does not grow with the households. Whoever calls has passed the row gate and has read `village` along.
    """
    with translation.override("zh-hans"):  # paper is signed by people who read Chinese
        rows = prefill.rows_of(households, [year, year - 1])
        as_of = timezone.localtime().strftime("%Y年%m月%d日 %H:%M")
        for household in households:
            stored = forms[household.pk]
            form = published.definition_of(stored)
            yield _Sheet(household, form, rows, year, household.pk in blank).model(stored, as_of)


class _Sheet:
    def __init__(self, household: Household, form: Definition, rows: prefill.Rows, year: int, blank: bool) -> None:
        self.household, self.form, self.year, self.blank = household, form, year, blank
        self.members: Sequence[Member] = rows.members.get(household.pk, ())
        self.now = {} if blank else rows.values(household.pk, year, form)
        self.last = {} if blank else rows.values(household.pk, year - 1, form)
        self.numbers = numbers_of(form)

    def model(self, stored: SurveyForm, as_of: str) -> dict[str, Any]:
        household, village = self.household, self.household.village
        place = f"{village.full_name or village.name} {household.hamlet}".strip()
        owner = f"{place}　{household}"
        return {
            "schema": 1,
            "document": {
                "title": self.form.title,
                "period": f"{self.year} 年度",
                "owner": owner,
                "outline": f"{household.number} {household.householder_name}".strip(),
                "language": "zh-CN",
                "form": str(self.form),
                "pairs": [
                    {"label": "户主", "value": household.householder_name},
                    {"label": "户编号", "value": household.number},
                    {"label": "家庭人口", "value": f"{len(self.members)} 人"},
                    {"label": "村组", "value": place},
                    {"label": "身份", "value": str(household.get_status_display())},
                    {"label": "联系电话", "value": household.phone_masked},
                ],
                "notes": self._notes(),
            },
            "issue": {"as_of": as_of, "qr": f"{settings.PUBLIC_URL}{shells.url_of(stored)}#household={household.uid}"},
            "sections": [*self._steps(), self._signatures(), *self._lists()],
        }

    def _notes(self) -> list[str]:
        notes = ["带 * 的必填；带 ※ 的不是每户（人）都有，没有的不填。方框打 √；“编号”按后面的编号表填写。"]
        if not self.blank:
            notes.append(
                "［ ］里是台账或去年的内容：没有变化的，在“□同”上打 √，不用重写；有变化的，写在后面。证件号码和电话已遮盖，没有变化不用写。"
            )
        return notes

    def _steps(self) -> Iterator[dict[str, Any]]:
        first = next((step.id for step in self.form.steps if step.repeat), "")
        for step in self.form.steps:
            notes = [field.label for field in step.fields if field.type == "info"]
            fields = [field for field in step.fields if field.type != "info"]
            if not step.repeat:
                yield {
                    "kind": "fields",
                    "title": step.title,
                    "notes": notes,
                    "fields": [self._field(f) for f in fields],
                }
                continue
            cards = [
                {
                    "band": self._band(place, member, whole=step.id == first),
                    "fields": [self._field(f, member) for f in fields if not self._too_old_or_young(f, member)],
                }
                for place, member in enumerate(self.members, 1)
            ]
            cards += [
                {"band": self._blank_band(place, whole=step.id == first), "fields": [self._field(f) for f in fields]}
                for place in range(BLANK_MEMBERS)
            ]
            yield {"kind": "cards", "title": step.title, "notes": notes, "cards": cards}

    def _band(self, place: int, member: Member, *, whole: bool) -> str:
        who = f"成员 {place}　{member.name}　{codelists.RELATION.label(member.relation)}"
        if not whole:
            return who
        about = "　".join(text for text in (codelists.SEX.label(member.sex), member.id_masked) if text)
        return f"{who}　{about}　　{BOX}已不在本户：原因{CODE}　{DAY}"

    def _blank_band(self, place: int, *, whole: bool) -> str:
        who = f"新增成员 {CIRCLED[place]}"
        return f"{who}　　增加原因{CODE}　{DAY}" if whole else f"{who}　姓名 ____________"

    def _field(self, field: Field, member: Member | None = None) -> dict[str, Any]:
        mark = " ※" if field.is_conditional else " *" if field.required is True else ""
        unit = field.unit or ("元" if field.type == "money" else "")
        known, answer = self._known(field, member), self._answer(field)
        return {
            "number": self.numbers.get(field.id, ""),
            "label": f"{field.label}{f'（{unit}）' if unit else ''}{mark}",
            "known": known,
            "answer": answer,
            "slots": self._slots(field, answer),
            "below": field.type == "date" or field.type in NUMBERS or answer.startswith(CODE),
            "tall": field.type in ("note", "signature"),
        }

    def _too_old_or_young(self, field: Field, member: Member) -> bool:
        """Whether this member's age alone keeps the field from being asked; what other answers decide stands on the paper."""
        scope = self._ages.at(str(member.uid))
        return any(
            rule is not None and named(rule) == {"age"} and not holds(rule, scope)
            for rule in (field.show, field.step_show)
        )

    @functools.cached_property
    def _ages(self) -> Scope:
        people = [Person(str(m.uid), {}, born=m.birth_date.isoformat() if m.birth_date else "") for m in self.members]
        return Scope(members=people, year=self.year, today=timezone.localdate().isoformat())

    def _slots(self, field: Field, answer: str) -> int:
        """How much of a line a field takes. The same for everybody, so that the same fields stand in the same places."""
        if field.type in ALONE:
            return 3
        if field.type in LONG and not (field.type == "text" and field.limit.length <= SHORT):
            return 2
        space = width_of(answer) + (0 if self.blank else KNOWN)
        return next(slots for slots, room in ((1, 24), (2, 72), (3, 10_000)) if space <= room)

    def _known(self, field: Field, member: Member | None) -> str:
        """□同 去年 92 ㎡, or "" where neither the ledger nor last year has a value."""
        if field.member and member is None:
            return ""
        path = prefill.path_of(field.id, member.uid if member else None)
        if not field.is_asked:
            return ""
        # The unit stands with the label.
        asked = replace(field, type="decimal", unit="") if field.type in NUMBERS else field
        now, last = (comparison.in_words(asked, held.get(path)) for held in (self.now, self.last))
        if now and last and now != last and field.last:
            return f"{BOX}同 {now}（去年 {last}）"
        if now or last:
            return f"{BOX}同 {now or f'去年 {last}'}"
        return ""

    def _answer(self, field: Field) -> str:
        match field.type:
            case "yesno":
                return f"1{BOX}是　2{BOX}否"
            case "choice" | "choices":
                options = choices_of(field)
                if len(options) > (FEW_TICKS if field.type == "choices" else CHIPS):
                    return "　".join([CODE] * (min(field.most or 2, 3) if field.type == "choices" else 1))
                return "　".join(f"{one.number}{BOX}{one.label}" for one in options)
            case "date":
                return DAY
            case "integer" | "decimal" | "money":
                return RULE
            case "photo":
                return f"{BOX}已拍照，______ 张（有网络时用手机上传）"
            case "total":
                return "年收入 ____________ 元　纯收入 ____________ 元　人均 ____________ 元（可不填，录入后自动计算）"
        return ""

    def _lists(self) -> Iterator[dict[str, Any]]:
        """The numbers of long lists, each once, and why somebody comes or goes."""
        lists: dict[str, str] = {}
        for field in self.form.asked:
            if field.type in ("choice", "choices") and CODE in self._answer(field):
                text = _listed(choices_of(field))
                same = next((title for title, known in lists.items() if known == text), None)
                if same is not None:
                    lists[f"{same}、{field.label}"] = lists.pop(same)
                else:
                    lists[field.label] = text
        if self.form.member_fields:
            lists |= {"增加原因": _listed(joining()), "减少原因": _listed(leaving())}
        if lists:
            pairs = [{"title": title, "text": text} for title, text in lists.items()]
            yield {"kind": "codes", "title": "编号表", "lists": pairs}

    def _signatures(self) -> dict[str, Any]:
        asked = any(field.type == "signature" for field in self.form.fields)  # then the form has a place for it
        own = [] if asked else [["被访人签名", "与户主关系"]]
        return {
            "kind": "signatures", "title": "签名",
            "statement": "以上内容已向被访人宣读，情况属实。",
            "rows": [*own, ["调查人签名", "调查日期"], ["录入人签名", "录入日期"]],
        }  # fmt: skip
