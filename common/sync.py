"""Operations from phones: each is done once and answered with the same receipt however often it is sent.

A kind of operation is a function registered with `@kind("noun.verb")`. It receives an `Op`, does its work in the transaction it finds
itself in, and returns what the receipt says beside `applied`; or it raises `Refused` (the operation is not done and stays refused: a
corrected record is a new operation) or `Quarantined` (kept, encrypted, until somebody entitled has decided). The row of the operation
is inserted first: whoever sends the same id at the same moment waits for that row and then reads its receipt.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from common import audit, pii
from common.models import SyncOp

logger = logging.getLogger(__name__)

MOST_OPS = 20
MOST_BYTES = 512 * 1024  # of a request

Receipt = dict[str, Any]


@dataclass(frozen=True)
class Op:
    """One operation as it arrived. `device` is the phone's id or None; `made_at` is by the phone's clock."""

    uid: uuid.UUID
    kind: str
    body: dict[str, Any]
    by: Any
    device: uuid.UUID | None
    made_at: dt.datetime | None
    digest: str


class Refused(Exception):  # noqa: N818  it names what happened
    """The operation is not done. `code` is for the phone, `say` one sentence for its user, `extra` goes into the receipt.

    `region_path` and `subject` say where the attempt is recorded, where that is known.
    """

    def __init__(self, code: str, say: Any, *, region_path: str = "", subject: str = "", **extra: Any) -> None:
        super().__init__(say)
        self.code, self.say, self.region_path, self.subject, self.extra = code, str(say), region_path, subject, extra


class Quarantined(Exception):  # noqa: N818
    """The operation waits, whole, for somebody entitled in the region to accept or discard it."""

    def __init__(self, say: Any, region_path: str, *, subject: str = "", **extra: Any) -> None:
        super().__init__(say)
        self.say, self.region_path, self.subject, self.extra = str(say), region_path, subject, extra


Handler = Callable[[Op], Mapping[str, Any] | None]
HANDLERS: dict[str, Handler] = {}


def kind(name: str) -> Callable[[Handler], Handler]:
    """Register what does operations of a kind."""

    def register(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return register


def digest_of(kind_name: str, body: Mapping[str, Any]) -> str:
    """SHA-256 of what an operation says: the same for the same JSON, in whatever order and spacing it is written.

    Raises ValueError for text that no database keeps: half characters and NUL.
    """
    return hashlib.sha256(keepable([kind_name, body])).hexdigest()


def keepable(value: Any) -> bytes:
    """A JSON value in canonical bytes. Raises ValueError or RecursionError for what no database keeps: half characters, NUL, numbers that
    are none (1e999 is one of them), nesting without end."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if "\\u0000" in text:
        raise ValueError("NUL")
    return text.encode()


def receive(ops: Sequence[Any], *, by: Any, device: uuid.UUID | None = None) -> list[Receipt]:
    """Do each operation in a transaction of its own; the receipts in their order.

    A receipt is `{"uid", "state", "code", "say", …}`. An operation that fails by our fault answers `failed` and leaves nothing behind:
    the phone sends it again later, and the others are not held up.
    """
    if len(ops) > MOST_OPS:
        raise Refused("too_many", _("一次最多上传 %(count)s 条记录，请分几次上传。") % {"count": MOST_OPS})
    return [_receive(each, by, device) for each in ops]


def _receive(raw: Any, by: Any, device: uuid.UUID | None) -> Receipt:
    try:
        op = _read(raw, by, device)
    except Refused as refusal:
        record_refusal(refusal, by=by)
        return _receipt(raw.get("uid") if isinstance(raw, Mapping) else None, SyncOp.State.REFUSED, refusal)
    try:
        with transaction.atomic():
            return _once(op)
    except Exception:
        logger.exception("operation %s (%s) failed", op.uid, op.kind)
        return {
            "uid": str(op.uid),
            "state": "failed",
            "code": "failed",
            "say": _("服务器出了问题，这条记录没有收下，还在您的手机里。稍后会自动再传。"),
        }


