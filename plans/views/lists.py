"""The board, the list of plans, the list of tasks, many approved at once, and the tab on the ledger."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import bulk, pages
from common.pages import Count
from common.readonly import reads_only
from households import selection
from households.models import Household
from households.services import LedgerError
from plans import services
from plans.filters import GROUPS, PlanFilter, TaskFilter
from plans.listing import TaskRow, on_board, rows_of, with_row_facts, with_task_facts
from plans.models import Plan, Task
from plans.services.decision import sort_out
from plans.views.base import holds

PLANS = selection.Kind(
    Plan, PlanFilter, ("household__village", "household__township"),
    nothing=gettext_lazy("还没有选择计划。请在列表中勾选后再操作。"),
    too_many=gettext_lazy("一次最多选择 %(most)s 份，请加上筛选条件，分几次做。"),
)  # fmt: skip
ON_BOARD = 5  # plans shown in a column
AT_ONCE = 200
SHOWN = 20


def _list_url() -> str:
    return reverse("plans:plan_list")


def counted(count: Count) -> str:
    """「共 12 份」, 「一万份以上」."""
    if count.capped:
        return _("一万份以上")
    return ngettext("共 %(count)s 份", "共 %(count)s 份", count.value) % {"count": f"{count.value:,}"}


@reads_only
def board(request: HttpRequest) -> HttpResponse:
    """计划看板: a column for each stage with its number, which is the length of the list behind it, and the newest plans."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    data = request.GET.copy()
    data.setdefault("year", str(timezone.localdate().year))
    data.pop("state", None)
    filterset = PlanFilter(data, Plan.objects.for_user(request.user), request=request)
    valid = filterset.is_valid()
    query = pages.query_of(filterset)
    found = filterset.qs.order_by() if valid else Plan.objects.none()
    counts, late = on_board(found) if valid else ({}, Count(0))
    context = {
        "filter": filterset, "form": filterset.form, "columns": _columns(found, query, counts) if valid else [],
        "list_url": pages.address(_list_url(), query), "fields": [filterset.form[name] for name in ("year", "mine", "overdue")],
        "late": {"count": late, "url": pages.address(_list_url(), query | {"overdue": "yes"})} if valid else None,
    }  # fmt: skip
    return render(request, "plans/board.html", context)


def _columns(found: Any, query: dict[str, str], counts: dict[str, Count]) -> list[dict[str, Any]]:
    newest = [
        found.filter(state__in=states).order_by("-pk").values("pk")[:ON_BOARD] for _title, states in GROUPS.values()
    ]
    keys = [row["pk"] for row in newest[0].union(*newest[1:], all=True)]
    rows = rows_of(with_row_facts(Plan._base_manager.filter(pk__in=keys)).order_by("-pk"), marked=True)
    return [
        {
            "key": key, "title": title, "count": counts[key], "url": pages.address(_list_url(), query | {"state": key}),
            "rows": [row for row in rows if row.plan.state in states],
        }
        for key, (title, states) in GROUPS.items()
    ]  # fmt: skip


@reads_only
def plan_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = PlanFilter(request.GET, Plan.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "rows": rows_of(page.rows, marked=True),
            "fields": [filterset.form[name] for name in filterset.filters if name != "region"],
            "actions": bulk.actions_for("plans.Plan", request.user),
            "choose_all": page.count.value <= selection.MOST and bool(page.previous or page.next),
        }

    return pages.list_page(
        request, template="plans/plan_list.html", url=_list_url(), filterset=filterset, rows=with_row_facts, context=context, counted=counted,
    )  # fmt: skip


@reads_only
def task_list(request: HttpRequest) -> HttpResponse:
    """我的任务: what one has to do, the day that comes or went by first; under a filter everybody's."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = TaskFilter(request.GET, Task.objects.for_user(request.user).to_do(), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "rows": [TaskRow(task) for task in page.rows],
            "fields": [filterset.form[name] for name in ("who", "due")],
        }

    def counted(count: Count) -> str:
        if count.capped:
            return _("一万项以上")
        return ngettext("共 %(count)s 项", "共 %(count)s 项", count.value) % {"count": f"{count.value:,}"}

    return pages.list_page(
        request, template="plans/task_list.html", url=reverse("plans:task_list"), filterset=filterset, rows=with_task_facts, context=context,
        counted=counted, order="due_on",
    )  # fmt: skip


# -- many at once ---------------------------------------------------------------------------------------------------------------


@require_POST
def approve_bulk(request: HttpRequest) -> HttpResponse:
    """批量批准: first what will happen and what is left alone and why, then the deed."""
    require_somewhere(request.user, Permission.PLAN_APPROVE)
    query = selection.list_query(request, PLANS)
    back = pages.address(_list_url(), query)
    try:
        chosen = selection.read(request, Permission.PLAN_APPROVE, PLANS)
        if not chosen.pks:
            raise LedgerError(_("所选计划不在您能审批的范围内。"))
        if len(chosen.pks) > AT_ONCE:
            raise LedgerError(_("一次最多批准 %(most)s 份，请分几次做。") % {"most": AT_ONCE})
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(back)
    plans = chosen.rows(request.user, Permission.PLAN_APPROVE)
    if "confirmed" in request.POST:
        result = services.approve_batch(plans=plans, by=request.user)
        (messages.success if result.approved else messages.warning)(request, result.sentence)
        return redirect(back)
    found = sort_out(plans, request.user)
    context = {
        "chosen": chosen, "query": query, "found": found, "approved": found.approved[:SHOWN], "skipped": found.skipped[: SHOWN * 5],
        "cancel_url": back, "verb": _("确认批准"),
    }  # fmt: skip
    return render(request, "plans/approve_bulk.html", context)


# -- on the ledger --------------------------------------------------------------------------------------------------------------


@reads_only
def household_plans(request: HttpRequest, pk: int) -> HttpResponse:
    """The plans of one household, newest year first: a page, and the tab on its ledger."""
    household = get_object_or_404(Household.objects.for_user(request.user).select_related("village", "township"), pk=pk)
    plans = Plan.objects.for_user(request.user).filter(household=household)
    rows = rows_of(with_row_facts(plans).order_by("-year")[:SHOWN])
    this, taken = timezone.localdate().year, {row.plan.year for row in rows}
    may_draft = not household.is_closed and holds(request.user, Permission.PLAN_EDIT, household)
    context = {
        "household": household,
        "rows": rows,
        "free": [year for year in (this, this + 1) if may_draft and year not in taken],
        "trail": [(str(household), household.get_absolute_url()), (_("帮扶计划"), "")],
    }
    return render(request, "plans/household_plans.html" + "#plans" * pages.is_fragment(request), context)
