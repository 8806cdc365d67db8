"""A visit arrives: from a phone or a page, by one verb. It is whole, with what the household asked for, or it is not there at all."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import allowed
from assistance.models import ServiceRequest
from assistance.services import acts
from assistance.services.requests import ask
from cadres.models import Cadre
from common import audit, dates, sync
from common.evidence import with_pictures
from common.sync import Quarantined, Refused
from households.models import Household
from households.services import LedgerError
from households.services.base import check, save
from surveys import access
from surveys.models import SurveyPhoto
from surveys.services.photos import meet, put_whole
from visits import sent
from visits.capacity import capacities_on
from visits.models import LastVisit, Manner, Visit
from visits.sent import Sent
from visits.services.duties import refresh

KIND = "visit.record"
PHOTO_PATH = "visit_photo"
OWN_DAYS = 7  # after recording it, in which one takes back one's own visit
MOST_REASON = 200


@sync.kind(KIND)
def _record(op: sync.Op) -> Mapping[str, Any]:
    visit, missing = _arrive(op.body, op.by, op.device, op.made_at)
    return {"visit": str(visit.uid), "missing": missing}


def record_visit(
    *, body: Mapping[str, Any], by: Any, device: uuid.UUID | None = None, made_at: dt.datetime | None = None
) -> Visit:
    """Record a visit or call of `by`; `body` as `visits.sent` says. Permission VISIT_RECORD on the household.

    Raises `sync.Refused` with a code and a sentence, and `sync.Quarantined` for a household that was theirs once or is closed; then
    nothing is written.
    """
    return _arrive(body, by, device, made_at)[0]


@with_pictures()
def record_with_photos(*, body: Mapping[str, Any], uploads: Sequence[Any], by: Any) -> Visit:
    """The same from a page, which brings its photos along. Raises ValidationError for an upload that is no photo, too."""
    if len(uploads) > sent.MOST_PHOTOS:
        raise Refused("too_many", _("一次走访最多 %(count)s 张照片，请删去几张再提交。") % {"count": sent.MOST_PHOTOS})
    sent.refuse_impossible(sent.read(body))  # before pictures are worked on
    uid = sent.read(body).uid
    photos = [put_whole(survey=uid, path=PHOTO_PATH, upload=upload, by=by) for upload in uploads]
    return record_visit(body={**body, "photos": [str(photo.uid) for photo in photos]}, by=by, made_at=timezone.now())


@transaction.atomic(savepoint=False)
def _arrive(
    body: Mapping[str, Any], by: Any, device: uuid.UUID | None, made_at: dt.datetime | None
) -> tuple[Visit, list[str]]:
    """The visit, and the photos that have not arrived. A refusal says where it was, where that can be read."""
    known = sent.household_of(body)
    try:
        read = sent.read(body)
        sent.refuse_impossible(read)
        household = _whose(read, known, by)
        return _take(read, household, visitor=by, by=by, device=device, made_at=made_at)
    except Refused as refusal:
        if known is not None:
            refusal.region_path, refusal.subject = known.village.path, known.subject
        raise


@transaction.atomic
def accept_visit(*, body: Mapping[str, Any], owner: Any, by: Any) -> Visit:
    """Take a visit that waited in quarantine, for whoever made it: whose household it is has been decided, the rest is asked as ever."""
    read = sent.read(body)
    household = Household.objects.select_related("village").select_for_update(of=("self",)).get(uid=read.household)
    sent.refuse_impossible(read, old=True)
    return _take(read, household, visitor=owner, by=by, device=None, made_at=None)[0]


def _whose(read: Sent, known: Household | None, by: Any) -> Household:
    """The household, locked. Raises `Refused` and `Quarantined`."""
    mine = Household.objects.for_user(by, Permission.VISIT_RECORD).filter(uid=read.household).select_related("village")
    household: Household | None = mine.select_for_update(of=("self",)).first()
    if household is not None and not household.is_closed:
        return household
    if household is None and (known is None or not once_mine(by, known)):
        raise Refused(
            "not_yours", _("这一户不归您走访，服务器没有收下。如果应当归您，请让乡镇先安排结对，再重新提交。")
        )
    found = household or known
    assert found is not None
    say = (
        _("这一户已经销户或并户。您记的走访已完整保存，由乡镇决定是否采用。")
        if found.is_closed
        else _("这一户已经不归您走访。您记的走访已完整保存，由乡镇决定是否采用。")
    )
    raise Quarantined(say, found.village.path, subject=found.subject, visit=str(read.uid))


def once_mine(user: Any, household: Household) -> bool:
    """Whether the user had to do with the household before."""
    if Visit.objects.filter(household=household, visitor=user).exists():
        return True
    return access.once_mine(user, household)


def _take(
    read: Sent, household: Household, *, visitor: Any, by: Any, device: uuid.UUID | None, made_at: dt.datetime | None
) -> tuple[Visit, list[str]]:
    meet(read.uid)
    if Visit.objects.filter(uid=read.uid).exists():
        raise Refused("already", _("这次走访已经登记过了，没有再记一次。"))
    missing = _missing(read, visitor)
    cadre = Cadre.objects.filter(user=visitor).first()
    visit = Visit(
        uid=read.uid, household=household, visitor=visitor, cadre=cadre, manner=read.manner, on=read.on, met=read.met, seen=read.seen,
        capacities=capacities_on(read.on, household, visitor=visitor, cadre=cadre), text=read.text, next_on=read.next_on,
        photos=read.photos, device=device, made_at=made_at, request=_request(read, household, by),
    )  # fmt: skip
    if read.place is not None:
        visit.longitude, visit.latitude = read.place
    check(visit)
    save(visit)
    audit.record(
        "visit.recorded", by=by, target=visit, subject=household.subject, region_path=household.village.path, note=told(visit, read.asked),
        rows=[visit],
    )  # fmt: skip
    _follow(household, visit)
    return visit, missing


def _follow(household: Household, visit: Visit) -> None:
    """When it was last visited and called, and what is due there."""
    counted = Visit.objects.counted().filter(household=household)
    last = counted.aggregate(
        visited_on=Max("on", filter=Q(manner=Manner.VISIT)), called_on=Max("on", filter=Q(manner=Manner.CALL))
    )
    LastVisit.objects.update_or_create(household=household, defaults=last)
    refresh([household.pk], on=visit.on)


def _missing(read: Sent, visitor: Any) -> list[str]:
    """The photos that are not here yet, in their order. Raises `Refused` for one of another record."""
    here = {
        photo.uid: photo
        for photo in SurveyPhoto.objects.select_for_update(of=("self",)).filter(uid__in=read.photos).order_by("pk")
    }
    if any(photo.survey_uid != read.uid or photo.uploader_id != visitor.pk for photo in here.values()):
        raise Refused("forged", _("有一张照片属于另一份记录，服务器没有收下。请重新拍照。"))
    done = {uid for uid, photo in here.items() if photo.state == SurveyPhoto.State.COMPLETE}
    return [str(uid) for uid in read.photos if uid not in done]


def _request(read: Sent, household: Household, by: Any) -> ServiceRequest | None:
    """What the household asked for, as a request; a closed household asks for nothing any more, and its words stay in the trail."""
    if not read.asked or household.is_closed:
        return None
    try:
        return ask(household=household, text=read.asked, by=by)
    except ValidationError as error:
        raise Refused("asked", error.messages[0]) from error


def told(visit: Visit, asked: str = "") -> str:
    """What the trail says of a visit: 2026年3月1日 入户走访，记下老人住院。"""
    said = _("%(day)s %(manner)s：%(text)s") % {
        "day": dates.written(visit.on), "manner": visit.get_manner_display(), "text": visit.text,
    }  # fmt: skip
    return said if not asked else _("%(said)s；诉求：%(asked)s") % {"said": said.rstrip("。"), "asked": asked}


# -- void -----------------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def void_visit(*, visit: Visit, by: Any, reason: str) -> Visit:
    """A visit that was recorded by mistake counts no more; it stays on record. Who recorded it may within `OWN_DAYS` days, others and later
    with VISIT_VOID. What was asked for in it stays a request of its own."""
    household = acts.lock_household(visit.household)
    row = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    row.household = household
    if not may_void(row, by):
        raise PermissionDenied(Permission.VISIT_VOID)
    if row.is_void:
        raise LedgerError(_("这次走访已经作废。"))
    why = acts.text_of(reason, "reason", MOST_REASON, needed=_("请写明为什么作废，如：记错了户。"))
    if len(why) < 4:
        raise ValidationError({"reason": [_("请写明为什么作废，至少四个字。")]})
    row.voided_at, row.voided_by, row.void_reason = timezone.now(), by.username, why
    check(row)
    save(row)
    audit.record(
        "visit.voided", by=by, target=row, subject=household.subject, region_path=household.village.path,
        note=_("%(visit)s。作废理由：%(why)s") % {"visit": told(row).rstrip("。"), "why": why}, rows=[row],
    )  # fmt: skip
    _follow(household, row)
    return row


def may_void(visit: Visit, user: Any) -> bool:
    """Whether the user may make it void now."""
    fresh = timezone.now() - visit.recorded_at < dt.timedelta(days=OWN_DAYS)
    if fresh and visit.visitor_id == user.pk and allowed(user, Permission.VISIT_RECORD, visit):
        return True
    return allowed(user, Permission.VISIT_VOID, visit)