def _read(raw: Any, by: Any, device: uuid.UUID | None) -> Op:
    try:
        uid = uuid.UUID(raw["uid"])
        name, body, made_at = raw["kind"], raw["body"], raw.get("made_at")
        moment = parse_datetime(made_at) if made_at else None
        if not isinstance(name, str) or not isinstance(body, dict) or (made_at and moment is None):
            raise TypeError
        digest = digest_of(name, body)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Refused("malformed", _("这条记录的格式不对，服务器读不懂。请更新页面后再传。"))
    # No clock says anything else; at the ends of time no time zone can be reckoned.
    if moment is not None and not 2000 <= moment.year <= 2100:
        moment = None
    if moment and timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    return Op(uid, name[:40], body, by, device, moment, digest)


def _once(op: Op) -> Receipt:
    if not _insert(op):
        stored = SyncOp.objects.get(pk=op.uid)
        if stored.body_sha256 == op.digest and stored.owner == op.by.username:
            return dict(stored.receipt)
        refusal = Refused(
            "other_body", _("这个编号的记录已经上传过，内容却不一样。原来的记录没有改动，请重新保存后再传。")
        )
        record_refusal(refusal, by=op.by, target=f"common.syncop/{op.uid}")
        return _receipt(op.uid, SyncOp.State.REFUSED, refusal)
    kept: dict[str, Any] = {}
    waits: Quarantined | None = None
    handler = HANDLERS.get(op.kind)
    try:
        if handler is None:
            raise Refused("unknown_kind", _("服务器不认识这一类记录。请更新页面后再传。"))
        with transaction.atomic():
            extra = handler(op) or {}
        state = SyncOp.State.APPLIED
        receipt: Receipt = {"uid": str(op.uid), "state": state.value, "code": "", "say": "", **extra}
    except Refused as refusal:
        state = SyncOp.State.REFUSED
        receipt = _receipt(op.uid, state, refusal)
        kept = {"region_path": refusal.region_path}
        record_refusal(refusal, by=op.by, target=f"common.syncop/{op.uid}")
    except Quarantined as quarantine:
        state = SyncOp.State.QUARANTINED
        receipt = {"uid": str(op.uid), "state": state.value, "code": "", "say": quarantine.say, **quarantine.extra}
        kept = {"region_path": quarantine.region_path, "body": json.dumps(op.body, ensure_ascii=False)}
        waits = quarantine
    SyncOp.objects.filter(pk=op.uid).update(state=state, receipt=receipt, **kept)
    if waits is not None:
        row = SyncOp.objects.get(pk=op.uid)
        audit.record(
            "sync.quarantined", by=op.by, target=row, subject=waits.subject, region_path=waits.region_path, note=waits.say, rows=[row]
        )  # fmt: skip
    return receipt


def _insert(op: Op) -> bool:
    """Whether this operation is the first of its id. Waits for another one that is being done at this moment."""
    row = SyncOp(
        uid=op.uid, kind=op.kind, owner=op.by.username, device=op.device, body_sha256=op.digest, state=SyncOp.State.APPLIED,
        made_at=op.made_at, received_at=timezone.now(),
    )  # fmt: skip
    columns = SyncOp._meta.concrete_fields
    values = [f.get_db_prep_save(f.pre_save(row, True), connection) for f in columns]
    names = ", ".join(f'"{f.column}"' for f in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{SyncOp._meta.db_table}" ({names}) VALUES ({", ".join(["%s"] * len(columns))})'  # noqa: S608
            " ON CONFLICT (uid) DO NOTHING",
            values,
        )
        return cursor.rowcount == 1


def _receipt(uid: Any, state: SyncOp.State, refusal: Refused) -> Receipt:
    return {"uid": str(uid), "state": state.value, "code": refusal.code, "say": refusal.say, **refusal.extra}


def record_refusal(refusal: Refused, *, by: Any, target: str = "common.syncop/-") -> None:
    """An attempt that was refused is on record: who, what, why."""
    audit.record(
        "sync.refused", by=by, target=target, subject=refusal.subject, region_path=refusal.region_path,
        note=pii.without_numbers(f"{refusal.code}: {refusal.say}"),  # a sentence may repeat what was written where a field's name belongs
    )  # fmt: skip


def _is_sound(row: SyncOp) -> bool:
    """Whether the body that waits is the one that was sent."""
    try:
        return not row.body or digest_of(row.kind, json.loads(row.body.reveal())) == row.body_sha256
    except (ValueError, InvalidToken):
        return False


audit.vouch_for(SyncOp, sound=_is_sound)
