"""The household's own word that something arrived: its signature, or a visit by somebody other than whoever delivered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from assistance.models import AssistanceEvidence, Confirmation, Delivery, Measure
from assistance.services import acts
from assistance.services.acts import RowsError
from assistance.services.base import refusals, save
from assistance.services.deliveries import said_period
from assistance.services.measures import settle
from common import audit, dates
from households.services import LedgerError
from households.services.base import check
from households.services.evidence import put_evidence, with_pictures

NOTE_LENGTH = 300
Way = Confirmation.Way


@with_pictures()
def confirm_delivery(*, delivery: Delivery, way: str, by: Any, on: dt.date | None = None, received: bool = True, satisfied: bool | None = None,
                     note: str = "", signature: Any = None) -> Confirmation:  # fmt: skip
    """Record what the household says of a delivery. `signature` is a picture: drawn on the screen, or a photo of the signed sheet.
    Permission DELIVERY_CONFIRM. What the household denies stays open until the delivery is taken back."""
    try:
        return _confirm([delivery], way, by, on, received=received, satisfied=satisfied, note=note, picture=signature)[
            0
        ]
    except RowsError as error:
        raise LedgerError(error.problems[delivery.pk]) from error


@with_pictures()
def confirm_many(
    *, deliveries: Iterable[Delivery], sheet: Any, by: Any, on: dt.date | None = None, note: str = ""
) -> list[Confirmation]:
    """One signed sheet of a village for many deliveries: all that are chosen were received. The photo is kept once, at the first of them:
    who sees that household sees it. All or nothing."""
    return _confirm(list(deliveries), Way.SIGNATURE, by, on, received=True, satisfied=None, note=note, picture=sheet)


def _confirm(deliveries: Collection[Delivery], way: str, by: Any, on: dt.date | None, *, received: bool, satisfied: bool | None, note: str,
             picture: Any) -> list[Confirmation]:  # fmt: skip
    on = on or timezone.localdate()
    if not deliveries:
        raise LedgerError(_("还没有选择要确认的落实，请先勾选。"))
    if way not in Way:
        raise LedgerError(_("请选择确认方式：农户签字，或入户核实。"))
    acts.past_day(on, "on")
    needed = "" if received else _("农户说没有收到，请记下农户的原话。")
    said = acts.text_of(note, "note", NOTE_LENGTH, needed=needed)
    if way == Way.SIGNATURE and not picture:
        raise LedgerError(_("请农户在屏幕上签字，或拍下签过字的签收表。"))
    rows: list[Delivery] = acts.lock_many(Delivery, deliveries, by, Permission.DELIVERY_CONFIRM, "kind", "member")
    done = set(Confirmation.objects.filter(delivery__in=rows).order_by().values_list("delivery_id", flat=True))
    problems = {row.pk: why for row in rows if (why := why_not(row, way, by, on, row.pk in done))}
    if problems:
        raise RowsError(
            _("有 %(count)s 行不能确认，整批没有保存。请去掉这些行再确认。") % {"count": len(problems)}, problems
        )
    evidence = _keep(rows[0], picture, by, on) if picture else None
    made = [
        Confirmation(delivery=row, way=way, on=on, by=by.username, at=timezone.now(), received=received, satisfied=satisfied, note=said,
                     evidence=evidence)
        for row in rows
    ]  # fmt: skip
    for each in made:
        check(each)
    measures = _measures(rows)
    with refusals(made[0]):
        Confirmation.objects.bulk_create(made)
        settle(list(measures.values()))
    action = "delivery.confirmed" if received else "delivery.denied"
    audit.record_many(
        acts.event(
            action, row, by, acts.told(measures[row.measure_id], acts.yuan(row.amount), said, period=said_period(row.period)),
            [each, measures[row.measure_id], *([evidence] if evidence and evidence.delivery_id == row.pk else [])],
        )
        for row, each in zip(rows, made, strict=True)
    )  # fmt: skip
    return made


def why_not(row: Delivery, way: str, by: Any, on: dt.date, is_done: bool) -> str:
    """Why this delivery cannot be confirmed in this way, "" where it can."""
    if not row.stands:
        return _("这次落实已经冲回，不用再由农户确认。")
    if is_done:
        return _("这次落实农户已经确认过。")
    if on < row.on:
        return _("确认日期早于落实日期（%(day)s），请核对。") % {"day": dates.written(row.on)}
    if way == Way.VISIT and row.by == by.username:
        return _("入户核实要由登记落实以外的人来做。请换一个人，或者请农户签字。")
    return ""


def _keep(delivery: Delivery, picture: Any, by: Any, on: dt.date) -> AssistanceEvidence:
    evidence = AssistanceEvidence(delivery=delivery)
    put_evidence(evidence, picture, by=by, taken_on=on)
    save(evidence)
    return evidence


def _measures(rows: Iterable[Delivery]) -> dict[int, Measure]:
    """The measures of locked deliveries, locked behind them."""
    found = Measure.objects.select_for_update(of=("self",)).select_related("kind", "member")
    measures = {m.pk: m for m in found.filter(pk__in={row.measure_id for row in rows}).order_by("pk")}
    for row in rows:
        measures[row.measure_id].household = row.household
    return measures
