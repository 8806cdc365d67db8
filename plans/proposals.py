"""The proposal engine: what a household's causes, unmet guarantees and plain gaps call for, and why.

Pure: it reads its arguments and nothing else. It proposes, people decide; what the catalogue's eligibility forbids is never proposed, what
hangs on a fact nobody knows is, with that fact named, behind the rest. What others received and how their income went is told beside it and
never as a cause.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import spoken
from catalogue.codelists import Period, Whose
from catalogue.eligibility import Facts, Ground, Verdict, grounds, lacking
from catalogue.models import MeasureKind
from common.money import format_money
from households import codelists
from households.ledger import CHECK_TITLES
from households.models import Member
from households.models.annual import CHECKS
from surveys import rules

FEW = 10  # households behind a figure: below, it is said to be few
MOST_OPTIONAL = 5  # kinds of one source that nobody is entitled to
MOST_MEMBERS = 3  # of a household for one such kind
MOST_UNKNOWN = 3  # proposals of one source that hang on a missing fact
SCHOOL_AGE = range(6, 16)
AT_NO_SCHOOL = ("01", "00")
NO_LABOUR = ("03", "04")

# What a plan is to reach, by source.
GOALS = {
    "check:food": gettext_lazy("全家吃得饱、吃得好，不愁吃"),
    "check:clothing": gettext_lazy("四季有换洗衣被，不愁穿"),
    "check:education": gettext_lazy("义务教育阶段的孩子都在校就读"),
    "check:medical": gettext_lazy("全家都有基本医疗保险，大病慢病看得起"),
    "check:housing": gettext_lazy("住上安全住房"),
    "check:water": gettext_lazy("喝上安全水"),
    "gap:school": gettext_lazy("没有在校的孩子回到学校"),
    "gap:insured": gettext_lazy("全家都参加基本医疗保险"),
    "gap:dwelling": gettext_lazy("从危房搬进安全住房"),
    "gap:water": gettext_lazy("解决饮水安全和饮水困难"),
    "gap:labour": gettext_lazy("没有劳动能力的家庭，基本生活有兜底保障"),
    "cause:01": gettext_lazy("看病负担减轻，病情得到治疗和管理"),
    "cause:02": gettext_lazy("残疾人得到补贴、照料和康复，生活有保障"),
    "cause:03": gettext_lazy("上学的费用有资助，不因学增加负担"),
    "cause:04": gettext_lazy("灾后生产生活恢复"),
    "cause:05": gettext_lazy("不靠土地也有稳定收入"),
    "cause:06": gettext_lazy("生活用水有保障"),
    "cause:07": gettext_lazy("至少一人学会一门技术"),
    "cause:08": gettext_lazy("缺劳力的家庭有兜底和力所能及的收入"),
    "cause:09": gettext_lazy("发展生产有资金，有稳定收入"),
    "cause:10": gettext_lazy("出行和运输方便"),
    "cause:11": gettext_lazy("有自己愿意干、干得成的增收项目"),
    "cause:12": gettext_lazy("婚嫁造成的困难得到缓解"),
    "cause:13": gettext_lazy("丧事造成的困难得到缓解"),
    "cause:14": gettext_lazy("有房住，住得安全"),
    "cause:15": gettext_lazy("生活和生产用电有保障"),
    "cause:16": gettext_lazy("意外事故造成的困难得到缓解"),
    "cause:17": gettext_lazy("产业损失得到弥补，产业重新稳定"),
    "cause:18": gettext_lazy("有劳动能力的人就业稳定"),
    "cause:19": gettext_lazy("住上安全住房"),
    "cause:20": gettext_lazy("喝上安全水"),
    "cause:99": gettext_lazy("所说的困难得到解决"),
}


# -- what goes in ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Neighbour:
    """Another household of the village: the sources it shares ("cause:01", "check:housing"), its income per head by year (元), and the
    codes of the kinds it received, by year."""

    sources: frozenset[str]
    per_head: Mapping[int, Decimal] = field(default_factory=dict)
    received: Mapping[int, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Neighbours:
    """The other households, and `had`: what this household itself received for once, as (code of the kind, pk of the member or None)."""

    others: Sequence[Neighbour] = ()
    had: frozenset[tuple[str, int | None]] = frozenset()


# -- what comes out -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Like:
    """What the village's other households of one source received in `year`: `same` households, `got` of them this kind, and the median of
    income per head (元) of the year before and of `year` of the `known` ones among these; None where none is known."""

    source: str
    year: int
    same: int
    got: int
    known: int = 0
    before: Decimal | None = None
    after: Decimal | None = None

    @property
    def few(self) -> bool:
        return self.got > 0 and min(self.got, self.known or self.got) < FEW

    @property
    def sentences(self) -> list[str]:
        """In words, the warning last. Never that one thing made the other."""
        return [self.others, *self.told]

    @property
    def others(self) -> str:
        """The households there are to compare with."""
        kind, _colon, code = self.source.partition(":")
        if kind == "check":
            return _("本村另有 %(count)s 户“%(what)s”也未达标。") % {"count": self.same, "what": CHECK_TITLES[code]}
        return _("本村另有 %(count)s 户致贫原因也有“%(what)s”。") % {
            "count": self.same,
            "what": codelists.CAUSE.label(code),
        }

    @property
    def told(self) -> list[str]:
        """What they received, and their income."""
        if not self.got:
            return [_("%(year)s 年其中没有一户得到这项措施。") % {"year": self.year}]
        said = [_("%(year)s 年其中 %(got)s 户得到这项措施。") % {"year": self.year, "got": self.got}]
        if self.known and self.before is not None and self.after is not None:
            said.append(
                _("有两年收入的 %(known)s 户，人均纯收入中位数 %(last)s 年 %(before)s 元，%(year)s 年 %(after)s 元。")
                % {
                    "known": self.known, "last": self.year - 1, "before": format_money(self.before), "year": self.year,
                    "after": format_money(self.after),
                }
            )  # fmt: skip
        if self.few:
            said.append(_("只有 %(count)s 户，仅供参考。") % {"count": min(self.got, self.known or self.got)})
        return said


@dataclass(frozen=True)
class Proposal:
    """One task to propose under the goal of its source. `member` None: the household. `missing`: labels of the facts on which it hangs
    whether it may be had; empty where it may."""

    source: str
    goal: str
    kind: MeasureKind
    member: Member | None
    reasons: tuple[str, ...]
    missing: tuple[str, ...] = ()
    like: Like | None = None

    @property
    def key(self) -> str:
        """What names it on a form: "dibao" or "dibao:12"."""
        return f"{self.kind.code}:{self.member.pk}" if self.member else self.kind.code


@dataclass(frozen=True)
class Considered:
    """All that was found: what is proposed, and in sentences what could not be told or has no measure."""

    proposals: tuple[Proposal, ...]
    hints: tuple[str, ...]


def propose(facts: Facts, kinds: Iterable[MeasureKind], neighbours: Neighbours, today: dt.date) -> list[Proposal]:
    """Guarantees first, then plain gaps, the main cause, the others; within one what is certain, entitled ones before optional ones."""
    return list(consider(facts, kinds, neighbours, today).proposals)


def title_of(source: str) -> str:
    """What a source is called: "致贫原因：因病", "未达标：住房安全"."""
    kind, _colon, code = source.partition(":")
    match kind:
        case "cause":
            return _("致贫原因：%(cause)s") % {"cause": codelists.CAUSE.label(code)}
        case "check":
            return _("未达标：%(check)s") % {"check": CHECK_TITLES.get(code, code)}
        case "gap":
            return str(GAPS[code].title) if code in GAPS else code
    return _("自定")


# -- sources --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reason:
    """A sentence, and the uid of the member it is about; "" for the household."""

    said: str
    member: str = ""


@dataclass(frozen=True)
class Source:
    """Something to answer. `carriers` are uids of the members whose facts show it: where there are any, nobody else's measure answers it."""

    key: str
    reasons: tuple[Reason, ...]
    answers: Callable[[MeasureKind], bool]
    carriers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """Whether a gap is there: the sentences that say so, and of what it cannot be told."""

    there: bool = False
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def members(self) -> frozenset[str]:
        return frozenset(reason.member for reason in self.reasons if reason.member)


