"""What phones say to the server (docs/surveys.md, Phone and server): JSON in, JSON out."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page

from accounts import signed_in
from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import json_api, sync
from common.json_api import answers_json
from surveys import access, pack
from surveys.models import Device, Survey, SurveyPhoto
from surveys.services import hand_back_key, pack_taken, put_piece, register_device, save_draft
from surveys.services.devices import device_of, refuse_revoked, saw
from surveys.services.drafts import OPEN, record_of
from surveys.services.photos import MOST_PIECE, Misplaced, photo_of

SMALL = 16 * 1024  # bytes of a request that carries no survey


def _fills(request: HttpRequest) -> Any:
    """Who asks; 403 for those who fill no surveys at all."""
    user: Any = request.user
    require_somewhere(user, Permission.SURVEY_FILL)
    return user


def _uid(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise sync.Refused("malformed", _("这个请求的格式不对，服务器读不懂。请更新页面后再试。"))


def _device(request: HttpRequest, value: Any) -> Device:
    """A registered phone of this user, in use."""
    device = device_of(_uid(value), request.user)
    if device is None:
        raise sync.Refused("device_unknown", _("这台手机还没有登记。请重新打开“我的调查”。"))
    refuse_revoked(device)
    return device


@gzip_page  # the largest thing a phone fetches, and nothing of the request is in it
@answers_json("POST")
def api_pack(request: HttpRequest) -> HttpResponse:
    """The pack of a registered phone; with `household` alone that of one household, for a page that keeps nothing."""
    user, body = _fills(request), json_api.read_json(request, SMALL)
    if "household" in body:
        household = access.mine(user, _uid(body["household"]))
        if household is None or household.is_closed:
            raise Http404
        return JsonResponse(pack.pack_of_one(user, household))
    device = _device(request, body.get("device"))
    found = pack.pack_for(user, device.uid)
    pack_taken(device=device, count=len(found["households"]), by=user)
    return JsonResponse(found)


@answers_json("POST")
def api_ops(request: HttpRequest) -> HttpResponse:
    """Operations, at most 20. Also who fills no surveys any more may send: what they did is kept in quarantine."""
    body = json_api.read_json(request, sync.MOST_BYTES, in_parts=True)
    ops = body.get("ops")
    if not isinstance(ops, list):
        raise sync.Refused("malformed", _("这个请求的格式不对，服务器读不懂。请更新页面后再试。"))
    device = _device(request, body["device"]) if body.get("device") else None
    receipts = sync.receive(ops, by=request.user, device=device.uid if device else None)
    if device is not None:
        saw(device, body.get("waiting"), len(ops))
    return JsonResponse({"receipts": receipts})


@answers_json("GET", "PUT")
def api_photo(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """How much of a photo is here; a piece of it."""
    if request.method == "GET":
        photo = photo_of(uid, request.user)
        if photo is None:
            raise Http404
        return JsonResponse(_state(photo) | {"size": photo.size})
    header = request.headers
    try:
        offset, size = int(header.get("Upload-Offset", "")), int(header.get("Upload-Length", ""))
    except ValueError:
        raise sync.Refused("malformed", _("照片的上传信息不对，服务器没有收下。请更新页面后再传。"))
    data = json_api.read_bytes(request, MOST_PIECE)
    try:
        photo = put_piece(
            uid=uid, survey=_uid(header.get("Upload-Survey")), path=unquote(header.get("Upload-Path", "")), offset=offset, size=size,
            sha256=header.get("Upload-Sha256", ""), data=data, by=request.user,
        )  # fmt: skip
    except Misplaced as misplaced:
        return json_api.error(409, misplaced.code, misplaced.say, received=misplaced.received, state="arriving")
    return JsonResponse(_state(photo))


def _state(photo: SurveyPhoto) -> dict[str, Any]:
    found: dict[str, Any] = {"received": photo.received, "state": photo.state}
    if photo.state == SurveyPhoto.State.REFUSED:
        found |= {"code": "not_a_photo", "say": photo.problem}
    return found


@answers_json("GET", "PUT")
def api_draft(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The draft of one's own that the server keeps."""
    if request.method == "GET":
        mine = Survey.objects.for_user(request.user).select_related("form", "household").filter(state__in=OPEN)
        survey = mine.filter(uid=uid, surveyor_id=request.user.pk).first()
        if survey is None:
            raise Http404
        return JsonResponse(
            {"draft": record_of(survey), "state": survey.state, "saved_at": survey.updated_at.isoformat()}
        )
    user, body = _fills(request), json_api.read_json(request, sync.MOST_BYTES)
    if body.get("uid") != str(uid):
        raise sync.Refused("malformed", _("这个请求的格式不对，服务器读不懂。请更新页面后再试。"))
    survey = save_draft(body=body, by=user)
    return JsonResponse({"uid": str(survey.uid), "state": survey.state, "saved_at": timezone.now().isoformat()})


@answers_json("POST")
def api_devices(request: HttpRequest) -> HttpResponse:
    """Take this phone into use."""
    user, body = _fills(request), json_api.read_json(request, SMALL)
    device = register_device(uid=_uid(body.get("device")), label=body.get("label") or "", key=body.get("key"), by=user)
    return JsonResponse({"device": str(device.uid), "label": device.label})


@answers_json("POST")
def api_device_key(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The key of this phone's drafts, to its own user fresh from the log-in: a forgotten PIN loses nothing."""
    device = device_of(uid, request.user)
    if device is None:
        raise Http404
    return JsonResponse(
        {"key": hand_back_key(device=device, by=request.user, signed_in_at=signed_in.moment(request.session))}
    )
