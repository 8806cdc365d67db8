"""Verbs on deliveries: what was given on a day for a period. One delivery is a batch of one; a mistake is taken back by a second row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from assistance.models import AssistanceEvidence, Delivery, Fund, Measure
from assistance.services import acts, funds
from assistance.services.acts import RowsError
from assistance.services.base import refusals, save
from assistance.services.measures import above_ceiling, settle, why_not_in_force
from catalogue.codelists import Period
from catalogue.models import MeasureKind
from common import audit, dates
from households.services import LedgerError
from households.services.base import check
from households.services.evidence import put_evidence, with_pictures

NOTE_LENGTH = 200
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")
MAY_RECORD = (Permission.DELIVERY_RECORD, Permission.MEASURE_DEPARTMENT)  # a department: its own kinds
DELIVERABLE = (Measure.State.APPROVED, Measure.State.DELIVERED, Measure.State.CONFIRMED)
Shares = Sequence[tuple[Fund, Decimal]]


@dataclass(frozen=True)
class Given:
    """One line of a batch: what of an approved measure arrives, and from which funds its money (元) comes."""

    measure: Measure
    shares: Shares = ()
    quantity: Decimal | None = None
    photo: Any = None

    @property
    def amount(self) -> Decimal:
        return sum((share for _fund, share in self.shares), Decimal(0))


# -- periods ----------------------------------------------------------------------------------------------------------------------


def period_of(kind: MeasureKind, year: int, asked: str, on: dt.date) -> str:
    """The period a delivery of a measure of `year` counts for: "2026", "2026-03", or "". Raises ValidationError at `period`."""
    match kind.period:
        case Period.ONCE:
            return ""
        case Period.YEAR:
            if year > on.year:
                raise ValidationError(
                    {"period": [_("这项措施是 %(year)s 年度的，还没到年度开始，不能登记落实。") % {"year": year}]}
                )
            return str(year)
    if not MONTH.match(asked) or int(asked[:4]) != year:
        raise ValidationError({"period": [_("请选择 %(year)s 年的月份。") % {"year": year}]})
    if asked > f"{on:%Y-%m}":
        raise ValidationError({"period": [_("所属月份在落实日期之后，请核对。")]})
    return asked


def said_period(period: str) -> str:
    """2026年3月, 2026年, "" for what is given once."""
    if not period:
        return ""
    year, _dash, month = period.partition("-")
    if month:
        return _("%(year)s年%(month)s月") % {"year": year, "month": int(month)}
    return _("%(year)s年") % {"year": year}


# -- delivering -------------------------------------------------------------------------------------------------------------------


@with_pictures()
def deliver(*, measure: Measure, on: dt.date, by: Any, shares: Shares = (), period: str = "", quantity: Decimal | None = None,
            photo: Any = None, note: str = "") -> Delivery:  # fmt: skip
    """Record that a measure arrived. Permission DELIVERY_RECORD, and FUND_PAY for its money; or a department's, whose kind it is. A LedgerError says why not."""
    try:
        return deliver_many(
            given=[Given(measure, shares, quantity, photo)], on=on, by=by, period=period, note=note, action="delivery.recorded"
        )[0]  # fmt: skip
    except RowsError as error:
        raise LedgerError(error.problems[measure.pk]) from error


@with_pictures()
def deliver_many(*, given: Iterable[Given], on: dt.date, by: Any, period: str = "", note: str = "", action: str = "delivery.recorded") -> list[Delivery]:  # fmt: skip
    """Record what arrived on one day for one period, many measures at once; all of it or nothing: `RowsError.problems` says which lines are
    in the way. `period` is a month for kinds given monthly; others know theirs. In a fixed number of queries but for photos."""
    lines = {each.measure.pk: each for each in given}
    if not lines:
        raise LedgerError(_("还没有填写任何一行。请至少填一行再保存。"))
    acts.past_day(on, "on")
    said = acts.text_of(note, "note", NOTE_LENGTH)
    rows: list[Measure] = acts.lock_many(
        Measure, [each.measure for each in lines.values()], by, MAY_RECORD, "kind", "member"
    )
    periods = {row.pk: period_of(row.kind, row.year, period, on) for row in rows}
    before = _standing(rows, periods)
    problems: dict[int, str] = {}
    made: dict[int, Delivery] = {}
    for row in rows:
        line = lines[row.pk]
        delivery = Delivery(
            household=row.household, village_id=row.household.village_id, measure=row, member=row.member, kind=row.kind,
            person=row.member.id_hash if row.member else "", period=periods[row.pk], on=on, quantity=line.quantity, amount=line.amount,
            note=said, by=by.username, at=timezone.now(),
        )  # fmt: skip
        if why := _why_not(row, line, on) or _why_again(delivery, before):
            problems[row.pk] = why
            continue
        check(delivery)
        before += [delivery]  # the same person twice in one batch
        made[row.pk] = delivery
    if problems:
        raise RowsError(
            _("有 %(count)s 行不能登记，整批没有保存。请按行改正后再保存。") % {"count": len(problems)}, problems
        )
    deliveries = list(made.values())
    with refusals(deliveries[0]):
        Delivery.objects.bulk_create(deliveries)
        paid = [(made[pk], list(line.shares)) for pk, line in sorted(lines.items()) if line.shares]
        if paid:
            funds.pay(paid, on=on, by=by, note=said)
        settle(rows)
    photos = {d.pk: _keep_photo(d, lines[d.measure_id].photo, by, on) for d in deliveries if lines[d.measure_id].photo}
    audit.record_many(
        acts.event(action, d, by, _told(d), [d.measure, *([photos[d.pk]] if d.pk in photos else [])]) for d in deliveries
    )  # fmt: skip
    return deliveries


