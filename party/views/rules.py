"""The rules of party building, region by region, as the county sets them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import may_in, visible_region_ids
from common import pages
from common.answering import attempt, form_page, posted
from common.readonly import read_on_get, reads_only
from party import forms, services
from party.models import ActivityRule, Kind, PartyRule, Period
from party.rules import Rules
from party.scope import Scope
from party.views.base import done, somebody
from regions.models import Level, Region

RULE = Permission.RULE_EDIT


@reads_only
def rule_list(request: HttpRequest) -> HttpResponse:
    """What holds in a region, and where below it something else does."""
    user = somebody(request)
    scope = Scope.asked(user, request.GET.get("region", ""))
    at = scope.at
    rules = Rules.load()
    today = timezone.localdate()
    own = [
        rule
        for rule in rules.party
        if at is not None and rule.region.path.startswith(at.path) and rule.region_id != at.pk
    ]
    rows: list[dict[str, Any]] = []
    for kind, label in Kind.choices:
        period, least = rules.asked(at.path if at else "", kind, today)
        later = [
            r
            for r in rules.activity
            if r.kind == kind and r.starts_on > today and at is not None and at.path.startswith(r.region.path)
        ]
        rows.append({"kind": kind, "label": label, "period": Period(period).label, "least": least, "later": later})
    below: list[ActivityRule] = [
        r for r in rules.activity if at is not None and r.region.path.startswith(at.path) and r.region_id != at.pk
    ]
    context = {
        "regions": scope.choices.choices, "chosen": scope.choices.chosen, "at": at, "rule": rules.of(at) if at else PartyRule(),
        "activities": rows, "own": own, "below": below,
        "may": at is not None and at.level in (Level.TOWNSHIP, Level.COUNTY) and may_in(user, RULE, at),
    }  # fmt: skip
    return render(request, "party/rule_list.html", context)


def _region(request: HttpRequest, pk: int) -> Region:
    """A township or county for which one sets rules."""
    somebody(request, RULE)
    levels = (Level.TOWNSHIP, Level.COUNTY)
    return get_object_or_404(Region, pk=pk, level__in=levels, pk__in=visible_region_ids(request.user, RULE))


def _back(region: Region) -> str:
    return pages.address(reverse("party:rule_list"), {"region": str(region.pk)})


@read_on_get
def rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    region = _region(request, pk)
    holds = Rules.load(activities=False).of(region)
    form = forms.PartyRuleForm(
        posted(request), initial={name: getattr(holds, name) for name in forms.PartyRuleForm.FACTS}
    )
    if form.is_bound and form.is_valid():
        saved = attempt(form, lambda: services.put_party_rule(region=region, facts=form.cleaned_data, by=request.user))
        if saved is not None:
            return done(request, _("要求已保存。"), "rule_list")
    return form_page(
        request,
        form,
        _("修改要求"),
        back=_back(region),
        trail=[(_("党建要求"), reverse("party:rule_list"))],
        sub=region.full_name or region.name,
    )


@read_on_get
def activity_rule(request: HttpRequest, pk: int) -> HttpResponse:
    region = _region(request, pk)
    kind = request.GET.get("kind", "")
    kind = kind if kind in Kind else Kind.ASSEMBLY
    period, least = Rules.load().asked(region.path, kind, timezone.localdate())
    first = {"kind": kind, "period": period, "least": least}
    form = forms.ActivityRuleForm(posted(request), initial=first)
    if form.is_bound and form.is_valid():
        saved = attempt(form, lambda: services.set_activity_rule(region=region, by=request.user, **form.cleaned_data))
        if saved is not None:
            return done(request, _("要求已保存。"), "rule_list")
    return form_page(
        request, form, _("组织生活的要求"), back=_back(region), trail=[(_("党建要求"), reverse("party:rule_list"))],
        sub=region.full_name or region.name,
    )  # fmt: skip
