"""结对帮扶 on screen: the figures both ways, the cadres and the units behind them, the households of one helper, what is asked of pairings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.places import RegionChoices
from accounts.roles import Permission
from accounts.scoping import posted_regions, require_in, require_somewhere
from cadres.models import Cadre, Unit
from common import pages, tabs
from common.readonly import read_on_get, reads_only
from households import coverage
from households.answering import attempt, form_status, posted
from households.filters import HelperFilter, UnitFilter
from households.listing import rows_of, with_row_facts
from households.models import Household, Pairing, PairingRule
from households.models.matching import WEIGHTS
from households.services import set_pairing_rule
from households.services.helping import Rules, loads_of
from regions.models import Level, Region

CADRE_PAGE = "cadres.Cadre"


def _listed(name: str, **query: Any) -> str:
    kept = {key: str(value) for key, value in query.items() if value not in (None, "")}
    return pages.address(reverse(f"households:{name}"), kept)


def crumbs(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    """结对帮扶 and what is below it."""
    return [(_("结对帮扶"), reverse("households:pairing_coverage")), *more]


# -- figures ------------------------------------------------------------------------------------------------------------------------


@reads_only
def pairing_coverage(request: HttpRequest) -> HttpResponse:
    """The figures of a region and, side by side, of those below it."""
    user = request.user
    require_somewhere(user, Permission.CADRE_VIEW)
    regions = RegionChoices(user, request.GET.get("region", ""), Permission.CADRE_VIEW)
    at = regions.chosen or (regions.tops[0] if len(regions.tops) == 1 else None)
    below = [row for row in regions.rows if at is None or row.parent_id == at.pk]
    whole, *lines = coverage.lines_of(user, [at, *below])
    context = {
        "regions": regions.choices, "chosen": regions.chosen, "at": at, "now": timezone.now(),
        "groups": _groups(whole, user) if at is not None else [], "rows": [_line(line) for line in lines],
        "heads": [label for label, _value, _url in _cells(whole)], "head": _("村") if at and at.level >= Level.TOWNSHIP else _("乡镇"),
        "may_edit": user.can(Permission.PAIRING_EDIT),
    }  # fmt: skip
    return render(request, "households/coverage.html", context)


def _groups(line: coverage.Line, user: Any) -> list[tuple[str, list[dict[str, Any]]]]:
    """All figures of a region, each with its list: of households, of cadres, of units."""
    region = line.region.pk if line.region else None

    def kpis(labels: dict[str, Any], counts: dict[str, int], name: str, key: str) -> list[dict[str, Any]]:
        return [
            {"label": label, "value": f"{counts[code]:,}", "url": _listed(name, **{key: "" if code == "helpers" else code, "region": region})}
            for code, label in labels.items()
        ]  # fmt: skip

    whole = {"label": _("农户"), "value": f"{line.all:,}", "url": _listed("household_list", region=region)}
    return [
        (_("农户这一头"), [whole, *kpis(coverage.HOUSEHOLDS, line.households, "household_list", "helper")]),
        (_("干部这一头"), kpis(coverage.CADRES, line.cadres, "helper_list", "of")),
        (_("单位"), kpis(coverage.UNITS, line.units, "unit_pairings", "of")),
    ]


def _cells(line: coverage.Line) -> list[tuple[Any, int, str]]:
    """The figures by which regions are compared: (label, value, list)."""
    region = line.region.pk if line.region else None
    houses = [
        (label, line.households[code], _listed("household_list", helper=code, region=region))
        for code, label in {
            "none": _("没人帮"),
            "nolead": _("没牵头人"),
            "many": _("多对一"),
            "unfit": _("要更换"),
        }.items()
    ]
    cadres = [
        (label, line.cadres[code], _listed("helper_list", of=code, region=region))
        for code, label in {"over": _("户数过多"), "free": _("党员可结对")}.items()
    ]
    return [(_("农户"), line.all, _listed("household_list", region=region)), *houses, *cadres]


def _line(line: coverage.Line) -> dict[str, Any]:
    assert line.region is not None
    return {
        "label": line.region.name, "url": _listed("pairing_coverage", region=line.region.pk),
        "cells": [{"label": label, "value": value, "url": url} for label, value, url in _cells(line)],
    }  # fmt: skip


# -- cadres -------------------------------------------------------------------------------------------------------------------------


def _counted_people(count: pages.Count) -> str:
    if count.capped:
        return _("一万人以上")
    return ngettext("共 %(count)s 人", "共 %(count)s 人", count.value) % {"count": f"{count.value:,}"}


@reads_only
def helper_list(request: HttpRequest) -> HttpResponse:
    """Who helps, with how many households here and everywhere, and what is the matter with them."""
    require_somewhere(request.user, Permission.CADRE_VIEW)
    filterset = HelperFilter(request.GET, Cadre.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "trail": crumbs((_("帮扶责任人"), "")),
            "rows": _helpers(request.user, page.rows, filterset.at), "fields": [filterset.form["of"], filterset.form["name"]],
            "kept": {"unit": filterset.data["unit"]} if filterset.data.get("unit") else {}, "may_edit": request.user.can(Permission.PAIRING_EDIT),
        }  # fmt: skip

    return pages.list_page(
        request, template="households/helper_list.html", url=reverse("households:helper_list"), filterset=filterset, context=context,
        rows=lambda found: coverage.with_troubles(request.user, found.select_related("unit__region")), counted=_counted_people, order="name",
    )  # fmt: skip


def _helpers(user: Any, cadres: list[Cadre], region: Region | None) -> list[dict[str, Any]]:
    keys = [cadre.pk for cadre in cadres]
    loads, rules = loads_of(keys), Rules()
    here = Pairing.objects.for_user(user).current().ordinary().filter(cadre__in=keys, household__closed_on=None)
    if region is not None:
        here = here.filter(household__village__in=coverage.villages_of(user, region))
    counts = dict(here.order_by().values_list("cadre").annotate(n=Count("household", distinct=True)))
    return [
        {
            "cadre": cadre, "count": counts.get(cadre.pk, 0), "url": _listed("household_list", cadre=cadre.pk, region=region.pk if region else None),
            "all": loads[cadre.pk], "most": rules.most(cadre), "ill": coverage.troubles(cadre, loads[cadre.pk], rules),
        }
        for cadre in cadres
    ]  # fmt: skip


@reads_only
def cadre_households(request: HttpRequest, pk: int) -> HttpResponse:
    """结对农户: a tab of the cadre's page."""
    require_somewhere(request.user, Permission.CADRE_VIEW)
    cadre: Cadre = get_object_or_404(Cadre.objects.for_user(request.user).select_related("unit__region"), pk=pk)
    running = Pairing.objects.for_user(request.user).current().filter(cadre=cadre, household__closed_on=None)
    kinds = dict(running.values_list("household", "mode"))
    mine = Household.objects.for_user(request.user).active().filter(pk__in=list(kinds)).order_by("village__code", "pk")
    past = (
        Pairing.objects.for_user(request.user).filter(cadre=cadre, ends_on__lte=timezone.localdate()).select_related("household")
    )  # fmt: skip
    labels = dict(Pairing.Mode.choices)
    context = {
        "trail": crumbs((_("帮扶责任人"), reverse("households:helper_list")), (cadre.name, "")),
        "cadre": cadre, "rows": [(row, labels[kinds[row.household.pk]]) for row in rows_of(with_row_facts(mine))],
        "past": past.order_by("-ends_on", "pk")[:50], "load": loads_of([pk])[pk], "most": Rules().most(cadre),
        "tabs": tabs.tabs_for(CADRE_PAGE, request.user), "may_edit": request.user.can(Permission.PAIRING_EDIT),
    }  # fmt: skip
    return render(request, "households/cadre_households.html", context)


