"""The status of a household: proposed by the township, confirmed by the county.

The legal procedures (identification, exit, monitoring) stand on a floor above and end in `change_status`; nothing of them is known here.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit
from households import telling
from households.models import Household, Status, StatusChange
from households.models.status import NEXT
from households.services.base import Edit, LedgerError, refuse_future


def _refuse_wrong_step(household: Household, to_status: str, effective_on: dt.date, reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": [_("请写明理由。")]})
    refuse_future(effective_on, "effective_on")
    if to_status not in NEXT[Status(household.status)]:
        raise LedgerError(
            _("“%(old)s”不能直接变为“%(new)s”，请核对。")
            % {"old": household.get_status_display(), "new": Status(to_status).label}
        )
    last = household.status_changes.filter(state=StatusChange.State.CONFIRMED).order_by("-effective_on").first()
    if last and effective_on < last.effective_on:
        raise ValidationError(
            {"effective_on": [_("生效日期早于上一次变更（%(day)s），请核对。") % {"day": last.effective_on}]}
        )


@transaction.atomic
def propose_status(*, household: Household, by: Any, to_status: str, effective_on: dt.date, reason: str, evidence: str = "",
                   version: int | None = None) -> StatusChange:  # fmt: skip
    """The township's step. One open proposal a household."""
    edit = Edit(household, by=by, permission=Permission.STATUS_PROPOSE, version=version)
    _refuse_wrong_step(edit.household, to_status, effective_on, reason)
    if edit.household.status_changes.filter(state=StatusChange.State.PROPOSED).exists():
        raise LedgerError(_("这一户已有一项待县级确认的身份变更，请等它办结。"))
    change = StatusChange(
        household=edit.household, from_status=edit.household.status, to_status=to_status, effective_on=effective_on, reason=reason.strip(),
        evidence=evidence.strip(), proposed_by=by, proposed_at=timezone.now(),
    )  # fmt: skip
    edit.write(change)
    edit.finish("status.proposed", target=change, note=reason)
    telling.status_proposed(edit.household, by)
    return change


@transaction.atomic
def decide_status(*, change: StatusChange, by: Any, confirm: bool, note: str = "") -> StatusChange:
    """The county's step: confirm, or send back with a reason. Nobody decides on a proposal of their own."""
    edit = Edit(change.household, by=by, permission=Permission.STATUS_CONFIRM)
    change = StatusChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if change.state != StatusChange.State.PROPOSED:
        raise LedgerError(_("这项身份变更已经办结。"))
    if change.proposed_by_id == by.pk:
        raise LedgerError(_("自己提出的变更不能由自己确认，请另一位县级人员办理。"))
    if not confirm and not note.strip():
        raise ValidationError({"note": [_("退回时请写明意见。")]})
    before = audit.snapshot(change)
    change.state = StatusChange.State.CONFIRMED if confirm else StatusChange.State.REFUSED
    change.decided_by, change.decided_at, change.decision_note = by, timezone.now(), note.strip()
    if confirm:
        _refuse_wrong_step(edit.household, change.to_status, change.effective_on, change.reason)
        edit.household.status = change.to_status
    edit.write(change, before)
    edit.finish("status.confirmed" if confirm else "status.refused", target=change, note=note)
    telling.status_decided(edit.household, change, by)
    return change


@transaction.atomic
def withdraw_status(*, change: StatusChange, by: Any) -> StatusChange:
    """The proposer takes an open proposal back."""
    edit = Edit(change.household, by=by, permission=Permission.STATUS_PROPOSE)
    change = StatusChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if change.state != StatusChange.State.PROPOSED:
        raise LedgerError(_("这项身份变更已经办结。"))
    if change.proposed_by_id != by.pk:
        raise PermissionDenied(Permission.STATUS_PROPOSE)
    before = audit.snapshot(change)
    change.state, change.decided_at = StatusChange.State.WITHDRAWN, timezone.now()
    edit.write(change, before)
    edit.finish("status.withdrawn", target=change)
    return change


@transaction.atomic
def change_status(*, household: Household, by: Any, to_status: str, effective_on: dt.date, reason: str, evidence: str = "",
                  proposed_by: Any = None, source: str = "procedure") -> StatusChange:  # fmt: skip
    """The free verb for the floors above: a confirmed change in one act. The procedure brings its own proposer (four eyes)."""
    edit = Edit(household, by=by, permission=Permission.STATUS_CONFIRM)
    _refuse_wrong_step(edit.household, to_status, effective_on, reason)
    now = timezone.now()
    change = StatusChange(
        household=edit.household, from_status=edit.household.status, to_status=to_status, effective_on=effective_on, reason=reason.strip(),
        evidence=evidence, state=StatusChange.State.CONFIRMED, proposed_by=proposed_by, proposed_at=now, decided_by=by, decided_at=now,
        source=source,
    )  # fmt: skip
    edit.household.status = to_status
    edit.write(change)
    edit.finish("status.changed", target=change, note=reason)
    telling.status_decided(edit.household, change, by)
    return change
