"""帮扶措施: the list, one measure, proposing and deciding, many at once, and the tab on the ledger."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import allowed, require_somewhere
from assistance import forms, values
from assistance.filters import MeasureFilter
from assistance.listing import Row, lines_of, with_row_facts, years_of
from assistance.models import LIVE, AssistanceEvidence, Delivery, Measure
from assistance.services import measures as verbs
from assistance.services.deliveries import DELIVERABLE
from assistance.shares import added, in_words
from assistance.views.base import OFFICE, history_of, household_or_404, measure_or_404
from catalogue.codelists import COLUMN, Whose
from catalogue.eligibility import facts_of
from catalogue.models import MeasureKind
from common import bulk, pages
from common.readonly import read_on_get, reads_only
from households import selection
from households.answering import INVALID, attempt, form_status, posted
from households.models import Household
from households.services import LedgerError
from plans.models import Plan, Task

MEASURES = selection.Kind(
    Measure, MeasureFilter, ("household__village", "household__township", "kind", "member"),
    nothing=gettext_lazy("还没有选择措施。请在列表中勾选后再操作。"),
    too_many=gettext_lazy("一次最多选择 %(most)s 项，请加上筛选条件，分几次做。"),
)  # fmt: skip
FIRST = ("region", "state", "year")
HIDDEN = ("household", "member")
SHOWN = 20
SHOWN_ON_TAB = 200
State = Measure.State


def _url() -> str:
    return reverse("assistance:measure_list")


# -- the list ---------------------------------------------------------------------------------------------------------------------


@reads_only
def measure_list(request: HttpRequest) -> HttpResponse:
    """All measures one sees, under filters."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = MeasureFilter(request.GET, Measure.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        query = pages.query_of(filterset)
        more = [name for name in filterset.filters if name not in (*FIRST, *HIDDEN)]
        return {
            "rows": [Row(row) for row in page.rows],
            "first": [filterset.form[name] for name in FIRST[1:]],
            "more": [filterset.form[name] for name in more],
            "more_open": any(name in query for name in more),
            "kept": {name: query[name] for name in HIDDEN if name in query},
            "actions": bulk.actions_for("assistance.Measure", request.user),
            "may_deliver": request.user.can(Permission.DELIVERY_RECORD),  # type: ignore[union-attr]
            "may_confirm": request.user.can(Permission.DELIVERY_CONFIRM),  # type: ignore[union-attr]
            "choose_all": page.count.value <= selection.MOST and bool(page.previous or page.next),
        }

    return pages.list_page(
        request, template="assistance/measure_list.html", url=_url(), filterset=filterset, rows=with_row_facts, context=context,
        counted=counted,
    )  # fmt: skip


def counted(count: pages.Count) -> str:
    """「共 12 项」, 「一万项以上」."""
    if count.capped:
        return _("一万项以上")
    return _("共 %(count)s 项") % {"count": f"{count.value:,}"}


# -- one measure ------------------------------------------------------------------------------------------------------------------


@reads_only
def measure_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, measure_or_404(request, pk))


