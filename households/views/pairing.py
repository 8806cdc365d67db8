"""结对帮扶 of one household: find a cadre by name, pair, replace, end."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from cadres.models import Cadre
from common.readonly import read_on_get
from households import values
from households.answering import attempt, form_status
from households.bulk_pairing import cadres_for
from households.forms import PairingEndForm, PairingForm, ReplaceForm, today
from households.models import Household, Pairing
from households.services import end_pairing, pair, replace_helper
from households.views.base import FORM, done, page
from households.views.edit import editable

MOST_FOUND = 20


@read_on_get
def pairing_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """First a name, then a cadre, then from when. `replace=1`: in the place of the lead helper of today."""
    household = editable(request, pk, Permission.PAIRING_EDIT)
    lead = household.pairings.current().select_related("cadre__unit").filter(is_lead=True).first()
    replacing = lead is not None and request.GET.get("replace") == "1"
    title = _("更换帮扶责任人") if replacing else _("安排帮扶责任人")
    chosen, q = request.GET.get("cadre", ""), request.GET.get("q", "").strip()
    if not (chosen.isascii() and chosen.isdigit()):
        found = []
        if q:
            rows = (
                cadres_for(request.user)
                .serving()
                .filter(name__contains=q)
                .select_related("unit")
                .order_by("name", "pk")
            )
            found = list(rows.distinct()[: MOST_FOUND + 1])
        return page(
            request, "households/pairing_edit.html", household, title, q=q, found=found[:MOST_FOUND], more=len(found) > MOST_FOUND, lead=lead,
            replacing=replacing,
        )  # fmt: skip
    cadre = get_object_or_404(cadres_for(request.user).serving().select_related("unit").distinct(), pk=int(chosen))
    form: Any
    if replacing:
        form = ReplaceForm(request.POST or None, initial={"starts_on": today()})
    else:
        initial = {
            "starts_on": today(),
            "is_lead": lead is None,
            "mode": Pairing.Mode.MANY_TO_ONE if lead else Pairing.Mode.ONE_TO_ONE,
        }
        form = PairingForm(request.POST or None, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(form, lambda: _save(request, household, cadre, form, replacing))
    ):
        return done(request, household)
    intro = _("%(name)s，%(unit)s %(title)s") % {"name": cadre.name, "unit": cadre.unit.name, "title": cadre.title}
    if replacing and lead is not None:
        intro = _("%(old)s → %(new)s") % {"old": lead.cadre.name, "new": intro}
    return page(request, FORM, household, title, status=form_status(form), form=form, intro=intro, verb=_("确认"))


def _save(request: HttpRequest, household: Household, cadre: Cadre, form: Any, replacing: bool) -> Pairing:
    own = form.cleaned_data
    if replacing:
        return replace_helper(household=household, cadre=cadre, by=request.user, on=own["starts_on"])
    return pair(
        household=household,
        cadre=cadre,
        by=request.user,
        starts_on=own["starts_on"],
        mode=own["mode"],
        is_lead=own["is_lead"],
        goal=own["goal"],
    )


@read_on_get
def pairing_end(request: HttpRequest, pk: int, pairing_pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.PAIRING_EDIT)
    pairing = get_object_or_404(household.pairings.select_related("cadre__unit"), pk=pairing_pk)
    pairing.household = household
    form = PairingEndForm(request.POST or None, initial={"ends_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        own = form.cleaned_data
        if attempt(
            form, lambda: end_pairing(pairing=pairing, by=request.user, ends_on=own["ends_on"], reason=own["reason"])
        ):
            return done(request, household)
    intro = _("%(name)s（%(unit)s），%(day)s 开始帮扶。") % {
        "name": pairing.cadre.name, "unit": pairing.cadre.unit.name, "day": values.day(pairing.starts_on),
    }  # fmt: skip
    return page(
        request,
        FORM,
        household,
        _("结束结对"),
        status=form_status(form),
        form=form,
        intro=intro,
        verb=_("确认结束"),
        danger=True,
    )
