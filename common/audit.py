"""The audit trail: every verb in a `services.py` writes one event here, in its own transaction.

An event carries what changed (old and new values, secrets masked) and the digest of each row it left behind, so that a row changed
past the verbs is found as surely as a changed event. The chain itself is closed by the database at commit; see `common.models`.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import decimal
import functools
import hashlib
import itertools
import json
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection, models
from django.utils import timezone

from common.copying import copy_values
from common.models import AuditEvent
from common.pii import HIDDEN, SecretField, is_genuine

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

Changes = dict[str, list[Any]]
SUBJECT_HOUSEHOLD = "household"
TURN = 0.0003  # seconds of Python's lock at a time while two threads work


def _plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal | dt.date | dt.datetime):
        return str(value)
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks: the same value always gives the same bytes."""
    return _ENCODER.encode(value)


# -- rows -----------------------------------------------------------------------------------------------------------------------


def _as_text(model_field: models.Field[Any, Any], value: Any) -> str:
    """One spelling for a value whether it was just assigned or read back from the database."""
    if isinstance(model_field, models.DecimalField):
        return format(decimal.Decimal(str(value)), f".{model_field.decimal_places}f")
    if isinstance(model_field, models.DateTimeField):
        return str(model_field.to_python(value).astimezone(dt.UTC).isoformat())
    if isinstance(model_field, models.DateField):
        return str(model_field.to_python(value).isoformat())
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list | tuple | dict):
        return canonical(value)
    return str(value)


class _Audited(NamedTuple):
    """What a digest covers of one column. `spell` has the quick way for classes of values for which `_as_text` says the same."""

    attname: str
    field: models.Field[Any, Any]
    spell: dict[type, Callable[[Any], str]]


@functools.cache
def _audited_fields(model: type[models.Model]) -> tuple[_Audited, ...]:
    """The columns that a digest covers, in order of name."""
    skip = set(getattr(model, "audit_skip", ()))
    found = []
    for f in model._meta.concrete_fields:
        if f.name in skip or isinstance(f, SecretField) or getattr(f, "auto_now", False):
            continue
        spell: dict[type, Callable[[Any], str]] = {str: str, int: str, bool: "01".__getitem__, list: canonical}
        if isinstance(f, models.DecimalField):
            spell = {decimal.Decimal: f"{{:.{f.decimal_places}f}}".format}
        elif isinstance(f, models.DateTimeField):
            spell = {}
        elif isinstance(f, models.DateField):
            spell = {dt.date: dt.date.isoformat}
        found.append(_Audited(f.attname, f, spell))
    return tuple(sorted(found, key=lambda each: each.attname))


