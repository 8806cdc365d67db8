"""走访要求: what is asked for where, set and ended by the county. None is national; a county starts with none."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions, require_in, require_somewhere
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status, posted
from regions.models import Level, Region
from visits.forms import EndForm, RuleForm
from visits.models import VisitRule
from visits.services.rules import end_rule, set_rule, told
from visits.views.base import parts

SHOWN = 300
TOWNSHIPS = 300


@reads_only
def rule_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.CADRE_VIEW)
    today = timezone.localdate()
    found = (
        VisitRule.objects.for_user(request.user)
        .select_related("region")
        .order_by("region__path", "capacity", "-starts_on", "pk")
    )
    rows = [
        {"rule": rule, "told": told(rule), "over": rule.ends_on is not None and rule.ends_on <= today, "coming": rule.starts_on > today,
         "may_end": rule.ends_on is None and may_in(request.user, Permission.RULE_EDIT, rule.region)}
        for rule in found[:SHOWN]
    ]  # fmt: skip
    context = {
        "parts": parts(request, "rule_list"), "rows": [row for row in rows if not row["over"]], "old": [row for row in rows if row["over"]],
        "may_set": request.user.can(Permission.RULE_EDIT),  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "visits/rule_list.html", context)


def _regions(user: Any) -> list[Region]:
    """Where one may ask for visits: the own region and its townships."""
    tops = posted_regions(user, Permission.RULE_EDIT)
    below = Region.objects.filter(parent__in=[top.pk for top in tops], level__lte=Level.TOWNSHIP, valid_to=None)
    return [*tops, *below.order_by("code", "pk")[:TOWNSHIPS]]


@read_on_get
def rule_new(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.RULE_EDIT)
    form = RuleForm(posted(request), regions=_regions(request.user))
    if form.is_bound and form.is_valid():
        rule = attempt(form, lambda: set_rule(by=request.user, **form.facts()))
        if rule is not None:
            messages.success(request, _("已定下：%(rule)s。") % {"rule": told(rule)})
            return redirect("visits:rule_list")
    context = {
        "form": form, "back": reverse("visits:rule_list"), "trail": [(_("走访要求"), reverse("visits:rule_list")), (_("定一条要求"), "")],
    }  # fmt: skip
    return render(request, "visits/rule_form.html", context, status=form_status(form))


@read_on_get
def rule_end(request: HttpRequest, pk: int) -> HttpResponse:
    rows = VisitRule.objects.for_user(request.user).select_related("region")
    rule: VisitRule = get_object_or_404(rows, pk=pk)
    require_in(request.user, Permission.RULE_EDIT, rule.region)
    form = EndForm(posted(request))
    if form.is_bound and form.is_valid():
        ends_on = form.cleaned_data["ends_on"]
        if attempt(form, lambda: end_rule(rule=rule, by=request.user, ends_on=ends_on)) is not None:
            messages.success(request, _("已定停用日期。"))
            return redirect("visits:rule_list")
    context = {
        "rule": rule, "told": told(rule), "form": form, "verb": _("停用"), "danger": True, "cancel_url": reverse("visits:rule_list"),
    }  # fmt: skip
    return render(request, "visits/rule_end.html", context, status=form_status(form))
