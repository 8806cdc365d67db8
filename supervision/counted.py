"""The items an appraisal ships with. Each counts what the floors below recorded, and nothing an office could fill in for itself.

A cadre answers for a household only while paired with it, and for a village only while in its team.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Least
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.models import Delivery, ServiceRequest
from common import dates
from plans.models import Task
from supervision.items import DONE, DUE, Item, Scope, Source, Told, register
from surveys.models import Difference, VerificationTask
from visits.models import Capacity, VisitDuty

ONE = Value(1, IntegerField())
HELPING = ("one_to_one", "many_to_one")  # a pairing for one request answers for that request, not for the household
CARRIED_OUT = ("in_progress", "reviewed", "closed")
PAIRED = "household__pairings__"
TEAM = "village__resident_teams__members__"
PLACE = ("household__village", "household__township")


def when(*conditions: Any, **more: Any) -> Case:
    """1 where the condition holds, else 0."""
    return Case(When(Q(*conditions, **more), then=ONE), default=Value(0), output_field=IntegerField())


def whose(row: Any) -> str:
    """王建国户 · 石门乡青石村"""
    h = row.household
    return f"{h} · {h.township.name}{h.village.name}"


# -- visits and calls -------------------------------------------------------------------------------------------------------------------
# A duty counts in the round in which its own period ends: whole, and once.

VISIT_PARTS = {DUE: F("needed"), DONE: Least(F("made"), F("needed"))}


def _ended(scope: Scope) -> Q:
    return Q(ends_on__gt=scope.period.starts_on, ends_on__lte=scope.period.ends_on)


def _own_duties(manner: str) -> Any:
    def rows(scope: Scope) -> QuerySet[Any]:
        return VisitDuty._base_manager.filter(
            _ended(scope), rule__manner=manner, cadre__isnull=False, **scope.of("cadre_id")
        )

    return rows


def _team_duties(manner: str) -> Any:
    """What was asked of the team (or its first secretary) of a village: of everybody who was in it on the last day of the duty's period."""

    def rows(scope: Scope) -> QuerySet[Any]:
        stays = Q(**{f"{TEAM}ends_on": None}) | Q(**{f"{TEAM}ends_on__gte": F("ends_on")})
        capacity = Q(rule__capacity=Capacity.TEAM) | Q(
            rule__capacity=Capacity.FIRST_SECRETARY, **{f"{TEAM}is_first_secretary": True}
        )
        joined = {f"{TEAM}starts_on__lt": F("ends_on"), **scope.of(f"{TEAM}cadre_id")}
        return VisitDuty._base_manager.filter(_ended(scope), stays, capacity, rule__manner=manner, cadre=None, **joined)

    return rows


def _tell_duty(row: VisitDuty) -> Told:
    words = _("应 %(needed)s 次，已 %(made)s 次") % {"needed": row.needed, "made": row.made}
    period = _("%(first)s 起的一期") % {"first": dates.written(row.starts_on)}
    shared = "" if row.cadre_id else " · " + _("驻村工作队共同完成")
    return Told(whose(row), f"{words} · {period}{shared}", row.household.get_absolute_url())


def _visits(manner: str) -> tuple[Source, ...]:
    return (
        Source(VisitDuty, _own_duties(manner), "cadre_id", "village_id", VISIT_PARTS, PLACE, _tell_duty),
        Source(VisitDuty, _team_duties(manner), f"{TEAM}cadre_id", "village_id", VISIT_PARTS, PLACE, _tell_duty),
    )


# -- tasks of plans ---------------------------------------------------------------------------------------------------------------------


def _tasks(scope: Scope) -> QuerySet[Any]:
    return Task._base_manager.filter(
        due_on__gte=scope.period.starts_on, due_on__lt=scope.period.ends_on, goal__plan__state__in=CARRIED_OUT,
        owner__cadre__isnull=False, **scope.of("owner__cadre__id"),
    ).exclude(state=Task.State.DROPPED)  # fmt: skip


def _tell_task(row: Task) -> Told:
    plan = row.goal.plan
    done = _("%(day)s完成") % {"day": dates.written(row.done_on)} if row.done_on else row.get_state_display()
    due = _("期限 %(day)s") % {"day": dates.written(row.due_on)} if row.due_on else ""
    return Told(f"{row.text} · {plan.household}", f"{due} · {done}", reverse("plans:plan_detail", args=[plan.pk]))


# -- measures ---------------------------------------------------------------------------------------------------------------------------


def _deliveries(scope: Scope) -> QuerySet[Any]:
    """What reached a household on a day on which the cadre was its helper, and stands."""
    still = Q(**{f"{PAIRED}ends_on": None}) | Q(**{f"{PAIRED}ends_on__gt": F("on")})
    joined = {
        f"{PAIRED}starts_on__lte": F("on"), f"{PAIRED}mode__in": HELPING, f"{PAIRED}cadre__isnull": False, **scope.of(f"{PAIRED}cadre_id"),
    }  # fmt: skip
    return Delivery._base_manager.filter(
        still,
        on__gte=scope.period.starts_on,
        on__lt=scope.period.ends_on,
        is_reversal=False,
        reversed_by=None,
        **joined,
    )


