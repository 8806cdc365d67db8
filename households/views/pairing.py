"""结对帮扶 of one household: find a cadre by name, pair, replace, change the lead, end; and 回避关系, declared and ended."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import may_in, require
from cadres.models import Cadre
from common.readonly import read_on_get, reads_only
from households import values
from households.answering import attempt, form_status
from households.bulk_pairing import cadres_for
from households.forms import KinEndForm, KinForm, LeadForm, PairingEndForm, PairingForm, ReplaceForm, today
from households.models import Household, Kinship, Pairing
from households.services import change_lead, declare_kin, end_kinship, end_pairing, pair, replace_helper
from households.services.helping import Helping
from households.views.base import FORM, done, household_or_404, page
from households.views.edit import editable

MOST_FOUND = 20


def _found(cadres: Any, q: str) -> list[Cadre]:
    """Cadres by a part of their name, one more than are shown."""
    if not q:
        return []
    rows = cadres.serving().filter(name__contains=q).select_related("unit__region").order_by("name", "pk")
    return list(rows.distinct()[: MOST_FOUND + 1])


def _chosen(request: HttpRequest, cadres: Any) -> Cadre | None:
    """`?cadre=`: the one picked; None while nobody is."""
    asked = request.GET.get("cadre", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        return None
    cadre: Cadre = get_object_or_404(cadres.serving().select_related("unit").distinct(), pk=int(asked))
    return cadre


def _named(cadre: Cadre) -> str:
    """李敏，县教育局 科员"""
    parts = [cadre.unit.name, cadre.title]
    return _("%(name)s，%(unit)s") % {"name": cadre.name, "unit": " ".join(filter(None, parts))}


@read_on_get
def pairing_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """First a name, then a cadre, then from when. `replace=1`: in the place of the lead helper of today."""
    household = editable(request, pk, Permission.PAIRING_EDIT)
    helpers = household.pairings.current().ordinary().select_related("cadre__unit")
    lead = helpers.filter(is_lead=True).first()
    replacing = lead is not None and request.GET.get("replace") == "1"
    title = _("更换帮扶责任人") if replacing else _("安排帮扶责任人")
    cadres = cadres_for(request.user)
    cadre = _chosen(request, cadres)
    if cadre is None:
        q = request.GET.get("q", "").strip()
        found = _found(cadres, q)
        helping = Helping.of(found, [household.pk])
        offered = [(each, helping.why_not(each, household.pk, today())) for each in found[:MOST_FOUND]]
        return page(
            request, "households/pairing_edit.html", household, title, q=q, found=offered, more=len(found) > MOST_FOUND, lead=lead,
            replacing=replacing,
        )  # fmt: skip
    form: Any = (ReplaceForm if replacing else PairingForm)(request.POST or None, initial={"starts_on": today()})
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(form, lambda: _save(request, household, cadre, form, replacing, lead))
    ):
        return done(request, household)
    intro = _named(cadre)
    if replacing and lead is not None:
        intro = _("%(old)s → %(new)s") % {"old": lead.cadre.name, "new": intro}
    elif lead is not None:
        intro = _("%(new)s，和牵头的%(lead)s一起帮扶（多对一）。") % {"new": intro, "lead": lead.cadre.name}
    else:
        intro = _("%(new)s，牵头帮扶（一对一）。") % {"new": intro}
    return page(request, FORM, household, title, status=form_status(form), form=form, intro=intro, verb=_("确认"))


def _save(
    request: HttpRequest, household: Household, cadre: Cadre, form: Any, replacing: bool, lead: Pairing | None
) -> Pairing:
    own = form.cleaned_data
    if replacing:
        return replace_helper(household=household, cadre=cadre, by=request.user, on=own["starts_on"])
    return pair(
        household=household,
        cadre=cadre,
        by=request.user,
        starts_on=own["starts_on"],
        is_lead=lead is None,
        goal=own["goal"],
    )


def _pairing(household: Household, pk: int) -> Pairing:
    pairing: Pairing = get_object_or_404(household.pairings.select_related("cadre__unit"), pk=pk)
    pairing.household = household
    return pairing


def _since(pairing: Pairing) -> str:
    return _("%(name)s（%(unit)s），%(day)s 开始帮扶。") % {
        "name": pairing.cadre.name, "unit": pairing.cadre.unit.name, "day": values.day(pairing.starts_on),
    }  # fmt: skip


@read_on_get
def pairing_end(request: HttpRequest, pk: int, pairing_pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.PAIRING_EDIT)
    pairing = _pairing(household, pairing_pk)
    others = []
    if pairing.is_lead:
        others = list(household.pairings.current().ordinary().select_related("cadre").exclude(pk=pairing.pk))
    form = PairingEndForm(request.POST or None, initial={"ends_on": timezone.localdate()}, others=others)
    if request.method == "POST" and form.is_valid():
        own = form.cleaned_data
        lead = next((p for p in others if p.pk == own.get("lead")), None)
        if attempt(
            form, lambda: end_pairing(pairing=pairing, by=request.user, ends_on=own["ends_on"], reason=own["reason"], lead=lead)
        ):  # fmt: skip
            return done(request, household)
    intro = _since(pairing)
    if len(others) == 1:
        intro = _("%(since)s以后由%(name)s一人帮扶，并牵头。") % {"since": intro, "name": others[0].cadre.name}
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


@read_on_get
def pairing_lead(request: HttpRequest, pk: int, pairing_pk: int) -> HttpResponse:
    """Of several helpers this one leads."""
    household = editable(request, pk, Permission.PAIRING_EDIT)
    pairing = _pairing(household, pairing_pk)
    form = LeadForm(request.POST or None, initial={"on": today()})
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(form, lambda: change_lead(pairing=pairing, by=request.user, on=form.cleaned_data["on"]))
    ):
        return done(request, household)
    return page(
        request, FORM, household, _("更换牵头人"), status=form_status(form), form=form, intro=_since(pairing), verb=_("确认")
    )  # fmt: skip


# -- 回避关系 ---------------------------------------------------------------------------------------------------------------------


@reads_only
def kin_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Who must not help this household, declared and ended."""
    household = household_or_404(request, pk)
    require(request.user, Permission.HOUSEHOLD_EDIT, household)
    rows = list(household.kin.select_related("cadre__unit"))
    return page(
        request, "households/kin_list.html", household, _("回避关系"),
        rows=[row for row in rows if row.ended_at is None], past=[row for row in rows if row.ended_at is not None],
        may_end=not household.is_closed and may_in(request.user, Permission.PAIRING_EDIT, household.village),
    )  # fmt: skip


