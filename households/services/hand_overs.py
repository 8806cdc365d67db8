"""移交: all or chosen households of a cadre go to another, in one step and one transaction, with one event for the hand-over and one on the
chain of each household. What cannot go is said before anything is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from cadres.models import Cadre
from common import audit
from common.copying import copy_rows, reserve_keys
from common.lookups import among
from common.text import normalise_text
from households import successors
from households.models import HandOver, HandOverLine, Household, MatchingRun, Pairing
from households.services import many
from households.services.base import LedgerError, refuse_future
from households.services.helping import Helping
from households.services.many import Done, RowsError
from households.services.pairing import Hands, Mode, lasting

ACTION = "pairing.handed_over"


@dataclass
class Line:
    """One pairing of whoever hands over, and why the receiver cannot have it ("" where they can)."""

    pairing: Pairing
    why: str = ""


@dataclass
class Preview:
    """`elsewhere` counts pairings of households in which the user arranges no helpers: somebody above has to hand those over."""

    lines: list[Line]
    elsewhere: int = 0

    @property
    def able(self) -> list[Line]:
        return [line for line in self.lines if not line.why]

    @property
    def unable(self) -> list[Line]:
        return [line for line in self.lines if line.why]


def pairings_of(cadre: Cadre, day: dt.date | None = None) -> Any:
    """What a cadre holds: pairings that are not over, point-to-point services among them."""
    return Pairing.objects.filter(lasting(day or timezone.localdate()), cadre=cadre)


def preview(*, giver: Cadre, receiver: Cadre, on: dt.date, by: Any) -> Preview:
    """What of the giver's households the receiver can take over, household by household; nothing is written. Ten queries at most."""
    held = pairings_of(giver, on)
    rows = list(
        held.filter(household__in=Household.objects.for_user(by, Permission.PAIRING_EDIT))
        .select_related("household__village__parent", "cadre")
        .order_by("household__village__code", "household__sort_key", "household")
    )
    return Preview(_lines(rows, receiver, on), held.count() - len(rows))


def _lines(rows: Sequence[Pairing], receiver: Cadre, on: dt.date) -> list[Line]:
    households = [row.household_id for row in rows]
    helping = Helping.of([receiver], households)
    own = dict(pairings_of(receiver, on).filter(among("household_id", households)).values_list("household_id", "mode"))
    lines = []
    for row in rows:
        point = row.mode == Mode.POINT_TO_POINT
        counted = row.household_id in own
        why = helping.why_not(receiver, row.household_id, on, point=point, counted=counted)
        if not (why or point) and own.get(row.household_id) == Mode.POINT_TO_POINT:
            why = _("%(name)s 正在办理这一户的诉求，办结以后再安排。") % {"name": receiver.name}
        if not why and row.starts_on > on:
            why = _("%(name)s从 %(day)s 才开始帮扶这一户，移交日期不能早于这一天。") % {
                "name": row.cadre.name, "day": row.starts_on,
            }  # fmt: skip
        if not (why or point or counted):
            helping.loads[receiver.pk] += 1
        lines.append(Line(row, why))
    return lines


