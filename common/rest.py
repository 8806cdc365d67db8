"""The API's common ground: lists with the filters, the order and the rows of the pages, one shape of error, one description of all of it.

A viewset is a list page for programs: it names the permission, the FilterSet and the facts of a row that the page names. It reads only;
its GET runs under the guard that pages run under.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import rest_framework as filters
from drf_spectacular.extensions import OpenApiFilterExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import exception_handler
from rest_framework.viewsets import GenericViewSet

from common import pages, readonly
from common.refusal import RefusedError

CURSOR, SIZE = pages.CURSOR, "size"
MOST = 500  # rows of a page
ALWAYS = frozenset({CURSOR, SIZE, "format"})  # what any list may be asked


# -- pages of a list ------------------------------------------------------------------------------------------------------------


class KeysetPagination(BasePagination):
    """`?cursor=` and `?size=` (50, at most 500): the keyset of the pages, in the order of the view (`order`), the same cost at any depth.

    A cursor names a row by its key and nothing of what it holds. `queryset` has passed the gate and the filters; what a row brings along
    (`view.with_facts`) is read for the rows of this page alone.
    """

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any]:
        cursor, size = self.asked(request, view)
        self.base_url = request.build_absolute_uri()
        keys = pages.keyset(queryset, cursor, size, view.order)
        if cursor.startswith("a") and not keys.previous:
            keys = pages.Keys([])  # past its end the keyset leads on to the first page, which programs would read twice
        self.keys = keys
        found = view.with_facts(queryset.model._base_manager.filter(pk__in=keys.pks)).order_by()
        by_pk = {row.pk: row for row in found}
        return [by_pk[pk] for pk in keys.pks if pk in by_pk]

    def asked(self, request: Request, view: Any) -> tuple[str, int]:
        """The cursor and the size, looked over."""
        cursor, size = request.query_params.get(CURSOR, ""), self._size(request.query_params.get(SIZE, ""), view.most)
        if cursor and not re.fullmatch(r"[ab]\d{1,18}", cursor):
            raise ValidationError(
                {CURSOR: [_("cursor 不是上一次答复给出的值，请照原样使用 next 或 previous 的地址。")]}
            )
        return cursor, size

    def _size(self, asked: str, most: int) -> int:
        if not asked:
            return min(pages.SIZE, most)
        if not re.fullmatch(r"\d{1,6}", asked) or not 1 <= int(asked) <= most:
            raise ValidationError({SIZE: [_("size 应是 1 到 %(most)s 的整数。") % {"most": most}]})
        return int(asked)

    def _beside(self, cursor: str) -> str | None:
        return replace_query_param(remove_query_param(self.base_url, CURSOR), CURSOR, cursor) if cursor else None

    def get_paginated_response(self, data: Any) -> Response:
        beside = {"next": self._beside(self.keys.next), "previous": self._beside(self.keys.previous)}
        return Response(beside | {"results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object", "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }  # fmt: skip

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor = {"type": "string", "pattern": "^[ab][0-9]{1,18}$"}
        return [
            parameter(CURSOR, cursor, _("从这里读起：用上一次答复的 next 或 previous。")),
            parameter(
                SIZE,
                {"type": "integer", "minimum": 1, "maximum": view.most, "default": min(pages.SIZE, view.most)},
                _("一次读几行。"),
            ),
        ]


# -- filters --------------------------------------------------------------------------------------------------------------------


class SameFilters(filters.DjangoFilterBackend):
    """The FilterSet of the page. What no filter knows is refused: a program that misspells a filter must not be given everything."""

    def get_filterset_kwargs(self, request: Request, queryset: Any, view: Any) -> dict[str, Any]:
        return super().get_filterset_kwargs(request, queryset, view) | view.filter_facts()

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = view.bound_filter(queryset, lambda: self.get_filterset(request, queryset, view))
        refuse_unknown(request, ALWAYS | (set() if filterset is None else set(filterset.filters)))
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise ValidationError(filterset.errors)
        view.order = getattr(filterset, "order", view.order)
        return filterset.qs


class SameFiltersDescribed(OpenApiFilterExtension):
    """Every filter with its label. The codes of choices that depend on who asks are not in the description."""

    target_class = SameFilters
    priority = 1  # before the library's own, which wants a column behind every filter

    def get_schema_operation_parameters(self, auto_schema: Any, *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        view = auto_schema.view
        filterset = self.target.get_filterset_class(view, view.queryset)
        fields = filterset.base_filters if filterset else {}
        return [parameter(name, _kind(each), str(each.label or "")) for name, each in fields.items()]


def refuse_unknown(request: Request, known: AbstractSet[str]) -> None:
    """Raises ValidationError, at each name that the address asks for and nobody knows."""
    if unknown := set(request.query_params) - known:
        sentence = _("没有这个条件。可用的条件：%(known)s。") % {"known": "、".join(sorted(known))}
        raise ValidationError({name: [sentence] for name in sorted(unknown)})


def parameter(name: str, schema: dict[str, Any], description: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": description}


def _kind(filter_: Any) -> dict[str, Any]:
    """What a filter takes, as JSON schema."""
    if isinstance(filter_, filters.BooleanFilter):
        return {"type": "boolean"}
    if isinstance(filter_, filters.NumberFilter):
        return {"type": "integer"}
    if isinstance(filter_, filters.DateFilter):
        return {"type": "string", "format": "date"}
    choices = filter_.extra.get("choices") or ()
    codes = [] if callable(choices) else [str(key) for key, label in choices if not isinstance(label, list | tuple)]
    return {"type": "string"} | ({"enum": codes} if codes and len(codes) == len(choices) else {})


# -- who may ------------------------------------------------------------------------------------------------------------------


class Holds(BasePermission):
    """Somebody who holds the view's permission nowhere is told so, instead of being shown an empty list. `needs` "" asks for none."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated and (not view.needs or request.user.can(view.needs)))