def _detail(
    request: HttpRequest, measure: Measure, problem: str = "", note: str = "", status: int = 200
) -> HttpResponse:
    user, household, kind = request.user, measure.household, measure.kind
    deliveries = list(
        Delivery.objects.for_user(user)
        .filter(measure=measure)
        .select_related("confirmation__evidence", "kind", "member")
        .order_by("-pk")
    )
    lines = lines_of(deliveries)
    standing = [line for line in lines if line.stands]
    total = sum(line.delivery.amount for line in standing)
    photos = list(
        AssistanceEvidence.objects.for_user(user)
        .filter(delivery__in=deliveries, removed_at=None, confirmations=None)
        .order_by("pk")
    )
    may = (
        {name: allowed(user, permission, measure) for name, permission in _ACTS.items()}
        if not household.is_closed
        else {}
    )
    decides = may.get("approve", False) and not verbs.why_not_mine(measure, user)
    verdict = (
        verbs.verdict_of(kind, household, measure.member, measure.year) if measure.state == State.PROPOSED else None
    )
    context = {
        "measure": measure, "household": household, "row": Row(measure), "desk": OFFICE, "facts": values.in_words(kind, measure.values), "lines": lines,
        "total": total, "over": bool(measure.amount and total > measure.amount), "sources": in_words(added(line.shares for line in standing)),
        "denied": [line for line in standing if line.word and not line.word.received], "photos": photos,
        "eligibility": _eligibility(kind, household, measure.member, verdict) if verdict else None,
        "decides": decides, "problem": problem, "note": note, "most": verbs.NOTE_LENGTH,
        "why_not": verbs.why_not_mine(measure, user) if measure.state == State.PROPOSED and may.get("approve") else "",
        "may_change": may.get("edit") and measure.state == State.PROPOSED,
        "may_withdraw": may.get("edit") and measure.state in (State.PROPOSED, State.APPROVED),
        "may_deliver": may.get("deliver") and measure.state in DELIVERABLE,
        "may_reverse": may.get("deliver") or allowed(user, Permission.DELIVERY_RECORD, measure),
        "may_confirm": may.get("confirm"),
        "may_tell": may.get("edit") and measure.state in (State.DELIVERED, State.CONFIRMED),
        "history": history_of(measure, *deliveries), "column": COLUMN.label(kind.column),
        "trail": [(_("帮扶措施"), _url()), (str(household), household.get_absolute_url()), (kind.title, "")],
    }  # fmt: skip
    return render(request, "assistance/measure_detail.html", context, status=status)


_ACTS = {
    "edit": Permission.MEASURE_EDIT, "approve": Permission.MEASURE_APPROVE, "deliver": Permission.DELIVERY_RECORD,
    "confirm": Permission.DELIVERY_CONFIRM,
}  # fmt: skip


def _eligibility(kind: MeasureKind, household: Household, member: Any, verdict: Any) -> dict[str, str]:
    """What the catalogue says now: a sentence and its tone."""
    if verdict.may is False:
        return {"tone": "err", "say": verbs.why_not_eligible(kind, member, household, verdict)}
    if verdict.may is None:
        return {"tone": "warn", "say": verbs.unknown_of(verdict) or _("按台账还不能判断是否符合享受条件。")}
    say = _("按台账符合享受条件（%(say)s）。") % {"say": kind.eligible_say.rstrip("。")} if kind.eligible_say else ""
    return {"tone": "ok", "say": say or _("这项措施没有限定享受条件。")}


@require_POST
def measure_approve(request: HttpRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, verbs.approve_measure, gettext_lazy("已批准：%(who)s的“%(kind)s”。"))


@require_POST
def measure_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, verbs.refuse_measure, gettext_lazy("已退回，未批准：%(who)s的“%(kind)s”。"))


def _decide(request: HttpRequest, pk: int, verb: Any, said: Any) -> HttpResponse:
    measure = measure_or_404(request, pk, Permission.MEASURE_APPROVE)
    note, version = request.POST.get("note", ""), request.POST.get("version", "")
    seen = int(version) if version.isdecimal() and len(version) < 10 else None
    try:
        verb(measure=measure, by=request.user, note=note, version=seen)
    except ValidationError as error:
        return _detail(request, measure_or_404(request, pk), error.messages[0], note, INVALID)
    except LedgerError as error:
        return _detail(request, measure_or_404(request, pk), str(error), note, INVALID)
    messages.success(request, said % {"who": measure.household, "kind": measure.kind.title})
    return redirect("assistance:measure_detail", pk)


