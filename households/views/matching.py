"""结对方案 on screen: asked for, computed, looked at row by row, applied or discarded. Nothing is written before the button on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.names import names_of
from accounts.places import RegionChoices
from accounts.roles import Permission
from accounts.scoping import require_somewhere
from cadres.models import Cadre, Unit, UnitVillage
from cadres.querysets import in_force
from common import jobs, pages
from common.readonly import read_on_get, reads_only
from households import proposed
from households.answering import attempt, form_status, posted
from households.filters import MatchingRowFilter
from households.listing import counted
from households.models import MatchingRow, MatchingRun, PairingRule
from households.models.matching import WEIGHTS
from households.services import (
    LedgerError,
    apply_matching,
    discard_matching,
    propose_matching,
    retry_matching,
    start_applying,
)
from households.services.matching import AT_ONCE, scope_name
from households.views.coverage import crumbs

REGION, UNIT, LEAVING = "region:", "unit:", "leaving:"
MOST_UNITS = 300
State, Outcome = MatchingRun.State, MatchingRow.Outcome
TONES = {
    State.COMPUTING: "blue",
    State.PROPOSED: "amber",
    State.APPLIED: "green",
    State.DISCARDED: "grey",
    State.FAILED: "red",
}
FIGURES = (Outcome.NEW, Outcome.MOVE, Outcome.NONE, Outcome.KEEP)


def _trail(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    return crumbs((_("结对方案"), reverse("households:matching_list")), *more)


class AskForm(forms.Form):
    """`scope` is "region:3", "unit:5" (the villages that a unit of the own area answers for), or "leaving:7", which only the page of a hand-over
    asks."""

    scope = forms.ChoiceField(
        label=gettext_lazy("给谁安排"), error_messages={"invalid_choice": gettext_lazy("这里不在您能安排结对的范围内，请重新选择。")}
    )  # fmt: skip
    anew = forms.BooleanField(
        label=gettext_lazy("重新分配"), required=False,
        help_text=gettext_lazy("不勾选：现任合适的一律不动，只安排没有人帮的和必须换人的。勾选：全部重新考虑，现任只是其中一个因素。"),
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = RegionChoices(user, "", Permission.PAIRING_EDIT)
        rows = [*regions.tops, *(row for row in regions.rows if row not in regions.tops)]
        villages = UnitVillage.objects.for_user(user, Permission.PAIRING_EDIT).filter(in_force())
        units = Unit.objects.for_user(user).filter(pk__in=villages.values("unit")).select_related("region")
        self.scopes: dict[str, dict[str, Any]] = {f"region:{row.pk}": {"region": row} for row in rows}
        self.scopes |= {f"unit:{unit.pk}": {"unit": unit} for unit in units.order_by("name", "pk")[:MOST_UNITS]}
        self._leaving(user, self.data.get("scope", ""))
        groups = {REGION: _("一个地区的农户"), UNIT: _("一个单位包的村"), LEAVING: _("离岗干部")}
        self.fields["scope"].choices = [  # type: ignore[attr-defined]
            (title, [(key, str(next(iter(what.values())))) for key, what in self.scopes.items() if key.startswith(kind)])
            for kind, title in groups.items() if any(key.startswith(kind) for key in self.scopes)
        ]  # fmt: skip

    def _leaving(self, user: Any, asked: str) -> None:
        kind, _colon, key = asked.partition(":")
        if f"{kind}:" == LEAVING and key.isdecimal() and len(key) < 19:
            cadre = Cadre.objects.for_user(user).select_related("unit__region").filter(pk=int(key)).first()
            if cadre is not None:
                self.scopes[asked] = {"leaving": cadre}

    def question(self) -> dict[str, Any]:
        """What the verb is asked."""
        return self.scopes[self.cleaned_data["scope"]] | {"anew": self.cleaned_data["anew"]}


@reads_only
def matching_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.PAIRING_EDIT)
    found = MatchingRun.objects.for_user(request.user)
    page = pages.keyset_page(
        found, request.GET.get(pages.CURSOR, ""), rows=lambda rows: rows.select_related("region", "unit__region", "leaving__unit")
    )  # fmt: skip
    url = reverse("households:matching_list")
    people = names_of(run.asked_by for run in page.rows)
    context = {
        "rows": [(run, scope_name(run), TONES[State(run.state)], people.get(run.asked_by, run.asked_by)) for run in page.rows], "trail": _trail()[:-1] + [(_("结对方案"), "")],
        "previous_url": pages.address(url, {pages.CURSOR: page.previous}) if page.previous else "",
        "next_url": pages.address(url, {pages.CURSOR: page.next}) if page.next else "",
    }  # fmt: skip
    return render(request, "households/matching_list.html", context)


@read_on_get
def matching_new(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.PAIRING_EDIT)
    form = AskForm(posted(request), user=request.user)
    if form.is_bound and form.is_valid():
        question = form.question()
        run = attempt(form, lambda: propose_matching(by=request.user, **question))
        if run is not None:
            return redirect("households:matching_detail", run.pk)
    context = {"form": form, "trail": _trail((_("新的方案"), "")), "back": reverse("households:matching_list")}
    return render(request, "households/matching_new.html", context, status=form_status(form))


def _run(request: HttpRequest, pk: int) -> MatchingRun:
    require_somewhere(request.user, Permission.PAIRING_EDIT)
    rows = MatchingRun.objects.for_user(request.user).select_related(
        "region", "unit__region", "leaving__unit__region", "job"
    )
    run: MatchingRun = get_object_or_404(rows, pk=pk)
    return run


def _busy(run: MatchingRun) -> bool:
    """Being computed, or being applied by a job."""
    return run.state == State.COMPUTING or bool(run.state == State.PROPOSED and run.job and run.job.is_open)


@reads_only
def matching_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Its progress; then what it would change, each figure with its rows, and the two buttons."""
    run = _run(request, pk)
    listed = reverse("households:matching_rows", args=[pk])
    kept = run.state != State.DISCARDED  # rows of a discarded one are gone
    people = names_of([run.asked_by, run.decided_by])
    made = run.hand_overs.first() if run.state == State.APPLIED and run.leaving_id else None
    context = {
        "run": run, "scope": scope_name(run), "tone": TONES[State(run.state)], "busy": _busy(run),
        "mine": bool(run.job and run.job.owner == request.user.username), "made": made,
        "kpis": [
            {"label": outcome.label, "value": f"{run.figures.get(outcome.value, 0):,}", "unit": _("户"),
             "url": pages.address(listed, {"of": outcome.value}) if kept else ""}
            for outcome in FIGURES
        ] if run.figures else [],
        "changes": run.figures.get("new", 0) + run.figures.get("move", 0), "trail": _trail((scope_name(run), "")),
        "weights": [(PairingRule._meta.get_field(name).verbose_name, run.weights.get(name)) for name in (*WEIGHTS, "near_km")],
        "asked_by": people.get(run.asked_by, run.asked_by),
        "decided_by": people.get(run.decided_by, run.decided_by),
    }  # fmt: skip
    return render(request, "households/matching_detail.html", context)


