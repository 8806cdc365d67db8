"""Households for programs: read only, the filters and the order of the page, numbers masked."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.roles import Permission
from common.pages import address, query_of
from common.rest import KeysetPagination
from households.filters import HouseholdFilter
from households.ledger import load
from households.listing import rows_of, with_row_facts
from households.models import Household
from households.search import SEALED, seal


class MayView(BasePermission):
    """Somebody who may see no household anywhere is told so, instead of being shown an empty list."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated and request.user.can(Permission.HOUSEHOLD_VIEW))


class HouseholdViewSet(ReadOnlyModelViewSet):
    """`GET ?filters` lists, `GET <id>/` is a ledger, `POST find/` lists with a search text of any kind (`{"q": …}` and filters).

    In an address `q` may hold a name, initials or a few digits; whole numbers go by POST, so that no log keeps them.
    """

    permission_classes = (MayView,)
    pagination_class = KeysetPagination
    filterset_class = HouseholdFilter
    queryset = Household.objects.none()

    def get_queryset(self) -> QuerySet[Household]:
        return Household.objects.for_user(self.request.user)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(with_row_facts(self.filter_queryset(self.get_queryset())))
        return self._rows(page)

    def _rows(self, households: list[Household]) -> Response:
        return self.get_paginated_response([row.as_dict() for row in rows_of(households)])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(load(self.get_object(), request.user).as_dict())

    def filter_queryset(self, queryset: QuerySet[Household]) -> QuerySet[Household]:
        return (
            queryset if self.action == "retrieve" else super().filter_queryset(queryset)
        )  # a closed household has a ledger, too

    @action(detail=False, methods=["post"])
    def find(self, request: Request) -> Response:
        """The list for a search that must not stand in an address. Its `next` and `previous` carry the text sealed."""
        asked = QueryDict(mutable=True)
        for name in HouseholdFilter.base_filters:
            value = str(request.data.get(name) or "")
            asked[name] = value if name != "q" or value.startswith(SEALED) else seal(value)
        filterset = HouseholdFilter(asked, self.get_queryset(), request=request)
        if not filterset.is_valid():
            raise ValidationError(filterset.errors)
        page = self.paginate_queryset(with_row_facts(filterset.qs))
        self.paginator.base_url = request.build_absolute_uri(address(self.reverse_action("list"), query_of(filterset)))
        return self._rows(page)
