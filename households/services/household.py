"""Verbs on a household: register, correct, split, merge, move, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import allowed, require_in
from common import audit
from households import codelists, followers
from households.models import Household, Member
from households.services.base import (
    HOUSEHOLD_FACTS,
    MEMBER_FACTS,
    Edit,
    LedgerError,
    check,
    put,
    put_relations,
    refresh_lists,
    refuse_future,
    refuse_known_id,
    save,
)  # fmt: skip
from households.services.pairing import Hands, lasting
from regions.models import Level, Region

CLOSE_REASONS = {
    "empty": "户内已无成员", "merged": "并入另一户", "moved_out": "整户迁出", "died_out": "自然销户", "mistake": "登记错误",
}  # fmt: skip


@transaction.atomic
def register_household(*, village: Region, by: Any, householder: Mapping[str, Any], facts: Mapping[str, Any] | None = None,
                       number: str = "", joined_on: dt.date | None = None, joined_reason: str = "first") -> Household:  # fmt: skip
    """A new household with its householder. Without a national number it gets one of our own: N, village code, running number."""
    require_in(by, Permission.HOUSEHOLD_RESTRUCTURE, village)
    household = new_household(village=village, number=number)
    put(household, facts or {}, HOUSEHOLD_FACTS - {"number"})
    check(household)
    save(household)
    member = Member(
        household=household, relation=codelists.HOUSEHOLDER, joined_on=joined_on, joined_reason=joined_reason
    )
    put(member, {**householder, "relation": codelists.HOUSEHOLDER}, MEMBER_FACTS)
    refuse_known_id(member, household)
    check(member)
    save(member)
    refresh_lists(household)
    save(household)
    audit.record(
        "household.registered", by=by, target=household, subject=household.subject, region_path=village.path,
        changes=audit.changes_since({}, household) | audit.changes_since({}, member, prefix=f"member:{member.name}:"), rows=[household, member],
    )  # fmt: skip
    followers.changed([household.pk])
    return household


def new_household(*, village: Region, number: str = "") -> Household:
    """An unsaved household in a village, numbered. Raises LedgerError where the place is not a village in force."""
    if village.level != Level.VILLAGE or not village.is_current or village.parent_id is None:
        raise LedgerError(_("农户只能登记在一个现行的村，请重新选择。"))
    return Household(village=village, township_id=village.parent_id, number=number or next_number(village))


def next_number(village: Region) -> str:
    """The next running number of a village; the village row is locked so that two clerks never get the same."""
    Region.objects.select_for_update().get(pk=village.pk)
    prefix = f"N{village.code}"
    last = (
        Household.objects.filter(number__startswith=prefix).order_by("-number").values_list("number", flat=True).first()
    )
    return f"{prefix}{int(last[len(prefix) :]) + 1 if last else 1:05d}"


@transaction.atomic
def correct_household(
    *, household: Household, by: Any, facts: Mapping[str, Any], version: int | None = None, note: str = ""
) -> Household:
    """Correct identity fields (`HOUSEHOLD_FACTS`)."""
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT, version=version)
    put(edit.household, facts, HOUSEHOLD_FACTS)
    return edit.finish("household.corrected", note=note)


@transaction.atomic
def change_householder(*, household: Household, by: Any, new_householder: Member, relations: Mapping[int, str],
                       version: int | None = None) -> Household:  # fmt: skip
    """Another householder in one step; `relations` gives every other member's relation to the new one."""
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_RESTRUCTURE, version=version)
    members = list(edit.household.members.present().select_for_update())
    chosen = next((m for m in members if m.pk == new_householder.pk), None)
    if chosen is None:
        raise LedgerError(_("新户主必须是这一户在册的成员。"))
    if chosen.is_householder:
        raise LedgerError(_("这位成员已经是户主。"))
    put_relations(edit, members, relations, chosen)
    return edit.finish("household.householder_changed", target=chosen)


