"""What the engine proposes for a household and year; whoever writes its plan ticks, and a draft is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from common.readonly import read_on_get
from households import curtain
from households.models import Household
from households.services import LedgerError
from plans import drafting
from plans.models import Plan
from plans.proposals import Proposal, title_of
from plans.services import draft_plan

EARLIEST = 2010
REFUSED = 422


@read_on_get
def proposals(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """GET: the proposals with their reasons. POST: a draft of those that are ticked; it may be none."""
    household = get_object_or_404(Household.objects.for_user(request.user).select_related("village"), pk=pk)
    require(request.user, Permission.PLAN_EDIT, household)
    today = timezone.localdate()
    if not EARLIEST <= year <= today.year + 1:
        raise Http404
    curtain.require(request.user, household.pk, year)
    found = drafting.drafting_of(household, year, user=request.user, today=today)
    ticked = set(request.POST.getlist("take"))
    problem = ""
    if request.method == "POST":
        try:
            plan = _draft(request, household, year, found, ticked)
        except LedgerError as error:
            problem = str(error)
        except ValidationError as error:
            problem = "".join(error.messages)
        else:
            messages.success(request, _("%(year)s 年度帮扶计划的草稿已经建好。") % {"year": year})
            return redirect("plans:plan_detail", plan.pk)
    groups = [
        _group(source, found.found.proposals) for source in dict.fromkeys(p.source for p in found.found.proposals)
    ]
    context: dict[str, Any] = {
        "household": household, "year": year, "found": found, "groups": groups, "ticked": ticked, "problem": problem,
        "plan": Plan.objects.for_user(request.user).filter(household=household, year=year).first(),
    }  # fmt: skip
    return render(request, "plans/proposals.html", context, status=REFUSED if problem else 200)


def _group(source: str, proposals: Sequence[Proposal]) -> dict[str, Any]:
    """One goal: what holds of all its proposals is said once, the rest row by row."""
    own = [each for each in proposals if each.source == source]
    common = (
        [sentence for sentence in own[0].reasons if all(sentence in each.reasons for each in own)]
        if len(own) > 1
        else []
    )
    like = own[0].like
    return {
        "goal": own[0].goal,
        "title": title_of(source),
        "said": [*common, *([like.others] if like else [])],
        "rows": [(each, [sentence for sentence in each.reasons if sentence not in common]) for each in own],
    }


def _draft(request: HttpRequest, household: Household, year: int, found: drafting.Drafting, ticked: set[str]) -> Plan:
    chosen = found.chosen(ticked)
    if len(chosen) < len(ticked):
        raise LedgerError(_("台账或目录在您看的时候改了，有的建议不再成立。请看过最新的建议，再选一次。"))
    return draft_plan(
        household=household, year=year, by=request.user, proposals=[drafting.taken_over(each) for each in chosen]
    )
