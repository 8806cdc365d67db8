"""One record of a household's year, written at once: household, members, year, income and photos in one change and one event.

The verbs of a page each write one thing. Whoever brings a whole record (a survey that was approved, a second look that was right) must
not leave half of it behind, nor a dozen events: this verb is made of the same parts, under one lock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from common import audit
from common.evidence import with_pictures
from households import codelists
from households.models import Household, Member
from households.services.annual import put_income, put_year, record_of
from households.services.base import (
    HOUSEHOLD_FACTS,
    MEMBER_FACTS,
    Edit,
    LedgerError,
    put,
    put_relations,
    refuse_future,
    refuse_known_id,
)
from households.services.members import check_leaving, consistent, put_member_year
from households.services.photos import MOST_PER_KIND, put_photo

JOINS = frozenset(code.code for code in codelists.JOIN_REASON.codes) - {"split", "merge", "import"}


class RecordError(LedgerError):
    """Part of a record cannot be written, so nothing was. `part` is household, member, myear, year, income or photo; `key` the uid of a
    member; `name` the field or income item, "" where it is the part as a whole. The message is one sentence for the user."""

    def __init__(self, message: str, part: str, key: str = "", name: str = "") -> None:
        super().__init__(message)
        self.part, self.key, self.name = part, key, name


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody new: `facts` are `MEMBER_FACTS` with name and relation."""

    facts: Mapping[str, Any]
    on: dt.date
    reason: str


