"""What every verb on a plan shares: lock, permission, stale forms, the state it may be in, one audit event.

Whatever changes what the household agreed to (summary, goals, tasks, targets) takes its consent back: it is asked about again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Min
from django.db.models.deletion import ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from common import audit
from common.models import AuditEvent
from common.text import normalise_text
from households.models import Household
from households.services import LedgerError
from households.services.base import check, save
from plans.models import Goal, Indicator, Plan, Task

EDITABLE = frozenset({Plan.State.DRAFT, Plan.State.RETURNED})
# What the household is asked about. Who did one of these has written the plan and does not approve it.
CONTENT = ("plan.drafted", "plan.copied", "plan.edited", "plan.goal_put", "plan.goal_dropped", "plan.task_put",
           "plan.task_dropped", "plan.indicators_set", "plan.submitted")  # fmt: skip
_NAMED = {"owner_id": "owner", "kind_id": "kind", "member_id": "member", "consent_member_id": "consent_member"}


def locked_household(pk: int) -> Household:
    return Household.objects.select_for_update(of=("self",)).select_related("village", "township").get(pk=pk)


def refuse_closed(household: Household) -> None:
    if household.is_closed:
        raise LedgerError(_("这一户已经销户，不能再改计划。如属误销，请先恢复。"))


class PlanEdit:
    """One change of one plan, written as one audit event whose target is the plan."""

    def __init__(self, plan: Plan, *, by: Any, permission: Permission, states: Container[str], what: str, version: int | None = None,
                 owner: int | None = None) -> None:  # fmt: skip
        """`what` names the act in the sentence that refuses a wrong state. `owner`: this user may do it without `permission`, where they
        may see the household."""
        self.by = by
        self.household = locked_household(plan.household_id)
        self.plan = Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
        self.plan.household = self.household
        require(by, Permission.HOUSEHOLD_VIEW if owner is not None and owner == by.pk else permission, self.plan)
        if version is not None and version != self.plan.version:
            raise LedgerError(_("这份计划在您填写期间被别人修改过，您的改动没有保存。请看过最新内容后再改。"))
        refuse_closed(self.household)
        if self.plan.state not in states:
            raise LedgerError(
                _("这份计划现在是“%(state)s”，不能%(what)s。") % {"state": self.plan.get_state_display(), "what": what}
            )
        self._before = audit.snapshot(self.plan)
        self.changes: audit.Changes = {}
        self.rows: list[models.Model] = []
        self.gone: list[str] = []

    def write(self, row: models.Model, before: Mapping[str, Any] | None = None) -> None:
        """Check and save a row below the plan; `before` is its `audit.snapshot`, None for a new row."""
        check(row)
        save(row)
        self.changes |= _changes(dict(before or {}), row)
        self.rows.append(row)

    def delete(self, row: models.Model) -> None:
        """Raises LedgerError where something above hangs on it."""
        key, label = audit.row_key(row), label_of(row)
        try:
            row.delete()
        except (ProtectedError, RestrictedError) as error:
            raise LedgerError(
                _("“%(what)s”已经有帮扶措施或照片，不能删去。可以改动它，或者先处理它的措施。") % {"what": row}
            ) from error
        self.changes[f"{label}text"] = [str(row), None]
        self.gone.append(key)

    def finish(self, action: str, *, note: str = "", always: bool = False) -> Plan:
        """Save the plan and record what changed; nothing is written where nothing did (unless `always`)."""
        plan = self.plan
        own = _changes(self._before, plan)
        if not (own or self.changes or self.gone or always):
            return plan
        if action in CONTENT and action != "plan.submitted" and plan.consent:
            _withdraw_consent(plan)
            own = _changes(self._before, plan)
        plan.version += 1
        plan.next_due_on = Task.objects.filter(goal__plan=plan, state=Task.State.OPEN).aggregate(day=Min("due_on"))[
            "day"
        ]
        check(plan)
        save(plan)
        audit.record(
            action, by=self.by, target=plan, subject=self.household.subject, region_path=self.household.village.path,
            changes=own | self.changes, note=note, rows=[plan, *self.rows], gone=self.gone,
        )  # fmt: skip
        return plan


def _withdraw_consent(plan: Plan) -> None:
    plan.consent, plan.consent_on, plan.consent_member, plan.consent_note, plan.consent_revision = "", None, None, "", 0


def label_of(row: models.Model) -> str:
    """How a change's field names are prefixed: "plans.task:种植辣椒:", "plans.plan:2026年计划:"."""
    match row:
        case Plan():
            name = _("%(year)s年计划") % {"year": row.year}
        case Goal() | Task():
            name = row.text
        case Indicator():
            name = str(Indicator.Code(row.code).label)
        case _:
            name = ""
    return f"{row._meta.label_lower}:{name}:"


def _changes(before: dict[str, Any], row: models.Model) -> audit.Changes:
    """What changed, people and kinds by name: the trail is read when their keys say nothing any more."""
    found = audit.changes_since(before, row, prefix=label_of(row))
    for key, (old, new) in found.items():
        relation = _NAMED.get(key.rpartition(":")[2])
        if relation is not None:
            model: Any = row._meta.get_field(relation).related_model
            names = {
                str(each.pk): str(each) for each in model._base_manager.filter(pk__in=[pk for pk in (old, new) if pk])
            }
            found[key] = [names.get(old), names.get(new)]
    return found


def has_written(plan: Plan, user: Any) -> bool:
    """Whether somebody wrote any part of this plan."""
    return user.username in (plan.drafted_by, plan.submitted_by) or bool(writers_of([plan], user))


def writers_of(plans: list[Plan], user: Any) -> set[int]:
    """Keys of those of these plans of which a user wrote a part; one query."""
    keys = {audit.row_key(plan): plan.pk for plan in plans}
    own = AuditEvent.objects.filter(target__in=keys, actor=user.username, action__in=CONTENT)
    return {keys[target] for target in own.order_by().values_list("target", flat=True)} | {
        plan.pk for plan in plans if user.username in (plan.drafted_by, plan.submitted_by)
    }


def authors_of(plan: Plan) -> set[str]:
    """The usernames of everybody who wrote a part of it; one query."""
    wrote = AuditEvent.objects.filter(target=audit.row_key(plan), action__in=CONTENT)
    return {plan.drafted_by, plan.submitted_by, *wrote.order_by().values_list("actor", flat=True)} - {""}


def text_of(value: str, field: str, most: int, *, needed: str = "", lines: bool = False) -> str:
    """Text as kept. `needed` is the sentence where there is none; `lines` keeps line breaks. Raises ValidationError at `field`."""
    text = normalise_text(value or "").strip()
    if not lines:
        text = " ".join(text.split())
    if needed and not text:
        raise ValidationError({field: [needed]})
    if len(text) > most:
        raise ValidationError(
            {field: [_("最多 %(most)s 个字，现在是 %(count)s 个。") % {"most": most, "count": len(text)}]}
        )
    return text


def reason_of(value: str, field: str, most: int, sentence: str) -> str:
    """A reason of at least four characters; `sentence` where there is none."""
    text = text_of(value, field, most)
    if len(text) < 4:
        raise ValidationError({field: [sentence]})
    return text


def refuse_outside_year(day: dt.date, year: int, field: str) -> None:
    if day.year != year:
        raise ValidationError({field: [_("这份计划是 %(year)s 年度的，日期应在 %(year)s 年之内。") % {"year": year}]})
