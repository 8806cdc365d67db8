"""Verbs on 考评办法: drafted, changed while a draft, put in force. Permission RULE_EDIT in the county."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require, require_in
from common import audit
from households.services import LedgerError
from regions.models import Level, Region
from supervision import items
from supervision.models import AppraisalScheme
from supervision.services.base import record, save, text_of

State = AppraisalScheme.State
WHOLE = 100
NAME_LENGTH, LONGEST_WAIT = 80, 60


def checked_weights(weights: Mapping[str, Any]) -> dict[str, int]:
    """Weights as kept: those above zero. Raises ValidationError at `weights` for what is no whole or not of known items."""
    known = {item.code for item in items.every()}
    found: dict[str, int] = {}
    for code, weight in weights.items():
        if code not in known:
            raise ValidationError({"weights": [_("没有“%(code)s”这个考评项目，请重新打开页面。") % {"code": code}]})
        if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= WHOLE:
            raise ValidationError({"weights": [_("权重要是 0 到 100 的整数，请核对。")]})
        if weight:
            found[code] = weight
    if sum(found.values()) != WHOLE:
        raise ValidationError(
            {"weights": [_("权重合计是 %(sum)s，要正好 100，请调整。") % {"sum": sum(found.values())}]}
        )
    return found


def _put(row: AppraisalScheme, name: str, weights: Mapping[str, Any], reply_days: int) -> None:
    row.name = text_of(name, "name", NAME_LENGTH, needed=_("请给考评办法起个名字，如：2026年帮扶干部考评办法。"))
    if not 1 <= reply_days <= LONGEST_WAIT:
        raise ValidationError({"reply_days": [_("申辩期限应在 1 到 60 天之间，请核对。")]})
    row.weights, row.reply_days = checked_weights(weights), reply_days


def _locked(scheme: AppraisalScheme, by: Any, state: str) -> AppraisalScheme:
    row: AppraisalScheme = (
        AppraisalScheme.objects.select_for_update(of=("self",)).select_related("region").get(pk=scheme.pk)
    )
    require(by, Permission.RULE_EDIT, row)
    if row.state != state:
        raise LedgerError(_("这一版考评办法现在是“%(state)s”，不能这样办。") % {"state": row.get_state_display()})
    return row


@transaction.atomic
def draft_scheme(*, region: Region, name: str, weights: Mapping[str, Any], by: Any, reply_days: int = 7) -> AppraisalScheme:  # fmt: skip
    """The county's next version. One draft at a time; versions before it stay as they were."""
    require_in(by, Permission.RULE_EDIT, region)
    if region.level != Level.COUNTY:
        raise ValidationError({"region": [_("考评办法由县里制定，请选择县。")]})
    newest = AppraisalScheme.objects.filter(region=region).order_by("-version").first()
    row = AppraisalScheme(
        region=region, version=newest.version + 1 if newest else 1, made_by=by.username, made_at=timezone.now()
    )
    _put(row, name, weights, reply_days)
    save(row)
    record("appraisalscheme.drafted", row, by, region, before={}, note=row.name)
    return row


@transaction.atomic
def change_scheme(*, scheme: AppraisalScheme, name: str, weights: Mapping[str, Any], by: Any, reply_days: int = 7) -> AppraisalScheme:  # fmt: skip
    """Other words or weights of a draft. What was in force is never changed: draft another version."""
    row = _locked(scheme, by, State.DRAFT)
    before = audit.snapshot(row)
    _put(row, name, weights, reply_days)
    if audit.changes_since(before, row):
        save(row)
        record("appraisalscheme.changed", row, by, row.region, before=before, note=row.name)
    return row


@transaction.atomic
def put_in_force(*, scheme: AppraisalScheme, by: Any) -> AppraisalScheme:
    """From now on rounds are computed by this version; the one before is retired, and its results stay."""
    row = _locked(scheme, by, State.DRAFT)
    before = audit.snapshot(row)
    gone_by = list(
        AppraisalScheme.objects.select_for_update(of=("self",)).filter(region=row.region, state=State.IN_FORCE)
    )
    for old in gone_by:
        old.state = State.RETIRED
        save(old)
    row.state = State.IN_FORCE
    save(row)
    record("appraisalscheme.put_in_force", row, by, row.region, before=before, note=row.name, rows=list(gone_by))
    return row


@transaction.atomic
def discard_draft(*, scheme: AppraisalScheme, by: Any) -> None:
    """A draft that nobody wants any more."""
    row = _locked(scheme, by, State.DRAFT)
    key = audit.row_key(row)
    row.delete()
    audit.record("appraisalscheme.discarded", by=by, target=key, region_path=row.region.path, note=row.name, gone=[key])
