"""What the verbs of assistance share: what the database refuses, in the user's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, models
from django.utils.translation import gettext_lazy as _

from assistance.models import VOUCHED, Fund
from households.services import base
from households.services.base import LedgerError

# What the triggers of migration 0003 refuse, by the name they give it. Whoever reads one of these got past the verbs' own, more telling,
# refusals: mostly because somebody else was quicker.
SENTENCES: dict[str, Any] = {
    "entry_sums_to_zero": _("这笔资金变动的借贷不平，没有保存。请核对金额。"),
    "line_on_own_account": _("这笔钱记到了别的资金的账户上，没有保存。请重新选择资金。"),
    "account_balance_is_of_lines": _("资金余额只随资金变动而变，不能直接改。请登记一笔资金变动。"),
    "account_not_overdrawn": _("资金余额不够，没有保存。请核对余额后再办。"),
    "fund_ceiling": _("超过这项资金的规模上限，没有保存。请先调整上限或金额。"),
    "delivery_is_what_was_paid": _("落实的金额与实际支付的金额不一致，没有保存。请核对各项资金的金额。"),
    "delivery_is_fixed": _("已登记的落实不能修改。如有差错，请冲回后重新登记。"),
    "delivery_reversal_fits": _("冲回的内容与原来的落实不一致，没有保存。请重新冲回。"),
    "delivery_of_its_measure": _("落实的农户、受益人或措施与批准的措施不一致，没有保存。请重新选择措施。"),
    "delivery_after_approval": _("这项措施还没有批准，不能登记落实。请先报批。"),
    "confirmation_of_what_stands": _("这次落实已经冲回，不用再由农户确认。"),
    "confirmation_by_another": _("入户核实要由登记落实以外的人来做。请换一个人，或者请农户签字。"),
    "append_only": _("这项记录只能增加，不能修改或删除。如有差错，请另登记一笔冲回。"),
}


def name_of(error: IntegrityError) -> str:
    """The constraint that was broken, "" where the database gives no name."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""


def sentence_of(error: IntegrityError, row: models.Model | None = None) -> str:
    """What a refusal of the database means, as one sentence; `row` is what was being written, where that is known."""
    name = name_of(error)
    if name in SENTENCES:
        return str(SENTENCES[name])
    for model in VOUCHED:
        for constraint in model._meta.constraints:
            if constraint.name == name and constraint.violation_error_message:
                return str(constraint.violation_error_message)
    return base.sentence_of(error, row or Fund())


@contextmanager
def refusals(row: models.Model | None = None) -> Iterator[None]:
    """A refusal of the database inside the block becomes a `LedgerError`. The transaction is lost: the verb's `atomic` stands around it."""
    try:
        yield
    except IntegrityError as error:
        raise LedgerError(sentence_of(error, row)) from error


def save(row: models.Model) -> None:
    """Check field by field and save, as `households.services.base` does, with the sentences of this floor."""
    base.check(row)
    with refusals(row):
        row.save()