@dataclass(frozen=True)
class Gap:
    """A plain gap that an entitled kind answers: found in the facts, and spoken of under its check or cause where that stands already."""

    title: Any
    find: Callable[[_Household], Found]
    answers: Callable[[MeasureKind], bool]
    check: str = ""
    causes: frozenset[str] = frozenset()


class _Household:
    """The facts of a household as the engine asks them, its members in an order that does not depend on the caller's."""

    def __init__(self, facts: Facts, today: dt.date) -> None:
        self.facts, self.today = facts, today
        self.members = sorted(facts.members, key=_order)
        self.by_uid = {str(member.uid): member for member in self.members}
        self.scope = rules.Scope(
            values=facts.scope.values,
            members=sorted(facts.scope.members, key=lambda one: list(self.by_uid).index(one.uid)),
            year=facts.scope.year,
            today=facts.scope.today,
        )
        self.main = str(self.of("main_cause") or "")
        others = [str(code) for code in self.of("other_causes") or []]
        self.causes = list(dict.fromkeys([*([self.main] if self.main else []), *sorted(others)]))
        self.helped = any(
            self.of(name, uid) is True for uid in self.by_uid for name in ("low_income", "special_support")
        )
        self.unmet = [name for name in CHECKS if self.of(f"check_{name}") == "no"]

    def of(self, name: str, uid: str = "") -> Any:
        return self.scope.at(uid).var(name)

    def name(self, uid: str) -> str:
        return str(self.by_uid[uid].name)

    def age(self, uid: str) -> int | None:
        age = self.of("age", uid)
        return None if age is None else int(age)

    def say(self, uid: str, names: Sequence[str]) -> str:
        """A member with what is known: "王芳（9 岁，非在校生）"."""
        return _person(self.name(uid), [spoken.fact(name, self.of(name, uid)) for name in names if self.of(name, uid) is not None])  # fmt: skip

    def carrying(self, test: Callable[[str], bool]) -> frozenset[str]:
        return frozenset(uid for uid in self.by_uid if test(uid))


