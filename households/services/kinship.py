"""回避关系: declared where a cadre is kin of a household, ended where it turns out not to be so."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from cadres.models import Cadre
from common import audit
from common.text import normalise_text
from households.models import Household, Kinship
from households.models.kinship import Relation
from households.services.base import Edit, LedgerError


def _note(text: str, field: str, *, needed: str = "") -> str:
    note = normalise_text(text).strip()
    if needed and not note:
        raise ValidationError({field: [needed]})
    if len(note) > 200:
        raise ValidationError({field: [_("最多 %(most)s 个字，请写短一些。") % {"most": 200}]})
    return note


@transaction.atomic
def declare_kin(*, household: Household, cadre: Cadre, relation: str, by: Any, note: str = "") -> Kinship:
    """A cadre is kin of a household and must not help it. Whoever keeps the ledger may say so; a running pairing is ended first."""
    if relation not in Relation.values:
        raise ValidationError({"relation": [_("请选择亲属关系。")]})
    note = _note(note, "note", needed=_("请写明是什么关系。") if relation == Relation.OTHER else "")
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT)
    if household.kin.filter(cadre=cadre, ended_at=None).exists():
        raise LedgerError(_("%(name)s与这一户的回避关系已经登记过。") % {"name": cadre.name})
    today = timezone.localdate()
    if any(p.ends_on is None or p.ends_on > today for p in household.pairings.filter(cadre=cadre).select_for_update()):
        raise LedgerError(_("%(name)s正在帮扶这一户，请先更换或结束结对，再登记回避关系。") % {"name": cadre.name})
    row = Kinship(household=edit.household, cadre=cadre, relation=relation, note=note, declared_by=by.username, declared_at=timezone.now())  # fmt: skip
    edit.write(row)
    edit.finish("kinship.declared", target=row, note=cadre.name)
    return row


@transaction.atomic
def end_kinship(*, kinship: Kinship, by: Any, note: str) -> Kinship:
    """It is not so, or not any more. For who arranges helpers."""
    note = _note(note, "note", needed=_("请写明解除的理由。"))
    edit = Edit(kinship.household, by=by, permission=Permission.PAIRING_EDIT)
    row = edit.household.kin.select_for_update(of=("self",)).select_related("cadre").get(pk=kinship.pk)
    if row.ended_at is not None:
        raise LedgerError(_("这项回避关系已经解除。"))
    before = audit.snapshot(row)
    row.ended_by, row.ended_at, row.end_note = by.username, timezone.now(), note
    edit.write(row, before)
    edit.finish("kinship.ended", target=row, note=row.cadre.name)
    return row
