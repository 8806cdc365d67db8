"""接口说明: the OpenAPI description as a page people read, made from it and from nothing else."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator

from common.readonly import reads_only


@dataclass(frozen=True)
class Operation:
    """One address with one method. `parameters` and `answer` are (name, type, words)."""

    method: str
    path: str
    about: str
    parameters: list[tuple[str, str, str]] = field(default_factory=list)
    answer: list[tuple[str, str, str]] = field(default_factory=list)


@reads_only
def docs(request: HttpRequest) -> HttpResponse:
    context = {
        "groups": operations(get_language() or ""),
        "rate": settings.API_RATE,
        "server": request.build_absolute_uri("/"),
    }
    return render(request, "layout/api_docs.html", context)


@functools.cache
def operations(language: str) -> list[tuple[str, list[Operation]]]:
    """`(tag, operations)` in the order of their addresses; the description is the same for everybody and as long as the process lives."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(schema, path, method, operation))
    return list(groups.items())


def _operation(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Operation:
    parameters = [
        (each["name"], _type(schema, each["schema"]), str(each.get("description", ""))) for each in operation.get("parameters", ())
    ]  # fmt: skip
    content: list[dict[str, Any]] = [
        media for status, answer in operation["responses"].items() if status.startswith("2") for media in answer.get("content", {}).values()
    ]  # fmt: skip
    body = content[0].get("schema", {}) if content else {}
    return Operation(method.upper(), path, operation.get("description", ""), parameters, _fields(schema, body))


def _resolved(schema: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in found or "allOf" in found:
        found = (
            found["allOf"][0] if "allOf" in found else schema["components"]["schemas"][found["$ref"].rsplit("/", 1)[1]]
        )
    return found


def _fields(schema: dict[str, Any], body: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The fields of an object, of the rows of a list, or of the results of a page of them."""
    body = _resolved(schema, body)
    if body.get("type") == "array":
        return _fields(schema, body["items"])
    if "results" in body.get("properties", {}):
        return _fields(schema, body["properties"]["results"])
    return [(name, _type(schema, each), str(each.get("description", each.get("title", "")))) for name, each in body.get("properties", {}).items()]  # fmt: skip


def _type(schema: dict[str, Any], found: dict[str, Any]) -> str:
    found = _resolved(schema, found)
    if found.get("type") == "array":
        return f"[{_type(schema, found['items'])}]"
    if set(found.get("properties", ())) == {"code", "text"}:
        return "code, text"
    if "properties" in found:
        return "{" + ", ".join(found["properties"]) + "}"
    if "enum" in found:
        return " | ".join(str(code) for code in found["enum"] if code not in ("", None))
    if "oneOf" in found:
        return _type(schema, found["oneOf"][0])
    return str(found.get("format") or found.get("type") or "")