def _order(member: Member) -> tuple[str, str, str]:
    return (member.relation, member.birth_date.isoformat() if member.birth_date else "", str(member.uid))


def _person(name: str, facts: Sequence[str]) -> str:
    return _("%(name)s（%(facts)s）") % {"name": name, "facts": _("，").join(facts)} if facts else name


def _all(names: Iterable[str]) -> str:
    return _("、").join(names)


def _out_of_school(home: _Household) -> Found:
    out, unknown = [], []
    for uid in home.by_uid:
        age, school = home.age(uid), home.of("school", uid)
        if age in SCHOOL_AGE and school in AT_NO_SCHOOL:
            out.append(uid)
        elif age in SCHOOL_AGE and school is None:
            unknown.append(uid)
    return Found(
        bool(out),
        tuple(Reason(_("%(who)s到了上学年龄，没有在校。") % {"who": home.say(uid, ["age", "school"])}, uid) for uid in out),
        (_("%(who)s的在校生状况没有填，不能判断是否失学。") % {"who": _all(home.say(uid, ["age"]) for uid in unknown)},) if unknown else (),
    )  # fmt: skip


def _uninsured(home: _Household) -> Found:
    out: list[str] = []
    unknown: list[str] = []
    for uid in home.by_uid:
        known = [home.of("medical_resident", uid), home.of("medical_employee", uid)]
        if True in known:
            continue
        (unknown if None in known else out).append(uid)
    return Found(
        bool(out),
        tuple(
            Reason(_("%(name)s没有参加居民医保，也没有参加职工医保。") % {"name": home.name(uid)}, uid) for uid in out
        ),
        (_("%(who)s的医保情况没有填全，不能判断是否参保。") % {"who": _all(map(home.name, unknown))},)
        if unknown
        else (),
    )


