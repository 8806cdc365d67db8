"""Verbs of the people of a branch: registered, corrected, gone. How they come nearer to the party stands in `steps`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.scoping import may_in
from common import audit, phones
from common.dates import later
from common.pii import seal_phone
from common.text import normalise_name
from party.codelists import LEAVING
from party.models import MEMBERS, Branch, BranchPost, PartyPerson, Stage, StageChange, StageProposal
from party.rules import rule_of
from party.services.able import stop_helping
from party.services.base import CONFIRM, EDIT, PartyError, locked, open_branch_of, past_day, put, record, save

FACTS = ("sex", "birth_date", "schooling")
ADULT = 18  # years; 党章: 年满十八岁 may apply
OLDEST = 110


def _put(row: PartyPerson, facts: Mapping[str, Any]) -> None:
    """Name and phone as typed, and `FACTS`."""
    facts = dict(facts)
    if "name" in facts:
        try:
            row.name = normalise_name(str(facts.pop("name") or ""))
        except ValidationError as error:
            raise ValidationError({"name": error.messages}) from error
    if "phone" in facts:
        typed = str(facts.pop("phone") or "")
        try:
            row.phone, row.phone_hash, row.phone_masked = seal_phone(phones.parse(typed) if typed else "")
        except phones.PhoneError as error:
            raise ValidationError({"phone": [f"{error}。"]}) from error
    put(row, facts, FACTS)
    wrong: dict[str, list[str]] = {}
    if not row.name:
        wrong["name"] = [_("请填写姓名。")]
    if row.birth_date is None:
        wrong["birth_date"] = [_("请填写出生日期：两年发展一名年轻党员要按年龄计算。")]
    elif not timezone.localdate().year - OLDEST <= row.birth_date.year <= timezone.localdate().year:
        wrong["birth_date"] = [_("出生日期不对，请核对。")]
    if wrong:
        raise ValidationError(wrong)
    twins = PartyPerson._base_manager.filter(branch=row.branch, name=row.name, birth_date=row.birth_date, left_on=None)
    if twins.exclude(pk=row.pk).exists():
        raise ValidationError({"name": [_("本支部已经登记了同名、同一天出生的人，请核对。")]})


def require_age(row: PartyPerson, on: dt.date, field: str = "on") -> None:
    if later(row.birth_date, ADULT * 12) > on:
        raise ValidationError({field: [_("这一天还不满 18 周岁，请核对日期和出生日期。")]})


@transaction.atomic
def register_person(*, branch: Branch, facts: Mapping[str, Any], on: dt.date, by: Any, note: str = "") -> PartyPerson:
    """入党申请: somebody handed in an application on a day. `facts`: name, sex, birth_date, schooling, phone as typed."""
    branch = open_branch_of(branch, by)
    row = PartyPerson(branch=branch, stage=Stage.APPLICANT)
    _put(row, facts)
    row.stage_since = past_day(on, "on")
    require_age(row, on)
    save(row)
    step = StageChange(
        person=row, to_stage=Stage.APPLICANT, on=on, note=note, recorded_by=by.username, recorded_at=timezone.now()
    )
    save(step)
    record("partyperson.registered", row, by, branch.village, step, before={})
    return row


@transaction.atomic
def register_member(*, branch: Branch, facts: Mapping[str, Any], stage: str, joined_on: dt.date, by: Any, developed_here: bool = True,
                    full_on: dt.date | None = None, note: str = "") -> PartyPerson:  # fmt: skip
    """登记已有党员: who was a member before this register began, or moved here. Counts once somebody else has confirmed it.

    `full_on` is the day of 转正, a full member's; by default a year after `joined_on`.
    """
    branch = open_branch_of(branch, by)
    if stage not in MEMBERS:
        raise ValidationError({"stage": [_("请选择预备党员或正式党员。")]})
    row = PartyPerson(branch=branch, developed_here=developed_here)
    _put(row, facts)
    row.joined_on = past_day(joined_on, "joined_on")
    require_age(row, joined_on, "joined_on")
    save(row)
    if stage == Stage.FULL:
        full_on = full_on or min(later(joined_on, 12), timezone.localdate())
        past_day(
            full_on,
            "full_on",
            after=later(joined_on, rule_of(branch.village).probation_months),
            since=_("预备期满的日期"),
        )
    proposal = StageProposal(
        person=row, to_stage=stage, on=full_on if stage == Stage.FULL and full_on else joined_on, note=note, proposed_by=by.username,
        proposed_at=timezone.now(),
    )  # fmt: skip
    save(proposal)
    record("partyperson.member_registered", row, by, branch.village, proposal, before={})
    return row


@transaction.atomic
def change_person(*, person: PartyPerson, facts: Mapping[str, Any], by: Any, version: int | None = None) -> PartyPerson:
    """Correct who somebody is; stage and dates of the way into the party are changed by steps alone."""
    row: PartyPerson = locked(PartyPerson, person, by, EDIT, "branch__village", version=version)
    _refuse_gone(row)
    before = audit.snapshot(row)
    _put(row, facts)
    first = row.steps.order_by("id").first()
    start = row.joined_on or (first.on if first else None)
    if start is not None:
        require_age(row, start, "birth_date")
    if audit.changes_since(before, row):
        row.version += 1
        save(row)
        record("partyperson.changed", row, by, row.branch.village, before=before)
    return row


def _refuse_gone(row: PartyPerson) -> None:
    if row.left_on is not None:
        raise PartyError(_("%(name)s已经离开支部，不能再改。如属误登，请先恢复。") % {"name": row.name})


@transaction.atomic
def remove_person(*, person: PartyPerson, reason: str, on: dt.date, by: Any, version: int | None = None) -> PartyPerson:
    """离开: moved, died, expelled, dropped. Posts end, a waiting proposal is withdrawn, who was able to help is not any more."""
    row: PartyPerson = locked(PartyPerson, person, by, EDIT, "branch__village", version=version)
    _refuse_gone(row)
    if reason not in LEAVING:
        raise ValidationError({"reason": [_("请选择离开的原因。")]})
    last = row.steps.order_by("-id").first()
    on = past_day(on, "on", after=last.on if last else None, since=_("上一步的日期"))
    before = audit.snapshot(row)
    rows: list[models.Model] = []
    for post in row.posts.select_for_update().filter(Q(ends_on=None) | Q(ends_on__gt=on)).order_by("pk"):
        post.ends_on = max(on, post.starts_on)
        save(post)
        rows.append(post)
    for proposal in row.proposals.select_for_update().filter(state=StageProposal.State.OPEN).order_by("pk"):
        proposal.state, proposal.decided_by, proposal.decided_at = (
            StageProposal.State.WITHDRAWN,
            by.username,
            timezone.now(),
        )
        save(proposal)
        rows.append(proposal)
    if row.is_able and not may_in(by, CONFIRM, row.branch.village):
        raise PartyError(_("%(name)s登记为有帮带能力，请先由乡镇或县里取消，再登记离开。") % {"name": row.name})
    stop_helping(row, by)
    row.left_on, row.left_reason = on, reason
    row.version += 1
    save(row)
    record("partyperson.left", row, by, row.branch.village, *rows, before=before)
    return row


@transaction.atomic
def return_person(*, person: PartyPerson, by: Any) -> PartyPerson:
    """Take a mistaken leaving back. Posts and the ability to help are entered again where they hold."""
    row: PartyPerson = locked(PartyPerson, person, by, EDIT, "branch__village")
    if row.left_on is None:
        raise PartyError(_("%(name)s在册，不用恢复。") % {"name": row.name})
    if row.branch.closed_on is not None:
        raise PartyError(_("%(branch)s已经撤销，不能再登记。") % {"branch": row.branch.name})
    before = audit.snapshot(row)
    row.left_on, row.left_reason = None, ""
    row.version += 1
    save(row)
    record("partyperson.returned", row, by, row.branch.village, before=before)
    return row


def check() -> Iterator[tuple[models.Model, str]]:
    """For `audit.CHECKS`: who stands at another stage than their newest step says."""
    newest = StageChange._base_manager.filter(person=OuterRef("pk")).order_by("-id")
    rows = PartyPerson._base_manager.annotate(stepped=Subquery(newest.values("to_stage")[:1])).order_by("pk")
    for row in rows.exclude(stage=models.F("stepped")):
        if row.stage or row.stepped:
            yield row, "阶段与登记的步骤不符"


def holds_post(person: PartyPerson, post: str) -> bool:
    """Whether somebody holds it today."""
    today = timezone.localdate()
    running = BranchPost._base_manager.filter(person=person, post=post, starts_on__lte=today)
    return running.filter(Q(ends_on=None) | Q(ends_on__gt=today)).exists()
