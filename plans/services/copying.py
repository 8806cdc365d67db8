"""One plan for many households: allowed, and visible in the record of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Permission
from accounts.scoping import may_in, require
from common import audit
from households.models import Household, Pairing
from households.services import LedgerError
from households.services.base import check, save
from plans import indicators
from plans.models import Goal, Plan, Task
from plans.services.content import new_indicators
from plans.versions import bare_text, goals_with_tasks

MOST = 100  # households at once


@dataclass(slots=True)
class Copies:
    """What copying did: the plans that were drafted, and the households left alone with why."""

    drafted: list[Plan] = field(default_factory=list)
    skipped: list[tuple[Household, str]] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        said = _("已为 %(count)s 户制定计划草稿，请逐户修改、征求意见后提交。") % {"count": len(self.drafted)}
        if not self.skipped:
            return said
        named = _("；").join(f"{household}（{why}）" for household, why in self.skipped[:5])
        more = "……" if len(self.skipped) > 5 else "。"
        return said + _("%(count)s 户没有复制：%(named)s") % {"count": len(self.skipped), "named": named} + more


@transaction.atomic
def copy_plan(*, plan: Plan, to: Sequence[Household], by: Any) -> Copies:
    """A draft for each of these households that has no plan of that year. Goals, tasks, days and targets are copied; members, reasons
    and the consent are not. A task stays with whoever works in that village, else it goes to the household's own helper."""
    require(by, Permission.HOUSEHOLD_VIEW, plan)
    keys = sorted({household.pk for household in to})
    if not keys:
        raise LedgerError(_("还没有选择农户。请勾选要复制给哪些户。"))
    if len(keys) > MOST:
        raise LedgerError(_("一次最多复制给 %(most)s 户，请分几次做。") % {"most": MOST})
    locked = Household.objects.select_for_update(of=("self",)).select_related("village", "township")
    households = list(locked.filter(pk__in=keys).order_by("pk"))
    source = (
        Plan._base_manager.select_related("household")
        .prefetch_related(goals_with_tasks(), "indicators")
        .get(pk=plan.pk)
    )
    may = set(Household.objects.for_user(by, Permission.PLAN_EDIT).filter(pk__in=keys).values_list("pk", flat=True))
    taken = set(Plan._base_manager.filter(household__in=keys, year=source.year).values_list("household_id", flat=True))
    done = Copies()
    fit = []
    for household in households:
        if household.pk not in may:
            done.skipped.append((household, _("不在您能制定计划的范围内")))
        elif household.is_closed:
            done.skipped.append((household, _("已销户")))
        elif household.pk in taken:
            done.skipped.append((household, _("%(year)s 年已经有计划") % {"year": source.year}))
        else:
            fit.append(household)
    now, helpers = indicators.standing(fit, source.year), _helpers_of(fit)
    for household in fit:
        done.drafted.append(_copy(source, household, by, now[household.pk], helpers.get(household.pk)))
    return done


def _helpers_of(households: Sequence[Household]) -> dict[int, User]:
    """The lead helper with an account of each household, by its key."""
    rows = Pairing.objects.current().filter(household__in=[h.pk for h in households], cadre__user__is_active=True)
    found: dict[int, User] = {}
    for pairing in rows.select_related("cadre__user").order_by("-is_lead", "starts_on", "pk"):
        if pairing.cadre.user is not None:
            found.setdefault(pairing.household_id, pairing.cadre.user)
    return found


def _copy(source: Plan, household: Household, by: Any, now: dict[str, str], helper: User | None) -> Plan:
    plan = Plan(
        household=household, year=source.year, summary=source.summary, drafted_by=by.username, drafted_at=timezone.now(), copied_from=source
    )  # fmt: skip
    check(plan)
    save(plan)
    rows: list[Any] = [plan]
    rows += new_indicators(plan, now, {row.code: row.target for row in source.indicators.all()})
    for theirs in source.goals.all():
        goal = Goal(plan=plan, source=theirs.source, text=theirs.text, place=theirs.place)
        save(goal)
        rows.append(goal)
        for each in theirs.tasks.all():
            if each.state == Task.State.DROPPED:
                continue
            stays = each.owner is not None and may_in(each.owner, Permission.PLAN_EDIT, household.village)
            title, member = (each.kind.title if each.kind else ""), (each.member.name if each.member else "")
            task = Task(
                goal=goal, text=bare_text(each.text, title, member), kind=each.kind, due_on=each.due_on, place=each.place,
                owner=each.owner if stays else helper,
            )  # fmt: skip
            save(task)
            rows.append(task)
    note = _("由%(who)s（%(number)s）%(year)s 年计划复制") % {
        "who": source.household, "number": source.household.number, "year": source.year,
    }  # fmt: skip
    audit.record(
        "plan.copied",
        by=by,
        target=plan,
        subject=household.subject,
        region_path=household.village.path,
        note=note,
        rows=rows,
    )
    return plan
