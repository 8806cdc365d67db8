"""Pages that are counted or worked out, for programs: tables with a row for each place or person (`Overview`), and lists that no one query
gives (`Computed`). What may be asked stands in `asks`; anything else, and a place outside the own area, is refused in a sentence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.places import RegionChoices
from accounts.roles import Permission
from common import pages
from common.rest import ALWAYS, MOST, Guarded, Holds, KeysetPagination, PlaceSerializer, parameter, refuse_unknown
from regions.models import Region

REGION = "region"


# -- what may be asked ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """Something that may be asked in the address: the codes that can be chosen, or a function that gives them, or says of one whether it can
    be. Only codes that are the same on every day are in the description."""

    label: Any
    codes: Iterable[str] | Callable[[], Iterable[str]] = ()
    known: Callable[[str], bool] | None = None

    def takes(self, value: str) -> bool:
        if self.known is not None:
            return self.known(value)
        return value in (self.codes() if callable(self.codes) else self.codes)

    @property
    def schema(self) -> dict[str, Any]:
        codes = [] if self.known is not None or callable(self.codes) else [str(code) for code in self.codes]
        return {"type": "string"} | ({"enum": codes} if codes else {})


PLACE = Ask(gettext_lazy("地区；不写就是自己的地区。"))


class Asks(BaseFilterBackend):
    """Describes what may be asked."""

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        place = {"type": "integer"}
        return [
            parameter(name, place if name == REGION else ask.schema, str(ask.label)) for name, ask in view.asks.items()
        ]


class Asking(Guarded, GenericViewSet):
    """What an address asks, looked over. `place` is what pages stand on: the region chosen, the only posting, or None for several."""

    needs: ClassVar[Permission]
    asks: ClassVar[Mapping[str, Ask]] = {REGION: PLACE}
    permission_classes = (Holds,)
    filter_backends = (Asks,)
    pagination_class: Any = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in SAFE_METHODS and self.asked.get(REGION):
            self.regions  # noqa: B018  refused before anything is counted

    @cached_property
    def asked(self) -> dict[str, str]:
        """Every question by its name, "" where it was left out."""
        refuse_unknown(self.request, set(self.asks) | (ALWAYS if self.pagination_class else {"format"}))
        asked = {name: self.request.query_params.get(name, "") for name in self.asks}
        for name, ask in self.asks.items():
            if asked[name] and name != REGION and not ask.takes(asked[name]):
                raise ValidationError({name: [_("没有这个选项，请照页面上的选项重新选择。")]})
        return asked

    @cached_property
    def regions(self) -> RegionChoices:
        asked = self.asked.get(REGION, "")
        found = RegionChoices(self.request.user, asked, self.needs)
        if asked and found.chosen is None:
            raise ValidationError({REGION: [_("这个地区不存在，或者不在您的管理范围内。请重新选择地区。")]})
        return found

    @property
    def place(self) -> Region | None:
        return self.regions.chosen or (self.regions.tops[0] if len(self.regions.tops) == 1 else None)

    @property
    def below(self) -> list[Region]:
        """The regions one level below `place`; none where there are several postings."""
        at = self.place
        return [row for row in self.regions.rows if at is not None and row.parent_id == at.pk]


# -- tables -----------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """A place, a person or a kind with its numbers. `query` narrows the lists behind the numbers to it."""

    label: Any
    numbers: Mapping[str, Any]
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Table:
    """`columns` are {code: words}; `since` is when the oldest of the numbers was counted, None for now."""

    columns: Mapping[str, Any]
    rows: Sequence[Line] = ()
    total: Mapping[str, Any] | None = None
    since: dt.datetime | None = None


@extend_schema_field({"type": "object", "additionalProperties": {"type": "number", "nullable": True}})
class NumbersField(serializers.Field):
    """{code of a column: number}, null where it was never counted."""

    def to_representation(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {code: number if number is None or isinstance(number, int) else float(number) for code, number in value.items()}  # fmt: skip


class OverviewColumnSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class OverviewLineSerializer(serializers.Serializer[Line]):
    """A row of the table; `query` is what the lists behind its numbers are asked for it."""

    label = serializers.CharField()
    query = serializers.DictField(child=serializers.CharField())
    numbers = NumbersField()


@extend_schema_serializer(many=False)
class OverviewSerializer(serializers.Serializer[Any]):
    """A table as its page shows it. `total` is the row below or the tiles above it, null where there is none."""

    region = PlaceSerializer(allow_null=True)
    as_of = serializers.DateTimeField()
    since = serializers.DateTimeField(allow_null=True)
    columns = OverviewColumnSerializer(many=True)
    rows = OverviewLineSerializer(many=True)
    total = NumbersField(allow_null=True)


class Overview(Asking):
    """`GET ?region` tells the table of a place."""

    serializer_class: Any = OverviewSerializer

    def table(self) -> Table:
        raise NotImplementedError

    def list(self, request: Request) -> Response:
        found = self.table()
        columns = [{"code": code, "text": str(text)} for code, text in found.columns.items()]
        told = {
            "region": self.place, "as_of": timezone.now(), "since": found.since, "columns": columns, "rows": found.rows, "total": found.total,
        }  # fmt: skip
        return Response(OverviewSerializer(told).data)


# -- lists ------------------------------------------------------------------------------------------------------------------------


MOST_ROWS = 1_000_000  # further down nobody reads


class ByNumber(KeysetPagination):
    """The same questions and answers as every list; a cursor is how many rows stand before."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        cursor, size = self.asked(request, view)
        self.base_url = request.build_absolute_uri()
        first = int(cursor[1:]) if cursor else 0
        found = list(queryset[first : first + size + 1]) if first < MOST_ROWS else []
        more = f"a{first + size}" if len(found) > size else ""
        before = f"a{first - size}" if first > size else ("a0" if first else "")
        self.keys = pages.Keys([], before, more)
        return found[:size]


class Computed(Asking):
    """`GET ?asks` lists rows that are worked out for the whole place at once, or stand in no order of their key."""

    most: ClassVar[int] = MOST
    pagination_class = ByNumber

    def rows(self) -> Any:
        """Rows in the order of the page: a sequence, or a query in order."""
        raise NotImplementedError

    def told(self, rows: list[Any]) -> Any:
        """Rows of a page as their serializer wants them."""
        return rows

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.rows()) or []
        return self.get_paginated_response(self.get_serializer(self.told(list(page)), many=True).data)
