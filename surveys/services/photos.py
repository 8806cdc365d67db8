"""Photos and signatures on their way from a phone: piece after piece, each at the place where the last one ended, whole in the end or not
at all. What arrives is made again by the server, so that nothing but a picture is ever kept."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit, vault
from common.evidence import FILE_CHANGED, FILE_GONE, note_fresh, with_pictures
from common.reencoding import reencode
from common.sync import Refused
from surveys import claims
from surveys.models import Survey, SurveyPhoto

MOST_BYTES = 300 * 1024  # of a photo
MOST_PIECE = 64 * 1024
MOST_PHOTOS = 40  # of a survey
MOST_LOOSE = 500  # of one user that no survey has claimed yet
MOST_PIXELS = 16_000_000  # a picture this large in 300 KiB is no photo
LONGEST_SIDE = 1280
QUALITY = 75
FORMATS = ("JPEG", "PNG")
PATH = re.compile(r"([0-9a-f-]{36}/)?[A-Za-z0-9_]{1,60}")


class Misplaced(Exception):  # noqa: N818  it names what happened
    """The piece does not begin where the last one ended: `received` is where to go on, `say` why where there is a reason."""

    def __init__(self, received: int, code: str = "offset", say: str = "") -> None:
        super().__init__(code)
        self.received, self.code, self.say = received, code, say


def put_piece(
    *, uid: uuid.UUID, survey: uuid.UUID, path: str, offset: int, size: int, sha256: str, data: bytes, by: Any
) -> SurveyPhoto:
    """Take the next piece of a photo; with the last one the photo is made again and complete, or refused for good.

    The same pieces may come again after a lost answer: nothing is taken twice. Raises `Misplaced` with the right offset, `Refused`
    (`too_large`, `too_many`, `forged`, `other_photo`, `malformed`) where the photo is none that may be sent.
    """
    with with_pictures():
        photo = _put_piece(uid, survey, path, offset, size, sha256.lower(), data, by)
    if photo.state == SurveyPhoto.State.ARRIVING and photo.received != offset + len(data):
        raise Misplaced(photo.received, "damaged", _("照片在上传途中损坏，正在从头再传。"))
    return photo


def _put_piece(
    uid: uuid.UUID, survey_uid: uuid.UUID, path: str, offset: int, size: int, sha256: str, data: bytes, by: Any
) -> SurveyPhoto:
    _check(path, offset, size, sha256, data)
    if offset == 0 or offset + len(data) == size:
        # These may write to the survey: its row first, as whoever sends it does.
        Survey.objects.select_for_update(of=("self",), no_key=True).filter(uid=survey_uid).order_by("pk").first()
    photo = _locked(uid, survey_uid, path, size, sha256, by)
    if photo.state != SurveyPhoto.State.ARRIVING:
        return photo
    if offset != photo.received:
        raise Misplaced(photo.received)
    before, end = audit.snapshot(photo), photo.received + len(data)
    try:
        if end < size:
            _keep(photo, data)
        else:
            whole = (vault.first(photo.file, photo.received) if photo.received else b"") + data
            if hashlib.sha256(whole).hexdigest() != sha256:
                return _start_again(photo)
            _replace(photo, _finish(photo, whole))
    except vault.TornError:
        return _start_again(photo)
    photo.received = end
    photo.save()
    if photo.state != SurveyPhoto.State.ARRIVING:
        _record(photo, before, by)
    if photo.state == SurveyPhoto.State.COMPLETE and photo.survey is not None and names(photo.survey.answers, uid):
        waiting = Survey.objects.filter(pk=photo.survey.pk, photos_missing__gt=0)
        waiting.update(photos_missing=F("photos_missing") - 1)  # by the database: two may arrive at once
    return photo


def _keep(photo: SurveyPhoto, data: bytes) -> None:
    """One more piece behind those that are here: nothing that was kept is written again. A piece whose transaction fails lies behind
    what the row says has been received, and the next one is written over it."""
    if photo.received:
        vault.append(photo.file, photo.received, data)
    else:
        _replace(photo, data)


def _replace(photo: SurveyPhoto, data: bytes) -> None:
    """Another file for the photo; none where there are no bytes."""
    old, photo.file = photo.file, ""
    if data:
        photo.file = vault.put(f"surveys/{timezone.localdate():%Y/%m}/{photo.uid}", data)
        note_fresh(photo.file)
    if old:
        transaction.on_commit(partial(vault.remove, old))


def _check(path: str, offset: int, size: int, sha256: str, data: bytes) -> None:
    if size > MOST_BYTES:
        raise Refused("too_large", _("这张照片超过 300 KB，请重新拍或压缩后再传。"))
    if len(data) > MOST_PIECE:
        raise Refused("too_large", _("一次上传的部分超过 64 KB。请更新页面后再传。"))
    sound = PATH.fullmatch(path) and re.fullmatch(r"[0-9a-f]{64}", sha256)
    if not sound or not data or offset < 0 or offset + len(data) > size:
        raise Refused("malformed", _("照片的上传信息不对，服务器没有收下。请更新页面后再传。"))


def _locked(uid: uuid.UUID, survey_uid: uuid.UUID, path: str, size: int, sha256: str, by: Any) -> SurveyPhoto:
    """The photo's row, locked; begun where it is not there. It belongs to whoever began it and to one survey."""
    photos = SurveyPhoto.objects.select_for_update(of=("self",)).order_by("pk")
    photo = photos.filter(uid=uid).first()
    if photo is None:
        meet(survey_uid)
        survey = Survey.objects.filter(uid=survey_uid).first()
        home = None if survey is not None else claims.home_of(survey_uid)
        owner = survey.surveyor_id if survey is not None else home.owner_id if home is not None else by.pk
        if owner != by.pk:
            raise Refused("forged", _("这张照片所属的调查是另一位调查人的，服务器没有收下。"))
        own = SurveyPhoto.objects.filter(uploader=by).exclude(state=SurveyPhoto.State.REFUSED)
        if survey is None and home is None and own.loose().count() >= MOST_LOOSE:
            raise Refused("too_many", _("您有太多照片还没有对应的调查，请先上传调查，再传照片。"))
        most = home.most if home is not None else MOST_PHOTOS
        if own.filter(survey_uid=survey_uid).count() >= most:
            raise Refused("too_many", _("一份调查最多 %(count)s 张照片，这一张没有收下。") % {"count": most})
        begun = SurveyPhoto(
            uid=uid, survey_uid=survey_uid, uploader=by, path=path, size=size, sha256=sha256,
            survey=survey if survey is not None and names(survey.answers, uid) else None,
        )  # fmt: skip
        SurveyPhoto.objects.bulk_create([begun], ignore_conflicts=True)  # somebody may begin it at this very moment
        photo = photos.get(uid=uid)
    if photo.uploader_id != by.pk or photo.survey_uid != survey_uid:
        raise Refused("forged", _("这个编号的照片属于另一份调查，服务器没有收下。"))
    if (photo.size, photo.sha256) != (size, sha256):
        raise Refused("other_photo", _("这个编号的照片已经开始上传，内容却不一样。请重新拍一张。"))
    return photo