def _unsafe(home: _Household) -> Found:
    unsafe, grade = home.of("dwelling_unsafe"), home.of("dwelling_grade")
    if unsafe is True or grade in ("C", "D"):
        facts = [spoken.fact(name, home.of(name)) for name in ("dwelling_unsafe", "dwelling_grade") if home.of(name) is not None]  # fmt: skip
        return Found(True, (Reason(_("住房不安全（%(facts)s）。") % {"facts": _("，").join(facts)}),))
    if unsafe is None and grade is None:
        return Found(unknown=(_("是否危房、房屋安全等级都没有填。"),))
    return Found()


def _thirsty(home: _Household) -> Found:
    safe, scarce = home.of("water_safe"), home.of("water_scarce")
    if safe is False or scarce is True:
        said = [_("饮水不安全")] if safe is False else []
        said += [_("饮水困难")] if scarce is True else []
        return Found(True, (Reason(_("台账登记：%(facts)s。") % {"facts": _("，").join(said)}),))
    if safe is None:
        return Found(unknown=(_("饮水是否安全没有填。"),))
    return Found()


def _without_labour(home: _Household) -> Found:
    """Nobody can work: children below 16 cannot, of the others their 劳动技能 says so."""
    without, unknown = [], []
    for uid in home.by_uid:
        age, labour = home.age(uid), home.of("labour", uid)
        if labour in NO_LABOUR:
            without.append(home.say(uid, ["age", "labour"]))
        elif age is not None and age < 16:
            without.append(home.say(uid, ["age"]))
        elif labour is None:
            unknown.append(home.name(uid))
        else:
            return Found()
    if unknown:
        return Found(unknown=(_("%(names)s的劳动技能没有填，不能判断全家有没有劳动能力。") % {"names": _all(unknown)},))
    if not without:
        return Found()
    return Found(True, (Reason(_("全家没有人有劳动能力：%(who)s。") % {"who": _all(without)}),))


def _asks(kind: MeasureKind, *names: str) -> bool:
    return bool(rules.named(kind.eligible) & set(names))


GAPS = {
    "school": Gap(
        gettext_lazy("失学儿童"), _out_of_school, lambda kind: "education" in kind.checks, "education", frozenset(["03"])
    ),
    "insured": Gap(
        gettext_lazy("没有参加医保"),
        _uninsured,
        lambda kind: "medical" in kind.checks and _asks(kind, "medical_resident", "medical_employee"),
        "medical",
    ),
    "dwelling": Gap(
        gettext_lazy("住房不安全"), _unsafe, lambda kind: "housing" in kind.checks, "housing", frozenset(["14", "19"])
    ),
    "water": Gap(
        gettext_lazy("饮水不安全"), _thirsty, lambda kind: "water" in kind.checks, "water", frozenset(["06", "20"])
    ),
    "labour": Gap(gettext_lazy("全家没有劳动能力"), _without_labour, lambda kind: "08" in kind.causes, "", frozenset(["08"])),
}  # fmt: skip


def _ill(home: _Household, uid: str) -> bool:
    return bool({"02", "03"} & set(home.of("health", uid) or []))


def _disabled(home: _Household, uid: str) -> bool:
    return "04" in (home.of("health", uid) or []) or home.of("disability_level", uid) is not None


def _pupil(home: _Household, uid: str) -> bool:
    school, age = home.of("school", uid), home.age(uid)
    return (school is not None and school not in AT_NO_SCHOOL) or (age in SCHOOL_AGE and school in AT_NO_SCHOOL)