@transaction.atomic
def split_household(*, household: Household, by: Any, members: Sequence[Member], new_householder: Member, relations: Mapping[int, str],
                    on: dt.date, number: str = "", village: Region | None = None) -> Household:  # fmt: skip
    """Some members become a household of their own (拆户). They leave here and join there; their years stay with them."""
    refuse_future(on, "on")
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_RESTRUCTURE)
    old = edit.household
    present = list(old.members.present().select_for_update())
    chosen = [m for m in present if m.pk in {member.pk for member in members}]
    head = next((m for m in chosen if m.pk == new_householder.pk), None)
    if not chosen or len(chosen) != len(members):
        raise LedgerError(_("请选择要拆出的成员。"))
    if head is None:
        raise LedgerError(_("新户的户主必须是拆出的成员之一。"))
    if any(m.is_householder for m in chosen):
        raise LedgerError(_("原户主不能拆出。请先在原户更换户主。"))
    village = village or old.village
    require_in(by, Permission.HOUSEHOLD_RESTRUCTURE, village)
    new = new_household(village=village, number=number)
    for name in ("hamlet", "address", "standard", "identified_on", "status"):
        setattr(new, name, getattr(old, name))
    save(new)
    there = Edit(new, by=by, permission=Permission.HOUSEHOLD_RESTRUCTURE)
    for member in sorted(chosen, key=lambda m: m.pk == head.pk):
        _move_member(edit, there, member, head, relations, on, "split")
    edit.finish(
        "household.split", note=_("拆出 %(count)s 人到户编号 %(number)s") % {"count": len(chosen), "number": new.number}
    )
    return there.finish(
        "household.registered", note=_("由户编号 %(number)s 拆出") % {"number": old.number}, always=True
    )


@transaction.atomic
def merge_households(
    *, household: Household, into: Household, by: Any, relations: Mapping[int, str], on: dt.date
) -> Household:
    """All members move into another household and this one is closed (并户)."""
    refuse_future(on, "on")
    if household.pk == into.pk:
        raise LedgerError(_("不能并入自己，请选择另一户。"))
    first, second = sorted(
        (household, into), key=lambda h: h.pk
    )  # always in the same order, so that two merges never wait for each other
    edits = {h.pk: Edit(h, by=by, permission=Permission.HOUSEHOLD_RESTRUCTURE) for h in (first, second)}
    edit, there = edits[household.pk], edits[into.pk]
    head = there.household.members.present().filter(relation=codelists.HOUSEHOLDER).first()
    if head is None:
        raise LedgerError(_("要并入的那一户没有户主，请先确定户主。"))
    for member in list(edit.household.members.present().select_for_update()):
        _move_member(edit, there, member, head, relations, on, "merge")
    _end_pairings(edit, on, _("并户"))
    edit.household.closed_on, edit.household.closed_reason, edit.household.merged_into = on, "merged", there.household
    edit.finish("household.merged", note=_("并入户编号 %(number)s") % {"number": there.household.number})
    return there.finish("household.merged_in", note=_("户编号 %(number)s 并入") % {"number": edit.household.number})


def _move_member(
    here: Edit, there: Edit, member: Member, head: Member, relations: Mapping[int, str], on: dt.date, reason: str
) -> None:
    """The member's row stays behind as left; a new row joins there and takes the annual records along."""
    relation = codelists.HOUSEHOLDER if member.pk == head.pk and reason == "split" else relations.get(member.pk, "")
    if relation not in codelists.RELATION or (
        relation == codelists.HOUSEHOLDER and not (member.pk == head.pk and reason == "split")
    ):
        raise LedgerError(_("请为“%(name)s”选择与新户主的关系。") % {"name": member.name})
    moved = Member(household=there.household, relation=relation, joined_on=on, joined_reason=reason)
    for name in ("number", "name", "name_grams", "pinyin", "initials", "sex", "birth_date", "id_type", "id_number", "id_hash", "id_masked",
                 "ethnicity", "phone", "phone_hash", "phone_masked"):  # fmt: skip
        setattr(moved, name, getattr(member, name))
    before = audit.snapshot(member)
    member.left_on, member.left_reason = max(on, member.joined_on or on), reason
    here.write(member, before)
    there.write(moved)
    for record in member.years.all():
        record.member = moved
        save(record)
        there.rows.append(record)


