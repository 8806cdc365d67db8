"""Verbs on the members of a household: births, deaths, marriages, moves, corrections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit
from households import codelists
from households.models import Household, Member, MemberYear
from households.services.base import (
    MEMBER_FACTS,
    MEMBER_YEAR_FACTS,
    Edit,
    LedgerError,
    put,
    put_relations,
    refuse_future,
    refuse_known_id,
)  # fmt: skip


def _own(edit: Edit, member: Member) -> Member:
    """The member's row, locked. Its household is the one being edited."""
    return edit.household.members.select_for_update().get(pk=member.pk)


@transaction.atomic
def add_member(*, household: Household, by: Any, facts: Mapping[str, Any], joined_on: dt.date, joined_reason: str,
               version: int | None = None) -> Member:  # fmt: skip
    """A member joins: born, married in, moved in, adopted. A household without a living householder may get one this way."""
    refuse_future(joined_on, "joined_on")
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT, version=version)
    member = Member(household=edit.household, joined_on=joined_on, joined_reason=joined_reason)
    put(member, facts, MEMBER_FACTS)
    consistent(member)
    refuse_known_id(member, edit.household)
    if member.is_householder and edit.household.members.present().filter(relation=codelists.HOUSEHOLDER).exists():
        raise ValidationError({"relation": [_("这一户已经有户主，一户只能有一位户主。要换户主请用“更换户主”。")]})
    edit.write(member)
    edit.finish("member.added", target=member)
    return member


@transaction.atomic
def correct_member(
    *, member: Member, by: Any, facts: Mapping[str, Any], version: int | None = None, note: str = ""
) -> Member:
    """Correct who a member is. Householder and others are exchanged by `change_householder`, not here."""
    edit = Edit(member.household, by=by, permission=Permission.HOUSEHOLD_EDIT, version=version)
    row = _own(edit, member)
    before, was_householder = audit.snapshot(row), row.is_householder
    put(row, facts, MEMBER_FACTS)
    consistent(row)
    if row.is_householder != was_householder:
        raise ValidationError({"relation": [_("换户主请用“更换户主”，这里不能改。")]})
    if "id_number" in facts:
        refuse_known_id(row, edit.household)
    edit.write(row, before)
    edit.finish("member.corrected", target=row, note=note)
    return row


@transaction.atomic
def correct_member_year(*, member: Member, year: int, by: Any, facts: Mapping[str, Any], version: int | None = None,
                        note: str = "") -> MemberYear:  # fmt: skip
    """Correct a member's annual record; it is opened when there is none."""
    edit = Edit(member.household, by=by, permission=Permission.HOUSEHOLD_EDIT, version=version)
    record = put_member_year(edit, member, year, facts)
    edit.finish("memberyear.corrected", target=record, note=note)
    return record


def put_member_year(edit: Edit, member: Member, year: int, facts: Mapping[str, Any]) -> MemberYear:
    """Write facts of a member's year."""
    record = MemberYear.objects.select_for_update().filter(member=member, year=year).first()
    before = audit.snapshot(record) if record else None
    record = record or MemberYear(member=member, year=year)
    put(record, facts, MEMBER_YEAR_FACTS)
    if "01" in record.health and len(record.health) > 1:
        raise ValidationError({"health": [_("“健康”不能与其他健康状况同时选择。")]})
    edit.write(record, before)
    return record


@transaction.atomic
def remove_member(*, member: Member, by: Any, left_on: dt.date, left_reason: str, new_householder: Member | None = None,
                  relations: Mapping[int, str] | None = None, version: int | None = None) -> Member:  # fmt: skip
    """A member leaves: died, married out, moved out. A householder who leaves others behind names the next one in the same step."""
    refuse_future(left_on, "left_on")
    edit = Edit(member.household, by=by, permission=Permission.HOUSEHOLD_EDIT, version=version)
    row = _own(edit, member)
    if row.left_on:
        raise LedgerError(_("这位成员已经不在册。"))
    check_leaving(row, left_on, left_reason)
    others = list(edit.household.members.present().exclude(pk=row.pk).select_for_update())
    if row.is_householder and others and new_householder is None:
        raise LedgerError(_("户主离开前，请先选定新户主。"))
    before = audit.snapshot(row)
    row.left_on, row.left_reason = left_on, left_reason
    edit.write(row, before)
    if row.is_householder and others and new_householder is not None:
        chosen = next((m for m in others if m.pk == new_householder.pk), None)
        if chosen is None:
            raise LedgerError(_("新户主必须是这一户在册的成员。"))
        put_relations(edit, others, relations or {}, chosen)
    edit.finish("member.left", target=row)
    return row


@transaction.atomic
def return_member(*, member: Member, by: Any, version: int | None = None) -> Member:
    """Undo a leaving entered by mistake."""
    edit = Edit(member.household, by=by, permission=Permission.HOUSEHOLD_EDIT, version=version)
    row = _own(edit, member)
    if row.left_on is None:
        raise LedgerError(_("这位成员在册，不用恢复。"))
    if row.left_reason in ("split", "merge"):
        raise LedgerError(_("这位成员已随拆户或并户转到另一户，不能在这里恢复。"))
    before = audit.snapshot(row)
    row.left_on, row.left_reason = None, ""
    refuse_known_id(row, edit.household)
    if (
        row.is_householder
        and edit.household.members.present().filter(relation=codelists.HOUSEHOLDER).exclude(pk=row.pk).exists()
    ):
        row.relation = "99"
    edit.write(row, before)
    edit.finish("member.returned", target=row)
    return row


def check_leaving(row: Member, left_on: dt.date, left_reason: str) -> None:
    """Whether a member can leave on that day for that reason."""
    if left_reason not in codelists.LEAVE_REASON or left_reason in ("split", "merge"):
        raise ValidationError({"left_reason": [_("请选择减少原因。")]})
    if row.joined_on and left_on < row.joined_on:
        raise ValidationError({"left_on": [_("减少日期早于增加日期，请核对。")]})


def consistent(member: Member) -> None:
    """What nobody can be: born after joining, of the wrong sex for the relation is a question, not an error."""
    if member.birth_date:
        refuse_future(member.birth_date, "birth_date")
    if member.birth_date and member.age_on(dt.date.today()) > 130:  # type: ignore[operator]  # noqa: DTZ011
        raise ValidationError({"birth_date": [_("年龄超过 130 岁，请核对出生日期。")]})
