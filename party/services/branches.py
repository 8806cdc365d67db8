"""Verbs of 党支部: opening and closing, and who holds a post from when to when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit
from party.codelists import POSTS, SECRETARY
from party.models import MEMBERS, Branch, BranchPost, PartyPerson, Stage
from party.services.base import EDIT, PartyError, locked, open_branch_of, past_day, put, record, require_village, save
from regions.models import Region

FACTS = ("name", "established_on", "has_committee", "has_groups")


def _check(row: Branch) -> None:
    if len(row.name) < 2:
        raise ValidationError({"name": [_("请写党支部名称，如：青石村党支部。")]})
    if row.established_on is not None:
        past_day(row.established_on, "established_on")


@transaction.atomic
def open_branch(*, village: Region, facts: Mapping[str, Any], by: Any) -> Branch:
    """A branch of a village. `facts` are of `FACTS`."""
    require_village(village, by)
    row = Branch(village=village)
    put(row, facts, FACTS)
    _check(row)
    save(row)
    record("branch.opened", row, by, village, before={})
    return row


@transaction.atomic
def change_branch(*, branch: Branch, facts: Mapping[str, Any], by: Any, version: int | None = None) -> Branch:
    row: Branch = locked(Branch, branch, by, EDIT, "village", version=version)
    before = audit.snapshot(row)
    put(row, facts, FACTS)
    _check(row)
    if audit.changes_since(before, row):
        row.version += 1
        save(row)
        record("branch.changed", row, by, row.village, before=before)
    return row


@transaction.atomic
def close_branch(*, branch: Branch, on: dt.date, by: Any) -> Branch:
    """撤销: refused while people stand in it. Its posts end the same day."""
    row = open_branch_of(branch, by)
    on = past_day(on, "on", after=row.established_on, since=_("成立日期"))
    there = row.people.filter(left_on=None).count()
    if there:
        raise PartyError(_("支部里还有 %(count)s 人，请先登记他们离开或转到别的支部。") % {"count": there})
    before = audit.snapshot(row)
    posts = list(row.posts.select_for_update().filter(Q(ends_on=None) | Q(ends_on__gt=on)).order_by("pk"))
    for post in posts:
        post.ends_on = max(on, post.starts_on)
        save(post)
    row.closed_on = on
    row.version += 1
    save(row)
    record("branch.closed", row, by, row.village, *posts, before=before)
    return row


@transaction.atomic
def take_post(*, branch: Branch, person: PartyPerson, post: str, on: dt.date, by: Any) -> BranchPost:
    """任职 from a day on. The secretary is a full member, everybody else a member; one secretary at a time."""
    row = open_branch_of(branch, by)
    on = past_day(on, "on", after=row.established_on, since=_("支部成立日期"))
    holder = row.people.filter(pk=person.pk).first()
    if holder is None or holder.left_on is not None or holder.stage not in MEMBERS:
        raise ValidationError({"person": [_("请在本支部的在册党员里选择。")]})
    if post not in POSTS:
        raise ValidationError({"post": [_("请选择职务。")]})
    if post == SECRETARY and holder.stage != Stage.FULL:
        raise ValidationError({"person": [_("书记要由正式党员担任，请重新选择。")]})
    held = BranchPost(branch=row, person=holder, post=post, starts_on=on)
    save(held)
    record("branchpost.taken", held, by, row.village, before={}, note=_told(held))
    return held


@transaction.atomic
def end_post(*, post: BranchPost, on: dt.date, by: Any) -> BranchPost:
    """离任; `on` is the first day without."""
    row: BranchPost = locked(BranchPost, post, by, EDIT, "branch__village", "person")
    if row.ends_on is not None and row.ends_on <= timezone.localdate():
        raise PartyError(_("这项任职已经结束。"))
    before = audit.snapshot(row)
    row.ends_on = past_day(on, "on", after=row.starts_on, since=_("任职日期"))
    save(row)
    record("branchpost.ended", row, by, row.branch.village, before=before, note=_told(row))
    return row


def _told(row: BranchPost) -> str:
    return f"{row.person.name} {row.get_post_display()}"
