"""Visits and duties for programs: read only, the filters and the rows of the pages, no numbers of persons."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.roles import Permission
from common.rest import KeysetPagination
from visits.filters import DutyFilter, VisitFilter
from visits.listing import DUTY_FACTS, VISIT_FACTS, duty_rows
from visits.models import Visit, VisitDuty


class MayView(BasePermission):
    """Somebody who may see no household anywhere is told so, instead of being shown an empty list."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated and request.user.can(Permission.HOUSEHOLD_VIEW))


class _Rows(ReadOnlyModelViewSet):
    """`GET ?filters` lists, newest first, `GET <id>/` shows one; what it is has the gate of the household."""

    permission_classes = (MayView,)
    pagination_class = KeysetPagination
    facts: tuple[str, ...] = ()

    def get_queryset(self) -> QuerySet[Any]:
        model: Any = self.queryset.model  # type: ignore[union-attr]
        rows: QuerySet[Any] = model.objects.for_user(self.request.user).select_related(*self.facts)
        return rows

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.action == "retrieve" else super().filter_queryset(queryset)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([self.told(row) for row in page or []])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.told(self.get_object()))

    def told(self, row: Any) -> dict[str, Any]:
        raise NotImplementedError


class VisitViewSet(_Rows):
    filterset_class = VisitFilter
    queryset = Visit.objects.none()
    facts = VISIT_FACTS

    def told(self, row: Visit) -> dict[str, Any]:
        return {
            "id": row.pk, "uid": str(row.uid), "household": _household(row.household), "manner": row.manner, "on": row.on, "met": row.met,
            "seen": row.seen, "text": row.text, "next_on": row.next_on, "visitor": row.visitor.name, "capacities": row.capacities,
            "request": row.request_id, "photos": [str(uid) for uid in row.photos], "recorded_at": row.recorded_at,
            "place": None if row.longitude is None else {"lon": row.longitude, "lat": row.latitude},
            "void": {"at": row.voided_at, "reason": row.void_reason} if row.is_void else None,
        }  # fmt: skip


class DutyViewSet(_Rows):
    filterset_class = DutyFilter
    queryset = VisitDuty.objects.none()
    facts = DUTY_FACTS

    def told(self, row: VisitDuty) -> dict[str, Any]:
        (shown,) = duty_rows([row])
        return {
            "id": row.pk, "household": _household(row.household), "rule": shown.rule, "capacity": row.rule.capacity, "manner": row.rule.manner,
            "cadre": row.cadre.name if row.cadre else None, "starts_on": row.starts_on, "ends_on": row.ends_on, "needed": row.needed,
            "made": row.made, "next_due_on": row.next_due_on, "days_late": max(shown.days_late, 0),
        }  # fmt: skip


def _household(household: Any) -> dict[str, Any]:
    return {"id": household.pk, "number": household.number, "village": household.village.full_name}
