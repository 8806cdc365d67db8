"""What the verbs of units, cadres and teams share: lock, sentences of the database, days and texts as they are stored."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.postings import MANAGE
from accounts.roles import Permission
from accounts.scoping import may_in
from common.codes import CodeList
from common.dates import written
from common.pii import SecretField
from common.refusal import RefusedError
from common.text import normalise_text
from regions.models import Level, Region

EDIT = Permission.CADRE_EDIT
FIRST_DAY = dt.date(1990, 1, 1)  # before the first programme that sent anybody to a village
LONGEST_TERM = 3660  # days

# What triggers of migration 0003 refuse, in words; constraints bring their own.
HELD = {
    "teammember_within_team": gettext_lazy("队员的任期要在工作队进驻期间以内，请核对日期。"),
    "teammember_serves": gettext_lazy("这位干部已经离岗，或者在离岗以后还有任职，请核对日期。"),
    "team_covers_members": gettext_lazy("还有队员的任期超出工作队的进驻期间，请先登记离任。"),
    "cadre_left_holds_places": gettext_lazy("这位干部还在驻村工作队任职，请先登记离任。"),
    "team_of_a_village": gettext_lazy("工作队要派到村，请选择一个村。"),
}


class CadreError(RefusedError):
    """The state does not allow it; the message is one sentence for the user."""


def require_keeping(by: Any, region: Region, *more: Region) -> None:
    """Units and cadres are kept by who may keep them there, and by who opens accounts there: the account sheet makes both at once."""
    if not any(may_in(by, permission, each) for each in (region, *more) for permission in (EDIT, MANAGE)):
        raise PermissionDenied(EDIT)


def lock(model: Any, row: models.Model, *related: str) -> Any:
    """The row as it is now, until the end of the transaction."""
    return model._base_manager.select_for_update(of=("self",)).select_related(*related).get(pk=row.pk)


def check(row: models.Model) -> None:
    """Field by field, in the user's words; relations are held by foreign keys."""
    relations = {f.name for f in row._meta.concrete_fields if f.is_relation or isinstance(f, SecretField)}
    row.clean_fields(exclude=relations)


def save(row: models.Model) -> None:
    """Check field by field and save; what the database refuses becomes the sentence of the constraint it broke."""
    check(row)
    try:
        row.save()
    except IntegrityError as error:
        raise CadreError(sentence_of(error, row)) from error


def sentence_of(error: IntegrityError, row: models.Model) -> str:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    for constraint in row._meta.constraints:
        if constraint.name == name and constraint.violation_error_message:
            return str(constraint.violation_error_message)
    return str(HELD.get(name) or _("数据之间有矛盾，没有保存。请核对后再试。"))


def text_of(text: str, field: str, most: int, *, least: int = 0, needed: Any = "") -> str:
    """A text as stored, blanks at its ends gone. `needed` is the sentence where nothing is there."""
    try:
        found = normalise_text(text or "").strip()
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from error
    if not found and needed:
        raise ValidationError({field: [str(needed)]})
    if not least <= len(found) <= most:
        raise ValidationError(
            {field: [_("应为 %(least)s 至 %(most)s 个字，请改短一些。") % {"least": least, "most": most}]}
        )
    return found


def past_day(day: dt.date | None, field: str, *, after: dt.date | None = None, since: Any = "") -> dt.date:
    """A day of something that has happened: today by default, never ahead. `after` is the first possible one, `since` its sentence."""
    day = day or timezone.localdate()
    if day > timezone.localdate():
        raise ValidationError({field: [_("日期在今天之后，请核对。")]})
    if day < FIRST_DAY:
        raise ValidationError({field: [_("日期早于 %(first)s，请核对。") % {"first": written(FIRST_DAY)}]})
    if after is not None and day < after:
        raise ValidationError({field: [str(since or _("日期早于 %(first)s，请核对。")) % {"first": written(after)}]})
    return day


def require_village(village: Region) -> None:
    """A village in force; its lock is the caller's business."""
    if village.level != Level.VILLAGE:
        raise ValidationError({"village": [_("这里要选到村，请重新选择。")]})
    if not village.is_current:
        raise CadreError(_("%(region)s已经停用，请选择现在的区划。") % {"region": village.full_name})


def codes_of(values: Any, known: CodeList, field: str) -> list[str]:
    """Codes in the order of their list, each once."""
    given = list(values or [])
    if unknown := [str(value) for value in given if value not in known]:
        raise ValidationError({field: [_("选项里没有“%(code)s”，请重选。") % {"code": _("、").join(unknown)}]})
    return [code.code for code in known.codes if code.code in given]
