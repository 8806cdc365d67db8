"""What came in for households which were no longer its sender's: looked at, then taken or discarded with a reason."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
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

from accounts.names import names_of
from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import sync
from common.models import SyncOp
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status
from households.models import Household
from surveys.held import KINDS, Held
from surveys.models import SurveyPhoto
from surveys.services import accept, discard
from surveys.services.quarantine import REASON, body_of, waiting_for

SIZE = 30


class DiscardForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("作废理由"), max_length=REASON, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写明为什么不用，如：已由新的帮扶人重新调查。"),
    )  # fmt: skip


@dataclass
class Waiting:
    """An operation with what its body says, as far as it can be read. `owner` is the name of whoever sent it."""

    op: SyncOp
    owner: str
    read: Any
    household: Household | None

    @property
    def held(self) -> Held:
        return KINDS[self.op.kind]


def _may(request: HttpRequest) -> Any:
    user: Any = request.user
    require_somewhere(user, Permission.SURVEY_REVIEW)
    return user


def _waiting(ops: list[SyncOp], user: Any) -> list[Waiting]:
    """Two queries, however many."""
    bodies: list[Any] = []
    for op in ops:
        try:
            bodies.append(KINDS[op.kind].read(body_of(op)))
        except sync.Refused:
            bodies.append(None)
    names = names_of(op.owner for op in ops)
    rows = (
        Household.objects.for_user(user)
        .select_related("village")
        .filter(uid__in=[body.household for body in bodies if body])
    )
    households = {row.uid: row for row in rows}
    return [
        Waiting(op, names.get(op.owner, op.owner), body, households.get(body.household) if body else None)
        for op, body in zip(ops, bodies, strict=True)
    ]


@reads_only
def quarantine_list(request: HttpRequest) -> HttpResponse:
    user = _may(request)
    page = Paginator(waiting_for(user).order_by("-received_at", "uid"), SIZE).get_page(request.GET.get("page"))

    def link(number: int) -> str:
        return f"{request.path}?page={number}"

    return render(request, "surveys/quarantine_list.html", {
        "rows": _waiting(list(page.object_list), user), "count": page.paginator.count,
        "previous_url": link(page.previous_page_number()) if page.has_previous() else "",
        "next_url": link(page.next_page_number()) if page.has_next() else "",
    })  # fmt: skip


def _op(request: HttpRequest, uid: uuid.UUID) -> SyncOp:
    return get_object_or_404(waiting_for(_may(request)), pk=uid)


@reads_only
def quarantine_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    (waiting,) = _waiting([_op(request, uid)], request.user)
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
    (waiting,) = _waiting([_op(request, uid)], request.user)
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
