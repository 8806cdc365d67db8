"""A survey as it is sent: the body of `survey.submit` read into values, whatever somebody may have written there.

What cannot be read is refused as `malformed`; what could only be written by hand (fields the form does not have, members of another
household) as `forged`. Whole ID numbers, phone and account numbers are taken out of the answers: there they stand masked.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from common import pii
from common.sync import Refused
from surveys.answers import split_secrets
from surveys.definitions import Definition, Field, path_of
from surveys.models import Survey
from surveys.prefill import SEAL

MOST_MEMBERS = 60
LONGEST_PATH = 120
EFFORT = ("keystrokes", "typed", "same", "retyped", "seconds")
MOST_EFFORT = 10_000_000
JOINED, LEFT = "+", "-"
CLOCK = dt.timedelta(days=1)  # how far a phone's clock may be ahead before its day cannot be believed


def malformed(part: str) -> Refused:
    return Refused(
        "malformed", _("调查内容的格式不对（%(part)s），服务器没有收下。请更新页面后再传。") % {"part": part}
    )


def forged(say: Any) -> Refused:
    return Refused("forged", say)


@dataclass
class Sent:
    """The body, read. `members` in the order of the answers; each `{"uid", "values", "new"?, "joined"?, "left"?}`."""

    uid: uuid.UUID
    household: uuid.UUID
    code: str
    version: str
    year: int
    purpose: str
    channel: str
    revision: int
    began_at: dt.datetime
    surveyed_on: dt.date
    answers: dict[str, Any]
    base: dict[str, Any]
    seals: dict[str, str]
    same: list[str]
    kept: dict[str, list[str]]
    effort: dict[str, Any]
    photos: list[uuid.UUID]

    @property
    def values(self) -> dict[str, Any]:
        return self.answers["values"]

    @property
    def members(self) -> list[dict[str, Any]]:
        return self.answers["members"]


def read(body: Mapping[str, Any]) -> Sent:
    """Raises `Refused("malformed")`, naming the part."""
    form = _text(body, "form", 61)
    code, at, version = form.partition("@")
    if not at:
        raise malformed("form")
    purpose, channel = _text(body, "purpose", 12), _text(body, "channel", 8)
    if purpose not in Survey.Purpose.values:
        raise malformed("purpose")
    if channel not in Survey.Channel.values:
        raise malformed("channel")
    photos = body.get("photos", [])
    if not isinstance(photos, list) or len(photos) > 400:
        raise malformed("photos")
    return Sent(
        uid=uid_of(body.get("uid"), "uid"),
        household=uid_of(body.get("household"), "household"),
        code=code,
        version=version,
        year=_count(body.get("year"), "year", 9999),
        purpose=purpose,
        channel=channel,
        revision=_count(body.get("revision"), "revision", 1000),
        began_at=_moment(body.get("began_at")),
        surveyed_on=_day(body.get("surveyed_on")),
        answers=_answers(body.get("answers")),
        base=_by_path(body.get("base", {}), "base"),
        seals=_seals(body.get("seals") or {}),
        same=_paths(body.get("same", [])),
        kept=_kept(body.get("kept", {})),
        effort=_effort(body.get("effort", {})),
        photos=[uid_of(each, "photos") for each in photos],
    )


def _text(body: Mapping[str, Any], name: str, most: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise malformed(name)
    return value


def place_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Where the surveyor was in a draft: `{"step", "path", "typed": [paths]}`. What else a page puts there may hold whole ID numbers and
    is not kept."""
    at = body.get("at")
    if not isinstance(at, dict):
        return {}
    place: dict[str, Any] = {
        name: at[name][:LONGEST_PATH] for name in ("step", "path") if isinstance(at.get(name), str)
    }
    typed = at.get("typed")
    if isinstance(typed, list) and len(typed) <= 1000:
        place["typed"] = [each[:LONGEST_PATH] for each in typed if isinstance(each, str)]
    return place


def uid_of(value: Any, part: str) -> uuid.UUID:
    try:
        found = uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise malformed(part)
    if str(found) != value:  # one spelling: paths are made of it
        raise malformed(part)
    return found


