"""日历: a month of visits as a table, and what is on one day of it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import dates, pages
from common.readonly import reads_only
from households.filters import RegionChoices
from visits.coverage import month_of, stand
from visits.filters import in_region
from visits.listing import DUTY_FACTS, VISIT_FACTS, VisitRow, duty_rows
from visits.models import Visit, VisitDuty
from visits.months import Lists, weeks_of
from visits.views.base import parts

SHOWN = 20  # rows of each list of a day
WEEKDAYS = (
    pgettext_lazy("星期", "一"), pgettext_lazy("星期", "二"), pgettext_lazy("星期", "三"), pgettext_lazy("星期", "四"), pgettext_lazy("星期", "五"),
    pgettext_lazy("星期", "六"), pgettext_lazy("星期", "日"),
)  # fmt: skip


@reads_only
def month(request: HttpRequest) -> HttpResponse:
    """`?month=2026-11`, `&day=2026-11-05` for what is on that day, `&region=` for a place, `&mine=yes` for one's own."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    user: Any = request.user
    today = timezone.localdate()
    chosen = _day(request.GET.get("day", ""))
    shown = chosen or _day(request.GET.get("month", "") + "-01") or today
    regions = RegionChoices(user, request.GET.get("region", ""))
    visits, duties = Visit.objects.for_user(user).standing(), VisitDuty.objects.for_user(user).missing(today)
    place: dict[str, str] = {}
    if regions.chosen is not None:
        visits, duties = in_region(visits, regions.chosen), in_region(duties, regions.chosen)
        place = {"region": str(regions.chosen.pk)}
    lists = Lists(visits, duties)
    first, last = month_of(shown)
    here = reverse("visits:month")

    def address(**more: str) -> str:
        return pages.address(here, more | place)

    weeks = [
        [(day, address(day=day.on.isoformat()) + "#day" if day.made or day.planned or day.due else "") for day in week]
        for week in weeks_of(lists, stand(user, regions.chosen), shown, today)
    ]
    context = {
        "parts": parts(request, "month"), "weeks": weeks, "weekdays": WEEKDAYS, "title": dates.month(shown), "today": today,
        "regions": regions.choices, "chosen": regions.chosen, "day": chosen, "month": f"{shown:%Y-%m}",
        "earlier": address(month=f"{first - dt.timedelta(days=1):%Y-%m}"), "later": address(month=f"{last + dt.timedelta(days=1):%Y-%m}"),
        "now": address() if (today.year, today.month) != (shown.year, shown.month) else "",
        "groups": _groups(lists, chosen, place) if chosen else [],
    }  # fmt: skip
    return render(request, "visits/month.html", context)


def _day(text: str) -> dt.date | None:
    if not re.fullmatch(r"2[01]\d\d-\d\d-\d\d", text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _groups(lists: Lists, day: dt.date, place: dict[str, str]) -> list[dict[str, Any]]:
    """What is on one day: each list with its number, its first rows and the address of all of it."""
    made, planned, due = lists.made(day, day), lists.planned(day, day), lists.due(day, day)
    listed, owed = reverse("visits:visit_list"), reverse("visits:duty_list")
    on = day.isoformat()

    def visits(rows: Any) -> list[VisitRow]:
        return [VisitRow(row) for row in rows.select_related(*VISIT_FACTS).order_by("-pk")[:SHOWN]]

    return [
        {"title": _("走访和电话"), "count": made.count(), "visits": visits(made), "url": pages.address(listed, place | {"since": on, "until": on})},
        {"title": _("约定的走访"), "count": planned.count(), "visits": visits(planned), "url": pages.address(listed, place | {"planned": on})},
        {"title": _("最迟在这一天走访"), "count": due.count(), "duties": duty_rows(due.select_related(*DUTY_FACTS).order_by("pk")[:SHOWN]),
         "url": pages.address(owed, place | {"last": on})},
    ]  # fmt: skip
