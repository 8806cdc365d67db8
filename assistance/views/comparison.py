"""Comparing: a marginal household with its carded neighbours, and income before and after help."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from assistance import effects, marginal
from catalogue.models import MeasureKind
from common.lookups import among
from common.readonly import reads_only
from households import curtain
from households.filters import RegionChoices
from households.models import Household
from surveys import progress

SIZE = 50


@reads_only
def marginal_list(request: HttpRequest) -> HttpResponse:
    """边缘易致贫户 of the own area, the poorest first, beside the median of the carded households of their village."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    regions = RegionChoices(request.user, request.GET.get("region", ""))
    year = _year(request)
    rows = Household.objects.for_user(request.user).active()
    if regions.chosen is not None:
        rows = progress.within(rows, regions.chosen)
    found = list(marginal.poorest_first(rows, year)[: SIZE + 1])
    context = {
        "rows": marginal.beside(request.user, found[:SIZE], year),
        "more": len(found) > SIZE, "size": SIZE, "year": year, "years": effects.years(), "regions": regions.choices, "chosen": regions.chosen, "now": timezone.now(),
    }  # fmt: skip
    return render(request, "assistance/marginal_list.html", context)


@reads_only
def neighbours(request: HttpRequest, pk: int) -> HttpResponse:
    """One household beside the carded ones of its village. Neighbours the reader may not see are counted, not named."""
    household = get_object_or_404(
        Household.objects.for_user(request.user).select_related("village__parent__parent"), pk=pk
    )
    year = _year(request)
    hidden = curtain.hidden_from(request.user, [household.pk]).get(household.pk)
    if hidden is not None:
        year = min(year, hidden - 1)
    found = marginal.compare(household, year)
    visible = set(
        Household.objects.for_user(request.user)
        .filter(among("pk", [n.household.pk for n in found.shown]))
        .values_list("pk", flat=True)
    )
    context = {
        "household": household, "found": found, "year": year, "years": effects.years(), "now": timezone.now(),
        "named": [n for n in found.shown if n.household.pk in visible],
    }  # fmt: skip
    return render(request, "assistance/neighbours.html", context)


@reads_only
def effects_page(request: HttpRequest) -> HttpResponse:
    """Income by source before and after, of households that received help in between and of those that did not."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    regions = RegionChoices(request.user, request.GET.get("region", ""))
    at = regions.chosen or (regions.tops[0] if len(regions.tops) == 1 else None)
    this_year = timezone.localdate().year
    after = _year(request, "after", this_year)
    before = min(_year(request, "before", after - 1), after - 1)
    kinds = list(MeasureKind.objects.order_by("column", "code"))
    kind = next((each for each in kinds if each.code == request.GET.get("kind", "")), None)
    households = Household.objects.for_user(request.user).active()
    if at is not None:
        households = progress.within(households, at)
    groups = effects.groups(households, before, after, kind)
    context = {
        "groups": groups, "kind": kind, "kinds": kinds,
        "before": before, "after": after, "years": effects.years(), "regions": regions.choices, "chosen": regions.chosen, "at": at, "now": timezone.now(),
    }  # fmt: skip
    return render(request, "assistance/effects.html", context)


def _year(request: HttpRequest, name: str = "year", default: int | None = None) -> int:
    asked = request.GET.get(name, "")
    years = effects.years()
    return int(asked) if asked.isdecimal() and int(asked) in years else (default or years[0])