def _end_pairings(edit: Edit, on: dt.date, reason: str) -> None:
    """Those without an end, and those whose end is set for later."""
    rows = edit.household.pairings.filter(lasting(on)).select_for_update(of=("self",)).select_related("cadre")
    hands = Hands(edit.household, list(rows.order_by("starts_on", "pk")), on)
    for pairing in hands.rows:
        hands.end(pairing, max(on, pairing.starts_on), reason)
    hands.write(edit)


@transaction.atomic
def move_household(
    *, household: Household, by: Any, village: Region, on: dt.date, hamlet: str = "", version: int | None = None
) -> Household:
    """To another village; the permission is needed in both."""
    refuse_future(on, "on")
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_RESTRUCTURE, version=version)
    require_in(by, Permission.HOUSEHOLD_RESTRUCTURE, village)
    if village.level != Level.VILLAGE or not village.is_current or village.parent_id is None:
        raise LedgerError(_("农户只能登记在一个现行的村，请重新选择。"))
    if village.pk == edit.household.village_id and hamlet == edit.household.hamlet:
        raise LedgerError(_("这一户已经在所选的村组，没有改动。"))
    edit.household.village, edit.household.township_id, edit.household.hamlet = village, village.parent_id, hamlet
    return edit.finish("household.moved", note=str(on))


@transaction.atomic
def close_household(*, household: Household, by: Any, on: dt.date, reason: str) -> Household:
    """Strike a household off the ledger (销户). Members still present leave with it; the history stays."""
    refuse_future(on, "on")
    if reason not in CLOSE_REASONS or reason == "merged":
        raise LedgerError(_("请选择销户原因。"))
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_RESTRUCTURE)
    leaving = {"moved_out": "move_out", "died_out": "death", "mistake": "mistake"}.get(reason, "other")
    for member in edit.household.members.present().select_for_update():
        before = audit.snapshot(member)
        member.left_on, member.left_reason = max(on, member.joined_on or on), leaving
        edit.write(member, before)
    _end_pairings(edit, on, CLOSE_REASONS[reason])
    edit.household.closed_on, edit.household.closed_reason = on, reason
    return edit.finish("household.closed")


@transaction.atomic
def reopen_household(*, household: Household, by: Any) -> Household:
    """Undo a closing made by mistake: the members who left on that day come back."""
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_RESTRUCTURE, closed=True)
    row = edit.household
    if not row.is_closed:
        raise LedgerError(_("这一户没有销户。"))
    if row.merged_into_id:
        raise LedgerError(_("这一户已并入另一户，不能恢复。请在那一户办理拆户。"))
    closed_on, row.closed_on, row.closed_reason = row.closed_on, None, ""
    for member in (
        row.members.filter(left_on__gte=closed_on).exclude(left_reason__in=["split", "merge"]).select_for_update()
    ):
        before = audit.snapshot(member)
        member.left_on, member.left_reason = None, ""
        refuse_known_id(member, row)
        edit.write(member, before)
    return edit.finish("household.reopened")


@transaction.atomic
def follow_merge(*, old: Region, new: Region, by: Any) -> int:
    """After villages merged (`regions.services.merge_regions`), their households follow. The number moved."""
    moved = 0
    for household in (
        Household.objects.for_user(by, Permission.HOUSEHOLD_RESTRUCTURE).filter(village=old).order_by("pk")
    ):
        edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_RESTRUCTURE, closed=True)
        edit.household.village, edit.household.township_id = new, new.parent_id
        edit.finish("household.moved", note=_("随村合并"))
        moved += 1
    return moved


def may_edit(user: Any, household: Household) -> bool:
    """Whether to show editing buttons; the verbs ask again."""
    return not household.is_closed and allowed(user, Permission.HOUSEHOLD_EDIT, household)