@dataclass(frozen=True, slots=True)
class Leaving:
    on: dt.date
    reason: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG that the server has made."""

    kind: str
    data: bytes
    width: int
    height: int
    taken_on: dt.date | None = None


@dataclass(slots=True)
class Record:
    """What is to be written; what is not in it stays. Members are named by their `uid` as text. Secrets come as plain text.

    A relation of 户主 (01) for somebody else makes that one the householder.
    """

    year: int
    household: dict[str, Any] = field(default_factory=dict)
    annual: dict[str, Any] = field(default_factory=dict)
    income: dict[str, Decimal | None] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    member_years: dict[str, dict[str, Any]] = field(default_factory=dict)
    joining: dict[str, Joining] = field(default_factory=dict)
    leaving: dict[str, Leaving] = field(default_factory=dict)
    returning: set[str] = field(default_factory=set)
    pictures: list[Picture] = field(default_factory=list)


@with_pictures()
def write_record(
    *, household: Household, record: Record, by: Any, action: str, source: str = "page", note: str = ""
) -> Household:
    """Write a record as one change under one event `action`. Raises `RecordError` with the place where a part of it is refused."""
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT)
    with _at("household"):
        put(edit.household, record.household, HOUSEHOLD_FACTS)
    members = _write_members(edit, record)
    for uid, facts in record.member_years.items():
        if facts:
            with _at("myear", uid):
                put_member_year(edit, _one(members, uid, "myear"), record.year, facts)
    if record.annual or record.income:
        annual, before = record_of(edit, record.year)
        with _at("year"):
            put_year(edit, annual, before, record.annual)
        if record.income:
            with _at("income"):
                put_income(edit, annual, before or audit.snapshot(annual), record.income, source)
    for picture in record.pictures:
        with _at("photo", name=picture.kind):
            put_photo(edit, picture.kind, picture.data, picture.width, picture.height, picture.taken_on)
    return edit.finish(action, note=note)


def room_for_photos(household: Household) -> dict[str, int]:
    """How many more photos of each kind a household can take; one query."""
    kinds = list(household.photos.filter(removed_at=None).values_list("kind", flat=True))
    field_of_kind: Any = household.photos.model._meta.get_field("kind")
    return {kind: MOST_PER_KIND - kinds.count(kind) for kind, _label in field_of_kind.choices}


@contextmanager
def _at(part: str, key: str = "", name: str = "") -> Iterator[None]:
    """Turn what a part refuses into a `RecordError` that names the place."""
    try:
        yield
    except RecordError:
        raise
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            field_name, errors = next(iter(error.error_dict.items()))
            raise RecordError("".join(errors[0].messages), part, key, field_name) from error
        raise RecordError("".join(error.messages), part, key, name) from error
    except LedgerError as error:
        raise RecordError(str(error), part, key, name) from error


def _one(members: Mapping[str, Member], uid: str, part: str = "member") -> Member:
    member = members.get(uid)
    if member is None or member.left_on is not None:
        raise RecordError(_("这位成员已经不在册，不能写入。"), part, uid)
    return member


def _write_members(edit: Edit, record: Record) -> dict[str, Member]:
    """Leave, change householder, correct, join: in this order, because who leaves frees a place and a number."""
    members = {str(m.uid): m for m in edit.household.members.select_for_update()}
    for uid in record.returning:
        _return(edit, uid, members)
    head = next((m for m in members.values() if m.is_householder and m.left_on is None), None)
    new = {uid: _new(edit, uid, joining) for uid, joining in record.joining.items()}
    heir = _heir(record, members, new, head)
    for uid, leaving in record.leaving.items():
        with _at("member", uid):
            row = _one(members, uid)
            refuse_future(leaving.on, "left_on")
            check_leaving(row, leaving.on, leaving.reason)
            before = audit.snapshot(row)
            row.left_on, row.left_reason = leaving.on, leaving.reason
            edit.write(row, before)
    present = [m for m in members.values() if m.left_on is None]
    if heir is not None:
        _change_householder(edit, record, present, head, heir)
    elif head is not None and head.left_on is not None and (present or new):
        raise RecordError(
            _("户主减少了，但没有填新户主。请在一位在册成员的“与户主关系”里选“户主”。"),
            "member",
            str(head.uid),
            "relation",
        )
    for uid, facts in record.members.items():
        with _at("member", uid):
            _correct(edit, _one(members, uid), facts, moved=heir is not None)
    for uid, member in new.items():
        with _at("member", uid):
            refuse_known_id(member, edit.household)
            if member.is_householder and heir is not member:
                raise ValidationError(
                    {"relation": [_("这一户已经有户主，一户只能有一位户主。要换户主请用“更换户主”。")]}
                )
            edit.write(member)
    return members | new


def _new(edit: Edit, uid: str, joining: Joining) -> Member:
    with _at("member", uid):
        refuse_future(joining.on, "joined_on")
        if joining.reason not in JOINS:
            raise ValidationError({"joined_reason": [_("请选择增加原因。")]})
        member = Member(uid=uid, household=edit.household, joined_on=joining.on, joined_reason=joining.reason)
        if Member.objects.filter(uid=uid).exists():
            raise LedgerError(_("这位成员已经登记过，不能再增加一次。"))
        put(member, joining.facts, MEMBER_FACTS)
        consistent(member)
        return member


def _return(edit: Edit, uid: str, members: Mapping[str, Member]) -> None:
    with _at("member", uid):
        row = members.get(uid)
        if row is None or row.left_on is None:
            raise LedgerError(_("这位成员在册，不用恢复。"))
        if row.left_reason in ("split", "merge"):
            raise LedgerError(_("这位成员已随拆户或并户转到另一户，不能在这里恢复。"))
        before = audit.snapshot(row)
        row.left_on, row.left_reason = None, ""
        refuse_known_id(row, edit.household)
        others = (m for m in members.values() if m.left_on is None and m.pk != row.pk)
        if row.is_householder and any(m.is_householder for m in others):
            row.relation = "99"
        edit.write(row, before)


def _heir(
    record: Record, members: Mapping[str, Member], new: Mapping[str, Member], head: Member | None
) -> Member | None:
    """Who becomes the householder by this record; None where nobody does."""
    named = [
        members[uid]
        for uid, facts in record.members.items()
        if facts.get("relation") == codelists.HOUSEHOLDER and uid in members and uid not in record.leaving
    ]
    named += [m for m in new.values() if m.is_householder]
    others = [m for m in named if head is None or m is not head]
    if len(others) > 1:
        names = _("、").join(m.name for m in others)
        raise RecordError(
            _("一户只能有一位户主，现在填了：%(names)s。请核对“与户主关系”。") % {"names": names},
            "member", str(others[1].uid), "relation",
        )  # fmt: skip
    return others[0] if others else None


def _change_householder(edit: Edit, record: Record, present: list[Member], head: Member | None, heir: Member) -> None:
    if head is not None and head.left_on is None:  # nobody left: that is a change of its own, with its own permission
        require(edit.by, Permission.HOUSEHOLD_RESTRUCTURE, edit.household)
    relations = {
        m.pk: facts["relation"]
        for m in present
        if "relation" in (facts := record.members.get(str(m.uid), {})) and m is not heir
    }
    with _at("member", str(heir.uid), "relation"):
        put_relations(edit, present, relations, heir)


def _correct(edit: Edit, row: Member, facts: Mapping[str, Any], *, moved: bool) -> None:
    """Who a member is. After a change of householder the relations have been written already."""
    before, was_householder = audit.snapshot(row), row.is_householder
    put(row, {k: v for k, v in facts.items() if not (moved and k == "relation")}, MEMBER_FACTS)
    consistent(row)
    if row.is_householder != was_householder:
        raise ValidationError({"relation": [_("户主改成了别的关系，但没有填新户主，请核对。")]})
    if "id_number" in facts:
        refuse_known_id(row, edit.household)
    edit.write(row, before)
