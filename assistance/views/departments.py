"""本部门措施: the list, one measure, its deliveries, a village's table. Whoever works here sees no ledger: nothing leads to one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from accounts.scoping import require_somewhere
from assistance import values
from assistance.departments import MINE, own_of, with_numbers
from assistance.filters import DepartmentFilter
from assistance.listing import DepartmentRow, lines_of, with_row_facts
from assistance.models import AssistanceEvidence, Delivery, Measure
from assistance.services.deliveries import DELIVERABLE
from assistance.shares import added, in_words
from assistance.views import deliveries, measures
from assistance.views.base import DEPARTMENT, PLACE, history_of
from catalogue.codelists import COLUMN
from common import pages
from common.readonly import read_on_get, reads_only

FIRST = ("kind", "state", "year")


def _mine(request: HttpRequest, model: Any, pk: int, *related: str) -> Any:
    """A row of an own kind: 404 where it is not."""
    require_somewhere(request.user, MINE)
    return get_object_or_404(model.objects.for_user(request.user, MINE).select_related(*related, *PLACE), pk=pk)


def _measure(request: HttpRequest, pk: int) -> Measure:
    found: Measure = _mine(request, Measure, pk, "kind__category", "member")
    return found


@reads_only
def department_list(request: HttpRequest) -> HttpResponse:
    """All measures of the own kinds in the own area, under filters."""
    require_somewhere(request.user, MINE)
    filterset = DepartmentFilter(request.GET, Measure.objects.for_user(request.user, MINE), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        names = {p.department for p in request.user.postings_now if p.department}  # type: ignore[union-attr]
        return {
            "rows": [DepartmentRow(row) for row in page.rows], "first": [filterset.form[name] for name in FIRST],
            "departments": _("、").join(sorted(names)), "without": not own_of(request.user), "desk": DEPARTMENT,
        }  # fmt: skip

    return pages.list_page(
        request, template="assistance/department_list.html", url=DEPARTMENT.list_url, filterset=filterset,
        rows=lambda found: with_numbers(with_row_facts(found)), context=context, counted=measures.counted,
    )  # fmt: skip


@reads_only
def department_measure(request: HttpRequest, pk: int) -> HttpResponse:
    """One measure: who by name and masked number, its own facts, what was delivered and what the household said of it."""
    measure = _measure(request, pk)
    user, kind = request.user, measure.kind
    rows = Delivery.objects.for_user(user, MINE).filter(measure=measure)
    given = list(rows.select_related("confirmation", "kind", "member").order_by("-pk"))
    lines = lines_of(given)
    standing = [line for line in lines if line.stands]
    photos = AssistanceEvidence.objects.for_user(user, MINE).filter(delivery__in=given, removed_at=None).order_by("pk")
    numbered = with_numbers(Measure.objects.for_user(user, MINE).filter(pk=pk)).only("pk").get()
    measure.number = numbered.number  # type: ignore[attr-defined]
    context = {
        "measure": measure, "row": DepartmentRow(measure), "desk": DEPARTMENT, "facts": values.in_words(kind, measure.values), "lines": lines,
        "total": sum(line.delivery.amount for line in standing), "sources": in_words(added(line.shares for line in standing)),
        "denied": [line for line in standing if line.word and not line.word.received], "photos": list(photos),
        "may_deliver": measure.state in DELIVERABLE and not measure.household.is_closed, "may_reverse": True, "may_confirm": False,
        "history": history_of(measure, *given), "column": COLUMN.label(kind.column),
        "trail": [(DEPARTMENT.title, DEPARTMENT.list_url), (kind.title, "")],
    }  # fmt: skip
    return render(request, "assistance/department_measure.html", context)


@read_on_get
def department_deliver(request: HttpRequest, pk: int) -> HttpResponse:
    return deliveries.record(request, _measure(request, pk), DEPARTMENT)


@read_on_get
def department_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    delivery: Delivery = _mine(request, Delivery, pk, "measure__kind", "kind", "member")
    return deliveries.take_back(request, delivery, DEPARTMENT)


@read_on_get
def department_batch(request: HttpRequest) -> HttpResponse:
    return deliveries.batch(request, DEPARTMENT)