def _start_again(photo: SurveyPhoto) -> SurveyPhoto:
    """Something was lost on the way: the pieces are thrown away, the phone sends them anew."""
    old, photo.file, photo.received = photo.file, "", 0
    photo.save()
    if old:
        transaction.on_commit(partial(vault.remove, old))
    return photo


def _finish(photo: SurveyPhoto, whole: bytes) -> bytes:
    """The picture made again; nothing where it is none."""
    try:
        data, photo.width, photo.height = reencode(
            SimpleUploadedFile(str(photo.uid), whole), formats=FORMATS, most_pixels=MOST_PIXELS, longest=LONGEST_SIDE, quality=QUALITY
        )  # fmt: skip
    except ValidationError as error:
        photo.state, photo.problem = SurveyPhoto.State.REFUSED, error.messages[0]
        return b""
    photo.state, photo.completed_at = SurveyPhoto.State.COMPLETE, timezone.now()
    photo.kept_sha256 = hashlib.sha256(data).hexdigest()
    return data


def _record(photo: SurveyPhoto, before: dict[str, Any], by: Any) -> None:
    survey = photo.survey
    home = None if survey else claims.home_of(photo.survey_uid)
    audit.record(
        f"surveyphoto.{'arrived' if photo.state == SurveyPhoto.State.COMPLETE else 'refused'}", by=by, target=photo,
        subject=survey.subject if survey else home.subject if home else "",
        region_path=survey.household.village.path if survey else home.region_path if home else "",
        note=f"not_a_photo: {photo.problem}" if photo.problem else "", rows=[photo],
    )  # fmt: skip


def put_whole(*, survey: uuid.UUID, path: str, upload: Any, by: Any) -> SurveyPhoto:
    """A photo from a page, whole at once: made again, complete and on record. The verb that calls it stands under
    `households.services.evidence.with_pictures`. Raises ValidationError for what is not a picture or above 10 MB."""
    data, width, height = reencode(upload, formats=FORMATS, longest=LONGEST_SIDE, quality=QUALITY)
    digest, now = hashlib.sha256(data).hexdigest(), timezone.now()
    uid = uuid.uuid4()
    photo = SurveyPhoto(
        uid=uid, survey_uid=survey, uploader=by, path=path, size=len(data), received=len(data), sha256=digest, kept_sha256=digest,
        width=width, height=height, state=SurveyPhoto.State.COMPLETE, completed_at=now, file=vault.put(f"surveys/{now:%Y/%m}/{uid}", data),
    )  # fmt: skip
    note_fresh(photo.file)
    photo.save()
    _record(photo, {}, by)
    return photo


def meet(survey_uid: uuid.UUID) -> None:
    """Wait for whoever is joining this survey and its photos at this moment, until this transaction ends: each side sees the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7012, hashtext(%s))", [str(survey_uid)])


def photo_of(uid: uuid.UUID, by: Any) -> SurveyPhoto | None:
    """One's own photo, also after one may see its household no more: the phone still has to learn how much of it is here."""
    return SurveyPhoto.objects.filter(uid=uid, uploader_id=by.pk).order_by("pk").first()


def names(answers: dict[str, Any], uid: uuid.UUID) -> bool:
    """Whether answers name a photo."""
    text = str(uid)
    every = [answers.get("values", {}), *(member.get("values", {}) for member in answers.get("members", []))]
    return any(
        text == value or (isinstance(value, list) and text in value) for each in every for value in each.values()
    )


def check_files() -> Iterator[tuple[SurveyPhoto, str]]:
    """Every picture that has arrived, and what is wrong with its file: "" where it is what was kept."""
    whole = SurveyPhoto._base_manager.filter(state=SurveyPhoto.State.COMPLETE).exclude(kept_sha256="")
    for photo in whole.order_by("pk").iterator(chunk_size=500):
        yield photo, _wrong_with(photo)


def _wrong_with(photo: SurveyPhoto) -> str:
    try:
        data = vault.get(photo.file)
    except OSError:
        return FILE_GONE
    except InvalidToken:
        data = b""
    sound = hashlib.sha256(data).hexdigest() == photo.kept_sha256
    return "" if sound else FILE_CHANGED
