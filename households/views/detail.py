"""The ledger of one household, on one page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import may_in
from common import tabs
from common.readonly import read_on_get, reads_only
from households import cards, ledger
from households.answering import attempt, form_status
from households.forms import RevealForm
from households.models import Household, Member
from households.services import reveal as reveal_secret
from households.views.base import crumbs_of, household_or_404, page

LABEL = "households.Household"
SHOWN_ACTIONS = 3  # buttons in the head of a ledger; the others are behind 更多


def chosen_year(request: HttpRequest) -> int | None:
    """?year=2024, None for the newest; anything that is not a year is ignored."""
    asked = request.GET.get("year", "")
    return (
        int(asked) if len(asked) == 4 and asked.isascii() and asked.isdigit() and 2010 <= int(asked) <= 2100 else None
    )


@reads_only
def household_detail(request: HttpRequest, pk: int) -> HttpResponse:
    household = household_or_404(request, pk)
    book = ledger.load(household, request.user, chosen_year(request))
    actions = [
        (a.label, reverse(a.url_name, args=[pk]), a.icon)
        for a in tabs.actions_for(LABEL, request.user)
        if _here(a, book)
    ]
    if book.may["edit"]:
        actions.append((_("修改户信息"), reverse("households:household_edit", args=[pk]), "edit"))
    context: dict[str, Any] = {
        "book": book,
        "household": household,
        "may": book.may,
        "trail": crumbs_of(household),
        "years": [(f"{y}", f"?year={y}", y == book.year) for y in sorted(book.years, reverse=True)],
        "this_year": timezone.localdate().year,
        "tabs": [(t.label, reverse(t.url_name, args=[pk])) for t in tabs.tabs_for(LABEL, request.user)],
        "actions": actions[:SHOWN_ACTIONS],
        "more_actions": actions[SHOWN_ACTIONS:],
        "cards": cards.cards_for(household, book.year, request.user),
        "into_url": _into_url(request, household),
        "changes": [change.as_entry() for change in book.changes],
    }
    return render(request, "households/household_detail.html", context)


def _into_url(request: HttpRequest, household: Household) -> str:
    """Where this household went, for those who may see it there."""
    into = household.merged_into
    return into.get_absolute_url() if into and may_in(request.user, Permission.HOUSEHOLD_VIEW, into.village) else ""


def _here(action: tabs.Action, book: ledger.Ledger) -> bool:
    """Printing is known to this page; whatever else hangs here asks for itself when it is opened."""
    return book.may["print"] if action.permission == Permission.LEDGER_PRINT else True


@read_on_get
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a reason, then show one number once. Never stored by browser or proxy, never in an address."""
    household = household_or_404(request, pk, Permission.PII_REVEAL)
    what, member, label = _asked(request, household)
    form = RevealForm(request.POST or None)
    shown = None
    if request.method == "POST" and form.is_valid():
        shown = attempt(
            form,
            lambda: reveal_secret(
                household=household, by=request.user, what=what, reason=form.cleaned_data["reason"], member=member
            ),
        )
    response = page(
        request, "households/reveal.html", household, label, status=form_status(form), form=form, shown=shown, label=label, what=what, member=member
    )  # fmt: skip
    response["Cache-Control"] = "no-store, private"
    return response


def _asked(request: HttpRequest, household: Household) -> tuple[str, Member | None, str]:
    """(what, whose, title): the ID number or phone of a member, the phone or account of the household."""
    asked = request.POST if request.method == "POST" else request.GET
    what, member_pk = asked.get("what", ""), asked.get("member", "")
    of_member, of_household = (
        {"id": _("证件号码"), "phone": _("联系电话")},
        {"phone": _("联系电话"), "account": _("银行卡号")},
    )
    member = (
        get_object_or_404(household.members, pk=int(member_pk)) if member_pk.isascii() and member_pk.isdigit() else None
    )
    title = (of_member if member else of_household).get(what)
    if title is None:
        raise Http404
    return what, member, _("%(who)s的%(what)s") % {"who": member.name if member else household, "what": title}