@require_POST
def measure_approve_bulk(request: HttpRequest) -> HttpResponse:
    """批量批准: first what was chosen, then the deed and what is left with its reasons."""
    require_somewhere(request.user, Permission.MEASURE_APPROVE)
    query = selection.list_query(request, MEASURES)
    back = pages.address(_url(), query)
    try:
        chosen = selection.read(request, Permission.MEASURE_APPROVE, MEASURES)
        if not chosen.pks:
            raise LedgerError(_("所选措施不在您能审批的范围内。"))
        rows = chosen.rows(request.user, Permission.MEASURE_APPROVE)
        outcome = None
        if "confirmed" in request.POST:
            outcome = verbs.approve_many(measures=rows, by=request.user, note=request.POST.get("note", ""))
    except (LedgerError, ValidationError) as error:
        messages.error(request, error.messages[0] if isinstance(error, ValidationError) else str(error))
        return redirect(back)
    if outcome is not None and not outcome.left:
        messages.success(request, _("已批准 %(count)s 项措施。") % {"count": len(outcome.done)})
        return redirect(back)
    why = [(row, verbs.why_not_mine(row, request.user)) for row in rows]
    context = {
        "chosen": chosen, "query": query, "cancel_url": back, "verb": _("批准"), "outcome": outcome,
        "free": [row for row, reason in why if not reason][:SHOWN], "count": sum(not reason for _row, reason in why),
        "skipped": [pair for pair in why if pair[1]][: SHOWN * 5], "left": outcome.left[: SHOWN * 5] if outcome else [],
        "most": verbs.NOTE_LENGTH,
    }  # fmt: skip
    return render(request, "assistance/measure_approve_bulk.html", context)


# -- proposing --------------------------------------------------------------------------------------------------------------------


@read_on_get
def measure_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """提出措施 for a household: which kind, for whom, then its facts. `?kind=` a code, `?member=`, `?task=` and `?year=`."""
    household = household_or_404(request, pk, Permission.MEASURE_EDIT)
    back = household.get_absolute_url()
    year = _year(request.GET.get("year", ""))
    kinds = MeasureKind.objects.in_force(timezone.localdate())
    kind = kinds.filter(code=request.GET.get("kind", "")).first()
    trail = [
        (str(household), back),
        (_("帮扶措施"), reverse("assistance:household_measures", args=[pk])),
        (_("提出措施"), ""),
    ]
    context: dict[str, Any] = {"household": household, "trail": trail, "year": year, "back": back, "kind": kind}
    facts = facts_of([household], year, today=timezone.localdate())[household.pk]
    if kind is None:
        return render(
            request,
            "assistance/measure_kinds.html",
            context | {"columns": _kinds(request.user, household, facts, kinds, year)},
        )
    member = next((m for m in facts.members if str(m.pk) == request.GET.get("member")), None)
    if kind.whose == Whose.MEMBER and member is None:
        people = [
            (v.member, _eligibility(kind, household, v.member, v), _here(kind, year, v.member, _number(request.GET.get("task", ""))))
            for v in facts.verdicts(kind)
        ]  # fmt: skip
        return render(request, "assistance/measure_members.html", context | {"people": people})
    member = member if kind.whose == Whose.MEMBER else None
    task = (
        Task.objects.for_user(request.user, Permission.MEASURE_EDIT)
        .filter(pk=_number(request.GET.get("task", "")))
        .first()
    )
    form = forms.MeasureForm(posted(request), kind=kind)
    if form.is_bound and form.is_valid():
        row = attempt(form, lambda: verbs.propose_measure(
            household=household, kind=kind, year=year, member=member, task=task, by=request.user, **form.facts()))  # fmt: skip
        if row is not None:
            messages.success(request, _("已提出“%(kind)s”，等待审批。") % {"kind": kind.title})
            return redirect("assistance:measure_detail", row.pk)
    verdict = verbs.verdict_of(kind, household, member, year, facts)
    context |= {
        "form": form, "member": member, "eligibility": _eligibility(kind, household, member, verdict), "task": task,
        "title": _("提出措施：%(kind)s") % {"kind": kind.title}, "verb": _("提出，报审批"),
        "back": reverse("assistance:household_measures", args=[pk]),
    }  # fmt: skip
    return render(request, "assistance/measure_form.html", context, status=form_status(form))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _year(text: str) -> int:
    this = timezone.localdate().year
    year = _number(text)
    return year if verbs.EARLIEST <= year <= this + 1 else this


