"""Verbs on 点对点 requests: asked, taken, answered, and closed by the household's own word. Nobody closes what they answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from assistance import telling
from assistance.models import Measure, ServiceRequest
from assistance.services import acts
from assistance.services.base import save
from cadres.models import Cadre
from catalogue.codelists import COLUMN
from households.models import Household, Member, Pairing
from households.services import LedgerError, begin_point, end_point

TEXT_LENGTH = 300
DAYS = 7  # to answer in, where nothing else is said
LONGEST = 366
RELATED = ("member", "taker", "pairing__cadre", "pairing__household__village")
State = ServiceRequest.State
OPEN = (State.ASKED, State.TAKEN, State.ANSWERED)


def _locked(request: ServiceRequest, by: Any, *states: str) -> ServiceRequest:
    row: ServiceRequest = acts.lock(ServiceRequest, request, by, Permission.MEASURE_EDIT, *RELATED)
    _in(row, *states)
    return row


def _in(row: ServiceRequest, *states: str) -> None:
    if row.state not in states:
        raise LedgerError(
            _("这项诉求现在是“%(state)s”，不能这样办。请看过最新情况再办。") % {"state": row.get_state_display()}
        )


@transaction.atomic
def ask(*, household: Household, text: str, by: Any, member: Member | None = None, column: str = "", due_on: dt.date | None = None) -> ServiceRequest:  # fmt: skip
    """Write down what a household asks for. Permission MEASURE_EDIT."""
    household = acts.lock_household(household)
    require(by, Permission.MEASURE_EDIT, household)
    acts.refuse(acts.why_closed(household))
    today = timezone.localdate()
    said = acts.text_of(text, "text", TEXT_LENGTH, needed=_("请写下农户的诉求，如：想申请危房改造。"))
    if column and column not in COLUMN:
        raise ValidationError({"column": [_("选项里没有这一类，请重选。")]})
    if member is not None and member.household_id != household.pk:
        raise ValidationError({"member": [_("提出的人不是这一户的成员，请重新选择。")]})
    acts.refuse(acts.why_absent(member, today))
    due_on = due_on or today + dt.timedelta(days=DAYS)
    if not today <= due_on <= today + dt.timedelta(days=LONGEST):
        raise ValidationError({"due_on": [_("答复期限应在今天起的一年以内，请核对。")]})
    row = ServiceRequest(household=household, member=member, column=column, text=said, due_on=due_on, asked_by=by.username,
                         asked_at=timezone.now())  # fmt: skip
    save(row)
    acts.record("servicerequest.asked", row, by, said)
    return row


@transaction.atomic
def take(*, request: ServiceRequest, by: Any) -> ServiceRequest:
    """Take a request upon oneself."""
    row = _locked(request, by, State.ASKED)
    row.state, row.taker, row.taken_at = State.TAKEN, by, timezone.now()
    save(row)
    acts.record("servicerequest.taken", row, by, row.text)
    return row


@transaction.atomic
def assign(*, request: ServiceRequest, cadre: Cadre, by: Any) -> ServiceRequest:
    """点对点: a cadre is asked to see to it, and sees the household until it is closed; who helps the household anyway needs nothing more.
    A cadre who cannot log in tells whoever assigned it, who answers for them. Permission PAIRING_EDIT on the household."""
    row = _locked(request, by, State.ASKED, State.TAKEN)
    before = row.pairing
    pairing = begin_point(household=row.household, cadre=cadre, by=by, goal=row.text)
    if before is not None and before.pk == pairing.pk:
        raise LedgerError(_("这项诉求已经由%(name)s办理。") % {"name": cadre.name})
    user = cadre.user if cadre.user is not None and cadre.user.is_active else by
    row.pairing, row.taker, row.state = pairing, user, State.TAKEN
    row.taken_at = row.taken_at or timezone.now()
    save(row)
    if before is not None:
        _end_service(before, by, _("改由别人办理"))
    telling.request_given(row, by)
    acts.record("servicerequest.assigned", row, by, _("%(text)s：由%(name)s办理") % {"text": row.text.rstrip("。"), "name": cadre.name})  # fmt: skip
    return row


def _end_service(pairing: Pairing | None, by: Any, reason: str) -> None:
    """The service of one request ends with the last open request that it was for."""
    if pairing is None or ServiceRequest.objects.filter(pairing=pairing, state__in=OPEN).exists():
        return
    end_point(pairing=pairing, by=by, reason=reason)


def follow_hand_over(pairs: Sequence[tuple[Pairing, Pairing]], by: Any) -> None:
    """Open requests of a cadre who hands over go to the successor, with the answering where that was theirs."""
    new = {old.pk: began for old, began in pairs}
    rows = ServiceRequest.objects.select_for_update(of=("self",)).filter(pairing__in=list(new), state__in=OPEN)
    for row in rows.select_related("pairing__cadre", "household__village").order_by("pk"):
        old, began = row.pairing, new[row.pairing_id]
        moves = row.taker_id == old.cadre.user_id
        if moves:
            row.taker = began.cadre.user or by
        row.pairing = began
        save(row)
        if moves:
            telling.request_given(row, by)
        acts.record("servicerequest.assigned", row, by, _("%(text)s：由%(name)s办理") % {"text": row.text.rstrip("。"), "name": began.cadre.name})  # fmt: skip


@transaction.atomic
def answer(*, request: ServiceRequest, text: str, by: Any, measure: Measure | None = None) -> ServiceRequest:
    """Say what came of it; by whoever took it. `measure` is the household's measure that it led to."""
    row = _locked(request, by, State.TAKEN)
    if row.taker_id != by.pk:
        raise LedgerError(_("这项诉求由%(name)s受理，请由受理人答复。") % {"name": row.taker.name if row.taker else ""})
    row.answer = acts.text_of(text, "text", TEXT_LENGTH, needed=_("请写明办理结果，让农户看得懂。"))
    if measure is not None and measure.household_id != row.household_id:
        raise ValidationError({"measure": [_("这项措施是另一户的，请重新选择。")]})
    row.measure, row.state = measure, State.ANSWERED
    row.answered_by, row.answered_at = by.username, timezone.now()
    save(row)
    telling.request_answered(row, by)
    acts.record(
        "servicerequest.answered",
        row,
        by,
        _("%(text)s：%(answer)s") % {"text": row.text.rstrip("。"), "answer": row.answer},
    )
    return row