@transaction.atomic
def hand_over(
    *, giver: Cadre, receiver: Cadre, on: dt.date, reason: str, by: Any, households: Iterable[int] | None = None
) -> HandOver:
    """The giver's pairings (of these households; of all of the user's area where none are named) go to the receiver from a day on.

    Permission PAIRING_EDIT on every household. Raises `RowsError` with a sentence a household where some cannot go; then none goes.
    """
    refuse_future(on, "on")
    said = normalise_text(reason).strip()
    if not said or len(said) > 200:
        raise ValidationError({"reason": [_("请写明移交原因，不超过 200 个字，如：工作调动。")]})
    if giver.pk == receiver.pk:
        raise ValidationError({"receiver": [_("接收人就是移交人，请另选一位。")]})
    cadres = {c.pk: c for c in Cadre.objects.select_for_update(of=("self",)).select_related("unit__region").filter(pk__in=[giver.pk, receiver.pk]).order_by("pk")}  # fmt: skip
    giver, receiver = cadres[giver.pk], cadres[receiver.pk]
    mine = pairings_of(giver, on).filter(household__in=Household.objects.for_user(by, Permission.PAIRING_EDIT))
    held = set(mine.values_list("household_id", flat=True))
    wanted = held if households is None else set(households)
    if wanted - held:
        raise PermissionDenied(Permission.PAIRING_EDIT)
    if not wanted:
        raise LedgerError(_("%(name)s没有可以移交的结对农户。") % {"name": giver.name})
    found = many.lock(wanted, on)
    rows = [p for hands in found.values() for p in hands.rows if p.cadre_id == giver.pk]
    for row in rows:
        row.household = found[row.household_id].household
    lines = _lines(rows, receiver, on)
    problems = {line.pairing.household_id: line.why for line in lines if line.why}
    if problems:
        raise RowsError(
            ngettext("有 %(count)s 户不能移交：%(why)s", "有 %(count)s 户不能移交：%(why)s", len(problems))
            % {"count": len(problems), "why": next(iter(problems.values()))},
            problems,
        )
    act = HandOver(from_cadre=giver, to_cadre=receiver, on=on, reason=said, by=by.username, at=timezone.now())
    return finish(act, [pass_on(found[p.household_id], p, receiver, on, said) for p in rows], by=by)


def pass_on(hands: Hands, row: Pairing, receiver: Cadre, on: dt.date, reason: str) -> tuple[Hands, Pairing, Pairing]:
    """One pairing goes to the receiver, with its part (lead, along, one request) and its goal: (hands, ended, began)."""
    own = hands.of(receiver.pk)
    if row.is_lead:
        return hands, row, hands.replace_lead(receiver, on, reason, goal=row.goal)
    hands.end(row, on, reason)
    if own is not None:
        return hands, row, own
    new = hands.begin(receiver, on, lead=False, goal=row.goal)
    if row.mode == Mode.POINT_TO_POINT:
        new.mode = Mode.POINT_TO_POINT
    return hands, row, new


def finish(
    row: HandOver, passed: Sequence[tuple[Hands, Pairing, Pairing]], *, by: Any, action: str = ACTION,
    step: Callable[[int], None] = lambda n: None,
) -> HandOver:  # fmt: skip
    """Write the pairings, the hand-over with its lines, and the events."""
    done = {
        hands.household.pk: Done(hands, new, _("%(old)s → %(new)s") % {"old": old.cadre.name, "new": new.cadre.name})
        for hands, old, new in passed
    }
    many.write(list(done.values()), action=action, by=by, step=step)
    row.households = len(done)
    row.save()
    lines = [
        HandOverLine(pk=key, hand_over=row, household_id=old.household_id, ended=old, began=new)
        for key, (_hands, old, new) in zip(reserve_keys(HandOverLine, len(passed)), passed, strict=True)
    ]
    copy_rows(HandOverLine, lines)
    successors.follow([(old, new) for _hands, old, new in passed], by)
    giver = row.from_cadre
    to = row.to_cadre.name if row.to_cadre else _("按结对方案")
    note = _("%(old)s → %(new)s，%(count)s 户：%(reason)s") % {"old": giver.name, "new": to, "count": row.households, "reason": row.reason}  # fmt: skip
    audit.record("handover.done", by=by, target=row, region_path=giver.unit.region.path, note=note, rows=[row, *lines])
    return row


def by_proposal(
    run: MatchingRun, passed: Sequence[tuple[Hands, Pairing, Pairing]], *, on: dt.date, by: Any
) -> HandOver:
    """The hand-over that a proposal for a leaving cadre was."""
    assert run.leaving is not None
    row = HandOver(
        from_cadre=run.leaving, proposal=run, on=on, reason=_("按结对方案移交"), by=by.username, at=timezone.now()
    )
    return finish(row, passed, by=by)