def _here(kind: MeasureKind, year: int, member: Any = None, task: int = 0) -> str:
    query = (
        {"kind": kind.code, "year": str(year)}
        | ({"member": str(member.pk)} if member else {})
        | ({"task": str(task)} if task else {})
    )
    return pages.address("", query)


def _kinds(
    user: Any, household: Household, facts: Any, kinds: Any, year: int
) -> list[tuple[str, list[dict[str, Any]]]]:
    """The kinds in force by column, each with what the catalogue says of this household and what it has of it already."""
    have = set(
        Measure.objects.for_user(user)
        .filter(household=household, year=year, state__in=LIVE)
        .order_by()
        .values_list("kind_id", flat=True)
    )
    columns: dict[str, list[dict[str, Any]]] = {}
    for kind in kinds:
        says = [verdict.may for verdict in facts.verdicts(kind)]
        may = True if True in says else None if None in says else False
        columns.setdefault(kind.column, []).append(
            {"kind": kind, "may": may, "has": kind.pk in have, "url": _here(kind, year)}
        )
    rank = {True: 0, None: 1, False: 2}
    return [
        (COLUMN.label(code.code), sorted(columns[code.code], key=lambda each: rank[each["may"]]))
        for code in COLUMN.codes
        if code.code in columns
    ]


@read_on_get
def measure_change(request: HttpRequest, pk: int) -> HttpResponse:
    measure = measure_or_404(request, pk, Permission.MEASURE_EDIT)
    back = reverse("assistance:measure_detail", args=[pk])
    if measure.state != State.PROPOSED:
        messages.error(request, _("这项措施已经审批，不能再改。要改请撤回后重新提出。"))
        return redirect(back)
    form = forms.MeasureForm(posted(request), kind=measure.kind, initial=forms.MeasureForm.initial_of(measure))
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: verbs.change_measure(
            measure=measure, by=request.user, version=form.cleaned_data["version"], **form.facts()))  # fmt: skip
        if done is not None:
            messages.success(request, _("已保存。"))
            return redirect(back)
    verdict = verbs.verdict_of(measure.kind, measure.household, measure.member, measure.year)
    context = {
        "form": form, "household": measure.household, "member": measure.member, "year": measure.year, "kind": measure.kind, "back": back,
        "eligibility": _eligibility(measure.kind, measure.household, measure.member, verdict), "title": _("修改措施"), "verb": _("保存"),
        "trail": [(_("帮扶措施"), _url()), (measure.kind.title, back), (_("修改"), "")],
    }  # fmt: skip
    return render(request, "assistance/measure_form.html", context, status=form_status(form))


@read_on_get
def measure_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    measure = measure_or_404(request, pk, Permission.MEASURE_EDIT)
    return _confirmed(
        request, measure, forms.WithdrawForm, _("撤回这项措施？"), _("撤回"),
        lambda data: verbs.withdraw_measure(measure=measure, by=request.user, **data), _("已撤回。"), danger=True,
    )  # fmt: skip


@read_on_get
def measure_effect(request: HttpRequest, pk: int) -> HttpResponse:
    measure = measure_or_404(request, pk, Permission.MEASURE_EDIT)
    first = {"text": measure.effect, "on": measure.effect_on or timezone.localdate()}
    return _confirmed(
        request, measure, forms.EffectForm, _("登记成效"), _("保存"),
        lambda data: verbs.record_effect(measure=measure, by=request.user, **data), _("已登记成效。"), first=first,
    )  # fmt: skip


