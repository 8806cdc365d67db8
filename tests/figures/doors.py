"""Boards and the lists behind their numbers: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from figures import rollup
from figures.reports.models import ReportFile, ReportSchedule, SavedReport
from tests.factories import JobFactory
from tests.gates import Counted, Door, Menu, Own, P, form, get, post

OWN = Own(P.FIGURES_VIEW)
DOORS: list[Door] = [
    *get("figures:boards", Menu(P.FIGURES_VIEW), ok=(302,)),  # to the board of the own area
    *get("figures:board", Counted(P.FIGURES_VIEW), {"pk": "village"}),
    *get("figures:board_pdf", Counted(P.FIGURES_VIEW), {"pk": "village"}),
    *get("figures:wall", Counted(P.FIGURES_VIEW), {"pk": "village"}),
    *form("figures:map_edit", Counted(P.REGION_EDIT), {"pk": "village"}, data={"act": "drop"}),
    *get("figures:rows", Menu(P.FIGURES_VIEW), {"code": "'households"}),
    *get("figures:reports", Menu(P.FIGURES_VIEW)),
    *get("figures:report", Menu(P.FIGURES_VIEW), {"code": "'age-places"}),
    *get("figures:report", Menu(P.FIGURES_VIEW), {"code": "'pivot"}),
    *get("figures:report", Menu(P.FUND_VIEW), {"code": "'payments"}),
    *get("figures:report_file", Menu(P.FIGURES_VIEW), {"code": "'status", "output": "'xlsx"}),
    *post("figures:report_ask", Menu(P.FIGURES_VIEW), {"code": "'status"}, data={"output": "pdf"}),
    *form("figures:report_save", Menu(P.FIGURES_VIEW), {"code": "'status"}),
    *form("figures:schedule_new", Menu(P.FIGURES_VIEW), {"code": "'status"}),
    *get("figures:saved_report", OWN, {"pk": "saved_report"}, ok=(302,)),
    *form("figures:saved_delete", OWN, {"pk": "saved_report"}),
    *post("figures:schedule_stop", OWN, {"pk": "report_schedule"}),
    *post("figures:made_file", OWN, {"pk": "report_file"}),
    *get("api:board-list", Menu(P.FIGURES_VIEW)),
    *get("api:board-detail", Counted(P.FIGURES_VIEW), {"pk": "village"}),
    *get("api:dataset-list", Menu(P.FIGURES_VIEW)),
    *get("api:dataset-row-list", Menu(P.FIGURES_VIEW), {"code": "'households"}),
    *get("api:dataset-row-list", Menu(P.FUND_VIEW), {"code": "'payments"}),
    *get("api:report-list", Menu(P.FIGURES_VIEW)),
    *get("api:report-detail", Menu(P.FIGURES_VIEW), {"pk": "'status"}),
    *get("api:report-detail", Menu(P.FUND_VIEW), {"pk": "'payments"}),
    *get("api:saved-report-list", Menu(P.FIGURES_VIEW)),
    *get("api:saved-report-detail", OWN, {"pk": "saved_report"}),
    *get("api:report-file-list", Menu(P.FIGURES_VIEW)),
    *get("api:report-file-detail", OWN, {"pk": "report_file"}),
]


BY_HAND: dict[str, str] = {}
PUBLIC: dict[str, str] = {}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of a place that only figures have: none, they are counted."""
    return {}


def furnish_own(user: Any) -> dict[str, Any]:
    """What is one user's own."""
    place = user.postings.get().region
    own = {"owner": user, "place": place, "code": "status"}
    today = timezone.localdate()
    schedule = ReportSchedule.objects.create(**own, name="自己的", rhythm="month", next_on=today, ends_on=today)
    job = JobFactory(owner=user.username, kind="figures.report")
    return {
        "saved_report": SavedReport.objects.create(**own, name="自己的").pk, "report_schedule": schedule.pk,
        "report_file": ReportFile.objects.create(**own, name="自己的", job=job, output="xlsx", schedule=schedule).pk,
    }  # fmt: skip


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are counted: with what is rolled up, as they are but for the seconds after a change."""
    rollup.fold()
    county = household.village.parent.parent
    return {
        "board of a county": reverse("figures:board", args=[county.pk]),
        "board of a village": reverse("figures:board", args=[household.village_id]),
        "board of a county on paper": reverse("figures:board_pdf", args=[county.pk]),
        "centre of reports": reverse("figures:reports"),
        "report of a county": f"{reverse('figures:report', args=['age-places'])}?region={county.pk}",
        "report put together": f"{reverse('figures:report', args=['pivot'])}?dataset=living&row=place&row2=size&across=check&value=income",
        "api: board of a county": reverse("api:board-detail", args=[county.pk]),
        "api: rows behind a figure": f"{reverse('api:dataset-row-list', args=['households'])}?region={county.pk}&status=on_register",
        "api: report of a county": f"{reverse('api:report-detail', args=['age-places'])}?region={county.pk}",
        "rows behind a figure": f"{reverse('figures:rows', args=['households'])}?region={county.pk}&status=on_register",
    }


def grow(household: Any, land: Any) -> None:
    """What the other packages added is counted, as it is some seconds later."""
    rollup.fold()
