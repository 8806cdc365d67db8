"""Rows by a list of keys: the list goes to the database as one array.

Django's `__in` writes one parameter a key and asks each of them about its type; with the hundreds of keys of a row scope or a search that
costs more than the query itself. PostgreSQL plans both alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import Q


@models.ForeignKey.register_lookup
@models.Field.register_lookup
class Among(models.Lookup):  # type: ignore[type-arg]
    """`village_id__among=[3, 5]`: whole numbers only; no number is no row."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[int]:
        return [int(key) for key in self.rhs]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if not self.rhs:
            raise EmptyResultSet
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, self.rhs]


def among(column: str, keys: Iterable[int]) -> Q:
    """The condition that `column` is one of `keys`."""
    return Q(**{f"{column}__among": list(keys)})


__all__ = ["among"]