# -- units --------------------------------------------------------------------------------------------------------------------------


def _counted_units(count: pages.Count) -> str:
    return ngettext("共 %(count)s 个", "共 %(count)s 个", count.value) % {"count": f"{count.value:,}"}


@reads_only
def unit_pairings(request: HttpRequest) -> HttpResponse:
    """Units with their cadres, helpers and households here; those of whom nobody helps."""
    user = request.user
    require_somewhere(user, Permission.CADRE_VIEW)
    filterset = UnitFilter(request.GET, Unit.objects.for_user(user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        region = filterset.at.pk if filterset.at else None
        return {
            "trail": crumbs((_("各单位结对情况"), "")),
            "rows": [
                (unit, _listed("helper_list", unit=unit.pk, region=region), _listed("household_list", unit=unit.pk, region=region))
                for unit in page.rows
            ],
            "fields": [filterset.form["of"]],
        }  # fmt: skip

    return pages.list_page(
        request, template="households/unit_pairings.html", url=reverse("households:unit_pairings"), filterset=filterset, context=context,
        rows=lambda found: coverage.with_unit_counts(user, found, filterset.at), counted=_counted_units, order="name",
    )  # fmt: skip


# -- 结对要求 ---------------------------------------------------------------------------------------------------------------------


class RuleForm(forms.ModelForm):
    class Meta:
        model = PairingRule
        fields = ("most_leader", "most_section", "most_ordinary", "most_village", "near_km", *WEIGHTS)


@reads_only
def pairing_rules(request: HttpRequest) -> HttpResponse:
    """The rules in force where the user stands: the own, those above, the defaults."""
    user = request.user
    require_somewhere(user, Permission.CADRE_VIEW)
    rules = Rules()
    at = posted_regions(user, Permission.CADRE_VIEW)
    own = list(PairingRule.objects.for_user(user).select_related("region").order_by("region__path"))
    shown = [(region, rules.at(region.path)) for region in at]
    editable = posted_regions(user, Permission.RULE_EDIT)
    context = {
        "shown": [(region, rule, _told(rule)) for region, rule in shown],
        "trail": crumbs((_("结对要求"), "")), "own": own, "editable": editable,
    }  # fmt: skip
    return render(request, "households/pairing_rules.html", context)


def _told(rule: PairingRule) -> list[tuple[Any, int]]:
    fields = [rule._meta.get_field(name) for name in RuleForm.Meta.fields]
    return [(field.verbose_name, getattr(rule, field.name)) for field in fields]


@read_on_get
def pairing_rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What a region asks of pairings; for who makes rules there."""
    require_somewhere(request.user, Permission.RULE_EDIT)
    choices = RegionChoices(request.user, str(pk), Permission.RULE_EDIT)
    region: Region = get_object_or_404(Region, pk=pk if pk in choices.visible else 0)
    require_in(request.user, Permission.RULE_EDIT, region)
    rule = PairingRule.objects.for_user(request.user).filter(region=region).first() or Rules().at(region.path)
    form = RuleForm(posted(request), initial={name: getattr(rule, name) for name in RuleForm.Meta.fields})
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: set_pairing_rule(region=region, by=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("已保存%(region)s的结对要求。") % {"region": region.name})
            return redirect("households:pairing_rules")
    back = reverse("households:pairing_rules")
    context = {"form": form, "region": region, "back": back, "trail": crumbs((_("结对要求"), back), (region.name, ""))}
    return render(request, "households/pairing_rule_form.html", context, status=form_status(form))