def _confirmed(request: HttpRequest, measure: Measure, form_class: Any, heading: str, verb: str, act: Any, said: str, *,
               danger: bool = False, first: dict[str, Any] | None = None) -> HttpResponse:  # fmt: skip
    """A small form about one measure."""
    back = reverse("assistance:measure_detail", args=[measure.pk])
    form = form_class(posted(request), initial={"version": measure.version} | (first or {}))
    if form.is_bound and form.is_valid() and attempt(form, lambda: act(form.cleaned_data)) is not None:
        messages.success(request, said)
        return redirect(back)
    context = {
        "form": form, "measure": measure, "heading": heading, "verb": verb, "cancel_url": back, "danger": danger, "row": Row(measure),
    }  # fmt: skip
    return render(request, "assistance/measure_act.html", context, status=form_status(form))


@read_on_get
def measure_from_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The tasks of an approved plan that name a kind, to be proposed in one act."""
    plan = get_object_or_404(
        Plan.objects.for_user(request.user).select_related("household__village", "household__township"), pk=pk
    )
    household = household_or_404(request, plan.household_id, Permission.MEASURE_EDIT)
    tasks = list(
        Task.objects.for_user(request.user)
        .filter(goal__plan=plan, kind__isnull=False).exclude(state=Task.State.DROPPED).select_related("kind", "member", "goal")
        .order_by("goal__place", "goal", "place", "pk")
    )  # fmt: skip
    live = Measure.objects.for_user(request.user).filter(household=household, year=plan.year, state__in=LIVE).order_by()
    have = set(live.values_list("kind_id", "member_id"))
    open_ones = [task for task in tasks if (task.kind_id, task.member_id) not in have]
    back = reverse("assistance:household_measures", args=[household.pk])
    left: list[Any] = []
    if request.method == "POST":
        ticked = set(request.POST.getlist("task"))
        chosen = [task for task in open_ones if str(task.pk) in ticked]
        if chosen:
            outcome = verbs.propose_many(tasks=chosen, by=request.user)
            if outcome.done:
                messages.success(request, _("已提出 %(count)s 项措施，等待审批。") % {"count": len(outcome.done)})
            if not outcome.left:
                return redirect(back)
            left = outcome.left
            done = {row.task_id for row in outcome.done}
            open_ones = [task for task in open_ones if task.pk not in done]
        else:
            messages.error(request, _("还没有选择任务，请先勾选。"))
    context = {
        "plan": plan, "household": household, "tasks": open_ones, "had": len(tasks) - len(open_ones), "back": back, "left": left,
        "ready": plan.state in verbs.PLANNED,
        "trail": [(str(household), household.get_absolute_url()), (_("帮扶措施"), back), (_("按计划提出"), "")],
    }  # fmt: skip
    return render(request, "assistance/measure_from_plan.html", context, status=INVALID if left else 200)


# -- the tab ----------------------------------------------------------------------------------------------------------------------


@reads_only
def household_measures(request: HttpRequest, pk: int) -> HttpResponse:
    """The measures of one household by year, with what was delivered and by whose money: a page, and the tab on its ledger."""
    household = household_or_404(request, pk)
    measures = list(
        with_row_facts(Measure.objects.for_user(request.user).filter(household=household)).order_by("-year", "-pk")[
            :SHOWN_ON_TAB
        ]
    )
    deliveries = list(
        Delivery.objects.for_user(request.user)
        .filter(measure__in=measures)
        .select_related("confirmation", "kind", "member")
        .order_by("-pk")
    )
    may = not household.is_closed and request.user.can(Permission.MEASURE_EDIT)  # type: ignore[union-attr]
    context = {
        "household": household, "years": years_of(measures, deliveries), "may_propose": may,
        "trail": [(str(household), household.get_absolute_url()), (_("帮扶措施"), "")],
    }  # fmt: skip
    return render(request, "assistance/household_measures.html" + "#measures" * pages.is_fragment(request), context)
