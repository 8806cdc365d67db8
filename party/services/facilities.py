"""Verbs of 阵地设施: the register of a village, and the checks that keep it true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit
from common.dates import later
from party.codelists import FACILITIES
from party.models import Facility
from party.rules import rule_of
from party.services.base import (
    EDIT,
    PartyError,
    locked,
    past_day,
    put,
    reason_of,
    record,
    require_village,
    save,
    text_of,
)
from regions.models import Region

FACTS = ("kind", "name", "installed_on", "note")
State = Facility.State


def _check(row: Facility) -> None:
    if row.kind not in FACILITIES:
        raise ValidationError({"kind": [_("请选择设施的种类。")]})
    if len(row.name) < 2:
        raise ValidationError({"name": [_("请写名称，如：村部远程教育站点。")]})
    if row.installed_on is not None:
        past_day(row.installed_on, "installed_on")


@transaction.atomic
def register_facility(*, village: Region, facts: Mapping[str, Any], state: str, by: Any) -> Facility:
    """A thing of the village, or one it should have (缺失). Registering is no check."""
    require_village(village, by)
    row = Facility(village=village)
    put(row, facts, FACTS)
    row.state = _state(state)
    _check(row)
    save(row)
    record("facility.registered", row, by, village, before={})
    return row


def _state(state: str) -> str:
    if state not in State:
        raise ValidationError({"state": [_("请选择状态。")]})
    return state


def _facility(facility: Facility, by: Any, version: int | None = None) -> Facility:
    row: Facility = locked(Facility, facility, by, EDIT, "village", version=version)
    if row.removed_at is not None:
        raise PartyError(_("“%(name)s”已经注销，不能再改。") % {"name": row.name})
    return row


@transaction.atomic
def change_facility(*, facility: Facility, facts: Mapping[str, Any], by: Any, version: int | None = None) -> Facility:
    row = _facility(facility, by, version)
    before = audit.snapshot(row)
    put(row, facts, FACTS)
    _check(row)
    if audit.changes_since(before, row):
        row.version += 1
        save(row)
        record("facility.changed", row, by, row.village, before=before)
    return row


@transaction.atomic
def check_facility(*, facility: Facility, state: str, on: dt.date, checked_by: str, by: Any, note: str = "",
                   version: int | None = None) -> Facility:  # fmt: skip
    """检查: what state it is in, on a day, by whom. What is not in order says so in the note."""
    row = _facility(facility, by, version)
    before = audit.snapshot(row)
    row.state = _state(state)
    row.checked_on = past_day(on, "on", after=row.checked_on, since=_("上次检查"))
    row.checked_by = text_of(checked_by, "checked_by", 60, needed=_("请写检查人。"))
    row.note = text_of(note, "note", 200)
    if row.state != State.WORKS and len(row.note) < 2:
        raise ValidationError({"note": [_("损坏或缺失的，请写明情况。")]})
    row.next_check_on = later(row.checked_on, rule_of(row.village).check_months)
    row.version += 1
    save(row)
    record("facility.checked", row, by, row.village, before=before)
    return row


@transaction.atomic
def remove_facility(*, facility: Facility, reason: str, by: Any) -> Facility:
    """注销: it is no more, or was entered by mistake."""
    row = _facility(facility, by)
    before = audit.snapshot(row)
    row.removed_at, row.removed_by, row.removed_reason = timezone.now(), by.username, reason_of(reason)
    row.version += 1
    save(row)
    record("facility.removed", row, by, row.village, before=before, note=row.removed_reason)
    return row
