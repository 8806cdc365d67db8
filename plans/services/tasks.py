"""Carrying a plan out: progress and photos of a task, done, and done by mistake. By its owner or by whoever writes plans there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit
from households.services import LedgerError
from households.services.base import refuse_future
from households.services.evidence import put_evidence, with_pictures
from plans.models import Plan, PlanEvidence, Task
from plans.services.base import PlanEdit, reason_of, text_of

EDIT = Permission.PLAN_EDIT
NOTE = 300
MOST_PHOTOS = 10  # of a task


def _open(task: Task, by: Any, what: str, version: int | None) -> tuple[PlanEdit, Task, dict[str, Any]]:
    edit = PlanEdit(
        task.goal.plan, by=by, permission=EDIT, states={Plan.State.IN_PROGRESS}, what=what, version=version, owner=task.owner_id
    )  # fmt: skip
    row = Task.objects.select_for_update(of=("self",)).select_related("goal").get(pk=task.pk, goal__plan=edit.plan)
    if row.owner_id != task.owner_id:  # it changed hands while the page was open
        raise LedgerError(_("这个任务的责任人刚才变了，请刷新页面再试。"))
    return edit, row, audit.snapshot(row)


def _add_picture(edit: PlanEdit, task: Task, upload: Any, taken_on: dt.date | None) -> None:
    if upload is None:
        return
    if task.evidence.filter(removed_at=None).count() >= MOST_PHOTOS:
        raise LedgerError(_("一个任务最多 %(most)s 张照片，请先删去不用的。") % {"most": MOST_PHOTOS})
    picture = PlanEvidence(plan=edit.plan, task=task)
    put_evidence(picture, upload, by=edit.by, taken_on=taken_on)
    if task.evidence.filter(sha256=picture.sha256, removed_at=None).exists():
        raise ValidationError({"upload": [_("这张照片已经传过。")]})
    edit.write(picture)


def progress_task(*, task: Task, by: Any, note: str = "", upload: Any = None, version: int | None = None) -> Task:
    """How far it is, with a photo where there is one."""
    with with_pictures():
        edit, row, before = _open(task, by, _("登记进展"), version)
        if row.state != Task.State.OPEN:
            raise LedgerError(
                _("“%(task)s”%(state)s，不再登记进展。") % {"task": row.text, "state": row.get_state_display()}
            )
        note = text_of(note, "note", NOTE)
        if not note and upload is None:
            raise ValidationError({"note": [_("请写一句进展，或者传一张照片。")]})
        row.note = note or row.note
        if audit.changes_since(before, row):
            edit.write(row, before)
        _add_picture(edit, row, upload, None)
        edit.finish("plan.task_progressed", note=_said(row))
        return row


def complete_task(*, task: Task, by: Any, on: dt.date | None = None, note: str = "", upload: Any = None, version: int | None = None) -> Task:  # fmt: skip
    """Done, on a day (today by default), with a word and a photo where there are any."""
    with with_pictures():
        edit, row, before = _open(task, by, _("登记任务完成"), version)
        if row.state != Task.State.OPEN:
            raise LedgerError(
                _("“%(task)s”%(state)s，不用再登记。") % {"task": row.text, "state": row.get_state_display()}
            )
        on = on or timezone.localdate()
        refuse_future(on, "on")
        if on.year < edit.plan.year:
            raise ValidationError({"on": [_("完成日期早于计划年度，请核对。")]})
        row.note = text_of(note, "note", NOTE) or row.note
        row.state, row.done_on, row.done_by = Task.State.DONE, on, by.username
        edit.write(row, before)
        _add_picture(edit, row, upload, on)
        edit.finish("plan.task_done", note=_said(row))
        return row


def _said(task: Task) -> str:
    return f"{task.text}：{task.note}" if task.note else task.text


@transaction.atomic
def reopen_task(*, task: Task, by: Any, note: str, version: int | None = None) -> Task:
    """It was said to be done by mistake."""
    note = reason_of(note, "note", NOTE, _("请写明为什么恢复为未完成，至少四个字。"))
    edit, row, before = _open(task, by, _("恢复任务"), version)
    if row.state != Task.State.DONE:
        raise LedgerError(_("“%(task)s”%(state)s，不用恢复。") % {"task": row.text, "state": row.get_state_display()})
    row.state, row.done_on, row.done_by = Task.State.OPEN, None, ""
    edit.write(row, before)
    edit.finish("plan.task_reopened", note=f"{row.text}：{note}")
    return row


@transaction.atomic
def remove_evidence(*, picture: PlanEvidence, by: Any) -> PlanEvidence:
    """Hide a photo of a task. The file stays while the history refers to it; a signature is never hidden."""
    if picture.task_id is None:
        raise LedgerError(_("农户签字的照片不能删去。"))
    task = Task.objects.select_related("goal__plan").get(pk=picture.task_id)
    edit, _row, _before = _open(task, by, _("删去照片"), None)
    row = PlanEvidence.objects.select_for_update().get(pk=picture.pk)
    if row.removed_at is not None:
        raise LedgerError(_("这张照片已经删去。"))
    before = audit.snapshot(row)
    row.removed_at = timezone.now()
    edit.write(row, before)
    edit.finish("plan.evidence_removed", note=task.text)
    return row
