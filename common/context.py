"""What every page's frame needs, worked out only when a template asks for it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from common import navigation

TEXT_COOKIE = "text"
MENU_COOKIE = "menu"  # sections that were unfolded on this device (ui/src/menu.js)


class Frame:
    """Header and navigation of one page. Every part is read at most once, and fragments read none."""

    def __init__(self, request: HttpRequest) -> None:
        user = getattr(request, "user", None)
        # The device's own choice first; the account's is for a new device.
        chosen = request.COOKIES.get(TEXT_COOKIE)
        self.large_text = chosen == "large" if chosen else bool(getattr(user, "large_text", False))
        self.next = request.get_full_path() if request.method == "GET" else request.path
        self.signed_in = bool(user and user.is_authenticated)
        links = navigation.links_for(user, request.path) if self.signed_in else []
        self.sections = navigation.by_section(links, request.COOKIES.get(MENU_COOKIE, "").split("."))
        self.phone = navigation.on_phone(links)


def layout(request: HttpRequest) -> dict[str, Any]:
    """`frame` for base.html. A Frame costs a few reads of the user's postings, so it is lazy."""
    return {"frame": SimpleLazyObject(lambda: Frame(request))}
