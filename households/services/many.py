"""Helpers of many households at once: the same `Hands` as for one, written by COPY, one audit event a household on its own chain."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection

from common import audit
from common.copying import copy_rows, rarely_collecting, reserve_keys, update_rows
from common.lookups import among
from households import followers, telling
from households.models import Household, Pairing
from households.services.base import LedgerError, label_of, sentence_of
from households.services.pairing import Hands, lasting


class RowsError(LedgerError):
    """Some households cannot be done, so none was. `problems` is `{household: sentence}`."""

    def __init__(self, message: str, problems: dict[int, str]) -> None:
        super().__init__(message)
        self.problems = problems


def lock(households: Iterable[int], on: dt.date) -> dict[int, Hands]:
    """The households locked in order of their keys, with their pairings that are not over on a day. Two queries."""
    keys = sorted(set(households))
    rows = Household.objects.filter(among("pk", keys)).select_for_update(of=("self",)).select_related("village")
    found = {household.pk: household for household in rows.order_by("pk")}
    pairings: dict[int, list[Pairing]] = defaultdict(list)
    running = Pairing.objects.filter(lasting(on), among("household_id", keys)).select_for_update(of=("self",))
    for pairing in running.select_related("cadre").order_by("starts_on", "pk"):
        pairings[pairing.household_id].append(pairing)
    return {pk: Hands(household, pairings[pk], on) for pk, household in found.items()}


@dataclass
class Done:
    """What was done to one household: what is said of it, and the pairing it is about."""

    hands: Hands
    target: Pairing
    note: str


def write(done: Sequence[Done], *, action: str, by: Any, step: Callable[[int], None] = lambda n: None) -> None:
    """Write what the hands hold. Ends go before beginnings, as the database asks; no pairing may change in place but for its mode."""
    with rarely_collecting():
        for each in done:
            each.hands.settle()
        new = [row for each in done for row in each.hands.begins]
        for row, key in zip(new, reserve_keys(Pairing, len(new)), strict=True):
            row.pk = key
        try:
            update_rows(Pairing, [row for each in done for row, _before in each.hands.ends.values()])
            copy_rows(Pairing, new)
        except IntegrityError as error:
            raise LedgerError(sentence_of(error, Pairing())) from error
        for row in new:
            row._state.adding = False
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE households_household SET version = version + 1, updated_at = now() WHERE id = ANY(%s)",
                [[each.hands.household.pk for each in done]],
            )
        audit.record_many(_events(done, action, by, step))
        followers.changed(each.hands.household.pk for each in done)
        telling.pairings_changed((each.hands for each in done), by)


def _events(done: Sequence[Done], action: str, by: Any, step: Callable[[int], None]) -> Iterator[audit.Event]:
    for n, each in enumerate(done):
        if n % 1000 == 0:
            step(n)
        hands, household = each.hands, each.hands.household
        changes: audit.Changes = {}
        for row, before in hands.ends.values():
            changes |= audit.changes_since(before, row, prefix=label_of(row))
        for row in hands.begins:
            changes |= audit.changes_since({}, row, prefix=label_of(row))
        rows = [*(row for row, _before in hands.ends.values()), *hands.begins]
        yield audit.Event(
            action, audit.row_key(each.target), by, household.subject, household.village.path, changes, each.note, rows
        )