def _carriers(home: _Household, source: str, gaps: Mapping[str, Found]) -> frozenset[str]:
    """The members whose facts show a cause or an unmet guarantee."""
    match source:
        case "cause:01":
            return home.carrying(lambda uid: _ill(home, uid))
        case "cause:02":
            return home.carrying(lambda uid: _disabled(home, uid))
        case "cause:03":
            return home.carrying(lambda uid: _pupil(home, uid))
        case "check:education":
            return gaps["school"].members or home.carrying(lambda uid: home.age(uid) in SCHOOL_AGE)
        case "check:medical":
            return gaps["insured"].members | home.carrying(lambda uid: _ill(home, uid))
    return frozenset()


def _sources(home: _Household, gaps: Mapping[str, Found]) -> Iterator[Source]:
    told = {name: gap for name, gap in gaps.items() if gap.there}
    for name in home.unmet:
        reasons = [Reason(_("“%(check)s”核查为未达标。") % {"check": CHECK_TITLES[name]})]
        reasons += [reason for key, found in told.items() if GAPS[key].check == name for reason in found.reasons]
        yield Source(f"check:{name}", tuple(reasons), _of_check(name), _carriers(home, f"check:{name}", gaps))
    for key, found in told.items():
        gap = GAPS[key]
        if gap.check not in home.unmet and not gap.causes & set(home.causes):
            reasons = list(found.reasons)
            if gap.check and home.of(f"check_{gap.check}") == "yes":
                said = _("“%(check)s”核查为达标，与台账不一致，请核实。") % {"check": CHECK_TITLES[gap.check]}
                reasons.append(Reason(said))
            yield Source(f"gap:{key}", tuple(reasons), _of_gap(gap), found.members)
    for code in home.causes:
        label = {"cause": codelists.CAUSE.label(code)}
        said = _("主要致贫原因是“%(cause)s”。") if code == home.main else _("其他致贫原因有“%(cause)s”。")
        reasons = [Reason(said % label)]
        reasons += [reason for key, found in told.items() if code in GAPS[key].causes for reason in found.reasons]
        yield Source(f"cause:{code}", tuple(reasons), _of_cause(code), _carriers(home, f"cause:{code}", gaps))


def _of_check(name: str) -> Callable[[MeasureKind], bool]:
    return lambda kind: name in kind.checks


def _of_cause(code: str) -> Callable[[MeasureKind], bool]:
    return lambda kind: code in kind.causes


def _of_gap(gap: Gap) -> Callable[[MeasureKind], bool]:
    return lambda kind: kind.entitles and gap.answers(kind)


# -- proposing ------------------------------------------------------------------------------------------------------------------


@dataclass
class _Candidate:
    kind: MeasureKind
    verdict: Verdict
    sources: list[Source]

    @property
    def key(self) -> tuple[str, str]:
        return (self.kind.code, str(self.verdict.member.uid) if self.verdict.member else "")

    def missing(self, home: _Household) -> tuple[str, ...]:
        """Labels of the facts on which it hangs."""
        scope = home.scope.at(self.key[1])
        return tuple(dict.fromkeys(spoken.label(each.name) for each in lacking(self.kind.eligible, scope)))


