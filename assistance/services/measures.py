"""Verbs on measures: what is proposed for a household or a member, and what an office makes of it. Nobody approves their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from assistance import telling
from assistance.models import LIVE, Delivery, Measure
from assistance.services import acts
from assistance.services.base import refusals, save
from assistance.values import checked, in_words
from catalogue.codelists import Period, Whose
from catalogue.eligibility import Facts, Verdict, facts_of
from catalogue.models import MeasureKind
from common import audit
from common.money import format_money
from households.models import Household, Member
from households.services import LedgerError
from plans.models import Plan, Task

EARLIEST = 2010
NOTE_LENGTH = 300
EFFECT_LENGTH = 600
RELATED = ("kind", "member")
State = Measure.State
PLANNED = (Plan.State.APPROVED, Plan.State.IN_PROGRESS)  # states of a plan whose tasks may become measures


@dataclass
class Outcome:
    """What became of an act on many: the rows it was done to, and (row, sentence) of those left alone."""

    done: list[Any] = field(default_factory=list)
    left: list[tuple[Any, str]] = field(default_factory=list)


# -- may they have it -------------------------------------------------------------------------------------------------------------


def verdict_of(kind: MeasureKind, household: Household, member: Member | None, year: int, facts: Facts | None = None) -> Verdict:  # fmt: skip
    """What the catalogue says of a household, or of one of its present members, by the facts of the year."""
    facts = facts or facts_of([household], year, today=timezone.localdate())[household.pk]
    for verdict in facts.verdicts(kind):
        if (verdict.member and verdict.member.pk) == (member and member.pk):
            return verdict
    return Verdict(None, member)


def why_not_eligible(kind: MeasureKind, member: Member | None, household: Household, verdict: Verdict) -> str:
    """The sentence of a "no" of the catalogue, "" for yes and for unknown."""
    if verdict.may is not False:
        return ""
    return _("%(who)s不符合“%(kind)s”的享受条件（%(say)s）。请核对台账，或选择别的措施。") % {
        "who": member.name if member else household, "kind": kind.title, "say": kind.eligible_say.rstrip("。"),
    }  # fmt: skip


def unknown_of(verdict: Verdict) -> str:
    """What is missing to tell whether they may have it, as one sentence; "" where it can be told."""
    if verdict.may is not None or not verdict.missing:
        return ""
    return _("台账里没有填%(names)s，还不能判断是否符合享受条件。") % {"names": _("、").join(verdict.missing)}


def why_not_in_force(kind: MeasureKind, first: dt.date, last: dt.date) -> str:
    """Why a kind is not given between two days, "" where on some day it is."""
    if kind.valid_from <= last and (kind.valid_to is None or kind.valid_to > first):
        return ""
    if kind.valid_from > last:
        return _("“%(kind)s”从 %(day)s 起才启用，请核对日期。") % {"kind": kind.title, "day": kind.valid_from}
    return _("“%(kind)s”已于 %(day)s 停用，请选择别的措施。") % {"kind": kind.title, "day": kind.valid_to}


def most_of(kind: MeasureKind) -> Decimal | None:
    """The most that may be planned of a kind in a year, in 元; None without a ceiling."""
    if kind.ceiling is None:
        return None
    return kind.ceiling * 12 if kind.period == Period.MONTH else kind.ceiling


def above_ceiling(kind: MeasureKind, amount: Decimal | None, most: Decimal | None) -> str:
    if amount is None or most is None or amount <= most:
        return ""
    return _("%(amount)s 元超过了“%(kind)s”的上限 %(most)s 元，请改小。") % {
        "amount": format_money(amount), "kind": kind.title, "most": format_money(most),
    }  # fmt: skip


# -- proposing --------------------------------------------------------------------------------------------------------------------


def _fill(
    row: Measure, *, values: Mapping[str, Any], quantity: Decimal | None, amount: Decimal | None, note: str
) -> None:
    """Put the typed facts into the row. Raises ValidationError at the fields that are wrong, all at once."""
    kind = row.kind
    row.values, wrong = checked(kind, values, year=row.year, today=timezone.localdate())
    row.quantity, row.amount = quantity, amount if kind.has_money else None
    if not kind.has_money and amount:
        wrong.setdefault("amount", []).append(_("“%(kind)s”不发放资金，请不要填金额。") % {"kind": kind.title})
    for name in ("quantity", "amount"):
        value = getattr(row, name)
        if value is not None and value <= 0:
            wrong.setdefault(name, []).append(_("要大于零，没有就空着。"))
    if say := above_ceiling(kind, row.amount, most_of(kind)):
        wrong.setdefault("amount", []).append(say)
    try:
        row.note = acts.text_of(note, "note", NOTE_LENGTH)
    except ValidationError as error:
        wrong |= error.message_dict
    if wrong:
        raise ValidationError({name or "__all__": said for name, said in wrong.items()})


def _of_task(task: Task, household: Household, kind: MeasureKind) -> Plan:
    """The plan of a task, where it may become this measure."""
    plan = task.goal.plan
    if plan.household_id != household.pk:
        raise LedgerError(_("这项任务是另一户计划里的，请回到本户的计划重新选择。"))
    if task.kind_id != kind.pk:
        raise LedgerError(_("这项任务说的是另一种措施，请回到计划重新选择。"))
    if plan.state not in PLANNED:
        raise LedgerError(
            _("这一户的计划现在是“%(state)s”，批准后才能按计划提出措施。") % {"state": plan.get_state_display()}
        )
    if task.state == Task.State.DROPPED:
        raise LedgerError(_("这项任务已经取消，不能再按它提出措施。"))
    return plan


def _refuse_year(year: int) -> None:
    if not EARLIEST <= year <= timezone.localdate().year + 1:
        raise ValidationError({"year": [_("年度应在 2010 年到明年之间，请核对。")]})


def _refuse_whose(kind: MeasureKind, household: Household, member: Member | None) -> None:
    if kind.whose == Whose.MEMBER and member is None:
        raise ValidationError({"member": [_("“%(kind)s”是给家庭成员的，请选择受益人。") % {"kind": kind.title}]})
    if kind.whose == Whose.HOUSEHOLD and member is not None:
        raise ValidationError({"member": [_("“%(kind)s”是给整户的，请不要选择受益人。") % {"kind": kind.title}]})
    if member is not None and member.household_id != household.pk:
        raise ValidationError({"member": [_("受益人不是这一户的成员，请重新选择。")]})


@transaction.atomic
def propose_measure(*, household: Household, kind: MeasureKind, year: int, by: Any, member: Member | None = None,
                    values: Mapping[str, Any] | None = None, quantity: Decimal | None = None, amount: Decimal | None = None,
                    note: str = "", task: Task | None = None) -> Measure:  # fmt: skip
    """Propose one kind of help for a household or one of its members. Permission MEASURE_EDIT. `task` is the task of an approved plan it
    comes from. Where the catalogue cannot tell whether they may have it, it is allowed: `verdict_of` says what is missing."""
    household = acts.lock_household(household)
    require(by, Permission.MEASURE_EDIT, household)
    return _propose(household, kind, year, by, member, values or {}, quantity, amount, note, task)


def _propose(household: Household, kind: MeasureKind, year: int, by: Any, member: Member | None, values: Mapping[str, Any],
             quantity: Decimal | None, amount: Decimal | None, note: str, task: Task | None) -> Measure:  # fmt: skip
    today = timezone.localdate()
    acts.refuse(acts.why_closed(household))
    _refuse_year(year)
    _refuse_whose(kind, household, member)
    acts.refuse(acts.why_absent(member, today))
    acts.refuse(why_not_in_force(kind, dt.date(year, 1, 1), dt.date(year, 12, 31)))
    plan = _of_task(task, household, kind) if task is not None else None
    acts.refuse(why_not_eligible(kind, member, household, verdict_of(kind, household, member, year)))
    row = Measure(household=household, member=member, kind=kind, year=year, plan=plan, task=task,
                  proposed_by=by.username, proposed_at=timezone.now())  # fmt: skip
    _fill(row, values=values, quantity=quantity, amount=amount, note=note)
    same = Measure.objects.filter(kind=kind, year=year, household=household, member=member, state__in=LIVE)
    if same.exists():
        raise LedgerError(
            _("%(who)s %(year)s 年已经有“%(kind)s”，不用再提。要改请去那一项。")
            % {"who": member.name if member else household, "year": year, "kind": kind.title}
        )
    save(row)
    acts.record("measure.proposed", row, by, acts.told(row, acts.yuan(amount)))
    return row


@transaction.atomic
def change_measure(*, measure: Measure, by: Any, values: Mapping[str, Any], quantity: Decimal | None = None, amount: Decimal | None = None,
                   note: str = "", version: int | None = None) -> Measure:  # fmt: skip
    """Other facts of a measure that nobody has decided on yet. Kind, beneficiary and year stay: withdraw it and propose another."""
    row: Measure = acts.lock(Measure, measure, by, Permission.MEASURE_EDIT, *RELATED)
    acts.refuse_stale(row, version)
    if row.state != State.PROPOSED:
        raise LedgerError(
            _("这项措施现在是“%(state)s”，不能再改。要改请撤回后重新提出。") % {"state": row.get_state_display()}
        )
    acts.refuse(acts.why_closed(row.household))
    before = audit.snapshot(row)
    _fill(row, values=values, quantity=quantity, amount=amount, note=note)
    if audit.changes_since(before, row):
        row.version += 1
        # Whoever has changed it has proposed it: they cannot approve it either.
        row.proposed_by, row.proposed_at = by.username, timezone.now()
        save(row)
        said = [f"{label} {value}" for label, value in in_words(row.kind, row.values)]
        acts.record("measure.changed", row, by, acts.told(row, acts.yuan(row.amount), *said))
    return row


@transaction.atomic
def withdraw_measure(*, measure: Measure, by: Any, note: str = "", version: int | None = None) -> Measure:
    """Take back a measure of which nothing stands as delivered."""
    row: Measure = acts.lock(Measure, measure, by, Permission.MEASURE_EDIT, *RELATED)
    acts.refuse_stale(row, version)
    if row.state not in (State.PROPOSED, State.APPROVED):
        raise LedgerError(
            _("这项措施现在是“%(state)s”，不能撤回。已落实的请先冲回。") % {"state": row.get_state_display()}
        )
    if row.state == State.APPROVED and row.proposed_by != by.username:
        require(
            by, Permission.MEASURE_APPROVE, row
        )  # what an office approved is taken back by who proposed it or by the office
    said = acts.text_of(note, "note", NOTE_LENGTH)
    row.state, row.version = State.WITHDRAWN, row.version + 1
    save(row)
    acts.record("measure.withdrawn", row, by, acts.told(row, said))
    return row


@transaction.atomic
def propose_many(*, tasks: Iterable[Task], by: Any) -> Outcome:
    """Measures for the tasks of approved plans, in one act: each of its task's kind and member, in the plan's year. What cannot be proposed
    is left with its reason."""
    outcome = Outcome()
    keys = [task.pk for task in tasks]
    found = (
        Task.objects.for_user(by, Permission.MEASURE_EDIT)
        .filter(pk__in=keys)
        .select_related("goal__plan__household", "kind", "member")
        .order_by("goal__plan__household", "pk")
    )
    for task in found:
        household = task.goal.plan.household
        if task.kind is None:
            outcome.left.append((task, _("这项任务没有选择帮扶措施，请先在计划里选择。")))
            continue
        try:
            with transaction.atomic():
                outcome.done.append(
                    propose_measure(
                        household=household,
                        kind=task.kind,
                        year=task.goal.plan.year,
                        member=task.member,
                        task=task,
                        by=by,
                    )  # fmt: skip
                )
        except LedgerError as error:
            outcome.left.append((task, str(error)))
        except ValidationError as error:
            outcome.left.append((task, error.messages[0]))
    return outcome


# -- deciding ---------------------------------------------------------------------------------------------------------------------


def why_not_mine(measure: Measure, by: Any) -> str:
    """Why this user cannot decide on this measure now, in one sentence; "" where they can (given the permission)."""
    if measure.state != State.PROPOSED:
        return _("这项措施现在是“%(state)s”，不在待审批之列。") % {"state": measure.get_state_display()}
    if measure.proposed_by == by.username:
        return _("自己提出的措施不能由自己审批，请另一位审批人办理。")
    return ""


def _why_not_approved(row: Measure, by: Any, facts: Facts, today: dt.date) -> str:
    """The first reason against approving, "" where there is none. What the ledger said at the proposal may have changed since."""
    return (
        why_not_mine(row, by)
        or acts.why_closed(row.household)
        or acts.why_absent(row.member, today)
        or why_not_in_force(row.kind, dt.date(row.year, 1, 1), dt.date(row.year, 12, 31))
        or above_ceiling(row.kind, row.amount, most_of(row.kind))
        or why_not_eligible(
            row.kind, row.member, row.household, verdict_of(row.kind, row.household, row.member, row.year, facts)
        )
    )


@transaction.atomic
def approve_many(*, measures: Iterable[Measure], by: Any, note: str = "") -> Outcome:
    """Approve what can be approved, and leave the rest with its reasons. Permission MEASURE_APPROVE on every one. The number of queries
    grows with the years among them, not with their number."""
    said = acts.text_of(note, "note", NOTE_LENGTH)
    rows: list[Measure] = acts.lock_many(Measure, measures, by, Permission.MEASURE_APPROVE, *RELATED)
    today, now, outcome = timezone.localdate(), timezone.now(), Outcome()
    facts: dict[tuple[int, int], Facts] = {}
    for year in sorted({row.year for row in rows}):
        there = {row.household_id: row.household for row in rows if row.year == year}
        facts |= {(pk, year): one for pk, one in facts_of(there.values(), year, today=today).items()}
    for row in rows:
        if why := _why_not_approved(row, by, facts[row.household_id, row.year], today):
            outcome.left.append((row, why))
            continue
        row.state, row.decided_by, row.decided_at, row.decision_note = State.APPROVED, by.username, now, said
        row.version += 1
        outcome.done.append(row)
    with refusals():
        Measure.objects.bulk_update(
            outcome.done, ["state", "decided_by", "decided_at", "decision_note", "version"], batch_size=500
        )
    audit.record_many(
        acts.event("measure.approved", row, by, acts.told(row, acts.yuan(row.amount), said)) for row in outcome.done
    )
    telling.measures_decided(outcome.done, by)
    return outcome


@transaction.atomic
def approve_measure(*, measure: Measure, by: Any, note: str = "", version: int | None = None) -> Measure:
    """Approve one measure; a LedgerError says why not."""
    row: Measure = acts.lock(Measure, measure, by, Permission.MEASURE_APPROVE, *RELATED)
    acts.refuse_stale(row, version)
    outcome = approve_many(measures=[row], by=by, note=note)
    for _row, why in outcome.left:
        raise LedgerError(why)
    done: Measure = outcome.done[0]
    return done


@transaction.atomic
def refuse_measure(*, measure: Measure, by: Any, note: str, version: int | None = None) -> Measure:
    """Do not approve a measure; `note` says why."""
    row: Measure = acts.lock(Measure, measure, by, Permission.MEASURE_APPROVE, *RELATED)
    acts.refuse_stale(row, version)
    acts.refuse(why_not_mine(row, by))
    row.decision_note = acts.text_of(note, "note", NOTE_LENGTH, needed=_("请写明不批准的理由，让提出的人知道怎么改。"))
    row.state, row.decided_by, row.decided_at = State.REFUSED, by.username, timezone.now()
    row.version += 1
    save(row)
    acts.record("measure.refused", row, by, acts.told(row, row.decision_note))
    telling.measures_decided([row], by)
    return row


# -- what came of it --------------------------------------------------------------------------------------------------------------


def states_of(rows: Sequence[Measure]) -> dict[int, str]:
    """{measure: the state that its standing deliveries and their confirmations make}, for measures that were approved. One query."""
    standing: dict[int, list[bool | None]] = {}
    found = Delivery.objects.standing().filter(measure__in=[row.pk for row in rows])
    for measure, received in found.order_by().values_list("measure_id", "confirmation__received"):
        standing.setdefault(measure, []).append(received)
    made: dict[int, str] = {}
    for row in rows:
        said = standing.get(row.pk)
        made[row.pk] = State.APPROVED if not said else State.CONFIRMED if all(said) else State.DELIVERED
    return made


def settle(rows: Sequence[Measure]) -> list[Measure]:
    """Give locked measures the state their deliveries make; those that changed."""
    changed = []
    for pk, state in states_of(rows).items():
        row = next(row for row in rows if row.pk == pk)
        if row.state != state:
            row.state, row.version = state, row.version + 1
            changed.append(row)
    Measure.objects.bulk_update(changed, ["state", "version"], batch_size=500)
    return changed


@transaction.atomic
def record_effect(*, measure: Measure, by: Any, text: str, on: dt.date, version: int | None = None) -> Measure:
    """What the help has done for them, on a day. Permission MEASURE_EDIT."""
    row: Measure = acts.lock(Measure, measure, by, Permission.MEASURE_EDIT, *RELATED)
    acts.refuse_stale(row, version)
    if row.state not in (State.DELIVERED, State.CONFIRMED):
        raise LedgerError(_("落实以后才能登记成效。这项措施现在是“%(state)s”。") % {"state": row.get_state_display()})
    acts.past_day(on, "on")
    row.effect = acts.text_of(text, "text", EFFECT_LENGTH, needed=_("请写一写成效，如：年底分红 1,200 元，已脱贫。"))
    row.effect_on, row.version = on, row.version + 1
    save(row)
    acts.record("measure.effect_recorded", row, by, acts.told(row, row.effect))
    return row
