"""阵地设施: a village's tab, the list over villages, checks on a phone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common import pages
from common.answering import attempt, form_page, posted
from common.readonly import read_on_get, reads_only
from party import forms, services
from party.filters import FacilityFilter
from party.models import Facility
from party.views.base import (
    EDIT,
    counted_things,
    done,
    may_edit,
    row_or_404,
    somebody,
    tab_page,
    trail_of,
    village_or_404,
)

State = Facility.State
TONES = {State.WORKS: "green", State.BROKEN: "red", State.MISSING: "amber"}


def _rows(user: Any) -> Any:
    return Facility.objects.for_user(user).filter(removed_at=None)


def _shown(row: Facility) -> tuple[Facility, str, bool]:
    """(facility, tone of its state, whether it is to be checked)"""
    today = timezone.localdate()
    return row, TONES[State(row.state)], row.next_check_on is None or row.next_check_on <= today


@reads_only
def village_facilities(request: HttpRequest, pk: int) -> HttpResponse:
    place = village_or_404(request, pk)
    rows = _rows(request.user).filter(village=place).order_by("kind", "name", "pk")
    return tab_page(
        request, place, "village_facilities", "party/village_facilities.html", {"rows": [_shown(row) for row in rows]}
    )


@reads_only
def facility_list(request: HttpRequest) -> HttpResponse:
    user = somebody(request)
    filterset = FacilityFilter(request.GET, _rows(user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {"rows": [(*_shown(row), may_edit(request, row.village)) for row in page.rows]}

    return pages.list_page(
        request, template="party/facility_list.html", url=reverse("party:facility_list"), filterset=filterset, context=context,
        rows=lambda found: found.select_related("village__parent"), counted=counted_things,
    )  # fmt: skip


def _facility(request: HttpRequest, pk: int) -> Facility:
    found: Facility = row_or_404(request, Facility, EDIT, "village__parent", pk=pk)
    return found


def _back(pk: int) -> str:
    return reverse("party:village_facilities", args=[pk])


@read_on_get
def facility_new(request: HttpRequest, pk: int) -> HttpResponse:
    place = village_or_404(request, pk, EDIT)
    form = forms.NewFacilityForm(posted(request))
    if form.is_bound and form.is_valid():
        saved = attempt(
            form,
            lambda: services.register_facility(
                village=place, facts=form.facts(), state=form.cleaned_data["state"], by=request.user
            ),
        )
        if saved is not None:
            return done(request, _("已登记。"), "village_facilities", pk)
    return form_page(
        request,
        form,
        _("登记设施"),
        back=_back(pk),
        trail=trail_of(place),
        verb=_("登记"),
        intro=_("该有而没有的，也登记，状态选“缺失”。"),
    )


@read_on_get
def facility_change(request: HttpRequest, pk: int) -> HttpResponse:
    row = _facility(request, pk)
    form = forms.FacilityForm(
        posted(request), initial={n: getattr(row, n) for n in (*forms.FacilityForm.FACTS, "version")}
    )
    if form.is_bound and form.is_valid():
        version = form.cleaned_data["version"]
        saved = attempt(
            form, lambda: services.change_facility(facility=row, facts=form.facts(), version=version, by=request.user)
        )
        if saved is not None:
            return done(request, _("已保存。"), "village_facilities", row.village_id)
    return form_page(
        request, form, _("修改设施"), back=_back(row.village_id), trail=trail_of(row.village), sub=row.name,
        beside=(_("设施没有了，或登记错了：注销"), reverse("party:facility_remove", args=[pk])),
    )  # fmt: skip


@read_on_get
def facility_check(request: HttpRequest, pk: int) -> HttpResponse:
    """检查: three taps on a phone."""
    row = _facility(request, pk)
    user = somebody(request)
    first = {
        "state": row.state,
        "on": timezone.localdate(),
        "checked_by": user.name,
        "note": row.note,
        "version": row.version,
    }
    form = forms.CheckForm(posted(request), initial=first)
    if form.is_bound and form.is_valid():
        saved = attempt(form, lambda: services.check_facility(facility=row, by=user, **form.cleaned_data))
        if saved is not None:
            return done(request, _("检查已登记。"), "village_facilities", row.village_id)
    return form_page(
        request,
        form,
        _("登记检查"),
        back=_back(row.village_id),
        trail=trail_of(row.village),
        sub=row.name,
        verb=_("登记"),
    )


@read_on_get
def facility_remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = _facility(request, pk)
    form = forms.ReasonForm(posted(request))
    if form.is_bound and form.is_valid():
        saved = attempt(
            form, lambda: services.remove_facility(facility=row, reason=form.cleaned_data["reason"], by=request.user)
        )
        if saved is not None:
            return done(request, _("已注销。"), "village_facilities", row.village_id)
    return form_page(
        request,
        form,
        _("注销设施"),
        back=_back(row.village_id),
        trail=trail_of(row.village),
        sub=row.name,
        verb=_("注销"),
        danger=True,
    )
