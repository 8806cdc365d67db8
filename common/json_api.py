"""Addresses that answer scripts: JSON in, JSON out, whatever happens. Never a page, never a redirect to one.

An error is `{"code", "say"}`: a word for the script and one sentence for whoever holds the phone.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure as csrf_page
from django.views.defaults import page_not_found, server_error

from common import sync
from common.readonly import reads_only

logger = logging.getLogger(__name__)

# Of what is refused; 422 else.
STATUS = {"too_large": 413, "too_many": 413, "malformed": 400, "device_unknown": 403, "device_revoked": 403}
API = "/api/"  # what other programs read; the framework there has a shape of error of its own
ROOTS = ("/collect/api/",)  # below these nothing answers with a page

View = Callable[..., HttpResponse]


def error(status: int, code: str, say: Any, **more: Any) -> JsonResponse:
    return JsonResponse({"code": code, "say": str(say), **more}, status=status, headers={"Cache-Control": "no-store"})


def answers_json(*methods: str) -> Callable[[View], View]:
    """Declare a view that takes these methods and answers JSON. Its GET runs read-only; what it raises becomes code and sentence.

    What a view refuses (`sync.Refused`) is on record; a request that broke off on its way is not worth one.
    """
    allowed = list(methods)

    def declare(view: View) -> View:
        reading = reads_only(view) if "GET" in allowed else None

        @functools.wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in allowed:
                refusal = error(405, "method", _("这个地址不接受这种请求。"))
                refusal["Allow"] = ", ".join(allowed)
                return refusal
            run = reading if request.method == "GET" and reading else view
            response: HttpResponse
            try:
                response = run(request, *args, **kwargs)
            except sync.Refused as no:
                sync.record_refusal(no, by=request.user, target=request.path[:128])
                response = error(STATUS.get(no.code, 422), no.code, no.say, **no.extra)
            except (UnreadablePostError, BadRequest):
                response = error(400, "broken_off", _("上传中断，服务器没有收到完整的内容。稍后会自动再传。"))
            except RequestDataTooBig:
                response = error(413, "too_large", _("一次上传的内容太大。"))
            except PermissionDenied:
                response = error(403, "not_allowed", _("您的账号不能做这件事。如有需要，请找管理员。"))
            except Http404:
                response = error(404, "not_found", _("没有找到，或者不是您的。"))
            except SuspiciousOperation:
                response = error(400, "malformed", _("这个请求的格式不对。请更新页面后再试。"))
            except Exception:
                logger.exception("%s failed", request.path)
                response = error(500, "failed", _("服务器出了问题，没有收下。稍后会自动再传。"))
            response["Cache-Control"] = "no-store"
            return response

        wrapper.answers_json = True  # type: ignore[attr-defined]
        return wrapper

    return declare


def read_bytes(request: HttpRequest, most: int) -> bytes:
    """The body. Raises `Refused` (`too_large`) above `most` bytes, whatever its header says. A body cut on its way comes as far as it came."""
    if announced(request) > most:
        raise sync.Refused("too_large", _("一次上传的内容超过 %(size)s KB，请分几次上传。") % {"size": most // 1024})
    return request.body


def announced(request: HttpRequest) -> int:
    """How many bytes the header promises. Raises `Refused` (`malformed`) where it says something that is no number."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise sync.Refused("malformed", _("这个请求的格式不对，服务器读不懂。请更新页面后再试。"))


def read_json(request: HttpRequest, most: int, *, in_parts: bool = False) -> dict[str, Any]:
    """The JSON object of a request. Raises `Refused` (`too_large`, `malformed`), also for what no database keeps; `in_parts`: the caller
    looks at that for each part, so that a bad one does not take the others with it."""
    data = read_bytes(request, most)
    if len(data) < announced(request):
        raise BadRequest
    try:
        found = json.loads(data, parse_constant=_no_constant)
        if not in_parts:
            sync.keepable(found)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise sync.Refused("malformed", _("这个请求的格式不对，服务器读不懂。请更新页面后再试。"))
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


# -- what answers before a view does ---------------------------------------------------------------------------------------------


def is_for_script(request: HttpRequest) -> bool:
    return request.path.startswith(ROOTS)


def for_program(request: HttpRequest, status: int, say: Any) -> JsonResponse | None:
    """The API's shape of an error (`common.rest`), where no viewset is asked."""
    return JsonResponse({"error": str(say), "fields": {}}, status=status) if request.path.startswith(API) else None


def signed_out() -> JsonResponse:
    return error(401, "signed_out", _("登录已过期，请重新登录。没有上传的内容还在您的手机里。"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The stale or missing token: the phone asks for a new one and goes on."""
    if is_for_script(request):
        return error(403, "csrf", _("页面已过期，请刷新后再试。"))
    return csrf_page(request, reason=reason)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_for_script(request):
        return error(404, "not_found", _("没有找到，或者不是您的。"))
    answer = for_program(request, 404, _("接口没有这个地址，请看接口说明 /docs/api/。"))
    return answer or page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    if is_for_script(request):
        return error(500, "failed", _("服务器出了问题，没有收下。稍后会自动再传。"))
    return for_program(request, 500, _("服务器出了问题，请稍后再试。")) or server_error(request)
