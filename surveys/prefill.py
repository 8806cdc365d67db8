"""What the ledger holds, in the shapes of survey answers: `{path: value}` of docs/surveys.md. The pack, the comparison, the review and
the paper sheet read it here and nowhere else, in a number of queries that does not grow with the households.

Whoever calls this has passed the row gate of the households.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from common import pii
from common.pii import Secret
from households.models import Household, HouseholdYear, IncomeLine, Member, MemberYear

# Where a secret is written: {writes: (column of the plain text, column of the masked one)}.
SECRETS = {
    "household.phone": ("phone", "phone_masked"),
    "household.bank_account": ("bank_account", "bank_account_masked"),
    "member.phone": ("phone", "phone_masked"),
    "member.id_number": ("id_number", "id_masked"),
}

# The column of the keyed hash that stands for a secret.
HASHES = {
    "household.phone": "phone_hash", "household.bank_account": "bank_account_hash", "member.phone": "phone_hash", "member.id_number": "id_hash",
}  # fmt: skip
SEAL = 8  # characters


def seal_of(stored_hash: str) -> str:
    """What a phone takes along for a number of the ledger: it tells two numbers with the same mask apart, and nothing else. "" for none."""
    return pii.lookup_hash("seal", stored_hash)[:SEAL]


class Asked(Protocol):
    """A field of a form, as far as the ledger is concerned."""

    id: str
    type: str
    writes: str
    member: bool


class Form(Protocol):
    """`surveys.definitions.Definition`, as far as the ledger is concerned."""

    @property
    def fields(self) -> Iterable[Any]: ...


def path_of(field_id: str, member_uid: Any = None) -> str:
    """The path of an answer: the field's id, behind the member's uid for a field of a member."""
    return f"{member_uid}/{field_id}" if member_uid else field_id


def plain(value: Any) -> Any:
    """A column's value as an answer; None where it is blank. A decimal becomes plain digits without trailing zeros."""
    if value is None or value == "" or value == []:
        return None
    match value:
        case bool() | int() | str():
            return value
        case Decimal():
            return digits(value)
        case dt.date():
            return value.isoformat()
        case list() | tuple():
            return sorted(value)
        case Secret():
            return value.reveal() or None
    raise TypeError(type(value))


def digits(amount: Decimal) -> str:
    """Plain digits: Decimal("12.50") -> "12.5", Decimal("1.8E+5") -> "180000", zero -> "0"."""
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


@dataclass(slots=True)
class Rows:
    """The rows of the ledger of some households and years, read once: `values` says them in the paths of any form."""

    households: dict[int, Household]
    members: dict[int, list[Member]] = field(default_factory=lambda: defaultdict(list))  # by household, present ones
    years: dict[tuple[int, int], HouseholdYear] = field(default_factory=dict)  # by household and year
    member_years: dict[tuple[int, int], MemberYear] = field(default_factory=dict)  # by member and year
    lines: dict[tuple[int, int], dict[str, Decimal]] = field(
        default_factory=lambda: defaultdict(dict)
    )  # by household and year

    def values(self, household: int, year: int, form: Form, *, secrets_masked: bool = True) -> dict[str, Any]:
        """`{path: value}` of one household and year; what is blank is left out."""
        found: dict[str, Any] = {}
        members = self.members.get(household, ())
        for asked in form.fields:
            if not asked.writes:
                continue
            if asked.member:
                for member in members:
                    value = self._value(asked.writes, household, year, member, secrets_masked)
                    if value is not None:
                        found[path_of(asked.id, member.uid)] = value
            else:
                value = self._value(asked.writes, household, year, None, secrets_masked)
                if value is not None:
                    found[asked.id] = value
        return found

    def seals(self, household: int, form: Form) -> dict[str, str]:
        """`{path: seal}` of the numbers of one household, which `values` shows masked."""
        found: dict[str, str] = {}
        for asked in form.fields:
            if asked.writes not in HASHES:
                continue
            owners: list[Any] = [*self.members.get(household, ())] if asked.member else [self.households[household]]
            for owner in owners:
                if seal := seal_of(getattr(owner, HASHES[asked.writes])):
                    found[path_of(asked.id, owner.uid if asked.member else None)] = seal
        return found

    def _value(self, writes: str, household: int, year: int, member: Member | None, secrets_masked: bool) -> Any:
        where, _dot, name = writes.partition(".")
        if writes in SECRETS:
            name = SECRETS[writes][secrets_masked]
        row: Any
        match where:
            case "household":
                row = self.households[household]
            case "year":
                row = self.years.get((household, year))
            case "income":
                return plain(self.lines.get((household, year), {}).get(name))
            case "member":
                row = member
            case "myear":
                row = self.member_years.get((member.pk, year)) if member else None
            case "photo":  # evidence has no value
                return None
            case _:
                raise ValueError(writes)
        return plain(getattr(row, name)) if row is not None else None


def rows_of(households: Iterable[Household], years: Sequence[int]) -> Rows:
    """Read the ledger of these households and years: four queries, whatever the number."""
    rows = Rows({household.pk: household for household in households})
    keys = list(rows.households)
    if not keys:
        return rows
    for member in _members(keys):
        rows.members[member.household_id].append(member)
    for record in HouseholdYear.objects.filter(household__in=keys, year__in=years).order_by():
        rows.years[record.household_id, record.year] = record
    present = [member.pk for members in rows.members.values() for member in members]
    for own in MemberYear.objects.filter(member__in=present, year__in=years).order_by():
        rows.member_years[own.member_id, own.year] = own
    records = {record.pk: key for key, record in rows.years.items()}
    amounts = IncomeLine.objects.filter(household_year__in=list(records)).order_by()
    for record_pk, item, amount in amounts.values_list("household_year_id", "item", "amount"):
        rows.lines[records[record_pk]][item] = amount
    return rows


def values_of(
    households: Iterable[Household], year: int, form: Form, *, secrets_masked: bool = True
) -> dict[int, dict[str, Any]]:
    """`{household pk: {path: value}}` of a year, in the paths of `form`. Secrets are masked unless somebody has asked for them by reason."""
    rows = rows_of(households, [year])
    return {pk: rows.values(pk, year, form, secrets_masked=secrets_masked) for pk in rows.households}


def _members(households: Iterable[int]) -> Iterable[Member]:
    return Member.objects.filter(household__in=list(households), left_on=None).order_by(
        "household", "relation", "birth_date", "id"
    )


def card(member: Member) -> dict[str, Any]:
    """Who a member is, on a phone or on paper."""
    return {
        "uid": str(member.uid),
        "name": member.name,
        "relation": member.relation,
        "sex": member.sex,
        "birth_date": member.birth_date.isoformat() if member.birth_date else None,
        "id_masked": member.id_masked,
    }


def members_of(households: Iterable[Household]) -> Mapping[int, list[dict[str, Any]]]:
    """`{household pk: [card, …]}` of the members present, householder first; one query."""
    found: dict[int, list[dict[str, Any]]] = {household.pk: [] for household in households}
    for member in _members(found):
        found[member.household_id].append(card(member))
    return found
