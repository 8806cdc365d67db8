"""需求与力量 on screen: the villages of a township or county by what they lack, and one village with who brings what and who could."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.places import RegionChoices
from accounts.scoping import require_somewhere
from cadres import needs, teams
from cadres.views.base import VIEW, may_keep, village_or_404
from cadres.views.teams import crumbs_of
from common import pages
from common.readonly import reads_only
from regions.models import Level, Region

CODES: dict[str, Any] = {
    teams.ANY: gettext_lazy("有缺的村"),
    **needs.KINDS,
    needs.UNKNOWN: gettext_lazy("没有登记村情"),
}


@reads_only
def need_list(request: HttpRequest) -> HttpResponse:
    """Up to a county at once: what is lacking follows from what several floors know, and is worked out village by village."""
    require_somewhere(request.user, VIEW)
    regions = RegionChoices(request.user, request.GET.get("region", ""), VIEW)
    if len(regions.tops) == 1 and regions.tops[0].level == Level.VILLAGE:
        return redirect("cadres:need_page", regions.tops[0].pk)
    at = regions.chosen or (regions.tops[0] if len(regions.tops) == 1 else None)
    code = request.GET.get("lack", "")
    code = code if code in CODES else ""
    here = {"region": str(regions.chosen.pk)} if regions.chosen else {}
    context: dict[str, Any] = {
        "regions": regions.choices, "chosen": regions.chosen, "at": at, "codes": list(CODES.items()), "code": code,
        "too_wide": at is None or at.level < Level.COUNTY, "now": timezone.localdate(),
    }  # fmt: skip
    if not context["too_wide"]:
        villages = teams.villages_of(request.user).filter(path__startswith=at.path)  # type: ignore[union-attr]
        found = needs.balances_of(teams.with_state(villages.select_related("parent")))
        url = reverse("cadres:need_list")
        page = Paginator([b for b in found if b.falls_under(code)], pages.SIZE).get_page(request.GET.get("page"))
        query = here | ({"lack": code} if code else {})
        context |= {
            "page": page, "tiles": _tiles(found, url, here),
            "previous": pages.address(url, query | {"page": str(page.number - 1)}) if page.has_previous() else "",
            "next": pages.address(url, query | {"page": str(page.number + 1)}) if page.has_next() else "",
        }  # fmt: skip
    return render(request, "cadres/need_list.html", context)


def _tiles(found: list[needs.Balance], url: str, here: dict[str, str]) -> list[dict[str, Any]]:
    tiles = [{"label": _("村"), "value": len(found), "url": pages.address(url, here)}]
    for code, label in CODES.items():
        value = sum(balance.falls_under(code) for balance in found)
        tiles.append({"label": label, "value": value, "url": pages.address(url, here | {"lack": code})})
    return tiles


@reads_only
def need_page(request: HttpRequest, pk: int) -> HttpResponse:
    village, user = village_or_404(request, pk), request.user
    seen = teams.with_state(Region.objects.filter(pk=village.pk).select_related("parent"))
    (balance,) = needs.balances_of(seen)
    context = {
        "village": village, "balance": balance, "suggestions": needs.suggestions_for(balance, user), "may_edit": may_keep(user, village),
        "trail": crumbs_of(village, (_("需求与力量"), "")), "now": timezone.localdate(),
    }  # fmt: skip
    return render(request, "cadres/need_page.html", context)
