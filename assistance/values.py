"""A kind's own fields: the language of survey forms (docs/surveys.md, A form), asked of one measure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from catalogue.models import MeasureKind
from surveys import answers
from surveys.comparison import in_words as value_in_words
from surveys.definitions import Definition

PREFIX = "value_"  # of the fields of page forms and of refusals


def form_of(kind: MeasureKind) -> Definition:
    """The kind's fields as a form of one step."""
    step = {"id": "values", "title": kind.title, "fields": kind.fields}
    return Definition.of({"code": kind.code, "version": str(kind.version), "title": kind.title, "steps": [step]})


def checked(kind: MeasureKind, values: Mapping[str, Any], *, year: int, today: dt.date) -> tuple[dict[str, Any], dict[str, list[str]]]:  # fmt: skip
    """(values in their one spelling, `{PREFIX + field: sentences}` of what is wrong with them; "" for what is wrong with no field)."""
    found = answers.check(form_of(kind), {"values": dict(values)}, year=year, today=today)
    wrong: dict[str, list[str]] = {}
    for problem in found.problems:
        wrong.setdefault(PREFIX + problem.path if problem.path else "", []).append(problem.say)
    return found.clean.get("values", {}), wrong


def in_words(kind: MeasureKind, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """[(label, value in words)] of what is filled in, in the order of the form."""
    return [
        (field.label, value_in_words(field, values[field.id]))
        for field in form_of(kind).fields
        if field.is_asked and values.get(field.id) is not None
    ]
