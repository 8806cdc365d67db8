"""Rows by the thousand into the database, by COPY: what a county's import, the demonstration and the audit trail write with.

A column at a time is turned into text, not a cell: most columns hold plain texts that need no escaping, or one value throughout.
"""

from __future__ import annotations

import datetime as dt
import gc
import io
import json
import operator
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models.base import ModelState

from common.pii import Secret


def reserve_keys(model: type[models.Model], count: int) -> list[int]:
    """`count` primary keys from the table's own sequence."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(nextval(name)) FROM generate_series(1, %s), (SELECT pg_get_serial_sequence(%s, 'id') AS name OFFSET 0) s",
            [count, model._meta.db_table],
        )
        return list(cursor.fetchone()[0])


@cache
def _blank_row(model: type[models.Model]) -> tuple[dict[str, Any], tuple[tuple[str, Callable[[], Any]], ...]]:
    """Plain defaults of a table, and those that must be made anew for each row."""
    plain: dict[str, Any] = {}
    made: list[tuple[str, Callable[[], Any]]] = []
    for model_field in model._meta.concrete_fields:
        if callable(model_field.default) and model_field.has_default():
            made.append((model_field.attname, model_field.default))
        else:
            plain[model_field.attname] = model_field.get_default()
    return plain, tuple(made)


def fresh(model: type[models.Model], values: Mapping[str, Any]) -> Any:
    """A new row, ten times faster than `model(**values)`: `values` are columns (`household_id`, not `household`) of the right type."""
    plain, made = _blank_row(model)
    row = model.__new__(model)
    row.__dict__ = columns = {**plain, **values, "_state": ModelState()}
    for name, make in made:
        if name not in values:
            columns[name] = make()
    return row


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Rows hold no cycles, so looking for cycles after every 700 new objects is a seventh of an import's time for nothing."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


# -- values as COPY's text format writes them ---------------------------------------------------------------------------------------

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _list(value: list[Any]) -> str:
    if set(map(type, value)) == {str} and "".join(value).isalnum():
        return '{"' + '","'.join(value) + '"}'
    inner = ",".join('"' + str(part).replace("\\", "\\\\").replace('"', '\\"') + '"' for part in value)
    return ("{" + inner + "}").translate(_ESCAPES)


_JSON = json.JSONEncoder(ensure_ascii=False).encode
_TEXTS: dict[type, Callable[[Any], str]] = {
    str: _escaped,
    int: str,
    bool: lambda value: "t" if value else "f",
    Secret: lambda value: value.token,
    list: _list,
    dict: lambda value: _JSON(value).translate(_ESCAPES) if value else "{}",
    dt.datetime: dt.datetime.isoformat,
    dt.date: dt.date.isoformat,
    Decimal: str,
    uuid.UUID: str,
}


def _text(value: Any) -> str:
    if value is None:
        return NULL
    convert = _TEXTS.get(value.__class__)
    return convert(value) if convert is not None else _escaped(str(value))


def _column(values: Sequence[Any]) -> Sequence[str]:
    """One column of many rows as texts."""
    kinds = set(map(type, values))
    if kinds == {str}:
        together = "\n".join(values)
        if "\\" in together or "\t" in together or "\r" in together or together.count("\n") >= len(values):
            return list(map(_escaped, values))
        return values
    first = values[0]
    if all(value is first for value in values):
        return [_text(first)] * len(values)
    kinds.discard(type(None))
    if len(kinds) != 1 or str in kinds:
        return list(map(_text, values))
    convert = _TEXTS.get(kinds.pop())
    if convert is None:
        return list(map(_text, values))
    return [NULL if value is None else convert(value) for value in values]


def copy_values(table: str, columns: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
    """Insert rows given column by column: `values` holds one sequence a column, all of one length, not empty."""
    lines = map("\t".join, zip(*map(_column, values), strict=True))
    buffer = io.StringIO("\n".join(lines) + "\n")
    quoted = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, connection.wrap_database_errors:  # what Django does for the statements it knows
        cursor.copy_expert(f'COPY "{table}" ({quoted}) FROM STDIN', buffer)


def _copy(table: str, fields: Sequence[models.Field[Any, Any]], rows: Sequence[models.Model], *, spare: bool) -> None:
    """With `spare`, columns that no row fills are left to the database: half of an annual record."""
    pick = operator.itemgetter(*(f.attname for f in fields))
    values = zip(*(pick(row.__dict__) for row in rows), strict=True)
    filled = [
        (str(f.column), column)
        for f, column in zip(fields, values, strict=True)
        if not (spare and f.null and column.count(None) == len(column))
    ]
    copy_values(table, [column for column, _values in filled], [values for _column, values in filled])


def copy_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert rows that have their primary keys already."""
    if rows:
        _copy(model._meta.db_table, model._meta.concrete_fields, rows, spare=True)


def update_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Write every column of rows that exist, in one statement, through a temporary table."""
    if not rows:
        return
    fields = model._meta.concrete_fields
    table, temporary = model._meta.db_table, f"import_{model._meta.db_table}"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE TEMPORARY TABLE IF NOT EXISTS "{temporary}" (LIKE "{table}") ON COMMIT DROP')
        cursor.execute(f'TRUNCATE "{temporary}"')
    _copy(temporary, fields, rows, spare=False)
    assignments = ", ".join(f'"{f.column}" = source."{f.column}"' for f in fields if f.column != "id")
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{table}" SET {assignments} FROM "{temporary}" source WHERE "{table}".id = source.id')  # noqa: S608
