"""How often the API may be asked: a module of its own, because the framework reads its defaults while it is being loaded."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.cache import caches
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

logger = logging.getLogger(__name__)


class PerAccount(SimpleRateThrottle):
    """So many requests a minute for a token, an account without one, or an address that is neither. A cache that does not answer counts nothing."""

    scope = "account"
    cache = caches["shared"]

    def get_rate(self) -> str:
        return f"{settings.API_RATE}/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        who = getattr(request.auth, "pk", None) or request.user.pk or self.get_ident(request)
        kind = "token" if request.auth else "user" if request.user.pk else "address"
        return f"throttle-{kind}-{who}"

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except Exception:
            # Whatever the cache's own library raises: an API that is down because nobody counts is worse than one that is asked too often.
            logger.exception("the cache did not answer; requests are not counted")
            return True