# -- lists ----------------------------------------------------------------------------------------------------------------------


class Guarded:
    """Runs what answers a GET under the guard of pages: it cannot write. What lets the request in comes before that."""

    get: Callable[..., Response]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if request.method in SAFE_METHODS and hasattr(self, "get"):
            self.get = readonly.guarded(self.get)


class Listing(Guarded, GenericViewSet):
    """`GET ?filters` lists the rows of a page in the order of the page. A user who holds `needs` nowhere is refused (403)."""

    needs: ClassVar[str] = ""
    order: ClassVar[str] = "-pk"
    most: ClassVar[int] = MOST  # rows of a page: fewer where a row costs much
    permission_classes = (Holds,)
    filter_backends = (SameFilters,)
    pagination_class = KeysetPagination

    def get_queryset(self) -> QuerySet[Any]:
        model: Any = self.queryset.model  # type: ignore[union-attr]
        rows: QuerySet[Any] = model.objects.for_user(self.request.user)
        return rows

    def with_facts(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """Bring along what a row shows."""
        return found

    def filter_facts(self) -> dict[str, Any]:
        """What the FilterSet must be told beside the query."""
        return {}

    def bound_filter(self, queryset: QuerySet[Any], made: Callable[[], Any]) -> Any:
        """The FilterSet over the rows of the gate; `made()` is one of `filterset_class`."""
        return made()

    def told(self, rows: list[Any]) -> Any:
        """Rows of a page as their serializer wants them."""
        return rows

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.get_serializer(self.told(list(page)), many=True).data)


