"""Surveys that came in for households which were no longer their surveyor's: looked at, then taken or discarded with a reason."""

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
from surveys import comparison, prefill, published, sent
from surveys.definitions import Field
from surveys.models import Survey, SurveyPhoto
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
    """An operation with what its body says, as far as it can be read."""

    op: SyncOp
    surveyor: str
    read: sent.Sent | None
    household: Household | None


def _may(request: HttpRequest) -> Any:
    user: Any = request.user
    require_somewhere(user, Permission.SURVEY_REVIEW)
    return user


def _waiting(ops: list[SyncOp], user: Any) -> list[Waiting]:
    """Two queries, however many."""
    bodies: list[sent.Sent | None] = []
    for op in ops:
        try:
            bodies.append(sent.read(body_of(op)))
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
    groups, photos = _groups(waiting) if waiting.read and waiting.household else ([], 0)
    here = SurveyPhoto.objects.for_user(request.user).none()
    if waiting.read:
        here = SurveyPhoto._base_manager.filter(survey_uid=waiting.read.uid, state=SurveyPhoto.State.COMPLETE)
    return render(request, "surveys/quarantine_detail.html", {
        "waiting": waiting, "op": waiting.op, "groups": groups, "photos": photos, "here": min(here.count(), photos),
        "purpose": Survey.Purpose(waiting.read.purpose).label if waiting.read else "",
    })  # fmt: skip


def _groups(waiting: Waiting) -> tuple[list[tuple[str, list[tuple[str, str, str]]]], int]:
    """([(heading, [(field, what was answered, what the ledger holds)])], photos that the answers name). Secrets are masked."""
    read, household = waiting.read, waiting.household
    assert read is not None
    assert household is not None
    form = published.named(read.code, read.version)
    if form is None:
        return [], 0
    definition = published.definition_of(form)
    answers, _secrets = sent.seal(definition, read.answers, {})
    rows = prefill.rows_of([household], [read.year])
    now = rows.values(household.pk, read.year, definition)
    names = {str(member.uid): member.name for member in rows.members.get(household.pk, ())}
    groups: list[tuple[str, list[tuple[str, str, str]]]] = []
    titles = {step.id: step.title for step in definition.steps}
    for asked in definition.asked:
        for owner in answers["members"] if asked.member else [None]:
            uid, own = (owner["uid"], owner["values"]) if owner else ("", answers["values"])
            if asked.id not in own:
                continue
            title = (
                f"{titles[asked.step]} · {own.get(definition.id_of('member.name')) or names.get(uid) or _('新成员')}"
                if uid
                else titles[asked.step]
            )
            if title not in {heading for heading, _rows in groups}:
                groups.append((title, []))
            shown = next(own_rows for heading, own_rows in groups if heading == title)
            shown.append(
                (asked.label, _text(asked, own[asked.id]), _text(asked, now.get(prefill.path_of(asked.id, uid))))
            )
    return groups, len(sent.photos_of(definition, answers))


def _text(asked: Field, value: Any) -> str:
    """In words; what nobody has checked yet may be anything."""
    try:
        return comparison.in_words(asked, value)
    except (TypeError, ValueError, ArithmeticError, AttributeError, KeyError):
        return str(value)[:100]


@require_POST
def quarantine_accept(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    op = _op(request, uid)
    form = forms.Form({})
    form.is_valid()
    survey = attempt(form, lambda: accept(op=op, by=request.user))
    if survey is None:
        for sentence in form.non_field_errors():
            messages.error(request, sentence)
        return redirect("surveys:quarantine_detail", uid)
    messages.success(request, _("已采用，这份调查现在待审核。"))
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