@reads_only
def matching_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part alone; when the work is over the whole page is asked for."""
    run = _run(request, pk)
    if not _busy(run):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "households/matching_detail.html#progress", {"run": run})


@reads_only
def matching_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """The households of a proposal, each with its sentence."""
    run = _run(request, pk)
    filterset = MatchingRowFilter(
        request.GET, MatchingRow.objects.for_user(request.user).filter(run=run), request=request
    )

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "run": run, "scope": scope_name(run), "fields": [filterset.form["of"], filterset.form["name"]],
            "rows": [(row, proposed.sentence(row)) for row in page.rows],
            "trail": _trail((scope_name(run), reverse("households:matching_detail", args=[pk])), (_("名单"), "")),
        }  # fmt: skip

    return pages.list_page(
        request, template="households/matching_rows.html", url=reverse("households:matching_rows", args=[pk]), filterset=filterset,
        rows=lambda found: found.select_related("household__village__parent", "now__unit", "proposed__unit"), context=context, counted=counted,
    )  # fmt: skip


# -- buttons ------------------------------------------------------------------------------------------------------------------------


def _act(request: HttpRequest, pk: int, act: Callable[[MatchingRun], Any], said: str) -> HttpResponse:
    run = _run(request, pk)
    try:
        act(run)
    except (LedgerError, jobs.JobError) as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, said)
    return redirect("households:matching_detail", pk)


@require_POST
def matching_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """At once, or by a job where many households change."""
    run = _run(request, pk)
    if run.figures.get("new", 0) + run.figures.get("move", 0) > AT_ONCE:
        return _act(request, pk, lambda run: start_applying(run=run, by=request.user), _("正在执行，可以离开这一页。"))
    return _act(request, pk, lambda run: apply_matching(run=run, by=request.user), _("已按方案安排帮扶责任人。"))


@require_POST
def matching_discard(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(
        request, pk, lambda run: discard_matching(run=run, by=request.user), _("方案已放弃，帮扶责任人没有改动。")
    )


@require_POST
def matching_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    def cancel(run: MatchingRun) -> None:
        if run.job is None:
            raise LedgerError(_("这项任务已经结束，不能再取消。"))
        jobs.cancel_job(job=run.job, by=request.user)

    return _act(request, pk, cancel, _("已要求停止，做完手头的一步就停。"))


@require_POST
def matching_retry(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, lambda run: retry_matching(run=run, by=request.user), _("正在重新计算。"))
