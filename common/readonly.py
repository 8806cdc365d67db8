"""A GET cannot write: read views run under a wrapper that lets only reading statements through to the database."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

READING = ("SELECT", "WITH", "DECLARE", "FETCH", "CLOSE", "SAVEPOINT", "RELEASE", "ROLLBACK", "EXPLAIN", "SHOW")
SESSION_TABLES = ('"django_session"',)


class WriteInReadView(RuntimeError):  # noqa: N818  it names what happened
    """A view declared as reading sent a writing statement."""


def _refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    statement = sql.lstrip(" (\n")
    reads = statement[:9].upper().startswith(READING) and " FOR UPDATE" not in statement
    if not reads and not any(table in statement for table in SESSION_TABLES):
        raise WriteInReadView(statement.split(None, 3)[:3])
    return execute(sql, params, many, context)


def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, with every statement but a SELECT raising while it runs."""

    @functools.wraps(handler)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with connection.execute_wrapper(_refuse):
            return handler(*args, **kwargs)

    return wrapper


def reads_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view as reading: GET and HEAD only, and any statement but SELECT raises."""

    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            from django.http import HttpResponseNotAllowed

            return HttpResponseNotAllowed(["GET", "HEAD"])
        with connection.execute_wrapper(_refuse):
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and callable(response.render):
                response = response.render()
            return response

    wrapper.reads_only = True  # type: ignore[attr-defined]
    return wrapper


def read_on_get(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For a form's view: its GET runs read-only, its POST may call a verb."""

    reading = reads_only(view)

    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return (reading if request.method in ("GET", "HEAD") else view)(request, *args, **kwargs)

    wrapper.reads_only = True  # type: ignore[attr-defined]
    return wrapper
