"""The household list: find, filter, keep filters, choose many."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from common import bulk, pages, tabs
from common.readonly import reads_only
from households import selection
from households.bulk_pairing import BulkPairingForm, leads_of, pair_many
from households.filters import KEYS, HouseholdFilter
from households.listing import counted, drawn, rows_of, with_row_facts
from households.models import Household, SavedView
from households.search import SEALED, is_number, seal
from households.services import LedgerError
from households.services.saved_views import SEARCH, delete_view, save_view

HOUSEHOLDS = "households.Household"
FOUND = 20  # rows a page of a search: it is drawn at every few letters, and who searches looks for one household
FIRST = ("q", "region", "status")  # filters that stand beside the search box; the others are behind 更多条件


def _url() -> str:
    return reverse("households:household_list")


def _filter(request: HttpRequest, data: QueryDict) -> HouseholdFilter:
    return HouseholdFilter(data, Household.objects.for_user(request.user), request=request)


def _list(request: HttpRequest, data: QueryDict, filterset: HouseholdFilter | None = None) -> HttpResponse:
    if not request.user.can(Permission.HOUSEHOLD_VIEW):
        return render(request, "households/household_list.html", {"forbidden": True}, status=403)
    filterset = filterset or _filter(request, data)
    search = filterset.search

    def context(page: pages.Page) -> dict[str, Any]:
        typed = search.text if search else ""
        query = pages.query_of(filterset)
        return {
            "rows": drawn(rows_of(page.rows, search)),
            "search": search,
            # A number stays out of the page too: the box is empty, the chip shows it masked, and the sealed text goes along.
            "typed": "" if is_number(typed) else typed,
            "sealed": data.get("q", "") if is_number(typed) else "",
            "more": [filterset.form[name] for name in filterset.filters if name not in (*FIRST, *KEYS)],
            "more_open": any(name in query for name in filterset.filters if name not in (*FIRST, *KEYS)),
            "kept": {name: query[name] for name in KEYS if name in query},
            "can_save": any(name != SEARCH for name in query),
            "actions": bulk.actions_for(HOUSEHOLDS, request.user),
            "all_actions": [
                (action, pages.address(reverse(action.url_name), query))
                for action in tabs.actions_for(f"{HOUSEHOLDS}.list", request.user)
            ],
            "region_changed": _region_before(request) != query.get("region", ""),
            "choose_all": page.count.value <= selection.MOST and bool(page.previous or page.next),
        }

    return pages.list_page(
        request, template="households/household_list.html", url=_url(), filterset=filterset, rows=with_row_facts, context=context, counted=counted,
        size=FOUND if search else pages.SIZE, few=bool(search and search.is_bounded),
    )  # fmt: skip


def _region_before(request: HttpRequest) -> str | None:
    """The region under which the page stands that asks for a fragment; None where that is not known."""
    before: str | None = request.htmx.current_url  # type: ignore[attr-defined]
    return None if before is None else parse_qs(urlsplit(before).query).get("region", [""])[0]


@reads_only
def household_list(request: HttpRequest) -> HttpResponse:
    return _list(request, request.GET)


@require_POST
def household_find(request: HttpRequest) -> HttpResponse:
    """The search form's answer. It posts, so that no name and no number is ever written in an address (see `search.seal`).

    htmx gets the list's fragment; a browser without script is led to the list, or, when a whole number finds one household, to it.
    """
    if not request.user.can(Permission.HOUSEHOLD_VIEW):
        return _list(request, request.POST)
    data = request.POST.copy()
    text = data.get("q", "").strip()
    data["q"] = text if text.startswith(SEALED) else seal(text) or data.get("sealed", "")
    data.pop(pages.CURSOR, None)
    filterset = _filter(request, data)
    address = pages.address(_url(), pages.query_of(filterset))
    if pages.is_fragment(request):
        response = _list(request, data, filterset)
        response["HX-Replace-Url"] = address
        return response
    if is_number(text) and filterset.is_valid():
        found = pages.keyset(filterset.qs, size=1)
        if len(found.pks) == 1 and not found.next:
            return redirect("households:household_detail", found.pks[0])
    return redirect(address)


# -- kept filters ---------------------------------------------------------------------------------------------------------------


@reads_only
def saved_view_list(request: HttpRequest) -> HttpResponse:
    """The user's own; a fragment for the list page, a page without script."""
    own = SavedView.objects.filter(user=request.user, page=SavedView.Page.HOUSEHOLDS)
    context = {
        "views": [(v, f"{_url()}?{v.query}") for v in own],
        "list_url": _url(),
        "delete": "households:saved_view_delete",
    }
    template = "households/saved_view_list.html" + "#views" * pages.is_fragment(request)
    return render(request, template, context)


@require_POST
def saved_view_save(request: HttpRequest) -> HttpResponse:
    query = selection.list_query(request)
    try:
        view = save_view(name=request.POST.get("name", ""), query=query, by=request.user)
    except LedgerError as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("已保存常用筛选“%(name)s”，下次在“常用筛选”里点一下就能用。") % {"name": view.name})
    return redirect(pages.address(_url(), query))


@require_POST
def saved_view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView, pk=pk, user=request.user, page=SavedView.Page.HOUSEHOLDS)
    delete_view(view=view, by=request.user)
    messages.success(request, _("已删除常用筛选“%(name)s”。") % {"name": view.name})
    return redirect("households:saved_view_list")


# -- many at once ---------------------------------------------------------------------------------------------------------------

SHOWN = 20


@require_POST
def pairing_bulk(request: HttpRequest) -> HttpResponse:
    """安排帮扶责任人 for the households chosen in the list: first what will happen, then the deed."""
    if not request.user.can(Permission.PAIRING_EDIT):
        raise PermissionDenied
    query = selection.list_query(request)
    back = pages.address(_url(), query)
    try:
        chosen = selection.read(request, Permission.PAIRING_EDIT)
        if len(chosen) > BulkPairingForm.MOST:
            raise LedgerError(
                _("一位干部帮扶不了这么多户：一次最多安排 %(most)s 户。") % {"most": BulkPairingForm.MOST}
            )
        if not chosen.pks:
            raise LedgerError(_("所选农户不在您能安排结对的范围内。"))
        led = leads_of(chosen.pks)
        if len(led) == len(chosen):
            raise LedgerError(_("所选农户都已经有牵头的帮扶责任人，没有要安排的。要换人，请打开那一户办理。"))
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(back)
    form = BulkPairingForm(request.POST if "name" in request.POST else None, user=request.user)
    if form.is_bound and form.is_valid():
        done = pair_many(
            households=chosen.households(request.user, Permission.PAIRING_EDIT), cadre=form.cleaned_data["cadre"],
            starts_on=form.cleaned_data["starts_on"], by=request.user,
        )  # fmt: skip
        (messages.success if done.paired else messages.warning)(request, done.sentence)
        return redirect(back)
    rows = rows_of(with_row_facts(Household.objects.for_user(request.user).filter(pk__in=chosen.pks)).order_by("-pk"))
    free = [row for row in rows if row.household.pk not in led]
    context = {
        "form": form,
        "chosen": chosen,
        "query": query,
        "free": len(free),
        "taken": [row for row in rows if row.household.pk in led][:SHOWN],
        "taken_count": len(rows) - len(free),
        "rows": free[:SHOWN],
        "verb": _("确认安排"),
        "cancel_url": back,
    }
    return render(request, "households/bulk_confirm.html", context, status=422 if form.is_bound else 200)
