"""What a phone sent for a household that was no longer its user's: kept whole until a reviewer of the place has decided."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Permission
from accounts.scoping import posted_regions
from common import audit, sync
from common.models import SyncOp
from households.services import LedgerError
from surveys.held import KINDS

REASON = 300


class QuarantineError(LedgerError):
    """It cannot be decided this way; the message is one sentence for the user."""


def waiting_for(user: Any, state: str = SyncOp.State.QUARANTINED) -> QuerySet[SyncOp]:
    """What the user may decide: records that wait in the regions where a posting grants reviewing, never one's own."""
    if not getattr(user, "is_active", False):
        return SyncOp.objects.none()
    area = Q()
    for region in posted_regions(user, Permission.SURVEY_REVIEW):
        area |= Q(region_path__startswith=region.path)
    if not area:
        return SyncOp.objects.none()
    return SyncOp.objects.filter(area, kind__in=KINDS, state=state).exclude(owner=user.username)


def body_of(op: SyncOp) -> dict[str, Any]:
    return dict(json.loads(op.body.reveal()))


@transaction.atomic
def accept(*, op: SyncOp, by: Any) -> Any:
    """The record is taken as its owner sent it; a survey waits for review then. Raises `QuarantineError` where it cannot be."""
    row = _locked(op, by)
    owner = User.objects.get(username=row.owner)
    try:
        taken = KINDS[row.kind].accept(body=body_of(row), owner=owner, by=by)
    except sync.Refused as refusal:
        raise QuarantineError(refusal.say) from refusal
    row.body = ""  # the record has it now
    _decide(row, SyncOp.State.ACCEPTED, by, "")
    return taken


@transaction.atomic
def discard(*, op: SyncOp, reason: str, by: Any) -> SyncOp:
    """It is of no use; the reason is on record and the body, with the personal data in it, is deleted."""
    reason = reason.strip()
    if len(reason) < 4:
        raise QuarantineError(_("请写明为什么作废，至少四个字。"))
    row = _locked(op, by)
    row.body = ""
    return _decide(row, SyncOp.State.DISCARDED, by, reason[:REASON])


def _locked(op: SyncOp, by: Any) -> SyncOp:
    row = waiting_for(by).select_for_update().filter(pk=op.pk).first()
    if row is not None:
        return row
    if SyncOp.objects.filter(pk=op.pk).exclude(state=SyncOp.State.QUARANTINED).exists():
        raise QuarantineError(_("这份记录已经有人处理过了。"))
    raise PermissionDenied(Permission.SURVEY_REVIEW)


def _decide(row: SyncOp, state: SyncOp.State, by: Any, note: str) -> SyncOp:
    row.state, row.decided_at, row.decided_by, row.note = state, timezone.now(), by.username, note
    row.save()
    audit.record(
        f"quarantine.{state.value}",
        by=by,
        target=row,
        region_path=row.region_path,
        note=note or row.owner,
        rows=[row],
    )
    return row
