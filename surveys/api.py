"""Surveys for programs: read only, the filters and the order of the page, numbers masked. Who must not have seen a survey gets none here."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.roles import Permission
from common.rest import KeysetPagination
from surveys import comparison
from surveys.filters import SurveyFilter
from surveys.listing import rows_of, with_row_facts
from surveys.models import Survey


class MayView(BasePermission):
    """Somebody who may see no household anywhere is told so, instead of being shown an empty list."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated and request.user.can(Permission.HOUSEHOLD_VIEW))


class SurveyViewSet(ReadOnlyModelViewSet):
    """`GET ?filters` lists what waits (or what the filters ask for), `GET <id>/` compares one survey with the ledger and last year."""

    permission_classes = (MayView,)
    pagination_class = KeysetPagination
    filterset_class = SurveyFilter
    queryset = Survey.objects.none()

    def get_queryset(self) -> QuerySet[Survey]:
        return Survey.objects.for_user(self.request.user)

    def filter_queryset(self, queryset: QuerySet[Survey]) -> QuerySet[Survey]:
        return queryset if self.action == "retrieve" else super().filter_queryset(queryset)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(with_row_facts(self.filter_queryset(self.get_queryset())))
        return self.get_paginated_response([row.as_dict() for row in rows_of(page, request.user)])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        survey = with_row_facts(self.get_queryset()).defer(None).get(pk=self.get_object().pk)
        (row,) = rows_of([survey], request.user)
        return Response(row.as_dict() | comparison.load(survey).as_dict())