def _told(delivery: Delivery) -> str:
    return acts.told(delivery.measure, acts.yuan(delivery.amount), period=said_period(delivery.period))


def _keep_photo(delivery: Delivery, upload: Any, by: Any, on: dt.date) -> AssistanceEvidence:
    photo = AssistanceEvidence(delivery=delivery, stage=AssistanceEvidence.Stage.AFTER)
    put_evidence(photo, upload, by=by, taken_on=on)
    save(photo)
    return photo


def _why_not(row: Measure, line: Given, on: dt.date) -> str:
    """The first reason against a delivery, "" where there is none."""
    kind = row.kind
    if row.state not in DELIVERABLE:
        return _("这项措施现在是“%(state)s”，批准后才能登记落实。") % {"state": row.get_state_display()}
    decided = timezone.localdate(row.decided_at) if row.decided_at else on
    if on < decided:
        return _("落实日期早于批准日期（%(day)s），请核对。") % {"day": dates.written(decided)}
    return (
        acts.why_closed(row.household)
        or acts.why_absent(row.member, on)
        or why_not_in_force(kind, on, on)
        or _why_not_that_much(kind, line)
    )


def _why_not_that_much(kind: MeasureKind, line: Given) -> str:
    if line.quantity is not None and line.quantity <= 0:
        return _("数量要大于零，没有就空着。")
    if any(amount <= 0 for _fund, amount in line.shares):
        return _("金额要大于零，没有就空着。")
    if len({fund.pk for fund, _amount in line.shares}) < len(line.shares):
        return _("同一项资金填了两次，请合成一笔。")
    if line.shares and not kind.has_money:
        return _("“%(kind)s”不发放资金，请不要填金额。") % {"kind": kind.title}
    if kind.has_money and not line.shares:
        return _("“%(kind)s”要发放资金，请填写金额和资金来源。") % {"kind": kind.title}
    return above_ceiling(kind, line.amount, kind.ceiling)


def _standing(rows: Sequence[Measure], periods: Mapping[int, str]) -> list[Delivery]:
    """What stands of the same kinds and periods for the same people and households."""
    people = {row.member.id_hash for row in rows if row.member and row.member.id_hash}
    members = {row.member_id for row in rows if row.member_id}
    whole = {row.household_id for row in rows if row.member_id is None}
    same = Q(person__in=people) | Q(member__in=members) | Q(household__in=whole, member=None)
    return list(
        Delivery.objects.standing()
        .filter(same, kind__in={row.kind_id for row in rows}, period__in=set(periods.values()))
        .order_by()
    )  # fmt: skip


def _why_again(new: Delivery, before: Iterable[Delivery]) -> str:
    """Why this would be twice for the same person or household and period."""
    for old in before:
        if (old.kind_id, old.period) != (new.kind_id, new.period):
            continue
        if new.member_id is None:
            same = old.member_id is None and old.household_id == new.household_id
        else:
            same = old.member_id == new.member_id or bool(new.person and old.person == new.person)
        if same:
            who = new.member.name if new.member else new.household
            where = "" if old.household_id == new.household_id else _("，在另一户名下")
            return _("%(who)s%(period)s已经领过“%(kind)s”（%(day)s%(where)s），不能再发。") % {
                "who": who, "period": f" {said} " if (said := said_period(new.period)) else "", "kind": new.kind.title,
                "day": dates.written(old.on), "where": where,
            }  # fmt: skip
    return ""


# -- taking back ------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def reverse_delivery(*, delivery: Delivery, reason: str, by: Any, on: dt.date | None = None) -> Delivery:
    """Take a delivery back: a second row with what it gave below zero, the money back to its funds, and the measure open again. The
    second row comes back. It is allowed for households that are closed and people who are gone: that is when it is needed."""
    on = on or timezone.localdate()
    row: Delivery = acts.lock(Delivery, delivery, by, MAY_RECORD, "kind", "member")
    if not row.stands:
        raise LedgerError(_("这次落实已经冲回，不用再办。"))
    acts.past_day(on, "on")
    if on < row.on:
        raise ValidationError({"on": [_("冲回日期早于落实日期（%(day)s），请核对。") % {"day": dates.written(row.on)}]})
    said = acts.text_of(reason, "reason", NOTE_LENGTH, needed=_("请写明为什么冲回，如：重复发放、发错人。"))
    measure = Measure.objects.select_for_update(of=("self",)).select_related("kind", "member").get(pk=row.measure_id)
    measure.household = row.household
    back = Delivery(
        household=row.household, measure=measure, member=row.member, kind=row.kind, person=row.person, period=row.period, on=on,
        quantity=-row.quantity if row.quantity else None, amount=-row.amount, note=said, by=by.username, at=timezone.now(),
        is_reversal=True,
    )  # fmt: skip
    save(back)
    with refusals(back):
        if row.amount:
            funds.unpay(row, back, by=by, on=on)
        row.reversed_by = back
        row.save(update_fields=["reversed_by"])
        settle([measure])
    acts.record(
        "delivery.reversed",
        back,
        by,
        acts.told(measure, acts.yuan(row.amount), said, period=said_period(row.period)),
        [row, measure],
    )
    return back
