"""What a household is in the register: the township proposes, the county confirms or sends back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from common.readonly import read_on_get
from households import values
from households.answering import attempt, form_status
from households.forms import DecisionForm, StatusForm, today
from households.models import Household, StatusChange
from households.services import LedgerError, decide_status, propose_status, withdraw_status
from households.views.base import FORM, done, page, stale
from households.views.edit import editable


@read_on_get
def status_propose(request: HttpRequest, pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.STATUS_PROPOSE)
    title = _("提出身份变更")
    waiting = household.status_changes.filter(state=StatusChange.State.PROPOSED).first()
    if waiting is not None:
        intro = _("这一户已有一项待县级确认的变更（%(change)s），办结后才能再提。") % {"change": waiting}
        return page(request, FORM, household, title, intro=intro)
    form = StatusForm(
        request.POST or None, status=household.status, version=household.version, initial={"effective_on": today()}
    )
    conflict = None
    if request.method == "POST" and form.is_valid():
        conflict = stale(form, household, lambda name: household.get_status_display() if name == "to_status" else "")
        facts = form.facts()
        if not conflict and attempt(
            form,
            lambda: propose_status(household=household, by=request.user, version=form.cleaned_data["version"], **facts),
        ):
            return done(request, household)
    intro = _("现在是：%(status)s。提出后由县级确认，确认前身份不变。") % {"status": household.get_status_display()}
    return page(
        request, FORM, household, title, status=form_status(form, conflict), form=form, conflict=conflict, intro=intro, verb=_("提交县级确认")
    )  # fmt: skip


def _change(household: Household, change_pk: int) -> StatusChange:
    change: StatusChange = get_object_or_404(
        household.status_changes.select_related("proposed_by", "decided_by"), pk=change_pk
    )
    change.household = household
    return change


@read_on_get
def status_decide(request: HttpRequest, pk: int, change_pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.STATUS_CONFIRM)
    change = _change(household, change_pk)
    title = _("审核身份变更")
    if change.state != StatusChange.State.PROPOSED:
        return page(
            request,
            FORM,
            household,
            title,
            intro=_("这项身份变更已经办结：%(state)s。") % {"state": change.get_state_display()},
        )
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        own = form.cleaned_data
        if attempt(
            form,
            lambda: decide_status(
                change=change, by=request.user, confirm=own["decision"] == "confirm", note=own["note"]
            ),
        ):
            household.refresh_from_db()
            return done(request, household)
    facts = [
        (_("变更"), str(change)),
        (_("生效日期"), values.day(change.effective_on)),
        (_("理由"), change.reason),
        (_("依据"), change.evidence),
        (
            _("提出"),
            f"{change.proposed_by.name if change.proposed_by else ''} {values.moment(change.proposed_at)}".strip(),
        ),
    ]
    return page(request, FORM, household, title, status=form_status(form), form=form, pairs=facts, verb=_("提交"))


@require_POST
def status_withdraw(request: HttpRequest, pk: int, change_pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.STATUS_PROPOSE)
    try:
        withdraw_status(change=_change(household, change_pk), by=request.user)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(household)
    return done(request, household)
