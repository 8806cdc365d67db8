"""The hand-written households of docs/proposals, read from plain data: no database, no year but the one they say."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from pathlib import Path

from catalogue.eligibility import Facts
from catalogue.models import MeasureKind
from catalogue.standard import FILE, SINCE
from households.models import Member
from plans.proposals import Considered, Neighbour, Neighbours, consider
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
