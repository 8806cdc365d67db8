"""What came in for households which were no longer its sender's: looked at, then taken or discarded with a reason."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common.models import SyncOp
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status
from surveys.held import KINDS
from surveys.models import SurveyPhoto
from surveys.quarantined import waiting_of
from surveys.services import accept, discard
from surveys.services.quarantine import REASON, waiting_for

SIZE = 30


class DiscardForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("作废理由"), max_length=REASON, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写明为什么不用，如：已由新的帮扶人重新调查。"),
    )  # fmt: skip


def _may(request: HttpRequest) -> Any:
    user: Any = request.user
    require_somewhere(user, Permission.SURVEY_REVIEW)
    return user


@reads_only
def quarantine_list(request: HttpRequest) -> HttpResponse:
    user = _may(request)
    page = Paginator(waiting_for(user).order_by("-received_at", "uid"), SIZE).get_page(request.GET.get("page"))

    def link(number: int) -> str:
        return f"{request.path}?page={number}"

    return render(request, "surveys/quarantine_list.html", {
        "rows": waiting_of(list(page.object_list), user), "count": page.paginator.count,
        "previous_url": link(page.previous_page_number()) if page.has_previous() else "",
        "next_url": link(page.next_page_number()) if page.has_next() else "",
    })  # fmt: skip


def _op(request: HttpRequest, uid: uuid.UUID) -> SyncOp:
    return get_object_or_404(waiting_for(_may(request)), pk=uid)


@reads_only
def quarantine_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    (waiting,) = waiting_of([_op(request, uid)], request.user)
    told = waiting.held.tell(waiting.read, waiting.household) if waiting.read and waiting.household else None
    photos = len(told.photos) if told else 0
    here = SurveyPhoto.objects.for_user(request.user).none()
    if waiting.read:
        here = SurveyPhoto._base_manager.filter(survey_uid=waiting.read.uid, state=SurveyPhoto.State.COMPLETE)
    context = {"waiting": waiting, "op": waiting.op, "told": told, "photos": photos, "here": min(here.count(), photos)}
    return render(request, "surveys/quarantine_detail.html", context)


@require_POST
def quarantine_accept(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    op = _op(request, uid)
    form = forms.Form({})
    form.is_valid()
    if attempt(form, lambda: accept(op=op, by=request.user)) is None:
        for sentence in form.non_field_errors():
            messages.error(request, sentence)
        return redirect("surveys:quarantine_detail", uid)
    messages.success(request, KINDS[op.kind].done)
    return redirect("surveys:quarantine_list")


@read_on_get
def quarantine_discard(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    (waiting,) = waiting_of([_op(request, uid)], request.user)
    form = DiscardForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: discard(op=waiting.op, reason=reason, by=request.user)):
            messages.success(request, _("已作废，理由已记录。"))
            return redirect("surveys:quarantine_list")
    context = {
        "waiting": waiting, "form": form, "verb": _("作废"), "danger": True, "cancel_url": reverse("surveys:quarantine_detail", args=[uid]),
    }  # fmt: skip
    return render(request, "surveys/quarantine_discard.html", context, status=form_status(form))
