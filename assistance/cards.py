"""The card 计划与措施 on the page of a household: how its plan of the year stands, and what of its measures has arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Exists, Q, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from assistance import housing
from assistance.entitlement import standing
from assistance.models import LIVE, Delivery, Measure, Tenancy
from common.templatetags.ui import money
from households.cards import Card
from households.models import Household
from plans.models import Plan, Task


def _one(rows: QuerySet[Any], aggregate: Any, household: str = "household") -> Subquery:
    """An aggregate over rows of one household, as a column; None where there are none."""
    return Subquery(rows.order_by().values(household).annotate(found=aggregate).values("found"))


def columns(household: Household, year: int, user: Any) -> Mapping[str, Any]:
    today = timezone.localdate()
    plans = Plan.objects.filter(household=household.pk, year=year)
    owner = "goal__plan__household"
    tasks = Task.objects.filter(goal__plan__household=household.pk, goal__plan__year=year).exclude(
        state=Task.State.DROPPED
    )
    measures = Measure.objects.filter(household=household.pk, year=year, state__in=LIVE)
    tenancies = Tenancy.objects.filter(household=household.pk, state__in=housing.LIVE).order_by("-pk")
    deliveries = Delivery.objects.filter(standing(year), household=household.pk)
    arrived = Q(state__in=[Measure.State.DELIVERED, Measure.State.CONFIRMED])
    return {
        "state": Subquery(plans.values("state")[:1]),
        "tasks": _one(tasks, Count("pk"), owner),
        "done": _one(tasks, Count("pk", filter=Q(state=Task.State.DONE)), owner),
        "late": _one(tasks, Count("pk", filter=Q(state=Task.State.OPEN, due_on__lt=today)), owner),
        "measures": _one(measures, Count("pk")),
        "delivered": _one(measures, Count("pk", filter=arrived)),
        "confirmed": _one(measures, Count("pk", filter=Q(state=Measure.State.CONFIRMED))),
        "paid": _one(deliveries, Sum("amount")),
        "unsafe": Exists(housing.newest_records().filter(housing.UNSAFE)),
        "lives": Subquery(tenancies.values("state")[:1]),
        "tenancy": Subquery(tenancies.values("pk")[:1]),
    }


def assistance_card(household: Household, year: int, user: Any, found: Mapping[str, Any]) -> Iterable[Card]:
    names = ("tasks", "done", "late", "measures", "delivered", "confirmed")
    all_tasks, done, late, all_measures, delivered, confirmed = (found[name] or 0 for name in names)
    state, paid, unsafe, lives, tenancy = (found[name] for name in ("state", "paid", "unsafe", "lives", "tenancy"))
    plan = str(Plan.State(state).label) if state else _("还没有")
    draft = ""
    if not state and year == timezone.localdate().year and not household.is_closed and user.can(Permission.PLAN_EDIT):
        plan, draft = _("制定计划"), reverse("plans:plan_draft", args=[household.pk])
    lines = [(_("%(year)s 年度计划") % {"year": year}, plan, draft)]
    if all_tasks:
        told = _("完成 %(done)s / %(all)s") % {"done": done, "all": all_tasks}
        if late:
            told += _("，") + ngettext("逾期 %(count)s 项", "逾期 %(count)s 项", late) % {"count": late}
        lines.append((_("任务"), told, ""))
    lines.append(
        (
            _("帮扶措施"),
            _("%(all)s 项，已落实 %(delivered)s 项，农户确认 %(confirmed)s 项")
            % {"all": all_measures, "delivered": delivered, "confirmed": confirmed}
            if all_measures
            else _("还没有"),
            "",
        )
    )
    if paid:
        lines.append((_("已发放"), _("%(amount)s 元") % {"amount": money(paid)}, ""))
    if tenancy:
        word = str(Tenancy.State(lives).label)
        lines.append((_("闲置房"), word, reverse("assistance:tenancy_detail", args=[tenancy])))
    elif unsafe and not household.is_closed and user.can(Permission.HOUSE_EDIT):
        url = reverse("assistance:household_houses", args=[household.pk])
        lines.append((_("住房不安全"), _("找一处闲置房"), url))
    return [Card("assistance", _("计划与措施"), lines)]
