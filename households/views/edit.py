"""Correcting a household: who it is, what is true in a year, its income; and registering, moving, closing it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common.readonly import read_on_get
from households import curtain, values
from households.answering import attempt, form_status
from households.forms import (
    TOPICS,
    CloseForm,
    HouseholdForm,
    IncomeForm,
    MoveForm,
    NewHouseholdForm,
    YearForm,
    today,
    year_form,
)
from households.models import Household, HouseholdYear
from households.services import (
    close_household,
    correct_household,
    correct_year,
    move_household,
    open_year,
    register_household,
    reopen_household,
    set_income,
    totals,
)
from households.views.base import FORM, done, household_or_404, page, refuse_closed, say, stale
from regions.models import Level
from regions.picker import picker_for, region_for


def editable(request: HttpRequest, pk: int, permission: Permission = Permission.HOUSEHOLD_EDIT) -> Household:
    """A household this user may change; 403 where it is closed, or the year of the address is hidden from them."""
    household = household_or_404(request, pk, permission)
    refuse_closed(household)
    match = request.resolver_match
    if match is not None and "year" in match.kwargs:
        curtain.require(request.user, household.pk, match.kwargs["year"])
    return household


def record_of(household: Household, year: int) -> tuple[HouseholdYear | None, HouseholdYear | None]:
    """The year's record and the newest one before it."""
    if not 2010 <= year <= max(timezone.localdate().year, household.latest_year):
        raise Http404
    rows = list(household.years.filter(year__lte=year).order_by("-year")[:2])
    now = next((r for r in rows if r.year == year), None)
    return now, next((r for r in rows if r.year < year), None)


@read_on_get
def household_edit(request: HttpRequest, pk: int) -> HttpResponse:
    household = editable(request, pk)
    form = HouseholdForm(request.POST or None, row=household, version=household.version)
    conflict = None
    if request.method == "POST" and form.is_valid():
        conflict = stale(form, household, lambda name: _now(household, name))
        if not conflict and attempt(
            form,
            lambda: correct_household(
                household=household,
                by=request.user,
                facts=form.facts(),
                version=form.cleaned_data["version"],
                note=form.cleaned_data["note"],
            ),
        ):
            return done(request, household)
    return page(
        request, FORM, household, _("修改户信息"), status=form_status(form, conflict), form=form, conflict=conflict
    )


def _now(row: Any, name: str) -> str:
    masked = f"{name}_masked"
    if hasattr(row, masked):
        return str(getattr(row, masked))
    return values.of(row, name) if row is not None and not name.startswith("drop_") else ""


@read_on_get
def year_edit(request: HttpRequest, pk: int, year: int, topic: str) -> HttpResponse:
    """One topic of an annual record; last year's value stands under each label."""
    household = editable(request, pk)
    if topic not in TOPICS:
        raise Http404
    row, last = record_of(household, year)
    form = year_form(topic, request.POST or None, row=row, last=last, version=household.version)
    conflict = None
    if request.method == "POST" and form.is_valid():
        conflict = stale(form, household, lambda name: _now(row, name) if row else "")
        if not conflict and attempt(
            form,
            lambda: correct_year(
                household=household, year=year, by=request.user, facts=form.facts(), version=form.cleaned_data["version"],
                note=form.cleaned_data["note"],
            ),
        ):  # fmt: skip
            return _done_in(request, household, year)
    title = _("%(topic)s（%(year)s年）") % {"topic": TOPICS[topic][0], "year": year}
    return page(
        request,
        FORM,
        household,
        title,
        status=form_status(form, conflict),
        form=form,
        conflict=conflict,
        back=_ledger_of(household, year),
    )


def _ledger_of(household: Household, year: int) -> str:
    newest = household.latest_year
    return household.get_absolute_url() + ("" if year == newest else f"?year={year}")


def _done_in(request: HttpRequest, household: Household, year: int) -> HttpResponse:
    say(request, household)
    household.refresh_from_db(fields=["latest_year"])
    return redirect(_ledger_of(household, year))