def consider(facts: Facts, kinds: Iterable[MeasureKind], neighbours: Neighbours, today: dt.date) -> Considered:
    """What is proposed for a household, and what is not known."""
    home = _Household(facts, today)
    in_force = sorted((kind for kind in kinds if _in_force(kind, today)), key=lambda kind: kind.code)
    gaps = {key: gap.find(home) for key, gap in GAPS.items()}
    hints = _unchecked(home)
    for key, gap in gaps.items():  # what the guarantee itself was found to be needs no more facts
        if not (GAPS[key].check and home.of(f"check_{GAPS[key].check}")):
            hints += gap.unknown
    taken: dict[tuple[str, str], _Candidate] = {}
    chosen: list[tuple[Source, list[_Candidate]]] = []
    for source in _sources(home, gaps):
        found = _candidates(home, source, in_force, neighbours)
        for candidate in found:
            if candidate.key in taken:
                taken[candidate.key].sources.append(source)
        own, left = _cut([candidate for candidate in found if candidate.key not in taken])
        taken |= {candidate.key: candidate for candidate in own}
        chosen.append((source, own))
        hints += _left_out(home, source, found, left)
    if not home.helped and (gaps["labour"].there or "08" in home.causes or {"food", "clothing"} & set(home.unmet)):
        hints.append(_("全家没有人登记享受低保或特困供养，请核查是否应当申请。"))
    if not chosen:
        hints.append(_("年度记录里没有致贫原因，也没有未达标的保障。"))
    certain: list[tuple[Source, _Candidate]] = []
    unknown: list[tuple[Source, _Candidate]] = []
    for source, own in chosen:
        for candidate in own:
            (unknown if candidate.verdict.may is None else certain).append((source, candidate))
    proposals = (_written(home, source, candidate, neighbours, today) for source, candidate in [*certain, *unknown])
    return Considered(tuple(proposals), tuple(dict.fromkeys(hints)))


def _in_force(kind: MeasureKind, today: dt.date) -> bool:
    return kind.valid_from <= today and (kind.valid_to is None or kind.valid_to > today)


def _unchecked(home: _Household) -> list[str]:
    return [
        _("“%(check)s”未核实。") % {"check": CHECK_TITLES[name]}
        for name in CHECKS
        if home.of(f"check_{name}") not in ("yes", "no")
    ]


def _candidates(
    home: _Household, source: Source, kinds: Sequence[MeasureKind], neighbours: Neighbours
) -> list[_Candidate]:
    """Kinds that answer a source, for whom it is not forbidden: certain before unknown, entitled before optional, with a condition before
    those that anybody may have."""
    found: list[_Candidate] = []
    for kind in kinds:
        if not source.answers(kind):
            continue
        possible = [
            verdict
            for verdict in home.facts.verdicts(kind)
            if verdict.may is not False and not _had(kind, verdict.member, neighbours)
        ]
        if kind.whose == Whose.MEMBER and source.carriers:
            possible = [
                verdict for verdict in possible if verdict.member and str(verdict.member.uid) in source.carriers
            ]
        possible.sort(key=lambda verdict: _order(verdict.member) if verdict.member else ("", "", ""))
        found += [_Candidate(kind, verdict, [source]) for verdict in possible]
    return sorted(found, key=lambda one: (one.verdict.may is None, not one.kind.entitles, one.kind.eligible is None))


def _left_out(
    home: _Household, source: Source, found: Sequence[_Candidate], left: Sequence[_Candidate]
) -> Iterator[str]:
    """What of a source is not proposed, in sentences."""
    what = title_of(source.key)
    if not found:
        yield _("“%(what)s”：目录里没有这一户符合条件的措施，请自行拟定。") % {"what": what}
    if known := sum(one.verdict.may is True for one in left):
        yield _("“%(what)s”另有 %(count)s 项也符合条件，没有列出，可以在目录里查看。") % {"what": what, "count": known}
    lack = sorted({label for one in left for label in one.missing(home)})
    if lack:
        yield _("“%(what)s”另有 %(count)s 项要先补上%(facts)s才能判断。") % {
            "what": what, "count": sum(one.verdict.may is None for one in left), "facts": _all(lack),
        }  # fmt: skip


def _had(kind: MeasureKind, member: Member | None, neighbours: Neighbours) -> bool:
    return kind.period == Period.ONCE and (kind.code, member.pk if member else None) in neighbours.had