@transaction.atomic
def confirm(*, request: ServiceRequest, satisfied: bool, by: Any, note: str = "") -> ServiceRequest:
    """The household's word on the answer, told to somebody other than who answered: satisfied, it is closed; else it goes back to whoever
    took it. Permission DELIVERY_CONFIRM."""
    row: ServiceRequest = acts.lock(ServiceRequest, request, by, Permission.DELIVERY_CONFIRM, *RELATED)
    _in(row, State.ANSWERED)
    if row.answered_by == by.username:
        raise LedgerError(_("自己答复的诉求不能由自己代农户确认，请另一位同志回访后登记。"))
    needed = "" if satisfied else _("农户不满意，请记下农户的原话。")
    row.closing_note = acts.text_of(note, "note", TEXT_LENGTH, needed=needed)
    row.satisfied = satisfied
    if satisfied:
        row.state, row.confirmed_by, row.confirmed_at = State.CONFIRMED, by.username, timezone.now()
        action = "servicerequest.confirmed"
    else:
        row.state, row.answer, row.answered_by, row.answered_at = State.TAKEN, "", "", None
        action = "servicerequest.reopened"
    save(row)
    if not satisfied:
        telling.request_reopened(row, by)
    if satisfied:
        _end_service(row.pairing, by, _("诉求已办结"))
    acts.record(action, row, by, "：".join(part for part in (row.text.rstrip("。"), row.closing_note) if part))
    return row


@transaction.atomic
def withdraw(*, request: ServiceRequest, by: Any, note: str) -> ServiceRequest:
    """The household does not want it any more, or it was written down by mistake."""
    row = _locked(request, by, State.ASKED, State.TAKEN)
    row.closing_note = acts.text_of(note, "note", TEXT_LENGTH, needed=_("请写明为什么撤销。"))
    row.state = State.WITHDRAWN
    save(row)
    _end_service(row.pairing, by, _("诉求已撤销"))
    acts.record(
        "servicerequest.withdrawn",
        row,
        by,
        _("%(text)s：%(why)s") % {"text": row.text.rstrip("。"), "why": row.closing_note},
    )
    return row


def is_late(row: ServiceRequest) -> bool:
    """Whether it should have been answered by now."""
    open_ones = (State.ASKED, State.TAKEN)
    return row.state in open_ones and row.due_on is not None and row.due_on < timezone.localdate()
