"""发展党员, step by step: one at a time, never back, never ahead of today. What `CONFIRMED` names waits for somebody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.scoping import require
from common import audit, dates
from common.dates import later
from party.codelists import SECRETARY
from party.models import CONFIRMED, MEMBERS, ORDER, PartyPerson, PartyRule, Stage, StageChange, StageProposal
from party.rules import rule_of
from party.services.base import CONFIRM, EDIT, PartyError, lock, locked, past_day, reason_of, record, save, text_of
from party.services.people import holds_post

State = StageProposal.State
NOTE = 300


def next_stage(person: PartyPerson) -> Stage | None:
    """The one stage that may follow; None where there is none, or nobody has confirmed the first yet."""
    if not person.stage or person.stage == Stage.FULL:
        return None
    return ORDER[ORDER.index(Stage(person.stage)) + 1]


def earliest(person: PartyPerson, rule: PartyRule) -> dt.date | None:
    """The first day on which the next step may be taken, by the rule; None where there is no next one."""
    months = {
        Stage.APPLICANT: rule.applicant_months, Stage.ACTIVIST: rule.activist_months, Stage.TARGET: rule.target_months,
        Stage.PROBATIONARY: rule.probation_months,
    }  # fmt: skip
    if person.stage_since is None or person.stage not in months:
        return None
    return later(person.stage_since, months[Stage(person.stage)])


def warning_of(person: PartyPerson, on: dt.date, rule: PartyRule) -> str:
    """What a step on a day should make one ask, without forbidding it."""
    first = earliest(person, rule)
    if person.stage in (Stage.APPLICANT, Stage.TARGET) and first is not None and on < first:
        return _("按本地要求，一般要到 %(day)s 以后。") % {"day": dates.written(first)}
    return ""


def _ask(person: PartyPerson, on: dt.date) -> None:
    """What the rules refuse: too early where the national rules name a time, and days out of order."""
    past_day(on, "on", after=person.stage_since, since=_("上一步的日期"))
    first = earliest(person, rule_of(person.branch.village))
    if first is None or on >= first:
        return
    if person.stage == Stage.ACTIVIST:
        raise ValidationError(
            {"on": [_("积极分子培养教育不满期，最早 %(day)s 可列为发展对象。") % {"day": dates.written(first)}]}
        )
    if person.stage == Stage.PROBATIONARY:
        raise ValidationError({"on": [_("预备期不满，最早 %(day)s 可以转正。") % {"day": dates.written(first)}]})


def _person(person: PartyPerson, by: Any) -> PartyPerson:
    row: PartyPerson = locked(PartyPerson, person, by, EDIT, "branch__village")
    if row.left_on is not None:
        raise PartyError(_("%(name)s已经离开支部，不能再办。") % {"name": row.name})
    if row.proposals.filter(state=State.OPEN).exists():
        raise PartyError(_("%(name)s已经有一步在等确认，请先办完那一步。") % {"name": row.name})
    if not row.stage:
        raise PartyError(_("%(name)s的登记没有得到确认，请作为登记错误离开后重新登记。") % {"name": row.name})
    return row


def _next(person: PartyPerson, to: str) -> None:
    following = next_stage(person)
    if following is None:
        raise PartyError(_("%(name)s已经是正式党员。") % {"name": person.name})
    if to != following:
        raise PartyError(
            _("%(name)s现在是%(now)s，下一步是%(next)s，不能跳过。")
            % {"name": person.name, "now": person.get_stage_display(), "next": following.label}
        )


def _arrive(person: PartyPerson, step: StageChange) -> None:
    """The person stands where the step leads."""
    if step.to_stage == Stage.PROBATIONARY:
        person.joined_on = step.on
    person.stage, person.stage_since = step.to_stage, step.on
    person.version += 1


@transaction.atomic
def take_step(*, person: PartyPerson, to: str, on: dt.date, by: Any, note: str = "") -> StageChange:
    """Into a stage that needs nobody's confirmation: 入党积极分子."""
    row = _person(person, by)
    _next(row, to)
    if to in CONFIRMED:
        raise PartyError(_("列为%(stage)s要由另一位同志确认，请提出后等待确认。") % {"stage": Stage(to).label})
    _ask(row, on)
    step = StageChange(
        person=row, from_stage=row.stage, to_stage=to, on=on, note=text_of(note, "note", NOTE), recorded_by=by.username,
        recorded_at=timezone.now(),
    )  # fmt: skip
    before = audit.snapshot(row)
    save(step)
    _arrive(row, step)
    save(row)
    record("partyperson.stepped", row, by, row.branch.village, step, before=before)
    return step


@transaction.atomic
def propose_step(*, person: PartyPerson, to: str, on: dt.date, by: Any, note: str = "") -> StageProposal:
    """Into 发展对象, 预备党员 or 正式党员, to be confirmed by somebody else."""
    row = _person(person, by)
    _next(row, to)
    if to not in CONFIRMED:
        raise PartyError(_("列为%(stage)s不用确认，请直接登记。") % {"stage": Stage(to).label})
    _ask(row, on)
    found = StageProposal(
        person=row, from_stage=row.stage, to_stage=to, on=on, note=text_of(note, "note", NOTE), proposed_by=by.username,
        proposed_at=timezone.now(),
    )  # fmt: skip
    save(found)
    record(
        "stageproposal.made",
        found,
        by,
        row.branch.village,
        before={},
        note=f"{row.name} → {found.get_to_stage_display()}",
    )
    return found


