"""Which idle house suits which household: size, distance, mobility, each with its reason in a sentence. Pure: no database, no clock.

Nothing is decided here. Unsafe houses and houses that are somebody's are never in a result; what does not suit is ranked lower and says
why. A pair has the same score from both sides, whatever else is in the lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

SAFE = ("A", "B")
ELDERLY = 70  # years; who is as old or older should have no steps to climb
ENOUGH = Decimal(13)  # ㎡ a head, the least that village housing surveys call not crowded
AMPLE = Decimal(25)  # ㎡ a head, the most that resettlement housing is built with
SHARING = 2  # people a room
# Points. Size decides first, then mobility where somebody needs it, then distance.
ROOMY, NARROW, FEW_ROOMS = 40, -60, -20
STEP_FREE, STEPS = 30, -50
SAME_HAMLET, SAME_VILLAGE, SAME_TOWNSHIP, SAME_COUNTY = 30, 22, 10, 0
LATE = -10


@dataclass(frozen=True)
class Place:
    """Keys of regions, and the hamlet as text ("" = not known)."""

    county: int
    township: int
    village: int
    hamlet: str = ""


@dataclass(frozen=True)
class House:
    """`area` in ㎡; `grade` of the newest inspection, "" where nobody looked; `rent` in 元 a month."""

    key: int
    place: Place
    area: Decimal
    rooms: int
    step_free: bool = False
    grade: str = ""
    free: bool = True
    rent: Decimal = Decimal(0)
    inspection_late: bool = False


@dataclass(frozen=True)
class Need:
    """A household in search of a house: how many, and how many of them are elderly or disabled."""

    key: int
    place: Place
    members: int
    elderly: int = 0
    disabled: int = 0

    @property
    def step_free(self) -> bool:
        return bool(self.elderly or self.disabled)


@dataclass(frozen=True)
class Reason:
    """One sentence for (`good`) or against."""

    text: str
    good: bool
    points: int = 0


@dataclass(frozen=True)
class Match:
    """A house for a household; the higher the score the better."""

    house: House
    need: Need
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> int:
        return sum(reason.points for reason in self.reasons)

    @property
    def suits(self) -> bool:
        """Whether nothing speaks against it."""
        return all(reason.good for reason in self.reasons)


def may_be_offered(house: House) -> bool:
    """Free, and found safe by an inspection."""
    return house.free and house.grade in SAFE


def pair(house: House, need: Need) -> Match | None:
    """The reasons for and against; None where the house may not be offered or lies in another county."""
    if not may_be_offered(house) or house.place.county != need.place.county:
        return None
    found = [_size(house, need), _rooms(house, need), _distance(house, need), _mobility(house, need)]
    if house.inspection_late:
        found.append(Reason(_("安全检查已过期，入住前要先检查。"), False, LATE))
    return Match(house, need, tuple(reason for reason in found if reason is not None))


def houses_for(need: Need, houses: Iterable[House]) -> list[Match]:
    """The houses that may be offered to the household, the most suitable first."""
    return _ranked((pair(house, need) for house in houses), lambda match: match.house.key)


def households_for(house: House, needs: Iterable[Need]) -> list[Match]:
    """The households that the house may be offered to, the most suitable first."""
    return _ranked((pair(house, need) for need in needs), lambda match: match.need.key)


def _ranked(matches: Iterable[Match | None], key: Any) -> list[Match]:
    found = [match for match in matches if match is not None]
    return sorted(found, key=lambda match: (-match.score, match.house.rent, key(match)))


def _size(house: House, need: Need) -> Reason:
    each = house.area / need.members
    told = {"each": f"{each:.1f}", "members": need.members}
    if each < ENOUGH:
        return Reason(_("偏小：%(members)s 人住，人均只有 %(each)s ㎡。") % told, False, NARROW)
    if each > AMPLE:
        return Reason(
            _("宽敞：%(members)s 人住，人均 %(each)s ㎡。") % told, True, ROOMY - min(int(each - AMPLE), ROOMY)
        )
    return Reason(_("大小合适：%(members)s 人住，人均 %(each)s ㎡。") % told, True, ROOMY)


def _rooms(house: House, need: Need) -> Reason:
    wanted = -(-need.members // SHARING)
    told = {"rooms": house.rooms, "members": need.members}
    if house.rooms < wanted:
        return Reason(_("间数少：%(rooms)s 间房住 %(members)s 人。") % told, False, FEW_ROOMS)
    return Reason(_("间数够：%(rooms)s 间房住 %(members)s 人。") % told, True)


def _distance(house: House, need: Need) -> Reason:
    here, there = house.place, need.place
    if here.village == there.village and here.hamlet and here.hamlet == there.hamlet:
        return Reason(_("就在本组。"), True, SAME_HAMLET)
    if here.village == there.village:
        return Reason(_("就在本村。"), True, SAME_VILLAGE)
    if here.township == there.township:
        return Reason(_("在本乡镇的另一个村，要离开本村。"), False, SAME_TOWNSHIP)
    return Reason(_("在另一个乡镇，离开土地和亲邻较远。"), False, SAME_COUNTY)


def _mobility(house: House, need: Need) -> Reason | None:
    if not need.step_free:
        return None
    who = _("家里有 70 岁以上老人") if need.elderly and not need.disabled else _("家里有残疾人")
    if need.elderly and need.disabled:
        who = _("家里有 70 岁以上老人和残疾人")
    if house.step_free:
        return Reason(_("%(who)s，房屋平层，出入无台阶。") % {"who": who}, True, STEP_FREE)
    return Reason(_("%(who)s，房屋出入有台阶。") % {"who": who}, False, STEPS)
