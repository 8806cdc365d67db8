"""Showing a full number to somebody: a permission, a reason, and a line in the history."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from common import audit
from households.models import Household, Member

WHAT = {"id": "id_number", "phone": "phone", "account": "bank_account"}


@transaction.atomic
def reveal(*, household: Household, by: Any, what: str, reason: str, member: Member | None = None) -> str:
    """The plain ID number or phone of a member, or the phone or bank account of the household. `what` is a key of `WHAT`."""
    require(by, Permission.PII_REVEAL, household)
    if len(reason.strip()) < 4:
        raise ValidationError({"reason": [_("请写明查看理由，至少四个字。")]})
    row: Any = household.members.get(pk=member.pk) if member is not None else household
    secret = getattr(row, WHAT[what])
    audit.record(
        "pii.revealed",
        by=by,
        target=row,
        subject=household.subject,
        region_path=household.village.path,
        note=f"{what}: {reason.strip()}",
    )
    return secret.reveal() if secret else ""