def _proposal(proposal: StageProposal, by: Any, permission: Any) -> StageProposal:
    """The proposal, its person locked before it, while it is open."""
    person = lock(PartyPerson, proposal.person, "branch__village")
    row: StageProposal = locked(StageProposal, proposal, by, permission)
    row.person = person
    if row.state != State.OPEN:
        raise PartyError(_("%(name)s的这一步已经%(state)s。") % {"name": person.name, "state": row.get_state_display()})
    return row


def _decide(row: StageProposal, state: State, by: Any, note: str) -> None:
    row.state, row.decided_by, row.decided_at, row.decision_note = state, by.username, timezone.now(), note
    save(row)


@transaction.atomic
def confirm_steps(*, proposals: Sequence[StageProposal], by: Any, note: str = "") -> list[StageChange]:
    """Confirm what others proposed, all or nothing. Each is asked again by today's rules."""
    note = text_of(note, "note", 200)
    return [_confirm(proposal, by, note) for proposal in sorted(proposals, key=lambda p: (p.person_id, p.pk))]


def _confirm(proposal: StageProposal, by: Any, note: str) -> StageChange:
    row = _proposal(proposal, by, CONFIRM)
    person = row.person
    if row.proposed_by == by.username:
        raise PartyError(_("%(name)s的这一步是您自己提出的，请另一位同志确认。") % {"name": person.name})
    if row.from_stage != person.stage:
        raise PartyError(_("%(name)s的阶段已经变了，请撤回后重新提出。") % {"name": person.name})
    if row.from_stage:
        _ask(person, row.on)
    before = audit.snapshot(person)
    step = StageChange(
        person=person, from_stage=row.from_stage, to_stage=row.to_stage, on=row.on, note=row.note, recorded_by=row.proposed_by,
        recorded_at=row.proposed_at, confirmed_by=by.username,
    )  # fmt: skip
    save(step)
    _decide(row, State.CONFIRMED, by, note)
    joined = person.joined_on
    _arrive(person, step)
    if not row.from_stage:  # registered as a member: the day of joining was told
        person.joined_on = joined
    save(person)
    record(
        "stageproposal.confirmed", person, by, person.branch.village, row, step, before=before, note=note or person.name
    )
    return step


@transaction.atomic
def refuse_step(*, proposal: StageProposal, reason: str, by: Any) -> StageProposal:
    row = _proposal(proposal, by, CONFIRM)
    if row.proposed_by == by.username:
        raise PartyError(_("这一步是您自己提出的，不用退回，请撤回。"))
    before = audit.snapshot(row)
    _decide(row, State.REFUSED, by, reason_of(reason))
    record("stageproposal.refused", row, by, row.person.branch.village, before=before, note=row.decision_note)
    return row


@transaction.atomic
def withdraw_step(*, proposal: StageProposal, by: Any) -> StageProposal:
    """The proposer takes it back, or anybody else who may propose there."""
    row = _proposal(proposal, by, EDIT)
    before = audit.snapshot(row)
    _decide(row, State.WITHDRAWN, by, "")
    record("stageproposal.withdrawn", row, by, row.person.branch.village, before=before, note=row.person.name)
    return row


@transaction.atomic
def undo_step(*, person: PartyPerson, reason: str, by: Any) -> StageChange:
    """登记错了: the newest step is undone by another one, with the reason. A step that was confirmed is undone by who may confirm; what
    somebody was registered as at first is no step."""
    reason = reason_of(reason)
    row: PartyPerson = locked(PartyPerson, person, by, EDIT, "branch__village")
    if row.left_on is not None:
        raise PartyError(_("%(name)s已经离开支部，不能再办。") % {"name": row.name})
    if row.proposals.filter(state=State.OPEN).exists():
        raise PartyError(_("%(name)s有一步在等确认，请先撤回那一步。") % {"name": row.name})
    last = _standing(row)
    if last is None or not last.from_stage:
        raise PartyError(_("没有可以撤回的步骤。登记错了人，请登记离开，原因选“登记错误”。"))
    if last.to_stage in CONFIRMED:
        require(by, CONFIRM, row)
    _refuse_needed(row, last)
    before = audit.snapshot(row)
    step = StageChange(
        person=row, from_stage=last.to_stage, to_stage=last.from_stage, on=timezone.localdate(), note=reason, recorded_by=by.username,
        recorded_at=timezone.now(), undoes=last,
    )  # fmt: skip
    save(step)
    earlier = _standing(row)
    assert earlier is not None  # the step before the one undone
    row.stage, row.stage_since = earlier.to_stage, earlier.on
    if last.to_stage == Stage.PROBATIONARY:
        row.joined_on = None
    row.version += 1
    save(row)
    record("partyperson.step_undone", row, by, row.branch.village, step, before=before, note=reason)
    return step


def _standing(person: PartyPerson) -> StageChange | None:
    """The newest step that neither undoes nor was undone."""
    return person.steps.filter(undoes=None, undone_by=None).order_by("-id").first()


def _refuse_needed(row: PartyPerson, last: StageChange) -> None:
    """Who loses what their office asks for gives it up first."""
    if last.to_stage == Stage.FULL and holds_post(row, SECRETARY):
        raise PartyError(_("%(name)s正担任书记，请先登记离任。") % {"name": row.name})
    if last.from_stage not in MEMBERS:
        if row.is_able:
            raise PartyError(_("%(name)s登记为有帮带能力，请先取消。") % {"name": row.name})
        today = timezone.localdate()
        if row.posts.exclude(ends_on__lte=today).exists():
            raise PartyError(_("%(name)s正担任支部职务，请先登记离任。") % {"name": row.name})
