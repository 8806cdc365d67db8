"""What waits in quarantine, as lists show it: what it is, of which household, who sent it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.names import names_of
from common import sync
from common.models import SyncOp
from households.models import Household
from surveys.held import KINDS, Held
from surveys.services.quarantine import body_of


@dataclass
class Waiting:
    """An operation with what its body says, as far as it can be read. `owner` is the name of whoever sent it."""

    op: SyncOp
    owner: str
    read: Any
    household: Household | None

    @property
    def held(self) -> Held:
        return KINDS[self.op.kind]


def waiting_of(ops: list[SyncOp], user: Any) -> list[Waiting]:
    """Two queries, however many."""
    bodies: list[Any] = []
    for op in ops:
        try:
            bodies.append(KINDS[op.kind].read(body_of(op)))
        except sync.Refused:
            bodies.append(None)
    names = names_of(op.owner for op in ops)
    rows = (
        Household.objects.for_user(user)
        .select_related("village")
        .filter(uid__in=[body.household for body in bodies if body])
    )
    households = {row.uid: row for row in rows}
    return [
        Waiting(op, names.get(op.owner, op.owner), body, households.get(body.household) if body else None)
        for op, body in zip(ops, bodies, strict=True)
    ]