def tell_delivery(row: Delivery) -> Told:
    word = getattr(row, "confirmation", None)
    said = _("待农户确认") if word is None else _("农户已确认") if word.received else _("农户说未收到")
    meta = f"{row.kind.title} · {dates.written(row.on)} · {said}"
    return Told(whose(row), meta, reverse("assistance:measure_detail", args=[row.measure_id]))


# -- requests ---------------------------------------------------------------------------------------------------------------------------

IN_TIME = Q(answered_at__date__lte=F("due_on"))


def _requests(scope: Scope) -> QuerySet[Any]:
    return ServiceRequest._base_manager.filter(
        due_on__gte=scope.period.starts_on, due_on__lt=scope.period.ends_on, taker__cadre__isnull=False, **scope.of("taker__cadre__id")
    ).exclude(state=ServiceRequest.State.WITHDRAWN)  # fmt: skip


def _tell_request(row: ServiceRequest) -> Told:
    due = _("期限 %(day)s") % {"day": dates.written(row.due_on)} if row.due_on else ""
    return Told(
        f"{row.text} · {row.household}",
        f"{due} · {row.get_state_display()}",
        reverse("assistance:request_detail", args=[row.pk]),
    )


# -- surveys ----------------------------------------------------------------------------------------------------------------------------


def _looks(scope: Scope) -> QuerySet[Any]:
    """Second looks that ended in the period at surveys that the cadre filled in."""
    return VerificationTask._base_manager.filter(
        done_at__date__gte=scope.period.starts_on, done_at__date__lt=scope.period.ends_on, state=VerificationTask.State.DONE,
        first__surveyor__cadre__isnull=False, **scope.of("first__surveyor__cadre__id"),
    )  # fmt: skip


NOT_UPHELD = Exists(Difference._base_manager.filter(task=OuterRef("pk")).exclude(verdict="first"))


def _tell_look(row: VerificationTask) -> Told:
    meta = _("%(year)s年调查 · %(day)s复核") % {
        "year": row.year,
        "day": dates.written(row.done_at) if row.done_at else "",
    }
    return Told(whose(row), meta, reverse("surveys:task_detail", args=[row.pk]))


def ship() -> None:
    """Register the items; called in `AppConfig.ready`."""
    register(
        Item(
            "visits", gettext_lazy("走访"),
            gettext_lazy("考评期内到期的走访任务：要求的次数和已走访的次数，超过要求的不多算。驻村工作队员按本村工作队的任务计，全队共同完成。"),
            {DUE: gettext_lazy("应走访（次）"), DONE: gettext_lazy("已走访（次）")}, _visits("visit"), 10,
        ),
        Item(
            "calls", gettext_lazy("电话联系"), gettext_lazy("考评期内到期的电话联系任务。电话不算走访。"),
            {DUE: gettext_lazy("应联系（次）"), DONE: gettext_lazy("已联系（次）")}, _visits("call"), 20,
        ),
        Item(
            "tasks", gettext_lazy("计划任务"), gettext_lazy("本人是责任人、期限在考评期内的帮扶计划任务；按期完成才算完成，已取消的不算。"),
            {DUE: gettext_lazy("到期任务"), DONE: gettext_lazy("按期完成")},
            (Source(
                Task, _tasks, "owner__cadre__id", "goal__plan__village_id",
                {DUE: ONE, DONE: when(state=Task.State.DONE, done_on__lte=F("due_on"))},
                ("goal__plan__household",), _tell_task,
            ),), 30,
        ),
        Item(
            "measures", gettext_lazy("措施落实"),
            gettext_lazy("结对期间落实到帮扶户、没有冲回的措施；农户自己确认收到才算完成，农户说未收到的单列。"),
            {DUE: gettext_lazy("已落实"), DONE: gettext_lazy("农户确认"), "denied": gettext_lazy("农户说未收到")},
            (Source(
                Delivery, _deliveries, f"{PAIRED}cadre_id", "village_id",
                {DUE: ONE, DONE: when(confirmation__received=True), "denied": when(confirmation__received=False)},
                (*PLACE, "kind", "confirmation"), tell_delivery,
            ),), 40,
        ),
        Item(
            "requests", gettext_lazy("服务诉求"),
            gettext_lazy("本人受理、答复期限在考评期内的诉求；按期答复并且农户满意才算完成，按期答复的单列。"),
            {DUE: gettext_lazy("应答复"), DONE: gettext_lazy("按期并满意"), "answered": gettext_lazy("按期答复")},
            (Source(
                ServiceRequest, _requests, "taker__cadre__id", "village_id",
                {DUE: ONE, DONE: when(IN_TIME, satisfied=True), "answered": when(IN_TIME)}, PLACE, _tell_request,
            ),), 50,
        ),
        Item(
            "surveys", gettext_lazy("调查质量"),
            gettext_lazy("本人填的入户调查，考评期内由别人复核过的；没有差异，或者差异都以初次调查为准，才算一致。"),
            {DUE: gettext_lazy("已复核"), DONE: gettext_lazy("复核一致")},
            (Source(
                VerificationTask, _looks, "first__surveyor__cadre__id", "household__village_id",
                {DUE: ONE, DONE: when(~NOT_UPHELD)}, PLACE, _tell_look,
            ),), 60,
        ),
    )  # fmt: skip
