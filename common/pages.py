"""Long lists: keyset paging, a count that never costs more than a page, and the htmx fragment, in one place.

A page costs the same at any depth and size of table: the keys of its rows are found first, in an index, and the rows are read by their
keys after that. The count stops at `CAP` and is exact only on demand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import IntegerField, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from common.lookups import among

SIZE = 50
CAP = 10_000
CURSOR = "cursor"
EXACT = "count"


class CappedCount(Subquery):
    """How many rows a query has, or several together, at most `most` + 1, as a column of another query: one round trip less."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) found)"
    output_field = IntegerField()

    def __init__(self, queryset: QuerySet[Any] | Sequence[QuerySet[Any]], *, most: int = CAP, **extra: Any) -> None:
        # A scope of two ways is counted one after the other, each in an index of its own.
        queries = queryset if isinstance(queryset, Sequence) else [queryset]
        parts = [p.order_by().values("pk") for each in queries for p in getattr(each, "apart", lambda e=each: [e])()]
        super().__init__((parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0])[: most + 1], **extra)


@dataclass(frozen=True)
class Count:
    """A number of rows; `capped` means "more than that"."""

    value: int
    capped: bool = False

    @classmethod
    def of(cls, value: int) -> Count:
        return cls(min(value, CAP), value > CAP)

    @property
    def mark(self) -> str:
        """As it stands in a cursor."""
        return "m" if self.capped else str(self.value)

    @classmethod
    def marked(cls, mark: str) -> Count | None:
        if mark == "m":
            return cls(CAP, True)
        return cls(int(mark)) if re.fullmatch(r"[0-9]{1,9}", mark) else None

    @classmethod
    def exactly(cls, queryset: QuerySet[Any]) -> Count:
        return cls(queryset.order_by().count())


@dataclass(frozen=True)
class Keys:
    """The keys of one page and the cursors of its neighbours ("" where there is none)."""

    pks: list[int]
    previous: str = ""
    next: str = ""


@dataclass(frozen=True)
class Page:
    rows: list[Any] = field(default_factory=list)
    count: Count = Count(0)
    previous: str = ""
    next: str = ""


def keyset(queryset: QuerySet[Any], cursor: str = "", size: int = SIZE, order: str = "-pk") -> Keys:
    """The keys of one page, in order.

    `order` is one field, "-" in front for descending; the primary key breaks ties in the same direction. A cursor is "a" (after) or "b"
    (before) and a primary key: nothing personal, whatever the order is. Rows that vanished or appeared meanwhile move nothing else.
    A cursor that leads nowhere gives the first page.
    """
    name, descending = order.lstrip("-"), order.startswith("-")
    backwards = cursor.startswith("b")
    sign = "-" if descending != backwards else ""
    ordered = queryset.order_by(sign + name, *([sign + "pk"] if name != "pk" else []))
    pk = int(cursor[1:]) if re.fullmatch(r"[ab]\d{1,18}", cursor) else None
    beyond = _beyond(queryset, name, pk, "lt" if sign else "gt") if pk is not None else None
    found = list((ordered if beyond is None else ordered.filter(beyond)).values_list("pk", flat=True)[: size + 1])
    if pk is not None and (beyond is None or not found):
        return keyset(queryset, "", size, order)
    more, found = len(found) > size, found[:size]
    if backwards and beyond is not None:
        found.reverse()
        return Keys(found, f"b{found[0]}" if more else "", f"a{found[-1]}")
    return Keys(found, f"b{found[0]}" if beyond is not None else "", f"a{found[-1]}" if more else "")


def _beyond(queryset: QuerySet[Any], name: str, pk: int, compare: str) -> Q | None:
    if name == "pk":
        return Q(**{f"pk__{compare}": pk})
    at = queryset.model._base_manager.filter(pk=pk).values_list(name, flat=True).first()
    return None if at is None else Q(**{f"{name}__{compare}": at}) | Q(**{name: at, f"pk__{compare}": pk})


