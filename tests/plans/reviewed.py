"""The hand-written households of docs/proposals, read from plain data: no database, no year but the one they say."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from pathlib import Path

from catalogue import spoken
from catalogue.eligibility import Facts
from catalogue.models import MeasureKind
from catalogue.standard import FILE, SINCE
from households.models import Member
from households.models.status import Status
from plans.proposals import Considered, Neighbour, Neighbours, consider, title_of
from surveys.rules import Person, Scope

DATA = json.loads((Path(__file__).parent / "households.json").read_text(encoding="utf-8"))
TODAY = dt.date.fromisoformat(DATA["today"])
HOUSEHOLDS = DATA["households"]
_IDENTITY = ("name", "relation", "sex", "born")


def kinds() -> list[MeasureKind]:
    """The shipped catalogue, as rows nobody saved."""
    shipped = json.loads(FILE.read_text(encoding="utf-8"))["kinds"]
    return [
        MeasureKind(**{name: each[name] for name in each if name not in ("category", "ceiling")}, valid_from=SINCE)
        for each in shipped
    ]


def facts(home: dict) -> Facts:
    """The facts of a household as `eligibility.facts_of` gives them; null leaves a fact unknown."""
    members, persons = [], []
    for number, one in enumerate(home["members"], 1):
        uid = uuid.UUID(int=number)
        born = one.get("born", "")
        members.append(
            Member(pk=number, uid=uid, name=one["name"], relation=one["relation"], sex=one["sex"],
                   birth_date=dt.date.fromisoformat(born) if born else None)
        )  # fmt: skip
        known = {**DATA["member"], **{name: one[name] for name in one if name not in _IDENTITY}}
        persons.append(Person(str(uid), {"sex": one["sex"], "relation": one["relation"], **known}, born=born))
    year = {**DATA["year"], **home.get("year", {}), "status": home["status"]}
    return Facts(tuple(members), Scope(values=year, members=persons, year=TODAY.year, today=TODAY.isoformat()))


def neighbours(home: dict) -> Neighbours:
    """`like`: [[source, how many, codes they received last year, before, after]], each such household with these incomes."""
    last = TODAY.year - 1
    others = [
        Neighbour(
            frozenset([source]), {last - 1: Decimal(before), last: Decimal(after)}, {last: frozenset(received)}
        )
        for source, count, received, before, after in home.get("like", ())
        for _number in range(count)
    ]  # fmt: skip
    return Neighbours(others, frozenset((code, member) for code, member in home.get("had", ())))


def considered(home: dict) -> Considered:
    return consider(facts(home), kinds(), neighbours(home), TODAY)


def lines(found: Considered) -> list[str]:
    """One line a proposal: "cause:01 medical-aid 王芳", with "?" behind what hangs on a missing fact."""
    return [
        " ".join(filter(None, [each.source, each.kind.code, each.member.name if each.member else "", "?" if each.missing else ""]))
        for each in found.proposals
    ]  # fmt: skip


def page() -> str:
    """docs/proposals/reviewed.md."""
    said = [
        "# 逐户核对的建议",
        "",
        "60 户都是编的。由 `YIHU_RECORD=1 ./run test tests/plans/test_proposals.py` 写成，同一个测试比较；怎样读见 [README.md](README.md)。",
    ]
    for number, home in enumerate(HOUSEHOLDS, 1):
        found = considered(home)
        said += ["", f"## {number}. {home['who']}", "", *_situation(home), ""]
        for source in dict.fromkeys(each.source for each in found.proposals):
            own = [each for each in found.proposals if each.source == source]
            said.append(f"**{own[0].goal}**（{title_of(source)}）")
            said.append("")
            for each in own:
                who = f"（{each.member.name}）" if each.member else ""
                said.append(f"- {each.kind.title}{who}{'【待核实】' if each.missing else ''}：{''.join(each.reasons)}")
                if each.like:
                    said.append(f"  {''.join(each.like.sentences)}")
            said.append("")
        said += [f"- 提示：{hint}" for hint in found.hints]
        said += ["", f"> 核对：{home['review']}"]
    return "\n".join(said).replace("\n\n\n", "\n\n") + "\n"


def _situation(home: dict) -> list[str]:
    """The facts that are this household's own, in words."""
    own = [spoken.label(name) + "：" + (spoken.value(name, value) or "没有填") for name, value in home["year"].items()]
    said = [f"- {dict(Status.choices)[home['status']]}。{'；'.join(own)}"]
    for one in home["members"]:
        words = [
            spoken.value("relation", one["relation"]),
            spoken.value("sex", one["sex"]),
            f"{one['born']} 生" if one["born"] else "生日没有填",
        ]
        words += [
            f"{spoken.label(name)}：{spoken.value(name, value) or '没有填'}"
            for name, value in one.items()
            if name not in _IDENTITY
        ]
        said.append(f"- {one['name']}：{'，'.join(words)}")
    for code, _member in home.get("had", ()):
        said.append(f"- 以前得到过：{next(kind.title for kind in kinds() if kind.code == code)}")
    return said