def _count(value: Any, part: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise malformed(part)
    return value


def _moment(value: Any) -> dt.datetime:
    """When the draft began, by the phone's clock: one that is ahead counts as now."""
    try:
        found = parse_datetime(value)
    except (ValueError, TypeError):
        found = None
    if found is None or not 1 < found.year < 9999:
        raise malformed("began_at")
    found = found if timezone.is_aware(found) else timezone.make_aware(found)
    return min(found, timezone.now())


def _day(value: Any) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except (ValueError, TypeError):
        raise malformed("surveyed_on")


def _answers(raw: Any) -> dict[str, Any]:
    if (
        not isinstance(raw, dict)
        or not isinstance(raw.get("values"), dict)
        or not isinstance(raw.get("members", []), list)
    ):
        raise malformed("answers")
    members, seen = [], set()
    if len(raw.get("members", [])) > MOST_MEMBERS:
        raise malformed("members")
    for each in raw.get("members", []):
        if not isinstance(each, dict) or not isinstance(each.get("values", {}), dict):
            raise malformed("members")
        uid = str(uid_of(each.get("uid"), "members"))
        if uid in seen:
            raise malformed("members")
        seen.add(uid)
        member: dict[str, Any] = {"uid": uid, "values": each.get("values", {})}
        if each.get("new"):
            member |= {"new": True, "joined": _change(each.get("joined"))}
        if each.get("left"):
            member["left"] = _change(each["left"])
        members.append(member)
    return {"values": raw["values"], "members": members}


def _change(raw: Any) -> dict[str, str]:
    """Why and on which day somebody came or went; "" for what is not said yet."""
    told = raw if isinstance(raw, dict) else {}
    found = {name: told.get(name) or "" for name in ("reason", "on")}
    if not all(isinstance(value, str) and len(value) <= 20 for value in found.values()):
        raise malformed("members")
    return found


def _by_path(raw: Any, part: str) -> dict[str, Any]:
    if not isinstance(raw, dict) or any(len(path) > LONGEST_PATH for path in raw):
        raise malformed(part)
    raw = {path: value for path, value in raw.items() if value is not None}
    for value in raw.values():
        flat = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) or (isinstance(one, int) and abs(one) < 10**15) for one in flat):
            raise malformed(part)
    return {path: value for path, value in raw.items() if value not in (None, "", [])}


def _seals(raw: Any) -> dict[str, str]:
    found = _by_path(raw, "seals")
    if not all(isinstance(seal, str) and len(seal) <= SEAL for seal in found.values()):
        raise malformed("seals")
    return found


def _paths(raw: Any) -> list[str]:
    if not isinstance(raw, list) or any(not isinstance(path, str) or len(path) > LONGEST_PATH for path in raw):
        raise malformed("same")
    return sorted(set(raw))


def _kept(raw: Any) -> dict[str, list[str]]:
    if not isinstance(raw, dict) or any(len(path) > LONGEST_PATH for path in raw):
        raise malformed("kept")
    for sentences in raw.values():
        if not isinstance(sentences, list) or any(not isinstance(say, str) for say in sentences):
            raise malformed("kept")
    return raw


def _effort(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise malformed("effort")
    sound = {
        name: raw[name] for name in EFFORT if isinstance(raw.get(name), int | float) and not isinstance(raw[name], bool)
    }
    return {name: min(max(int(value), 0), MOST_EFFORT) for name, value in sound.items()}


# -- paths ----------------------------------------------------------------------------------------------------------------------


def by_path(answers: Mapping[str, Any]) -> dict[str, Any]:
    """`{path: answer}`, with `<uid>/+` and `<uid>/-` of who came and went."""
    found = dict(answers.get("values", {}))
    for member in answers.get("members", []):
        uid = member["uid"]
        found |= {path_of(name, uid): value for name, value in member.get("values", {}).items()}
        if member.get("new"):
            found[path_of(JOINED, uid)] = member["joined"]
        if member.get("left"):
            found[path_of(LEFT, uid)] = member["left"]
    return found


def only(form: Definition, paths: Mapping[str, Any]) -> dict[str, Any]:
    """What speaks of fields of the form; the rest is of no use to anybody."""
    return {path: value for path, value in paths.items() if form.field(path) is not None}


def photos_of(form: Definition, answers: Mapping[str, Any]) -> list[str]:
    """The uids of photos and signatures, as the answers name them."""
    found: list[str] = []
    for _path, asked, value in form.paths(answers):
        if asked.is_evidence:
            found += value if isinstance(value, list) else [value]
    return found


# -- secrets --------------------------------------------------------------------------------------------------------------------


def seal(
    form: Definition, answers: Mapping[str, Any], earlier: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """(answers with secrets masked, `{path: plain text}` of those that were typed).

    A masked value means "as it was": what was typed in an `earlier` revision and has the same mask stays.
    """
    masked, typed = split_secrets(form, answers)
    for path, asked, value in form.paths(masked):
        if asked.is_secret and path not in typed and path in earlier and mask(asked, earlier[path]) == value:
            typed[path] = earlier[path]
    return masked, typed


def masked(form: Definition, paths: Mapping[str, Any]) -> dict[str, Any]:
    """`{path: value}` with whatever secret stands in it masked."""
    found = dict(paths)
    for path, value in paths.items():
        asked = form.field(path)
        if asked is not None and asked.is_secret and isinstance(value, str) and "*" not in value:
            found[path] = mask(asked, value)
    return found


def mask(asked: Field, text: str) -> str:
    return pii.mask_id(text) if asked.type == "id_number" else pii.mask_phone(text)
