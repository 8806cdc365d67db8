"""What ends by itself: drafts nobody came back to, and photos that no survey ever claimed."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common import audit, files, vault
from common.models import SyncOp
from surveys.held import KINDS
from surveys.models import Survey, SurveyPhoto

OPEN = (Survey.State.DRAFT, Survey.State.RETURNED)


@files.expires
def expire_drafts() -> int:
    """Drafts that nobody touched for `settings.DOCUMENT_DAYS` and that were never sent."""
    past = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    count = 0
    old = Survey.objects.filter(state=Survey.State.DRAFT, revision=0, updated_at__lt=past)
    for pk in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            rows = old.select_for_update(of=("self",), skip_locked=True).select_related("household__village")
            draft = rows.filter(pk=pk).first()  # asked again: somebody may be typing
            if draft is None:
                continue
            key = audit.row_key(draft)
            draft.delete()
            audit.record(
                "survey.expired", by="console", target=key, subject=draft.household.subject,
                region_path=draft.household.village.path, gone=[key],
            )  # fmt: skip
            count += 1
    return count


@files.expires
def expire_photos() -> int:
    """Photos that nothing ever claimed, `settings.DOCUMENT_DAYS` after they began. What a draft, a returned survey or a record in quarantine
    names may still be claimed, and evidence of a survey or of a record of an upper floor is never deleted."""
    past = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    old = SurveyPhoto.objects.loose().filter(created_at__lt=past)
    held = SyncOp.objects.filter(state=SyncOp.State.QUARANTINED).values_list("kind", "receipt")
    waiting = {
        uuid.UUID(receipt[KINDS[kind].record])
        for kind, receipt in held
        if kind in KINDS and KINDS[kind].record in receipt
    }
    open_ones = Survey.objects.filter(state__in=OPEN).values("uid")
    count = 0
    for photo in old.exclude(survey_uid__in=open_ones).exclude(survey_uid__in=waiting):
        with transaction.atomic():
            if (
                SurveyPhoto.objects.select_for_update(of=("self",), skip_locked=True)
                .loose()
                .filter(pk=photo.pk)
                .order_by("pk")
                .first()
                is None
            ):
                continue
            key, name = audit.row_key(photo), photo.file
            photo.delete()
            audit.record("surveyphoto.expired", by="console", target=key, gone=[key])
            transaction.on_commit(partial(vault.remove, name))
            count += 1
    return count
