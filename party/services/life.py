"""Verbs of 组织生活: what a branch held, who was there, photos."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit
from common.evidence import with_pictures
from party.models import Activity, Branch, Kind, PartyEvidence, PartyPerson, Presence
from party.services.base import EDIT, PartyError, locked, open_branch_of, past_day, put, reason_of, record, save
from party.services.photos import put_photo

FACTS = ("kind", "held_on", "title", "text", "place", "guests")
MOST_GUESTS = 5000


def people_of(branch: Branch, on: dt.date) -> Any:
    """Who of the branch can have been there on a day."""
    there = PartyPerson._base_manager.filter(branch=branch).exclude(stage="")
    return there.exclude(left_on__lte=on).order_by("name", "pk")


def _check(row: Activity) -> None:
    wrong: dict[str, list[str]] = {}
    if row.kind not in Kind:
        wrong["kind"] = [_("请选择组织生活的种类。")]
    if len(row.title) < 2:
        wrong["title"] = [_("请写主题，如：学习乡村振兴促进法。")]
    if not 0 <= (row.guests or 0) <= MOST_GUESTS:
        wrong["guests"] = [_("列席人数应在 0 至 5000 之间。")]
    if wrong:
        raise ValidationError(wrong)
    past_day(row.held_on, "held_on", after=row.branch.established_on, since=_("支部成立日期"))


def _present(row: Activity, people: Iterable[PartyPerson]) -> tuple[list[Presence], list[str]]:
    """The list of those present as it should be: (new rows, keys of those taken off)."""
    keys = {person.pk for person in people}
    known = set(people_of(row.branch, row.held_on).values_list("pk", flat=True))
    if keys - known:
        raise ValidationError({"people": [_("到会人员里有不是本支部的人，没有保存。请重新选择。")]})
    there = {presence.person_id: presence for presence in row.presences.order_by("pk")}
    gone = [presence for pk, presence in there.items() if pk not in keys]
    new = [Presence(activity=row, person_id=pk) for pk in sorted(keys - set(there))]
    removed = [audit.row_key(each) for each in gone]
    row.presences.filter(pk__in=[each.pk for each in gone]).delete()
    for each in new:
        save(each)
    return new, removed


@transaction.atomic
def hold_activity(*, branch: Branch, facts: Mapping[str, Any], people: Iterable[PartyPerson], by: Any) -> Activity:
    """Something the branch held. `facts` are of `FACTS`."""
    branch = open_branch_of(branch, by)
    row = Activity(branch=branch, recorded_by=by.username, recorded_at=timezone.now())
    put(row, facts, FACTS)
    row.guests = row.guests or 0
    _check(row)
    save(row)
    new, _gone = _present(row, people)
    record("activity.held", row, by, branch.village, *new, before={})
    return row


def _activity(activity: Activity, by: Any, version: int | None = None) -> Activity:
    row: Activity = locked(Activity, activity, by, EDIT, "branch__village", version=version)
    if row.removed_at is not None:
        raise PartyError(_("这项记录已经作废，不能再改。"))
    return row


@transaction.atomic
def change_activity(*, activity: Activity, facts: Mapping[str, Any], people: Iterable[PartyPerson], by: Any,
                    version: int | None = None) -> Activity:  # fmt: skip
    row = _activity(activity, by, version)
    before = audit.snapshot(row)
    put(row, facts, FACTS)
    row.guests = row.guests or 0
    _check(row)
    if row.session_id is not None and (row.kind != Kind.LECTURE or row.held_on != before["held_on"]):
        raise PartyError(_("这次党课就是四大课堂的一次课，种类和日期请在课堂里改。"))
    new, gone = _present(row, people)
    if audit.changes_since(before, row) or new or gone:
        row.version += 1
        save(row)
        record("activity.changed", row, by, row.branch.village, *new, before=before, gone=gone)
    return row


@transaction.atomic
def remove_activity(*, activity: Activity, reason: str, by: Any) -> Activity:
    """作废 a mistaken record, with the reason; it counts no more. A session that counted as it can be counted again."""
    row = _activity(activity, by)
    before = audit.snapshot(row)
    row.removed_at, row.removed_by, row.removed_reason = timezone.now(), by.username, reason_of(reason)
    row.session = None
    row.version += 1
    save(row)
    record("activity.removed", row, by, row.branch.village, before=before, note=row.removed_reason)
    return row


@with_pictures()
def add_activity_photo(*, activity: Activity, upload: Any, by: Any, taken_on: dt.date | None = None) -> PartyEvidence:
    row = _activity(activity, by)
    return put_photo(row, upload, by, row.branch.village, taken_on)


def in_force(rows: Any) -> Any:
    """Activities that were not taken off."""
    return rows.filter(models.Q(removed_at=None))
