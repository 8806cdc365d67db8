"""What the verbs of party building share: lock, permission, stale forms, the sentences of the database, one event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import require, require_in
from common import audit, dates
from common.pii import SecretField
from common.refusal import RefusedError
from common.text import normalise_text
from party.models import Branch
from regions.models import Level, Region

VIEW, EDIT, CONFIRM = Permission.PARTY_VIEW, Permission.PARTY_EDIT, Permission.PARTY_CONFIRM
FIRST_DAY = dt.date(1921, 7, 1)  # nothing of the party is older
# What the triggers of migration 0002 refuse.
HELD = {
    "stagechange_append_only": gettext_lazy("已经登记的步骤不能修改，登记错了请用“撤回这一步”。"),
    "stagechange_follows": gettext_lazy("这个人的阶段刚刚被别人改过，请看过最新内容后再办。"),
}


class PartyError(RefusedError):
    """The state does not allow it; the message is one sentence for the user."""


def lock(model: Any, row: models.Model, *related: str) -> Any:
    """The row as it is now, until the end of the transaction."""
    return model._base_manager.select_for_update(of=("self",)).select_related(*related).get(pk=row.pk)


def locked(
    model: Any, row: models.Model, by: Any, permission: Permission, *related: str, version: int | None = None
) -> Any:
    """The same, for somebody who holds the permission on it and looked at its newest version."""
    found = lock(model, row, *related)
    require(by, permission, found)
    if version is not None and version != found.version:
        raise PartyError(_("这项内容在您填写期间被别人修改过，您的改动没有保存。请看过最新内容后再改。"))
    return found


def require_village(village: Region, by: Any, permission: Permission = EDIT) -> None:
    """A village in force in which the permission is held."""
    if village.level != Level.VILLAGE or not village.is_current:
        raise ValidationError({"village": [_("请选择一个现有的村。")]})
    require_in(by, permission, village)


def open_branch_of(branch: Branch, by: Any, permission: Permission = EDIT) -> Branch:
    """The branch, locked, while it exists."""
    found: Branch = locked(Branch, branch, by, permission, "village")
    if found.closed_on is not None:
        raise PartyError(_("%(branch)s已经撤销，不能再登记。") % {"branch": found.name})
    return found


def put(row: models.Model, facts: Mapping[str, Any], known: Iterable[str]) -> None:
    """Assign what a form says, texts without blanks at their ends."""
    known = set(known)
    for name, value in facts.items():
        if name not in known:
            raise FieldDoesNotExist(name)
        field = row._meta.get_field(name)
        if isinstance(field, models.CharField | models.TextField):
            value = text_of(value, name, field.max_length or 2000)
        setattr(row, name, value)


def text_of(said: Any, field: str, most: int, *, needed: Any = "", least: int = 0) -> str:
    """Typed text as it is kept. `needed` is the sentence where there is none, or fewer than `least` characters."""
    try:
        text = normalise_text(str(said or "")).strip()
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from error
    if needed and len(text) < max(least, 1):
        raise ValidationError({field: [str(needed)]})
    if len(text) > most:
        raise ValidationError({field: [_("最多 %(most)s 个字，请写短一些。") % {"most": most}]})
    return text


def reason_of(said: Any, field: str = "reason", most: int = 200) -> str:
    return text_of(said, field, most, needed=_("请写明理由，至少四个字。"), least=4)


def past_day(day: dt.date | None, field: str, *, after: dt.date | None = None, since: Any = "") -> dt.date:
    """A day that has been, today by default. `after` is the first possible one, `since` what happened on it."""
    day = day or timezone.localdate()
    if day > timezone.localdate():
        raise ValidationError({field: [_("日期在今天之后，请核对。")]})
    if day < FIRST_DAY:
        raise ValidationError({field: [_("日期太早，请核对年份。")]})
    if after is not None and day < after:
        raise ValidationError(
            {field: [_("日期早于%(since)s（%(day)s），请核对。") % {"since": since, "day": dates.written(after)}]}
        )
    return day


def save(row: models.Model) -> None:
    """Check field by field and save; what the database refuses becomes the sentence of the constraint it broke."""
    row.clean_fields(exclude={f.name for f in row._meta.concrete_fields if f.is_relation or isinstance(f, SecretField)})
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise PartyError(sentence_of(error, row)) from error


def sentence_of(error: IntegrityError, row: models.Model) -> str:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    for constraint in row._meta.constraints:
        if constraint.name == name and constraint.violation_error_message:
            return str(constraint.violation_error_message)
    return str(HELD.get(name) or _("数据之间有矛盾，没有保存。请核对后再试。"))


def record(action: str, row: models.Model, by: Any, region: Region, *rows: models.Model, before: dict[str, Any] | None = None, note: str = "",
           changes: audit.Changes | None = None, gone: Iterable[str] = ()) -> None:  # fmt: skip
    """One event; `before` is the row's `audit.snapshot`, None for what did not change."""
    told = (audit.changes_since(before, row) if before is not None else {}) | (changes or {})
    audit.record(
        action, by=by, target=row, region_path=region.path, changes=told, note=note or str(row), rows=[row, *rows], gone=list(gone)
    )  # fmt: skip