@read_on_get
def kin_add(request: HttpRequest, pk: int) -> HttpResponse:
    """First a name, then a cadre, then the relation."""
    household = editable(request, pk, Permission.HOUSEHOLD_EDIT)
    cadres = Cadre.objects.for_user(request.user)
    cadre = _chosen(request, cadres)
    if cadre is None:
        q = request.GET.get("q", "").strip()
        found = _found(cadres, q)
        return page(
            request, "households/kin_find.html", household, _("登记回避关系"), q=q, found=found[:MOST_FOUND], more=len(found) > MOST_FOUND,
        )  # fmt: skip
    form = KinForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(form, lambda: declare_kin(household=household, cadre=cadre, by=request.user, **form.cleaned_data))
    ):
        return done(request, household)
    intro = _("%(name)s以后不能当这一户的帮扶责任人。") % {"name": _named(cadre)}
    return page(
        request, FORM, household, _("登记回避关系"), status=form_status(form), form=form, intro=intro, verb=_("登记")
    )


@read_on_get
def kin_end(request: HttpRequest, pk: int, kin_pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.PAIRING_EDIT)
    kinship: Kinship = get_object_or_404(household.kin.select_related("cadre__unit"), pk=kin_pk)
    kinship.household = household
    form = KinEndForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(form, lambda: end_kinship(kinship=kinship, by=request.user, note=form.cleaned_data["note"]))
    ):
        return done(request, household)
    intro = _("%(name)s：%(relation)s。") % {"name": _named(kinship.cadre), "relation": kinship.get_relation_display()}
    return page(
        request, FORM, household, _("解除回避关系"), status=form_status(form), form=form, intro=intro, verb=_("确认解除"), danger=True
    )  # fmt: skip
