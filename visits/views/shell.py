"""The visit log of a phone: a blank page below /collect/ that the service worker keeps (docs/surveys.md, Phone and server)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common.readonly import reads_only
from visits import words
from visits.codelists import MET, SEEN
from visits.models import Manner

MOST_TEXT = 300


@gzip_page  # there is no secret in it that its length could tell
@cache_control(private=True, no_cache=True)
@reads_only
def visit_shell(request: HttpRequest) -> HttpResponse:
    """The visit log without a word about anybody."""
    require_somewhere(request.user, Permission.VISIT_RECORD)
    context = {
        "words": words.of_log(),
        "manners": Manner.choices,
        "lists": [{"name": "met", "title": MET.title, "choices": MET.choices}, {"name": "seen", "title": SEEN.title, "choices": SEEN.choices}],
        "chips": [("", _("暂不定")), ("week", _("一周后")), ("month", _("一月后")), ("quarter", _("下季度")), ("own", _("自选"))],
        "most_text": MOST_TEXT,
    }  # fmt: skip
    return render(request, "visits/visit_shell.html", context)
