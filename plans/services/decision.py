"""The way of a plan: consent of the household, submission, approval by somebody who did not write it, execution, review, closing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit
from households.models import Member
from households.services import LedgerError
from households.services.base import refuse_future
from households.services.evidence import put_evidence, with_pictures
from plans import telling, versions
from plans.indicators import MOST
from plans.models import Goal, Plan, PlanEvidence, PlanRevision, Task
from plans.services.base import EDITABLE, PlanEdit, authors_of, has_written, reason_of, text_of, writers_of

State = Plan.State
EDIT, APPROVE = Permission.PLAN_EDIT, Permission.PLAN_APPROVE
NOTE = 300
CONSENTING_AGE = 16


# -- consent --------------------------------------------------------------------------------------------------------------------


@with_pictures()
def record_consent(*, plan: Plan, by: Any, consent: str, member: Member | None, on: dt.date, note: str = "", upload: Any = None,
                   version: int | None = None) -> Plan:  # fmt: skip
    """The household agrees to the plan as it stands: signed (with a picture of the signature) or spoken (with who heard it)."""
    edit = PlanEdit(plan, by=by, permission=EDIT, states=EDITABLE, what=_("登记农户意见"), version=version)
    row = edit.plan
    if consent not in Plan.Consent:
        raise ValidationError({"consent": [_("请选择农户怎样同意：签字或口头同意。")]})
    if member is None or member.household_id != row.household_id or member.left_on is not None:
        raise ValidationError({"member": [_("请选择是哪一位家庭成员同意的。")]})
    if member.age is not None and member.age < CONSENTING_AGE:
        raise ValidationError(
            {
                "member": [
                    _("%(name)s 未满 %(age)s 岁，请由成年的家庭成员表示意见。")
                    % {"name": member.name, "age": CONSENTING_AGE}
                ]
            }
        )
    refuse_future(on, "on")
    if on.year < row.year - 1:
        raise ValidationError({"on": [_("日期比计划年度早一年以上，请核对。")]})
    if not row.goals.exists():
        raise LedgerError(_("计划里还没有目标，请先写好计划，再征求农户意见。"))
    note = text_of(note, "note", 200)
    if consent == Plan.Consent.SPOKEN and len(note) < 4:
        raise ValidationError({"note": [_("口头同意请写明谁在场、在哪里说的，至少四个字。")]})
    if consent == Plan.Consent.SIGNATURE:
        if upload is None:
            raise ValidationError({"upload": [_("请拍下农户签字的照片。")]})
        picture = PlanEvidence(plan=row)
        put_evidence(picture, upload, by=by, taken_on=on)
        edit.write(picture)
    row.consent, row.consent_on, row.consent_member, row.consent_note = consent, on, member, note
    row.consent_revision = row.revision + 1
    return edit.finish("plan.consented", always=True)


# -- submission and decision ----------------------------------------------------------------------------------------------------


def missing(plan: Plan) -> list[str]:
    """What a plan lacks before it can be submitted, in words; [] where nothing. Reads goals with tasks and indicators."""
    goals = list(plan.goals.prefetch_related("tasks"))
    tasks = [task for goal in goals for task in goal.tasks.all() if task.state != Task.State.DROPPED]
    found = []
    if not tasks:
        found.append(_("至少要有一个目标和它的任务"))
    if without := [task.text for task in tasks if task.owner_id is None]:
        found.append(_("任务没有责任人：%(names)s") % {"names": _("、").join(without[:5])})
    if without := [task.text for task in tasks if task.due_on is None]:
        found.append(_("任务没有完成期限：%(names)s") % {"names": _("、").join(without[:5])})
    if without := [str(row.get_code_display()) for row in plan.indicators.all() if not row.target]:
        found.append(_("年度指标没有填计划：%(names)s") % {"names": _("、").join(without)})
    if not plan.consent:
        found.append(_("农户还没有对现在的内容表示同意"))
    return found


@transaction.atomic
def submit_plan(*, plan: Plan, by: Any, version: int | None = None) -> Plan:
    """Ask for approval. The plan as it stands becomes a version that is never changed."""
    edit = PlanEdit(plan, by=by, permission=EDIT, states=EDITABLE, what=_("提交"), version=version)
    row = edit.plan
    if lacks := missing(row):
        raise LedgerError(_("计划还不能提交：%(what)s。") % {"what": _("；").join(lacks)})
    row.revision += 1
    row.state, row.submitted_by, row.submitted_at = State.SUBMITTED, by.username, timezone.now()
    row.decided_by, row.decided_at, row.decision_note = "", None, ""
    row.consent_revision = row.revision
    revision = PlanRevision(
        plan=row, revision=row.revision, body=versions.body_of(row), by=by.username, at=row.submitted_at
    )
    edit.write(revision)
    telling.submitted(row, edit.household, by, writers=authors_of(row))
    return edit.finish("plan.submitted", note=_("第 %(n)s 版") % {"n": row.revision})


def why_not_mine(plan: Plan, by: Any) -> str:
    """Why this approver cannot decide on this plan now, in one sentence; "" where they can."""
    if plan.state != State.SUBMITTED:
        return _("这份计划现在是“%(state)s”，不在待审批之列。") % {"state": plan.get_state_display()}
    if has_written(plan, by):
        return _("自己制定、修改或提交的计划不能由自己审批，请另一位审批人办理。")
    return ""


def _decide(plan: Plan, by: Any, state: State, note: str, version: int | None) -> PlanEdit:
    edit = PlanEdit(plan, by=by, permission=APPROVE, states={State.SUBMITTED}, what=_("审批"), version=version)
    if has_written(edit.plan, by):
        raise LedgerError(_("自己制定、修改或提交的计划不能由自己审批，请另一位审批人办理。"))
    row = edit.plan
    row.state, row.decided_by, row.decided_at, row.decision_note = state, by.username, timezone.now(), note
    return edit


@transaction.atomic
def approve_plan(*, plan: Plan, by: Any, note: str = "", version: int | None = None) -> Plan:
    edit = _decide(plan, by, State.APPROVED, text_of(note, "note", NOTE), version)
    telling.decided(edit.plan, edit.household, edit.by)
    return edit.finish("plan.approved", note=edit.plan.decision_note)


@transaction.atomic
def return_plan(*, plan: Plan, by: Any, note: str, version: int | None = None) -> Plan:
    """Back to who wrote it, with the reason."""
    note = reason_of(note, "note", NOTE, _("请写明退回理由，至少四个字。"))
    edit = _decide(plan, by, State.RETURNED, note, version)
    telling.decided(edit.plan, edit.household, edit.by)
    return edit.finish("plan.returned", note=note)


@dataclass(slots=True)
class Batch:
    """What a batch did: which were approved, which were left alone and why."""

    approved: list[Plan] = field(default_factory=list)
    skipped: list[tuple[Plan, str]] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        said = _("已批准 %(count)s 份计划。") % {"count": len(self.approved)}
        if not self.skipped:
            return said
        named = _("；").join(f"{plan.household}（{why.rstrip('。')}）" for plan, why in self.skipped[:5])
        more = "……" if len(self.skipped) > 5 else "。"
        return said + _("%(count)s 份没有动，要逐份看：%(named)s") % {"count": len(self.skipped), "named": named} + more


def sort_out(plans: Sequence[Plan], by: Any) -> Batch:
    """Which of these plans a batch would approve now, and why not the others: only those without a mark. Writes nothing."""
    found = Batch()
    marks, own = versions.marks_of(plans), writers_of(list(plans), by)
    for plan in plans:
        if plan.state != State.SUBMITTED:
            found.skipped.append((plan, _("现在是“%(state)s”") % {"state": plan.get_state_display()}))
        elif plan.pk in own:
            found.skipped.append((plan, _("自己制定、修改或提交的")))
        elif marks[plan.pk]:
            found.skipped.append((plan, _("、").join(words for words, _tone in marks[plan.pk])))
        else:
            found.approved.append(plan)
    return found


def approve_batch(*, plans: Sequence[Plan], by: Any) -> Batch:
    """Approve those without a mark, each by itself; the others are left alone and named with why."""
    sorted_out = sort_out(plans, by)
    done = Batch(skipped=list(sorted_out.skipped))
    for plan in sorted_out.approved:
        try:
            done.approved.append(approve_plan(plan=plan, by=by, version=plan.version))
        except LedgerError as error:
            done.skipped.append((plan, str(error)))
        except PermissionDenied:
            done.skipped.append((plan, _("不在您能审批的范围内")))
    return done


# -- the year -------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def start_plan(*, plan: Plan, by: Any, version: int | None = None) -> Plan:
    """An approved plan is carried out from now on."""
    edit = PlanEdit(plan, by=by, permission=EDIT, states={State.APPROVED}, what=_("开始执行"), version=version)
    edit.plan.state = State.IN_PROGRESS
    return edit.finish("plan.started")


@transaction.atomic
def amend_plan(*, plan: Plan, by: Any, note: str, version: int | None = None) -> Plan:
    """Open an approved plan again: it is a draft until the household has agreed and it is submitted as another version."""
    note = reason_of(note, "note", NOTE, _("请写明为什么要改计划，至少四个字。"))
    states = {State.APPROVED, State.IN_PROGRESS}
    edit = PlanEdit(plan, by=by, permission=EDIT, states=states, what=_("重新修改"), version=version)
    edit.plan.state = State.DRAFT
    edit.plan.consent_revision = edit.plan.revision
    return edit.finish("plan.amended", note=note)


@transaction.atomic
def review_plan(*, plan: Plan, by: Any, done: Mapping[str, str], goals: Mapping[int, str], note: str, version: int | None = None) -> Plan:  # fmt: skip
    """What came of it at the end of the year: every indicator, every goal reached or missed, a word about the whole."""
    edit = PlanEdit(plan, by=by, permission=EDIT, states={State.IN_PROGRESS}, what=_("年终总结"), version=version)
    row = edit.plan
    problems: dict[str, list[str]] = {}
    for indicator in row.indicators.select_for_update().order_by("pk"):
        before = audit.snapshot(indicator)
        indicator.done = text_of(done.get(indicator.code, ""), indicator.code, MOST)
        if not indicator.done:
            problems[indicator.code] = [_("请填写“%(name)s”的完成情况。") % {"name": indicator.get_code_display()}]
        elif audit.changes_since(before, indicator):
            edit.write(indicator, before)
    for goal in row.goals.select_for_update().order_by("pk"):
        before = audit.snapshot(goal)
        verdict = goals.get(goal.pk, "")
        if verdict not in (Goal.State.REACHED, Goal.State.MISSED):
            problems[f"goal-{goal.pk}"] = [_("请判断目标“%(goal)s”实现没有。") % {"goal": goal.text}]
            continue
        goal.state = verdict
        if audit.changes_since(before, goal):
            edit.write(goal, before)
    note = text_of(note, "note", 600, lines=True)
    if len(note) < 4:
        problems["note"] = [_("请写几句年终总结，至少四个字。")]
    if problems:
        raise ValidationError(problems)
    row.state, row.reviewed_by, row.reviewed_at, row.review_note = State.REVIEWED, by.username, timezone.now(), note
    return edit.finish("plan.reviewed", note=note)


@transaction.atomic
def return_review(*, plan: Plan, by: Any, note: str, version: int | None = None) -> Plan:
    """The review does not hold: the plan is in progress again."""
    note = reason_of(note, "note", NOTE, _("请写明退回理由，至少四个字。"))
    edit = PlanEdit(plan, by=by, permission=APPROVE, states={State.REVIEWED}, what=_("退回总结"), version=version)
    row = edit.plan
    telling.review_returned(row, edit.household, by)
    for goal in row.goals.select_for_update().order_by("pk"):
        before = audit.snapshot(goal)
        goal.state = Goal.State.OPEN
        if audit.changes_since(before, goal):
            edit.write(goal, before)
    row.state, row.reviewed_by, row.reviewed_at = State.IN_PROGRESS, "", None
    return edit.finish("plan.review_returned", note=note)


@transaction.atomic
def close_plan(*, plan: Plan, by: Any, version: int | None = None) -> Plan:
    """The township has read the review: the plan's year is over. Never by who wrote the review."""
    edit = PlanEdit(plan, by=by, permission=APPROVE, states={State.REVIEWED}, what=_("结束"), version=version)
    row = edit.plan
    if row.reviewed_by == by.username:
        raise LedgerError(_("自己做的年终总结不能由自己结束，请另一位审批人办理。"))
    row.state, row.closed_by, row.closed_at = State.CLOSED, by.username, timezone.now()
    return edit.finish("plan.closed")