@functools.cache
def _picker(model: type[models.Model]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """The values of `_audited_fields` from a row's columns, as one tuple."""
    return operator.itemgetter(*(each.attname for each in _audited_fields(model)), model._meta.pk.attname)


def row_digest(row: models.Model) -> str:
    """The digest of a row's facts, 32 hexadecimal characters.

    Empty values are left out, so that a column added later leaves the digests of older rows as they were. Encrypted columns are
    left out because their tokens change when keys rotate; their keyed hashes stand for them. `audit_skip` names derived columns.
    """
    model = type(row)
    parts = [_label(model)]
    for value, (name, model_field, spell) in zip(_picker(model)(row.__dict__), _audited_fields(model), strict=False):
        if not value and (value is None or value is False or value == "" or value == []):
            continue
        quick = spell.get(value.__class__)
        parts.append(f"{name}={quick(value) if quick is not None else _as_text(model_field, value)}")
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _secrets_sound(row: models.Model) -> bool:
    """Whether each encrypted column still opens and is what its keyed hash, which the digest covers, was made of."""
    own = _sound.get(type(row))
    return (own is None or own(row)) and all(
        is_genuine(row.__dict__.get(f.attname), row.__dict__[column])
        for f in row._meta.concrete_fields
        if isinstance(f, SecretField) and (column := f.name.removesuffix("_number") + "_hash") in row.__dict__
    )


@functools.cache
def _label(model: type[models.Model]) -> str:
    return model._meta.label_lower


def row_key(row: models.Model) -> str:
    return f"{_label(type(row))}/{row.pk}"


def snapshot(row: models.Model) -> dict[str, Any]:
    """The values of a row now, to be compared with later: `{attname: value}`."""
    return {name: row.__dict__.get(name) for name, *_rest in _audited_fields(type(row))} | {
        f.attname: HIDDEN if row.__dict__.get(f.attname) else ""
        for f in row._meta.concrete_fields
        if isinstance(f, SecretField)
    }


def changes_since(before: dict[str, Any], row: models.Model, *, prefix: str = "") -> Changes:
    """`{field: [old, new]}` of what differs; keyed hashes and search columns are not worth a reader's time and are left out."""
    found: Changes = {}
    for name, new in snapshot(row).items():
        old = before.get(name)
        if old == new:
            continue
        if name.endswith("_hash"):  # a secret changed: show its masked form even where the stars hide the difference
            shown = name.removesuffix("hash") + "masked"
            found[prefix + shown] = [before.get(shown), row.__dict__.get(shown)]
            continue
        model_field = row._meta.get_field(name)
        if not isinstance(model_field, SecretField) and not _same(model_field, old, new):
            found[prefix + name] = [_show(model_field, old), _show(model_field, new)]
    return found


def _same(model_field: Any, old: Any, new: Any) -> bool:
    if old in (None, "", []) or new in (None, "", []):
        return (old in (None, "", [])) and (new in (None, "", []))
    return _as_text(model_field, old) == _as_text(model_field, new)


def _show(model_field: Any, value: Any) -> Any:
    if value is None or isinstance(value, str | bool | list | dict):
        return value
    return value if isinstance(model_field, models.IntegerField) else _as_text(model_field, value)


# -- events ---------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Event:
    """An event about to be written. `rows` are the rows the verb wrote, `gone` the keys (`row_key`) of those it deleted."""

    action: str
    target: str
    by: Any
    subject: str = ""
    region_path: str = ""
    changes: Changes = field(default_factory=dict)
    note: str = ""
    rows: Sequence[models.Model] = ()
    gone: Sequence[str] = ()

    def values(self, at: dt.datetime) -> dict[str, Any]:
        """The columns of the event, the canonical body among them."""
        digests: dict[str, str | None] = {row_key(r): row_digest(r) for r in self.rows}
        digests |= dict.fromkeys(self.gone)
        columns: dict[str, Any] = {
            "action": self.action,
            "actor": getattr(self.by, "username", None) or str(self.by),
            "target": self.target,
            "subject": self.subject,
            "region_path": self.region_path,
            "request_id": request_id.get(),
        }
        content = {
            **columns, "at": at.astimezone(dt.UTC).isoformat(), "changes": self.changes, "note": self.note, "rows": digests,
        }  # fmt: skip
        return {**columns, "at": at, "body": canonical(content)}


def record(action: str, *, by: Any, target: models.Model | str, subject: str = "", region_path: str = "", changes: Changes | None = None,
           note: str = "", rows: Sequence[models.Model] = (), gone: Sequence[str] = ()) -> AuditEvent:  # fmt: skip
    """Write one event in the current transaction. `action` is `noun.past`; `subject` is the chain it joins ("household/12")."""
    key = target if isinstance(target, str) else row_key(target)
    event = Event(action, key, by, subject, region_path, changes or {}, note, rows, gone)
    row = AuditEvent(**event.values(timezone.now()))
    row.save(force_insert=True)
    return row


def record_many(events: Iterable[Event]) -> int:
    """Write many events by COPY, a thousand at a time; the number written."""
    at, written = timezone.now(), 0
    events = iter(events)
    while batch := _bodies(itertools.islice(events, 1000), at):
        written += _copy_events(batch)
    return written


@contextmanager
def recording(events: Sequence[Event]) -> Iterator[None]:
    """Write the events by COPY at the end of the block, in which the caller writes their rows; these have their final values already.

    The digests are taken in a thread of its own while the database takes the rows: on two cores a tenth of an import. In short turns,
    because whoever hands rows to the database needs Python's lock again and again for next to nothing.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, TURN))
    try:
        with ThreadPoolExecutor(1) as other:
            work = other.submit(contextvars.copy_context().run, _bodies, events, timezone.now())
            yield
            _copy_events(work.result())
    finally:
        sys.setswitchinterval(usual)


def _bodies(events: Iterable[Event], at: dt.datetime) -> list[dict[str, Any]]:
    return [event.values(at) for event in events]


def _copy_events(values: Sequence[Mapping[str, Any]]) -> int:
    names = list(values[0])
    copy_values(AuditEvent._meta.db_table, names, [[each[name] for each in values] for name in names])
    return len(values)


# -- reading back ---------------------------------------------------------------------------------------------------------------


def content_of(event: AuditEvent) -> dict[str, Any]:
    """The parsed body: action, actor, target, changes, note, rows …"""
    return dict(json.loads(event.body))


def trail_of(subject: str) -> models.QuerySet[AuditEvent]:
    """Events of one chain, newest first. The caller has passed the row gate of the subject."""
    return AuditEvent.objects.filter(subject=subject).order_by("-id")


# -- verification ---------------------------------------------------------------------------------------------------------------

_vouched: list[type[models.Model]] = []
# What reads files that rows speak of: (row, what is wrong with its file or ""), each.
FILES: list[Callable[[], Iterator[tuple[models.Model, str]]]] = []
# What asks whether figures that the database keeps still follow from their rows: (row, what is wrong), only those that do not.
CHECKS: list[Callable[[], Iterator[tuple[models.Model, str]]]] = []
_sound: dict[type[models.Model], Callable[[Any], bool]] = {}


def vouch_for(*found: type[models.Model], sound: Callable[[Any], bool] | None = None) -> None:
    """The trail vouches for the rows of these tables. Where not every row is a fact yet, `audit_rows` of the model is the condition of
    those that are: what is being typed changes without a record. `sound` asks of a row what its digest cannot."""
    for model in found:
        if model not in _vouched:
            _vouched.append(model)
        if sound is not None:
            _sound[model] = sound


def vouched() -> tuple[type[models.Model], ...]:
    """Every table that `verify` is to compare."""
    return tuple(_vouched)


@dataclass
class Verdict:
    """What `verify` found: `broken` names the first broken event and why, or is empty."""

    events: int = 0
    rows: int = 0
    broken: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.broken


def verify(audited: Sequence[type[models.Model]], progress: Callable[[int], None] = lambda n: None) -> Verdict:
    """Recompute the whole chain in order, then compare the rows it left behind with the live ones.

    Checks, in this order: no event without link and no link without event; each link's hash follows from the link before it, the
    one before it in its subject's chain, and the body; each event's columns equal its body; each live row of `audited` has the
    digest its last event recorded and secrets that open, if the model's `audit_rows` says that it is a fact. A row changed, added or
    removed past the verbs is reported with that last event.
    """
    verdict = Verdict()
    last: dict[str, tuple[int, str | None]] = {}
    previous, expected_seq = b"", 1
    subjects: dict[str, bytes] = {}
    for seq, event_id, prev, subject_prev, link_hash, link_subject, event in _links():
        verdict.events += 1
        if seq != expected_seq:
            verdict.broken = _broken(event_id, f"第 {expected_seq} 号记录不见了", seq=expected_seq)
            return verdict
        if event is None:
            verdict.broken = _broken(event_id, "记录本身已被删除", seq=seq)
            return verdict
        body_hash = hashlib.sha256(event["body"].encode()).digest()
        own_prev = subjects.get(event["subject"], b"") if event["subject"] else b""
        right = hashlib.sha256(previous + own_prev + seq.to_bytes(8, "big") + body_hash).digest()
        if (prev, subject_prev, link_hash, link_subject) != (previous, own_prev, right, event["subject"]):
            verdict.broken = _broken(event_id, "内容与链上的摘要不符", seq=seq, event=event)
            return verdict
        content = json.loads(event["body"])
        wrong = [
            k for k in ("action", "actor", "target", "subject", "region_path", "request_id") if content[k] != event[k]
        ]
        if wrong or content["at"] != event["at"].astimezone(dt.UTC).isoformat():
            verdict.broken = _broken(event_id, f"列 {'、'.join(wrong) or 'at'} 与正文不符", seq=seq, event=event)
            return verdict
        for key, digest in content["rows"].items():
            last[key] = (event_id, digest)
        previous, expected_seq = link_hash, seq + 1
        if event["subject"]:
            subjects[event["subject"]] = link_hash
        if verdict.events % 1000 == 0:
            progress(verdict.events)
    loose = _event_without_link()
    if loose is not None:
        verdict.broken = _broken(loose, "记录不在链上")
        return verdict
    _compare_rows(audited, last, verdict)
    return verdict


def _links() -> Iterator[tuple[int, int, bytes, bytes, bytes, str, dict[str, Any] | None]]:
    columns = ("action", "actor", "target", "subject", "region_path", "request_id", "at", "body")
    sql = (
        "SELECT l.seq, l.event_id, l.previous, l.subject_previous, l.hash, l.subject, "  # noqa: S608
        + ", ".join(f"e.{c}" for c in columns)
        + " FROM common_auditlink l LEFT JOIN common_auditevent e ON e.id = l.event_id ORDER BY l.seq"
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(2000):
            for seq, event_id, prev, subject_prev, link_hash, link_subject, *values in rows:
                event = None if values[-1] is None else dict(zip(columns, values, strict=True))
                yield seq, event_id, bytes(prev), bytes(subject_prev), bytes(link_hash), link_subject, event


def _event_without_link() -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM common_auditevent e LEFT JOIN common_auditlink l ON l.event_id = e.id"
            " WHERE l.event_id IS NULL ORDER BY e.id LIMIT 1"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _compare_rows(
    audited: Sequence[type[models.Model]], last: dict[str, tuple[int, str | None]], verdict: Verdict
) -> None:
    found: list[tuple[int, str, str]] = []
    labels = {m._meta.label_lower for m in audited}
    for model in audited:
        facts = getattr(model, "audit_rows", models.Q())
        for row in model._base_manager.filter(facts).order_by("pk").iterator(chunk_size=2000):
            verdict.rows += 1
            event_id, digest = last.pop(row_key(row), (0, None))
            if digest != row_digest(row):
                found.append(
                    (event_id, row_key(row), "当前数据与最后一次记录不符" if digest else "当前数据没有任何记录")
                )
            elif not _secrets_sound(row):
                found.append((event_id, row_key(row), "加密的内容被改过，与检索码不符"))
    for key, (event_id, digest) in last.items():
        if digest is not None and key.split("/")[0] in labels:
            found.append((event_id, key, "数据行不见了，但没有删除记录"))
    if found:
        event_id, key, why = min(found)
        event = AuditEvent.objects.filter(pk=event_id).values("action", "actor", "target", "at").first()
        verdict.broken = _broken(event_id, why, row=key, event=event)


def _broken(
    event_id: int, why: str, *, seq: int | None = None, row: str = "", event: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    about = {k: str(event[k]) for k in ("action", "actor", "target", "at")} if event else {}
    return {"event": event_id, "seq": seq, "row": row, "why": why, **about}