@read_on_get
def income_edit(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """Every item of a year's income on one page. `?total` answers the sums of what is typed and saves nothing."""
    household = editable(request, pk)
    row, last = record_of(household, year)
    now = _amounts(row)
    population = row.population if row else household.member_count
    form = IncomeForm(
        request.POST or None, now=now, last=_amounts(last), last_year=last.year if last else None, version=household.version
    )  # fmt: skip
    valid = request.method == "POST" and form.is_valid()
    if request.method == "POST" and "total" in request.GET:
        return render(
            request, "households/income_edit.html#total", {"sums": _sums(form, population), "population": population}
        )
    conflict = None
    if valid:
        conflict = stale(form, household, lambda name: values.money(now.get(name.replace("__", "."))))
        if not conflict and attempt(
            form,
            lambda: set_income(
                household=household, year=year, by=request.user, lines=form.lines(), version=form.cleaned_data["version"],
                note=form.cleaned_data["note"],
            ),
        ):  # fmt: skip
            answer = _done_in(request, household, year)
            for sentence in form.leaps():
                messages.warning(request, sentence)
            return answer
    return page(
        request, "households/income_edit.html", household, _("收入与支出（%(year)s年）") % {"year": year}, status=form_status(form, conflict),
        form=form, conflict=conflict, population=population, sums=_sums(form, population), back=_ledger_of(household, year), year=year,
    )  # fmt: skip


def _amounts(row: HouseholdYear | None) -> dict[str, Decimal]:
    return {line.item: Decimal(line.amount) for line in row.lines.all()} if row is not None else {}


def _sums(form: IncomeForm, population: int | None) -> dict[str, Decimal | None]:
    if form.is_bound:
        typed = {item: amount for item, amount in form.lines().items() if amount is not None}
    else:
        typed = form.now
    return totals(typed.items(), population)


@read_on_get
def year_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin an annual record, with what changes slowly copied from the newest one before it."""
    household = editable(request, pk)
    have = list(household.years.order_by("year").values_list("year", flat=True))
    form = YearForm(request.POST or None, have=have)
    if request.method == "POST" and form.is_valid():
        year = form.cleaned_data["year"]
        earlier = [y for y in have if y < year]
        copy = earlier[-1] if earlier and form.cleaned_data.get("copy") else None
        if attempt(form, lambda: open_year(household=household, year=year, by=request.user, copy_from=copy)):
            return _done_in(request, household, year)
    return page(request, FORM, household, _("开始新年度"), status=form_status(form), form=form, verb=_("开始"))


@read_on_get
def household_move(request: HttpRequest, pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.HOUSEHOLD_RESTRUCTURE)
    form = MoveForm(request.POST or None, version=household.version, initial={"on": today()})
    picker = _village_picker(request, form)
    if request.method == "POST" and form.is_valid():
        village = region_for(request.user, Permission.HOUSEHOLD_RESTRUCTURE, form.cleaned_data["village"])
        facts = form.cleaned_data
        if village is None:
            form.add_error("village", _("请选择您管辖范围内的村。"))
        elif attempt(
            form,
            lambda: move_household(
                household=household,
                by=request.user,
                village=village,
                on=facts["on"],
                hamlet=facts["hamlet"],
                version=facts["version"],
            ),
        ):
            return done(request, household)
    return page(
        request, "households/place.html", household, _("迁到另一村组"), status=form_status(form), form=form, picker=picker, verb=_("确认迁移")
    )  # fmt: skip


def _village_picker(request: HttpRequest, form: Any) -> Any:
    """The picker of a village for this form; without script a pick comes back as ?village=."""
    asked = request.POST if request.method == "POST" else request.GET
    picker = picker_for(
        request.user, Permission.HOUSEHOLD_RESTRUCTURE, name="village", pick=asked.get("village"), leaf=Level.VILLAGE, leaf_only=True,
        next_url=request.path,
    )  # fmt: skip
    if picker.selected is not None:
        form.initial["village"] = picker.selected.pk
    return picker


@read_on_get
def household_close(request: HttpRequest, pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.HOUSEHOLD_RESTRUCTURE)
    form = CloseForm(request.POST or None, initial={"on": today()})
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        if attempt(
            form, lambda: close_household(household=household, by=request.user, on=facts["on"], reason=facts["reason"])
        ):
            return done(request, household)
    what = _(
        "销户后，这一户不再出现在在册名单里，%(count)s 位在册成员随之减少，结对同时结束。历史记录都保留，误销可以恢复。"
    ) % {"count": household.member_count}
    return page(
        request, FORM, household, _("销户"), status=form_status(form), form=form, intro=what, verb=_("确认销户"), danger=True
    )  # fmt: skip


@read_on_get
def household_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    household = household_or_404(request, pk, Permission.HOUSEHOLD_RESTRUCTURE)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(form, lambda: reopen_household(household=household, by=request.user))
    ):
        return done(request, household)
    what = _("恢复后，这一户重新在册，销户当天减少的成员一并恢复。结对需要重新安排。")
    return page(
        request, FORM, household, _("恢复户"), status=form_status(form), form=form, intro=what, verb=_("确认恢复")
    )


@read_on_get
def household_add(request: HttpRequest) -> HttpResponse:
    """Register a household with its householder."""
    require_somewhere(request.user, Permission.HOUSEHOLD_RESTRUCTURE)
    form = NewHouseholdForm(request.POST or None)
    picker = _village_picker(request, form)
    if request.method == "POST" and form.is_valid():
        village = region_for(request.user, Permission.HOUSEHOLD_RESTRUCTURE, form.cleaned_data["village"])
        own = form.cleaned_data
        if village is None:
            form.add_error("village", _("请选择您管辖范围内的村。"))
        else:
            household = attempt(
                form,
                lambda: register_household(
                    village=village, by=request.user, householder=form.facts(), number=own["household_number"],
                    facts={"hamlet": own["hamlet"], "address": own["address"]}, joined_on=today(),
                ),
            )  # fmt: skip
            if household:
                return done(request, household)
    context = {
        "form": form, "picker": picker, "household": None, "title": _("登记新户"), "verb": _("登记"), "back": reverse("households:household_list"),
        "trail": [(_("农户台账"), reverse("households:household_list")), (_("登记新户"), "")],
    }  # fmt: skip
    return render(request, "households/place.html", context, status=form_status(form))
