"""What the verbs of supervision share: the sentences of the database's refusals, locks, one event."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.utils.translation import gettext_lazy as _

from common import audit
from common.text import normalise_text
from households.services import LedgerError
from households.services import base as ledger
from supervision.models import VOUCHED

# What the triggers of migration 0002 refuse, by the name they give it.
SENTENCES: dict[str, Any] = {
    "appraisalscheme_weights": _("权重要是整数，合计 100，没有保存。请核对各项权重。"),
    "appraisalscheme_fixed": _("施行过的考评办法不能再改。请另立一版。"),
    "appraisal_fixed": _("已审定的考评不能再改，送阅过的考评不能删除。"),
    "append_only": _("这项记录只能增加，不能修改或删除。"),
}


def sentence_of(error: IntegrityError) -> str:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if name in SENTENCES:
        return str(SENTENCES[name])
    for model in VOUCHED:
        for constraint in model._meta.constraints:
            if constraint.name == name and constraint.violation_error_message:
                return str(constraint.violation_error_message)
    return str(_("数据之间有矛盾，没有保存。请核对后再试。"))


def save(row: models.Model) -> None:
    """Check field by field and save; what the database refuses becomes its sentence."""
    ledger.check(row)
    try:
        row.save()
    except IntegrityError as error:
        raise LedgerError(sentence_of(error)) from error


def text_of(said: str, field: str, most: int, *, needed: Any = "") -> str:
    """Typed text as it is kept. `needed` is the sentence where there is none. Raises ValidationError at `field`."""
    text = normalise_text(said or "").strip()
    if not text and needed:
        raise ValidationError({field: [str(needed)]})
    if len(text) > most:
        raise ValidationError({field: [str(_("最多 %(most)s 个字，请写短一些。")) % {"most": most}]})
    return text


def record(action: str, row: Any, by: Any, region: Any, *, before: dict[str, Any] | None = None, note: str = "",
           rows: list[Any] | None = None, gone: list[str] | None = None) -> None:  # fmt: skip
    """One event on a row of a region; `rows` are further rows it left behind."""
    changes = audit.changes_since(before, row) if before is not None else {}
    audit.record(
        action, by=by, target=row, region_path=region.path, changes=changes, note=note, rows=[row, *(rows or [])], gone=gone or []
    )  # fmt: skip
