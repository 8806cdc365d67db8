"""The whole trail of one household: who did what when, old value and new, and the place in the chain."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit
from common.readonly import reads_only
from households import curtain, trail
from households.views.base import household_or_404, page

PAGE = 30


@reads_only
def household_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Newest first, keyset paged by `?before=`; needs the permission to read history."""
    household = household_or_404(request, pk, Permission.HISTORY_VIEW)
    hidden = curtain.hidden_from(request.user, [household.pk]).get(household.pk)
    events = curtain.before(audit.trail_of(household.subject), hidden)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        events = events.filter(pk__lt=int(before))
    found = list(events[: PAGE + 1])
    changes = trail.read(found[:PAGE], with_seq=True)
    more = f"?{urlencode({'before': found[PAGE - 1].pk})}" if len(found) > PAGE else ""
    return page(
        request, "households/household_history.html", household, _("变更记录"), changes=changes, hidden=hidden, more=more, first=request.path if before else ""
    )  # fmt: skip
