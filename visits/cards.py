"""The card 走访 on the page of a household: when somebody was there last, what was seen, what is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import dates
from households.cards import Card
from households.models import Household
from visits.models import Manner, Visit, VisitDuty


def _first(rows: QuerySet[Any], column: str) -> Subquery:
    return Subquery(rows.values(column)[:1])


def columns(household: Household, year: int, user: Any) -> Mapping[str, Any]:
    """Of every year: the last visit is the last one there was."""
    today = timezone.localdate()
    counted = Visit.objects.counted().filter(household=household.pk).order_by("-on", "-pk")
    visits, calls = counted.filter(manner=Manner.VISIT), counted.filter(manner=Manner.CALL)
    due = VisitDuty.objects.missing(today).filter(household=household.pk).order_by("next_due_on", "pk")
    planned = counted.filter(next_on__gte=today).order_by("next_on")
    return {
        "on": _first(visits, "on"), "text": _first(visits, "text"), "pk": _first(visits, "pk"), "who": _first(visits, "visitor__name"),
        "called": _first(calls, "on"), "last_day": _first(due, "next_due_on"), "next_on": _first(planned, "next_on"),
    }  # fmt: skip


def visit_card(household: Household, year: int, user: Any, found: Mapping[str, Any]) -> Iterable[Card]:
    today = timezone.localdate()
    on, called, last_day, next_on = (found[name] for name in ("on", "called", "last_day", "next_on"))
    url = reverse("visits:household_visits", args=[household.pk])
    lines: list[tuple[Any, str, str]] = []
    if on is not None:
        lines.append(
            (_("最近走访"), f"{dates.written(on)} {found['who']}", reverse("visits:visit_detail", args=[found["pk"]]))
        )
        lines.append((_("当时记下"), found["text"], ""))
    else:
        lines.append((_("最近走访"), _("没有走访记录"), ""))
    if called is not None:
        lines.append((_("最近电话"), dates.written(called), ""))
    if last_day is not None:
        lines.append((_("应走访"), _due(last_day, today), url))
    if next_on is not None:
        lines.append((_("约定下次"), dates.written(next_on), ""))
    return [Card("visits", _("走访"), lines, url, _("全部走访"))]


def _due(last_day: Any, today: Any) -> str:
    late = (today - last_day).days
    if late > 0:
        return ngettext("逾期 %(count)s 天", "逾期 %(count)s 天", late) % {"count": late}
    return _("最迟 %(day)s") % {"day": dates.written(last_day)}