def keyset_page(queryset: QuerySet[Any], cursor: str = "", size: int = SIZE, order: str = "-pk", *,
                rows: Callable[[QuerySet[Any]], QuerySet[Any]] = lambda found: found, exact: bool = False, few: bool = False) -> Page:  # fmt: skip
    """One page: two queries, whatever the table holds.

    `rows` adds what the rows must bring along (`select_related`, annotations); it is applied to the rows of this page alone.
    `few`: the caller knows that there are at most some thousand rows; the keys of all of them are then read with the first page's, which
    counts them in passing. The count goes on in the cursors (`a123.412`), so that only a first page has to count.
    """
    cursor, _dot, mark = cursor.partition(".")
    count: Count | None = None
    if few and not (cursor or exact):
        every = keyset(queryset, "", CAP, order)
        found, count = every.pks, Count.of(len(every.pks) + bool(every.next))
        keys = Keys(found[:size], "", f"a{found[size - 1]}" if len(found) > size else "")
    else:
        keys = keyset(queryset, cursor, size, order)
        count = Count.exactly(queryset) if exact else Count.marked(mark) if keys.previous else None
    if not keys.pks:
        return Page()
    if not (keys.previous or keys.next):
        count = Count(len(keys.pks))
    # The scope of `queryset` has chosen the keys; the rows are read by them and nothing else.
    wanted = rows(queryset.model._base_manager.filter(among("pk", keys.pks)))
    if count is None:
        wanted = wanted.annotate(found_count=CappedCount(queryset))
    by_pk = {row.pk: row for row in wanted.order_by()}
    page_rows = [by_pk[pk] for pk in keys.pks if pk in by_pk]  # a row deleted between the two queries is left out
    if count is None:
        count = Count.of(page_rows[0].found_count) if page_rows else Count.exactly(queryset)
    previous, following = (one and f"{one}.{count.mark}" for one in (keys.previous, keys.next))
    return Page(page_rows, count, previous, following)


# -- addresses ------------------------------------------------------------------------------------------------------------------


def query_of(filterset: Any, **changes: Any) -> dict[str, str]:
    """The filters in force as a query: only fields the filter knows, only those that say something, in its own order."""
    data = {name: filterset.data.get(name, "") for name in filterset.filters} | changes
    return {name: str(value) for name, value in data.items() if value not in ("", None)}


def address(url: str, query: dict[str, str]) -> str:
    return f"{url}?{urlencode(query)}" if query else url


def active_filters(filterset: Any, url: str) -> list[tuple[str, str]]:
    """`(text, address without it)` of each filter in force, for the chips; a field may say its own text in `chip(value)`."""
    found = []
    for name in query_of(filterset):
        bound = filterset.form[name]
        text = getattr(bound.field, "chip", None)
        value = filterset.data.get(name)
        shown = text(value) if text else dict(_flat(getattr(bound.field, "choices", ()))).get(value, value)
        found.append((f"{bound.label}：{shown}", address(url, query_of(filterset, **{name: ""}))))
    return found


def _flat(choices: Any) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, label in choices:
        pairs += _flat(label) if isinstance(label, list | tuple) else [(str(key), label)]
    return pairs


# -- the page -------------------------------------------------------------------------------------------------------------------


def is_fragment(request: HttpRequest) -> bool:
    """Whether only the changed part is wanted."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx and not htmx.boosted and not htmx.history_restore_request)


def list_page(request: HttpRequest, *, template: str, url: str, filterset: Any, rows: Callable[[QuerySet[Any]], QuerySet[Any]],
              counted: Callable[[Count], str], context: Callable[[Page], dict[str, Any]] | None = None, order: str = "-pk",
              size: int = SIZE, few: bool = False) -> HttpResponse:  # fmt: skip
    """Filter, page, fragment. `url` is the list's own address, `filterset` a bound one over rows of the gate, `counted` says a count.

    The template gets `filter`, `form`, `page`, `count_text`, `count_url`, `previous_url`, `next_url`, `chips`, `clear_url`, `page_url`,
    `filtered`, and what `context(page)` adds. A filter with an error finds nothing and says why. htmx receives the partial "results".
    """
    page = Page()
    if filterset.is_valid():
        data = filterset.data
        exact = data.get(EXACT) == "exact"
        page = keyset_page(filterset.qs, data.get(CURSOR, ""), size, order, rows=rows, exact=exact, few=few)
    query = query_of(filterset)
    shown = {
        "filter": filterset,
        "form": filterset.form,
        "page": page,
        "fragment": is_fragment(request),
        "filtered": bool(query),
        "count_text": counted(page.count),
        "count_url": address(url, query | {EXACT: "exact"}) if page.count.capped else "",
        "previous_url": address(url, query | {CURSOR: page.previous}) if page.previous else "",
        "next_url": address(url, query | {CURSOR: page.next}) if page.next else "",
        "chips": active_filters(filterset, url),
        "clear_url": url if query else "",
        "page_url": address(url, query),
        "query": query,
    }
    shown |= context(page) if context else {}
    return render(request, template + "#results" * shown["fragment"], shown)


def in_order(rows: QuerySet[Any], pks: Sequence[int]) -> list[Any]:
    """The rows of these keys in the order of the keys."""
    by_pk = rows.in_bulk(list(pks))
    return [by_pk[pk] for pk in pks if pk in by_pk]


__all__ = ["CAP", "SIZE", "Count", "Keys", "Page", "active_filters", "address", "in_order", "is_fragment", "keyset",
           "keyset_page", "list_page", "query_of"]  # fmt: skip
