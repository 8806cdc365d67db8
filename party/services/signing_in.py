"""Signing in by QR: an address that is good on one day, for who can say a name of the village's branches and the end of their phone number.

Whoever has the address can try. So nothing is told but whether both together fit, wrong tries are few for a name, for an address and for a
session, and a name nobody bears is answered, and counted, as one that somebody does. No ID number is ever asked for.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cadres.models import Cadre
from common.pii import lookup_hash
from common.text import normalise_name
from party.models import Attendance, Session, SignInFailure
from party.services.base import PartyError, lock, record, save
from party.services.sessions import people_of

A_NAME, AN_ADDRESS, A_SESSION = 5, 20, 150  # wrong tries of a session that are answered
KEPT = dt.timedelta(days=2)
TAIL = re.compile(r"\d{4}\Z", re.ASCII)
PUBLIC = "sign-in"  # who acts where nobody is signed in


class NoMatchError(PartyError):
    """Name and number do not fit together; the failure was counted."""


class TooManyError(PartyError):
    """Too many wrong tries."""


def open_session(token: str) -> Session | None:
    """The session one can sign in to now by that address: planned or held today, and not closed."""
    if not token or len(token) > 30:
        return None
    found = Session._base_manager.filter(token=token, held_on=timezone.localdate(), closed_at=None).exclude(
        state=Session.State.CANCELLED
    )
    return found.select_related("course", "village").first()


def _open(session: Session) -> Session:
    row: Session = lock(Session, session, "course", "village")
    if open_session(row.token) is None:
        raise PartyError(_("这次课堂的签到已经结束。"))
    return row


def _enter(row: Session, by: Any, **who: Any) -> bool:
    """Enter somebody, once; whether they were new."""
    if row.attendances.filter(**who).exists():
        return False
    found = Attendance(
        session=row, **who, how=Attendance.How.QR, at=timezone.now(), recorded_by=getattr(by, "username", PUBLIC)
    )
    save(found)
    record("session.signed_in", found, by, row.village, before={}, note=row.course.title)
    return True


def sign_in(*, session: Session, name: str, tail: str, address: str, by: Any = PUBLIC) -> bool:
    """Sign somebody in by name and the last four digits of their phone; False where they were in already.

    Raises `NoMatchError` and `TooManyError`, each in the same words whoever is meant, ValidationError for what cannot be either.
    """
    wrong: dict[str, list[str]] = {}
    try:
        name = normalise_name(name)[:60]
    except ValidationError as error:
        wrong["name"] = list(error.messages)
    tail = tail.strip()
    if not name:
        wrong["name"] = [_("请填写姓名。")]
    if not TAIL.match(tail):
        wrong["tail"] = [_("请填写手机号的后四位数字。")]
    if wrong:
        raise ValidationError(wrong)
    with transaction.atomic():
        row = _open(session)
        hashes = {"name_hash": lookup_hash("sign-in", name), "address_hash": lookup_hash("sign-in", address)}
        if _is_throttled(row, hashes):
            raise TooManyError(_("试的次数太多了，请到现场名单上登记。"))
        fits = [p for p in people_of(row).filter(name=name) if p.phone_hash and p.phone_masked.endswith(tail)]
        if len(fits) == 1:
            return _enter(row, by, person=fits[0])
        SignInFailure.objects.create(session=row, **hashes)
    raise NoMatchError(_("姓名和手机号后四位没有对上。请核对，或者到现场名单上登记。"))


def _is_throttled(row: Session, hashes: dict[str, str]) -> bool:
    failures = row.failures.order_by()
    return (
        failures.filter(name_hash=hashes["name_hash"]).count() >= A_NAME
        or failures.filter(address_hash=hashes["address_hash"]).count() >= AN_ADDRESS
        or failures.count() >= A_SESSION
    )


@transaction.atomic
def sign_in_cadre(*, session: Session, by: Any) -> bool:
    """Who is logged in and a cadre signs in with one tap: as the member of this village they are, or else as the cadre."""
    row = _open(session)
    cadre = Cadre._base_manager.filter(user=by.pk, left_on=None).first()
    if cadre is None:
        raise PartyError(_("您的账号没有对应的干部，请填写姓名和手机号后四位。"))
    person = people_of(row).filter(cadre=cadre).first()
    return _enter(row, by, person=person) if person else _enter(row, by, cadre=cadre)


def forget_failures() -> None:
    """Of every night: what was counted for a day that is over."""
    SignInFailure.objects.filter(at__lt=timezone.now() - KEPT).delete()
