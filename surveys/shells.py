"""Which pages a phone keeps for working without a network, and the digest by which it learns that one of them has changed."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.translation import get_language

from accounts.roles import Permission
from accounts.scoping import posted_regions
from households.models import Household
from households.querysets import paired_household_ids
from surveys.models import SurveyForm

FILES = re.compile(rf'(?:src|href)="({re.escape(settings.STATIC_URL)}[^"#?]+)"')


@dataclass(frozen=True)
class Shell:
    """A blank page below /collect/: the same for everybody, without a word about anybody. `start` and `icon`: the button that opens it on 我的调查."""

    url_name: str
    permission: Permission
    start: Any = ""
    icon: str = ""

    @property
    def url(self) -> str:
        return reverse(self.url_name)


_pages = [Shell("collect:home", Permission.SURVEY_FILL)]
MOST_FORMS = 40  # newest first: more than any county publishes while a draft lives
MOST_DRAWN = 200
_drawn: dict[tuple[str, str, str], bytes] = {}  # pages of this process: (address, language, digest of the form)


def register(shell: Shell) -> None:
    """Phones keep this page, too. Called in `AppConfig.ready`."""
    if shell not in _pages:
        _pages.append(shell)


def pages_of(user: Any) -> list[str]:
    """Addresses of the pages that this user's phone keeps beside the forms."""
    return [shell.url for shell in _pages if user.can(shell.permission)]


def starts() -> list[Shell]:
    """What one may begin on 我的调查 beside a survey."""
    return [shell for shell in _pages if shell.start]


def forms_of(user: Any) -> list[SurveyForm]:
    """Published and retired forms of the places where this user surveys, newest first: drafts may still hold a retired one."""
    paths = [region.path for region in posted_regions(user, Permission.SURVEY_FILL)]
    mine = paired_household_ids(user)
    if mine:
        rows = Household.objects.for_user(user, Permission.SURVEY_FILL).filter(pk__in=mine)
        paths += rows.order_by().values_list("village__path", flat=True).distinct()
    forms = (
        SurveyForm.objects.exclude(state=SurveyForm.State.DRAFT)
        .select_related("region")
        .defer("definition")
        .order_by("-published_at", "-pk")
    )
    return [f for f in forms if f.region is None or any(path.startswith(f.region.path) for path in paths)][:MOST_FORMS]


def url_of(form: SurveyForm) -> str:
    return f"{reverse('collect:home')}forms/{form.code}/{form.version}/"


def manifest(request: HttpRequest) -> dict[str, Any]:
    """{"version", "files"}: the shells and whatever they load. Another content of any of them is another version."""
    digests = {url_of(form): form.digest for form in forms_of(request.user)}
    pages = {url: _page(request, url, digests.get(url, "")) for url in [*pages_of(request.user), *digests]}
    files = sorted({url for page in pages.values() for url in FILES.findall(page.decode())})
    hashed = hashlib.sha256(json.dumps([*pages, *files]).encode())
    for page in pages.values():
        hashed.update(hashlib.sha256(page).digest())
    for url in files:
        hashed.update(_content(url))
    return {"version": hashed.hexdigest()[:16], "files": [*pages, *files]}


def _page(request: HttpRequest, url: str, digest: str) -> bytes:
    """A shell as this user's phone would get it. Shells are the same for everybody, so one of each is drawn in a process."""
    key = (url, get_language() or "", digest)
    if key not in _drawn:
        match = resolve(url)
        view: Callable[..., Any] = match.func
        response = view(request, *match.args, **match.kwargs)
        packed = response.get("Content-Encoding") == "gzip"
        if len(_drawn) >= MOST_DRAWN:
            _drawn.clear()
        _drawn[key] = gzip.decompress(response.content) if packed else response.content
    return _drawn[key]


def _content(url: str) -> bytes:
    """What a static file holds; nothing where its name already says it."""
    found = finders.find(url.removeprefix(settings.STATIC_URL))
    return hashlib.sha256(Path(found).read_bytes()).digest() if found else b""
