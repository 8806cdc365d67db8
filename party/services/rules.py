"""Verbs of the rules of party building: what a region asks of its villages and branches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_in
from common import audit
from party.models import ActivityRule, Kind, PartyRule, Period
from party.services.base import lock, record, save
from regions.models import Level, Region

RULE = Permission.RULE_EDIT
# name: (least, most)
BOUNDS = {
    "young_years": (1, 5), "young_least": (1, 10), "young_age": (18, 60), "warn_months": (0, 48), "applicant_months": (0, 60),
    "activist_months": (12, 60), "target_months": (0, 60), "probation_months": (12, 24), "check_months": (1, 36),
}  # fmt: skip


@transaction.atomic
def put_party_rule(*, region: Region, facts: Mapping[str, int], by: Any) -> PartyRule:
    """What a township or county asks for from now on. `facts` are of `BOUNDS`."""
    require_in(by, RULE, region)
    if region.level not in (Level.TOWNSHIP, Level.COUNTY) or not region.is_current:
        raise ValidationError({"region": [_("要求由县里定到县或乡镇，请重新选择。")]})
    wrong = {
        name: [_("应在 %(least)s 至 %(most)s 之间。") % {"least": BOUNDS[name][0], "most": BOUNDS[name][1]}]
        for name, value in facts.items()
        if not (isinstance(value, int) and BOUNDS[name][0] <= value <= BOUNDS[name][1])
    }
    if wrong:
        raise ValidationError(wrong)
    found = PartyRule._base_manager.filter(region=region).first()
    row = lock(PartyRule, found) if found else PartyRule(region=region)
    before = audit.snapshot(row) if found else {}
    for name, value in facts.items():
        setattr(row, name, value)
    if not found or audit.changes_since(before, row):
        save(row)
        record("partyrule.put", row, by, region, before=before)
    return row


@transaction.atomic
def set_activity_rule(
    *, region: Region, kind: str, period: str, least: int, starts_on: dt.date, by: Any
) -> ActivityRule:
    """What branches of a region hold from a day on, today at the earliest: what was asked of the past stays as it was."""
    require_in(by, RULE, region)
    wrong: dict[str, list[str]] = {}
    if region.level not in (Level.TOWNSHIP, Level.COUNTY) or not region.is_current:
        wrong["region"] = [_("要求由县里定到县或乡镇，请重新选择。")]
    if kind not in Kind:
        wrong["kind"] = [_("请选择组织生活的种类。")]
    if period not in Period:
        wrong["period"] = [_("请选择周期。")]
    if not 0 <= least <= 31:
        wrong["least"] = [_("次数应在 0 至 31 之间，0 表示不要求。")]
    if starts_on < timezone.localdate():
        wrong["starts_on"] = [_("要求从今天或以后开始执行，过去的不变。")]
    if wrong:
        raise ValidationError(wrong)
    row = ActivityRule(region=region, kind=kind, period=period, least=least, starts_on=starts_on, set_by=by.username)
    save(row)
    record("activityrule.set", row, by, region, before={})
    return row
