"""结对帮扶: who helps which household, with its history.

What always holds of the helpers of a household, those of one request (点对点) left aside: no two leads on a day, nobody twice on a day, no kin;
one helper leads alone (一对一), several have one lead (多对一). Each verb brings this about in its own act. One thing the calendar does: where
a lead's last day was set ahead while somebody else helped, nobody leads once it has come, until `change_lead`; coverage lists such households.

`mode` of a pairing without an end says how many have none: a pairing whose end is set keeps the word it had.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from cadres.models import Cadre
from common import audit, dates
from households import followers, telling
from households.models import Household, Pairing
from households.services.base import Edit, LedgerError, label_of, refuse_future
from households.services.helping import Helping

Mode = Pairing.Mode
FARTHEST = dt.timedelta(days=3 * 366)  # an end set ahead


class Hands:
    """The pairings of one household that are not over on a day, and what a verb makes of them. Ends come before beginnings: in this order
    the database never sees two leads. Nothing is saved here; `ends` are changed rows with their snapshots, `begins` new ones."""

    def __init__(self, household: Household, rows: Sequence[Pairing], on: dt.date) -> None:
        self.household, self.on = household, on
        self.rows = list(rows)
        self.ends: dict[int, tuple[Pairing, dict[str, Any]]] = {}
        self.begins: list[Pairing] = []

    @property
    def helpers(self) -> list[Pairing]:
        """Not over on the day, and no service of one request."""
        return [p for p in (*self.rows, *self.begins) if p.mode != Mode.POINT_TO_POINT and _lasts(p, self.on)]

    @property
    def lead(self) -> Pairing | None:
        return next((p for p in self.helpers if p.is_lead), None)

    def of(self, cadre: int) -> Pairing | None:
        return next((p for p in (*self.rows, *self.begins) if p.cadre_id == cadre and _lasts(p, self.on)), None)

    def touch(self, row: Pairing) -> None:
        if row.pk is not None and row.pk not in self.ends:
            self.ends[row.pk] = (row, audit.snapshot(row))

    def end(self, row: Pairing, on: dt.date, reason: str) -> None:
        self.touch(row)
        row.ends_on, row.end_reason = on, reason

    def begin(self, cadre: Cadre, on: dt.date, *, lead: bool, goal: str = "") -> Pairing:
        row = Pairing(household=self.household, cadre=cadre, is_lead=lead, starts_on=on, goal=goal)
        self.begins.append(row)
        return row

    def _anew(self, row: Pairing, on: dt.date, reason: str, *, lead: bool) -> Pairing:
        """The same helper from a day on in a row of its own, because what was before stays as it was; an end set ahead goes along."""
        ends_on, end_reason = row.ends_on, row.end_reason
        self.end(row, on, reason)
        new = self.begin(row.cadre, on, lead=lead, goal=row.goal)
        new.ends_on, new.end_reason = ends_on, end_reason
        return new

    def give_lead(self, row: Pairing, on: dt.date, reason: str) -> Pairing:
        """`row` leads from a day on, or from its own first day."""
        if row.starts_on < on:
            return self._anew(row, on, reason, lead=True)
        self.touch(row)
        row.is_lead = True
        return row

    def take_lead(self, row: Pairing, on: dt.date, reason: str) -> None:
        """`row` helps on from a day on without leading."""
        if row.starts_on < on:
            self._anew(row, on, reason, lead=False)
            return
        self.touch(row)
        row.is_lead = False

    def replace_lead(self, cadre: Cadre, on: dt.date, reason: str, goal: str = "") -> Pairing:
        """`cadre` leads from a day on in the place of who leads; who helped without leading has one row less."""
        for row in self.helpers:
            if row.is_lead or row.cadre_id == cadre.pk:
                if row.starts_on > on:
                    raise LedgerError(
                        _("%(name)s从 %(day)s 才开始帮扶这一户，更换日期不能早于这一天，请核对。")
                        % {"name": row.cadre.name, "day": dates.written(row.starts_on)}
                    )
                self.end(row, on, reason)
        return self.begin(cadre, on, lead=True, goal=goal)

    def settle(self) -> None:
        """The mode of every pairing without an end follows from how many there are."""
        lasting = [p for p in (*self.rows, *self.begins) if p.ends_on is None and p.mode != Mode.POINT_TO_POINT]
        mode = Mode.ONE_TO_ONE if len(lasting) <= 1 else Mode.MANY_TO_ONE
        for row in lasting:
            if row.mode != mode:
                self.touch(row)
                row.mode = mode
        for row in self.begins:
            if row.ends_on is not None:
                row.mode = mode

    def write(self, edit: Edit) -> None:
        self.settle()
        for row, before in sorted(self.ends.values(), key=lambda each: each[0].is_lead):
            edit.write(row, before)
        for row in sorted(self.begins, key=lambda each: each.is_lead):
            edit.write(row)
        telling.pairings_changed([self], edit.by)


def _lasts(row: Pairing, on: dt.date) -> bool:
    """Not over on a day: it runs then, or begins later."""
    return row.ends_on is None or row.ends_on > max(on, row.starts_on)


def lasting(day: dt.date) -> Q:
    """The condition of `_lasts`, but for rows that are over on the day they began."""
    return Q(ends_on=None) | Q(ends_on__gt=day)


def _hands(edit: Edit, on: dt.date) -> Hands:
    rows = edit.household.pairings.filter(lasting(on)).select_for_update(of=("self",)).select_related("cadre")
    return Hands(edit.household, list(rows.order_by("starts_on", "pk")), on)


def _refuse(edit: Edit, cadre: Cadre, on: dt.date, **how: bool) -> Cadre:
    """The cadre as they are now, locked against leaving meanwhile. Raises `LedgerError` where they may not help the household."""
    row = Cadre.objects.select_for_update(of=("self",)).select_related("unit__region").get(pk=cadre.pk)
    say = Helping.of([row], [edit.household.pk]).why_not(row, edit.household.pk, on, **how)
    if say:
        raise LedgerError(say)
    return row


@transaction.atomic
def pair(*, household: Household, cadre: Cadre, by: Any, starts_on: dt.date, is_lead: bool = True, goal: str = "") -> Pairing:  # fmt: skip
    """A helper more. The first leads; a second makes 多对一 of 一对一."""
    refuse_future(starts_on, "starts_on")
    edit = Edit(household, by=by, permission=Permission.PAIRING_EDIT)
    hands = _hands(edit, starts_on)
    if hands.of(cadre.pk):
        raise LedgerError(_("%(name)s 已经与这一户结对。") % {"name": cadre.name})
    if is_lead and hands.lead:
        raise LedgerError(_("这一户已经有牵头的帮扶责任人，请先结束原来的结对，或用“更换帮扶责任人”。"))
    if not is_lead and not (hands.lead and _lasts(hands.lead, timezone.localdate())):
        raise LedgerError(_("这一户还没有牵头的帮扶责任人，请先安排一位牵头的。"))
    cadre = _refuse(edit, cadre, starts_on)
    pairing = hands.begin(cadre, starts_on, lead=is_lead, goal=goal)
    hands.write(edit)
    edit.finish("pairing.started", target=pairing, note=cadre.name)
    return pairing


@transaction.atomic
def end_pairing(
    *, pairing: Pairing, by: Any, ends_on: dt.date, reason: str = "", lead: Pairing | None = None
) -> Pairing:
    """`ends_on` is the first day without this helper; an end set ahead may be set anew. Where a lead goes and others stay, `lead` says who
    leads from then on; the only one who stays does so without being named. Of 多对一, 一对一 is left when one stays."""
    edit = Edit(pairing.household, by=by, permission=Permission.PAIRING_EDIT)
    today = timezone.localdate()
    row = edit.household.pairings.select_for_update(of=("self",)).select_related("cadre").get(pk=pairing.pk)
    if row.ends_on is not None and row.ends_on <= today:
        raise LedgerError(_("这项结对已经结束。"))
    if ends_on < row.starts_on:
        raise ValidationError(
            {"ends_on": [_("结束日期早于开始日期（%(day)s），请核对。") % {"day": dates.written(row.starts_on)}]}
        )
    if ends_on > today + FARTHEST:
        raise ValidationError({"ends_on": [_("结束日期在三年以后，请核对。")]})
    hands = _hands(edit, min(ends_on, today))
    row = next(p for p in hands.rows if p.pk == row.pk)
    others = [p for p in hands.helpers if p.pk != row.pk and _lasts(p, ends_on)]
    hands.end(row, ends_on, reason)
    if row.is_lead and others and not any(p.is_lead for p in others):
        if ends_on > today:
            raise LedgerError(_("%(name)s是牵头人，要在将来的日子结束，请先更换牵头人。") % {"name": row.cadre.name})
        _succeed(hands, others, lead, ends_on)
    hands.write(edit)
    edit.finish("pairing.ended", target=row, note=row.cadre.name)
    return row


def _succeed(hands: Hands, others: list[Pairing], lead: Pairing | None, on: dt.date) -> None:
    """One of those who stay leads on: of those who help today, where there are any."""
    today = timezone.localdate()
    others = [p for p in others if _lasts(p, today)] or others
    found = next((p for p in others if lead is not None and p.pk == lead.pk), None)
    if found is None and len(others) > 1:
        raise LedgerError(_("牵头人结束帮扶后还有 %(count)s 位帮扶责任人，请选定由谁牵头。") % {"count": len(others)})
    hands.give_lead(found or others[0], on, _("接任牵头人"))


@transaction.atomic
def replace_helper(*, household: Household, cadre: Cadre, by: Any, on: dt.date, reason: str = "") -> Pairing:
    """The lead helper changes on a day, in one step and without a gap."""
    refuse_future(on, "starts_on")
    edit = Edit(household, by=by, permission=Permission.PAIRING_EDIT)
    hands = _hands(edit, on)
    own, lead = hands.of(cadre.pk), hands.lead
    if own is not None and own.is_lead:
        raise LedgerError(_("%(name)s 已经是这一户的帮扶责任人。") % {"name": cadre.name})
    if own is not None and own.mode == Mode.POINT_TO_POINT:
        raise LedgerError(_("%(name)s 正在办理这一户的诉求，办结以后再安排。") % {"name": cadre.name})
    cadre = _refuse(edit, cadre, on, counted=own is not None)
    new = hands.replace_lead(cadre, on, reason or _("更换帮扶责任人"), goal=lead.goal if lead else "")
    hands.write(edit)
    edit.finish("pairing.replaced", target=new, note=cadre.name)
    return new


@transaction.atomic
def change_lead(*, pairing: Pairing, by: Any, on: dt.date) -> Pairing:
    """Of several helpers another leads from a day on; who led helps on."""
    refuse_future(on, "on")
    edit = Edit(pairing.household, by=by, permission=Permission.PAIRING_EDIT)
    hands = _hands(edit, on)
    row = next((p for p in hands.helpers if p.pk == pairing.pk and _lasts(p, timezone.localdate())), None)
    if row is None:
        raise LedgerError(_("这位干部已经不是这一户的帮扶责任人，不能牵头。"))
    if row.is_lead:
        raise LedgerError(_("%(name)s 已经是牵头人。") % {"name": row.cadre.name})
    before = hands.lead
    for each in filter(None, (before, row)):
        if each.starts_on > on:
            raise ValidationError(
                {"on": [_("%(name)s从 %(day)s 才开始帮扶，请核对日期。") % {"name": each.cadre.name, "day": dates.written(each.starts_on)}]}
            )  # fmt: skip
    if before is not None:
        hands.take_lead(before, on, _("不再牵头"))
    new = hands.give_lead(row, on, _("改为牵头"))
    hands.write(edit)
    edit.finish("pairing.lead_changed", target=new, note=row.cadre.name)
    return new


# -- 点对点 -------------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin_point(*, household: Household, cadre: Cadre, by: Any, goal: str) -> Pairing:
    """A cadre sees to one request of a household from today on. Who helps the household anyway needs nothing: that pairing is the answer."""
    edit = Edit(household, by=by, permission=Permission.PAIRING_EDIT)
    today = timezone.localdate()
    hands = _hands(edit, today)
    own = hands.of(cadre.pk)
    if own is not None:
        return own
    cadre = _refuse(edit, cadre, today, point=True)
    row = hands.begin(cadre, today, lead=False, goal=goal[:200])
    row.mode = Mode.POINT_TO_POINT
    hands.write(edit)
    edit.finish("pairing.point_started", target=row, note=cadre.name)
    return row


@transaction.atomic
def end_point(*, pairing: Pairing, by: Any, reason: str) -> Pairing | None:
    """The request is closed, and with it the service, by whoever closes it: they have the household in their hands and passed the gate of the
    request. None where the pairing is no such service, or over."""
    require(by, Permission.HOUSEHOLD_VIEW, pairing.household)
    today = timezone.localdate()
    row = Pairing.objects.select_for_update(of=("self",)).select_related("cadre").get(pk=pairing.pk)
    if row.mode != Mode.POINT_TO_POINT or (row.ends_on is not None and row.ends_on <= today):
        return None
    before = audit.snapshot(row)
    row.ends_on, row.end_reason = today, reason[:200]
    row.save()
    household = pairing.household
    audit.record(
        "pairing.ended", by=by, target=row, subject=household.subject, region_path=household.village.path, note=row.cadre.name,
        changes=audit.changes_since(before, row, prefix=label_of(row)), rows=[row],
    )  # fmt: skip
    followers.changed([household.pk])
    return row
