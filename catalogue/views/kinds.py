"""The catalogue on screen: which kinds of help there are, and who in a village may have one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from catalogue import spoken
from catalogue.codelists import COLUMN
from catalogue.eligibility import facts_of
from catalogue.forms import TYPES
from catalogue.models import MeasureKind
from common.readonly import reads_only
from households import codelists
from households.filters import RegionChoices
from households.ledger import CHECK_TITLES
from households.models import Household
from regions.models import Level

MOST_HOUSEHOLDS = 2000  # of a village, looked through at once


@reads_only
def kind_list(request: HttpRequest) -> HttpResponse:
    """All kinds in force, column by column of the national tables; `cause` and `check` leave those that answer it, `retired` adds those
    that are not in force today."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    today = timezone.localdate()
    retired = request.GET.get("retired") == "1"
    kinds = MeasureKind.objects.all() if retired else MeasureKind.objects.in_force(today)
    cause, check = request.GET.get("cause", ""), request.GET.get("check", "")
    if cause in codelists.CAUSE:
        kinds = kinds.filter(causes__contains=[cause])
    if check in CHECK_TITLES:
        kinds = kinds.filter(checks__contains=[check])
    by_column: dict[str, list[MeasureKind]] = {}
    for kind in kinds:
        by_column.setdefault(kind.column, []).append(kind)
    columns = [(COLUMN.label(code.code), by_column[code.code]) for code in COLUMN.codes if code.code in by_column]
    context = {
        "columns": columns, "count": sum(len(rows) for _label, rows in columns), "cause": cause, "check": check,
        "causes": codelists.CAUSE.choices, "checks": CHECK_TITLES.items(), "now": today, "retired": retired,
        "may_edit": request.user.can(Permission.CATALOGUE_EDIT),
    }  # fmt: skip
    return render(request, "catalogue/kind_list.html", context)


@reads_only
def kind_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One kind, and, for a chosen village, who may have it by what the ledger says this year."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    kind = get_object_or_404(MeasureKind.objects.select_related("category"), code=code)
    regions = RegionChoices(request.user, request.GET.get("region", ""))
    village = regions.chosen if regions.chosen is not None and regions.chosen.level == Level.VILLAGE else None
    today = timezone.localdate()
    context: dict[str, Any] = {
        "kind": kind, "causes": codelists.CAUSE.labels(kind.causes), "checks": [CHECK_TITLES[name] for name in kind.checks],
        "regions": regions.choices, "chosen": regions.chosen, "village": village, "year": today.year, "now": today,
        "rule": spoken.rule(kind.eligible) if kind.eligible is not None else "", "own": [(each["label"], TYPES.get(each["type"], each["type"]), each.get("unit", ""), _("、").join(text for _code, text in each.get("choices", ()))) for each in kind.fields],
        "may_edit": request.user.can(Permission.CATALOGUE_EDIT), "may_see_history": request.user.can(Permission.HISTORY_VIEW),
    }  # fmt: skip
    if village is not None:
        households = (
            Household.objects.for_user(request.user).active().filter(village=village).order_by("sort_key", "pk")
        )
        context |= _who(kind, list(households[:MOST_HOUSEHOLDS]), today)
    return render(request, "catalogue/kind_detail.html", context)


def _who(kind: MeasureKind, households: list[Household], today: Any) -> dict[str, Any]:
    """Rows of those who may have it, and of those of whom it is not known; how many households were looked through."""
    may, unknown = [], []
    facts = facts_of(households, today.year, today=today)
    for household in households:
        for verdict in facts[household.pk].verdicts(kind):
            name = verdict.member.name if verdict.member else _("整户")
            if verdict.may:
                may.append({"household": household, "name": name})
            elif verdict.may is None:
                unknown.append({"household": household, "name": name, "missing": _("、").join(verdict.missing)})
    return {"may": may, "unknown": unknown, "looked": len(households)}
