"""What every request carries: an id that goes into the audit trail and the error page."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from common import audit


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        own = uuid.uuid4().hex[:16]
        token = audit.request_id.set(own)
        try:
            response = get_response(request)
        finally:
            audit.request_id.reset(token)
        response["X-Request-Id"] = own
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")  # personal data stays out of every cache
        return response

    return middleware
