"""走访记录: what was recorded, one visit with its photos, recording one at a desk, making one void; the tabs on a household and on a cadre."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from accounts.scoping import allowed, require_somewhere
from cadres.models import Cadre
from common import pages, pictures, sync
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status, posted
from surveys.models import SurveyPhoto
from visits.filters import VisitFilter
from visits.forms import VisitForm, VoidForm
from visits.listing import DUTY_FACTS, VISIT_FACTS, VisitRow, duty_rows
from visits.models import Visit, VisitDuty
from visits.services.record import may_void, record_with_photos, void_visit
from visits.views.base import household_or_404, parts, visit_or_404

SHOWN = 30


def _list_url() -> str:
    return reverse("visits:visit_list")


@reads_only
def visit_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = VisitFilter(request.GET, Visit.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        query = pages.query_of(filterset)
        return {
            "parts": parts(request, "visit_list"), "rows": [VisitRow(row) for row in page.rows],
            "fields": [filterset.form[name] for name in ("manner", "capacity", "seen", "asked", "since", "until", "state")],
            "kept": {name: query[name] for name in ("household", "cadre", "visitor") if name in query},
        }  # fmt: skip

    return pages.list_page(
        request, template="visits/visit_list.html", url=_list_url(), filterset=filterset, context=context, counted=counted, order="-on",
        rows=lambda found: found.select_related(*VISIT_FACTS).defer("household__phone", "household__bank_account"),
    )  # fmt: skip


def counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万次以上")
    return ngettext("共 %(count)s 次", "共 %(count)s 次", count.value) % {"count": f"{count.value:,}"}


@reads_only
def visit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    visit = visit_or_404(request, pk)
    here = {
        photo.uid: photo
        for photo in SurveyPhoto.objects.for_user(request.user).filter(survey_uid=visit.uid, uid__in=visit.photos)
    }
    done = [here[uid] for uid in visit.photos if uid in here and here[uid].state == SurveyPhoto.State.COMPLETE]
    context = {
        "row": VisitRow(visit), "visit": visit, "household": visit.household, "photos": done, "missing": len(visit.photos) - len(done),
        "may_void": not visit.is_void and may_void(visit, request.user),
        "trail": [
            (_("走访记录"), _list_url()), (str(visit.household), visit.household.get_absolute_url()), (visit.get_manner_display(), ""),
        ],
    }  # fmt: skip
    return render(request, "visits/visit_detail.html", context)


@reads_only
def visit_photo(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    """A photo of a visit, or its thumbnail (`?size=small`): the gate of the visit, kept by no cache."""
    visit = visit_or_404(request, pk)
    rows = SurveyPhoto.objects.for_user(request.user).filter(survey_uid=visit.uid, state=SurveyPhoto.State.COMPLETE)
    photo = get_object_or_404(rows, uid=uid, uid__in=visit.photos)
    return pictures.answer_kept(request, photo.file)


@read_on_get
def visit_new(request: HttpRequest, pk: int) -> HttpResponse:
    """登记走访 of a household, at a desk or on a phone with a network."""
    household = household_or_404(request, pk, Permission.VISIT_RECORD)
    form = VisitForm(posted(request), request.FILES or None)
    if form.is_bound and form.is_valid():
        known = Visit.objects.for_user(request.user).filter(uid=form.cleaned_data["uid"], visitor=request.user).first()
        visit = known or _recorded(request, household, form)
        if visit is not None:
            messages.success(request, _("已登记。"))
            return redirect("visits:visit_detail", visit.pk)
    context = {
        "form": form, "household": household, "back": household.get_absolute_url(),
        "trail": [(str(household), household.get_absolute_url()), (_("登记走访"), "")],
    }  # fmt: skip
    return render(request, "visits/visit_form.html", context, status=form_status(form))


def _recorded(request: HttpRequest, household: Any, form: VisitForm) -> Visit | None:
    """The visit; None with what the verb refused in the form."""
    try:
        return record_with_photos(body=form.body(household), uploads=form.cleaned_data["photos"], by=request.user)
    except sync.Refused as refusal:
        form.add_error(refusal.code if refusal.code in form.fields else None, refusal.say)
    except sync.Quarantined:  # the page is still there with all that was typed: nothing has to be kept here
        form.add_error(None, _("这一户刚刚销户，或不再归您走访，没有保存。请告诉乡镇。"))
    except ValidationError as error:
        form.add_error("photos", list(error.messages))
    return None


@read_on_get
def visit_void(request: HttpRequest, pk: int) -> HttpResponse:
    """作废: is it really to count no more?"""
    visit = visit_or_404(request, pk)
    form = VoidForm(posted(request))
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: void_visit(visit=visit, by=request.user, reason=reason)) is not None:
            messages.success(request, _("已作废，理由已记录。"))
            return redirect("visits:visit_detail", pk)
    if not may_void(visit, request.user):
        raise PermissionDenied(Permission.VISIT_VOID)
    context = {
        "visit": visit, "row": VisitRow(visit), "form": form, "verb": _("作废"), "danger": True,
        "cancel_url": reverse("visits:visit_detail", args=[pk]),
    }  # fmt: skip
    return render(request, "visits/visit_void.html", context, status=form_status(form))


@reads_only
def household_visits(request: HttpRequest, pk: int) -> HttpResponse:
    """走访 of one household: a page, and the tab on its ledger."""
    household = household_or_404(request, pk)
    visits = Visit.objects.for_user(request.user).filter(household=household).select_related(*VISIT_FACTS)
    duties = VisitDuty.objects.for_user(request.user).filter(household=household).running().select_related(*DUTY_FACTS)
    context = {
        "household": household, "rows": [VisitRow(row) for row in visits.order_by("-on", "-pk")[:SHOWN]],
        "duties": duty_rows(duties.order_by("next_due_on", "pk")), "may_record": _may_record(request, household),
        "all_url": pages.address(_list_url(), {"household": str(pk), "state": "any"}),
        "trail": [(str(household), household.get_absolute_url()), (_("走访"), "")],
    }  # fmt: skip
    return render(request, "visits/household_visits.html" + "#visits" * pages.is_fragment(request), context)


def _may_record(request: HttpRequest, household: Any) -> bool:
    return not household.is_closed and allowed(request.user, Permission.VISIT_RECORD, household)


@reads_only
def cadre_visits(request: HttpRequest, pk: int) -> HttpResponse:
    """走访 of one cadre, in households that the user may see: a page, and the tab on theirs."""
    cadre = get_object_or_404(Cadre.objects.for_user(request.user).select_related("unit"), pk=pk)
    visits = Visit.objects.for_user(request.user).filter(cadre=cadre).select_related(*VISIT_FACTS)
    duties = VisitDuty.objects.for_user(request.user).filter(cadre=cadre).missing().select_related(*DUTY_FACTS)
    context = {
        "cadre": cadre, "rows": [VisitRow(row) for row in visits.order_by("-on", "-pk")[:SHOWN]],
        "duties": duty_rows(duties.order_by("next_due_on", "pk")[:SHOWN]),
        "all_url": pages.address(_list_url(), {"cadre": str(pk)}),
        "due_url": pages.address(reverse("visits:duty_list"), {"cadre": str(pk)}),
        "trail": [(cadre.name, ""), (_("走访"), "")],
    }  # fmt: skip
    return render(request, "visits/cadre_visits.html" + "#visits" * pages.is_fragment(request), context)
