"""结对帮扶: who helps which household, with its history."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from cadres.models import Cadre
from common import audit
from households.models import Household, Pairing
from households.services.base import Edit, LedgerError


def _pair(edit: Edit, cadre: Cadre, starts_on: dt.date, mode: str, is_lead: bool, goal: str) -> Pairing:
    pairing = Pairing(household=edit.household, cadre=cadre, mode=mode, is_lead=is_lead, starts_on=starts_on, goal=goal)
    open_ones = edit.household.pairings.current(starts_on).select_for_update()
    if any(p.cadre_id == cadre.pk for p in open_ones):
        raise LedgerError(_("%(name)s 已经与这一户结对。") % {"name": cadre.name})
    if is_lead and any(p.is_lead for p in open_ones):
        raise LedgerError(_("这一户已经有牵头的帮扶责任人，请先结束原来的结对，或用“更换帮扶责任人”。"))
    edit.write(pairing)
    return pairing


@transaction.atomic
def pair(*, household: Household, cadre: Cadre, by: Any, starts_on: dt.date, mode: str = Pairing.Mode.ONE_TO_ONE, is_lead: bool = True,
         goal: str = "") -> Pairing:  # fmt: skip
    edit = Edit(household, by=by, permission=Permission.PAIRING_EDIT)
    pairing = _pair(edit, cadre, starts_on, mode, is_lead, goal)
    edit.finish("pairing.started", target=pairing, note=cadre.name)
    return pairing


def _end(edit: Edit, pairing: Pairing, ends_on: dt.date, reason: str) -> None:
    if ends_on < pairing.starts_on:
        raise ValidationError(
            {"ends_on": [_("结束日期早于开始日期（%(day)s），请核对。") % {"day": pairing.starts_on}]}
        )
    before = audit.snapshot(pairing)
    pairing.ends_on, pairing.end_reason = ends_on, reason
    edit.write(pairing, before)


@transaction.atomic
def end_pairing(*, pairing: Pairing, by: Any, ends_on: dt.date, reason: str = "") -> Pairing:
    """`ends_on` is the first day without this helper."""
    edit = Edit(pairing.household, by=by, permission=Permission.PAIRING_EDIT)
    row = edit.household.pairings.select_for_update(of=("self",)).select_related("cadre").get(pk=pairing.pk)
    if row.ends_on is not None:
        raise LedgerError(_("这项结对已经结束。"))
    _end(edit, row, ends_on, reason)
    edit.finish("pairing.ended", target=row, note=row.cadre.name)
    return row


@transaction.atomic
def replace_helper(*, household: Household, cadre: Cadre, by: Any, on: dt.date, reason: str = "") -> Pairing:
    """The lead helper changes on a day, in one step and without a gap."""
    edit = Edit(household, by=by, permission=Permission.PAIRING_EDIT)
    current = edit.household.pairings.current(on).select_for_update(of=("self",)).select_related("cadre")
    for pairing in current:
        if pairing.cadre_id == cadre.pk and pairing.is_lead:
            raise LedgerError(_("%(name)s 已经是这一户的帮扶责任人。") % {"name": cadre.name})
        if pairing.is_lead or pairing.cadre_id == cadre.pk:
            _end(edit, pairing, on, reason or _("更换帮扶责任人"))
    new = _pair(edit, cadre, on, Pairing.Mode.ONE_TO_ONE, True, "")
    edit.finish("pairing.replaced", target=new, note=cadre.name)
    return new