def _cut(found: Sequence[_Candidate]) -> tuple[list[_Candidate], list[_Candidate]]:
    """Everything certain that one is entitled to, of the rest a number that can be read; and what that left out."""
    kept: list[_Candidate] = []
    left: list[_Candidate] = []
    members: dict[str, int] = {}
    unknown = 0
    for one in found:
        if one.verdict.may is None:
            unknown += 1
            fits = unknown <= MOST_UNKNOWN
        elif one.kind.entitles:
            fits = True
        else:
            fits = members.get(one.kind.code, 0) < MOST_MEMBERS and (
                one.kind.code in members or len(members) < MOST_OPTIONAL
            )
            if fits:
                members[one.kind.code] = members.get(one.kind.code, 0) + 1
        (kept if fits else left).append(one)
    return kept, left


def _written(
    home: _Household, source: Source, candidate: _Candidate, neighbours: Neighbours, today: dt.date
) -> Proposal:
    kind, member = candidate.kind, candidate.verdict.member
    about = {"", str(member.uid)} if member else {"", *home.by_uid}
    reasons = [reason.said for reason in source.reasons if reason.member in about]
    reasons += _eligible(home, candidate)
    also = [each.key for each in candidate.sources if each.key != source.key]
    if also:
        reasons.append(_("它也针对%(sources)s。") % {"sources": _all(f"“{title_of(key)}”" for key in also)})
    return Proposal(
        source.key, str(GOALS.get(source.key, "")) or title_of(source.key), kind, member, tuple(reasons), candidate.missing(home),
        _like(source.key, kind, neighbours, today),
    )  # fmt: skip


def _eligible(home: _Household, candidate: _Candidate) -> Iterator[str]:
    """Which rule the beneficiary meets by which facts, and what is unknown."""
    kind, member = candidate.kind, candidate.verdict.member
    if kind.eligible is None:
        yield _("没有限定条件。")
    else:
        scope = home.scope.at(str(member.uid)) if member else home.scope
        facts = {"rule": kind.eligible_say, "who": _told(home, grounds(kind.eligible, scope), member)}
        if candidate.verdict.may:
            yield _("享受条件是“%(rule)s”，符合：%(who)s。") % facts
        elif facts["who"]:
            yield _("享受条件是“%(rule)s”，已知：%(who)s。") % facts
        else:
            yield _("享受条件是“%(rule)s”。") % facts
        if candidate.verdict.may is None:
            lack = _lacked(home, lacking(kind.eligible, scope), member)
            yield _("能不能享受还不知道，缺：%(facts)s。") % {"facts": lack}
    if kind.entitles and candidate.verdict.may:
        yield _("符合条件的应享尽享。")


def _told(home: _Household, found: Iterable[Ground], member: Member | None) -> str:
    """The facts of a rule: those of the household, then member by member."""
    own: list[str] = []
    people: dict[str, list[str]] = {str(member.uid): []} if member else {}
    for ground in found:
        said = spoken.fact(ground.name, home.of(ground.name, ground.member))
        (people.setdefault(ground.member, []) if ground.member else own).append(said)
    who = [_person(home.name(uid), facts) for uid, facts in people.items() if facts or member]
    return _("；").join([*([_("，").join(own)] if own else []), *who]) if own or any(people.values()) else ""


def _lacked(home: _Household, found: Iterable[Ground], member: Member | None) -> str:
    names = []
    for ground in found:
        whose = _("%(name)s的") % {"name": home.name(ground.member)} if ground.member and not member else ""
        names.append(f"{whose}{spoken.label(ground.name)}")
    return _all(dict.fromkeys(names))


def _like(source: str, kind: MeasureKind, neighbours: Neighbours, today: dt.date) -> Like | None:
    """What the others of the source received in the last full year; None where there are none, or none can be told of."""
    same = [one for one in neighbours.others if source in one.sources]
    if not same:
        return None
    year = today.year - 1
    got = [one for one in same if kind.code in one.received.get(year, frozenset())]
    both = [one for one in got if year - 1 in one.per_head and year in one.per_head]
    if not both:
        return Like(source, year, len(same), len(got))
    return Like(
        source, year, len(same), len(got), len(both),
        statistics.median(one.per_head[year - 1] for one in both),
        statistics.median(one.per_head[year] for one in both),
    )  # fmt: skip
