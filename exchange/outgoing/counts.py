"""What is counted of a village for a file: numbers of the datasets that boards and reports count, so that each is as long as the list behind it.

Who and what a village is besides (its head, its telephone, whether it left poverty) the ledger does not keep, and nothing is said of it.
Nor is a ledger all of a village: many counties keep their registered households alone, so what a heading calls 总户数 or 总人口数 stays
blank unless somebody says in a format of their own that it is the number of households here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from figures import datasets
from figures.datasets import ROWS

# Households as they stand, records of a year, people with a record of a year.
HOUSEHOLDS, YEARS, MEMBERS = "households", "years", "members"
REGISTERED = {"status": ("on_register",)}
MONITORED = {"status": ("monitored",)}
MINORITIES = tuple(f"{n:02d}" for n in range(2, 57))  # 55 of them; 汉族 is 01, what is none of the 56 comes after


@dataclass(frozen=True)
class Counted:
    """A measure of a dataset over the rows of a village that are in one of the choices of each dimension in `by`.

    `headings`: the first is what the column is called unless somebody says otherwise, all of them ask for it.
    """

    key: str
    label: Any
    headings: tuple[str, ...]
    dataset: str
    measure: str = ROWS
    by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def sum(self, dataset: datasets.Dataset, today: dt.date) -> Any:
        """The aggregate over the placed rows of the dataset."""
        condition = Q()
        for code, choices in self.by.items():
            wanted = Q()
            for choice in choices:
                wanted |= dataset.dimension(code).where(choice, today)
            condition &= wanted
        return dataset.measure(self.measure).sum(condition or None)


HOMES, PEOPLE = "village.homes", "village.people"
COUNTS = (
    Counted(HOMES, _("在册户数"), ("在册户数", "台账户数"), HOUSEHOLDS),
    Counted(PEOPLE, _("在册人口数"), ("在册人口数", "台账人口数"), HOUSEHOLDS, "people"),
    Counted("village.poor_homes", _("建档立卡和监测户数"), ("贫困户数", "建档立卡户数"), HOUSEHOLDS, by=REGISTERED),
    Counted("village.poor_people", _("建档立卡和监测人口数"), ("贫困人口数", "建档立卡人口数"), HOUSEHOLDS, "people", REGISTERED),
    Counted("village.monitored_homes", _("三类监测对象户数"), ("监测对象户数", "监测户数"), HOUSEHOLDS, by=MONITORED),
    Counted("village.monitored_people", _("三类监测对象人口数"), ("监测对象人口数", "监测对象人数"), HOUSEHOLDS, "people", MONITORED),
    Counted("village.low_homes", _("低保户数"), ("低保户数",), YEARS, by={"category": ("02", "04", "08", "10")}),
    Counted("village.low_people", _("低保人口数"), ("低保人口数", "低保人数"), MEMBERS, by={"support": ("low",)}),
    Counted("village.special_homes", _("五保（特困供养）户数"), ("五保户数", "特困供养户数"), YEARS, by={"category": ("03", "06", "09", "10")}),
    Counted("village.special_people", _("五保（特困供养）人口数"), ("五保人口数", "特困供养人口数"), MEMBERS, by={"support": ("special",)}),
    Counted("village.minorities", _("少数民族人口数"), ("少数民族人口数",), MEMBERS, by={"ethnicity": MINORITIES}),
    Counted("village.women", _("妇女人口数"), ("妇女人口数", "女性人口数"), MEMBERS, by={"sex": ("2",)}),
    Counted("village.disabled", _("残疾人口数"), ("残疾人口数", "残疾人数"), MEMBERS, by={"health": ("04",)}),
    Counted("village.labour", _("劳动力人数（普通、技能、弱或半劳动力）"), ("劳动力人数",), MEMBERS, by={"labour": ("01", "02", "05")}),
    Counted("village.away", _("外出务工人数（乡镇以外）"), ("外出务工人数",), MEMBERS, by={"work": ("02", "03", "04")}),
)  # fmt: skip
BY_KEY = {each.key: each for each in COUNTS}


def counted(villages: Sequence[int], keys: Collection[str], *, year: int, today: dt.date) -> dict[int, dict[str, int]]:
    """`{village: {key: number}}` of every village asked for, in one question a dataset."""
    found = {pk: dict.fromkeys(keys, 0) for pk in villages}
    wanted: dict[str, list[Counted]] = {}
    for key in keys:
        wanted.setdefault(BY_KEY[key].dataset, []).append(BY_KEY[key])
    for code, counts in wanted.items():
        dataset = datasets.get(code)
        assert dataset is not None, code
        rows = dataset.chosen(dataset.every_row(today), today, villages=villages, year=year)
        names = {f"n{place}": each for place, each in enumerate(counts)}
        sums = {name: each.sum(dataset, today) for name, each in names.items()}
        for group in rows.values("figure_village").annotate(**sums):
            own = found[group["figure_village"]]
            for name, each in names.items():
                own[each.key] = group[name]
    return found
