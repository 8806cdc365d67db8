"""One box finds a household by whatever is known of it: a member's name, pinyin, initials, ID number, a phone, the household number.

Two steps keep it as quick as the list itself. First the members of the user's area that fit are asked for their households, bounded, each
way through an index of its own. Few households: the list is cut to them by key. Many: the database joins them to the list. So many that a
page of the list nearly always holds some (a surname): the list is walked in its own order and each row asked whether it fits, so the first
page fills at once.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterable
from typing import Any

from cryptography.fernet import InvalidToken
from django import forms
from django.contrib.postgres.aggregates import ArrayAgg
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, Func, OuterRef, Q, QuerySet
from django.db.models.functions import Left, Right
from django.db.models.lookups import Exact, StartsWith
from django.utils.translation import gettext as _

from common import identity, phones, pii
from common.lookups import among
from common.names import query_grams
from households.models import Household, Member
from households.models.member import id_tail, second_reading
from households.querysets import HouseholdQuerySet

MANY = 1000  # households; above this a list of keys costs more to send than to look up
DENSE = 20_000  # above this asking each row of the list costs less than looking all of them up
LONGEST = 40
NUMBER_DIGITS = 7  # a text with as many digits may be an ID number or a phone
SEALED = "~"
SEALED_FOR = 12 * 3600  # seconds; as long as a session
_PURPOSE = "find:"


def is_number(text: str) -> bool:
    """Whether a text may be (a part of) an ID number or phone, and so must not stand in an address."""
    return sum(c.isdigit() for c in text) >= NUMBER_DIGITS


def seal(text: str) -> str:
    """What was searched for, as it may stand in an address, a log or the browser's history: encrypted, good for a working day.

    Names and numbers are personal data and an address is written down in many places. So the search form posts, and the answer is a
    redirect to the list with the sealed text: paging, chips and "back" work as with any filter, with and without script.
    """
    text = text.strip()[:LONGEST]
    return SEALED + pii.encrypt(_PURPOSE + text) if text else ""


def unseal(value: str) -> str:
    """The text behind a sealed value. Raises `ValidationError` where it is too old or not ours."""
    try:
        text = pii.cipher().decrypt(value.removeprefix(SEALED).encode(), ttl=SEALED_FOR).decode()
    except InvalidToken as error:
        raise ValidationError(_("这次查找已经过期，请在查找框中重新输入。")) from error
    return text.removeprefix(_PURPOSE)


class Search:
    """What one text can mean. `problem` says why nothing can be searched for, "" where something can."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.problem = ""
        self.is_bounded = True  # set by `restrict`
        self.by_name = False  # then the one condition on members has an index that knows no villages
        self.members: list[Q] = []  # each a condition on members with an index of its own
        self.nearby: list[
            tuple[str, str]
        ] = []  # (column, what it begins with): the same, where the index begins with the village
        self.households: list[Q] = []
        digits = phones.clean(self.text) if self.text[:1] in "+＋" else identity.clean(self.text)
        if re.fullmatch(r"[0-9]+X?", digits):
            self._number(digits)
        elif self.text.isascii():
            self._latin(self.text)
        else:
            self._name(self.text)

    def _name(self, text: str) -> None:
        spelt = text.lower().replace("ü", "v")
        if spelt.isascii():  # only the ü was not
            return self._latin(spelt)
        self.by_name, self.members = True, [Q(name_grams__contains=query_grams(text))]
        return None

    def _latin(self, text: str) -> None:
        plain = re.sub(r"[^a-z0-9]", "", text.lower())
        if len(plain) < 2:
            self.problem = _("请至少输入两个拼音字母，或一个汉字。")
            return
        if plain.isalpha():
            spellings = _spellings(plain)
            self.nearby = [*(("pinyin", each) for each in spellings), ("initials", plain)]
            self.members = [_any([*(_second("pinyin", each) for each in spellings), _second("initials", plain)])]
            self.members += [Q(name_grams__contains=query_grams(text))]  # names that are written in Latin letters
        number = text.strip()
        self.households = [Q(number__startswith=number) | Q(number__startswith=number.upper())]

    def _number(self, digits: str) -> None:
        if len(digits) < 3:
            self.problem = _("请至少输入 3 位数字：证件号或电话的后 4 位、整个号码，或户编号的开头。")
            return
        if len(digits) == 4:
            self.members = [_tail("id_masked", digits, id_tail()), _tail("phone_masked", digits)]
            self.households = [_tail("phone_masked", digits), Q(number=digits)]
            return
        self.members = [Q(number=digits) & ~Q(number="")]
        self.households = [Q(number__startswith=digits)]
        if len(digits) in identity.LENGTHS:
            self.members += [_hashed("id_hash", pii.lookup_hash("id", known)) for known in _id_numbers(digits)]
        if len(digits) >= NUMBER_DIGITS:
            phone = _hashed("phone_hash", pii.lookup_hash("phone", phones.clean(digits)))
            self.members.append(phone)
            self.households.append(phone)

    def restrict(self, households: HouseholdQuerySet) -> HouseholdQuerySet:
        """The rows of `households` (already cut to what the user may see) that fit. Says in `is_bounded` what `DENSE` says of them."""
        if self.problem:
            return households.none()
        found = self._bounded(households)
        self.is_bounded = found is not None
        if found is None:
            return households.filter(self._fits)
        return households.filter(among("pk", found) if isinstance(found, list) else Q(pk__in=found))

    def _bounded(self, households: HouseholdQuerySet) -> list[int] | QuerySet[Any] | None:
        """The keys of the households that fit: as a list, from `MANY` on as a query, None when there may be more than `DENSE`."""
        if self.by_name:
            area = _any(households.of_members)
            # What the index gives is cut off at so many, and cut to the area afterwards.
            names = Member.objects.filter(*self.members).order_by()
            counted = names[: DENSE + 1].aggregate(
                every=Count("pk"), near=ArrayAgg("household_id", filter=area, default=[])
            )
            if counted["every"] > DENSE:
                return None
            near = set(counted["near"])
            return names.filter(area).values("household_id") if len(near) > MANY else sorted(near)
        few = list(self._ways(households, MANY + 1))
        if len(few) <= MANY:
            return sorted({pk for (pk,) in few})
        return self._ways(households) if self._ways(households, DENSE + 1).count() <= DENSE else None

    def _ways(self, households: HouseholdQuerySet, most: int | None = None) -> QuerySet[Any]:
        """Keys of the households that fit, each way through its index, at most `most` a way; some of them more than once."""
        # Only these are cut to the area: few fit the others, and the database thinks that many do and would read all of the area.
        near = [each & area for each in self.begins() for area in households.of_members[:1] or (Q(),)]
        # Those of one's paired households are gone through once, and not by an index of names, which would find them in all villages.
        walked = [Q(Exact(Left(column, len(text)), text)) for column, text in self.nearby]
        near += [_any(walked) & paired for paired in households.of_members[1:] if walked]
        found = [
            *(
                Member.objects.filter(each).order_by().values_list("household_id")[:most]
                for each in [*near, *self.members]
            ),
            *(Household.objects.filter(each).order_by().values_list("pk")[:most] for each in self.households),
        ]
        return found[0].union(*found[1:], all=True) if len(found) > 1 else found[0]

    @property
    def _fits(self) -> Q:
        """The condition on a household that it fits."""
        fitting = _any(self.households)
        if self._of_members:
            fitting |= Q(Exists(Member.objects.filter(_any(self._of_members), household=OuterRef("pk"))))
        return fitting

    @property
    def _of_members(self) -> list[Q]:
        return [*self.begins(), *self.members]

    def begins(self) -> list[Q]:
        """The conditions of `nearby`."""
        return [Q(**{f"{column}__startswith": text}) for column, text in self.nearby]

    def hits(self, household_ids: Iterable[int]) -> dict[int, list[Member]]:
        """Which members of these households (of one page) fit: one query, so that a row can say why it was found."""
        found: dict[int, list[Member]] = {}
        if self._of_members and not self.problem:
            members = Member.objects.filter(_any(self._of_members), among("household_id", household_ids)).only(
                "household_id", "name", "relation", "left_on"
            )
            for member in members.order_by("household_id", "relation", "pk"):
                found.setdefault(member.household_id, []).append(member)
        return found


