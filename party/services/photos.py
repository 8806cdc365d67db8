"""Photos of sessions and activities: put, hidden, kept in the vault."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit
from common.evidence import put_evidence
from party.models import Activity, PartyEvidence, Session
from party.services.base import EDIT, PartyError, locked, past_day, record, save
from regions.models import Region

MOST_PHOTOS = 12  # of a session or an activity


def put_photo(of: Session | Activity, upload: Any, by: Any, region: Region, taken_on: dt.date | None) -> PartyEvidence:
    """For a verb under `with_pictures` that holds the lock of `of`."""
    if of.evidence.filter(removed_at=None).count() >= MOST_PHOTOS:
        raise PartyError(_("照片已有 %(most)s 张，请先删去不用的。") % {"most": MOST_PHOTOS})
    owner = {"session": of} if isinstance(of, Session) else {"activity": of}
    row = PartyEvidence(**owner)
    put_evidence(row, upload, by=by, taken_on=past_day(taken_on or of.held_on, "taken_on"))
    if of.evidence.filter(sha256=row.sha256, removed_at=None).exists():
        raise PartyError(_("这张照片已经传过。"))
    save(row)
    record("partyevidence.added", row, by, region, before={}, note=str(of))
    return row


@transaction.atomic
def remove_photo(*, photo: PartyEvidence, by: Any) -> PartyEvidence:
    """Hide a photo; the file stays while the history refers to it."""
    row: PartyEvidence = locked(PartyEvidence, photo, by, EDIT, "session__village", "activity__branch__village")
    if row.removed_at is not None:
        raise PartyError(_("这张照片已经删去。"))
    before = audit.snapshot(row)
    row.removed_at = timezone.now()
    save(row)
    region = row.session.village if row.session else row.activity.branch.village  # type: ignore[union-attr]
    record("partyevidence.removed", row, by, region, before=before)
    return row
