"""The API's common ground: keyset pagination and one shape of error."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler


class KeysetPagination(CursorPagination):
    """`?cursor=`; the same order as the pages, no counting, the same cost at any depth."""

    ordering = "-id"
    page_size_query_param = "size"
    max_page_size = 500


def sentence_of_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error answers `{"error": one sentence, "fields": {field: [sentences]}}`."""
    response = exception_handler(error, context)
    if response is None:
        return None
    data = response.data
    fields = {} if isinstance(data, list) or "detail" in data else data
    first = data[0] if isinstance(data, list) else data.get("detail") or next(iter(data.values()), [""])
    response.data = {"error": str(first[0] if isinstance(first, list) else first), "fields": fields}
    return response