def _any(conditions: Iterable[Q]) -> Q:
    return functools.reduce(operator.or_, conditions, Q())


def _spellings(plain: str) -> list[str]:
    """ü is stored as v; people also type u and yu: lü is lv, lu or lyu."""
    return list(dict.fromkeys([plain, re.sub(r"([ln])yu", r"\1v", plain), re.sub(r"([ln])u", r"\1v", plain)]))


def _second(column: str, text: str) -> Q:
    # Names with two readings are few: an index of theirs alone, so this way costs next to nothing.
    return Q(**{f"{column}__contains": " "}) & Q(StartsWith(second_reading(column), text))


def _tail(column: str, digits: str, tail: Func | None = None) -> Q:
    return Q(Exact(tail or Right(column, 4), digits)) & ~Q(**{column: ""})


def _hashed(column: str, value: str) -> Q:
    return Q(**{column: value}) & ~Q(**{column: ""})


def _id_numbers(digits: str) -> list[str]:
    """What the keyed hash of a number may have been made of."""
    try:
        return list(dict.fromkeys([identity.parse(digits).base, digits]))
    except identity.IdentityError:
        return [digits]


class SearchField(forms.CharField):
    """A search text in an address: sealed, or plain where it cannot be an ID number or phone. Cleans to a `Search`, or None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=400, strip=True, **kwargs)

    def clean(self, value: Any) -> Search | None:
        text = super().clean(value)
        if not text:
            return None
        if text.startswith(SEALED):
            return Search(unseal(text))
        if is_number(text):
            raise ValidationError(_("完整的证件号、电话和户编号不能写在网址里，请在查找框中输入。"))
        return Search(text[:LONGEST])

    def chip(self, value: str) -> str:
        try:
            search = self.clean(value)
        except ValidationError:
            return _("已失效")
        text = search.text if search else ""
        return pii.mask_id(text) if is_number(text) else text