class Rows(Listing):
    """The same, and `GET <id>/` shows one. A row outside the user's area is not there (404). A row that the list leaves out under its
    filters, such as a household that is closed, can still be read by its key."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_serializer(self.told([self.get_object()])[0]).data)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.with_facts(queryset) if self.detail else super().filter_queryset(queryset)


# -- what a row says ------------------------------------------------------------------------------------------------------------


@extend_schema_field({
    "type": "object", "required": ["code", "text"], "properties": {"code": {"type": "string"}, "text": {"type": "string"}},
})  # fmt: skip
class Code(serializers.Field):
    """A code with its words: `{"code": "02", "text": "低保户"}`; text is "" where there is no code. `words` gives the text of a code."""

    def __init__(self, words: Callable[[Any], Any] | None = None, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)
        self.words = words

    def get_attribute(self, instance: Any) -> dict[str, str]:
        code = super().get_attribute(instance)
        if self.words is not None:
            text = self.words(code) if code else ""
        else:
            text = _owner(instance, self.source_attrs[:-1])._get_FIELD_display(_field(instance, self.source_attrs))
        return {"code": code or "", "text": str(text or "")}

    def to_representation(self, value: dict[str, str]) -> dict[str, str]:
        return value


def _owner(instance: Any, attributes: list[str]) -> Any:
    for name in attributes:
        instance = getattr(instance, name)
    return instance


def _field(instance: Any, attributes: list[str]) -> Any:
    return _owner(instance, attributes[:-1])._meta.get_field(attributes[-1])


class PlaceSerializer(serializers.Serializer[Any]):
    """A region in a row."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    """Every answer that is not a success."""

    error = serializers.CharField(help_text=gettext_lazy("一句话：发生了什么，该怎么办。"))

    def get_fields(self) -> dict[str, Any]:
        told = gettext_lazy("哪个条件或字段有错，错在哪里。")
        sentences = serializers.ListField(child=serializers.CharField())
        return super().get_fields() | {"fields": serializers.DictField(child=sentences, help_text=told)}


# -- errors ---------------------------------------------------------------------------------------------------------------------


def sentence_of_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error answers `{"error": one sentence, "fields": {field: [sentences]}}`."""
    if isinstance(error, RefusedError):
        return Response({"error": str(error), "fields": {}}, status=409)
    if isinstance(error, DjangoValidationError):
        error = ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    response = exception_handler(error, context)
    if response is None:
        return None
    data = response.data
    named = not isinstance(data, list) and "detail" not in data
    fields = {name: _sentences(below) for name, below in data.items()} if named else {}
    said = next(iter(fields.values()), []) if named else _sentences(data if isinstance(data, list) else data["detail"])
    sentence = said[0] if said else ""
    if isinstance(error, Throttled):
        sentence = _("请求太频繁，请过 %(seconds)s 秒再试。") % {"seconds": int(error.wait or 60) + 1}
    response.data = {"error": sentence, "fields": fields}
    return response


def _sentences(errors: Any) -> list[str]:
    """Those of a field, also of one that holds others: each then begins with the name of what is wrong."""
    if isinstance(errors, dict):
        return [f"{name}：{each}" for name, below in errors.items() for each in _sentences(below)]
    if isinstance(errors, list):
        return [each for below in errors for each in _sentences(below)]
    return [str(errors)]


# -- the description ------------------------------------------------------------------------------------------------------------


class Description(AutoSchema):
    """What drf-spectacular works out, and the errors every address may answer with."""

    ERRORS: ClassVar = {"400": gettext_lazy("条件或内容有错"), "401": gettext_lazy("没有登录，或者令牌无效"),
                        "403": gettext_lazy("没有权限"), "404": gettext_lazy("没有，或者不在管理范围内"),
                        "405": gettext_lazy("这个地址不接受这种请求"), "409": gettext_lazy("现在的状态不允许"),
                        "429": gettext_lazy("请求太频繁")}  # fmt: skip

    def get_response_serializers(self) -> Any:
        found = super().get_response_serializers()
        return found if isinstance(found, dict) else {"200": found}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, words in self.ERRORS.items():
            if status not in bodies:
                bodies[status] = self._get_response_for_code(ErrorSerializer, status, direction=direction)
                bodies[status]["description"] = str(words)
        return bodies

    def get_tags(self) -> list[str]:
        return [self.path.strip("/").split("/")[1]] if self.path.count("/") > 1 else ["api"]
